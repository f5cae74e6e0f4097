package api

import (
	"context"
	"errors"
	"log/slog"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/gorilla/websocket"
	"golang.org/x/time/rate"

	"github.com/hearthkey/hearthkey/protocol"
	"github.com/hearthkey/hearthkey/protocol/tvremote"
	"github.com/hearthkey/hearthkey/server/account"
	"github.com/hearthkey/hearthkey/server/device"
	"github.com/hearthkey/hearthkey/server/relay"
)

// Why the socket of a remote is closed, beside the codes of RFC 6455 §7.4.1. A page
// comes back by itself after those below 4010.
const (
	RemoteOffline  = 4000 // the TV is not connected, or has gone
	RemoteBusy     = 4001 // as many browsers control it as can, or the server is full
	RemoteSilent   = 4002 // nothing came from the browser for too long
	RemoteEnded    = 4010 // the web session or the TV's sign-in has ended
	RemoteRefused  = 4011 // somebody at the TV ended it, or has not allowed it
	RemoteTooOld   = 4012 // the TV's agent has no remotes
	RemoteBadFrame = 4013 // what came was no frame of a remote
	RemoteTooFast  = 4014 // far more keys than a person presses
)

// Bounds of one remote. A key beyond the rate is answered as ignored; who goes on at
// ten times the rate is cut off.
const (
	remoteKeys    = rate.Limit(12) // keys and texts in a second
	remoteBurst   = 30
	remoteFlood   = rate.Limit(120) // frames of any kind
	remoteSurge   = 240
	remoteWrite   = 5 * time.Second  // a browser that reads more slowly is dropped
	remoteLinger  = time.Second      // for the reason why it ends to arrive
	remoteQuiet   = 20 * time.Second // without a frame from the browser
	remoteAnswers = 5 * time.Second  // for the TV's first
	remoteLooks   = 5 * time.Second  // whether it may still, against lost hints
	remotesEach   = 8                // sockets of an account
	remoteAgain   = 10 * time.Minute // a remote that comes back within it is the same one in the timeline
)

// remotes are the open sockets of the account page's remote.
type remotes struct {
	closed  chan struct{}
	sockets sync.WaitGroup

	mu    sync.Mutex
	ended bool
	of    map[protocol.AccountID]int
	noted map[noted]time.Time // until when it is in the timeline already
}

// noted is who controls which TV, for the timeline.
type noted struct {
	session account.SessionID
	device  protocol.DeviceID
}

func newRemotes() *remotes {
	return &remotes{closed: make(chan struct{}), of: map[protocol.AccountID]int{}, noted: map[noted]time.Time{}}
}

func (r *remotes) enter(a protocol.AccountID) error {
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.ended || r.of[a] >= remotesEach {
		return errTooMany
	}
	r.of[a]++
	r.sockets.Add(1)
	return nil
}

func (r *remotes) leave(a protocol.AccountID) {
	r.mu.Lock()
	if r.of[a]--; r.of[a] == 0 {
		delete(r.of, a)
	}
	r.mu.Unlock()
	r.sockets.Done()
}

// news reports whether it is not in the timeline yet that who controls a TV.
func (r *remotes) news(n noted, now time.Time) bool {
	r.mu.Lock()
	defer r.mu.Unlock()
	for old, until := range r.noted {
		if now.After(until) {
			delete(r.noted, old)
		}
	}
	_, known := r.noted[n]
	r.noted[n] = now.Add(remoteAgain)
	return !known
}

// CloseRemotes ends the account page's remotes and waits for them.
func (a *API) CloseRemotes() {
	a.remotes.mu.Lock()
	if !a.remotes.ended {
		a.remotes.ended = true
		close(a.remotes.closed)
	}
	a.remotes.mu.Unlock()
	a.remotes.sockets.Wait()
}

// remote is the WebSocket by which the account page controls a TV. A session is
// enough: it is a remote control, which nobody wants to give a password for, and
// what asks for one stays out of its reach.
func (a *API) remote(c *call) error {
	if a.cfg.Relay == nil || !websocket.IsWebSocketUpgrade(c.r) || !slices.Contains(websocket.Subprotocols(c.r), tvremote.Subprotocol) {
		c.w.Header().Set("Upgrade", "websocket")
		return errRemoteUpgrade
	}
	if c.cookie && !a.sameOrigin(c.r) {
		return errCrossOrigin
	}
	control, err := a.cfg.Devices.Control(c.ctx(), c.now, c.who.Account, c.device())
	if err != nil {
		return err
	}
	by, err := a.controller(c)
	if err != nil {
		return err
	}
	if err := a.remotes.enter(c.who.Account); err != nil {
		return err
	}
	defer a.remotes.leave(c.who.Account)
	upgrader := websocket.Upgrader{
		HandshakeTimeout: remoteWrite, ReadBufferSize: 1 << 10, WriteBufferSize: 1 << 10,
		Subprotocols: []string{tvremote.Subprotocol},
		CheckOrigin:  func(*http.Request) bool { return true }, // it was, where a cookie came
	}
	ws, err := upgrader.Upgrade(c.w, c.r, nil)
	if err != nil {
		return nil // answered
	}
	defer ws.Close()
	s := &remoteSocket{a: a, ws: ws, who: c.who, token: c.token, device: c.device(), by: by}
	s.run(control)
	return nil
}

