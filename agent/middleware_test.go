package agent

import (
	"bufio"
	"encoding/json"
	"errors"
	"net"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/hearthkey/hearthkey/agent/keyseq"
	"github.com/hearthkey/hearthkey/agent/local"
	"github.com/hearthkey/hearthkey/agent/nav"
	"github.com/hearthkey/hearthkey/protocol"
	"github.com/hearthkey/hearthkey/protocol/parental"
)

// caller is middleware of the box: a client of the local API.
type caller struct {
	t      *testing.T
	conn   net.Conn
	in     *bufio.Scanner
	id     int
	status local.Status // the newest events
	grant  local.Grant
	view   nav.View
}

func callIn(t *testing.T, path string) *caller {
	t.Helper()
	conn, err := net.Dial("unix", path)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { conn.Close() })
	_ = conn.SetDeadline(time.Now().Add(30 * time.Second))
	in := bufio.NewScanner(conn)
	in.Buffer(nil, 1<<20)
	c := &caller{t: t, conn: conn, in: in}
	c.call("subscribe", `{"events":["view","status","grant"]}`, nil)
	return c
}

// hear takes the next message, and returns it where it answers a call.
func (c *caller) hear() (id int, result json.RawMessage, code local.Code) {
	c.t.Helper()
	if !c.in.Scan() {
		c.t.Fatalf("the agent hung up: %v", c.in.Err())
	}
	var m struct {
		ID             int
		Method         string
		Params, Result json.RawMessage
		Error          local.Error
	}
	if err := json.Unmarshal(c.in.Bytes(), &m); err != nil {
		c.t.Fatal(err)
	}
	var err error
	switch m.Method {
	case "view":
		c.view = nav.View{}
		err = json.Unmarshal(m.Params, &c.view)
	case "status":
		c.status = local.Status{}
		err = json.Unmarshal(m.Params, &c.status)
	case "grant":
		c.grant = local.Grant{}
		err = json.Unmarshal(m.Params, &c.grant)
	}
	if err != nil {
		c.t.Fatal(err)
	}
	return m.ID, m.Result, m.Error.Code
}

// call makes a call and returns the code that it was refused with.
func (c *caller) call(method, params string, result any) local.Code {
	c.t.Helper()
	c.id++
	line, err := json.Marshal(map[string]any{"jsonrpc": "2.0", "id": c.id, "method": method, "params": json.RawMessage(params)})
	if err != nil {
		c.t.Fatal(err)
	}
	if _, err := c.conn.Write(append(line, '\n')); err != nil {
		c.t.Fatal(err)
	}
	for {
		id, got, code := c.hear()
		if id != c.id {
			continue
		}
		if result != nil && code == 0 {
			if err := json.Unmarshal(got, result); err != nil {
				c.t.Fatal(err)
			}
		}
		return code
	}
}

// until takes events until a condition holds.
func (c *caller) until(what string, ok func() bool) {
	c.t.Helper()
	for !ok() {
		c.hear()
	}
	c.t.Log(what)
}

// localTV is a TV that is signed in, with middleware of its own.
func localTV(t *testing.T, stop func()) (*fakeServer, *tv, *caller) {
	t.Helper()
	s := newFakeServer(t)
	dir := t.TempDir()
	path := filepath.Join(dir, "api")
	v := plugInAs(t, &Agent{Server: s.url(), Dir: dir, Name: "Test TV", Build: "7", LocalAPI: LocalAPI{Socket: path, Stop: stop}})
	c := callIn(t, path)
	if c.status.Phase != "signed_out" || c.status.Agent != "7" || c.status.Name != "Test TV" || c.status.Device != "" {
		t.Errorf("before signing in: %+v", c.status)
	}
	v.signIn()
	next(t, s.receipts)
	return s, v, c
}

// Middleware goes through an evening: it presses keys, plays a title in its own player
// with a grant, changes the profile, and signs the TV out.
func TestMiddleware(t *testing.T) {
	s, _, c := localTV(t, nil)
	c.until("signed in", func() bool {
		return c.status.Phase == "active" && c.status.Online && c.view.Screen == nav.ScreenGate && len(c.view.Items) > 1
	})
	if c.status.Profile != nil || c.status.Device == "" {
		t.Errorf("at the gate: %+v", c.status)
	}
	var d local.Decision
	if c.call("decide", `{"title":"t-hill"}`, &d); d.Verdict != parental.Refuse || d.Reason != parental.NoProfile {
		t.Errorf("nobody watches: %+v", d)
	}
	if code := c.call("report", `{"title":"t-hill","what":"started"}`, nil); code != local.CodeRefused {
		t.Errorf("a title that may not play was started: code %d", code)
	}
	c.choose(kids)
	c.play(s)
	c.call("resume", `{}`, nil)
	c.until("nobody watches after standby", func() bool { return c.status.Profile == nil && c.grant.Play == 0 })
	if code := c.call("report", `{"title":"t-hill","what":"progress","position":60}`, nil); code != local.CodeRefused {
		t.Errorf("what ended goes on: code %d", code)
	}
	if code := c.call("stop", `{}`, nil); code != local.CodeNotThere {
		t.Errorf("stop of an agent that is embedded: code %d", code)
	}
	if code := c.call("sign_out", `{}`, nil); code != 0 {
		t.Errorf("sign_out: code %d", code)
	}
	c.until("signed out", func() bool { return c.status.Phase == "signed_out" && c.status.Device == "" })
	if code := c.call("sign_out", `{}`, nil); code != local.CodeRefused {
		t.Errorf("signed out twice: code %d", code)
	}
}

