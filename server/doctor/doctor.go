// Package doctor looks at an installation of the server and says what is wrong with
// it and what to do, for operators (product rule O4).
//
// It is made of checks that look at one thing each: files and their modes, the
// machine, certificates, keys. What needs a driver, a database or a bus, is looked
// at by package server, which puts all of it together. No check changes anything,
// makes a file or takes a lock, so a running server may stand beside; only those
// that are called for connect to other machines. No finding holds a secret.
//
// Functions are safe for concurrent use. The tests break one thing after the other
// in a folder that is sound.
package doctor

import (
	"fmt"
	"io"
)

// Level is how bad a finding is.
type Level string

// The levels, from the best.
const (
	OK    Level = "ok"
	Skip  Level = "skip" // not looked at; Text says why
	Warn  Level = "warn" // works, and should be better
	Bad   Level = "bad"  // does not work, or is not safe
	width       = 12     // of a check's name in text
)

// Finding is what one check found.
type Finding struct {
	Check string `json:"check"` // a word
	Level Level  `json:"level"`
	Text  string `json:"text"`         // what is
	Do    string `json:"do,omitempty"` // what to do; empty where it is OK
}

// Good is a finding that all is well.
func Good(check, format string, args ...any) Finding {
	return Finding{Check: check, Level: OK, Text: fmt.Sprintf(format, args...)}
}

// Report is what all checks found, in their order.
type Report []Finding

// Count is how many findings have a level.
func (r Report) Count(l Level) (n int) {
	for _, f := range r {
		if f.Level == l {
			n++
		}
	}
	return n
}

// Write prints a report for people: a line for each finding, and one below it that
// says what to do.
func (r Report) Write(w io.Writer) error {
	for _, f := range r {
		if _, err := fmt.Fprintf(w, "%-4s  %-*s  %s\n", f.Level, width, f.Check, f.Text); err != nil {
			return err
		}
		if f.Do == "" {
			continue
		}
		if _, err := fmt.Fprintf(w, "      %-*s  -> %s\n", width, "", f.Do); err != nil {
			return err
		}
	}
	_, err := fmt.Fprintf(w, "\n%d ok, %d to improve, %d bad, %d not looked at\n", r.Count(OK), r.Count(Warn), r.Count(Bad), r.Count(Skip))
	return err
}
