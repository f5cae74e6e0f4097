package device

import (
	"github.com/hearthkey/hearthkey/protocol"
	"github.com/hearthkey/hearthkey/server/store"
)

// rows are devices of one account that one transaction reads together.
type rows struct {
	tx     *store.Tx
	ids    []protocol.DeviceID // nil: they are read one by one
	read   map[protocol.DeviceID]store.DeviceRow
	orders map[protocol.DeviceID][]store.OrderRow // nil: nobody has asked for them
}

// rowsOf reads the devices of the questions, which are of one account.
func rowsOf(tx *store.Tx, asked []Question) (*rows, error) {
	if len(asked) < 2 {
		return &rows{tx: tx}, nil
	}
	r := &rows{tx: tx}
	for _, q := range asked {
		r.ids = append(r.ids, q.Session.Device)
	}
	var err error
	r.read, err = tx.DevicesOf(asked[0].Session.Account, r.ids)
	return r, err
}

// current is as [current].
func (r *rows) current(sess Session) (store.DeviceRow, error) {
	row, ok := r.read[sess.Device]
	if !ok || row.Account != sess.Account {
		return current(r.tx, sess)
	}
	return row, ofEpoch(row, sess.Epoch)
}

// ordersOf returns what a device's sign-in was told, the newest first.
func (r *rows) ordersOf(row store.DeviceRow) (out []store.OrderRow, err error) {
	if r.ids == nil {
		return r.tx.Orders(row.Account, row.ID, row.Epoch)
	}
	if r.orders == nil {
		if r.orders, err = r.tx.OrdersOf(row.Account, r.ids); err != nil {
			return nil, err
		}
	}
	for _, o := range r.orders[row.ID] {
		if o.Epoch == row.Epoch {
			out = append(out, o)
		}
	}
	return out, nil
}
