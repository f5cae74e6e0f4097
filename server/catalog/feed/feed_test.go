package feed

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/hearthkey/hearthkey/server/catalog"
)

// operator is the server behind an address, without a network.
type operator struct {
	mu       sync.Mutex
	body     string
	etag     string
	modified string
	status   int // 0: 200, or 304 where the validator fits
	header   http.Header
	err      error
	asked    []*http.Request
	at       []time.Time
}

func (o *operator) RoundTrip(r *http.Request) (*http.Response, error) {
	o.mu.Lock()
	defer o.mu.Unlock()
	o.asked, o.at = append(o.asked, r), append(o.at, time.Now())
	if o.err != nil {
		return nil, o.err
	}
	status, body, h := o.status, o.body, http.Header{}
	if o.header != nil {
		h = o.header.Clone()
	}
	if status == 0 {
		status = http.StatusOK
		if o.etag != "" && r.Header.Get("If-None-Match") == o.etag || o.modified != "" && r.Header.Get("If-Modified-Since") == o.modified {
			status, body = http.StatusNotModified, ""
		}
	}
	if o.etag != "" {
		h.Set("ETag", o.etag)
	}
	if o.modified != "" {
		h.Set("Last-Modified", o.modified)
	}
	return &http.Response{StatusCode: status, Header: h, Body: io.NopCloser(strings.NewReader(body)), Request: r}, nil
}

func (o *operator) says(change func(*operator)) {
	o.mu.Lock()
	defer o.mu.Unlock()
	change(o)
}

// station is a feed with what it is connected to.
type station struct {
	*Feed
	op    *operator
	live  catalog.Live
	log   bytes.Buffer
	mu    sync.Mutex
	heard []int32
}

func newStation(t testing.TB, file string, change func(*Config)) *station {
	t.Helper()
	s := &station{op: &operator{}}
	c := Config{
		Address: "https://titles.example/catalog.json?key=hidden", File: file, Live: &s.live, Transport: s.op,
		Log: slog.New(slog.NewTextHandler(&locked{w: &s.log, mu: &s.mu}, nil)),
		Changed: func(_ context.Context, edition int32) {
			s.mu.Lock()
			defer s.mu.Unlock()
			s.heard = append(s.heard, edition)
		},
	}
	if change != nil {
		change(&c)
	}
	f, err := New(c)
	if err != nil {
		t.Fatal(err)
	}
	s.Feed = f
	return s
}

type locked struct {
	w  io.Writer
	mu *sync.Mutex
}

func (l *locked) Write(p []byte) (int, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.w.Write(p)
}

// run runs the feed until the test's end of f.
func (s *station) run(t *testing.T, f func()) {
	t.Helper()
	ctx, cancel := context.WithCancel(t.Context())
	var running sync.WaitGroup
	running.Go(func() { s.Run(ctx) })
	synctest.Wait()
	f()
	cancel()
	running.Wait()
}

func (s *station) said(t *testing.T, want string) {
	t.Helper()
	s.mu.Lock()
	defer s.mu.Unlock()
	if !strings.Contains(s.log.String(), want) {
		t.Errorf("the log does not say %q:\n%s", want, s.log.String())
	}
}

func (s *station) editions() []int32 {
	s.mu.Lock()
	defer s.mu.Unlock()
	return append([]int32(nil), s.heard...)
}

const (
	one = `{"titles":[{"id":"a","name":"Amber <&> one"}]}`
	two = ` {"titles":[{"id":"b","name":"Basalt"}]} `
)

// pass lets more than one request's time go by.
func pass() {
	time.Sleep(DefaultEvery + DefaultEvery/9)
	synctest.Wait()
}

