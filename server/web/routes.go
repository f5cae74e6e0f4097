package web

import (
	"net/http"
	"strings"

	"github.com/hearthkey/hearthkey/protocol"
)

// routes is every address of the site, with what it asks of the visitor:
// open to all, signed (a live web session), chosen (and a profile), proved
// (and the password within the last ten minutes), or checked (and a code or a
// second factor too).
//
// What only takes access away (signing out) asks for no fresh proof: nobody
// should have to look for a password first.
func (s *Site) routes() *routeTable {
	mux := &routeTable{mux: http.NewServeMux()}
	mux.Handle("GET /static/{name...}", http.HandlerFunc(s.static))
	mux.Handle("POST "+reportPath, http.HandlerFunc(s.breach))

	mux.Handle("GET /{$}", s.open(s.front))
	s.entryRoutes(mux)

	mux.Handle("GET /profiles", s.signed(s.gate))
	mux.Handle("POST /profiles", s.signed(s.chooseProfile))
	mux.Handle("GET /proof", s.signed(s.proofForm))
	mux.Handle("POST /proof", s.signed(s.proof))
	mux.Handle("POST /proof/passkey/begin", s.signed(s.proofPasskeyBegin))
	mux.Handle("POST /proof/passkey", s.signed(s.proofPasskey))
	mux.Handle("GET /proof/check", s.proved(s.checkForm))
	mux.Handle("POST /proof/check", s.proved(s.check))
	mux.Handle("POST /proof/check/send", s.proved(s.checkSend))

	mux.Handle("GET /account", s.proved(s.overview))
	s.ownerRoutes(mux)

	s.householdRoutes(mux)

	mux.Handle("GET /account/devices", s.proved(s.devices))
	mux.Handle("GET /account/devices/live", s.open(s.devicesLive))
	mux.Handle("GET /account/devices/everywhere", s.proved(s.everywhereForm))
	mux.Handle("POST /account/devices/everywhere", s.chosen(s.everywhere))
	mux.Handle("POST /account/devices/{device}/sign-out", s.chosen(s.deviceSignOut))
	mux.Handle("GET /account/devices/{device}/deactivate", s.proved(s.deactivateForm))
	mux.Handle("POST /account/devices/{device}/deactivate", s.proved(s.deactivate))
	mux.Handle("GET /account/devices/{device}/stolen", s.proved(s.stolen))
	mux.Handle("POST /account/devices/{device}/stolen", s.proved(s.reportStolen))
	mux.Handle("GET /account/devices/{device}/reports.json", s.proved(s.reportsFile))
	mux.Handle("GET /account/devices/{device}/finish", s.proved(s.finishForm))
	mux.Handle("POST /account/devices/{device}/finish", s.proved(s.finish))
	mux.Handle("GET /account/devices/{device}/end-date", s.proved(s.endDateForm))
	mux.Handle("POST /account/devices/{device}/end-date", s.proved(s.setEndDate))
	s.remoteRoutes(mux)
	mux.Handle("GET /account/devices/{device}/rename", s.proved(s.renameForm))
	mux.Handle("POST /account/devices/{device}/rename", s.proved(s.rename))
	mux.Handle("GET /account/devices/{device}/receipt", s.proved(s.receipt))
	mux.Handle("GET /account/devices/{device}/receipt.json", s.proved(s.receiptFile))
	mux.Handle("POST /account/sessions/{session}/sign-out", s.chosen(s.sessionSignOut))
	mux.Handle("GET /account/timeline", s.proved(s.timeline))

	mux.Handle("POST /language", s.open(s.chooseLanguage))

	mux.Handle("GET /tv", s.proved(s.tv))
	mux.Handle("POST /tv", s.chosen(s.tvDecide)) // approving asks for a proof itself
	mux.Handle("GET /tv/done", s.proved(s.tvDone))

	if s.c.Outbox != nil {
		mux.Handle("GET /dev/outbox", s.open(s.outbox))
		mux.Handle("GET /dev/outbox/live", s.open(s.outboxLive))
		mux.Handle("GET /dev/outbox/{message}", http.HandlerFunc(s.outboxBody))
	}
	mux.mux.Handle("/", s.open(s.nowhere))
	return mux
}

// routeTable is the addresses of the site. It remembers them, so that tests can
// go through all of them.
type routeTable struct {
	mux      *http.ServeMux
	patterns []string // "POST /signin"
}

// Handle adds an address.
func (t *routeTable) Handle(pattern string, h http.Handler) {
	t.mux.Handle(pattern, h)
	t.patterns = append(t.patterns, pattern)
}

// allowed returns the methods that the address of r takes.
func (t *routeTable) allowed(r *http.Request) []string {
	var out []string
	for _, method := range []string{http.MethodGet, http.MethodHead, http.MethodPost} {
		probe := &http.Request{Method: method, URL: r.URL, Host: r.Host}
		if _, pattern := t.mux.Handler(probe); pattern != "/" && pattern != "" {
			out = append(out, method)
		}
	}
	return out
}

func (s *Site) static(w http.ResponseWriter, r *http.Request) {
	if !s.assets.serve(w, r) {
		http.NotFound(w, r)
	}
}

// nowhere answers what fits no address: 405 where another method would have.
func (s *Site) nowhere(v *visit) error {
	if allowed := s.table.allowed(v.r); len(allowed) > 0 {
		v.w.Header().Set("Allow", strings.Join(allowed, ", "))
		return errMethod
	}
	return errNotFound
}

func pathProfile(v *visit) protocol.ProfileID { return protocol.ProfileID(v.r.PathValue("profile")) }

func pathDevice(v *visit) protocol.DeviceID { return protocol.DeviceID(v.r.PathValue("device")) }

// csp allows what is served from here and nothing else: no inline script or
// style, no frames around us, no plug-ins, forms to us alone. What a browser
// refused for it is told to us.
const csp = "default-src 'self'; base-uri 'none'; form-action 'self'; frame-ancestors 'none'; object-src 'none'; " +
	"require-trusted-types-for 'script'; trusted-types hearthkey; report-uri " + reportPath

// withHeaders sets what every answer carries. Handlers may override.
func (s *Site) withHeaders(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		h := w.Header()
		h.Set("Content-Security-Policy", csp)
		h.Set("X-Content-Type-Options", "nosniff")
		h.Set("X-Frame-Options", "DENY")        // for browsers that know no frame-ancestors
		h.Set("Referrer-Policy", "same-origin") // "no-referrer" would send forms with the origin "null"
		h.Set("Cross-Origin-Opener-Policy", "same-origin")
		h.Set("Cross-Origin-Resource-Policy", "same-origin")
		h.Set("Permissions-Policy", "camera=(), geolocation=(), microphone=()")
		h.Set("Cache-Control", "no-store")
		if s.secure {
			h.Set("Strict-Transport-Security", "max-age=63072000; includeSubDomains")
		}
		next.ServeHTTP(w, r)
	})
}
