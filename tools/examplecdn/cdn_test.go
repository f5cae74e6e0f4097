package main

import (
	"context"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"testing/fstest"
	"time"

	"github.com/hearthkey/hearthkey/agent"
	"github.com/hearthkey/hearthkey/agent/keyseq"
	"github.com/hearthkey/hearthkey/agent/nav"
	"github.com/hearthkey/hearthkey/protocol"
	"github.com/hearthkey/hearthkey/protocol/parental"
	"github.com/hearthkey/hearthkey/server"
	"github.com/hearthkey/hearthkey/tools/drive"
)

const (
	secret   = "3f9a0c5d7e1b42688a90d1c2e3f40516"
	password = "lantern-otter-42-quietly"
)

// cinema is a real server, a real TV of one account that plays a title, and two
// CDNs: one that asks the server, one that does not.
type cinema struct {
	t             *testing.T
	url           string
	owner         *drive.Account
	tv            *agent.Agent
	title         protocol.TitleID
	skew          atomic.Int64 // of the CDNs' clocks, nanoseconds
	asking, alone *cdn
}

func newCinema(t *testing.T) *cinema {
	t.Helper()
	c := &cinema{t: t}
	c.serve()
	c.owner = &drive.Account{URL: c.url, Email: "mara@example.org"}
	if err := c.owner.SignUp(t.Context(), password); err != nil {
		t.Fatal(err)
	}
	c.tv = &agent.Agent{Server: "ws" + strings.TrimPrefix(c.url, "http"), Dir: t.TempDir(), Name: "Living room"}
	if err := c.tv.Start(t.Context()); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { c.tv.Close() })
	c.eventually("the welcome screen", func() bool { return c.tv.View().Screen == nav.ScreenWelcome })
	c.press(keyseq.OK)
	c.eventually("a code", func() bool { v := c.tv.View(); return v.Code != nil && v.Code.Text != "" })
	code := strings.ReplaceAll(c.tv.View().Code.Text, "-", "")
	if err := c.owner.Call(t.Context(), "POST", "/v1/user-codes/approve", map[string]string{"code": code}, nil); err != nil {
		t.Fatal(err)
	}
	c.eventually("the gate", func() bool { return c.tv.View().Screen == nav.ScreenGate })
	c.press(keyseq.OK)
	c.eventually("the home screen", func() bool { return c.tv.View().Screen == nav.ScreenHome })
	c.title = "harbour-of-small-boats"
	c.play()
	files := fstest.MapFS{string(c.title) + "/1.ts": {Data: []byte("a segment")}, "other/1.ts": {Data: []byte("another")}}
	now := func() time.Time { return time.Now().Add(time.Duration(c.skew.Load())) }
	c.alone = &cdn{server: c.url, audience: "cdn.example", files: files, http: http.DefaultClient, now: now}
	c.asking = &cdn{server: c.url, audience: "cdn.example", files: files, http: http.DefaultClient, now: now, client: "cdn", secret: secret}
	return c
}

// serve runs a server until the test ends.
func (c *cinema) serve() {
	c.t.Helper()
	clients := filepath.Join(c.t.TempDir(), "clients")
	if err := os.WriteFile(clients, []byte("cdn "+secret+"\n"), 0o600); err != nil {
		c.t.Fatal(err)
	}
	srv, err := server.New(c.t.Context(), server.Config{
		Listen: "127.0.0.1:0", Data: c.t.TempDir(), Dev: true, Drain: time.Millisecond, Log: slog.New(slog.DiscardHandler),
		GrantAudience: "cdn.example", GrantClients: clients,
	})
	if err != nil {
		c.t.Fatal(err)
	}
	ctx, cancel := context.WithCancel(context.Background())
	var running sync.WaitGroup
	running.Go(func() { _ = srv.Run(ctx) })
	c.t.Cleanup(func() { cancel(); running.Wait() })
	c.url = "http://" + srv.Addr().String()
}

func (c *cinema) press(k keyseq.Key) {
	c.t.Helper()
	if err := c.tv.Press(k, agent.Local, false); err != nil {
		c.t.Fatal(err)
	}
}

func (c *cinema) eventually(what string, ok func() bool) {
	c.t.Helper()
	tick := time.NewTicker(5 * time.Millisecond)
	defer tick.Stop()
	for end := time.After(15 * time.Second); !ok(); {
		select {
		case <-tick.C:
		case <-end:
			c.t.Fatalf("never: %s; the TV shows %+v", what, c.tv.View())
		}
	}
}

