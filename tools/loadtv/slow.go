package loadtv

import (
	"context"
	"errors"
	"fmt"
	"time"

	"golang.org/x/sync/errgroup"

	"github.com/gorilla/websocket"

	"github.com/hearthkey/hearthkey/protocol"
)

// slowTime is within what a server must be rid of TVs that stopped reading: three
// heartbeats of up to a minute, and its patience with a write.
const slowTime = 4 * time.Minute

// slowPause is between two changes of the slow TVs' households.
const slowPause = 200 * time.Millisecond

// slowRounds is how often each change is timed before anybody is slow.
const slowRounds = 5

// Slow is what became of TVs that signed in and then did not take what they were sent,
// and of the others of their households meanwhile.
type Slow struct {
	TVs       int
	Dropped   []time.Duration // since each stopped, of those that the server has ended
	Kept      int             // those that read a little, and that it has not
	Before    []time.Duration // from the click until the last TV that reads knows of a change: nobody is slow
	Meanwhile []time.Duration // the same, with the slow ones beside it
}

// MaxSlow is how many TVs of households of these sizes [Fleet.Slow] can hold up: half of
// each.
func MaxSlow(sizes []int) (n int) {
	for _, size := range sizes {
		n += size / 2
	}
	return n
}

// Slow has n connected TVs, spread over the households, stop taking what they are sent:
// a third read nothing and say nothing, a third read nothing and go on answering, a
// third read a few bytes at a time. Their owners change profiles meanwhile, and the
// households' other TVs must hear of each change. It fails where a TV that reads nothing
// is still connected after four minutes. All are connected as before in the end.
func (f *Fleet) Slow(ctx context.Context, n int) (Slow, error) {
	return f.slow(ctx, n, []pace{mute, chatters, crawls})
}

func (f *Fleet) slow(ctx context.Context, n int, paces []pace) (Slow, error) {
	if n < 1 || n > MaxSlow(f.cfg.Sizes) {
		return Slow{}, fmt.Errorf("%w: %d slow TVs, want 1 to %d, half of each household", ErrBounds, n, MaxSlow(f.cfg.Sizes))
	}
	chosen := f.choose(n)
	s := Slow{TVs: n}
	for range slowRounds {
		if err := f.tellAll(ctx, chosen, &s.Before); err != nil {
			return s, err
		}
	}
	defer release(chosen)
	if err := f.brakeAll(ctx, slowOf(chosen), paces); err != nil {
		return s, err
	}
	stopped := time.Now()
	for {
		if err := f.tellAll(ctx, chosen, &s.Meanwhile); err != nil {
			return s, err
		}
		if err := watch(ctx, chosen, stopped); err != nil {
			return s, err
		}
		waits := s.count(slowOf(chosen))
		f.cfg.Progress("slow", n-waits, n)
		if waits == 0 {
			break
		}
		if time.Since(stopped) > slowTime {
			return s, fmt.Errorf("slow: %d TVs that read nothing are still connected after %s", waits, slowTime)
		}
		select {
		case <-time.After(slowPause):
		case <-ctx.Done():
			return s, context.Cause(ctx)
		}
	}
	release(chosen)
	_, err := f.Connect(ctx)
	return s, err
}

// count says what became of the slow TVs so far, and how many the server should still end.
func (s *Slow) count(slow []*tv) (waits int) {
	s.Dropped, s.Kept = nil, 0
	for _, t := range slow {
		switch {
		case t.brake.gone > 0:
			s.Dropped = append(s.Dropped, t.brake.gone)
		case t.brake.kind == crawls:
			s.Kept++
		default:
			waits++
		}
	}
	return waits
}

// choose takes n TVs, of each household in turn, and returns them by household.
func (f *Fleet) choose(n int) map[int][]*tv {
	chosen := map[int][]*tv{}
	for place := 0; n > 0; place++ {
		for i, h := range f.homes {
			if place < len(h.tvs)/2 && n > 0 {
				chosen[i] = append(chosen[i], h.tvs[place])
				n--
			}
		}
	}
	return chosen
}

func slowOf(chosen map[int][]*tv) (all []*tv) {
	for _, tvs := range chosen {
		all = append(all, tvs...)
	}
	return all
}

// brakeAll connects TVs again by sockets with small buffers, and then has them stop, each
// in the next way.
func (f *Fleet) brakeAll(ctx context.Context, all []*tv, paces []pace) error {
	for i, t := range all {
		t.hangup()
		t.brake = newBrake(paces[i%len(paces)])
	}
	if _, err := f.connect(ctx, all); err != nil {
		return err
	}
	for _, t := range all {
		t.hungUp.Store(true) // whatever ends it now is no loss
		t.brake.apply()
	}
	return nil
}

// tellAll changes a profile of every household with slow TVs, a few at a time, and notes
// how long it took until the last of its other TVs knew.
func (f *Fleet) tellAll(ctx context.Context, chosen map[int][]*tv, into *[]time.Duration) error {
	took := make([]time.Duration, len(f.homes))
	g, ctx := errgroup.WithContext(ctx)
	g.SetLimit(signUps)
	for i, tvs := range chosen {
		for _, t := range tvs {
			t.chatter()
		}
		g.Go(func() error {
			n, err := f.Nudge(ctx, i)
			for _, d := range n.Told {
				took[i] = max(took[i], d)
			}
			return err
		})
	}
	if err := g.Wait(); err != nil {
		return fmt.Errorf("slow: %w", err)
	}
	for i := range chosen {
		*into = append(*into, took[i])
	}
	return nil
}

// chatter answers pings that were not read.
func (t *tv) chatter() {
	if t.brake != nil && t.brake.kind == chatters && t.brake.gone == 0 {
		_ = t.ws.WriteControl(websocket.PongMessage, nil, time.Now().Add(time.Second)) // the list says whether it is gone
	}
}

// watch asks the owners which of the slow TVs are still connected.
func watch(ctx context.Context, chosen map[int][]*tv, stopped time.Time) error {
	for _, tvs := range chosen {
		list, err := tvs[0].host.owner.Devices(ctx)
		if err != nil {
			return fmt.Errorf("slow: %w", err)
		}
		online := map[protocol.DeviceID]bool{}
		for _, d := range list {
			online[d.ID] = d.Online
		}
		for _, t := range tvs {
			if t.brake.gone == 0 && !online[t.id] {
				t.brake.gone = time.Since(stopped)
			}
		}
	}
	return nil
}

// release hangs up those that are slow, and has them be as others.
func release(chosen map[int][]*tv) {
	for _, t := range slowOf(chosen) {
		if t.brake != nil {
			t.hangup()
			t.brake = nil
		}
	}
}

var errBraked = errors.New("loadtv: the TV was slow")
