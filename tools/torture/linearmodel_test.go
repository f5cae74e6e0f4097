package torture

import (
	"fmt"
	"math"
	"testing"

	"github.com/anishathalye/porcupine"
)

// What somebody does with a sign-in, of a browser or of a TV.
type linearKind int

const (
	linearBegin      linearKind = iota // a browser's sign-in
	linearAccess                       // GET /v1/session, or a TV that connects
	linearEnd                          // a browser's own sign-out
	linearEverywhere                   // a browser signs out everything but itself
	linearApprove                      // a browser signs a TV in
	linearEndTV                        // a browser signs a TV out
	linearKinds
)

func (k linearKind) String() string {
	return [linearKinds]string{"sign-in", "access", "sign-out", "everywhere", "approve", "tv-out"}[k]
}

// linearSign is a sign-in of an account: the n-th of its browsers, or of its TVs.
type linearSign struct {
	tv bool
	n  int
}

type linearInput struct {
	kind    linearKind
	account int
	who     linearSign // of a sign-in the one that it makes
	about   linearSign // the TV that is signed in or out
}

// linearOutput is how an operation went, as far as its client knows.
type linearOutput int

const (
	linearDone    linearOutput = iota
	linearRefused              // who asked is signed out
	linearUnknown              // no answer came: it may have happened, also later
)

func (o linearOutput) String() string { return [...]string{"done", "refused", "unknown"}[o] }

// linearSigns bounds the browsers and the TVs of an account in a history: fewer than
// the product keeps, so that none is ended for being the oldest.
const linearSigns = 45

// linearState is what lives of an account, by numbers.
type linearState struct{ browsers, tvs uint64 }

func (s linearState) has(w linearSign) bool {
	if w.tv {
		return s.tvs>>w.n&1 == 1
	}
	return s.browsers>>w.n&1 == 1
}

func (s linearState) with(w linearSign, alive bool) linearState {
	set := &s.browsers
	if w.tv {
		set = &s.tvs
	}
	if *set &^= 1 << w.n; alive {
		*set |= 1 << w.n
	}
	return s
}

// step is one operation. What was answered is before everything that began after it,
// whatever died in between; what was not may come whenever, or as the last of all.
func (s linearState) step(in linearInput, out linearOutput) (bool, linearState) {
	alive := s.has(in.who)
	switch {
	case in.kind == linearBegin:
		return true, s.with(in.who, true)
	case in.kind == linearAccess:
		return alive == (out == linearDone), s
	case in.kind == linearEnd && out != linearRefused:
		return true, s.with(in.who, false) // of two at once the second finds nothing left to do
	case out == linearRefused || !alive:
		return !alive && out != linearDone, s // unknown, and too late: nothing came of it
	}
	switch in.kind {
	case linearApprove:
		return true, s.with(in.about, true)
	case linearEndTV:
		return true, s.with(in.about, false)
	}
	return true, linearState{}.with(in.who, true)
}

var linearModel = porcupine.Model{
	Partition: func(history []porcupine.Operation) (out [][]porcupine.Operation) {
		by := map[int][]porcupine.Operation{}
		for _, o := range history {
			account := o.Input.(linearInput).account
			by[account] = append(by[account], o)
		}
		for _, list := range by {
			out = append(out, list)
		}
		return out
	},
	Init: func() any { return linearState{} },
	Step: func(state, input, output any) (bool, any) {
		return state.(linearState).step(input.(linearInput), output.(linearOutput))
	},
	DescribeOperation: func(input, output any) string {
		in := input.(linearInput)
		return fmt.Sprintf("%v of %+v about %+v: %v", in.kind, in.who, in.about, output)
	},
}

// The checker would see it.
func TestLinearCheckerSees(t *testing.T) {
	at := int64(0)
	browser, screen := func(n int) linearSign { return linearSign{n: n} }, func(n int) linearSign { return linearSign{tv: true, n: n} }
	op := func(kind linearKind, who, about linearSign, out linearOutput) porcupine.Operation {
		at += 2
		return porcupine.Operation{Input: linearInput{kind: kind, who: who, about: about}, Output: out, Call: at, Return: at + 1}
	}
	none := linearSign{}
	good := []porcupine.Operation{
		op(linearBegin, browser(0), none, linearDone), op(linearBegin, browser(1), none, linearDone),
		op(linearAccess, browser(0), none, linearDone), op(linearEnd, browser(0), none, linearDone), op(linearAccess, browser(0), none, linearRefused),
		op(linearApprove, browser(1), screen(0), linearDone), op(linearApprove, browser(1), screen(1), linearDone), op(linearAccess, screen(0), none, linearDone),
		op(linearEndTV, browser(1), screen(0), linearDone), op(linearAccess, screen(0), none, linearRefused), op(linearAccess, screen(1), none, linearDone),
		op(linearBegin, browser(9), none, linearDone), op(linearApprove, browser(9), screen(2), linearDone), op(linearEverywhere, browser(9), none, linearDone),
		op(linearAccess, browser(1), none, linearRefused), op(linearAccess, screen(1), none, linearRefused), op(linearAccess, browser(9), none, linearDone),
		op(linearApprove, browser(9), screen(3), linearDone),
	}
	if !porcupine.CheckOperations(linearModel, good) {
		t.Error("a good history is refused")
	}
	for name, bad := range map[string]porcupine.Operation{
		"access after its sign-out":           op(linearAccess, browser(0), none, linearDone),
		"access after a sign-out of all":      op(linearAccess, browser(1), none, linearDone),
		"a TV's access after its sign-out":    op(linearAccess, screen(0), none, linearDone),
		"a TV's after a sign-out of all":      op(linearAccess, screen(2), none, linearDone),
		"a live session that is refused":      op(linearAccess, browser(9), none, linearRefused),
		"a live TV that is refused":           op(linearAccess, screen(3), none, linearRefused),
		"a sign-out by a session that is out": op(linearEverywhere, browser(0), none, linearDone),
		"an approval by one that is out":      op(linearApprove, browser(1), screen(4), linearDone),
		"a TV's sign-out by one that is out":  op(linearEndTV, browser(1), screen(3), linearDone),
	} {
		if porcupine.CheckOperations(linearModel, append(good[:len(good):len(good)], bad)) {
			t.Errorf("%s is taken for linearizable", name)
		}
	}
	late := op(linearEndTV, browser(9), screen(3), linearUnknown)
	late.Return = math.MaxInt64
	more := append(good[:len(good):len(good)], late, op(linearAccess, screen(3), none, linearDone), op(linearAccess, screen(3), none, linearRefused))
	if !porcupine.CheckOperations(linearModel, more) {
		t.Error("a sign-out that was cut off may happen late")
	}
}