// sameOrigin reports whether a browser's request comes from a page of this host. A
// WebSocket is no request that http.CrossOriginProtection looks at.
func (a *API) sameOrigin(r *http.Request) bool {
	if site := r.Header.Get("Sec-Fetch-Site"); site != "" && site != "same-origin" {
		return false
	}
	u, err := url.Parse(r.Header.Get("Origin"))
	if err != nil || u.Host == "" || !strings.EqualFold(u.Host, r.Host) {
		return false
	}
	return u.Scheme == "https" || u.Scheme == "http" && !strings.HasPrefix(a.cfg.Cookie, "__Host-")
}

// controller is what the banner on the TV calls who controls it: the profile that was
// chosen in the browser, or what program it is.
func (a *API) controller(c *call) (string, error) {
	if id := a.chosenProfile(c); id != "" {
		list, err := a.cfg.Profiles.List(c.ctx(), c.who.Account)
		if err != nil {
			return "", err
		}
		for _, p := range list {
			if p.ID == id {
				return p.Name, nil
			}
		}
	}
	return c.client.Agent, nil
}

// remoteSocket is one browser that controls a TV.
type remoteSocket struct {
	a      *API
	ws     *websocket.Conn
	who    account.Session
	token  string
	device protocol.DeviceID
	by     string

	call *relay.Call
}

// run carries frames until the socket is to end, and says why.
func (s *remoteSocket) run(control device.Control) {
	code := mayControl(control)
	hint, stop, err := s.a.cfg.Watch(s.who.Account)
	if err != nil {
		s.close(RemoteBusy)
		return
	}
	defer stop()
	if code == 0 { // again, now that no change can be missed
		control, code = s.look(context.Background())
	}
	if code == 0 {
		if s.call, err = s.a.cfg.Relay.Open(s.who.Account, s.device, control.Node, s.by); err != nil {
			code = RemoteBusy
		}
	}
	if code != 0 {
		s.close(code)
		return
	}
	defer s.call.Close()
	s.carry(hint, control.Node)
}

// carry runs both ways at the same time until one of them, or the watch over them,
// ends.
func (s *remoteSocket) carry(hint <-chan struct{}, node string) {
	ctx, cancel := context.WithCancel(context.Background())
	ends := make(chan int, 3) // one of each
	reading := make(chan struct{})
	var work sync.WaitGroup
	work.Go(func() { ends <- s.fromTV(ctx) })
	work.Go(func() { ends <- s.watch(ctx, hint, node) })
	work.Go(func() { defer close(reading); ends <- s.fromBrowser(ctx) })
	code := <-ends
	cancel()
	s.close(code)
	select { // so that a reset does not overtake the reason
	case <-reading:
	case <-time.After(remoteLinger):
	}
	_ = s.ws.Close()
	work.Wait()
}

// close tells the browser why its socket ends; 0: it has gone.
func (s *remoteSocket) close(code int) {
	if code != 0 {
		_ = s.ws.WriteControl(websocket.CloseMessage, websocket.FormatCloseMessage(code, ""), time.Now().Add(remoteLinger))
	}
}

// mayControl returns the code with which a socket ends that may not control a TV; 0: it
// may.
func mayControl(c device.Control) int {
	switch {
	case !c.Online:
		return RemoteOffline
	case !c.Told:
		return RemoteTooOld
	case !c.Allowed:
		return RemoteRefused
	}
	return 0
}

// look asks the database whether this browser may control the TV.
func (s *remoteSocket) look(ctx context.Context) (device.Control, int) {
	now := s.a.cfg.Now()
	if _, err := s.a.cfg.Accounts.Authenticate(ctx, now, s.token); err != nil {
		return device.Control{}, s.because(err)
	}
	c, err := s.a.cfg.Devices.Control(ctx, now, s.who.Account, s.device)
	if err != nil {
		return c, s.because(err)
	}
	return c, mayControl(c)
}

