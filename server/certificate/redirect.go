package certificate

import "net/http"

// Redirect sends whoever came by plain HTTP to the same path at public, an https
// address. It never looks at the Host header. What is not asked by GET or HEAD may hold a
// secret already, and is refused: a redirect would hide the mistake.
func Redirect(public string) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("Connection", "close")
		w.Header().Set("X-Content-Type-Options", "nosniff")
		if r.Method != http.MethodGet && r.Method != http.MethodHead {
			http.Error(w, "Use "+public, http.StatusForbidden)
			return
		}
		http.Redirect(w, r, public+r.URL.RequestURI(), http.StatusPermanentRedirect)
	})
}
