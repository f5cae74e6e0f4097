package api

import (
	"context"
	"errors"
	"log/slog"
	"net/http"
	"strings"
	"time"

	"github.com/hearthkey/hearthkey/protocol"
	"github.com/hearthkey/hearthkey/protocol/parental"
	"github.com/hearthkey/hearthkey/server/account"
	"github.com/hearthkey/hearthkey/server/device"
	"github.com/hearthkey/hearthkey/server/notify"
	"github.com/hearthkey/hearthkey/server/profile"
	"github.com/hearthkey/hearthkey/server/relay"
	"github.com/hearthkey/hearthkey/server/timeline"
)

// Config is what an [API] needs.
type Config struct {
	Accounts *account.Service
	Profiles *profile.Service
	Devices  *device.Service
	// Timeline returns the account's newest entries older than before.
	Timeline func(ctx context.Context, a protocol.AccountID, before string, n int) ([]timeline.Entry, error)

	// Bounces returns an account's messages that did not arrive, newest first.
	Bounces func(ctx context.Context, about protocol.AccountID, n int) ([]notify.Bounce, error)
	// Titles names what can be watched: "" for what is not on offer. Nil: none is.
	Titles func(protocol.TitleID) string
	// Search returns at most limit titles by what a person typed of their name. Nil:
	// none is.
	Search func(query string, limit int) []parental.Title

	// Relay carries the account page's remote. Nil: there is none.
	Relay *relay.Switch
	// Watch hints at changes of an account until stop is called; required with Relay.
	Watch func(protocol.AccountID) (hint <-chan struct{}, stop func(), err error)

	// TVs serves the devices' WebSocket.
	TVs http.Handler
	// Origins tells clients' addresses.
	Origins Origins
	// Cookie names the pages' session cookie; with "-device" after it, the one
	// that makes a browser known. It begins with "__Host-" where the service is
	// reached over TLS.
	Cookie string
	Log    *slog.Logger
	// Beat is when answers leave that depend on whether there is an account; see
	// [OnBeat]. 0: the constant [Beat].
	Beat time.Duration
	// Now is the clock. Default time.Now.
	Now func() time.Time
}

// API serves the JSON API. Make one with [New].
type API struct {
	cfg     Config
	origin  *http.CrossOriginProtection
	remotes *remotes
}

// New checks the configuration and returns the API.
func New(cfg Config) (*API, error) {
	if cfg.Accounts == nil || cfg.Profiles == nil || cfg.Devices == nil || cfg.Timeline == nil || cfg.Bounces == nil ||
		cfg.TVs == nil || cfg.Cookie == "" || cfg.Log == nil {
		return nil, errors.New("api: Accounts, Profiles, Devices, Timeline, Bounces, TVs, Cookie and Log are required")
	}
	if cfg.Titles == nil {
		cfg.Titles = func(protocol.TitleID) string { return "" }
	}
	if cfg.Search == nil {
		cfg.Search = func(string, int) []parental.Title { return nil }
	}
	if cfg.Now == nil {
		cfg.Now = time.Now
	}
	if cfg.Beat <= 0 {
		cfg.Beat = Beat
	}
	return &API{cfg, http.NewCrossOriginProtection(), newRemotes()}, nil
}

// access says whom a route serves.
type access int

const (
	anybody  access = iota
	leaving         // any token of a live session, also one that a proof has replaced; looked at by the route
	signedIn        // a live web session
	proved          // one whose password or passkey was given in the last 10 minutes
	checked         // and a code or a second factor too: see account.Check
)

// route is one operation of the API.
type route struct {
	method, path string
	access       access
	serve        func(*API, *call) error
}

// call is one request on its way through the API.
type call struct {
	w      http.ResponseWriter
	r      *http.Request
	now    time.Time
	client account.Client
	who    account.Session // of signedIn and proved routes
	cookie bool            // the caller is a browser with the pages' cookie
	token  string          // by which the caller proves themselves; may be empty
}

