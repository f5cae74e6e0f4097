// Command hearthkey-server is the Hearthkey server: accounts, profiles, devices
// and the account pages, in one process with one data folder.
//
// It runs until it is told to stop (SIGINT, SIGTERM), drains and ends; a second
// signal ends it at once. Every flag can also be given in the environment: --smtp-url
// is HEARTHKEY_SMTP_URL. The tests call run.
package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"os"
	"os/signal"
	"runtime"
	"strings"
	"syscall"
	"time"

	"github.com/alecthomas/kong"

	"github.com/hearthkey/hearthkey/protocol"
	"github.com/hearthkey/hearthkey/server"
	"github.com/hearthkey/hearthkey/server/risk"
	"github.com/hearthkey/hearthkey/supervise"
)

// version is set at link time.
var version = "dev"

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	context.AfterFunc(ctx, stop) // a second signal kills
	os.Exit(run(ctx, os.Args[1:], os.Getenv, os.Stdout, os.Stderr))
}

// flags is the command line. Its defaults are those of [server.Config].
type flags struct {
	Serve serve `cmd:"" default:"withargs" help:"Run the server (the default)."`

	Operator     operators    `cmd:"" help:"People who run the service: add, list and disable them, and see what they did."`
	Find         finding      `cmd:"" help:"Find an account by address, number or device, or devices by their name."`
	SignOut      signOuts     `cmd:"" help:"Sign out a device, an account, or everyone."`
	Lock         locking      `cmd:"" help:"Sign everything out of an account and let nobody in; the owner is told."`
	Unlock       unlocking    `cmd:"" help:"Let the owner of a locked account in again."`
	Outbox       outbox       `cmd:"" help:"Mails and SMS that did not leave."`
	Keys         keyCommands  `cmd:"" help:"Keys that sign what devices believe: list, rotate, remove."`
	Webhook      webhooks     `cmd:"" help:"Addresses that are told of security events, signed."`
	Backup       backingUp    `cmd:"" help:"Write a copy of the database into a file, while the server runs."`
	Restore      restoring    `cmd:"" help:"Put a backup in the place of the database of a stopped server; what was deleted since is deleted again."`
	Doctor       examining    `cmd:"" help:"Look at an installation, running or not, and say what is wrong with it; takes the flags of serve."`
	Replay       replaying    `cmd:"" name:"replay-deletions" help:"After PostgreSQL's own tools have restored a backup, and before the servers start: delete again what was deleted since."`
	Migrate      migrating    `cmd:"" help:"Bring the database of stopped servers up to date, as the next start of this program would; --check only looks."`
	RotateKeys   rotatingKeys `cmd:"" name:"rotate-keys" help:"Seal everything in the database of stopped servers by a new data key; for keys that devices believe see keys."`
	Audit        auditing     `cmd:"" help:"The log of what operators did and of what happened to the service, which shows tampering: verify, export."`
	Import       importing    `cmd:"" help:"Add the accounts of another system, with their password hashes."`
	ContactReset moving       `cmd:"" help:"Give an account another address after a week, for an owner who lost mailbox, phone and factors; every old contact is told and can stop it."`
	FactorReset  resetting    `cmd:"" help:"Have an account's second factor removed after 72 h; the owner is told and can stop it."`

	Version struct{} `cmd:"" help:"Print the version."`
}

// command is one that operators give.
type command interface {
	run(context.Context, streams) error
}

