package notify

import (
	"bytes"
	"context"
	"crypto/rand"
	"log/slog"
	"path/filepath"
	"sync"
	"testing"
	"time"

	"go.uber.org/goleak"

	"github.com/hearthkey/hearthkey/server/keyring"
	"github.com/hearthkey/hearthkey/server/store"
	"github.com/hearthkey/hearthkey/server/store/sqlite"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

var (
	wording = Wording{Service: "Hearthkey", PublicURL: "https://tv.example"}
	monday  = time.Date(2026, 3, 2, 18, 4, 5, 0, time.UTC)
)

// bench is an outbox over a real database, with a clock that a test moves.
type bench struct {
	*Outbox
	db  *store.DB
	log *lockedBuffer

	mu  sync.Mutex // guards now
	now time.Time
}

func newBench(t *testing.T, transport Transport) *bench {
	t.Helper()
	driver, err := sqlite.Open(t.Context(), sqlite.Config{Path: filepath.Join(t.TempDir(), "x.db")})
	if err != nil {
		t.Fatal(err)
	}
	db, err := store.Open(t.Context(), driver, slog.New(slog.DiscardHandler))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { db.Close() })
	b := &bench{db: db, log: &lockedBuffer{}, now: monday}
	keys, err := keyring.Open(t.TempDir(), "tv.example", rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	b.Outbox, err = New(Config{
		DB: db, Keys: keys, Mail: transport, SMS: transport, Wording: wording, Now: b.clock,
		Log: slog.New(slog.NewTextHandler(b.log, &slog.HandlerOptions{Level: slog.LevelDebug})),
	})
	if err != nil {
		t.Fatal(err)
	}
	return b
}

func (b *bench) clock() time.Time {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.now
}

func (b *bench) pass(d time.Duration) {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.now = b.now.Add(d)
}

func (b *bench) enqueue(t *testing.T, m Message) {
	t.Helper()
	if err := b.db.Update(t.Context(), func(tx *store.Tx) error { return b.Enqueue(tx, b.clock(), m) }); err != nil {
		t.Fatal(err)
	}
}

// step does what one sender would do now.
func (b *bench) step(t *testing.T) time.Duration {
	t.Helper()
	wait, err := b.Outbox.step(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	return wait
}

// only returns the single row of the table.
func (b *bench) only(t *testing.T) store.OutboxRow {
	t.Helper()
	rows, err := b.Recent(t.Context(), 10)
	if err != nil || len(rows) != 1 {
		t.Fatalf("%d rows, %v, want one", len(rows), err)
	}
	return rows[0]
}

// fakeTransport answers with what a test puts into it.
type fakeTransport struct {
	mu   sync.Mutex // guards what follows
	errs []error    // for the attempts to come; none left: success
	got  []Mail
	sent chan Mail // if set, hears of each success
}

func (f *fakeTransport) Send(ctx context.Context, m Mail) error {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.got = append(f.got, m)
	if len(f.errs) > 0 {
		err := f.errs[0]
		f.errs = f.errs[1:]
		return err
	}
	if f.sent != nil {
		f.sent <- m
	}
	return nil
}

type lockedBuffer struct {
	mu sync.Mutex // guards b
	b  bytes.Buffer
}

func (l *lockedBuffer) Write(p []byte) (int, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.b.Write(p)
}

func (l *lockedBuffer) String() string {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.b.String()
}

func sampleSMS() Message {
	return Message{Account: "a", Channel: ChannelSMS, Kind: "sample", To: "+15550100042", Text: "secret 123456"}
}

func sample() Message {
	return Message{Account: "a", Kind: "sample", To: "ann@home.example", Subject: "A subject", Text: "secret 123456", HTML: "<p>secret 123456</p>"}
}