func (c *call) ctx() context.Context            { return c.r.Context() }
func (c *call) decode(into any) error           { return decode(c.w, c.r, into) }
func (c *call) reply(status int, v any) error   { return reply(c.w, status, v) }
func (c *call) device() protocol.DeviceID       { return protocol.DeviceID(c.r.PathValue("device")) }
func (c *call) profile() protocol.ProfileID     { return protocol.ProfileID(c.r.PathValue("profile")) }
func (c *call) done(err error) error            { return c.doneWith(http.StatusNoContent, nil, err) }
func (c *call) ok(v any, err error) error       { return c.doneWith(http.StatusOK, v, err) }
func (c *call) created(v any, err error) error  { return c.doneWith(http.StatusCreated, v, err) }
func (c *call) accepted(v any, err error) error { return c.doneWith(http.StatusAccepted, v, err) }

func (c *call) doneWith(status int, v any, err error) error {
	if err != nil {
		return err
	}
	return c.reply(status, v)
}

// Handler serves everything below /v1/.
func (a *API) Handler() http.Handler {
	mux := http.NewServeMux()
	for _, rt := range routes() {
		pattern, h := rt.method+" "+rt.path, a.handle(rt)
		if onBeat[pattern] {
			h = OnBeat(a.cfg.Beat, h)
		}
		mux.Handle(pattern, h)
	}
	mux.Handle("GET "+protocol.Path, a.cfg.TVs)
	mux.HandleFunc("GET /v1/openapi.json", serveOpenAPI)
	mux.HandleFunc("/v1/", func(w http.ResponseWriter, r *http.Request) { a.lost(mux, w, r) })
	return withHeaders(mux)
}

// handle runs one route.
func (a *API) handle(rt route) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		c := &call{w: w, r: r, now: a.cfg.Now(), client: a.cfg.Origins.Client(r)}
		err := a.admit(c, rt.access)
		if err == nil {
			err = rt.serve(a, c)
		}
		if err != nil {
			WriteProblem(w, r, a.cfg.Log, err)
		}
	})
}

// admit finds out who is asking and whether the route serves them.
func (a *API) admit(c *call, need access) error {
	var bearer bool
	c.token, bearer = strings.CutPrefix(c.r.Header.Get("Authorization"), "Bearer ")
	if !bearer {
		if a.origin.Check(c.r) != nil {
			return errCrossOrigin
		}
		if cookie, err := c.r.Cookie(a.cfg.Cookie); err == nil {
			c.token, c.cookie = cookie.Value, true
		}
	}
	if need <= leaving {
		return nil
	}
	if c.token == "" || len(c.token) > maxToken {
		return account.ErrSignedOut
	}
	var err error
	if c.who, err = a.cfg.Accounts.Authenticate(c.ctx(), c.now, c.token); err != nil {
		return err
	}
	c.who.Client = c.client // a stolen token must not look like its owner
	if need >= proved && !c.who.Fresh(c.now) {
		return errProofNeeded
	}
	if need < checked {
		return nil
	}
	check, err := a.cfg.Accounts.Check(c.ctx(), c.now, c.who)
	if err == nil && !check.Done {
		err = account.ErrCheckNeeded
	}
	return err
}

// lost answers what fits no route: 405 where another method would have.
func (a *API) lost(mux *http.ServeMux, w http.ResponseWriter, r *http.Request) {
	var allowed []string
	for _, m := range []string{"GET", "HEAD", "POST", "PUT", "PATCH", "DELETE"} {
		probe := &http.Request{Method: m, URL: r.URL, Host: r.Host}
		if _, pattern := mux.Handler(probe); pattern != "/v1/" && pattern != "" {
			allowed = append(allowed, m)
		}
	}
	if len(allowed) == 0 {
		WriteProblem(w, r, a.cfg.Log, errNoRoute)
		return
	}
	w.Header().Set("Allow", strings.Join(allowed, ", "))
	WriteProblem(w, r, a.cfg.Log, errMethod)
}

// withHeaders sets what every answer of the API carries: it is data, for the
// asker alone, and never a page.
func withHeaders(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		h := w.Header()
		h.Set("Cache-Control", "no-store")
		h.Set("Content-Security-Policy", "default-src 'none'; frame-ancestors 'none'; sandbox")
		h.Set("Cross-Origin-Resource-Policy", "same-origin")
		h.Set("Referrer-Policy", "no-referrer")
		h.Set("X-Content-Type-Options", "nosniff")
		next.ServeHTTP(w, r)
	})
}