type serve struct {
	Listen      string        `default:"127.0.0.1:8700" placeholder:"HOST:PORT" help:"Address for pages, API and devices."`
	Admin       string        `placeholder:"HOST:PORT" help:"Address for operators, health, readiness and metrics, not for the public, e.g. 127.0.0.1:8701. Off when empty."`
	Data        string        `default:"data/server" placeholder:"FOLDER" help:"Folder of the database and the keys."`
	Database    string        `placeholder:"URL" help:"PostgreSQL, which several servers may share: postgres://user:password@host/name?sslmode=verify-full. It holds a secret: better in HEARTHKEY_DATABASE. Default: a file in --data."`
	Bus         string        `placeholder:"URL" help:"NATS, by which several servers of one --database tell each other of changes: tls://user:password@host:4222,tls://host:4222?creds=FILE&ca=FILE. It may hold a secret: better in HEARTHKEY_BUS."`
	Deletions   string        `placeholder:"FILE" help:"Journal of deletions, for restoring backups: better on another disk. Default: deletions.log in --data."`
	AuditHead   string        `name:"audit-head" placeholder:"FILE" help:"File with the newest entry of the audit log that was seen, by which a cut is noticed: better on another disk. Default: audit.head in --data."`
	PublicURL   string        `name:"public-url" placeholder:"URL" help:"Address that people open. Default: made from --listen."`
	Name        string        `placeholder:"NAME" help:"The service's name in the handshake, which devices sign; never change it. Default: the host of --public-url."`
	ServiceName string        `default:"Hearthkey" placeholder:"NAME" help:"What the household knows the service as."`
	TLSCert     string        `name:"tls-cert" placeholder:"FILE" help:"Certificate chain (PEM), to end TLS here."`
	TLSKey      string        `name:"tls-key" placeholder:"FILE" help:"Its private key (PEM)."`
	TLSAuto     bool          `name:"tls-auto" help:"End TLS here with a certificate that comes by itself (ACME, Let's Encrypt), for the host of --public-url. You agree to the authority's terms."`
	ACMEEmail   string        `name:"acme-email" placeholder:"ADDRESS" help:"Whom the authority writes to about certificates."`
	ACMEDir     string        `name:"acme-directory" placeholder:"URL" help:"Another authority's ACME directory. Default: Let's Encrypt."`
	ACMERoots   string        `name:"acme-roots" placeholder:"FILE" help:"Certificates (PEM) by which that directory's own server is believed. Default: those of the system."`
	Redirect    string        `placeholder:"HOST:PORT" help:"Address for plain HTTP that sends people to --public-url, and that the authority may ask too: usually :80."`
	Advertise   bool          `help:"Make this server known on the network that it stands in, for TVs that were given the pin of its TLS key (hearthkey-agent -server-pin), which is logged. Needs --tls-cert."`
	Trusted     []string      `name:"trusted-proxy" placeholder:"NETWORK" help:"Address or network of a proxy that ends TLS; its X-Forwarded-For is believed. May be given several times."`
	Catalog     string        `placeholder:"FILE|URL" help:"JSON file with the titles that TVs show, or the https address of one. With --dev a demo set is the default."`
	CatEvery    time.Duration `name:"catalog-every" placeholder:"DURATION" help:"How often the catalogue's file or address is looked at. Default: 5m."`
	CatToken    string        `name:"catalog-token" placeholder:"TOKEN" help:"Bearer token for the catalogue's address: better in HEARTHKEY_CATALOG_TOKEN."`
	CatFile     string        `name:"catalog-token-file" placeholder:"FILE" help:"File that holds that token."`
	SMTPURL     string        `name:"smtp-url" placeholder:"URL" help:"Mail server: smtp://user:password@host:port?tls=starttls&from=address. It holds a secret: better in HEARTHKEY_SMTP_URL."`
	SMSURL      string        `name:"sms-url" placeholder:"URL" help:"SMS gateway shaped like Twilio's: sms://sid:token@host?from=+15550006789. It holds a secret: better in HEARTHKEY_SMS_URL."`
	DKIMKey     string        `name:"dkim-key" placeholder:"FILE" help:"Private key (PEM, RSA or Ed25519) that signs mails. The record to publish is logged at the start."`
	DKIMSel     string        `name:"dkim-selector" default:"hearthkey" placeholder:"NAME" help:"Selector of the key's DNS record."`
	DKIMDomain  string        `name:"dkim-domain" placeholder:"DOMAIN" help:"Domain that signs. Default: the one of the mails' sender."`
	Places      []string      `placeholder:"FILE" help:"Database of approximate places (MMDB). May be given several times, the most exact first."`
	Region      string        `placeholder:"CC" help:"Country of phone numbers typed without one (ISO 3166-1), e.g. DE."`
	Support     string        `placeholder:"TEXT" help:"How people reach support, as the help page shows it, e.g. an address or a number."`
	RiskCode    float64       `name:"risk-code" placeholder:"POINTS" help:"Score from which a sign-in needs an access code. Default: 2."`
	RiskStrong  float64       `name:"risk-strong" placeholder:"POINTS" help:"Score from which a sign-in needs the strongest proof that the account has. Default: 4, or --risk-code where that is higher."`
	RiskNotice  float64       `name:"risk-notice" placeholder:"POINTS" help:"Score from which a sign-in is told of. Default: 1, or --risk-code where that is lower."`
	Lease       time.Duration `default:"8h" help:"How long a device works without contact, at most 8h."`
	MaxDevices  int           `default:"50" help:"Devices signed in per account."`
	MaxProfiles int           `default:"5" help:"Profiles per account."`
	MaxStreams  int           `default:"0" help:"TVs of an account that play at the same time; 0: any number."`
	GrantAud    string        `name:"grant-audience" placeholder:"NAME" help:"Whom play grants are for (aud). Default: --name."`
	GrantAsk    string        `name:"grant-clients" placeholder:"FILE" help:"File of the programs that may ask whether a play grant stands: a name and a secret on each line."`
	KeepTold    time.Duration `name:"keep-activity" placeholder:"TIME" help:"For how long is kept what was watched: 24h to 26280h (3 years). Default: 8760h (1 year)."`
	KeepIPs     time.Duration `name:"keep-addresses" placeholder:"TIME" help:"For how long addresses and places are, of sign-ins and timelines too, at most as long. Default: 2160h (90 days)."`
	MinPassword int           `default:"8" help:"Least length of a password in characters."`
	MinCap      int           `name:"min-capability" default:"1" placeholder:"N" help:"Oldest protocol capability of TVs that are served; older ones show that they must be updated."`
	Ping        time.Duration `default:"50s" help:"Interval of heartbeats to devices."`
	Hub         string        `placeholder:"epoll|portable" help:"How idle devices are waited for: one epoll set for all, or a goroutine for each. Default: epoll on Linux, else portable."`
	Drain       time.Duration `help:"Time over which devices come back after a shutdown. Default 30s; with --dev 1s."`
	Dev         bool          `help:"Development: messages at /dev/outbox for this machine, plain HTTP anywhere."`
	LogFormat   string        `default:"text" enum:"text,json" help:"text or json."`
	LogLevel    string        `default:"info" enum:"debug,info,warn,error" help:"debug, info, warn or error."`
}

