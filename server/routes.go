package server

import (
	"encoding/json"
	"net"
	"net/http"
	"net/netip"
	"time"

	"github.com/hearthkey/hearthkey/protocol"
	"github.com/hearthkey/hearthkey/server/admin"
	"github.com/hearthkey/hearthkey/server/api"
	"github.com/hearthkey/hearthkey/server/store"
)

// routes is everything that the public listener serves.
func (s *Server) routes() http.Handler {
	mux := http.NewServeMux()
	mux.Handle("/v1/", s.parts.api.Handler())
	mux.HandleFunc("GET /healthz", s.healthz)
	mux.HandleFunc("GET /readyz", s.readyz)
	grants := s.parts.grantBorder()
	mux.HandleFunc("GET "+protocol.GrantPath, grants.Keys)
	mux.HandleFunc("POST "+api.IntrospectPath, grants.Introspect)
	mux.Handle("/", s.parts.site)
	if s.cfg.Dev {
		mux.Handle("/dev/", s.thisMachineOnly(s.parts.site))
		mux.Handle("GET /dev/outbox.json", s.thisMachineOnly(http.HandlerFunc(s.outboxJSON)))
	}
	return mux
}

// opsRoutes is what the admin listener serves.
func (s *Server) opsRoutes(m *meter) http.Handler {
	mux := http.NewServeMux()
	mux.HandleFunc("GET /healthz", s.healthz)
	mux.HandleFunc("GET /readyz", s.readyz)
	mux.Handle("GET /metrics", m.handler())
	mux.Handle(admin.Root, s.parts.admin)
	s.pprofRoutes(mux)
	return mux
}

// healthz says that the process runs.
func (s *Server) healthz(w http.ResponseWriter, _ *http.Request) {
	say(w, http.StatusOK, map[string]any{"healthy": true})
}

// readyz says whether this node should get traffic: the database answered
// lately, and it is not draining.
func (s *Server) readyz(w http.ResponseWriter, _ *http.Request) {
	switch {
	case s.draining.Load():
		say(w, http.StatusServiceUnavailable, map[string]any{"ready": false, "why": "draining"})
	case time.Duration(s.parts.skew.Load()).Abs() > maxSkew:
		say(w, http.StatusServiceUnavailable, map[string]any{"ready": false, "why": "the clocks of this machine and of the database differ by more than 5 s"})
	case !s.parts.hub.Fresh():
		say(w, http.StatusServiceUnavailable, map[string]any{"ready": false, "why": "the database did not answer within 10 s"})
	default:
		say(w, http.StatusOK, map[string]any{"ready": true})
	}
}

func say(w http.ResponseWriter, status int, v any) {
	w.Header().Set("Content-Type", "application/json")
	w.Header().Set("Cache-Control", "no-store")
	w.Header().Set("X-Content-Type-Options", "nosniff")
	w.WriteHeader(status)
	_ = json.NewEncoder(w).Encode(v) // the client may be gone
}

// thisMachineOnly keeps the messages of a development server from other
// machines, from proxies' clients, and from pages that had a name of theirs
// point here (DNS rebinding).
func (s *Server) thisMachineOnly(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		host, _, err := net.SplitHostPort(r.Host)
		if err != nil {
			host = r.Host
		}
		named, err := netip.ParseAddr(host)
		local := host == "localhost" || err == nil && named.IsLoopback()
		forwarded := r.Header.Get("X-Forwarded-For") != "" || r.Header.Get("Forwarded") != ""
		if !local || forwarded || !(api.Origins{}).Addr(r).IsLoopback() {
			api.WriteProblem(w, r, s.cfg.Log, api.ErrLocalOnly)
			return
		}
		next.ServeHTTP(w, r)
	})
}

// shown is how many messages the development outbox shows.
const shown = 200

// outboxJSON is the development outbox for programs.
func (s *Server) outboxJSON(w http.ResponseWriter, r *http.Request) {
	rows, err := s.parts.outbox.Recent(r.Context(), shown)
	if err != nil {
		api.WriteProblem(w, r, s.cfg.Log, err)
		return
	}
	type message struct {
		ID      string    `json:"id"`
		To      string    `json:"to"`
		Kind    string    `json:"kind"`
		Subject string    `json:"subject"`
		Text    string    `json:"text"`
		HTML    string    `json:"html,omitempty"`
		Created time.Time `json:"created"`
		State   string    `json:"state"`
	}
	out := make([]message, len(rows))
	for i, m := range rows {
		out[i] = message{m.ID, m.Recipient, m.Kind, m.Subject, m.Text, m.HTML, m.Created.UTC(), outboxState(m)}
	}
	say(w, http.StatusOK, map[string]any{"messages": out})
}

func outboxState(m store.OutboxRow) string {
	switch {
	case !m.Sent.IsZero():
		return "sent"
	case !m.Failed.IsZero():
		return "set aside: " + m.LastError
	}
	return "waiting"
}
