package main

import (
	"fmt"
	"runtime/debug"
)

// most is how many steps a history has at most before all heals.
const most = 24

// verdict is what became of one history.
type verdict struct {
	seed  uint64
	steps int
	wrong string // empty: every promise was kept

	covered coverage
}

// play plays the history of a seed, without the steps in skip.
func play(l *lab, seed uint64, b bug, skip map[int]bool, trace func(string)) (v verdict) {
	v.seed = seed
	if skip != nil {
		l.used = sharedBy // it was played here before
	}
	defer func() {
		switch p := recover().(type) {
		case nil:
		case broken:
			v.wrong = p.what
		default:
			v.wrong = fmt.Sprintf("panic: %v\n%s", p, debug.Stack())
		}
		l.driver.between = nil
		l.changed, l.notify = nil, nil
		if v.wrong != "" {
			l.used = sharedBy // the next one gets another database
		}
	}()
	w := newWorld(l, seed, b, trace)
	v.covered = w.covered
	w.race()
	v.steps = 4 + w.n(most-3)
	for i := range v.steps {
		if skip[i] {
			continue
		}
		w.step(i + 1)
		w.trace("step %d", i)
		w.act()
	}
	w.step(-1)
	w.heal()
	return v
}

// minimise looks for steps that a failure does not need, and returns the
// shorter history. The failure may be another one by then.
func minimise(l *lab, v verdict, b bug) (verdict, map[int]bool) {
	skip := map[int]bool{}
	for again := true; again; {
		again = false
		for i := v.steps - 1; i >= 0; i-- {
			if skip[i] {
				continue
			}
			skip[i] = true
			if shorter := play(l, v.seed, b, skip, nil); shorter.wrong != "" {
				v, again = shorter, true
				continue
			}
			delete(skip, i)
		}
	}
	return v, skip
}
