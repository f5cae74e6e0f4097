//go:build linux

package main

import (
	"context"
	"log/slog"
	"net/http"
	"strconv"
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
}

func openOurs(ctx context.Context, name string) (*ours, string, error) {
	o := &ours{}
	mode := poller.Epoll
	if name == "portable" {
		mode = poller.Portable
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

// ServeHTTP makes every client a device with an account of its own.
func (o *ours) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	_ = o.poller.Accept(w, r, func(c poller.Conn) poller.Handler {
		v := &viewer{ours: o}
		v.session = hub.Session{Account: account(client(r)), Device: protocol.DeviceID(r.URL.Path), Number: 1, Conn: c, Truth: v}
		_ = o.hub.Add(&v.session)
		return v
	})
}

func account(n int) protocol.AccountID { return protocol.AccountID("account-" + strconv.Itoa(n)) }

// viewer is one client.
type viewer struct {
	ours    *ours
	session hub.Session
}

func (v *viewer) Frame([]byte) {}
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
