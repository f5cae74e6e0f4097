package server_test

import (
	"errors"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/hearthkey/hearthkey/protocol"
	"github.com/hearthkey/hearthkey/server"
)

// library is an operator's own server of titles.
type library struct {
	mu     sync.Mutex
	body   string
	status int
	same   int // answers of "not modified"
	token  string
}

func (l *library) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.token = r.Header.Get("Authorization")
	etag := `"` + protocol.DigestOf([]byte(l.body)) + `"`
	w.Header().Set("ETag", string(etag))
	switch {
	case l.status != 0:
		http.Error(w, "out of order", l.status)
	case r.Header.Get("If-None-Match") == string(etag):
		l.same++
		w.WriteHeader(http.StatusNotModified)
	default:
		_, _ = w.Write([]byte(l.body))
	}
}

func (l *library) says(status int, body string) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.status, l.body, l.same = status, body, 0
}

// unchanged waits until the address said "not modified", and returns the token
// that it was asked with.
func (l *library) unchanged(t *testing.T) (token string) {
	t.Helper()
	eventually(t, "not modified", func() bool {
		l.mu.Lock()
		defer l.mu.Unlock()
		token = l.token
		return l.same > 0
	})
	return token
}

func wares(id, name string) string {
	return `{"rows":[{"name":"All","titles":["` + id + `"]}],"titles":[{"id":"` + id + `","name":"` + name + `","age":0}]}`
}

// shows waits until the TV holds this catalogue, as the server sends it.
func (v *tv) shows(want string) {
	v.t.Helper()
	for string(v.blobs[digest(v.state.Catalog)]) != want {
		f, err := v.read()
		if err != nil {
			v.t.Fatalf("%s waits for another catalogue: %v", v.name, err)
		}
		v.take(f)
	}
	v.fill()
}

