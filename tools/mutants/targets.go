package main

import (
	"cmp"
	"slices"
)

// Target is code whose tests have to notice every change.
type Target struct {
	Package string   // as ./agent/pinlock
	File    string   // in it
	Funcs   []string // of it; nil: all
	Test    string   // which tests are run; empty: all of the package
	Skip    string   // which are not
	In      string   // another package whose tests are run
	Args    []string // for them
}

// tests are the arguments of "go test".
func (t Target) tests() []string {
	out := []string{cmp.Or(t.In, t.Package)}
	if t.Test != "" {
		out = append(out, "-run", t.Test)
	}
	if t.Skip != "" {
		out = append(out, "-skip", t.Skip)
	}
	if len(t.Args) > 0 {
		out = append(append(out, "-args"), t.Args...)
	}
	return out
}

func (t Target) in(fn string) bool { return t.Funcs == nil || slices.Contains(t.Funcs, fn) }

// fewSchedules has the tests of agent/session end within seconds, and notShrinking leaves
// out the one that is about a schedule's own shortening.
var (
	fewSchedules = []string{"-schedules", "40"}
	notShrinking = "TestScheduleShrinks"
)

// targets are the code of leases, of sign-ins and their epochs, of PINs and of throttles.
var targets = []Target{
	// Leases.
	{Package: "./agent/session", File: "lease.go", Skip: notShrinking, Args: fewSchedules},
	{Package: "./agent/session", File: "ask.go", Skip: notShrinking, Args: fewSchedules},
	{Package: "./agent/session", File: "enddate.go", Skip: notShrinking, Args: fewSchedules},
	{Package: "./server/device", File: "bound.go", Test: "Bound|Online|Lease|D6|D7|Wish|End"},

	// Epochs: which state replaces which, and who is signed in.
	{Package: "./protocol", File: "status.go"},
	{Package: "./agent/session", File: "state.go", Skip: notShrinking, Args: fewSchedules},
	{Package: "./server/device", File: "status.go"},
	{Package: "./server/device", File: "connect.go", Funcs: []string{"signIn", "current", "admit"}},

	// PINs.
	{Package: "./agent/pinlock", File: "pinlock.go"},
	{Package: "./protocol/pin", File: "pin.go"},

	// Throttles.
	{Package: "./server/account", File: "throttle.go", Test: "V5|Throttle|Wait|Lock|Streak|Fail"},
	{Package: "./server/store", File: "throttles.go", In: "./server/account", Test: "V5|V1_|Throttle|Wait|Lock|Streak|Fail|Sends"},
	{Package: "./server/api", File: "pace.go"},
	{Package: "./server/api", File: "door.go"},
	{Package: "./server/admit", File: "admit.go"},
}
