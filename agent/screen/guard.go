package screen

import (
	"net"
	"net/http"
	"net/netip"
	"net/url"
	"strings"
)

// guard refuses requests that a page of another site, or another machine's
// name pointed here, could make, and sets the headers of every answer.
func guard(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		setHeaders(w.Header(), r.Host)
		switch {
		case !loopbackHost(r.Host):
			http.Error(w, "This screen answers only to its loopback address.", http.StatusMisdirectedRequest)
		case !sameOrigin(r) || crossSite(r):
			http.Error(w, "This screen answers only its own page.", http.StatusForbidden)
		default:
			next.ServeHTTP(w, r)
		}
	})
}

// setHeaders sets the policy of the page: everything from here, nothing
// inline, no frames. Old browsers do not count ws: as 'self', so it is named;
// a host that is refused anyway is not repeated.
func setHeaders(h http.Header, host string) {
	connect := "'self'"
	if loopbackHost(host) {
		connect += " ws://" + host
	}
	h.Set("Content-Security-Policy", "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self'; "+
		"connect-src "+connect+"; base-uri 'none'; form-action 'none'; frame-ancestors 'none'")
	h.Set("X-Content-Type-Options", "nosniff")
	h.Set("X-Frame-Options", "DENY")
	h.Set("Referrer-Policy", "no-referrer")
	h.Set("Cross-Origin-Resource-Policy", "same-origin")
	h.Set("Cross-Origin-Opener-Policy", "same-origin")
}

// loopbackHost reports whether a Host header names this machine's loopback.
func loopbackHost(host string) bool {
	name, port, err := net.SplitHostPort(host)
	if err != nil { // no port
		return loopbackName(strings.TrimSuffix(strings.TrimPrefix(host, "["), "]"))
	}
	return loopbackName(name) && strings.Trim(port, "0123456789") == ""
}

// loopbackName reports whether name is localhost or a loopback address.
func loopbackName(name string) bool {
	if strings.EqualFold(name, "localhost") {
		return true
	}
	addr, err := netip.ParseAddr(name)
	return err == nil && addr.IsLoopback() && addr.Zone() == ""
}

// sameOrigin reports whether the Origin header, where there is one, is the
// origin of this page. A request without one comes from no browser's script.
func sameOrigin(r *http.Request) bool {
	origins := r.Header.Values("Origin")
	if len(origins) == 0 {
		return true
	}
	u, err := url.Parse(origins[0])
	return len(origins) == 1 && err == nil && u.Scheme == "http" && strings.EqualFold(u.Host, r.Host)
}

// crossSite reports whether a browser says that another site's page asks for
// something else than to be replaced by this page (Fetch Metadata).
func crossSite(r *http.Request) bool {
	switch r.Header.Get("Sec-Fetch-Site") {
	case "", "same-origin", "none":
		return false
	}
	return r.Header.Get("Sec-Fetch-Mode") != "navigate" || r.Header.Get("Sec-Fetch-Dest") != "document"
}
