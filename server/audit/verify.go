package audit

import (
	"errors"
	"fmt"
	"time"

	"github.com/hearthkey/hearthkey/server/keyring"
	"github.com/hearthkey/hearthkey/server/store"
)

// Kind says what is wrong with a log.
type Kind string

// The kinds of findings.
const (
	Changed  Kind = "changed"  // the entry is not what was hashed
	Inserted Kind = "inserted" // the entry does not follow on the one before it: put in, moved, or the one before was replaced
	Missing  Kind = "missing"  // entries before this one are gone
	Cut      Kind = "cut"      // the newest entries are gone
	Unsealed Kind = "unsealed" // from here on no seal answers for what is there
	Doubtful Kind = "doubtful" // from here on only a key does that leaked
)

// Finding is one thing that is wrong.
type Finding struct {
	Seq  int64 // the entry, or the first that is gone
	Kind Kind
	Text string
}

// Notice is something that is not wrong, and that whoever reads the log must know: a
// restore, or entries that were removed for their age.
type Notice struct {
	Seq  int64
	Text string
}

// Report is what [Verify] found.
type Report struct {
	First, Last int64 // numbers of the oldest and newest entry
	Entries     int64
	Head        Anchor    // the newest entry
	Findings    []Finding // at most maxFindings
	More        int       // findings beyond those
	Notices     []Notice
}

// Sound reports whether nothing is wrong.
func (r Report) Sound() bool { return len(r.Findings) == 0 }

const (
	maxFindings = 100  // breaks that are listed; then it is enough
	maxNotices  = 1000 // entries that are told of
)

// Source calls each for every entry in the order of their numbers.
type Source func(each func(store.AuditRow) error) error

// Verify reads a log from its beginning to its end, and once more where its last
// entry's seal does not answer for all of it. Anchors are entries that it must hold.
// head is what the database says is its newest; a zero one: not known.
func Verify(source Source, seals keyring.Seals, head store.AuditHead, anchors ...Anchor) (Report, error) {
	v := &verifier{seals: seals, anchors: map[int64]string{}}
	for _, a := range anchors {
		if a.Seq > 0 {
			v.anchors[a.Seq] = a.Hash
		}
	}
	if err := source(v.entry); err != nil {
		return Report{}, fmt.Errorf("verify audit log: %w", err)
	}
	v.beginning()
	v.end(head)
	if err := v.vouched(source); err != nil {
		return Report{}, fmt.Errorf("verify audit log: %w", err)
	}
	return v.r, nil
}

type verifier struct {
	seals   keyring.Seals
	anchors map[int64]string // not met yet
	r       Report
	first   store.AuditRow
	last    store.AuditRow
	trims   []store.AuditRow // ActTrim: few
	lost    [][2]int64       // numbers that a restore or a cut answers for
}

func (v *verifier) found(seq int64, kind Kind, format string, args ...any) {
	if len(v.r.Findings) >= maxFindings {
		v.r.More++
		return
	}
	v.r.Findings = append(v.r.Findings, Finding{seq, kind, fmt.Sprintf(format, args...)})
}

func (v *verifier) notice(seq int64, format string, args ...any) {
	if len(v.r.Notices) < maxNotices {
		v.r.Notices = append(v.r.Notices, Notice{seq, fmt.Sprintf(format, args...)})
	}
}

// entry looks at one entry beside the one before it.
func (v *verifier) entry(r store.AuditRow) error {
	sound := hashOf(r) == r.Hash
	if !sound {
		v.found(r.Seq, Changed, "entry %d was changed: it is not what its hash says", r.Seq)
	}
	if v.r.Entries == 0 {
		v.first, v.r.First = r, r.Seq
	} else {
		v.follows(r)
	}
	if want, ok := v.anchors[r.Seq]; ok {
		delete(v.anchors, r.Seq)
		if want != r.Hash {
			v.found(r.Seq, Changed, "entry %d is another one than was seen outside of the database", r.Seq)
		}
	}
	if sound {
		v.special(r)
	}
	v.last = r
	v.r.Entries++
	return nil
}

// follows looks at the number and the hash before.
func (v *verifier) follows(r store.AuditRow) {
	gap := r.Seq - v.last.Seq - 1
	switch from, to, ok := parseSpan(r.About); {
	case gap == 0:
	case ok && (r.Act == ActRestored || r.Act == ActCut) && from == v.last.Seq+1 && to == r.Seq-1 && r.Actor == Server:
	default:
		v.found(v.last.Seq+1, Missing, "%d entries are missing: %s", gap, span(v.last.Seq+1, r.Seq-1))
		return
	}
	if r.Prev != v.last.Hash {
		v.found(r.Seq, Inserted, "entry %d does not follow on entry %d: one was put in, replaced or moved", r.Seq, v.last.Seq)
	}
}

