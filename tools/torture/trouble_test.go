package torture

import (
	"context"
	"fmt"
	"math/rand/v2"
	"net"
	"syscall"
	"time"
)

// trouble is something that breaks, and how it is mended.
type trouble struct {
	name string
	down func(s *street, node int) error
	up   func(ctx context.Context, s *street, node int) error
}

// onDatabase and onBus are troubles of a link, which heal ends.
func onDatabase(name string, f faults) trouble {
	return trouble{name, func(s *street, i int) error { s.database[i].set(f); return nil }, nil}
}

func onBus(name string, f faults) trouble {
	return trouble{name, func(s *street, i int) error { s.bus[i].set(f); return nil }, nil}
}

// jump is a clock that is changed while a node runs.
func jump(name string, there, back syscall.Signal) trouble {
	return trouble{name,
		func(s *street, i int) error { s.nodes[i].process.Signal(there); return nil },
		func(_ context.Context, s *street, i int) error { s.nodes[i].process.Signal(back); return nil }}
}

// processTroubles may happen to any server, streetTroubles where there are several.
var processTroubles = []trouble{
	{"a node is killed", func(s *street, i int) error { s.nodes[i].kill(); return nil }, nil},
	{"a node is frozen", func(s *street, i int) error { s.nodes[i].process.Signal(syscall.SIGSTOP); return nil },
		func(_ context.Context, s *street, i int) error {
			s.nodes[i].process.Signal(syscall.SIGCONT)
			return nil
		}},
	{"a node's clock is 4 s ahead", func(s *street, i int) error { s.nodes[i].plan.Ahead = 4 * time.Second; s.nodes[i].kill(); return nil },
		func(ctx context.Context, s *street, i int) error {
			if err := s.nodes[i].start(ctx); err != nil {
				return err
			}
			s.nodes[i].plan.Ahead = 0
			return nil
		}},
	jump("a node's clock jumps an hour ahead, and back", syscall.SIGUSR1, syscall.SIGUSR2),
	jump("a node's clock jumps an hour back, and ahead", syscall.SIGUSR2, syscall.SIGUSR1),
}

var streetTroubles = []trouble{
	{"PostgreSQL crashes", nil, func(ctx context.Context, s *street, _ int) error { return s.postgres.Crash(ctx) }},
	{"PostgreSQL is restarted", nil, func(ctx context.Context, s *street, _ int) error { return s.postgres.Restart(ctx) }},
	{"NATS is killed", func(s *street, _ int) error { s.nats.Kill(0); return nil },
		func(_ context.Context, s *street, _ int) error { return s.nats.Run(0) }},
	onDatabase("a node is cut off from PostgreSQL", faults{cut: true}),
	onDatabase("nothing comes to PostgreSQL", faults{holdUp: true}),
	onDatabase("nothing comes from PostgreSQL", faults{holdDown: true}),
	onDatabase("PostgreSQL is slow", faults{delay: 20 * time.Millisecond}),
	onDatabase("connections to PostgreSQL are torn", faults{torn: 20_000}),
	onBus("a node is cut off from NATS", faults{cut: true}),
	onBus("nothing comes from NATS", faults{holdDown: true}),
	onBus("NATS is slow", faults{delay: 200 * time.Millisecond}),
	onBus("connections to NATS are torn", faults{torn: 1_000}),
}

// trouble breaks one thing after another until the history is over, and leaves all
// whole. It returns what it broke.
func (l *linearRun) trouble(ctx context.Context, r *rand.Rand, over <-chan struct{}) (told []string, err error) {
	between := int64(*linearOps / (*linearFaults + 1))
	for n := range *linearFaults {
		if !l.reach(ctx, int64(n+1)*between-r.Int64N(between/2), nil, over) {
			break
		}
		what, node := l.s.troubles[r.IntN(len(l.s.troubles))], r.IntN(len(l.s.nodes))
		told = append(told, fmt.Sprintf("%s (%d)", what.name, node+1))
		if err := l.suffer(ctx, what, node, int64(5+r.IntN(15*len(l.s.nodes))), over); err != nil {
			return told, fmt.Errorf("%s: %w", what.name, err)
		}
	}
	return told, nil
}

// longest is how long something stays broken where nothing goes on meanwhile.
const longest = 700 * time.Millisecond

// suffer breaks something for so many operations.
func (l *linearRun) suffer(ctx context.Context, what trouble, node int, ops int64, over <-chan struct{}) error {
	if what.down != nil {
		if err := what.down(l.s, node); err != nil {
			return err
		}
		enough := time.NewTimer(longest)
		l.reach(ctx, l.done.Load()+ops, enough.C, over)
		enough.Stop()
	}
	if what.up != nil {
		if err := what.up(ctx, l.s, node); err != nil {
			return err
		}
	}
	l.s.heal()
	n := l.s.nodes[node]
	if n.process == nil {
		return n.start(ctx)
	}
	return n.ready(ctx)
}

// reach waits until so many operations are done; false: there will not be as many, or
// it was enough.
func (l *linearRun) reach(ctx context.Context, ops int64, enough <-chan time.Time, over <-chan struct{}) bool {
	for l.done.Load() < ops {
		select {
		case <-l.moved:
		case <-enough:
			return false
		case <-over:
			return l.done.Load() >= ops
		case <-ctx.Done():
			return false
		}
	}
	return true
}

func dialHome(n int) func(ctx context.Context, network, address string) (net.Conn, error) {
	return home(n).DialContext
}