func (s serve) config(log *slog.Logger) server.Config {
	return server.Config{
		Listen: s.Listen, Admin: s.Admin, Data: s.Data, Database: s.Database, Bus: s.Bus, Deletions: s.Deletions, AuditHead: s.AuditHead, PublicURL: s.PublicURL, Name: s.Name, ServiceName: s.ServiceName,
		TLSCert: s.TLSCert, TLSKey: s.TLSKey, TLSAuto: s.TLSAuto, ACMEEmail: s.ACMEEmail, ACMEDirectory: s.ACMEDir, ACMERoots: s.ACMERoots, Redirect: s.Redirect, Advertise: s.Advertise, TrustedProxies: s.Trusted, Dev: s.Dev, SMTPURL: s.SMTPURL, Catalog: s.Catalog,
		CatalogEvery: s.CatEvery, CatalogToken: s.CatToken, CatalogTokenFile: s.CatFile,
		SMSURL: s.SMSURL, DKIMKey: s.DKIMKey, DKIMSelector: s.DKIMSel, DKIMDomain: s.DKIMDomain,
		Places: s.Places, Region: s.Region, Support: s.Support, Risk: risk.Settings{Notice: s.RiskNotice, Code: s.RiskCode, Strong: s.RiskStrong},
		Lease: s.Lease, MaxDevices: s.MaxDevices, MaxProfiles: s.MaxProfiles, MinPassword: s.MinPassword,
		MaxStreams: s.MaxStreams, GrantAudience: s.GrantAud, GrantClients: s.GrantAsk,
		KeepActivity: s.KeepTold, KeepAddresses: s.KeepIPs,
		MinCapability: protocol.Capability(s.MinCap), Ping: s.Ping, Hub: s.Hub, Drain: s.Drain, Log: log,
	}
}

