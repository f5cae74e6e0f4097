package device

import (
	"github.com/hearthkey/hearthkey/protocol"
	"github.com/hearthkey/hearthkey/server/store"
)

// rows are devices that one transaction reads together; others it reads one by one.
type rows struct {
	tx   *store.Tx
	read map[protocol.DeviceID]store.DeviceRow
}

// rowsOf reads the devices of the questions, which are of one account.
func rowsOf(tx *store.Tx, asked []Question) (rows, error) {
	if len(asked) < 2 {
		return rows{tx: tx}, nil
	}
	ids := make([]protocol.DeviceID, len(asked))
	for i, q := range asked {
		ids[i] = q.Session.Device
	}
	read, err := tx.DevicesOf(asked[0].Session.Account, ids)
	return rows{tx, read}, err
}

// current is as [current].
func (r rows) current(sess Session) (store.DeviceRow, error) {
	row, ok := r.read[sess.Device]
	if !ok || row.Account != sess.Account {
		return current(r.tx, sess)
	}
	return row, ofEpoch(row, sess.Epoch)
}
