package webhook

import (
	"bytes"
	"fmt"
	"io"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"go.uber.org/goleak"

	"github.com/hearthkey/hearthkey/protocol"
	"github.com/hearthkey/hearthkey/server/keyring"
	"github.com/hearthkey/hearthkey/server/servertest"
	"github.com/hearthkey/hearthkey/server/store"
	"github.com/hearthkey/hearthkey/server/timeline"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// office is a sender on a real database and a clock of its own.
type office struct {
	*Sender
	t     *testing.T
	db    *store.DB
	keys  *keyring.Ring
	clock *servertest.Clock
	logs  bytes.Buffer
	made  int
}

func newOffice(t *testing.T) *office {
	t.Helper()
	o := &office{t: t, db: servertest.DB(t), keys: servertest.Keys(t), clock: servertest.NewClock()}
	var err error
	o.Sender, err = New(Config{
		DB: o.db, Keys: o.keys, Log: slog.New(slog.NewTextHandler(&o.logs, nil)), Now: o.clock.Now, AttemptTime: 300 * time.Millisecond,
	})
	o.must(err)
	t.Cleanup(func() { o.clients.close() })
	return o
}

func (o *office) must(err error) {
	o.t.Helper()
	if err != nil {
		o.t.Fatal(err)
	}
}

func (o *office) update(do func(tx *store.Tx) error) {
	o.t.Helper()
	o.must(o.db.Update(o.t.Context(), do))
}

// hook makes a webhook with a secret.
func (o *office) hook(url, events string, secret []byte) string {
	o.t.Helper()
	o.made++
	id := fmt.Sprint("hook-", o.made)
	sealed, err := o.keys.Seal(keyring.Webhooks, secret, id)
	o.must(err)
	o.update(func(tx *store.Tx) error {
		return tx.InsertWebhook(store.WebhookRow{ID: id, URL: url, Events: events, Secret: sealed, Created: o.clock.Now(), CreatedBy: "olga"})
	})
	return id
}

// happens writes entries of an account, one a millisecond, in their order.
func (o *office) happens(account protocol.AccountID, kinds ...timeline.Kind) {
	o.t.Helper()
	o.update(func(tx *store.Tx) error {
		if _, err := tx.Account(account); err == nil {
			return nil
		}
		return tx.InsertAccount(store.AccountRow{ID: account, Email: string(account), Password: "x", Language: "en", Created: o.clock.Now()}, string(account))
	})
	for _, k := range kinds {
		o.update(func(tx *store.Tx) error {
			return timeline.Add(tx, account, timeline.Entry{
				At: o.clock.Advance(time.Millisecond), Kind: k, Actor: protocol.ByOwner, Device: "d-1", Subject: "Mia's TV", Detail: "secret detail",
				Agent: "Firefox", IP: "192.0.2.7", Place: "near Lyon",
			})
		})
	}
}

// once does what a look does, to its end.
func (o *office) once() {
	o.t.Helper()
	var working sync.WaitGroup
	o.must(o.look(o.t.Context(), &working))
	working.Wait()
}

func (o *office) state(hook string) (row store.WebhookRow, count store.WebhookCount) {
	o.t.Helper()
	o.must(o.db.View(o.t.Context(), func(tx *store.Tx) (err error) {
		if row, err = tx.Webhook(hook); err != nil {
			return err
		}
		count, err = tx.CountWebhook(hook)
		return err
	}))
	return row, count
}

// delivery is one request that came.
type delivery struct {
	header http.Header
	body   string
}

func (d delivery) id() string { return d.header.Get("webhook-id") }

// desk receives, and answers as it is told.
type desk struct {
	*httptest.Server
	mu     sync.Mutex
	got    []delivery
	answer func(n int, d delivery, w http.ResponseWriter) // n: how many came before
}

func newDesk(t *testing.T, answer func(n int, d delivery, w http.ResponseWriter)) *desk {
	t.Helper()
	d := &desk{answer: answer}
	d.Server = httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		body, _ := io.ReadAll(r.Body)
		d.mu.Lock()
		n := len(d.got)
		d.got = append(d.got, delivery{r.Header, string(body)})
		one := d.got[n]
		d.mu.Unlock()
		if r.Method != http.MethodPost {
			t.Errorf("method %s", r.Method)
		}
		if d.answer != nil {
			d.answer(n, one, w)
		}
	}))
	t.Cleanup(d.Close)
	return d
}

func (d *desk) all() []delivery {
	d.mu.Lock()
	defer d.mu.Unlock()
	return slices.Clone(d.got)
}

// kinds are those that came, in order, without their prefix.
func (d *desk) kinds() (out []string) {
	for _, one := range d.all() {
		_, rest, _ := strings.Cut(one.body, `"type":"security.`)
		kind, _, _ := strings.Cut(rest, `"`)
		out = append(out, kind)
	}
	return out
}
