package server_test

import (
	"bytes"
	"context"
	"encoding/json"
	"io"
	"log/slog"
	"net/http"
	"os"
	"regexp"
	"runtime"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/getkin/kin-openapi/openapi3"
	"go.uber.org/goleak"

	"github.com/hearthkey/hearthkey/server"
	"github.com/hearthkey/hearthkey/server/servertest"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

const (
	serverName = "hearthkey.test"
	password   = "lantern-otter-42-quietly"
)

// house is a running server with what a test needs around it.
type house struct {
	t       testing.TB
	srv     *server.Server
	url     string
	data    string // the folder
	doc     *openapi3.T
	skew    atomic.Int64 // added to the clock, nanoseconds
	logs    *lines
	secrets secrets // that logs must not tell
	stop    func() error
}

// lines collects a log.
type lines struct {
	mu  sync.Mutex
	buf bytes.Buffer
}

func (l *lines) Write(p []byte) (int, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.buf.Write(p)
}

func (l *lines) String() string {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.buf.String()
}

// open starts a server on a loopback port with its data in a temporary folder.
func open(t testing.TB, change func(*server.Config)) *house {
	t.Helper()
	h := &house{t: t, logs: &lines{}}
	cfg := server.Config{
		Listen: "127.0.0.1:0", Data: t.TempDir(), Name: serverName, Dev: true, Drain: time.Millisecond,
		Log: slog.New(slog.NewTextHandler(h.logs, &slog.HandlerOptions{Level: slog.LevelDebug})),
		Now: func() time.Time { return time.Now().Add(time.Duration(h.skew.Load())) },
	}
	if change != nil {
		change(&cfg)
	}
	h.data = cfg.Data
	h.start(cfg)
	return h
}

// databases are the addresses of the tests' databases, by data folder: a server that
// is started again in a folder finds what it left.
var databases sync.Map

func databaseOf(t testing.TB, data string) string {
	t.Helper()
	if url, ok := databases.Load(data); ok {
		return url.(string)
	}
	url := servertest.URL(t)
	databases.Store(data, url)
	return url
}

func (h *house) start(cfg server.Config) {
	h.t.Helper()
	cfg.Database = databaseOf(h.t, cfg.Data)
	srv, err := server.New(h.t.Context(), cfg)
	if err != nil {
		h.t.Fatal(err)
	}
	h.serve(srv)
	if h.doc == nil {
		_, _, body := h.do("GET", "/v1/openapi.json", nil, nil)
		if h.doc, err = openapi3.NewLoader().LoadFromData(body); err != nil {
			h.t.Fatal(err)
		}
	}
}

// serve runs srv until the test ends.
func (h *house) serve(srv *server.Server) {
	h.srv, h.url = srv, "http://"+srv.Addr().String()
	ctx, cancel := context.WithCancel(context.Background())
	ended := make(chan error, 1)
	go func() { ended <- srv.Run(ctx) }()
	h.stop = sync.OnceValue(func() error { cancel(); return <-ended })
	h.t.Cleanup(func() {
		http.DefaultClient.CloseIdleConnections()
		if err := h.stop(); err != nil {
			h.t.Errorf("Run = %v", err)
		}
		h.silent()
		if h.t.Failed() && os.Getenv("SERVER_LOG") != "" {
			h.t.Log(h.logs.String())
		}
	})
}

// do makes one request. Answers of the API are held against its document.
func (h *house) do(method, path string, header http.Header, body []byte) (int, http.Header, []byte) {
	h.t.Helper()
	req, err := http.NewRequest(method, h.url+path, bytes.NewReader(body))
	if err != nil {
		h.t.Fatal(err)
	}
	for name, values := range header {
		req.Header[name] = values
		if name == "Host" {
			req.Host = values[0]
		}
	}
	resp, err := http.DefaultClient.Do(req)
	if err != nil {
		h.t.Fatal(err)
	}
	defer resp.Body.Close()
	out, err := io.ReadAll(resp.Body)
	if err != nil {
		h.t.Fatal(err)
	}
	if strings.HasPrefix(path, "/v1/") {
		h.secrets.read(body)
		h.secrets.read(out)
	}
	if path == "/dev/outbox.json" {
		h.secrets.mails(out)
	}
	path, _, _ = strings.Cut(path, "?")
	if h.doc != nil && strings.HasPrefix(path, "/v1/") && resp.StatusCode != 404 && resp.StatusCode != 405 {
		kind, _, _ := strings.Cut(resp.Header.Get("Content-Type"), ";")
		if err := describedAs(h.doc, method, path, resp.StatusCode, kind, out); err != nil {
			h.t.Errorf("undescribed answer: %v\n%s", err, out)
		}
	}
	return resp.StatusCode, resp.Header, out
}

// owner is somebody signed in.
type owner struct {
	*house
	email string
	token string
}

func (o *owner) header() http.Header {
	return http.Header{"Authorization": {"Bearer " + o.token}, "Content-Type": {"application/json"}}
}

// call makes a request that must succeed, and decodes its answer.
func (o *owner) call(method, path string, in, out any) {
	o.t.Helper()
	if status, body := o.try(method, path, in); status >= 300 {
		o.t.Fatalf("%s %s = %d %s", method, path, status, body)
	} else if out != nil {
		if err := json.Unmarshal(body, out); err != nil {
			o.t.Fatal(err)
		}
	}
}

func (o *owner) try(method, path string, in any) (int, []byte) {
	o.t.Helper()
	var body []byte
	if in != nil {
		body, _ = json.Marshal(in)
	}
	status, _, answer := o.do(method, path, o.header(), body)
	return status, answer
}

type object = map[string]any

// signUp makes an account, with the code from the development outbox.
func (h *house) signUp(email string) *owner {
	h.t.Helper()
	o := &owner{house: h, email: email}
	var attempt struct{ Attempt string }
	o.call("POST", "/v1/sign-up", object{"email": email, "password": password}, &attempt)
	var session struct{ Token string }
	o.call("POST", "/v1/sign-up/verify", object{"attempt": attempt.Attempt, "code": h.accessCode(email)}, &session)
	o.token = session.Token
	return o
}

// signIn begins a session, with the code that a device needs that is not known.
func (o *owner) signIn() (id string) {
	o.t.Helper()
	var challenge struct{ Challenge, Need string }
	o.call("POST", "/v1/sign-in", object{"email": o.email, "password": password}, &challenge)
	if challenge.Need != "code" {
		o.t.Fatalf("sign-in needs %q", challenge.Need)
	}
	var session struct{ Token, ID string }
	o.call("POST", "/v1/sign-in/answer", object{"challenge": challenge.Challenge, "code": o.accessCode(o.email)}, &session)
	o.token = session.Token
	return session.ID
}

// prove gives the password again. The token is another one from then on.
func (o *owner) prove(password string) {
	o.t.Helper()
	var session struct{ Token string }
	o.call("POST", "/v1/session/prove", object{"password": password}, &session)
	o.token = session.Token
}

var sixDigits = regexp.MustCompile(`\b[0-9]{6}\b`)

func (h *house) accessCode(email string) string {
	h.t.Helper()
	status, _, body := h.do("GET", "/dev/outbox.json", nil, nil)
	if status != 200 {
		h.t.Fatalf("outbox = %d %s", status, body)
	}
	var out struct {
		Messages []struct{ To, Text string }
	}
	if err := json.Unmarshal(body, &out); err != nil {
		h.t.Fatal(err)
	}
	for _, m := range out.Messages {
		if code := sixDigits.FindString(m.Text); m.To == email && code != "" {
			return code
		}
	}
	h.t.Fatalf("no code for %s in %s", email, body)
	return ""
}

// listed is a device as the API lists it.
type listed struct {
	ID        string
	Name      string
	Epoch     int64
	Online    bool
	Profile   string
	Status    string
	By        string
	Confirmed time.Time
	Bound     *struct {
		LocksBy    time.Time `json:"locks_by"`
		FurtherUse int64     `json:"further_use_seconds"`
	}
}

func (o *owner) devices() []listed {
	o.t.Helper()
	if status, _ := o.try("GET", "/v1/devices", nil); status == 403 { // the clock moved on
		o.prove(password)
	}
	var out struct{ Devices []listed }
	o.call("GET", "/v1/devices", nil, &out)
	return out.Devices
}

func (o *owner) device(id string) listed {
	o.t.Helper()
	for _, d := range o.devices() {
		if d.ID == id {
			return d
		}
	}
	o.t.Fatalf("device %s is not listed", id)
	return listed{}
}

// eventually asks until ok, at most 10 s.
func eventually(t testing.TB, what string, ok func() bool) {
	t.Helper()
	for end := time.Now().Add(10 * time.Second); !ok(); runtime.Gosched() {
		if time.Now().After(end) {
			t.Fatalf("not within 10 s: %s", what)
		}
	}
}

func wantStatus(t testing.TB, what string, got, want int, body []byte) {
	t.Helper()
	if got != want {
		t.Errorf("%s: status %d, want %d: %s", what, got, want, bytes.TrimSpace(body))
	}
}
