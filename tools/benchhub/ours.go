//go:build linux

package main

import (
	"context"
	"crypto/ed25519"
	"crypto/rand"
	"encoding/base64"
	"log/slog"
	"net/http"
	"strconv"
	"strings"
	"sync"
	"sync/atomic"
	"time"

	"github.com/hearthkey/hearthkey/protocol"
	"github.com/hearthkey/hearthkey/server/hub"
	"github.com/hearthkey/hearthkey/server/hub/poller"
)

// ours is our hub without a database.
type ours struct {
	hub     *hub.Hub
	poller  *poller.Poller
	http    *http.Server
	stop    context.CancelFunc
	running sync.WaitGroup
	said    atomic.Pointer[string]
	proofs  bool // clients prove a key each
	keys    []ed25519.PublicKey
}

func openOurs(ctx context.Context, name string) (*ours, string, error) {
	o := &ours{proofs: name == "ours"}
	mode := poller.Epoll
	if name == "portable" {
		mode = poller.Portable
	} else {
		o.keys = publicKeys()
	}
	var err error
	if o.poller, err = poller.New(poller.Config{Mode: mode}); err != nil {
		return nil, "", err
	}
	o.hub, err = hub.New(hub.Config{
		Changed: func(context.Context, time.Time, func(protocol.AccountID, hub.Numbers)) error { return nil },
		Beat:    func(context.Context) error { return nil },
		Left:    func(context.Context, []hub.Departure) error { return nil },
		Log:     slog.New(slog.DiscardHandler),
	})
	if err != nil {
		return nil, "", err
	}
	ctx, o.stop = context.WithCancel(ctx)
	o.running.Go(func() { o.hub.Run(ctx) })
	srv, address, err := listen(o)
	o.http = srv
	return o, address, err
}

// ServeHTTP makes every client a device with an account of its own: at once, or after it
// has proved its key.
func (o *ours) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	_ = o.poller.Accept(w, r, func(c poller.Conn) poller.Handler {
		n := asker(r)
		v := &viewer{ours: o}
		v.session = hub.Session{Account: account(n), Device: protocol.DeviceID(r.URL.Path), Number: 1, Conn: c, Truth: v}
		if !o.proofs {
			_ = o.hub.Add(&v.session)
			return v
		}
		v.nonce = []byte(rand.Text())
		_ = c.Send(v.nonce)
		return v
	})
}

func account(n int) protocol.AccountID { return protocol.AccountID("account-" + strconv.Itoa(n)) }

// viewer is one client.
type viewer struct {
	ours    *ours
	nonce   []byte // nil: it has proved its key, or need not
	session hub.Session
}

// Frame takes the proof.
func (v *viewer) Frame(data []byte) {
	if v.nonce == nil {
		return
	}
	sig, err := base64.StdEncoding.AppendDecode(nil, data)
	if err != nil || !ed25519.Verify(v.ours.key(v.session.Device), v.nonce, sig) {
		v.session.Conn.Close(closePolicy, "no proof")
		return
	}
	v.nonce = nil
	_ = v.ours.hub.Add(&v.session)
	_ = v.session.Conn.Send([]byte("welcome"))
}

// closePolicy is the close code of who breaks a rule: RFC 6455, section 7.4.1.
const closePolicy = 1008

// key is the public key of a client.
func (o *ours) key(id protocol.DeviceID) ed25519.PublicKey {
	n, _ := strconv.Atoi(strings.TrimPrefix(string(id), "/")) // our own crowd asks
	return o.keys[n%len(o.keys)]
}

func (v *viewer) Closed(error) { v.ours.hub.Remove(&v.session) }

// Desired implements [hub.Truth] with what was said last.
func (v *viewer) Desired(context.Context, []*hub.Session) ([]hub.Told, func()) {
	return []hub.Told{{Frames: []protocol.Frame{protocol.Still{JWS: *v.ours.said.Load()}}}}, nil
}

func (o *ours) all(message string, n int) {
	o.said.Store(&message)
	o.hub.NudgeAll(context.Background(), int32(n))
}

func (o *ours) one(client int, message string, n int) {
	o.said.Store(&message)
	o.hub.Nudge(account(client), hub.Numbers{Version: protocol.Version(n)})
}

func (o *ours) close() {
	o.stop()
	o.running.Wait()
	_ = o.poller.Close(context.Background(), 1001)
	o.hub.Close()
	o.http.Close()
}

// someKeys is how many keys the clients share: as costly to check as one each, and sooner
// made.
const someKeys = 1024

func publicKeys() []ed25519.PublicKey {
	out := make([]ed25519.PublicKey, someKeys)
	for i := range out {
		out[i] = keyOf(i).Public().(ed25519.PublicKey)
	}
	return out
}
