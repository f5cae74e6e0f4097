package audit_test

import (
	"crypto/rand"
	"errors"
	"fmt"
	"log/slog"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/hearthkey/hearthkey/server/audit"
	"github.com/hearthkey/hearthkey/server/keyring"
	"github.com/hearthkey/hearthkey/server/servertest"
	"github.com/hearthkey/hearthkey/server/store"
)

// office is a log on a real database, with keys of its own.
type office struct {
	t      *testing.T
	db     *store.DB
	driver store.Driver
	keys   *keyring.Ring
	folder string // of the keys
	head   audit.HeadFile
	path   string // of head
	now    time.Time
}

func newOffice(t *testing.T) *office {
	t.Helper()
	dir := t.TempDir()
	o := &office{t: t, driver: servertest.Driver(t), folder: filepath.Join(dir, "keys"), path: filepath.Join(dir, "audit.head"), now: time.Date(2026, 11, 26, 20, 0, 0, 0, time.UTC)}
	var err error
	o.db, err = store.Open(t.Context(), o.driver, slog.New(slog.DiscardHandler))
	o.must(err)
	t.Cleanup(func() { o.db.Close() })
	o.keys, err = keyring.Open(o.folder, "tv.example", nil)
	o.must(err)
	o.head = audit.NewHeadFile(o.path)
	return o
}

func (o *office) must(err error) {
	o.t.Helper()
	if err != nil {
		o.t.Fatal(err)
	}
}

func (o *office) log(node string) *audit.Log {
	return audit.New(audit.Config{Keys: o.keys, Node: node, Head: o.head})
}

// write appends n entries, a minute apart.
func (o *office) write(l *audit.Log, n int) {
	o.t.Helper()
	for range n {
		o.now = o.now.Add(time.Minute)
		o.must(o.db.Update(o.t.Context(), func(tx *store.Tx) error {
			return l.Append(tx, o.now, audit.Entry{Actor: "olga", Act: "lock", About: "0193-account", Reason: "phoned, ümlaut"})
		}))
	}
}

func (o *office) rows() (rows []store.AuditRow, head store.AuditHead) {
	o.t.Helper()
	o.must(o.driver.View(o.t.Context(), func(q store.Querier) (err error) {
		rows = nil
		head, err = store.ReadAudit(o.t.Context(), q, func(r store.AuditRow) error { rows = append(rows, r); return nil })
		return err
	}))
	return rows, head
}

func (o *office) seals() keyring.Seals {
	o.t.Helper()
	s, err := keyring.ReadSeals(o.folder)
	o.must(err)
	return s
}

// verify reads the database, with what the head's file says.
func (o *office) verify() audit.Report {
	o.t.Helper()
	rows, head := o.rows()
	seen, err := o.head.Read()
	o.must(err)
	r, err := audit.Verify(from(rows), o.seals(), head, seen)
	o.must(err)
	return r
}

func from(rows []store.AuditRow) audit.Source {
	return func(each func(store.AuditRow) error) error {
		for _, r := range rows {
			if err := each(r); err != nil {
				return err
			}
		}
		return nil
	}
}

// spoil runs a statement as somebody with the rights of the database would.
func (o *office) spoil(query string, args ...any) {
	o.t.Helper()
	o.must(o.driver.Update(o.t.Context(), func(q store.Querier) error {
		_, err := q.ExecContext(o.t.Context(), query, args...)
		return err
	}))
}

// kinds writes findings as "kind seq", in their order.
func kinds(r audit.Report) (out []string) {
	for _, f := range r.Findings {
		out = append(out, fmt.Sprintf("%s %d", f.Kind, f.Seq))
	}
	return out
}

func expect(t *testing.T, r audit.Report, want ...string) {
	t.Helper()
	if got := kinds(r); !slices.Equal(got, want) {
		t.Errorf("found %v, want %v\n%+v", got, want, r.Findings)
	}
}

