package server

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"net/netip"
	"net/url"
	"os"
	"path/filepath"
	"time"

	"github.com/hearthkey/hearthkey/server/audit"
	"github.com/hearthkey/hearthkey/server/bus/natsbus"
	"github.com/hearthkey/hearthkey/server/catalog"
	"github.com/hearthkey/hearthkey/server/doctor"
	"github.com/hearthkey/hearthkey/server/grant"
	"github.com/hearthkey/hearthkey/server/keyring"
	"github.com/hearthkey/hearthkey/server/notify"
	"github.com/hearthkey/hearthkey/server/store"
	"github.com/hearthkey/hearthkey/server/store/postgres"
	"github.com/hearthkey/hearthkey/server/store/sqlite"
)

// Examine looks at the installation that cfg describes, whose server may run, and
// changes nothing in it. Of other machines it connects to the database, and with
// connect also to the mail server, the SMS gateway, the bus and the public address.
func Examine(ctx context.Context, cfg Config, connect bool) doctor.Report {
	set, err := cfg.check()
	var report doctor.Report
	if err != nil {
		report = doctor.Report{{Check: "settings", Level: doctor.Bad, Text: err.Error(), Do: "The server does not start like this: change the setting."}}
		set, err = Config{Data: cfg.Data, Database: cfg.Database, Deletions: cfg.Deletions, Log: cfg.Log, Now: cfg.Now}.check()
		if err != nil {
			return report
		}
	}
	e := examiner{settings: set, known: len(report) == 0}
	report = append(report, e.unsafe()...)
	report = append(report, doctor.Folder(set.Data, e.file(), set.Deletions)...)
	if isThere(set.Data) {
		report = append(report, doctor.Disk(set.Data)...)
	}
	report = append(report, doctor.Files()...)
	report = append(report, e.database(ctx)...)
	report = append(report, doctor.Keys(filepath.Join(set.Data, "keys"), e.name(), set.Now())...)
	report = append(report, e.certificate()...)
	report = append(report, e.named()...)
	return append(report, e.elsewhere(ctx, connect)...)
}

// examiner is one look at an installation.
type examiner struct {
	settings
	known bool // the settings are the operator's, and not what is left of wrong ones
}

// file is that of the database; empty: it is in no file.
func (e examiner) file() string {
	if e.Database != "" {
		return ""
	}
	return databaseOf(e.Data)
}

// name is the service's, where the settings tell it.
func (e examiner) name() string {
	if !e.known {
		return ""
	}
	return e.Name
}

// unsafe looks at settings with which the server starts, and which are not good.
func (e examiner) unsafe() []doctor.Finding {
	if !e.known {
		return nil
	}
	var out []doctor.Finding
	warn := func(bad bool, level doctor.Level, text, do string) {
		if bad {
			out = append(out, doctor.Finding{Check: "settings", Level: level, Text: text, Do: do})
		}
	}
	public := !loopback(e.public.Hostname())
	warn(e.Dev && public, doctor.Bad, "--dev is for one machine: it takes passwords in the clear, and anybody on this machine reads all messages.", "Take --dev out.")
	warn(!e.Dev && public && !e.secure(), doctor.Bad, "--public-url is http: browsers send passwords and sessions in the clear.", "Make it https, with --tls-cert or a proxy that ends TLS.")
	warn(everybody(e.trusted), doctor.Bad, "--trusted-proxy trusts everybody's X-Forwarded-For: anybody can choose the address that is throttled and shown.", "Name the proxy's own address.")
	warn(e.MinPassword != 0 && e.MinPassword < 8, doctor.Warn, fmt.Sprintf("Passwords of %d characters are taken.", e.MinPassword), "Ask for 8 at least: --min-password.")
	warn(e.SMTPURL == "" && !e.Dev, doctor.Bad, "No mails leave: nobody can sign up, and nobody hears of a break-in.", "Give --smtp-url, in HEARTHKEY_SMTP_URL.")
	warn(e.SMTPURL != "" && e.DKIMKey == "", doctor.Warn, "Mails are not signed here: many mailboxes refuse such ones.", "Give --dkim-key, unless the mail server signs.")
	warn(e.Admin == "", doctor.Warn, "There is no --admin address: operators' commands and metrics are off.", "Give --admin 127.0.0.1:8701.")
	warn(e.Database != "" && e.Bus == "", doctor.Warn, "--database without --bus: with several servers a sign-out takes up to 5 s on the others.", "Give --bus, unless there is one server.")
	warn(len(e.Places) == 0, doctor.Warn, "Places are not known: a sign-in from another country is not noticed.", "Give --places.")
	if len(out) == 0 {
		out = append(out, doctor.Good("settings", "%s", e.PublicURL))
	}
	return out
}

