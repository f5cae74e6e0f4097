package e2e

import (
	"bytes"
	"context"
	"crypto/ed25519"
	"errors"
	"fmt"
	"math/rand/v2"
	"net/http/httptrace"
	"os"
	"path/filepath"
	"slices"
	"sync"
	"testing"
	"time"

	"github.com/hearthkey/hearthkey/agent/nav"
	"github.com/hearthkey/hearthkey/protocol"
	"github.com/hearthkey/hearthkey/protocol/sign"
	"github.com/hearthkey/hearthkey/tools/drive"
	"github.com/hearthkey/hearthkey/tools/household"
)

// TestSignOutKills pulls the plug of a TV, of the server, or of both at every step
// of every kind of sign-out in turn, from the owner's click to the board that says
// "confirmed", and at random moments. Each time both ends must be right: the order
// that was acknowledged is carried out and proved, by a receipt of this sign-in; the
// disk of the TV holds nothing of the household; the board says so, once.
func TestSignOutKills(t *testing.T) {
	kills := *outKillFlag
	r := rand.New(rand.NewPCG(seed(t), 0))
	tally := map[string]int{}
	for first := 0; first < kills; first += familyKills {
		last := min(first+familyKills, kills)
		t.Run(fmt.Sprintf("%d-%d", first+1, last), func(t *testing.T) {
			port, err := freePort()
			if err != nil {
				t.Fatal(err)
			}
			w, addr := startWire(t, fmt.Sprintf("ws://127.0.0.1:%d", port))
			s := &signOuts{wire: w, family: startFamilyAs(t, nil, r, func(p *household.Plan) {
				p.ServerPort, p.AgentArgs = port, []string{"-server", addr}
			})}
			for n := first; n < last; n++ {
				c := caseOf(n)
				began := time.Now()
				if err := s.kill(patient(t, patience), c); err != nil {
					t.Fatalf("kill %d, %s: %v", n+1, c, err)
				}
				tally[c.victim.name]++
				t.Logf("kill %d, %s: right after %d ms", n+1, c, time.Since(began).Milliseconds())
			}
		})
	}
	t.Logf("plugs pulled: %v", tally)
}

// signOuts is a household whose TV is reached over a wire.
type signOuts struct {
	*family
	wire *wire
}

// killCase is one kill: who, at which step, of which kind of sign-out.
type killCase struct {
	moment moment
	kind   kind
	victim plug
}

func (c killCase) String() string {
	return fmt.Sprintf("%s, %s, at %q", c.kind.name, c.victim.name, c.moment.name)
}

// caseOf numbers the cases: each moment comes once in as many cases as there are
// moments, and every combination once in all.
func caseOf(n int) killCase {
	moments, kinds, plugs := momentsOfSignOut(), kindsOfSignOut(), plugsToPull()
	round := n / len(moments)
	return killCase{moments[n%len(moments)], kinds[(n+round)%len(kinds)], plugs[(n+round)%len(plugs)]}
}

func TestKillCasesAreAll(t *testing.T) {
	all := len(momentsOfSignOut()) * len(kindsOfSignOut()) * len(plugsToPull())
	seen := map[string]bool{}
	for n := range all {
		seen[caseOf(n).String()] = true
	}
	if len(seen) != all {
		t.Errorf("%d cases are %d different ones", all, len(seen))
	}
}

// kind is a way to end a TV's session.
type kind struct {
	name   string
	order  func(*signOuts, context.Context, protocol.DeviceID) error
	status protocol.Status
	screen func(nav.Screen) bool
}

func kindsOfSignOut() []kind {
	out := func(s nav.Screen) bool { return s == nav.ScreenSignedOut || s == nav.ScreenWelcome }
	return []kind{
		{"sign out", func(s *signOuts, ctx context.Context, id protocol.DeviceID) error {
			return s.owner.SignOutDevice(ctx, id)
		}, protocol.SignedOut, out},
		{"everywhere", func(s *signOuts, ctx context.Context, _ protocol.DeviceID) error {
			return s.owner.SignOutEverywhere(ctx)
		}, protocol.SignedOut, out},
		{"deactivate", func(s *signOuts, ctx context.Context, id protocol.DeviceID) error {
			return s.owner.Deactivate(ctx, id)
		}, protocol.Deactivated, func(s nav.Screen) bool { return s == nav.ScreenDeactivated || s == nav.ScreenWelcome }},
		{"stolen", func(s *signOuts, ctx context.Context, id protocol.DeviceID) error {
			return s.owner.Call(ctx, "POST", "/v1/devices/"+string(id)+"/stolen", nil, nil)
		}, protocol.Stolen, func(s nav.Screen) bool { return s == nav.ScreenStolen }},
	}
}

// plug is whose plug is pulled.
type plug struct {
	name string
	pull func(*signOuts, context.Context) error
}