func TestAChangeComesIntoUse(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := newStation(t, filepath.Join(t.TempDir(), "kept.json"), nil)
		s.Restore()
		s.op.body, s.op.etag = one, `"1"`
		s.run(t, func() {
			if s.live.Name("a") == "" {
				t.Error("the first catalogue is not in use")
			}
			pass()
			pass()
			s.op.says(func(o *operator) { o.body, o.etag = two, `W/"2"` })
			pass()
			if s.live.Name("b") == "" || s.live.Name("a") != "" {
				t.Error("the second catalogue is not in use")
			}
		})
		if diff := cmp.Diff([]int32{1, 2}, s.editions()); diff != "" {
			t.Error(diff)
		}
		var asked []string
		for _, r := range s.op.asked {
			asked = append(asked, r.Header.Get("If-None-Match"))
		}
		if diff := cmp.Diff([]string{"", `"1"`, `"1"`, `"1"`}, asked); diff != "" {
			t.Error(diff)
		}
		if st := s.Stats(); st.Changes != 2 || st.Failures != 0 || st.Checked.IsZero() {
			t.Errorf("%+v", st)
		}
		s.said(t, "catalogue changed")
		if strings.Contains(s.log.String(), "hidden") {
			t.Errorf("the log holds the address's secret:\n%s", s.log.String())
		}
	})
}

func TestWithoutAnETagTheDateIsSent(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := newStation(t, filepath.Join(t.TempDir(), "kept.json"), nil)
		s.op.body, s.op.modified = one, "Wed, 25 Nov 2026 20:00:00 GMT"
		s.run(t, pass)
		if got := s.op.asked[1].Header.Get("If-Modified-Since"); got != s.op.modified || len(s.editions()) != 1 {
			t.Errorf("If-Modified-Since = %q, editions %v", got, s.editions())
		}
	})
}

// What is no catalogue never replaces one, and the log says what to mend.
func TestTheLastGoodOneStays(t *testing.T) {
	for name, c := range map[string]struct {
		change func(*operator)
		log    string
	}{
		"garbage":        {func(o *operator) { o.body = "<html>" }, "correct the document"},
		"half":           {func(o *operator) { o.body = one[:20] }, "correct the document"},
		"nothing":        {func(o *operator) { o.body = "" }, "correct the document"},
		"no titles":      {func(o *operator) { o.body = `{"error":"out of order"}` }, "it has no titles"},
		"a wrong title":  {func(o *operator) { o.body = `{"titles":[{"id":"a","name":"x","age":99}]}` }, `its age is 99, not 0 to 18`},
		"far too large":  {func(o *operator) { o.body = strings.Repeat(" ", catalog.MaxFile+10) }, "correct the document"},
		"not authorized": {func(o *operator) { o.status = 401 }, "check the catalogue's token"},
		"not found":      {func(o *operator) { o.status = 404 }, "check the address"},
		"out of order":   {func(o *operator) { o.status = 503 }, "look at the server behind the address"},
		"no answer":      {func(o *operator) { o.err = errors.New("connection refused") }, "connection refused"},
		"not modified":   {func(o *operator) { o.etag, o.status = "", 304 }, ""},
		"to http": {func(o *operator) {
			o.status, o.header = 302, http.Header{"Location": {"http://titles.example/catalog.json"}}
		}, "redirect to https only"},
		"to this machine": {func(o *operator) {
			o.status, o.header = 302, http.Header{"Location": {"http://127.0.0.1:8701/metrics"}}
		}, "redirect to https only"},
		"round and round": {func(o *operator) { o.status, o.header = 302, http.Header{"Location": {"/again"}} }, "redirect"},
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				s := newStation(t, filepath.Join(t.TempDir(), "kept.json"), nil)
				s.op.body, s.op.etag = one, `"1"`
				s.run(t, func() {
					s.op.says(func(o *operator) { o.etag = `"2"`; c.change(o) })
					pass()
					if s.live.Name("a") == "" || len(s.editions()) != 1 {
						t.Error("the last good catalogue is gone")
					}
					if c.log != "" && s.Stats().Failures != 1 {
						t.Errorf("%+v", s.Stats())
					}
					s.op.says(func(o *operator) { o.body, o.etag, o.status, o.header, o.err = two, "", 0, nil, nil })
					time.Sleep(3 * DefaultEvery)
					synctest.Wait()
					if s.live.Name("b") == "" {
						t.Error("a good catalogue after it is not in use")
					}
				})
				s.said(t, c.log)
			})
		})
	}
}