// everybody reports whether one of the networks is the whole Internet, or most of it.
func everybody(trusted []netip.Prefix) bool {
	for _, p := range trusted {
		if p.Addr().Is4() && p.Bits() < 8 || p.Addr().Is6() && p.Bits() < 16 {
			return true
		}
	}
	return false
}

// database looks at the database, and at the clock beside it.
func (e examiner) database(ctx context.Context) []doctor.Finding {
	var found store.Inspection
	var skew time.Duration
	var err error
	var log []doctor.Finding
	look := func(q store.Querier) (err error) {
		if found, err = store.Inspect(ctx, q); err == nil && found.Schema == store.Schema() {
			log = e.auditLog(ctx, q)
		}
		return err
	}
	if e.Database != "" {
		skew, err = e.postgres(ctx, look)
	} else {
		err = sqlite.Inspect(ctx, e.file(), look)
	}
	switch {
	case e.Database == "" && errors.Is(err, fs.ErrNotExist):
		return []doctor.Finding{{Check: "database", Level: doctor.Warn, Text: "There is no database " + e.file() + " yet.", Do: "The server makes it at its first start. If it has run before, check --data."}}
	case errors.Is(err, store.ErrDamaged):
		return []doctor.Finding{{Check: "database", Level: doctor.Bad, Text: "The database is damaged: " + explainStore(e.file(), err).Error(), Do: "Stop the server, keep the files, and restore the newest backup."}}
	case err != nil:
		return []doctor.Finding{{Check: "database", Level: doctor.Bad, Text: fmt.Sprintf("The database cannot be read: %v.", err), Do: "Check that it runs, who may read it, and the setting that names it."}}
	}
	return append(append(schema(found.Schema), log...), doctor.Clock(e.Now(), skew, found.Newest))
}

// auditLog looks whether the audit log is as it was written.
func (e examiner) auditLog(ctx context.Context, q store.Querier) []doctor.Finding {
	r, err := e.verifyAudit(ctx, q, nil)
	switch {
	case errors.Is(err, keyring.ErrIncomplete), errors.Is(err, keyring.ErrDamaged):
		return []doctor.Finding{{Check: "audit", Level: doctor.Skip, Text: "The audit log was not looked at: the keys cannot be used."}}
	case errors.Is(err, audit.ErrAnchor):
		return []doctor.Finding{{Check: "audit", Level: doctor.Bad, Text: fmt.Sprintf("The file with the newest audit entry is damaged: %v.", err), Do: "Keep a copy; the server writes it anew at its start. Compare audit verify with the server's log, which tells each entry."}}
	case err != nil:
		return []doctor.Finding{{Check: "audit", Level: doctor.Bad, Text: fmt.Sprintf("The audit log cannot be read: %v.", err), Do: "Run hearthkey-server audit verify."}}
	case !r.Sound():
		return []doctor.Finding{{Check: "audit", Level: doctor.Bad, Text: fmt.Sprintf("The audit log is not as it was written: %s.", r.Findings[0].Text), Do: "Run hearthkey-server audit verify, keep a copy of the database, and find out who could write to it."}}
	}
	return []doctor.Finding{doctor.Good("audit", "%d entries are as they were written", r.Entries)}
}

func (e examiner) postgres(ctx context.Context, look func(store.Querier) error) (time.Duration, error) {
	d, err := postgres.Open(ctx, postgres.Config{URL: e.Database, Log: e.Log})
	if err != nil {
		return 0, explainPostgres(postgres.Name(e.Database), err)
	}
	skew, err1 := d.Skew(ctx)
	err2 := d.View(ctx, look)
	return skew, errors.Join(err1, err2, d.Close())
}

func schema(has int64) []doctor.Finding {
	switch knows := store.Schema(); {
	case has > knows:
		return []doctor.Finding{{Check: "database", Level: doctor.Bad, Text: fmt.Sprintf("The database has schema %d, and this program knows up to %d.", has, knows), Do: "Install the newer version again, or restore a backup made before the upgrade."}}
	case has < knows:
		return []doctor.Finding{{Check: "database", Level: doctor.Warn, Text: fmt.Sprintf("The database has schema %d of %d.", has, knows), Do: "The server brings it up to date at its start: make a backup before."}}
	default:
		return []doctor.Finding{doctor.Good("database", "it is sound, with schema %d", has)}
	}
}

