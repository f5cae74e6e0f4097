package store

import "time"

// ForgetTimelinePlacesBefore removes address and place from up to limit entries of
// timelines from before t, and tells from how many.
func (tx *Tx) ForgetTimelinePlacesBefore(t time.Time, limit int) (int64, error) {
	return tx.exec(`UPDATE timeline SET ip = '', place = '' WHERE (account_id, entry_id) IN
		(SELECT account_id, entry_id FROM timeline WHERE at < $1 AND (ip <> '' OR place <> '') LIMIT $2)`, millis(t), limit)
}

// ForgetSessionPlacesBefore removes address and place from up to limit web sessions
// that were last used before t, and tells from how many.
func (tx *Tx) ForgetSessionPlacesBefore(t time.Time, limit int) (int64, error) {
	return tx.exec(`UPDATE web_sessions SET ip = '', place = '' WHERE (account_id, session_id) IN
		(SELECT account_id, session_id FROM web_sessions WHERE last_seen < $1 AND (ip <> '' OR place <> '') LIMIT $2)`, millis(t), limit)
}

// ForgetSignInPlacesBefore removes network and position from up to limit sign-ins of
// the past from before t, and tells from how many. Country and provider stay: later
// sign-ins are compared with them.
func (tx *Tx) ForgetSignInPlacesBefore(t time.Time, limit int) (int64, error) {
	return tx.exec(`UPDATE sign_in_history SET network = '', located = 0, latitude = 0, longitude = 0 WHERE (account_id, entry_id) IN
		(SELECT account_id, entry_id FROM sign_in_history WHERE at < $1 AND (network <> '' OR located = 1) LIMIT $2)`, millis(t), limit)
}