// choose picks a profile without a lock at the gate.
func (c *caller) choose(id protocol.ProfileID) {
	c.t.Helper()
	for range 8 {
		if strings.HasSuffix(c.view.Focus, string(id)) {
			break
		}
		c.call("press", `{"key":"Right"}`, nil)
	}
	c.call("press", `{"key":"OK"}`, nil)
	c.until("chosen", func() bool { return c.status.Profile != nil })
	if c.status.Profile.ID != id || !c.status.Profile.Kids {
		c.t.Fatalf("who watches: %+v", c.status.Profile)
	}
}

// play plays a title in middleware's own player until the server's grant is there.
func (c *caller) play(s *fakeServer) {
	c.t.Helper()
	if code := c.call("report", `{"title":"t-hill","what":"started","length":5400}`, nil); code != 0 {
		c.t.Fatalf("start: code %d", code)
	}
	c.until("a grant", func() bool { return c.grant.Token != "" && c.grant.Title == "t-hill" && c.grant.Play == 1 })
	var now local.Grant
	if c.call("grant", `{}`, &now); now.Token != c.grant.Token || now.Left <= 0 {
		c.t.Errorf("the grant that is asked for: token of %d bytes for %d s, title %s", len(now.Token), now.Left, now.Title)
	}
	if code := c.call("report", `{"title":"t-other","what":"progress"}`, nil); code != local.CodeRefused {
		c.t.Errorf("progress of what does not play: code %d", code)
	}
	c.call("report", `{"title":"t-hill","what":"progress","position":60,"length":5400}`, nil)
	for _, want := range []protocol.ActivityKind{protocol.Started, protocol.Progress} {
		if it := next(c.t, s.activity); it.What != want || it.Title != "t-hill" || it.Profile != kids {
			c.t.Errorf("the server was told %+v, want %s", it, want)
		}
	}
}

// The call stop ends an agent that is a process of its own.
func TestMiddlewareStops(t *testing.T) {
	stopped := make(chan struct{})
	_, v, c := localTV(t, func() { close(stopped) })
	if code := c.call("stop", `{}`, nil); code != 0 {
		t.Errorf("stop: code %d", code)
	}
	next(t, stopped)
	v.unplug()
	if err := v.SignOut(); !errors.Is(err, ErrClosed) {
		t.Errorf("SignOut after Close = %v, want ErrClosed", err)
	}
	if err := v.Report(local.Report{}); !errors.Is(err, ErrClosed) {
		t.Errorf("Report after Close = %v, want ErrClosed", err)
	}
	if _, err := v.Status(); !errors.Is(err, ErrClosed) {
		t.Errorf("Status after Close = %v, want ErrClosed", err)
	}
	if err := v.Press(keyseq.OK, Local, false); !errors.Is(err, ErrClosed) {
		t.Errorf("Press after Close = %v, want ErrClosed", err)
	}
}

// What plays in middleware's player ends where it is blocked meanwhile.
func TestD14_BlockedWhileMiddlewarePlays(t *testing.T) {
	_, v, c := localTV(t, nil)
	c.until("signed in", func() bool { return c.status.Phase == "active" && len(c.view.Items) > 1 })
	c.choose(kids)
	if code := c.call("report", `{"title":"t-hill","what":"started"}`, nil); code != 0 {
		t.Fatalf("start: code %d", code)
	}
	c.until("it plays", func() bool { return c.grant.Play == 1 })
	v.do(func(core *core) { // as a new snapshot does
		blocked := *core.snapshot
		blocked.Profiles = append([]protocol.Profile(nil), blocked.Profiles...)
		for i := range blocked.Profiles {
			blocked.Profiles[i].Blocked = []protocol.TitleID{"t-hill"}
		}
		core.snapshot = &blocked
		core.followReported()
	})
	c.until("it ends", func() bool { return c.grant.Play == 0 })
}

// That a server serves only newer agents is told by the screen and by the status; all
// that is offered is to try again.
func TestUpdateNeeded(t *testing.T) {
	s, v, c := localTV(t, nil)
	c.until("signed in", func() bool { return c.status.Phase == "active" })
	s.change(func() {
		if s.program != "hearthkey-agent/7" {
			t.Errorf("the server is told that %q connects", s.program)
		}
		s.tooOld = true
		s.conn.Close()
	})
	c.until("it must be updated", func() bool { return c.status.Phase == "update_needed" && c.view.Screen == nav.ScreenUpdate })
	if d, err := v.Decide("t-hill", parental.Open); err != nil || d.Reason != parental.NoAccess {
		t.Errorf("Decide = %+v, %v; want no access", d, err)
	}
	seen := c.view
	if err := v.Press(keyseq.OK, Local, false); err != nil { // to try again
		t.Fatal(err)
	}
	c.until("it is tried again", func() bool { return c.view.Screen != seen.Screen || c.status.Phase != "update_needed" })
	c.until("and still must be updated", func() bool { return c.status.Phase == "update_needed" && c.view.Screen == nav.ScreenUpdate })
}