// TestRestart: what was taken last is in use from the start, in the same bytes,
// also where the address is down; another address's is not.
func TestRestart(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		file := filepath.Join(t.TempDir(), "kept.json")
		before := newStation(t, file, nil)
		before.op.body, before.op.etag = one, `"1"`
		before.run(t, func() {})
		down := newStation(t, file, nil)
		down.op.err = errors.New("no route to host")
		down.Restore()
		_, was, _ := before.live.Document()
		if _, is, _ := down.live.Document(); is != was {
			t.Errorf("after the restart the catalogue is %+v, before it was %+v", is, was)
		}
		down.run(t, func() {
			down.op.says(func(o *operator) { o.err, o.body, o.etag = nil, one, `"1"` })
			time.Sleep(2 * DefaultEvery)
		})
		if got := down.op.asked[1].Header.Get("If-None-Match"); got != `"1"` || len(down.editions()) != 0 {
			t.Errorf("If-None-Match = %q, editions %v", got, down.editions())
		}
		other := newStation(t, file, func(c *Config) { c.Address = "https://other.example/" })
		other.Restore()
		if _, blob, _ := other.live.Document(); blob.Size != 0 {
			t.Error("another address's catalogue is in use")
		}
	})
}

func TestKeptFilesThatCannotBeUsed(t *testing.T) {
	dir := t.TempDir()
	for name, text := range map[string]string{
		"garbage": "garbage", "empty": "", "no document": "{}", "another shape": `{"document":7,"address":"x"}`, "large": strings.Repeat(" ", maxKept+1),
	} {
		file := filepath.Join(dir, name)
		if err := os.WriteFile(file, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
		s := newStation(t, file, nil)
		s.Restore()
		if _, blob, _ := s.live.Document(); blob.Size != 0 || s.kept.Document != nil {
			t.Errorf("%s is in use", name)
		}
	}
	s := newStation(t, filepath.Join(dir, "damaged"), nil)
	k := kept{Address: s.name(), Document: []byte(`{"titles":[{"id":""}]}`)}
	if err := k.write(s.c.File); err != nil {
		t.Fatal(err)
	}
	s.Restore()
	if _, blob, _ := s.live.Document(); blob.Size != 0 {
		t.Error("a bad document is in use")
	}
	s.said(t, "cannot be used")
	if left, _ := filepath.Glob(filepath.Join(dir, "*.new-*")); len(left) != 0 {
		t.Errorf("files left behind: %v", left)
	}
}

// TestNothingCanBeKept: a full disk costs the restart, not the catalogue.
func TestNothingCanBeKept(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := newStation(t, filepath.Join(t.TempDir(), "missing", "kept.json"), nil)
		s.op.body = one
		s.run(t, func() {})
		if s.live.Name("a") == "" {
			t.Error("not in use")
		}
		s.said(t, "catalogue not kept")
	})
}

// TestBackOff: failures make the feed ask less often, up to an hour; while there
// is no catalogue at all it begins with ten seconds.
func TestBackOff(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		for _, c := range []struct {
			held  bool
			after int // Retry-After, in seconds
			want  []time.Duration
		}{
			{true, 0, []time.Duration{5 * time.Minute, 10 * time.Minute, 20 * time.Minute, 40 * time.Minute, time.Hour, time.Hour}},
			{false, 0, []time.Duration{10 * time.Second, 20 * time.Second, 40 * time.Second, 80 * time.Second, 160 * time.Second, 5 * time.Minute, 5 * time.Minute}},
			{true, 900, []time.Duration{15 * time.Minute, 15 * time.Minute, 20 * time.Minute}},
			{true, 1 << 30, []time.Duration{time.Hour, time.Hour}},
			{true, -5, []time.Duration{5 * time.Minute, 10 * time.Minute}},
		} {
			s := newStation(t, filepath.Join(t.TempDir(), "kept.json"), nil)
			if c.held {
				if _, err := s.live.Use([]byte(one)); err != nil {
					t.Fatal(err)
				}
			}
			s.op.status, s.op.header = 503, http.Header{"Retry-After": {fmt.Sprint(c.after)}}
			s.run(t, func() { time.Sleep(8 * time.Hour) })
			for i, want := range c.want {
				if got := s.op.at[i+1].Sub(s.op.at[i]); got < want || got > want+want/10+time.Second {
					t.Errorf("held %t, Retry-After %d: wait %d is %s, want %s and a tenth at most", c.held, c.after, i, got, want)
				}
			}
		}
	})
}

