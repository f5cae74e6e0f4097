package main

import (
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"net/http"
	"net/url"
	"strings"
	"sync"
	"time"

	"github.com/go-jose/go-jose/v4"
	"github.com/go-jose/go-jose/v4/jwt"
)

const (
	keysAge   = 5 * time.Minute  // the server says so too: Cache-Control
	keysPause = 10 * time.Second // between two looks for a key that is not there: strangers can name any
	maxAnswer = 64 << 10         // bytes
	maxKnown  = 10_000           // grants whose answer is kept
)

var errRefused = errors.New("this grant is not for this, or does not stand")

// cdn serves files at /titles/{title}/{segment}.
type cdn struct {
	server, audience string
	files            fs.FS         // a folder for each title
	client, secret   string        // for introspection; no secret: the grant's time alone counts
	keep             time.Duration // how long an answer is kept
	http             *http.Client
	now              func() time.Time

	mu     sync.Mutex
	keys   jose.JSONWebKeySet
	loaded time.Time
	known  map[string]time.Time // grants that stood, until when that is believed
}

func (c *cdn) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	title, segment, ok := strings.Cut(strings.TrimPrefix(r.URL.Path, "/titles/"), "/")
	grant, bearer := strings.CutPrefix(r.Header.Get("Authorization"), "Bearer ")
	if !ok || !bearer || c.check(grant, title) != nil {
		http.Error(w, "a play grant for this title is needed", http.StatusForbidden)
		return
	}
	w.Header().Set("Cache-Control", "private, no-store")
	http.ServeFileFS(w, r, c.files, title+"/"+segment)
}

// check reports why a grant does not let its holder have a title.
func (c *cdn) check(grant, title string) error {
	expires, err := c.read(grant, title)
	if err != nil || c.secret == "" {
		return err
	}
	c.mu.Lock()
	stood := c.now().Before(c.known[grant])
	c.mu.Unlock()
	if stood {
		return nil
	}
	switch stands, err := c.introspect(grant); {
	case errors.Is(err, errRefused):
		return err
	case err != nil:
		return nil // the server is out of reach: the grant's own time bounds what that costs
	case !stands:
		return errRefused
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	if len(c.known) >= maxKnown || c.known == nil {
		c.known = make(map[string]time.Time)
	}
	until := c.now().Add(c.keep)
	if expires.Before(until) {
		until = expires
	}
	c.known[grant] = until
	return nil
}

// read checks the signature, the kind, whom and what the grant is for, and its time.
func (c *cdn) read(grant, title string) (expires time.Time, err error) {
	token, err := jwt.ParseSigned(grant, []jose.SignatureAlgorithm{jose.EdDSA}) // never what the token says
	if err != nil {
		return expires, err
	}
	head := token.Headers[0]
	if head.ExtraHeaders["typ"] != "hearthkey-grant+jwt" { // the same keys sign other things
		return expires, errRefused
	}
	key, err := c.key(head.KeyID)
	if err != nil {
		return expires, err
	}
	var claims struct {
		jwt.Claims
		Title string `json:"title"`
	}
	if err := token.Claims(key, &claims); err != nil {
		return expires, err
	}
	if claims.Title != title || claims.Expiry == nil {
		return expires, errRefused
	}
	// No leeway at the end: the bound is five minutes. Some at its beginning, for
	// clocks that differ.
	now, issued := c.now(), claims.IssuedAt
	if issued == nil || issued.Time().After(now.Add(time.Minute)) {
		return expires, errRefused
	}
	claims.IssuedAt = nil
	want := jwt.Expected{Issuer: c.server, AnyAudience: jwt.Audience{c.audience}, Time: now}
	return claims.Expiry.Time(), claims.ValidateWithLeeway(want, 0)
}

// key returns the public key with this name. It is looked for anew when the set is
// old or does not have it: keys change.
func (c *cdn) key(id string) (jose.JSONWebKey, error) {
	c.mu.Lock()
	defer c.mu.Unlock()
	found, age := c.keys.Key(id), c.now().Sub(c.loaded)
	if age < keysAge && len(found) == 1 || age < keysPause && age >= 0 && !c.loaded.IsZero() {
		return one(found)
	}
	var set jose.JSONWebKeySet
	if err := c.get(c.server+"/.well-known/jwks.json", &set); err != nil {
		return one(found) // those that we have are better than none
	}
	c.keys, c.loaded = set, c.now()
	return one(set.Key(id))
}

func one(keys []jose.JSONWebKey) (jose.JSONWebKey, error) {
	if len(keys) != 1 {
		return jose.JSONWebKey{}, errRefused
	}
	return keys[0], nil
}

func (c *cdn) get(address string, into any) error {
	req, err := http.NewRequest("GET", address, nil)
	if err != nil {
		return err
	}
	return c.do(req, into)
}

// introspect asks the server whether a grant stands (RFC 7662, section 2).
func (c *cdn) introspect(grant string) (bool, error) {
	form := url.Values{"token": {grant}}
	req, err := http.NewRequest("POST", c.server+"/grants/introspect", strings.NewReader(form.Encode()))
	if err != nil {
		return false, err
	}
	req.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	req.SetBasicAuth(c.client, c.secret)
	var answer struct {
		Active bool `json:"active"`
	}
	err = c.do(req, &answer)
	return answer.Active, err
}

func (c *cdn) do(req *http.Request, into any) error {
	resp, err := c.http.Do(req)
	if err != nil {
		return err
	}
	defer resp.Body.Close()
	switch {
	case resp.StatusCode == http.StatusUnauthorized: // our secret is wrong: that must not open anything
		return fmt.Errorf("%w: %s: %s", errRefused, req.URL.Path, resp.Status)
	case resp.StatusCode != http.StatusOK:
		return fmt.Errorf("%s: %s", req.URL.Path, resp.Status)
	}
	return json.NewDecoder(io.LimitReader(resp.Body, maxAnswer)).Decode(into)
}
