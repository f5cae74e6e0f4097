package notify

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/hearthkey/hearthkey/protocol"
	"github.com/hearthkey/hearthkey/server/store"
)

func TestSent(t *testing.T) {
	f := &fakeTransport{}
	b := newBench(t, f)
	m := sample()
	b.enqueue(t, m)
	b.pass(time.Second)
	if wait := b.step(t); wait != 0 {
		t.Errorf("after an attempt: wait %v, want to look at once", wait)
	}
	row := b.only(t)
	if row.Sent != monday.Add(time.Second) || !row.Next.IsZero() || row.Attempts != 1 || row.Text != "" || row.HTML != "" {
		t.Errorf("row = %+v, want it sent and its bodies erased", row)
	}
	want := []Mail{{ID: row.ID, Created: monday, To: m.To, Subject: m.Subject, Text: m.Text, HTML: m.HTML}}
	if diff := cmp.Diff(want, f.got); diff != "" {
		t.Errorf("handed over (-want +got):\n%s", diff)
	}
	if wait := b.step(t); wait != maxIdle {
		t.Errorf("with nothing to do: wait %v, want %v", wait, maxIdle)
	}
}

// Without a transport messages stay to be read.
func TestDevelopment(t *testing.T) {
	b := newBench(t, nil)
	b.enqueue(t, sample())
	b.step(t)
	if row := b.only(t); row.Sent.IsZero() || row.Text != "secret 123456" || row.HTML == "" {
		t.Errorf("row = %+v, want it sent with its bodies", row)
	}
}

// Where nothing is set that messages could leave by, none counts as sent, and no
// code stays readable.
func TestNothingToLeaveBy(t *testing.T) {
	b := newBench(t, Missing{})
	m := sample()
	m.Useful = monday.Add(10 * time.Minute)
	b.enqueue(t, m)
	b.step(t)
	if row := b.only(t); !row.Sent.IsZero() || row.LastError != "not configured" || row.Next.IsZero() {
		t.Errorf("row = %+v, want it to wait", row)
	}
	for range 10 {
		b.pass(3 * time.Minute)
		b.step(t)
	}
	if row := b.only(t); !row.Sent.IsZero() || row.Failed.IsZero() || row.Text+row.HTML != "" {
		t.Errorf("row = %+v, want it set aside without its code", row)
	}
}

func TestRolledBack(t *testing.T) {
	f := &fakeTransport{}
	b := newBench(t, f)
	no := errors.New("no")
	err := b.db.Update(t.Context(), func(tx *store.Tx) error {
		return errors.Join(b.Enqueue(tx, monday, sample()), no)
	})
	if !errors.Is(err, no) {
		t.Fatal(err)
	}
	b.step(t)
	if len(f.got) != 0 || len(b.wake) != 0 {
		t.Error("a message of a failed transaction left")
	}
}

// A message is tried until it gets through, with the same identity each time.
func TestRetry(t *testing.T) {
	f := &fakeTransport{}
	for range 4 {
		f.errs = append(f.errs, &TransportError{Code: "rcpt 451", Err: errors.New("ann@home.example is busy")})
	}
	b := newBench(t, f)
	b.enqueue(t, sample())
	for i, wait := range []time.Duration{30 * time.Second, time.Minute, 2 * time.Minute, 4 * time.Minute} {
		b.step(t)
		row := b.only(t)
		if row.LastError != "rcpt 451" || row.Next != b.clock().Add(wait) || row.Text == "" {
			t.Fatalf("after attempt %d: %+v, want it put off by %v", i+1, row, wait)
		}
		b.pass(wait - time.Second)
		if left := b.step(t); left != time.Second || len(f.got) != i+1 {
			t.Fatalf("early: wait %v after %d attempts", left, len(f.got))
		}
		b.pass(time.Second)
	}
	b.step(t)
	if row := b.only(t); row.Sent.IsZero() || row.LastError != "" || row.Attempts != 5 {
		t.Errorf("row = %+v, want it sent", row)
	}
	for _, m := range f.got {
		if m != f.got[0] {
			t.Errorf("attempts differ: %+v and %+v", f.got[0], m)
		}
	}
}

