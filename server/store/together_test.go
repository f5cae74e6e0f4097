package store_test

import (
	"fmt"
	"log/slog"
	"testing"

	"github.com/hearthkey/hearthkey/protocol"
	"github.com/hearthkey/hearthkey/server/store"
)

// Devices that are read together, more of them than one statement asks for, are as each
// read alone, with their orders; others of the account and of other accounts are left out.
func TestDevicesTogether(t *testing.T) {
	onEveryEngine(t, func(t *testing.T, driver store.Driver) {
		db, err := store.Open(t.Context(), driver, slog.New(slog.DiscardHandler))
		if err != nil {
			t.Fatal(err)
		}
		const some = 37
		err = db.Update(t.Context(), func(tx *store.Tx) error {
			for _, a := range []protocol.AccountID{"a", "b"} {
				err := tx.InsertAccount(store.AccountRow{ID: a, Email: string(a), Password: "p", Language: "en", Created: noon}, string(a))
				if err == nil {
					err = tx.BeginWebSession(store.WebSessionRow{Account: a, ID: "s", TokenHash: protocol.DigestOf([]byte(a)), Generation: 1, Created: noon}, "p")
				}
				for i := 0; i < some+5 && err == nil; i++ {
					err = signInOne(tx, a, i)
				}
				if err != nil {
					return err
				}
			}
			return nil
		})
		if err != nil {
			t.Fatal(err)
		}
		err = db.View(t.Context(), func(tx *store.Tx) error {
			for _, n := range []int{1, 16, 17, some} {
				var ids []protocol.DeviceID
				for i := range n {
					ids = append(ids, protocol.DeviceID(fmt.Sprint("a", i)))
				}
				ids = append(ids, "b0", "nobody")
				all, err := tx.DevicesOf("a", ids)
				if err != nil {
					return err
				}
				orders, err := tx.OrdersOf("a", ids)
				if err != nil {
					return err
				}
				if len(all) != n || len(orders) != n {
					t.Errorf("%d devices and orders of %d, want %d", len(all), len(orders), n)
				}
				for _, id := range ids[:n] {
					one, err := tx.Device("a", id)
					if err != nil {
						return err
					}
					if all[id].ID != id || all[id].Name != one.Name || all[id].Owner != one.Owner {
						t.Errorf("%s together: %+v, alone %+v", id, all[id], one)
					}
					if len(orders[id]) != 1 || orders[id][0].JWS != "order of "+string(id) || orders[id][0].Epoch != 1 {
						t.Errorf("orders of %s: %+v", id, orders[id])
					}
				}
			}
			return nil
		})
		if err != nil {
			t.Fatal(err)
		}
	})
}

// signInOne adds the i-th device of an account, with an order.
func signInOne(tx *store.Tx, a protocol.AccountID, i int) error {
	id := protocol.DeviceID(fmt.Sprint(a, i))
	key := []byte(id)
	if _, err := tx.PutEnrolment(store.EnrolmentRow{Device: id, PublicKey: key, CodeHash: key, Salt: key, Created: noon, Expires: noon}); err != nil {
		return err
	}
	epoch, err := tx.NextEpoch(store.DeviceIndexRow{ID: id, PublicKey: key, Account: a})
	if err != nil {
		return err
	}
	if err := tx.SignInDevice(store.DeviceRow{Account: a, ID: id, Name: "TV of " + string(id), Epoch: epoch, SignedIn: noon}, "s"); err != nil {
		return err
	}
	return tx.InsertOrder(store.OrderRow{
		Account: a, Device: id, Epoch: epoch, Digest: protocol.DigestOf(key), Status: protocol.SignedOut, Signed: noon, JWS: "order of " + string(id),
	}, 8)
}
