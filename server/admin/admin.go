// Package admin is the operators' HTTP interface, for the admin listener only
// (product rule O3), and the client of it that hearthkey-server's own commands
// use.
//
// Every request carries an operator's token (Authorization: Bearer). One table,
// routes, says which role each address needs at least; whatever is not in it is
// not there. Bodies are one JSON object with no unknown member, errors are
// problem documents (RFC 9457). There are no cookies and no CORS: a page in a
// browser can do nothing here.
//
// An [API] and a [Client] are safe for concurrent use. The tests ask every
// address in every role, and send each what is wrong.
package admin

import (
	"context"
	"crypto/rand"
	"errors"
	"log/slog"
	"net/http"
	"strings"
	"time"

	"github.com/hearthkey/hearthkey/server/api"
	"github.com/hearthkey/hearthkey/server/operator"
)

// Root is where the interface begins.
const Root = "/admin/v1/"

// Config is what an [API] works with.
type Config struct {
	Operators *operator.Service
	Origins   api.Origins
	Log       *slog.Logger
	Now       func() time.Time
}

// API answers operators. Make one with [New].
type API struct {
	cfg Config
	mux *http.ServeMux
}

// route is one thing that can be asked for.
type route struct {
	method string
	path   string        // below Root
	least  operator.Role // that may ask
	do     func(*API, *call) error
}

// routes is the whole interface, with the least role of each part.
var routes = []route{
	{"GET", "me", operator.Viewer, (*API).me},
	{"POST", "find", operator.Viewer, (*API).find},
	{"POST", "find-devices", operator.Viewer, (*API).findDevices},
	{"POST", "sign-outs/device", operator.Support, (*API).signOutDevice},
	{"POST", "sign-outs/account", operator.Support, (*API).signOut},
	{"POST", "locks", operator.Support, (*API).lock},
	{"POST", "locks/lift", operator.Support, (*API).unlock},
	{"GET", "sweeps", operator.Admin, (*API).sweeps},
	{"POST", "sweeps", operator.Admin, (*API).askSweep},
	{"POST", "sweeps/approve", operator.Admin, (*API).approveSweep},
	{"POST", "sweeps/cancel", operator.Admin, (*API).cancelSweep},
	{"GET", "webhooks", operator.Admin, (*API).webhooks},
	{"POST", "webhooks", operator.Admin, (*API).addWebhook},
	{"POST", "webhooks/rotate", operator.Admin, (*API).rotateWebhook},
	{"POST", "webhooks/remove", operator.Admin, (*API).removeWebhook},
	{"POST", "webhooks/retry", operator.Admin, (*API).retryWebhook},
	{"GET", "webhooks/failed", operator.Admin, (*API).failedEvents},
	{"GET", "outbox", operator.Support, (*API).outbox},
	{"POST", "factor-resets", operator.Support, (*API).resetFactor},
	{"POST", "factor-resets/lift", operator.Support, (*API).liftFactorReset},
	{"POST", "contact-resets", operator.Admin, (*API).resetContact},
	{"POST", "contact-resets/lift", operator.Support, (*API).liftContactReset},
	{"POST", "import", operator.Admin, (*API).importAccounts},
	{"GET", "operators", operator.Admin, (*API).operators},
	{"POST", "operators", operator.Admin, (*API).addOperator},
	{"POST", "operators/disable", operator.Admin, (*API).disableOperator},
	{"GET", "log", operator.Admin, (*API).log},
}

// New returns the interface.
func New(c Config) (*API, error) {
	if c.Operators == nil || c.Log == nil || c.Now == nil {
		return nil, errors.New("admin: Operators, Log and Now must be set")
	}
	a := &API{c, http.NewServeMux()}
	methods := map[string][]string{}
	for _, r := range routes {
		a.mux.HandleFunc(r.method+" "+Root+r.path, func(w http.ResponseWriter, req *http.Request) { a.serve(w, req, r) })
		methods[r.path] = append(methods[r.path], r.method)
	}
	for path, allowed := range methods {
		a.mux.HandleFunc(Root+path, func(w http.ResponseWriter, req *http.Request) {
			w.Header().Set("Allow", strings.Join(allowed, ", "))
			a.fail(w, req, errMethod)
		})
	}
	a.mux.HandleFunc("/", func(w http.ResponseWriter, req *http.Request) { a.fail(w, req, errNoRoute) })
	return a, nil
}

// ServeHTTP implements http.Handler.
func (a *API) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	h := w.Header()
	h.Set("Cache-Control", "no-store")
	h.Set("X-Content-Type-Options", "nosniff")
	a.mux.ServeHTTP(w, r)
}

// call is one request of an operator.
type call struct {
	w   http.ResponseWriter
	r   *http.Request
	by  operator.Operator
	now time.Time
}

func (c *call) ctx() context.Context { return c.r.Context() }

// serve finds out who asks before anything of the body is read.
func (a *API) serve(w http.ResponseWriter, r *http.Request, to route) {
	c := &call{w: w, r: r, now: a.cfg.Now()}
	err := a.admit(c, to.least)
	if err == nil {
		err = to.do(a, c)
	}
	if err != nil {
		a.fail(w, r, err)
	}
}

// Guard has next serve operators of a role, and nobody else. What it serves is no act
// and stands in no log of theirs.
func (a *API) Guard(least operator.Role, next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("Cache-Control", "no-store")
		if err := a.admit(&call{w: w, r: r, now: a.cfg.Now()}, least); err != nil {
			a.fail(w, r, err)
			return
		}
		next.ServeHTTP(w, r)
	})
}

func (a *API) admit(c *call, least operator.Role) (err error) {
	token, ok := strings.CutPrefix(c.r.Header.Get("Authorization"), "Bearer ")
	if !ok {
		return errNoToken
	}
	c.by, err = a.cfg.Operators.Authenticate(c.ctx(), c.now, operator.Token(token), a.cfg.Origins.Addr(c.r).String())
	if err == nil && !c.by.Role.Covers(least) {
		return &roleError{c.by.Role, least}
	}
	return err
}

func reference() string { return strings.ToLower(rand.Text()[:8]) }