func (s serve) logger(w io.Writer) *slog.Logger {
	var level slog.Level
	_ = level.UnmarshalText([]byte(s.LogLevel)) // kong has checked it
	opts := &slog.HandlerOptions{Level: level}
	if s.LogFormat == "json" {
		return slog.New(slog.NewJSONHandler(w, opts))
	}
	return slog.New(slog.NewTextHandler(w, opts))
}

// wrongSettings is sysexits.h's EX_CONFIG. It is not 2, which is how Go's runtime ends
// a program that crashed: a service manager starts that again, and this not.
const wrongSettings = 78

// run is the program. It returns the exit status: 1 for what failed, wrongSettings for a
// command line that cannot be read.
func run(ctx context.Context, args []string, getenv func(string) string, stdout, stderr io.Writer) int {
	var f flags
	exited, status := false, 0
	parser, err := kong.New(&f,
		kong.Name("hearthkey-server"),
		kong.Description("Accounts, profiles and devices of a household, and a sign-out that is proved."),
		kong.Writers(stdout, stderr),
		kong.Exit(func(code int) { exited, status = true, code }),
		kong.Resolvers(environment(getenv)),
	)
	if err != nil {
		fmt.Fprintln(stderr, "hearthkey-server:", err)
		return 1
	}
	parsed, err := parser.Parse(args)
	switch {
	case exited: // help was asked for
		return status
	case err != nil:
		fmt.Fprintf(stderr, "hearthkey-server: %v. See hearthkey-server --help.\n", err)
		return wrongSettings
	case parsed.Command() == "version":
		fmt.Fprintln(stdout, "hearthkey-server", version, runtime.Version(), runtime.GOOS+"/"+runtime.GOARCH)
		return 0
	}
	if c, ok := parsed.Selected().Target.Addr().Interface().(command); ok {
		err = c.run(ctx, streams{os.Stdin, stdout, stderr, getenv})
	} else {
		err = runServer(ctx, f.Serve, supervise.From(getenv), stdout, stderr)
	}
	if err != nil {
		fmt.Fprintln(stderr, "hearthkey-server:", err)
		return 1
	}
	return 0
}

func runServer(ctx context.Context, s serve, manager supervise.Manager, stdout, stderr io.Writer) error {
	log := s.logger(stderr)
	server.BoundMemory(log)
	srv, err := server.New(ctx, s.config(log))
	var mend *server.OperatorError
	if err != nil && !errors.As(err, &mend) {
		return fmt.Errorf("the server cannot start: %w", err)
	}
	if err != nil {
		return err
	}
	fmt.Fprintf(stdout, "hearthkey-server: %s\n", srv.URL())
	return supervised(ctx, srv, s.TLSCert != "" || s.TLSAuto, manager)
}

// environment reads flags that were not given from HEARTHKEY_ variables.
func environment(getenv func(string) string) kong.Resolver {
	return kong.ResolverFunc(func(_ *kong.Context, _ *kong.Path, flag *kong.Flag) (any, error) {
		name := "HEARTHKEY_" + strings.ToUpper(strings.ReplaceAll(flag.Name, "-", "_"))
		if v := getenv(name); v != "" {
			return v, nil
		}
		return nil, nil
	})
}