func TestGivesUp(t *testing.T) {
	f := &fakeTransport{}
	for range 100 {
		f.errs = append(f.errs, &TransportError{Code: "no connection", Setup: true})
	}
	b := newBench(t, f)
	b.enqueue(t, sample())
	for range 100 {
		b.step(t)
		row := b.only(t)
		if !row.Failed.IsZero() {
			break
		}
		b.pass(row.Next.Sub(b.clock()))
	}
	row := b.only(t)
	if row.Failed.IsZero() || row.LastError != "no connection" || row.Text == "" {
		t.Fatalf("row = %+v, want it set aside with its body", row)
	}
	if took := row.Failed.Sub(row.Created); took < 66*time.Hour || took > 72*time.Hour {
		t.Errorf("gave up after %v, want close to 3 days", took)
	}
	if row.Attempts < 15 || row.Attempts > 25 {
		t.Errorf("%d attempts", row.Attempts)
	}
}

func TestSetAside(t *testing.T) {
	f := &fakeTransport{errs: []error{&TransportError{Code: "rcpt 550 5.1.1", Permanent: true, Err: errors.New("no ann@home.example here")}}}
	b := newBench(t, f)
	b.enqueue(t, sample())
	b.step(t)
	row := b.only(t)
	if row.Failed != monday || row.LastError != "rcpt 550 5.1.1" {
		t.Errorf("row = %+v, want it set aside at once", row)
	}
	err := b.db.View(t.Context(), func(tx *store.Tx) error {
		for account, want := range map[protocol.AccountID]int{"a": 1, "": 1, "b": 0} {
			rows, err := tx.FailedOutbox(account, 10)
			if err != nil || len(rows) != want {
				t.Errorf("FailedOutbox(%q) = %d rows, %v, want %d", account, len(rows), err, want)
			}
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
}

// A code that nobody can use any more is not sent.
func TestExpired(t *testing.T) {
	f := &fakeTransport{}
	b := newBench(t, f)
	m := sample()
	m.Useful = monday.Add(10 * time.Minute)
	b.enqueue(t, m)
	b.pass(10 * time.Minute)
	b.step(t)
	if row := b.only(t); row.LastError != "expired" || row.Failed.IsZero() || row.Text+row.HTML != "" || len(f.got) != 0 {
		t.Errorf("row = %+v after %d attempts, want it set aside unsent and without its code", row, len(f.got))
	}
}

// The process died between handing over and writing that down.
func TestCrash(t *testing.T) {
	f := &fakeTransport{}
	b := newBench(t, f)
	b.enqueue(t, sample())
	err := b.db.Update(t.Context(), func(tx *store.Tx) error {
		_, err := tx.ClaimOutbox(monday, monday.Add(claimFor))
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	b.step(t)
	if len(f.got) != 0 {
		t.Error("sent while another has it")
	}
	b.pass(claimFor)
	b.step(t)
	if len(f.got) != 1 || b.only(t).Sent.IsZero() {
		t.Errorf("%d attempts, want it sent again", len(f.got))
	}
}

// blockingTransport waits for its context.
type blockingTransport struct{ begun chan struct{} }

func (b blockingTransport) Send(ctx context.Context, _ Mail) error {
	close(b.begun)
	<-ctx.Done()
	return fmt.Errorf("stopped: %w", ctx.Err())
}

// What is under way when the server stops is the first thing after its start.
func TestStop(t *testing.T) {
	transport := blockingTransport{make(chan struct{})}
	b := newBench(t, transport)
	ctx, stop := context.WithCancel(t.Context())
	done := make(chan struct{})
	go func() { defer close(done); b.Run(ctx) }()
	b.enqueue(t, sample())
	<-transport.begun
	stop()
	<-done
	if row := b.only(t); row.Next != monday || !row.Failed.IsZero() || !row.Sent.IsZero() {
		t.Errorf("row = %+v, want it due at once", row)
	}
}

// Run hears of a commit; several senders take each message once.
func TestRun(t *testing.T) {
	f := &fakeTransport{sent: make(chan Mail, 100)}
	b := newBench(t, f)
	ctx, stop := context.WithCancel(t.Context())
	done := make(chan struct{})
	go func() { defer close(done); b.Run(ctx) }()
	ids := map[string]int{}
	for range 50 {
		b.enqueue(t, sample())
	}
	for range 50 {
		select {
		case m := <-f.sent:
			ids[m.ID]++
		case <-time.After(20 * time.Second):
			t.Fatalf("%d of 50 messages left", len(ids))
		}
	}
	stop()
	<-done
	if len(ids) != 50 || len(f.got) != 50 {
		t.Errorf("%d messages in %d attempts, want each once", len(ids), len(f.got))
	}
	if rows, err := b.Recent(t.Context(), 100); err != nil || len(rows) != 50 {
		t.Errorf("Recent = %d rows, %v", len(rows), err)
	}
}

// An account that is erased takes its messages along, even one under way.
func TestErasedAccount(t *testing.T) {
	b := newBench(t, &fakeTransport{errs: []error{&TransportError{Code: "rcpt 451"}}})
	b.enqueue(t, sample())
	other := sample()
	other.Account = "b"
	b.enqueue(t, other)
	var row store.OutboxRow
	err := b.db.Update(t.Context(), func(tx *store.Tx) (err error) {
		if row, err = tx.ClaimOutbox(monday, monday.Add(claimFor)); err != nil {
			return err
		}
		return tx.DeleteOutbox(row.Account)
	})
	if err != nil {
		t.Fatal(err)
	}
	if err := b.handOver(t.Context(), row); err != nil {
		t.Errorf("handOver = %v, want nil", err)
	}
	if left := b.only(t); left.Account == row.Account {
		t.Errorf("left = %+v, want only the other account's", left)
	}
}

// ASVS 14.2.7.
func TestPrune(t *testing.T) {
	f := &fakeTransport{}
	b := newBench(t, f)
	b.enqueue(t, sample())
	b.step(t)
	for _, test := range []struct {
		age  time.Duration
		want int64
	}{{keptFor, 0}, {keptFor + time.Second, 1}} {
		err := b.db.Update(t.Context(), func(tx *store.Tx) error {
			n, err := tx.PruneOutbox(monday.Add(test.age - keptFor))
			if n != test.want {
				t.Errorf("pruned %d after %v, want %d", n, test.age, test.want)
			}
			return err
		})
		if err != nil {
			t.Fatal(err)
		}
	}
}

// Nothing of a message but its kind gets into the log, whatever fails.
// ASVS 16.2.5.
func TestLogsNoSecrets(t *testing.T) {
	f := &fakeTransport{errs: []error{
		&TransportError{Code: "rcpt 451", Err: errors.New("ann@home.example: secret 123456")},
		errors.New("ann@home.example: secret 123456"),
		&TransportError{Code: "handshake", Setup: true, Err: errors.New("cause that may be told")},
		&TransportError{Code: "data 554", Permanent: true, Err: errors.New("ann@home.example: A subject")},
	}}
	b := newBench(t, f)
	for range 2 {
		b.enqueue(t, sample())
	}
	for range 6 {
		b.step(t)
		b.pass(5 * time.Minute)
	}
	b.c.Log.Info("message", "message", sample())
	log := b.log.String()
	for _, secret := range []string{"ann@", "123456", "A subject"} {
		if strings.Contains(log, secret) {
			t.Errorf("the log tells %q:\n%s", secret, log)
		}
	}
	for _, want := range []string{"cause that may be told", "rcpt 451", "kind=sample"} {
		if !strings.Contains(log, want) {
			t.Errorf("the log does not tell %q:\n%s", want, log)
		}
	}
}

func TestBackOff(t *testing.T) {
	tests := map[int]time.Duration{
		0: 30 * time.Second, 1: 30 * time.Second, 2: time.Minute, 5: 8 * time.Minute, 10: 256 * time.Minute,
		11: 6 * time.Hour, 64: 6 * time.Hour, 1 << 30: 6 * time.Hour,
	}
	for n, want := range tests {
		if got := backOff(n); got != want {
			t.Errorf("backOff(%d) = %v, want %v", n, got, want)
		}
	}
}