// play has the TV play the title and waits for its grant.
func (c *cinema) play() {
	c.t.Helper()
	c.eventually("the catalogue", func() bool {
		d, err := c.tv.Decide(c.title, parental.DeepLink)
		return err == nil && d.Verdict == parental.Allow
	})
	if err := c.tv.Launch(c.title, parental.DeepLink); err != nil {
		c.t.Fatal(err)
	}
	c.eventually("a grant", func() bool { return c.tv.Grant().Token != "" })
}

// get asks a CDN for a segment as the box's player does.
func get(h http.Handler, path, grant string) int {
	r := httptest.NewRequest("GET", path, nil)
	if grant != "" {
		r.Header.Set("Authorization", "Bearer "+grant)
	}
	w := httptest.NewRecorder()
	h.ServeHTTP(w, r)
	return w.Code
}

// Signing out everywhere ends the stream itself: at once where the CDN asks, within
// five minutes where it goes by the grant's time alone.
func TestD14_ASignOutEndsTheStreamItself(t *testing.T) {
	c := newCinema(t)
	path, grant := "/titles/"+string(c.title)+"/1.ts", string(c.tv.Grant().Token)
	for name, h := range map[string]*cdn{"asking": c.asking, "alone": c.alone} {
		for what, want := range map[[2]string]int{
			{path, grant}: 200, {path, ""}: 403, {path, grant[:len(grant)-2]}: 403, {"/titles/other/1.ts", grant}: 403,
			{"/titles/" + string(c.title) + "/2.ts", grant}: 404, {"/titles/" + string(c.title), grant}: 403,
		} {
			if got := get(h, what[0], what[1]); got != want {
				t.Errorf("%s: %s with a grant of %d bytes: %d, want %d", name, what[0], len(what[1]), got, want)
			}
		}
	}
	if err := c.owner.Call(t.Context(), "POST", "/v1/sign-out-everywhere", map[string]string{}, nil); err != nil {
		t.Fatal(err)
	}
	if got := get(c.asking, path, grant); got != 403 {
		t.Errorf("right after the sign-out the CDN that asks says %d", got)
	}
	c.eventually("the TV stopped", func() bool { return c.tv.Grant().Play == 0 && c.tv.View().Screen == nav.ScreenSignedOut })
	if got := get(c.alone, path, grant); got != 200 {
		t.Errorf("the CDN that goes by the time says %d before its end", got)
	}
	c.skew.Store(int64(protocol.MaxGrant * time.Second))
	if got := get(c.alone, path, grant); got != 403 {
		t.Errorf("five minutes after the sign-out the CDN that goes by the time says %d", got)
	}
}

// A block stops the TV, and the CDN that asks, at once.
func TestD14_ABlockEndsTheStreamItself(t *testing.T) {
	c := newCinema(t)
	path, grant := "/titles/"+string(c.title)+"/1.ts", string(c.tv.Grant().Token)
	profiles, err := c.owner.Profiles(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	blocked := "/v1/profiles/" + profiles[0].ID + "/blocked/" + string(c.title)
	if err := c.owner.Call(t.Context(), "PUT", blocked, nil, nil); err != nil {
		t.Fatal(err)
	}
	if got := get(c.asking, path, grant); got != 403 {
		t.Errorf("a blocked title: %d", got)
	}
	c.eventually("the TV stopped", func() bool { return c.tv.Grant().Play == 0 })
}

// A server that is out of reach stops no film, and no key of a stranger's is taken.
func TestCDNWithoutTheServer(t *testing.T) {
	c := newCinema(t)
	path, grant := "/titles/"+string(c.title)+"/1.ts", string(c.tv.Grant().Token)
	if got := get(c.asking, path, grant); got != 200 {
		t.Fatalf("status %d", got)
	}
	locked := &cdn{server: c.url, audience: "cdn.example", files: c.alone.files, http: http.DefaultClient, now: time.Now, client: "cdn", secret: secret + "0"}
	if got := get(locked, path, grant); got != 403 {
		t.Errorf("with a wrong secret: %d", got)
	}
	c.asking.http = &http.Client{Transport: broken{}}
	if got := get(c.asking, path, grant); got != 200 {
		t.Errorf("out of reach: %d", got)
	}
	fresh := &cdn{server: c.url, audience: "cdn.example", files: c.alone.files, http: c.asking.http, now: time.Now}
	if got := get(fresh, path, grant); got != 403 {
		t.Errorf("without any key: %d", got)
	}
	if got := get(c.alone.withAudience("other.example"), path, grant); got != 403 {
		t.Errorf("for others: %d", got)
	}
}

// withAudience is the same CDN for other grants.
func (c *cdn) withAudience(a string) *cdn {
	return &cdn{server: c.server, audience: a, files: c.files, http: c.http, now: c.now}
}

type broken struct{}

func (broken) RoundTrip(*http.Request) (*http.Response, error) { return nil, context.DeadlineExceeded }
