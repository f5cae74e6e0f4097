package ecp

import (
	"errors"
	"net"
	"net/http"
	"net/netip"
	"strings"
	"time"
)

// serverName tells clients which protocol this is; those that search look for the
// word Roku in it.
const serverName = "Hearthkey UPnP/1.0 (compatible with Roku ECP)"

// maxPath bounds a request's path, in bytes.
const maxPath = 64

// handler is the whole HTTP surface.
func (s *Server) handler() http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if !s.peers.begin() {
			http.Error(w, "This TV is ending.", http.StatusServiceUnavailable)
			return
		}
		defer s.peers.working.Done()
		w.Header().Set("Server", serverName)
		w.Header().Set("X-Content-Type-Options", "nosniff")
		w.Header().Set("Cache-Control", "no-store")
		from, ok := s.admit(w, r)
		if !ok {
			return
		}
		if page, ok := s.pages[r.URL.Path]; ok {
			s.page(w, r, page)
			return
		}
		what, name, ok := strings.Cut(strings.TrimPrefix(r.URL.EscapedPath(), "/"), "/")
		if !ok || what != "keypress" && what != "keydown" && what != "keyup" && what != "launch" {
			http.Error(w, "There is nothing here.", http.StatusNotFound)
			return
		}
		if r.Method != http.MethodPost {
			w.Header().Set("Allow", http.MethodPost)
			http.Error(w, "Keys are sent with POST.", http.StatusMethodNotAllowed)
			return
		}
		s.key(w, what, name, Source{Addr: from, Name: program(r.UserAgent())})
	})
}

// admit refuses what this machine's owner cannot have meant, and too much of it.
func (s *Server) admit(w http.ResponseWriter, r *http.Request) (from netip.Addr, ok bool) {
	to, _ := r.Context().Value(http.LocalAddrContextKey).(net.Addr)
	local, err := netip.ParseAddrPort(addrString(to))
	peer, peerErr := netip.ParseAddrPort(r.RemoteAddr)
	from = peer.Addr().Unmap()
	switch {
	case err != nil || peerErr != nil || !atHome(from) || s.cfg.Blocked(from):
		http.Error(w, "You are not heard here.", http.StatusForbidden)
	case !ours(r.Host, netip.AddrPortFrom(local.Addr().Unmap(), local.Port())):
		http.Error(w, "This TV answers only to its address.", http.StatusMisdirectedRequest)
	case fromPage(r.Header):
		http.Error(w, "Web pages are not heard here.", http.StatusForbidden)
	case !s.peers.admit(from, time.Now()):
		w.Header().Set("Retry-After", "1")
		http.Error(w, "That is too much at once.", http.StatusTooManyRequests)
	case r.ContentLength != 0 || len(r.URL.EscapedPath()) > maxPath || len(r.URL.RawQuery) > maxPath:
		http.Error(w, "That is more than a key.", http.StatusRequestEntityTooLarge)
	default:
		return from, true
	}
	return from, false
}

// fromPage reports whether a browser says that a page made the request: no program
// that is meant here sends any of these. Sec-Fetch-Site is "none" where a person
// typed the address.
func fromPage(h http.Header) bool {
	site := h.Get("Sec-Fetch-Site")
	return len(h["Origin"]) > 0 || len(h["Referer"]) > 0 || len(h["Access-Control-Request-Method"]) > 0 || site != "" && site != "none"
}

func (s *Server) page(w http.ResponseWriter, r *http.Request, page string) {
	if r.Method != http.MethodGet && r.Method != http.MethodHead {
		w.Header().Set("Allow", "GET, HEAD")
		http.Error(w, "That is asked for with GET.", http.StatusMethodNotAllowed)
		return
	}
	w.Header().Set("Content-Type", "text/xml; charset=utf-8")
	_, _ = w.Write([]byte(page)) // an error: nobody reads it
}

// key carries out keypress, keydown, keyup or launch.
func (s *Server) key(w http.ResponseWriter, what, name string, from Source) {
	parse := parseCommand
	if what == "launch" {
		parse = parseLaunch
	}
	c, ok := parse(name)
	var err error
	switch {
	case !ok:
		http.Error(w, "This TV has no such key.", http.StatusNotFound)
		return
	case what == "keyup":
		s.peers.up(from.Addr, c.key) // no text is held
	case c.text != "":
		err = s.cfg.Type(from, c.text)
	case what == "keydown":
		err = s.cfg.Press(from, c.key, s.peers.down(from.Addr, c.key, time.Now()))
	default:
		err = s.cfg.Press(from, c.key, false)
	}
	switch {
	case errors.Is(err, ErrBlocked):
		http.Error(w, "You are not heard here.", http.StatusForbidden)
	case err != nil:
		http.Error(w, "This TV is ending.", http.StatusServiceUnavailable)
	default:
		w.WriteHeader(http.StatusOK)
	}
}

// program is what a User-Agent calls its program: its first word up to a slash, of
// plain letters and digits, at most 24. It proves nothing.
func program(agent string) string {
	agent, _, _ = strings.Cut(agent, "/")
	end := strings.IndexFunc(agent, func(r rune) bool {
		return (r < 'a' || r > 'z') && (r < 'A' || r > 'Z') && (r < '0' || r > '9') && r != '-' && r != '_' && r != '.'
	})
	if end >= 0 {
		agent = agent[:end]
	}
	return agent[:min(len(agent), 24)]
}

func addrString(a net.Addr) string {
	if a == nil {
		return ""
	}
	return a.String()
}
