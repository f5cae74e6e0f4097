package e2e

import (
	"context"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/tls"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/pem"
	"errors"
	"flag"
	"fmt"
	"math/big"
	mathrand "math/rand/v2"
	"net"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/hearthkey/hearthkey/agent/keyseq"
	"github.com/hearthkey/hearthkey/agent/nav"
	"github.com/hearthkey/hearthkey/tools/drive"
	"github.com/hearthkey/hearthkey/tools/household"
	"github.com/hearthkey/hearthkey/tools/lanlab"
)

var cutsFlag = flag.Int("cuts", 0, "`number` of times that TestR10_Cuts cuts a real network; 0 makes none, for it takes 5 s each")

var cutLongest = flag.Duration("cut-longest", 45*time.Second, "how long one in 20 cuts lasts at most; the others 3 s")

const (
	heals      = 30 * time.Second // within which all must agree after a cut (R10)
	cutsScreen = "127.0.0.1:9711"
	cutsServer = "10.77.2.2"
)

// roads is two TVs in a home, a router, and behind it a server, where its owner sits too:
// no cut keeps them from what they do.
type roads struct {
	t              *testing.T
	ctx            context.Context
	router, server *lanlab.Host
	home, serverAt *lanlab.Port
	tvAt           []*lanlab.Port
	tvs            []*drive.TV
	owner          *drive.Account
	process        *exec.Cmd
	start          func() *exec.Cmd
}

// openRoads starts all of it, with TLS as in production.
func openRoads(ctx context.Context, t *testing.T) *roads {
	t.Helper()
	lab := lanlab.New(t)
	inside, outside := lab.Network("home"), lab.Network("far")
	r := &roads{t: t, ctx: ctx, router: lab.Host("router"), server: lab.Host("server")}
	r.home = r.router.Join(inside, "10.77.1.1/24")
	r.router.Join(outside, "10.77.2.1/24")
	r.router.Do(func() {
		for path, value := range map[string]string{"ip_forward": "1", "conf/all/rp_filter": "0", "conf/default/rp_filter": "0"} {
			if err := os.WriteFile("/proc/sys/net/ipv4/"+path, []byte(value), 0); err != nil {
				t.Error(err)
			}
		}
	})
	r.serverAt = r.server.Join(outside, cutsServer+"/24")
	r.server.IP("route add 10.77.1.0/24 via 10.77.2.1")
	dir := t.TempDir()
	cert, key, pool := addressCertificate(t, dir, cutsServer)
	url := "https://" + cutsServer + ":8700"
	r.start = func() *exec.Cmd {
		return on(t, r.server, "hearthkey-server", "--listen", ":8700", "--public-url", url, "--tls-cert", cert, "--tls-key", key,
			"--dev", "--data", filepath.Join(dir, "server"))
	}
	r.process = r.start()
	r.owner = &drive.Account{URL: "https://127.0.0.1:8700", Email: "anna@example.com", Client: r.client(pool)}
	r.must(drive.Poll(ctx, func() error { return r.owner.SignUp(ctx, household.Password) }))
	for i := range 2 {
		host := lab.Host("tv" + strconv.Itoa(i))
		r.tvAt = append(r.tvAt, host.Join(inside, fmt.Sprintf("10.77.1.%d/24", 2+i)))
		host.IP("route add default via 10.77.1.1")
		on(t, host, "hearthkey-agent", "-server", "wss://"+cutsServer+":8700", "-ca", cert, "-name", fmt.Sprint("TV ", i+1),
			"-data", filepath.Join(dir, fmt.Sprint("tv", i)), "-screen", cutsScreen)
		var tv *drive.TV
		host.Do(func() {
			var err error
			if tv, err = drive.Attach(ctx, cutsScreen); err != nil {
				t.Error(err)
			}
		})
		if tv == nil {
			t.FailNow()
		}
		t.Cleanup(tv.Close)
		r.tvs = append(r.tvs, tv)
	}
	return r
}

func (r *roads) must(err error) {
	r.t.Helper()
	if err != nil {
		r.t.Fatal(err)
	}
}

// client is one of the owner's, on the server's host.
func (r *roads) client(pool *x509.CertPool) *http.Client {
	return &http.Client{Timeout: 10 * time.Second, Transport: &http.Transport{
		DisableKeepAlives: true, TLSClientConfig: &tls.Config{RootCAs: pool},
		DialContext: func(_ context.Context, network, address string) (c net.Conn, err error) {
			r.server.Do(func() { c, err = net.Dial(network, address) })
			return c, err
		},
	}}
}

