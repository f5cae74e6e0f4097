package agent

import (
	"context"
	"crypto/sha256"
	"crypto/tls"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"math/rand/v2"
	"net"
	"net/netip"
	"net/url"
	"slices"
	"sync"
	"time"

	"github.com/hearthkey/hearthkey/agent/session"
	"github.com/hearthkey/hearthkey/lan"
)

// unnamed stands for the host of a server that is known by its key alone.
const unnamed = "hearthkey-server.local"

// Times and bounds of looking for a server on the home network.
const (
	findWait       = 3 * time.Second // for one to be found, where none is known
	candidateWait  = 3 * time.Second // for one to prove who it is
	maxCandidates  = 16              // of one round; others have their turn in the next
	pinnedHexChars = 2 * sha256.Size
)

// Errors of a server that is looked for on the home network.
var (
	errNotFound = errors.New("agent: no server on the home network proved the pinned key")
	errWrongKey = errors.New("agent: the server does not have the pinned key")
)

// checkServerPin checks the settings for an operator's own server on the home
// network, and gives the server a name where it has none.
func (a *Agent) checkServerPin() error {
	pin := a.LAN.ServerPin
	if pin == "" {
		return nil
	}
	if _, err := hex.DecodeString(pin); err != nil || len(pin) != pinnedHexChars {
		return fmt.Errorf("%w: LAN.ServerPin must be %d hex digits", ErrSettings, pinnedHexChars)
	}
	if len(a.Services) > 0 {
		return fmt.Errorf("%w: LAN.ServerPin and Services exclude each other: a pin is one server's", ErrSettings)
	}
	if a.Server == "" {
		a.Server = "wss://" + unnamed
	}
	if u, err := url.Parse(a.Server); err == nil && u.Scheme == "ws" {
		return fmt.Errorf("%w: LAN.ServerPin needs a wss Server, or none", ErrSettings)
	}
	return nil
}

// finder knows where an operator's own server is on the home network. Whoever
// advertises is only a place to try: none is spoken to before it proved the pinned
// key. The address that proved it last is tried first, without a look around, so a TV
// connects as fast as to a fixed address.
type finder struct {
	pin     [sha256.Size]byte
	named   string // host:port from the settings, tried last; empty: none
	log     *slog.Logger
	watcher io.Closer     // nil: the network cannot be listened to
	noted   chan struct{} // of one, for the core: known changed, or a server came for which a dial waited

	mu     sync.Mutex
	known  string        // proved the key last; empty: none
	dialed string        // by the newest connection
	found  []string      // advertise the pin's fingerprint
	news   chan struct{} // closed when found changes
	hungry bool          // a dial found none
}

// startFinder looks for the server where the settings ask for it.
func (c *core) startFinder() error {
	if !withRemotes || c.agent.LAN.ServerPin == "" {
		return nil
	}
	f := &finder{log: c.log, noted: make(chan struct{}, 1), news: make(chan struct{})}
	if _, err := hex.Decode(f.pin[:], []byte(c.agent.LAN.ServerPin)); err != nil {
		return fmt.Errorf("%w: %w", ErrSettings, err) // it was checked
	}
	if c.server.Hostname() != unnamed {
		f.named = (&networkCheck{server: c.server}).hostPort()
	}
	watcher, err := lan.Watch(lan.Settings{Interfaces: c.agent.LAN.Interfaces, Log: c.log}, lan.Server, f.heard)
	if err != nil {
		c.log.Warn("no server can be looked for on the home network", "error", err)
	} else {
		f.watcher = watcher
	}
	c.finder = f
	return nil
}

// begin tells where the server proved its key in an earlier run.
func (f *finder) begin(known string) {
	if f != nil {
		f.mu.Lock()
		defer f.mu.Unlock()
		f.known = known
	}
}

func (f *finder) close() error {
	if f == nil || f.watcher == nil {
		return nil
	}
	return f.watcher.Close()
}

// heard takes what is on the network now.
func (f *finder) heard(list []lan.Peer) {
	fingerprint := hex.EncodeToString(f.pin[:8])
	var found []string
	for _, p := range list {
		if p.Fingerprint == fingerprint {
			for _, a := range p.Addrs {
				found = append(found, a.String())
			}
		}
	}
	f.mu.Lock()
	defer f.mu.Unlock()
	if slices.Equal(found, f.found) {
		return
	}
	f.found = found
	close(f.news)
	f.news = make(chan struct{})
	if f.hungry && len(found) > 0 {
		f.note()
	}
}

func (f *finder) note() {
	select {
	case f.noted <- struct{}{}:
	default:
	}
}

