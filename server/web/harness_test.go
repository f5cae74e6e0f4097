package web

import (
	"context"
	"crypto/ed25519"
	"crypto/rand"
	"fmt"
	"io"
	"log/slog"
	"net/http"
	"net/http/cookiejar"
	"net/http/httptest"
	"net/url"
	"regexp"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/hearthkey/hearthkey/protocol"
	"github.com/hearthkey/hearthkey/protocol/parental"
	"github.com/hearthkey/hearthkey/protocol/sign"
	"github.com/hearthkey/hearthkey/protocol/titles"
	"github.com/hearthkey/hearthkey/server/account"
	"github.com/hearthkey/hearthkey/server/admit"
	"github.com/hearthkey/hearthkey/server/device"
	"github.com/hearthkey/hearthkey/server/keyring"
	"github.com/hearthkey/hearthkey/server/notify"
	"github.com/hearthkey/hearthkey/server/profile"
	"github.com/hearthkey/hearthkey/server/servertest"
	"github.com/hearthkey/hearthkey/server/store"
	"github.com/hearthkey/hearthkey/server/timeline"
)

const (
	testEmail    = "mara@example.org"
	testPassword = "seven quiet lampposts"
	testServer   = "tv.example"
	testRP       = "tv.example"
)

// world is the site over real services on a real database, behind a real HTTP
// server.
type world struct {
	t       *testing.T
	clock   *servertest.Clock
	site    *Site
	http    *httptest.Server
	devices *device.Service
	codes   chan string // access codes that were sent
	bounces []notify.Bounce
	refused atomic.Value // why mail to any address is refused, a string
	returns map[string]time.Time
	db      *store.DB
	keys    *keyring.Ring

	mu   sync.Mutex
	sent []account.Notice // all that was sent, the newest last
}

func newWorld(t *testing.T) *world {
	t.Helper()
	w := &world{t: t, clock: servertest.NewClock(), codes: make(chan string, 100), db: servertest.DB(t), keys: servertest.Keys(t)}
	w.open(nil)
	w.http = httptest.NewServer(http.HandlerFunc(func(rw http.ResponseWriter, r *http.Request) { w.site.ServeHTTP(rw, r) }))
	t.Cleanup(w.http.Close)
	t.Cleanup(func() { w.site.Close() }) // before the server waits for its streams
	return w
}

// open makes the services and the site on what the world has stored, with the
// settings that change leaves; nil: the usual ones.
func (w *world) open(change func(*account.Config, *Config)) {
	w.t.Helper()
	db, keys, gate := w.db, w.keys, admit.New(admit.Config{Queue: 1000})
	tell := func(_ *store.Tx, n account.Notice) error {
		if n.Decoy {
			return nil
		}
		w.mu.Lock()
		defer w.mu.Unlock()
		w.sent = append(w.sent, n)
		if n.Kind == account.NoticeAccessCode {
			w.codes <- n.Code
		}
		return nil
	}
	changed := func(id protocol.AccountID, _ protocol.Version) {
		if w.site != nil {
			w.site.Changed(id)
		}
	}
	of := account.Config{DB: db, Keys: keys, Gate: gate, Notify: tell, Household: profile.Household, RestoreProfiles: profile.Restore, Changed: changed,
		Passkeys: account.PasskeyConfig{ID: testRP, Origins: []string{"https://" + testRP}}}
	site := Config{Beat: time.Millisecond}
	if change != nil {
		change(&of, &site)
	}
	accounts, err := account.New(of)
	w.must(err)
	profiles, err := profile.New(profile.Config{DB: db, Keys: keys, Gate: gate, Notify: tell, Changed: changed, Title: offer().Name})
	w.must(err)
	w.devices, err = device.New(device.Config{
		DB: db, Keys: keys, Profiles: profiles, Server: testServer, LinkURL: "https://tv.example/tv",
		Notify: tell, Changed: changed, Decided: func(protocol.DeviceID) {},
	})
	w.must(err)
	w.site, err = New(Config{
		Accounts: accounts, Profiles: profiles, Devices: w.devices,
		Timeline: func(ctx context.Context, a protocol.AccountID, before string, n int) ([]timeline.Entry, error) {
			return timeline.List(ctx, db, a, before, n)
		},
		Outbox: func(context.Context, int) ([]store.OutboxRow, error) {
			return []store.OutboxRow{{ID: "m1", Channel: "mail", Recipient: testEmail, Subject: "Hello", Text: "Hello.", HTML: "<p>Hello.</p>", Created: w.clock.Now()}}, nil
		},
		Passkeys: true,
		Titles:   func(id protocol.TitleID) string { return offer().Name(id) },
		Title:    func(id protocol.TitleID) (parental.Title, bool) { return offer().Title(id) },
		Search:   func(q string, n int) []parental.Title { return offer().Search(q, n) },
		Bounces:  func(context.Context, protocol.AccountID, int) ([]notify.Bounce, error) { return w.bounces, nil },
		ReturnedSince: func(_ context.Context, _ protocol.AccountID, _ notify.Channel, to string) (time.Time, error) {
			return w.returns[to], nil
		},
		Refused: func(context.Context, time.Time, string, string) (string, error) {
			why, _ := w.refused.Load().(string)
			return why, nil
		},
		Log: slog.New(slog.NewTextHandler(w.t.Output(), nil)), PublicURL: "http://127.0.0.1", Now: w.clock.Now, Beat: site.Beat,
		Origins: site.Origins, Country: site.Country,
	})
	w.must(err)
}