// special takes note of what the server says about the log itself.
func (v *verifier) special(r store.AuditRow) {
	if r.Actor != Server {
		return
	}
	at := r.At.UTC().Format(time.DateTime + " UTC")
	from, to, ok := parseSpan(r.About)
	switch r.Act {
	case ActTrim:
		if !ok {
			return
		}
		v.trims = append(v.trims, r)
		v.notice(r.Seq, "entries %s were removed for their age at %s", r.About, at)
	case ActRestored:
		if ok {
			v.lost = append(v.lost, [2]int64{from, to})
			v.notice(r.Seq, "entries %s are lost: a backup was restored before %s", r.About, at)
		} else {
			v.notice(r.Seq, "a backup was restored before %s", at)
		}
	case ActCut:
		if !ok {
			v.found(r.Seq, Changed, "another entry stood in the place of the newest that a server had seen, which found this at its start, %s", at)
			return
		}
		v.lost = append(v.lost, [2]int64{from, to})
		v.found(from, Missing, "entries %s were gone at %s, and no restore says why: a server that had seen them found this at its start", r.About, at)
	}
}

// beginning looks for who answers for the entries before the first.
func (v *verifier) beginning() {
	if v.r.Entries == 0 || v.first.Seq == 1 && v.first.Prev == "" {
		return
	}
	for _, t := range v.trims {
		if _, to, ok := parseSpan(t.About); ok && to == v.first.Seq-1 && t.Outcome == v.first.Prev {
			return
		}
	}
	if v.first.Seq == 1 {
		v.found(1, Inserted, "the first entry follows on one that there is not")
		return
	}
	v.found(1, Missing, "entries %s are missing, and nothing says that they were removed for their age", span(1, v.first.Seq-1))
}

// end looks for entries that are missing after the last.
func (v *verifier) end(head store.AuditHead) {
	v.r.Last, v.r.Head = v.last.Seq, Anchor{v.last.Seq, v.last.Hash, v.last.At}
	if head.Seq > v.last.Seq {
		v.found(v.last.Seq+1, Cut, "the newest entries are missing: the last is %d, and the database counted up to %d", v.last.Seq, head.Seq)
	} else if head.Seq > 0 && (head.Seq != v.last.Seq || head.Hash != v.last.Hash) {
		v.found(head.Seq, Inserted, "the database's head is entry %d, and entries stand behind it or in its place", head.Seq)
	}
	for seq := range v.anchors {
		switch {
		case v.answered(seq), seq < v.first.Seq:
		case seq > v.last.Seq:
			v.found(v.last.Seq+1, Cut, "the newest entries are missing: the last is %d, and entry %d was seen outside of the database", v.last.Seq, seq)
		default:
			v.found(seq, Missing, "entry %d was seen outside of the database and is missing", seq)
		}
	}
}

// answered reports whether a restore or a cut says that an entry is lost.
func (v *verifier) answered(seq int64) bool {
	for _, l := range v.lost {
		if l[0] <= seq && seq <= l[1] {
			return true
		}
	}
	return false
}

// check looks at one seal: nil, keyring.ErrRemoved, or why it counts for nothing.
func (v *verifier) check(r store.AuditRow) error {
	var c claims
	err := v.seals.Check(r.Seal, typ, &c)
	if (err == nil || errors.Is(err, keyring.ErrRemoved)) && (c != claims{v.seals.Server, r.Seq, r.Hash}) {
		return errForeign
	}
	return err
}

var errForeign = errors.New("audit: the seal is of something else")

// vouched looks from which entry on no seal answers for what is there. A seal answers
// for its entry and, by the hashes, for all before it, so the last one is enough.
func (v *verifier) vouched(source Source) error {
	if v.r.Entries == 0 || v.check(v.last) == nil {
		return nil
	}
	var sealed, unsealed int64 // seals that count or did; entries from before there were keys
	var after, afterAny int64  // the first entry after the newest seal that counts, and after one that does or did
	err := source(func(r store.AuditRow) error {
		err := v.check(r)
		switch {
		case err == nil:
			after, afterAny = 0, 0
			sealed++
			return nil
		case errors.Is(err, keyring.ErrRemoved):
			afterAny = 0
			sealed++
		case r.Seal == "" && r.Node == "" && r.Actor == "":
			unsealed++
		}
		if after == 0 {
			after = r.Seq
		}
		if afterAny == 0 && !errors.Is(err, keyring.ErrRemoved) {
			afterAny = r.Seq
		}
		return nil
	})
	switch {
	case err != nil:
		return err
	case sealed == 0 && unsealed == v.r.Entries:
		v.notice(v.first.Seq, "nothing is sealed yet: no server has started here")
	case afterAny != 0:
		v.found(afterAny, Unsealed, "no seal answers for entry %d and those after it: they were made anew, or put in, by somebody without the signing key", afterAny)
	case after != 0:
		v.found(after, Doubtful, "only a key that was removed seals entry %d and those after it: whoever has it could have made them", after)
	}
	return nil
}
