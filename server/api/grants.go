package api

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"log/slog"
	"mime"
	"net/http"
	"strconv"
	"time"

	"github.com/hearthkey/hearthkey/protocol"
	"github.com/hearthkey/hearthkey/server/grant"
)

// IntrospectPath is where the operator's programs ask whether a play grant stands.
const IntrospectPath = "/grants/introspect"

const (
	maxIntrospect = 16 << 10        // bytes of a body
	keysAge       = 5 * time.Minute // how long a reader may keep the public keys
	introspectIn  = 3 * time.Second // how long the database may take
)

// Grants serves the public keys of play grants, and answers the operator's own
// programs about single ones. Make one with [NewGrants].
type Grants struct {
	service *grant.Service
	clients func() (grant.Clients, error)
	log     *slog.Logger
	now     func() time.Time
}

// NewGrants returns the handlers. clients is asked for each request who may ask.
func NewGrants(service *grant.Service, clients func() (grant.Clients, error), log *slog.Logger, now func() time.Time) *Grants {
	return &Grants{service, clients, log, now}
}

// Keys serves the JWK set to everybody, also to pages of other sites.
func (g *Grants) Keys(w http.ResponseWriter, r *http.Request) {
	data, err := g.service.JWKS()
	if err != nil {
		WriteProblem(w, r, g.log, err)
		return
	}
	h := w.Header()
	h.Set("Content-Type", "application/jwk-set+json") // RFC 7517, section 8.5.1
	h.Set("Cache-Control", "public, max-age="+strconv.Itoa(int(keysAge/time.Second)))
	h.Set("ETag", `"`+string(protocol.DigestOf(data))+`"`)
	h.Set("Access-Control-Allow-Origin", "*")
	h.Set("X-Content-Type-Options", "nosniff")
	http.ServeContent(w, r, "", time.Time{}, bytes.NewReader(data))
}

// refusal is an error of OAuth (RFC 6749, section 5.2), as RFC 7662 has it.
type refusal struct {
	Error string `json:"error"`
	Text  string `json:"error_description"`
}

// introspection is the answer (RFC 7662, section 2.2).
type introspection struct {
	Active bool `json:"active"`
	*protocol.GrantClaims
	Subject protocol.AccountID `json:"sub,omitempty"`
}

// Introspect answers a program of the operator's whether a grant stands.
func (g *Grants) Introspect(w http.ResponseWriter, r *http.Request) {
	clients, err := g.clients()
	if err != nil {
		g.log.ErrorContext(r.Context(), "clients of play grants not read", "error", err)
		w.Header().Set("Retry-After", "30")
		answerJSON(w, http.StatusServiceUnavailable, refusal{"temporarily_unavailable", "The server cannot tell who may ask."})
		return
	}
	if name, secret, ok := r.BasicAuth(); !ok || !clients.Know(name, secret) {
		w.Header().Set("WWW-Authenticate", `Basic realm="play grants", charset="UTF-8"`)
		answerJSON(w, http.StatusUnauthorized, refusal{"invalid_client", "Give the name and secret of a client by HTTP Basic authentication."})
		return
	}
	token, problem := g.token(w, r)
	if problem != "" {
		answerJSON(w, http.StatusBadRequest, refusal{"invalid_request", problem})
		return
	}
	ctx, cancel := context.WithTimeout(r.Context(), introspectIn)
	defer cancel()
	claims, stands, err := g.service.Introspect(ctx, g.now(), token)
	switch {
	case err != nil:
		if _, expected := Explain(err); !expected {
			g.log.ErrorContext(ctx, "grant not looked at", "error", err)
		}
		w.Header().Set("Retry-After", "2")
		answerJSON(w, http.StatusServiceUnavailable, refusal{"temporarily_unavailable", "The server cannot look now. Try again in a moment."})
	case stands:
		answerJSON(w, http.StatusOK, introspection{Active: true, GrantClaims: &claims, Subject: claims.Account})
	default:
		answerJSON(w, http.StatusOK, introspection{})
	}
}

// token reads the one token of a form, or says what is wrong with the request.
func (g *Grants) token(w http.ResponseWriter, r *http.Request) (token, problem string) {
	kind, _, err := mime.ParseMediaType(r.Header.Get("Content-Type"))
	if err != nil || kind != "application/x-www-form-urlencoded" {
		return "", "Send the body as application/x-www-form-urlencoded."
	}
	r.Body = http.MaxBytesReader(w, r.Body, maxIntrospect)
	var large *http.MaxBytesError
	switch err := r.ParseForm(); {
	case errors.As(err, &large):
		return "", "The body is too large."
	case err != nil:
		return "", "The body cannot be read."
	case len(r.PostForm["token"]) != 1 || r.PostForm.Get("token") == "":
		return "", "Send one token, in the body."
	}
	return r.PostForm.Get("token"), ""
}

func answerJSON(w http.ResponseWriter, status int, v any) {
	body, _ := json.Marshal(v) // strings and numbers only
	h := w.Header()
	h.Set("Content-Type", "application/json")
	h.Set("Cache-Control", "no-store")
	h.Set("X-Content-Type-Options", "nosniff")
	w.WriteHeader(status)
	_, _ = w.Write(append(body, '\n')) // the client may be gone
}
