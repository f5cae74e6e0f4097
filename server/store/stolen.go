package store

import (
	"time"

	"github.com/hearthkey/hearthkey/protocol"
)

// StolenReportRow is a stay of a stolen device at one address.
type StolenReportRow struct {
	Account protocol.AccountID
	Device  protocol.DeviceID
	Seq     int64 // from 1
	How     protocol.ReportKind
	Conn    int64 // the newest connection of the stay; 0: none
	Since   time.Time
	Until   time.Time // zero: not known to have ended
	Times   int
	IP      string
	Place   string
}

// StolenReports returns up to limit stays of a device, the newest first.
func (tx *Tx) StolenReports(account protocol.AccountID, device protocol.DeviceID, limit int) ([]StolenReportRow, error) {
	var out []StolenReportRow
	err := tx.rows(func(scan scanFunc) error {
		r := StolenReportRow{Account: account, Device: device}
		err := scan(&r.Seq, &r.How, &r.Conn, asTime(&r.Since), asTime(&r.Until), &r.Times, &r.IP, &r.Place)
		out = append(out, r)
		return err
	}, `SELECT seq, how, conn, since, until, times, ip, place FROM stolen_reports
		WHERE account_id = $1 AND device_id = $2 ORDER BY seq DESC LIMIT $3`, account, device, limit)
	return out, err
}

// PutStolenReport stores a stay, in place of the one with its number, and of all
// keeps so many of the first and the newest, keep in all.
func (tx *Tx) PutStolenReport(r StolenReportRow, first, keep int) error {
	_, err := tx.exec(`INSERT INTO stolen_reports (account_id, device_id, seq, how, conn, since, until, times, ip, place)
		VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10)
		ON CONFLICT (account_id, device_id, seq) DO UPDATE SET conn = excluded.conn, until = excluded.until, times = excluded.times,
			place = excluded.place`,
		r.Account, r.Device, r.Seq, r.How, r.Conn, millis(r.Since), millis(r.Until), r.Times, r.IP, r.Place)
	if err != nil {
		return err
	}
	_, err = tx.exec(`DELETE FROM stolen_reports WHERE account_id = $1 AND device_id = $2 AND seq > $3 AND seq <= $4`,
		r.Account, r.Device, first, r.Seq-int64(keep-first))
	return err
}

// EndStolenReport notes when the connection conn of a stay ended.
func (tx *Tx) EndStolenReport(account protocol.AccountID, device protocol.DeviceID, conn int64, at time.Time) error {
	_, err := tx.exec(`UPDATE stolen_reports SET until = $4 WHERE account_id = $1 AND device_id = $2 AND conn = $3 AND until = 0`,
		account, device, conn, millis(at))
	return err
}

// DeleteStolenReportsBefore removes up to limit stays that ended before t, and
// tells how many. One at which the device is now stays.
func (tx *Tx) DeleteStolenReportsBefore(t time.Time, limit int) (int64, error) {
	return tx.exec(`DELETE FROM stolen_reports WHERE (account_id, device_id, seq) IN
		(SELECT r.account_id, r.device_id, r.seq FROM stolen_reports r
			JOIN devices d ON d.account_id = r.account_id AND d.device_id = r.device_id
			WHERE r.since < $1 AND r.until < $1 AND NOT (r.until = 0 AND d.connected = 1 AND d.conn = r.conn) LIMIT $2)`,
		millis(t), limit)
}