// offer is what can be watched.
func offer() *titles.Index {
	return titles.New(&protocol.Catalog{Titles: []parental.Title{
		{ID: "moon", Name: "Moon & Sea", Year: 2020}, {ID: "salt", Name: "Salt"}, {ID: "salt-and-iron", Name: "Salt and Iron"},
		{ID: "orbit", Name: "Low Orbit", Kind: parental.Series, Year: 2021}, {ID: "orbit-1", Name: "Low Orbit", Kind: parental.Episode, Series: "orbit", Season: 1, Episode: 1},
		{ID: "otter", Name: "The Otter Post"},
	}})
}

// noSMS takes the SMS gateway away.
func (w *world) noSMS() {
	w.t.Helper()
	w.open(func(c *account.Config, _ *Config) { c.NoSMS = true })
}

// beat lets answers leave on another beat.
func (w *world) beat(d time.Duration) {
	w.t.Helper()
	w.open(func(_ *account.Config, c *Config) { c.Beat = d })
}

func (w *world) must(err error) {
	w.t.Helper()
	if err != nil {
		w.t.Fatal(err)
	}
}

// person is a browser with its own cookies, that does not follow redirects.
type person struct {
	*world
	client *http.Client
}

// answer is what a browser got.
type answer struct {
	status int
	to     string // where it was sent
	body   string
	header http.Header
}

func (w *world) browser() *person {
	jar, err := cookiejar.New(nil)
	w.must(err)
	return &person{w, &http.Client{
		Jar: jar, CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse },
	}}
}

func (p *person) send(r *http.Request) answer {
	p.t.Helper()
	res, err := p.client.Do(r)
	p.must(err)
	defer res.Body.Close()
	body, err := io.ReadAll(res.Body)
	p.must(err)
	if strings.HasPrefix(res.Header.Get("Content-Type"), "text/html") && res.StatusCode < 300 && !strings.HasPrefix(r.URL.Path, "/dev/outbox/") {
		checkPage(p.t, string(body))
	}
	if strings.HasPrefix(res.Header.Get("Content-Type"), "text/html") && res.StatusCode >= 400 {
		checkRefusal(p.t, r.Method+" "+r.URL.Path, string(body))
	}
	return answer{res.StatusCode, res.Header.Get("Location"), string(body), res.Header}
}

var (
	anyInput = regexp.MustCompile(`(?s)<input [^>]*>`)
	anyTitle = regexp.MustCompile(`<title>([^<]*)</title>`)
)