func (e examiner) certificate() []doctor.Finding {
	if !e.known {
		return nil
	}
	if own := filepath.Join(e.Data, "certificates", e.public.Hostname()); e.TLSAuto && isThere(own) {
		return doctor.Certificate(own, own, e.public.Hostname(), e.Now())
	}
	if e.TLSAuto {
		return []doctor.Finding{{Check: "tls", Level: doctor.Warn, Text: "No certificate came yet.", Do: "Start the server; it must be reached from the Internet on port 443, or on port 80 with --redirect :80."}}
	}
	if e.TLSCert == "" {
		return nil
	}
	return doctor.Certificate(e.TLSCert, e.TLSKey, e.public.Hostname(), e.Now())
}

// named looks at the files that settings name.
func (e examiner) named() []doctor.Finding {
	var out []doctor.Finding
	for _, f := range []string{e.DKIMKey, e.GrantClients, e.CatalogTokenFile} {
		out = append(out, doctor.Secret("files", f)...)
	}
	read := func(check, path string, parse func([]byte) error) {
		u, err := url.Parse(path)
		if path == "" || err == nil && (u.Scheme == "https" || u.Scheme == "http") {
			return
		}
		data, err := os.ReadFile(path)
		if err == nil {
			err = parse(data)
		}
		if err != nil {
			out = append(out, doctor.Finding{Check: check, Level: doctor.Bad, Text: fmt.Sprintf("%s cannot be used: %v.", path, err), Do: "Mend the file, or change the setting that names it."})
			return
		}
		out = append(out, doctor.Good(check, "%s can be used", path))
	}
	read("grants", e.GrantClients, func(d []byte) error { _, err := grant.ParseClients(string(d)); return err })
	read("catalogue", e.Catalog, func(d []byte) error { _, err := catalog.Parse(d); return err })
	for _, f := range e.Places {
		read("places", f, func([]byte) error { return nil })
	}
	return out
}

// elsewhere connects to other machines, or says to which it did not.
func (e examiner) elsewhere(ctx context.Context, connect bool) []doctor.Finding {
	var out []doctor.Finding
	try := func(set, check, what, do string, dial func(context.Context) error) {
		switch {
		case set == "" || !e.known:
		case !connect:
			out = append(out, doctor.Finding{Check: check, Level: doctor.Skip, Text: what + " was not asked: give --connect."})
		default:
			out = append(out, doctor.Reach(ctx, check, what, do, dial))
		}
	}
	try(e.SMTPURL, "mail", "the mail server", "Check host, port, tls=, user and password of --smtp-url.", e.askMail)
	try(e.SMSURL, "sms", "the SMS gateway", "Check the host of --sms-url.", e.askSMS)
	try(e.Bus, "bus", "the bus", "Check that NATS runs, and --bus. Until then changes of other servers come up to 5 s late.", e.askBus)
	try(e.PublicURL, "public", e.PublicURL, "Check that the server runs, the name in the DNS, the proxy and the firewall.", doctor.Health(e.PublicURL))
	return out
}

func (e examiner) askMail(ctx context.Context) error {
	s, err := notify.ParseSMTP(e.SMTPURL, e.ServiceName)
	if err != nil {
		return err
	}
	defer s.Close()
	err = s.Check(ctx)
	var failed *notify.TransportError
	if errors.As(err, &failed) { // its cause may quote what was said
		return errors.New(failed.Code)
	}
	return err
}

func (e examiner) askSMS(ctx context.Context) error {
	s, err := notify.ParseSMS(e.SMSURL)
	if err != nil {
		return err
	}
	return s.Check(ctx)
}

func (e examiner) askBus(ctx context.Context) error {
	b, err := natsbus.Open(e.Bus, e.Log)
	if err != nil {
		return err
	}
	defer b.Close()
	tick := time.NewTicker(50 * time.Millisecond)
	defer tick.Stop()
	for !b.Connected() {
		select {
		case <-ctx.Done():
			return context.Cause(ctx)
		case <-tick.C:
		}
	}
	return nil
}