// addressCertificate is one for an address and this machine, as PEM files in a folder.
func addressCertificate(t *testing.T, dir, address string) (cert, key string, pool *x509.CertPool) {
	t.Helper()
	private, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	template := &x509.Certificate{
		SerialNumber: big.NewInt(1), Subject: pkix.Name{CommonName: address}, NotBefore: time.Now().Add(-time.Hour), NotAfter: time.Now().Add(24 * time.Hour),
		IPAddresses: []net.IP{net.ParseIP(address), net.IPv4(127, 0, 0, 1)}, IsCA: true, BasicConstraintsValid: true,
	}
	der, err := x509.CreateCertificate(rand.Reader, template, template, &private.PublicKey, private)
	if err != nil {
		t.Fatal(err)
	}
	pkcs8, err := x509.MarshalPKCS8PrivateKey(private)
	if err != nil {
		t.Fatal(err)
	}
	text := pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: der})
	cert, key, pool = filepath.Join(dir, "cert.pem"), filepath.Join(dir, "key.pem"), x509.NewCertPool()
	pool.AppendCertsFromPEM(text)
	err = errors.Join(os.WriteFile(cert, text, 0o600), os.WriteFile(key, pem.EncodeToMemory(&pem.Block{Type: "PRIVATE KEY", Bytes: pkcs8}), 0o600))
	if err != nil {
		t.Fatal(err)
	}
	return cert, key, pool
}

// cut is a way to keep the TVs and the server apart, and back.
type cut struct {
	name     string
	down, up func(r *roads, tv int)
}

var networkCuts = []cut{
	{"a TV's cable", func(r *roads, tv int) { r.tvAt[tv].Unplug() }, func(r *roads, tv int) { r.tvAt[tv].Plug() }},
	{"the home's cable", func(r *roads, _ int) { r.home.Unplug() }, func(r *roads, _ int) { r.home.Plug() }},
	{"the server's cable", func(r *roads, _ int) { r.serverAt.Unplug() }, func(r *roads, _ int) { r.serverAt.Plug() }},
	{"nothing comes to a TV", func(r *roads, tv int) { r.lose("add", fmt.Sprintf("10.77.1.%d", 2+tv)) },
		func(r *roads, tv int) { r.lose("delete", fmt.Sprintf("10.77.1.%d", 2+tv)) }},
	{"nothing comes to the server", func(r *roads, _ int) { r.lose("add", cutsServer) }, func(r *roads, _ int) { r.lose("delete", cutsServer) }},
	{"the server is killed", func(r *roads, _ int) { _ = r.process.Process.Kill(); _ = r.process.Wait() }, func(r *roads, _ int) { r.process = r.start() }},
}

// lose has the router drop what goes to an address, without a word.
func (r *roads) lose(what, address string) {
	r.router.IP("route " + what + " blackhole " + address + "/32")
}

// all waits until every TV shows what it should.
func (r *roads) all(ctx context.Context, what string, ok func(nav.View) bool) error {
	for i, tv := range r.tvs {
		if _, err := tv.Wait(ctx, what, ok); err != nil {
			return fmt.Errorf("TV %d: %w", i+1, err)
		}
	}
	return nil
}

// signIn signs every TV in that is not.
func (r *roads) signIn() {
	r.t.Helper()
	for i, tv := range r.tvs {
		if v := tv.View(); v.Screen == nav.ScreenGate {
			continue
		}
		ctx, cancel := drive.Timeout(r.ctx, heals)
		err := drive.Poll(ctx, func() error {
			v, err := tv.Wait(ctx, "signed out", isSignedOut)
			if err != nil || v.Screen == nav.ScreenWelcome {
				return err
			}
			_, err = tv.Press(ctx, keyseq.OK)
			return errors.Join(err, errors.New("who signed it out is still shown"))
		})
		if err == nil {
			err = r.byCode(ctx, tv)
		}
		cancel()
		if err != nil {
			r.t.Fatalf("sign in TV %d: %v", i+1, err)
		}
	}
}

// byCode signs a TV in whose owner is on another network, and says to see it.
func (r *roads) byCode(ctx context.Context, tv *drive.TV) error {
	if _, err := tv.Press(ctx, keyseq.OK); err != nil {
		return err
	}
	v, err := tv.Wait(ctx, "a user code", func(v nav.View) bool { return v.Code != nil && v.Code.Text != "" })
	if err == nil {
		err = r.owner.Call(ctx, "POST", "/v1/user-codes/approve", map[string]any{"code": v.Code.Text, "seen": true}, nil)
	}
	if err == nil {
		_, err = tv.WaitScreen(ctx, nav.ScreenGate)
	}
	return err
}