func plugsToPull() []plug {
	return []plug{
		{"TV", func(s *signOuts, ctx context.Context) error { s.Unplug(victim); s.wire.clear(); return s.plugIn(ctx) }},
		{"server", func(s *signOuts, ctx context.Context) error {
			s.Server.Kill()
			s.wire.clear()
			return s.StartServer(ctx)
		}},
		{"both", func(s *signOuts, ctx context.Context) error {
			s.Unplug(victim)
			s.Server.Kill()
			s.wire.clear()
			return errors.Join(s.StartServer(ctx), s.plugIn(ctx))
		}},
	}
}

// moment is a step of a sign-out; wait returns when it has come.
type moment struct {
	name string
	wait func(*signOuts, context.Context, *ordering) error
}

// ordering is an order under way.
type ordering struct {
	kind     kind
	id       protocol.DeviceID
	keys     [][]byte      // of this sign-in, in the TV's vault
	sent     chan struct{} // closed when the request was written
	answered chan struct{} // closed when it was answered, or failed
	err      error         // read after answered
}

func isOrder(f frame, _ protocol.Digest) bool {
	return f.Type == "state" && f.status() != protocol.Active
}

func momentsOfSignOut() []moment {
	receipt := func(f frame, _ protocol.Digest) bool { return f.Type == "receipt" && f.status() != protocol.Active }
	ack := func(f frame, proof protocol.Digest) bool { return f.Type == "receipt_ack" && f.Digest == proof }
	at := func(down, after bool, is isFrame) func(*signOuts, context.Context, *ordering) error {
		return func(s *signOuts, ctx context.Context, o *ordering) error {
			return s.stopsAt(ctx, o, s.wire.set(down, after, is))
		}
	}
	return []moment{
		{"the click is sent", func(s *signOuts, ctx context.Context, o *ordering) error { return s.gives(ctx, o, o.sent) }},
		{"it is committed and answered", func(s *signOuts, ctx context.Context, o *ordering) error { return s.gives(ctx, o, o.answered) }},
		{"the state is on its way", at(true, false, isOrder)},
		{"the state has arrived", at(true, true, isOrder)},
		{"the vault is written", func(s *signOuts, ctx context.Context, o *ordering) error { return s.writes(ctx, o, false) }},
		{"the keys are replaced", func(s *signOuts, ctx context.Context, o *ordering) error { return s.writes(ctx, o, true) }},
		{"the receipt is on its way", at(false, false, receipt)},
		{"the receipt has arrived", at(false, true, receipt)},
		{"its acknowledgement is on its way", at(true, false, ack)},
		{"its acknowledgement has arrived", at(true, true, ack)},
		{"the board says confirmed", func(s *signOuts, ctx context.Context, o *ordering) error { return s.confirms(ctx, o) }},
		{"any time", func(s *signOuts, ctx context.Context, o *ordering) error {
			soon := s.soon(30 * time.Millisecond)
			go s.order(ctx, o)
			<-soon
			return nil
		}},
	}
}

// order gives the order.
func (s *signOuts) order(ctx context.Context, o *ordering) {
	defer close(o.answered)
	sent := sync.OnceFunc(func() { close(o.sent) })
	defer sent()
	ctx = httptrace.WithClientTrace(ctx, &httptrace.ClientTrace{WroteRequest: func(httptrace.WroteRequestInfo) { sent() }})
	o.err = o.kind.order(s, ctx, o.id)
}

// gives gives the order and waits for a moment of it.
func (s *signOuts) gives(ctx context.Context, o *ordering, until <-chan struct{}) error {
	go s.order(ctx, o)
	return comes(ctx, until)
}

// stopsAt gives the order and waits for the frame.
func (s *signOuts) stopsAt(ctx context.Context, o *ordering, t *trap) error {
	go s.order(ctx, o)
	return comes(ctx, t.sprung)
}

func comes(ctx context.Context, what <-chan struct{}) error {
	select {
	case <-what:
		return nil
	case <-ctx.Done():
		return fmt.Errorf("the moment does not come: %w", context.Cause(ctx))
	}
}

// writes gives the order and watches the file of the vault for a change, or until
// none of the keys of this sign-in is in it any more.
func (s *signOuts) writes(ctx context.Context, o *ordering, erased bool) error {
	path := filepath.Join(s.folder(), "vault")
	before, err := os.ReadFile(path)
	if err != nil {
		return err
	}
	arrived := s.wire.set(true, true, isOrder)
	if err := s.stopsAt(ctx, o, arrived); err != nil {
		return err
	}
	for ctx.Err() == nil { // faster than Poll: it is over within milliseconds
		now, err := os.ReadFile(path)
		if err != nil {
			return err
		}
		held := slices.ContainsFunc(o.keys, func(key []byte) bool { return bytes.Contains(now, key) })
		if !held || !erased && !bytes.Equal(now, before) {
			return nil
		}
	}
	return fmt.Errorf("the vault is not written: %w", context.Cause(ctx))
}

// confirms gives the order and waits for the board.
func (s *signOuts) confirms(ctx context.Context, o *ordering) error {
	if err := s.gives(ctx, o, o.answered); err != nil || o.err != nil {
		return errors.Join(err, o.err)
	}
	_, err := s.byID(ctx, o.id, "confirmed", func(d drive.Device) bool { return d.Status == o.kind.status && !d.Confirmed.IsZero() })
	return err
}

