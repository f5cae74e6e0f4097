package admin

import (
	"bytes"
	"context"
	"crypto/rand"
	"encoding/json"
	"io"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"github.com/hearthkey/hearthkey/protocol"
	"github.com/hearthkey/hearthkey/server/account"
	"github.com/hearthkey/hearthkey/server/admit"
	"github.com/hearthkey/hearthkey/server/api"
	"github.com/hearthkey/hearthkey/server/audit"
	"github.com/hearthkey/hearthkey/server/device"
	"github.com/hearthkey/hearthkey/server/operator"
	"github.com/hearthkey/hearthkey/server/servertest"
	"github.com/hearthkey/hearthkey/server/store"
)

// desk is the interface on a real database, with an operator of each role.
type desk struct {
	t      *testing.T
	clock  *servertest.Clock
	db     *store.DB
	staff  *operator.Service
	url    string
	logs   bytes.Buffer
	tokens map[operator.Role]operator.Token
}

func newDesk(t *testing.T) *desk {
	t.Helper()
	d := &desk{t: t, clock: servertest.NewClock(), db: servertest.DB(t), tokens: map[operator.Role]operator.Token{}}
	keys := servertest.Keys(t)
	accounts, err := account.New(account.Config{
		DB: d.db, Keys: keys, Gate: admit.New(admit.Config{}),
		Notify:          func(*store.Tx, account.Notice) error { return nil },
		Household:       func(*store.Tx, time.Time, protocol.AccountID, string) error { return nil },
		RestoreProfiles: func(*store.Tx, protocol.AccountID, []byte) (bool, error) { return false, nil },
		Changed:         func(protocol.AccountID, protocol.Version) {},
	})
	d.must(err)
	log := audit.New(audit.Config{Keys: keys})
	d.staff, err = operator.New(operator.Config{DB: d.db, Keys: keys, Audit: log, Accounts: accounts, Devices: oneTV, EndDevice: endNone})
	d.must(err)
	for _, r := range operator.Roles {
		d.tokens[r], err = operator.First(t.Context(), d.db, log, rand.Reader, d.clock.Now(), "the-"+string(r), r)
		d.must(err)
	}
	a, err := New(Config{Operators: d.staff, Origins: api.Origins{}, Log: slog.New(slog.NewTextHandler(&d.logs, nil)), Now: d.clock.Now})
	d.must(err)
	srv := httptest.NewServer(a)
	t.Cleanup(srv.Close)
	d.url = srv.URL
	return d
}

func oneTV(context.Context, time.Time, protocol.AccountID) ([]device.Row, error) {
	return []device.Row{{ID: "d-1", Name: "Kitchen TV", Model: "Demo", Wish: device.Wish{Status: protocol.Active}}}, nil
}

func (d *desk) must(err error) {
	d.t.Helper()
	if err != nil {
		d.t.Fatal(err)
	}
}

func (d *desk) client(r operator.Role) *Client {
	d.t.Helper()
	c, err := NewClient(d.url, d.tokens[r])
	d.must(err)
	d.t.Cleanup(c.Close)
	return c
}

// owner makes an account with a second factor.
func (d *desk) owner(email string) protocol.AccountID {
	d.t.Helper()
	id := servertest.Owner(d.t, d.db, d.clock.Now(), email)
	d.must(d.db.Update(d.t.Context(), func(tx *store.Tx) error { return tx.SetSecondFactor(id, true) }))
	return id
}

type answer struct {
	status  int
	header  http.Header
	problem api.Problem // where it is one
}

// do sends one request as JSON.
func (d *desk) do(method, path string, token operator.Token, change func(*http.Request), body string) answer {
	d.t.Helper()
	req, err := http.NewRequest(method, d.url+path, strings.NewReader(body))
	d.must(err)
	req.Header.Set("Content-Type", "application/json")
	if token != "" {
		req.Header.Set("Authorization", "Bearer "+string(token))
	}
	if change != nil {
		change(req)
	}
	resp, err := http.DefaultClient.Do(req)
	d.must(err)
	defer resp.Body.Close()
	text, err := io.ReadAll(resp.Body)
	d.must(err)
	out := answer{status: resp.StatusCode, header: resp.Header}
	if resp.StatusCode >= 400 {
		if kind := resp.Header.Get("Content-Type"); kind != "application/problem+json" {
			d.t.Errorf("%s %s answers %s: %s", method, path, kind, text)
		}
		d.must(json.Unmarshal(text, &out.problem))
		if out.problem.Status != resp.StatusCode || out.problem.Detail == "" {
			d.t.Errorf("%s %s: %s", method, path, text)
		}
	}
	return out
}

// acts counts the log.
func (d *desk) acts() int {
	d.t.Helper()
	list, err := d.staff.Log(d.t.Context(), "", 0)
	d.must(err)
	return len(list)
}

func endNone(context.Context, time.Time, protocol.AccountID, protocol.DeviceID, string, string) (bool, error) {
	return true, nil
}