func TestToken(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var token atomic.Pointer[string]
		is := func(s string) { token.Store(&s) }
		is("first")
		s := newStation(t, filepath.Join(t.TempDir(), "kept.json"), func(c *Config) {
			c.Token = func() (string, error) {
				if s := *token.Load(); s != "" {
					return s, nil
				}
				return "", os.ErrNotExist
			}
		})
		s.op.body = one
		s.run(t, func() {
			is("second")
			pass()
			is("two words\n")
			pass()
			is("")
			time.Sleep(time.Hour)
		})
		var sent []string
		for _, r := range s.op.asked {
			sent = append(sent, r.Header.Get("Authorization"))
		}
		if diff := cmp.Diff([]string{"Bearer first", "Bearer second"}, sent); diff != "" {
			t.Error(diff)
		}
		s.said(t, "check the catalogue's token")
		if strings.Contains(s.log.String(), "two words") || strings.Contains(s.log.String(), "second") {
			t.Errorf("the log holds a token:\n%s", s.log.String())
		}
	})
}

// TestTheTokenStaysWithItsHost, also where the address redirects.
func TestTheTokenStaysWithItsHost(t *testing.T) {
	via, _ := http.NewRequest(http.MethodGet, "https://titles.example/a", nil)
	for to, want := range map[string]string{
		"https://titles.example/b": "Bearer x", "https://files.titles.example/b": "", "https://other.example/b": "",
	} {
		r, _ := http.NewRequest(http.MethodGet, to, nil)
		r.Header.Set("Authorization", "Bearer x")
		if err := mayRedirect(r, []*http.Request{via}); err != nil || r.Header.Get("Authorization") != want {
			t.Errorf("%s gets %q, %v", to, r.Header.Get("Authorization"), err)
		}
	}
	local, _ := http.NewRequest(http.MethodGet, "http://127.0.0.1:9/a", nil)
	for to, allowed := range map[string]bool{"http://localhost:8/b": true, "http://192.0.2.1/b": false, "https://u@titles.example/b": false, "ftp://127.0.0.1/": false} {
		r, _ := http.NewRequest(http.MethodGet, to, nil)
		if err := mayRedirect(r, []*http.Request{local}); (err == nil) != allowed {
			t.Errorf("from this machine to %s: %v", to, err)
		}
	}
}

func TestSettings(t *testing.T) {
	for address, ok := range map[string]bool{
		"https://titles.example/catalog.json": true, "HTTPS://titles.example": true, "http://127.0.0.1:9000/c": true, "http://[::1]:9000/c": true, "http://localhost/c": true,
		"http://titles.example/c": false, "https://u:p@titles.example/": false, "https://": false, "ftp://titles.example/": false, "catalog.json": false, "": false,
		"https://titles.example/" + strings.Repeat("x", maxAddress): false, "http://127.0.0.1.example/": false,
	} {
		_, err := New(Config{Address: address, Live: &catalog.Live{}, Changed: func(context.Context, int32) {}, Log: slog.Default()})
		if (err == nil) != ok || err != nil && !errors.Is(err, ErrConfig) {
			t.Errorf("%.60s: %v", address, err)
		}
	}
	for _, every := range []time.Duration{time.Millisecond, 25 * time.Hour, -1} {
		if _, err := New(Config{Address: "https://a.example", Every: every, Live: &catalog.Live{}, Changed: func(context.Context, int32) {}, Log: slog.Default()}); !errors.Is(err, ErrConfig) {
			t.Errorf("every %s: %v", every, err)
		}
	}
	if _, err := New(Config{Address: "https://a.example"}); err == nil {
		t.Error("nothing is required")
	}
}