// ASVS 16.4.2: whoever has the database changes one thing after the other, and the
// verifier says where.
func TestO3_TamperingIsSeenWhereItIs(t *testing.T) {
	o := newOffice(t)
	o.write(o.log("n1"), 12)
	rows, _ := o.rows()
	for _, c := range []struct {
		what  string
		query []string
		want  []string
	}{
		{"nothing", nil, nil},
		{"a reason is changed", []string{`UPDATE audit SET reason = 'x' WHERE seq = 5`}, []string{"changed 5"}},
		{"an actor is changed", []string{`UPDATE audit SET actor = 'mallory' WHERE seq = 5`}, []string{"changed 5"}},
		{"a time is changed", []string{`UPDATE audit SET at = at + 1 WHERE seq = 5`}, []string{"changed 5"}},
		{"what it is about is changed", []string{`UPDATE audit SET about = '' WHERE seq = 5`}, []string{"changed 5"}},
		{"a word moves from one column to the next", []string{`UPDATE audit SET act = 'lock0193', about = '-account' WHERE seq = 5`}, []string{"changed 5"}},
		{"an entry is deleted", []string{`DELETE FROM audit WHERE seq = 5`}, []string{"missing 5"}},
		{"three are deleted", []string{`DELETE FROM audit WHERE seq BETWEEN 4 AND 6`}, []string{"missing 4"}},
		{"one is deleted and the rest moves up", []string{`DELETE FROM audit WHERE seq = 10`, `UPDATE audit SET seq = 10 WHERE seq = 11`, `UPDATE audit SET seq = 11 WHERE seq = 12`}, []string{"changed 10", "inserted 10", "changed 11", "cut 12", "cut 12", "unsealed 10"}},
		{"two change places", []string{`UPDATE audit SET seq = 99 WHERE seq = 5`, `UPDATE audit SET seq = 5 WHERE seq = 6`, `UPDATE audit SET seq = 6 WHERE seq = 99`}, []string{"changed 5", "inserted 5", "changed 6", "inserted 6", "inserted 7"}},
		{"a copy is put in at the end", []string{`INSERT INTO audit SELECT 13, entry_id, outcome_of, at, node, actor, act, about, reason, outcome, prev, hash, seal FROM audit WHERE seq = 12`}, []string{"changed 13", "inserted 13", "inserted 12", "unsealed 13"}},
		{"the newest are cut off", []string{`DELETE FROM audit WHERE seq > 9`}, []string{"cut 10", "cut 10"}},
		{"the newest are cut off, and the head goes back", []string{`DELETE FROM audit WHERE seq > 9`, `UPDATE audit_head SET seq = 9, hash = (SELECT hash FROM audit WHERE seq = 9)`}, []string{"cut 10"}},
		{"the oldest are cut off", []string{`DELETE FROM audit WHERE seq < 4`}, []string{"missing 1"}},
		{"all are deleted", []string{`DELETE FROM audit`, `UPDATE audit_head SET seq = 0, hash = ''`}, []string{"cut 1"}},
	} {
		t.Run(c.what, func(t *testing.T) {
			o.t = t
			for _, q := range c.query {
				o.spoil(q)
			}
			expect(t, o.verify(), c.want...)
			o.spoil(`DELETE FROM audit`)
			o.must(o.db.Update(t.Context(), func(tx *store.Tx) (err error) {
				for _, r := range rows {
					err = errors.Join(err, tx.InsertAudit(r))
				}
				return err
			}))
		})
	}
}

// ASVS 16.4.2: somebody who knows how the hashes are made makes all of them anew: what is missing is
// a seal. With a copy of the log from elsewhere, its own keys give it away.
func TestO3_AChainMadeAnewHasNoSeals(t *testing.T) {
	o := newOffice(t)
	o.write(o.log("n1"), 8)
	honest, head := o.rows()
	mallory := newOffice(t)
	for i, r := range honest {
		e := audit.Entry{ID: r.ID, Actor: r.Actor, Act: r.Act, About: r.About, Reason: r.Reason, Outcome: r.Outcome}
		if i == 4 {
			e.Actor = "nobody"
		}
		mallory.must(mallory.db.Update(t.Context(), func(tx *store.Tx) error { return mallory.log(r.Node).Append(tx, r.At, e) }))
	}
	forged, forgedHead := mallory.rows()
	for _, c := range []struct {
		what string
		rows []store.AuditRow
		head store.AuditHead
		want []string
	}{
		{"all of it, by other keys", forged, forgedHead, []string{"unsealed 1"}},
		{"from the changed entry on", append(slices.Clone(honest[:4]), forged[4:]...), forgedHead, []string{"unsealed 5"}},
		{"with the seals of the honest one", resealed(forged, honest), forgedHead, []string{"unsealed 5"}},
		{"the honest one", honest, head, nil},
	} {
		r, err := audit.Verify(from(c.rows), o.seals(), c.head)
		o.must(err)
		t.Run(c.what, func(t *testing.T) { expect(t, r, c.want...) })
	}
	seen, err := o.head.Read()
	o.must(err)
	r, err := audit.Verify(from(forged), mallory.seals(), forgedHead, seen) // with the signing key too
	o.must(err)
	expect(t, r, "changed 8")
}