func isSignedOut(v nav.View) bool {
	return v.Screen == nav.ScreenWelcome || v.Screen == nav.ScreenSignedOut
}

// confirmed asks until the board has every TV's receipt.
func (r *roads) confirmed(ctx context.Context) error {
	return drive.Poll(ctx, func() error {
		list, err := r.owner.Devices(ctx)
		for _, d := range list {
			if d.Confirmed.IsZero() {
				err = errors.Join(err, fmt.Errorf("%s is not confirmed: %+v", d.Name, d))
			}
		}
		return err
	})
}

// drawn is one cut: which, how long, and what the owner does meanwhile or after it.
type drawn struct {
	cut
	tv        int
	lasts     time.Duration
	meanwhile bool   // else the change is the first thing that has to come through
	name      string // that a profile gets; empty: everything is signed out
}

func (d drawn) String() string {
	what := "a profile is renamed"
	if d.name == "" {
		what = "all are signed out"
	}
	when := "afterwards"
	if d.meanwhile {
		when = "meanwhile"
	}
	return fmt.Sprintf("%s (TV %d) for %v, %s %s", d.cut.name, d.tv+1, d.lasts.Round(time.Millisecond), what, when)
}

// draw chooses the n-th cut. One in a dozen signs out: a server lets so many TVs of one
// network ask to sign in per hour.
func (r *roads) draw(dice *mathrand.Rand, n int) drawn {
	longest := 3 * time.Second
	if dice.IntN(20) == 0 {
		longest = *cutLongest
	}
	d := drawn{cut: networkCuts[dice.IntN(len(networkCuts))], tv: dice.IntN(2), lasts: time.Duration(dice.Int64N(int64(longest)))}
	d.meanwhile = d.cut.name != "the server is killed" && dice.IntN(2) == 0
	if n%12 != 3 {
		d.name = fmt.Sprint("Mia ", n)
	}
	return d
}

// change is what the owner does.
func (r *roads) change(ctx context.Context, d drawn) error {
	if d.name == "" {
		return r.owner.SignOutEverywhere(ctx)
	}
	list, err := r.owner.Profiles(ctx)
	if err == nil {
		list[0].Name = d.name
		_, err = r.owner.SaveProfile(ctx, list[0])
	}
	return err
}

// suffer makes a cut, and returns how long after it all agree.
func (r *roads) suffer(d drawn) (time.Duration, error) {
	r.t.Helper()
	d.down(r, d.tv)
	if d.meanwhile {
		r.must(r.change(r.ctx, d))
	}
	over := time.NewTimer(d.lasts)
	<-over.C
	d.up(r, d.tv)
	r.must(drive.Poll(r.ctx, func() error { return r.owner.Call(r.ctx, "GET", "/healthz", nil, nil) })) // a server that starts is no cut
	healed := time.Now()
	ctx, cancel := drive.Timeout(r.ctx, heals)
	defer cancel()
	if !d.meanwhile {
		r.must(drive.Poll(ctx, func() error { return r.change(ctx, d) }))
	}
	var err error
	if d.name == "" {
		err = errors.Join(r.all(ctx, "signed out", isSignedOut), r.confirmed(ctx))
	} else {
		err = r.all(ctx, "the profile's name", func(v nav.View) bool { return strings.Contains(fmt.Sprint(v), d.name) })
	}
	return time.Since(healed), err
}

// R10: after any cut of a real network, one-way ones too, and the server's death, every
// TV and the board agree within 30 s of its end.
func TestR10_Cuts(t *testing.T) {
	if *cutsFlag == 0 {
		t.Skip("long: make torture; the short form of R10 is in tools/cluster")
	}
	dice := mathrand.New(mathrand.NewPCG(seed(t), 0))
	ctx := patient(t, 2*patience+time.Duration(*cutsFlag)*time.Minute)
	r := openRoads(ctx, t)
	slowest := time.Duration(0)
	for n := range *cutsFlag {
		r.signIn()
		c := r.draw(dice, n)
		took, err := r.suffer(c)
		if slowest = max(slowest, took); err != nil {
			t.Fatalf("cut %d, %v: not whole within %v: %v", n+1, c, heals, err)
		}
		t.Logf("cut %d: %v: whole after %v", n+1, c, took.Round(time.Millisecond))
	}
	t.Logf("%d cuts; all agree after %v at most", *cutsFlag, slowest.Round(time.Millisecond))
}
