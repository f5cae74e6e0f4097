package main

import (
	"context"
	"errors"
	"fmt"
	"sync/atomic"
	"time"

	"github.com/hearthkey/hearthkey/agent/keyseq"
	"github.com/hearthkey/hearthkey/agent/nav"
	"github.com/hearthkey/hearthkey/protocol/pin"
	"github.com/hearthkey/hearthkey/tools/drive"
)

// walk goes about the home screen, two titles and the menu, and ends where it
// began.
var walk = []keyseq.Key{
	keyseq.Down, keyseq.Right, keyseq.Right, keyseq.OK, keyseq.Down, keyseq.Back, keyseq.Left, keyseq.Up,
	keyseq.Right, keyseq.OK, keyseq.Back, keyseq.Left, keyseq.Menu, keyseq.Down, keyseq.Up, keyseq.Menu,
}

// watched is a TV whose views are timed.
type watched struct {
	*realTV
	begun time.Time
	at    atomic.Int64 // of the first view since it was cleared, in ns since begun
}

// watchedTV returns a TV that is signed in to a new account, with a page
// looking at its screen, as on a box.
func (s *shop) watchedTV(ctx context.Context, name string) (tv *watched, owner *drive.Account, done func() error, err error) {
	v, err := s.serve(ctx)
	if err != nil {
		return nil, nil, nil, err
	}
	if owner, err = v.owner(ctx, name); err != nil {
		return nil, nil, nil, err
	}
	tv = &watched{begun: time.Now()}
	tv.realTV, err = s.plugIn(ctx, v.WS, "Bench TV", "127.0.0.1:0", func(nav.View) {
		tv.at.CompareAndSwap(0, int64(time.Since(tv.begun)))
	})
	if err != nil {
		return nil, nil, nil, err
	}
	page, err := drive.Attach(ctx, tv.ScreenURL()[len("http://"):len(tv.ScreenURL())-1])
	if err != nil {
		return nil, nil, nil, errors.Join(err, tv.Close())
	}
	done = func() error {
		page.Close()
		err := tv.Close()
		v.proc.Kill()
		return err
	}
	if err := tv.signIn(ctx, owner); err != nil {
		return nil, nil, nil, errors.Join(err, done())
	}
	return tv, owner, done, nil
}

// time presses a key and returns how long its next screen took, in ms.
func (tv *watched) time(k keyseq.Key) (float64, error) {
	tv.at.Store(0)
	begun := time.Since(tv.begun)
	if err := tv.press(k); err != nil {
		return 0, err
	}
	return ms(time.Duration(tv.at.Load()) - begun), nil
}

// echo is the reference: a goroutine that is called as the agent's core is.
type echo chan func()

func newEcho() echo {
	e := make(echo, 64)
	go func() {
		for f := range e {
			f()
		}
	}()
	return e
}

func (e echo) time() float64 {
	done := make(chan struct{})
	begun := time.Now()
	var at time.Time
	e <- func() { at = time.Now(); close(done) }
	<-done
	return ms(at.Sub(begun))
}

// measureKeys times keys from the press to the next screen, within the agent.
func measureKeys(ctx context.Context, s *shop) (_ []Figure, err error) {
	tv, _, done, err := s.watchedTV(ctx, "keys")
	if err != nil {
		return nil, err
	}
	defer func() { err = errors.Join(err, done()) }()
	if err := tv.press(keyseq.OK); err != nil {
		return nil, err
	}
	if err := tv.screen(ctx, nav.ScreenHome); err != nil {
		return nil, err
	}
	e := newEcho()
	defer close(e)
	var ours, bare []float64
	for range s.rounds(1400) { // 22,400 keys
		for _, k := range walk {
			took, err := tv.time(k)
			if err != nil {
				return nil, err
			}
			ours, bare = append(ours, took), append(bare, e.time())
		}
		if v := tv.View(); v.Screen != nav.ScreenHome || v.Menu != nil {
			return nil, fmt.Errorf("the walk ended at %s", drive.Describe(v))
		}
	}
	return []Figure{
		{"keys.next_screen_p50", 1000 * median(ours), "us", 1000 * median(bare), Target{}},
		{"keys.next_screen_p99", 1000 * blockP99(ours), "us", 1000 * blockP99(bare), Target{below, 1000}},
	}, nil
}

// measurePIN times a PIN's check, and keys that are pressed meanwhile.
func measurePIN(ctx context.Context, s *shop) (_ []Figure, err error) {
	tv, owner, done, err := s.watchedTV(ctx, "pin")
	if err != nil {
		return nil, err
	}
	defer func() { err = errors.Join(err, done()) }()
	const right = "2580"
	if err := lockFirst(ctx, tv, owner, right); err != nil {
		return nil, err
	}
	var checks, bare, keys []float64
	for range s.rounds(40) {
		// Wrong ones would soon have to wait.
		took, _, err := tv.check(ctx, right, false)
		if err != nil {
			return nil, err
		}
		checks = append(checks, took)
		_, during, err := tv.check(ctx, right, true)
		if err != nil {
			return nil, err
		}
		keys = append(keys, during...)
		begun := time.Now()
		if _, err := pin.Derive(right, make([]byte, pin.SaltSize), pin.DefaultCost); err != nil {
			return nil, err
		}
		bare = append(bare, ms(time.Since(begun)))
	}
	return []Figure{
		{"pin.check_p50", median(checks), "ms", median(bare), Target{}},
		{"pin.key_meanwhile_p99", 1000 * blockP99(keys), "us", 0, Target{below, 1000}},
	}, nil
}

// lockFirst gives the account's first profile a PIN and waits until the TV
// shows its lock.
func lockFirst(ctx context.Context, tv *watched, owner *drive.Account, digits string) error {
	list, err := owner.Profiles(ctx)
	if err != nil {
		return err
	}
	if err := owner.SetPIN(ctx, list[0].ID, digits); err != nil {
		return err
	}
	_, err = tv.wait(ctx, "a locked profile", func(v nav.View) bool { return len(v.Items) > 0 && v.Items[0].Locked })
	return err
}

// check types a PIN and returns how long its check took, and the times of keys
// where they are pressed meanwhile, in ms. It begins and ends at the gate.
func (tv *watched) check(ctx context.Context, digits string, press bool) (took float64, keys []float64, err error) {
	if err := tv.press(keyseq.OK); err != nil {
		return 0, nil, err
	}
	if err := tv.screen(ctx, nav.ScreenPIN); err != nil {
		return 0, nil, err
	}
	var begun time.Time
	for _, d := range digits {
		begun = time.Now() // at last, of the digit that starts the check
		if err := tv.press(keyseq.Digit0 + keyseq.Key(d-'0')); err != nil {
			return 0, nil, err
		}
	}
	checking := func(v nav.View) bool { return v.PIN != nil && v.PIN.Checking }
	for press && checking(tv.View()) {
		t, err := tv.time(keyseq.Up)
		if err != nil {
			return 0, nil, err
		}
		keys = append(keys, t)
	}
	if _, err := tv.wait(ctx, "an answer", func(v nav.View) bool { return !checking(v) }); err != nil {
		return 0, nil, err
	}
	return ms(time.Since(begun)), keys, tv.backToGate(ctx)
}

// backToGate shows the gate, as after standby.
func (tv *watched) backToGate(ctx context.Context) error {
	ctx, cancel := drive.Timeout(ctx, 10*time.Second)
	defer cancel()
	if err := tv.Resume(); err != nil {
		return err
	}
	return tv.screen(ctx, nav.ScreenGate)
}