func resealed(rows, seals []store.AuditRow) []store.AuditRow {
	out := slices.Clone(rows)
	for i := range out {
		out[i].Seal = seals[i].Seal
	}
	return out
}

// A key that leaked and was removed vouches for nothing that no later key covers.
func TestO3_ARemovedKeyLeavesDoubt(t *testing.T) {
	o := newOffice(t)
	o.write(o.log("n1"), 3)
	leaked := o.keys.InUse()
	f, err := keyring.OpenFolder(o.folder)
	o.must(err)
	install := func(d keyring.Draft, err error) {
		t.Helper()
		o.must(err)
		lists, err := d.Sign(f.Root())
		o.must(err)
		o.must(f.Install(lists))
	}
	install(f.Add(o.now, rand.Reader))
	_, _, err = f.Use(o.now, true)
	o.must(err)
	install(f.Remove(leaked, o.now, rand.Reader))
	o.must(f.Close())
	expect(t, o.verify(), "doubtful 1")
	_, err = o.keys.Reload()
	o.must(err)
	o.write(o.log("n1"), 1)
	expect(t, o.verify())
}

// Several nodes write at once, and the chain is one.
func TestO3_NodesTakeTurns(t *testing.T) {
	o := newOffice(t)
	const nodes, each = 4, 12
	var running sync.WaitGroup
	errs := make(chan error, nodes)
	for n := range nodes {
		running.Go(func() {
			l := o.log(fmt.Sprint("n", n))
			for range each {
				err := o.db.Update(t.Context(), func(tx *store.Tx) error {
					return l.Append(tx, o.now, audit.Entry{Actor: "olga", Act: "find"})
				})
				for tries := 0; errors.Is(err, store.ErrBusy) && tries < 10; tries++ {
					err = o.db.Update(t.Context(), func(tx *store.Tx) error {
						return l.Append(tx, o.now, audit.Entry{Actor: "olga", Act: "find"})
					})
				}
				if err != nil {
					errs <- err
					return
				}
			}
		})
	}
	running.Wait()
	close(errs)
	for err := range errs {
		t.Fatal(err)
	}
	r := o.verify()
	expect(t, r)
	if r.Entries != nodes*each || r.Last != nodes*each {
		t.Errorf("%d entries up to %d, want %d", r.Entries, r.Last, nodes*each)
	}
}

// ASVS 16.4.2: old entries go, the chain stays whole, and what was seen of them is no cut.
func TestO3_RetentionKeepsTheChain(t *testing.T) {
	o := newOffice(t)
	l := o.log("n1")
	o.write(l, 6)
	old, _ := o.rows()
	seen := audit.Anchor{Seq: old[2].Seq, Hash: old[2].Hash}
	o.now = o.now.Add(time.Hour)
	o.write(l, 2)
	for range 2 { // the second time there is nothing to remove
		o.must(o.db.Update(t.Context(), func(tx *store.Tx) error { return l.Trim(tx, o.now, o.now.Add(-30*time.Minute)) }))
	}
	rows, head := o.rows()
	if len(rows) != 3 || rows[0].Seq != 7 || rows[2].Act != audit.ActTrim || rows[2].About != "1-6" {
		t.Fatalf("left are %+v", rows)
	}
	r, err := audit.Verify(from(rows), o.seals(), head, seen)
	o.must(err)
	expect(t, r)
	if len(r.Notices) != 1 {
		t.Errorf("notices %+v", r.Notices)
	}
	o.spoil(`DELETE FROM audit WHERE seq = 7`)
	expect(t, o.verify(), "missing 1")
}