// TestCatalogueByAddress: an operator's titles come by HTTP; a change reaches a
// TV that is connected, though nothing of its account changed. What is no
// catalogue changes nothing, and the log says what to mend. After a restart the
// last good one is there, also where the address is not.
func TestCatalogueByAddress(t *testing.T) {
	titles := &library{status: http.StatusServiceUnavailable}
	address := httptest.NewServer(titles)
	dir, tokens := t.TempDir(), filepath.Join(t.TempDir(), "token")
	if err := os.WriteFile(tokens, []byte("kept-apart\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	settings := func(c *server.Config) {
		c.Data, c.Catalog, c.CatalogEvery, c.CatalogTokenFile = dir, address.URL+"/titles?key=hidden", time.Second, tokens
	}
	h := open(t, settings)
	o := h.signUp("mara@example.org")
	v := newTV(h, "Den")
	v.join(o)
	if v.state.Catalog != nil {
		t.Errorf("a catalogue of %d bytes, though the address is down", v.state.Catalog.Size)
	}
	version := v.state.Version

	first, second := wares("amber", "Amber"), wares("basalt", "Basalt")
	titles.says(0, first)
	v.shows(first)
	titles.says(0, " "+second)
	v.shows(second)
	if v.state.Version != version {
		t.Errorf("the account's version went from %d to %d", version, v.state.Version)
	}
	if token := titles.unchanged(t); token != "Bearer kept-apart" {
		t.Errorf("Authorization: %q", token)
	}

	titles.says(0, `{"titles":[{"id":"coal","name":"Coal","age":99}]}`)
	eventually(t, "garbage refused", func() bool { return strings.Contains(h.logs.String(), "its age is 99") })
	for _, want := range []string{"catalogue not fetched", "correct the document at the address"} {
		if !strings.Contains(h.logs.String(), want) {
			t.Errorf("the log does not say %q", want)
		}
	}
	for _, secret := range []string{"hidden", "kept-apart"} {
		if strings.Contains(h.logs.String(), secret) {
			t.Errorf("the log holds %q", secret)
		}
	}
	address.Close()
	if err := h.stop(); err != nil {
		t.Fatal(err)
	}
	again := open(t, settings)
	v.url = again.url
	v.auth()
	if got := string(v.blobs[digest(v.state.Catalog)]); got != second {
		t.Errorf("after the restart the TV has %s", got)
	}
}

// TestCatalogueByFile: a file that is replaced reaches a connected TV; one that is
// no catalogue changes nothing.
func TestCatalogueByFile(t *testing.T) {
	file := filepath.Join(t.TempDir(), "titles.json")
	at := time.Now()
	write := func(text string) {
		t.Helper()
		if err := os.WriteFile(file+".new", []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
		at = at.Add(time.Minute) // however coarse the disk's clock is
		if err := errors.Join(os.Chtimes(file+".new", at, at), os.Rename(file+".new", file)); err != nil {
			t.Fatal(err)
		}
	}
	first, second := wares("amber", "Amber"), wares("basalt", "Basalt")
	write(first)
	h := open(t, func(c *server.Config) { c.Catalog, c.CatalogEvery = file, time.Second })
	v := newTV(h, "Den")
	v.join(h.signUp("mara@example.org"))
	if got := string(v.blobs[digest(v.state.Catalog)]); got != first {
		t.Errorf("the TV has %s", got)
	}
	write("garbage")
	eventually(t, "garbage refused", func() bool { return strings.Contains(h.logs.String(), "catalogue not read") })
	write(second)
	v.shows(second)
}

// TestD6_TitlesKeepTheirNames: what was watched and blocked is called as it was
// after the operator took it off, also after a restart, by the API, on the page
// and in the download. Once it was on offer, it can be blocked again.
func TestD6_TitlesKeepTheirNames(t *testing.T) {
	dir, file := t.TempDir(), filepath.Join(t.TempDir(), "titles.json")
	settings := func(c *server.Config) { c.Data, c.Catalog = dir, file }
	offer := func(text string) *house {
		t.Helper()
		if err := os.WriteFile(file, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
		return open(t, settings)
	}
	h := offer(`{"titles":[{"id":"amber","name":"Amber"},{"id":"sand","name":"Sand","kind":"series"},
		{"id":"sand-1","name":"Pilot","kind":"episode","series":"sand","season":1,"episode":1}]}`)
	o := h.signUp("mara@example.org")
	v := newTV(h, "Den")
	v.join(o)
	kids := v.snapshot().Profiles[1].ID
	blocked := "/v1/profiles/" + string(kids) + "/blocked"
	o.call("PUT", blocked+"/amber", nil, nil)
	now := protocol.MillisOf(time.Now())
	v.tell(protocol.ActivityItem{Seq: 1, Profile: kids, Title: "sand-1", What: protocol.Started, At: now},
		protocol.ActivityItem{Seq: 2, Profile: kids, Title: "never", What: protocol.Started, At: now})
	if err := h.stop(); err != nil {
		t.Fatal(err)
	}

	again := offer(wares("basalt", "Basalt"))
	o.house, o.t = again, t
	var seen struct {
		Viewings []struct {
			Title string
			Name  string `json:"title_name"`
		}
		Titles []struct{ ID, Name string }
	}
	o.call("GET", "/v1/activity", nil, &seen)
	for _, w := range seen.Viewings {
		if want := map[string]string{"sand-1": "Sand, season 1, episode 1: Pilot"}[w.Title]; w.Name != want {
			t.Errorf("%s is called %q, want %q", w.Title, w.Name, want)
		}
	}
	for range 2 {
		o.call("GET", blocked, nil, &seen)
		if len(seen.Viewings) != 2 || len(seen.Titles) != 1 || seen.Titles[0].Name != "Amber" {
			t.Errorf("%+v", seen)
		}
		o.call("DELETE", blocked+"/amber", nil, nil)
		o.call("PUT", blocked+"/amber", nil, nil)
	}
	status, body := o.try("POST", "/v1/export", nil)
	wantStatus(t, "export", status, 200, nil)
	for _, want := range []string{`"title_name":"Sand, season 1, episode 1: Pilot"`, `"title_name":"Amber"`, `"title_id":"never"`} {
		if !strings.Contains(strings.ReplaceAll(string(body), `": `, `":`), want) {
			t.Errorf("the download lacks %s", want)
		}
	}
}

func TestCatalogueSettings(t *testing.T) {
	file := filepath.Join(t.TempDir(), "titles.json")
	if err := os.WriteFile(file, []byte(`{"titles":[{"id":"a","name":"x","kind":"movie"}]}`), 0o600); err != nil {
		t.Fatal(err)
	}
	for name, c := range map[string]struct {
		change func(*server.Config)
		want   string
	}{
		"a bad file":            {func(c *server.Config) { c.Catalog = file }, `its kind is "movie"`},
		"no file":               {func(c *server.Config) { c.Catalog = file + "x" }, "no such file"},
		"http elsewhere":        {func(c *server.Config) { c.Catalog = "http://titles.example/" }, "http is for this machine only"},
		"a password in it":      {func(c *server.Config) { c.Catalog = "https://u:p@titles.example/" }, "give a token instead"},
		"too often":             {func(c *server.Config) { c.Catalog, c.CatalogEvery = "https://titles.example/", time.Millisecond }, "not between 1s and 24h"},
		"a token for a file":    {func(c *server.Config) { c.Catalog, c.CatalogToken = file, "x" }, "that is an address"},
		"two tokens":            {func(c *server.Config) { c.Catalog, c.CatalogToken, c.CatalogTokenFile = "https://t.example", "x", file }, "not both"},
		"no file for the token": {func(c *server.Config) { c.Catalog, c.CatalogTokenFile = "https://t.example", file+"x" }, "cannot be read"},
	} {
		cfg := server.Config{Listen: "127.0.0.1:0", Data: t.TempDir(), Name: serverName}
		c.change(&cfg)
		_, err := server.New(t.Context(), cfg)
		var mend *server.OperatorError
		if !errors.As(err, &mend) || !strings.Contains(mend.Text, c.want) || strings.Contains(mend.Text, "u:p@") {
			t.Errorf("%s: %v, want %q", name, err, c.want)
		}
	}
}