// dial connects to the server, wherever it is; the address is not looked at. TLS,
// above it, checks the key again.
func (f *finder) dial(ctx context.Context, network, _ string) (net.Conn, error) {
	f.mu.Lock()
	known, news := f.known, f.news
	f.mu.Unlock()
	if known != "" {
		if conn, err := f.connect(ctx, network, known); err == nil {
			return conn, nil
		}
	}
	address, err := f.prove(ctx, network)
	if err != nil && f.watcher != nil && ctx.Err() == nil { // it may be about to be found
		wait := time.NewTimer(findWait)
		defer wait.Stop()
		select {
		case <-news:
			address, err = f.prove(ctx, network)
		case <-wait.C:
		case <-ctx.Done():
		}
	}
	f.mu.Lock()
	f.hungry = err != nil
	f.mu.Unlock()
	if err != nil {
		return nil, err
	}
	return f.connect(ctx, network, address)
}

// connect dials one address.
func (f *finder) connect(ctx context.Context, network, address string) (net.Conn, error) {
	ctx, cancel := context.WithTimeout(ctx, candidateWait)
	defer cancel()
	conn, err := (&net.Dialer{}).DialContext(ctx, network, address)
	if err != nil {
		return nil, err
	}
	f.mu.Lock()
	f.dialed = address
	f.mu.Unlock()
	return conn, nil
}

// candidates are the places to try, a different choice each time where there are too
// many: who floods the network with impostors delays the right one and hides none.
func (f *finder) candidates() []string {
	f.mu.Lock()
	defer f.mu.Unlock()
	out := slices.Clone(f.found)
	rand.Shuffle(len(out), func(i, j int) { out[i], out[j] = out[j], out[i] })
	out = out[:min(len(out), maxCandidates)]
	if f.named != "" {
		out = append(out, f.named)
	}
	return out
}

// prove asks all candidates at once who has the pinned key, and returns the first
// that shows it.
func (f *finder) prove(ctx context.Context, network string) (string, error) {
	var asking sync.WaitGroup
	defer asking.Wait()
	ctx, cancel := context.WithTimeout(ctx, candidateWait)
	defer cancel()
	all := f.candidates()
	answers := make(chan string, len(all))
	for _, address := range all {
		asking.Go(func() {
			dialer := tls.Dialer{Config: &tls.Config{
				MinVersion: tls.VersionTLS12, InsecureSkipVerify: true, VerifyConnection: f.verify, ServerName: unnamed,
			}}
			conn, err := dialer.DialContext(ctx, network, address)
			if err != nil {
				answers <- ""
				return
			}
			_ = conn.Close()
			answers <- address
		})
	}
	for range all {
		if address := <-answers; address != "" {
			return address, nil
		}
	}
	return "", errNotFound
}

// verify checks the one thing that counts: the key.
func (f *finder) verify(s tls.ConnectionState) error {
	if len(s.PeerCertificates) == 0 {
		return errNoCertificate
	}
	if sha256.Sum256(s.PeerCertificates[0].RawSubjectPublicKeyInfo) != f.pin {
		return errWrongKey
	}
	return nil
}

// verifyDialed is verify for the connection that is used: it settles which address is
// tried first.
func (f *finder) verifyDialed(s tls.ConnectionState) error {
	err := f.verify(s)
	f.mu.Lock()
	defer f.mu.Unlock()
	was := f.known
	if f.known = f.dialed; err != nil {
		f.known = ""
		f.log.Warn("not the pinned server", "address", f.dialed, "error", err)
	}
	if f.known != was {
		f.note()
	}
	return err
}

// where says where the server is, as far as is known.
func (f *finder) where() (address string, ok bool) {
	f.mu.Lock()
	defer f.mu.Unlock()
	switch {
	case f.known != "":
		return f.known, true
	case len(f.found) > 0:
		return f.found[0], true
	}
	return f.named, f.named != ""
}

// serverNoted keeps the address that proved the key, and connects where the server
// came after a dial that found none.
func (c *core) serverNoted() {
	f := c.finder
	f.mu.Lock()
	known, again := f.known, f.hungry && len(f.found) > 0
	if again {
		f.hungry = false
	}
	f.mu.Unlock()
	if host, err := netip.ParseAddrPort(known); (err == nil && host.IsValid() || known == "") && c.rec.Found != known {
		c.rec.Found = known
		if err := c.save(); err != nil {
			c.log.Error("address of the server not kept", "error", err)
		}
	}
	if again {
		c.sessionStep(session.TryAgain{})
	}
}

// tlsConfig is how the server is checked: by its pinned key where there is one.
func (c *core) tlsConfig(server *url.URL) *tls.Config {
	if c.finder == nil {
		return c.agent.tlsConfig(server, c.serverTime)
	}
	return &tls.Config{
		ServerName: server.Hostname(), MinVersion: tls.VersionTLS12,
		InsecureSkipVerify: true, VerifyConnection: c.finder.verifyDialed, // no name and no date counts, the key does
	}
}

// dialer is how the server is dialed; nil: as its URL says.
func (c *core) dialer() func(ctx context.Context, network, address string) (net.Conn, error) {
	if c.finder == nil {
		return nil
	}
	return c.finder.dial
}

// foundServer has something when serverNoted has something to do; nil never has.
func (c *core) foundServer() <-chan struct{} {
	if c.finder == nil {
		return nil
	}
	return c.finder.noted
}