// A server that starts after entries were cut off says so, and goes on above them.
func TestO3_ACutIsFoundAtTheStart(t *testing.T) {
	o := newOffice(t)
	o.write(o.log("n1"), 7)
	o.spoil(`DELETE FROM audit WHERE seq > 4`)
	o.spoil(`UPDATE audit_head SET seq = 4, hash = (SELECT hash FROM audit WHERE seq = 4)`)
	if err := o.log("n2").Look(t.Context(), o.db); !errors.Is(err, audit.ErrCut) {
		t.Errorf("Look = %v, want ErrCut", err)
	}
	if err := o.log("n2").Begin(t.Context(), o.db, o.now); !errors.Is(err, audit.ErrCut) {
		t.Errorf("Begin = %v, want ErrCut", err)
	}
	if err := o.log("n3").Begin(t.Context(), o.db, o.now); err != nil {
		t.Errorf("the second Begin = %v", err)
	}
	o.write(o.log("n3"), 1)
	expect(t, o.verify(), "missing 5")
}

// A restored backup is no tampering, and the log says what is lost with it.
func TestO4_ARestoreLeavesAGapThatIsTold(t *testing.T) {
	o := newOffice(t)
	o.write(o.log("n1"), 7)
	o.spoil(`DELETE FROM audit WHERE seq > 4`)
	o.spoil(`UPDATE audit_head SET seq = 4, hash = (SELECT hash FROM audit WHERE seq = 4)`)
	o.spoil(`INSERT INTO restores (restored, backup, epochs) VALUES ($1, $2, 1)`, o.now.Add(time.Second).UnixMilli(), o.now.Add(-time.Hour).UnixMilli())
	for _, node := range []string{"n2", "n3"} { // once, whoever starts
		o.must(o.log(node).Begin(t.Context(), o.db, o.now.Add(time.Minute)))
	}
	rows, _ := o.rows()
	last := rows[len(rows)-1]
	if len(rows) != 5 || last.Seq != 8 || last.Act != audit.ActRestored || last.About != "5-7" {
		t.Errorf("the last of %d is %+v", len(rows), last)
	}
	r := o.verify()
	expect(t, r)
	if len(r.Notices) != 1 || !strings.Contains(r.Notices[0].Text, "5-7") {
		t.Errorf("notices %+v", r.Notices)
	}
}

// What was written since the backup goes on in the restored database, where the one
// before can be read.
func TestO4_TheLogIsCarriedOverARestore(t *testing.T) {
	old, fresh := newOffice(t), newOffice(t)
	old.write(old.log("n1"), 5)
	rows, _ := old.rows()
	fresh.folder, fresh.head = old.folder, old.head
	fresh.must(fresh.db.Update(t.Context(), func(tx *store.Tx) error {
		return errors.Join(tx.InsertAudit(rows[0]), tx.InsertAudit(rows[1]))
	}))
	n, err := fresh.db.CarryAudit(t.Context(), old.driver)
	if err != nil || n != 3 {
		t.Errorf("carried %d, %v; want 3", n, err)
	}
	expect(t, fresh.verify())
	other := newOffice(t) // a database with another log: nothing of it is taken
	other.write(other.log("n9"), 9)
	if n, err := fresh.db.CarryAudit(t.Context(), other.driver); err != nil || n != 0 {
		t.Errorf("carried %d of another log, %v", n, err)
	}
}

// Before the first start nothing can be sealed; the first start vouches.
func TestO3_BeforeTheFirstStart(t *testing.T) {
	o := newOffice(t)
	o.write(audit.New(audit.Config{}), 2)
	expect(t, o.verify(), "unsealed 1") // not by the folder, and not sealed
	o.spoil(`DELETE FROM audit`)
	o.spoil(`UPDATE audit_head SET seq = 0, hash = ''`)
	folder := audit.New(audit.Config{})
	add := func() {
		o.must(o.db.Update(t.Context(), func(tx *store.Tx) error { return folder.Append(tx, o.now, audit.Entry{Act: "operator-add"}) }))
	}
	add()
	expect(t, o.verify())
	o.must(o.log("n1").Keys(t.Context(), o.db, o.now, "list 1"))
	o.must(o.log("n2").Keys(t.Context(), o.db, o.now, "list 1")) // is known
	if r := o.verify(); r.Entries != 2 || !r.Sound() {
		t.Errorf("found %+v", r)
	}
	add() // with keys there is no reason for an entry without a seal
	expect(t, o.verify(), "unsealed 3")
}

