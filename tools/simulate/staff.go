package main

import (
	"context"
	"errors"

	"github.com/hearthkey/hearthkey/protocol"
	"github.com/hearthkey/hearthkey/server/account"
	"github.com/hearthkey/hearthkey/server/admit"
	"github.com/hearthkey/hearthkey/server/audit"
	"github.com/hearthkey/hearthkey/server/device"
	"github.com/hearthkey/hearthkey/server/operator"
	"github.com/hearthkey/hearthkey/server/profile"
	"github.com/hearthkey/hearthkey/server/store"
)

// staff is the accounts' service and that of operators: real ones, which a
// history shares with others, since making one hashes a password.
type staff struct {
	accounts  *account.Service
	operators *operator.Service
	first     operator.Operator // asks for a sign-out of everyone
	second    operator.Operator // approves it

	// Of the history under way; nil: there is none.
	changed func(protocol.AccountID, protocol.Version)
	notify  func(account.Notice)
}

// hire makes the services and two operators.
func (l *lab) hire() (err error) {
	notify := func(tx *store.Tx, n account.Notice) error {
		tx.OnCommit(func() {
			if l.notify != nil {
				l.notify(n)
			}
		})
		return nil
	}
	l.accounts, err = account.New(account.Config{
		DB: l.db, Keys: l.keys, Gate: admit.New(admit.Config{}), NoSMS: true, Notify: notify,
		Household: profile.Household, RestoreProfiles: profile.Restore,
		Changed: func(id protocol.AccountID, v protocol.Version) {
			if l.changed != nil {
				l.changed(id, v)
			}
		},
	})
	if err != nil {
		return err
	}
	devices, err := device.New(device.Config{
		DB: l.db, Keys: l.keys, Profiles: new(profile.Service), Server: serverName, LinkURL: pageURL,
		Notify: notify, Changed: func(protocol.AccountID, protocol.Version) {}, Decided: func(protocol.DeviceID) {},
	})
	if err != nil {
		return err
	}
	l.operators, err = operator.New(operator.Config{
		DB: l.db, Keys: l.keys, Audit: audit.New(audit.Config{Keys: l.keys}), Accounts: l.accounts, Devices: devices.List, EndDevice: devices.SignOutByOperator,
	})
	l.first = operator.Operator{Name: "mara", Role: operator.Admin}
	l.second = operator.Operator{Name: "jonas", Role: operator.Admin}
	return errors.Join(err, l.db.Update(context.Background(), func(tx *store.Tx) error {
		return errors.Join(
			tx.InsertOperator(store.OperatorRow{Name: l.first.Name, Role: string(l.first.Role), TokenHash: "1", Created: epochStart}),
			tx.InsertOperator(store.OperatorRow{Name: l.second.Name, Role: string(l.second.Role), TokenHash: "2", Created: epochStart}),
		)
	}))
}
