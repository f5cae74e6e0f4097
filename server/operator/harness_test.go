package operator

import (
	"context"
	"errors"
	"testing"
	"time"

	"github.com/hearthkey/hearthkey/protocol"
	"github.com/hearthkey/hearthkey/server/account"
	"github.com/hearthkey/hearthkey/server/admit"
	"github.com/hearthkey/hearthkey/server/audit"
	"github.com/hearthkey/hearthkey/server/device"
	"github.com/hearthkey/hearthkey/server/servertest"
	"github.com/hearthkey/hearthkey/server/store"
	"github.com/hearthkey/hearthkey/server/timeline"
)

// office is operators and accounts on a real database.
type office struct {
	*Service
	t        *testing.T
	ctx      context.Context
	clock    *servertest.Clock
	db       *store.DB
	accounts *account.Service
	notices  []account.Notice
	olga     Operator // admin
	token    Token
}

func newOffice(t *testing.T) *office {
	t.Helper()
	o := &office{t: t, ctx: t.Context(), clock: servertest.NewClock(), db: servertest.DB(t)}
	keys := servertest.Keys(t)
	var err error
	o.accounts, err = account.New(account.Config{
		DB: o.db, Keys: keys, Gate: admit.New(admit.Config{}),
		Notify: func(tx *store.Tx, n account.Notice) error {
			tx.OnCommit(func() { o.notices = append(o.notices, n) })
			return nil
		},
		Household:       func(*store.Tx, time.Time, protocol.AccountID, string) error { return nil },
		RestoreProfiles: func(*store.Tx, protocol.AccountID, []byte) (bool, error) { return false, nil },
		Changed:         func(protocol.AccountID, protocol.Version) {},
	})
	o.must(err)
	none := func(context.Context, time.Time, protocol.AccountID) ([]device.Row, error) { return nil, nil }
	log := audit.New(audit.Config{Keys: keys, Node: "n1"})
	o.Service, err = New(Config{DB: o.db, Keys: keys, Audit: log, Accounts: o.accounts, Devices: none, EndDevice: endNone})
	o.must(err)
	o.token, err = First(o.ctx, o.db, log, o.c.Rand, o.clock.Now(), "olga", Admin)
	o.must(err)
	o.olga, err = o.Authenticate(o.ctx, o.clock.Now(), o.token, "127.0.0.1")
	o.must(err)
	return o
}

func (o *office) must(err error) {
	o.t.Helper()
	if err != nil {
		o.t.Fatal(err)
	}
}

// add makes an operator by olga.
func (o *office) add(name string, role Role) (Operator, Token) {
	o.t.Helper()
	token, err := o.Add(o.ctx, o.clock.Now(), o.olga, name, role, "on call")
	o.must(err)
	by, err := o.Authenticate(o.ctx, o.clock.Now(), token, "127.0.0.1")
	o.must(err)
	return by, token
}

// last returns the newest entry of the log, without what differs each time.
func (o *office) last() Entry {
	o.t.Helper()
	list, err := o.Log(o.ctx, "", 1)
	o.must(err)
	if len(list) != 1 {
		o.t.Fatal("the log is empty")
	}
	list[0].ID, list[0].At = "", time.Time{}
	return list[0]
}

// owner makes an account with a second factor.
func (o *office) owner(email string) protocol.AccountID {
	o.t.Helper()
	id := servertest.Owner(o.t, o.db, o.clock.Now(), email)
	o.must(o.db.Update(o.ctx, func(tx *store.Tx) error { return tx.SetSecondFactor(id, true) }))
	return id
}

func (o *office) hasFactor(id protocol.AccountID) (yes bool) {
	o.t.Helper()
	o.must(o.db.View(o.ctx, func(tx *store.Tx) error {
		acc, err := tx.Account(id)
		yes = acc.SecondFactor
		return err
	}))
	return yes
}

// events returns the kinds in an account's timeline with their subjects, newest
// first.
func (o *office) events(id protocol.AccountID) (out []string) {
	o.t.Helper()
	list, err := timeline.List(o.ctx, o.db, id, "", 0)
	o.must(err)
	for _, e := range list {
		out = append(out, string(e.Kind)+" "+e.Subject)
	}
	return out
}

func want(t *testing.T, what string, got, want error) {
	t.Helper()
	if !errors.Is(got, want) {
		t.Errorf("%s = %v, want %v", what, got, want)
	}
}

// endNone stands for the devices' service: every device was signed in.
func endNone(context.Context, time.Time, protocol.AccountID, protocol.DeviceID, string, string) (bool, error) {
	return true, nil
}