// byID waits until the device with this id is as wanted, and listed once.
func (s *signOuts) byID(ctx context.Context, id protocol.DeviceID, what string, ok func(drive.Device) bool) (drive.Device, error) {
	var found drive.Device
	err := drive.Poll(ctx, func() error {
		list, err := s.owner.Devices(ctx)
		if err != nil {
			return err
		}
		list = slices.DeleteFunc(list, func(d drive.Device) bool { return d.ID != id })
		if len(list) != 1 {
			return fmt.Errorf("the TV is listed %d times", len(list))
		}
		if found = list[0]; !ok(found) {
			return fmt.Errorf("the TV is not %s: %+v, its screen %s", what, found, drive.Describe(s.tv.View()))
		}
		return nil
	})
	return found, err
}

// online returns the device of the TV that is signed in now.
func (s *signOuts) online(ctx context.Context) (drive.Device, error) {
	var found drive.Device
	err := drive.Poll(ctx, func() error {
		list, err := s.owner.Devices(ctx)
		n := 0
		for _, d := range list {
			if d.Status == protocol.Active {
				found = d
				n++
			}
		}
		if err == nil && (n != 1 || !found.Online) {
			err = fmt.Errorf("%d devices are signed in: %+v", n, found)
		}
		return err
	})
	return found, err
}

// kill plays one case.
func (s *signOuts) kill(ctx context.Context, c killCase) error {
	defer s.wire.clear()
	if err := s.toGate(ctx); err != nil {
		return fmt.Errorf("sign in: %w", err)
	}
	d, err := s.online(ctx)
	if err != nil {
		return err
	}
	keys, err := s.secrets()
	if err != nil {
		return err
	}
	o := &ordering{kind: c.kind, id: d.ID, keys: keys, sent: make(chan struct{}), answered: make(chan struct{})}
	if err := errors.Join(c.moment.wait(s, ctx, o), c.victim.pull(s, ctx)); err != nil {
		return err
	}
	if err := comes(ctx, o.answered); err != nil {
		return err
	}
	if o.err != nil { // the server was killed before it said yes
		if err := s.again(ctx, o); err != nil {
			return err
		}
	}
	return s.endsRight(ctx, o, d, keys)
}

// again gives an order again whose answer was lost.
func (s *signOuts) again(ctx context.Context, o *ordering) error {
	err := o.kind.order(s, ctx, o.id)
	var p *drive.Problem
	if errors.As(err, &p) && p.Status == 401 { // the answer that was lost had a new token
		if err := s.owner.SignIn(ctx, household.Password); err != nil {
			return err
		}
		err = o.kind.order(s, ctx, o.id)
	}
	return err
}

// endsRight holds both ends against what must be true.
func (s *signOuts) endsRight(ctx context.Context, o *ordering, was drive.Device, keys [][]byte) error {
	d, err := s.byID(ctx, o.id, "confirmed", func(d drive.Device) bool { return d.Status == o.kind.status && !d.Confirmed.IsZero() })
	if err != nil {
		return err
	}
	if d.Epoch != was.Epoch || d.Bound != nil {
		return fmt.Errorf("the board says %+v of the sign-in %d", d, was.Epoch)
	}
	if _, err := s.tv.Wait(ctx, "the screen of a TV that was ended", func(v nav.View) bool { return o.kind.screen(v.Screen) }); err != nil {
		return err
	}
	if err := errors.Join(s.proved(ctx, o, was.Epoch), s.nothingReadable(keys)); err != nil {
		return err
	}
	if o.kind.status != protocol.Stolen {
		return nil
	}
	if err := s.owner.Call(ctx, "POST", "/v1/devices/"+string(o.id)+"/finish", nil, nil); err != nil {
		return err
	}
	_, err = s.byID(ctx, o.id, "finished", func(d drive.Device) bool { return d.Status == protocol.Deactivated && !d.Confirmed.IsZero() })
	return err
}

// proved looks for a receipt of this end of this sign-in that verifies.
func (s *signOuts) proved(ctx context.Context, o *ordering, epoch int64) error {
	files, err := s.owner.Proofs(ctx, o.id)
	if err != nil {
		return err
	}
	for _, f := range files {
		var c protocol.ReceiptClaims
		_, err := sign.Verify(f.JWS, protocol.TypReceipt, sign.OneKey(string(o.id), ed25519.PublicKey(f.PublicKey)), &c)
		if err == nil && c.Status == o.kind.status && int64(c.Epoch) == epoch {
			return nil
		}
	}
	return fmt.Errorf("none of %d receipts proves %s of the sign-in %d", len(files), o.kind.status, epoch)
}

// toGate signs the TV in, whatever was done to it before.
func (s *signOuts) toGate(ctx context.Context) error {
	_, err := s.tv.Wait(ctx, "a screen of a TV that can be signed in", func(v nav.View) bool {
		return v.Screen != nav.ScreenStarting && v.Screen != nav.ScreenStolen
	})
	if err != nil {
		return err
	}
	return s.atGate(ctx)
}
