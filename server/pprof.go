package server

import (
	"net/http"
	"net/http/pprof"
	"time"

	operators "github.com/hearthkey/hearthkey/server/operator"
)

// profileTime bounds one look at what the process does, such as its CPU for
// ?seconds=30.
const profileTime = 2 * time.Minute

// pprofRoutes are Go's profiles, for the admin listener alone and for admins alone: a
// goroutine's stack says who is served at this moment. The command line is left out,
// since it can hold secrets.
func (s *Server) pprofRoutes(mux *http.ServeMux) {
	for path, serve := range map[string]http.HandlerFunc{
		"GET /debug/pprof/":        pprof.Index, // and heap, goroutine, allocs, block, mutex, threadcreate
		"GET /debug/pprof/profile": pprof.Profile,
		"GET /debug/pprof/trace":   pprof.Trace,
		"GET /debug/pprof/symbol":  pprof.Symbol,
		"GET /debug/pprof/cmdline": http.NotFound,
	} {
		mux.Handle(path, s.parts.admin.Guard(operators.Admin, http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			_ = http.NewResponseController(w).SetWriteDeadline(time.Now().Add(profileTime))
			serve(w, r)
		})))
	}
}