// because is the close code of an error.
func (s *remoteSocket) because(err error) int {
	switch {
	case errors.Is(err, account.ErrSignedOut), errors.Is(err, account.ErrLocked), errors.Is(err, device.ErrUnknown), errors.Is(err, device.ErrNotActive):
		return RemoteEnded
	case errors.Is(err, context.Canceled):
		return 0
	}
	s.a.cfg.Log.Warn("remote not looked after", "device", s.device, "error", err)
	return RemoteBusy
}

// watch ends the socket when the browser may not control the TV any more, or another
// node holds the TV: at once where a hint comes, and within seconds where it is lost.
func (s *remoteSocket) watch(ctx context.Context, hint <-chan struct{}, node string) int {
	tick := time.NewTicker(remoteLooks)
	defer tick.Stop()
	for {
		select {
		case <-ctx.Done():
			return 0
		case <-s.a.remotes.closed:
			return websocket.CloseServiceRestart
		case <-hint:
		case <-tick.C:
		}
		c, code := s.look(ctx)
		if code == 0 && ctx.Err() == nil && c.Node != node {
			code = RemoteOffline // it comes back over the other node
		}
		if code != 0 {
			return code
		}
	}
}

// remoteEnds are the close codes of what a TV says.
var remoteEnds = map[protocol.RelayEnd]int{
	protocol.RelayRefused: RemoteRefused, protocol.RelayBusy: RemoteBusy, protocol.RelaySilent: RemoteSilent,
}

// fromTV passes on what the TV sends. Its first word shows that it took the relay:
// that is in the timeline.
func (s *remoteSocket) fromTV(ctx context.Context) int {
	first, cancel := context.WithTimeout(ctx, remoteAnswers)
	defer cancel()
	frame, err := s.call.Next(first)
	if err == nil && s.a.remotes.news(noted{s.who.ID, s.device}, s.a.cfg.Now()) {
		if err := s.a.cfg.Devices.Controlled(ctx, s.a.cfg.Now(), s.who, s.device); err != nil {
			return s.because(err)
		}
	}
	for err == nil {
		if s.write(frame) != nil {
			return 0
		}
		frame, err = s.call.Next(ctx)
	}
	if ended, ok := errors.AsType[*relay.EndedError](err); ok {
		if code := remoteEnds[ended.Why]; code != 0 {
			return code
		}
	}
	return RemoteOffline
}

func (s *remoteSocket) write(frame protocol.Secret) error {
	if err := s.ws.SetWriteDeadline(time.Now().Add(remoteWrite)); err != nil {
		return err
	}
	return s.ws.WriteMessage(websocket.TextMessage, []byte(frame))
}

// fromBrowser passes on what a remote may send: keys, text and signs of life. Its hello
// is for the server alone.
func (s *remoteSocket) fromBrowser(ctx context.Context) int {
	keys, all := rate.NewLimiter(remoteKeys, remoteBurst), rate.NewLimiter(remoteFlood, remoteSurge)
	s.ws.SetReadLimit(tvremote.MaxFrame)
	for {
		if s.ws.SetReadDeadline(time.Now().Add(remoteQuiet)) != nil {
			return 0
		}
		kind, data, err := s.ws.ReadMessage()
		switch {
		case errors.Is(err, websocket.ErrReadLimit):
			return RemoteBadFrame
		case err != nil:
			return 0
		case ctx.Err() != nil:
			continue // it ends: what comes now goes nowhere
		case kind != websocket.TextMessage:
			return RemoteBadFrame
		case !all.Allow():
			return RemoteTooFast
		}
		f, err := tvremote.DecodeUp(data)
		if err != nil {
			return RemoteBadFrame
		}
		if code := s.take(f, data, keys); code != 0 {
			return code
		}
	}
}

func (s *remoteSocket) take(f tvremote.Frame, data []byte, keys *rate.Limiter) int {
	var seq int64
	switch f := f.(type) {
	case tvremote.Hello, tvremote.Unknown:
		return 0
	case tvremote.Ping:
		s.call.Send(protocol.Secret(data))
		return 0
	case tvremote.Key:
		seq = f.Seq
	case tvremote.Text:
		seq = f.Seq
	default: // of pairing, which is not done here
		return RemoteBadFrame
	}
	if keys.Allow() {
		s.call.Send(protocol.Secret(data))
		return 0
	}
	return s.tooFast(seq)
}

// tooFast answers a key that is not passed on.
func (s *remoteSocket) tooFast(seq int64) int {
	ack, err := tvremote.Encode(tvremote.Ack{Seq: seq, Ignored: tvremote.TooFast})
	if err != nil {
		s.a.cfg.Log.Error("frame not written", slog.Any("error", err))
		return RemoteBadFrame
	}
	s.call.Answer(protocol.Secret(ack))
	return 0
}