func TestHeadFiles(t *testing.T) {
	path := filepath.Join(t.TempDir(), "audit.head")
	h := audit.NewHeadFile(path)
	hash := strings.Repeat("a", 43)
	for _, c := range []struct{ seq, want int64 }{{3, 3}, {2, 3}, {3, 3}, {9, 9}} {
		if err := h.Raise(audit.Anchor{Seq: c.seq, Hash: hash, At: time.UnixMilli(5)}); err != nil {
			t.Fatal(err)
		}
		if a, err := h.Read(); err != nil || a.Seq != c.want || !a.At.Equal(time.UnixMilli(5)) {
			t.Errorf("after %d: %v, %v, want %d", c.seq, a, err, c.want)
		}
	}
	for _, text := range []string{"", "x", "0:" + hash, "-1:" + hash, "1:" + hash[1:], "1:" + hash + "a", "1:" + hash[1:] + "!", "1:" + hash + " yesterday", "1" + hash} {
		if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
		if _, err := h.Read(); !errors.Is(err, audit.ErrAnchor) {
			t.Errorf("Read of %q = %v, want ErrAnchor", text, err)
		}
	}
	if err := h.Raise(audit.Anchor{Seq: 1, Hash: hash}); err != nil {
		t.Errorf("a damaged file is not replaced: %v", err)
	}
	if a, err := (audit.HeadFile{}).Read(); err != nil || a.Seq != 0 {
		t.Errorf("no file: %v, %v", a, err)
	}
}

func TestExportsVerify(t *testing.T) {
	o := newOffice(t)
	o.write(o.log("n1"), 5)
	rows, head := o.rows()
	var text strings.Builder
	for _, r := range rows {
		o.must(audit.Write(&text, r))
	}
	read := func(s string) audit.Source {
		return func(each func(store.AuditRow) error) error { return audit.Read(strings.NewReader(s), each) }
	}
	r, err := audit.Verify(read(text.String()), o.seals(), head)
	o.must(err)
	expect(t, r)
	r, err = audit.Verify(read(strings.Replace(text.String(), "ümlaut", "umlaut", 1)), o.seals(), head)
	o.must(err)
	expect(t, r, "changed 1")
	for _, bad := range []string{"\n", "{}{}\n", "[]\n", `{"seq":"1"}` + "\n", `{"sequence":1}` + "\n", strings.Repeat("x", 70<<10)} {
		if err := audit.Read(strings.NewReader(text.String()+bad), func(store.AuditRow) error { return nil }); !errors.Is(err, audit.ErrExport) {
			t.Errorf("Read of %.20q = %v, want ErrExport", bad, err)
		}
	}
}

func FuzzRead(f *testing.F) {
	f.Add(`{"seq":1,"at":"2026-11-26T20:00:00Z","actor":"olga","act":"lock","entry":"x","hash":"y"}`)
	f.Add("{}\n{}")
	f.Fuzz(func(t *testing.T, text string) {
		_ = audit.Read(strings.NewReader(text), func(r store.AuditRow) error {
			var back strings.Builder
			if err := audit.Write(&back, r); err != nil {
				return err
			}
			return audit.Read(strings.NewReader(back.String()), func(again store.AuditRow) error {
				if !again.At.Equal(r.At) {
					t.Errorf("%v became %v", r, again)
				}
				again.At = r.At
				if again != r {
					t.Errorf("%v became %v", r, again)
				}
				return nil
			})
		})
	})
}

func FuzzParseAnchor(f *testing.F) {
	f.Add("7:" + strings.Repeat("a", 43) + " 2026-11-26T20:00:00Z")
	f.Fuzz(func(t *testing.T, text string) {
		a, err := audit.ParseAnchor(text)
		if err != nil {
			return
		}
		if back, err := audit.ParseAnchor(a.String()); err != nil || back.Seq != a.Seq || back.Hash != a.Hash || !back.At.Equal(a.At) {
			t.Errorf("%q became %v, %v", text, back, err)
		}
	})
}