// checkRefusal holds what every page does that says what is wrong with a form:
// its title says so too (WCAG 2.4.2, 3.3.1), and the focus is where the mistake is.
func checkRefusal(t *testing.T, what, body string) {
	t.Helper()
	focused, wrong, right := 0, strings.Contains(body, "data-problems"), false
	for _, input := range anyInput.FindAllString(body, -1) {
		bad := strings.Contains(input, `aria-invalid="true"`)
		wrong = wrong || bad
		if strings.Contains(input, " autofocus") {
			focused++
			right = right || bad
		}
	}
	title := anyTitle.FindStringSubmatch(body)
	if title == nil || wrong && !strings.HasPrefix(title[1], "Error: ") {
		t.Errorf("%s: the title is %q", what, title)
	}
	if focused > 1 || strings.Contains(body, `aria-invalid="true"`) && !right {
		t.Errorf("%s: %d fields have the focus, and the wrong one does: %t", what, focused, right)
	}
}

func (p *person) get(path string) answer {
	p.t.Helper()
	r, err := http.NewRequest(http.MethodGet, p.http.URL+path, nil)
	p.must(err)
	return p.send(r)
}

// post sends a form as our own page would. The values are "name=value".
func (p *person) post(path string, values ...string) answer {
	p.t.Helper()
	return p.send(p.form(path, values...))
}

// form is the request of post.
func (p *person) form(path string, values ...string) *http.Request {
	p.t.Helper()
	form := url.Values{}
	for _, v := range values {
		name, value, _ := strings.Cut(v, "=")
		form.Set(name, value)
	}
	r, err := http.NewRequest(http.MethodPost, p.http.URL+path, strings.NewReader(form.Encode()))
	p.must(err)
	r.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	r.Header.Set("Origin", p.http.URL)
	r.Header.Set("Sec-Fetch-Site", "same-origin")
	return r
}

// frozen are cookies that answers do not change.
type frozen struct{ http.CookieJar }

func (frozen) SetCookies(*url.URL, []*http.Cookie) {}

// page asks for a page that must be there.
func (p *person) page(path string) string {
	p.t.Helper()
	a := p.get(path)
	if a.status != http.StatusOK {
		p.t.Fatalf("GET %s = %d to %q, want 200", path, a.status, a.to)
	}
	return a.body
}

// moved expects a form to be answered with a redirect.
func (p *person) moved(a answer, to string) {
	p.t.Helper()
	if a.status != http.StatusSeeOther || a.to != to {
		p.t.Fatalf("answer %d to %q, want 303 to %q\n%.600s", a.status, a.to, to, a.body)
	}
}

// has expects texts on a page.
func has(t *testing.T, body string, texts ...string) {
	t.Helper()
	body = strings.ReplaceAll(body, "\u00a0", " ") // a reader sees no difference
	for _, s := range texts {
		if !strings.Contains(body, s) {
			t.Errorf("page lacks %q:\n%s", s, visible(body))
		}
	}
}

func lacks(t *testing.T, body string, texts ...string) {
	t.Helper()
	body = strings.ReplaceAll(body, "\u00a0", " ")
	for _, s := range texts {
		if strings.Contains(body, s) {
			t.Errorf("page has %q:\n%s", s, visible(body))
		}
	}
}

var (
	anyTag = regexp.MustCompile(`(?s)<svg.*?</svg>|<[^>]*>`)
	blanks = regexp.MustCompile(`[\s\x{a0}]+`)
)

// visible is roughly the text of a page.
func visible(body string) string {
	return strings.TrimSpace(blanks.ReplaceAllString(anyTag.ReplaceAllString(body, " "), " "))
}

var profileButton = regexp.MustCompile(`<button name="profile" value="([^"]+)">`)

// signUp makes the account and chooses the main profile.
func (p *person) signUp() {
	p.t.Helper()
	p.moved(p.post("/signup", "email="+testEmail, "password="+testPassword), "/verify")
	p.moved(p.post("/verify", "code="+<-p.codes), "/profiles")
	p.choose("/")
}

func (p *person) signIn() {
	p.t.Helper()
	p.enter(testPassword, "/", "/profiles?next=%2F")
	p.choose("/")
}

// enter signs in on a device that is not known yet, with the access code.
func (p *person) enter(password, next, to string) {
	p.t.Helper()
	p.moved(p.post("/signin", "email="+testEmail, "password="+password, "next="+next), "/signin/code")
	p.moved(p.post("/signin/code", "code="+<-p.codes), to)
}

// choose takes the first profile of the gate.
func (p *person) choose(next string) {
	p.t.Helper()
	m := profileButton.FindStringSubmatch(p.page("/profiles?next=" + url.QueryEscape(next)))
	if m == nil {
		p.t.Fatal("no profile on the gate")
	}
	p.moved(p.post("/profiles", "profile="+m[1], "next="+next), next)
}

// tv is a TV without its agent: the frames it signs, and nothing more.
type tv struct {
	*world
	key   ed25519.PrivateKey
	frame protocol.Enrol
	nonce []byte
}

func (w *world) newTV(name string) *tv {
	w.t.Helper()
	_, key, err := ed25519.GenerateKey(rand.Reader)
	w.must(err)
	d := &tv{world: w, key: key, nonce: make([]byte, 32)}
	d.frame = protocol.Enrol{
		PublicKey: protocol.Bytes(key.Public().(ed25519.PublicKey)), Name: name, Model: "Vision 43", Kind: "tv",
		Cap: 1, Conn: 1, Ask: make([]byte, 32),
	}
	d.frame.Sig = ed25519.Sign(key, sign.EnrolBytes(d.nonce, testServer, d.frame))
	return d
}

// again makes the TV ask anew, over another connection, to be signed in.
func (d *tv) again() {
	d.frame.Conn++
	d.frame.Epoch++
	d.frame.Sig = ed25519.Sign(d.key, sign.EnrolBytes(d.nonce, testServer, d.frame))
}

func (d *tv) id() protocol.DeviceID { return protocol.DeviceIDOf(ed25519.PublicKey(d.frame.PublicKey)) }

// code asks for a user code.
func (d *tv) code() string {
	d.t.Helper()
	return d.codeFrom("127.0.0.1", "")
}

// codeFrom asks for one at an address, which is at a place.
func (d *tv) codeFrom(ip, place string) string {
	d.t.Helper()
	e, err := d.devices.Enrol(context.Background(), d.clock.Now(), d.frame, d.nonce, device.Meta{IP: ip, Place: place, Node: "n1"})
	d.must(err)
	if e.Code == nil {
		d.t.Fatal("no user code")
	}
	return e.Code.Code
}

// session is the TV's after the approval.
func (d *tv) session() device.Session {
	d.t.Helper()
	e, err := d.devices.Enrolled(context.Background(), d.clock.Now(), d.frame, device.Meta{IP: "127.0.0.1", Node: "n1"})
	d.must(err)
	return e.Session
}

// confirm sends the receipt for the state that the TV is told.
func (d *tv) confirm(s device.Session) {
	d.t.Helper()
	ctx := context.Background()
	ans, err := d.devices.State(ctx, d.clock.Now(), s, nil, protocol.Have{Epoch: s.Epoch})
	d.must(err)
	var state protocol.State
	for _, f := range ans.Frames {
		if v, ok := f.(protocol.State); ok {
			state = v
		}
	}
	jws, err := sign.Sign(protocol.TypReceipt, string(d.id()), d.key, protocol.ReceiptClaims{
		Device: d.id(), Account: s.Account, Epoch: s.Epoch, Status: ans.Status, Version: ans.Version,
		Applied: protocol.MillisOf(d.clock.Now()), Erased: ans.Status.Erases(),
		Dropped: 2, Answers: protocol.DigestOf([]byte(state.JWS)),
	})
	d.must(err)
	_, err = d.devices.Receipt(ctx, d.clock.Now(), jws)
	d.must(err)
}

// disconnect ends the TV's connection.
func (d *tv) disconnect(s device.Session, grant, contact time.Time) {
	d.t.Helper()
	d.must(d.devices.Disconnected(context.Background(), s, grant, contact))
}

// approve signs a new TV in with the browser.
func (p *person) approve(name string) (*tv, device.Session) {
	p.t.Helper()
	d := p.newTV(name)
	p.moved(p.post("/tv", "code="+d.code(), "do=approve"), fmt.Sprintf("/tv/done?device=%s", d.id()))
	return d, d.session()
}
