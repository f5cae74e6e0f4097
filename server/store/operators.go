package store

import "time"

// OperatorRow is somebody who runs the service.
type OperatorRow struct {
	Name      string
	Role      string
	TokenHash string
	CreatedBy string // empty: with the data folder
	Created   time.Time
	Disabled  time.Time // zero: not disabled
	LastUsed  time.Time
}

const operatorQuery = `SELECT name, role, token_hash, created_by, created, disabled, last_used FROM operators `

func (r *OperatorRow) scan(scan scanFunc) error {
	return scan(&r.Name, &r.Role, &r.TokenHash, &r.CreatedBy, asTime(&r.Created), asTime(&r.Disabled), asTime(&r.LastUsed))
}

// InsertOperator adds an operator: ErrExists where the name was ever given.
func (tx *Tx) InsertOperator(r OperatorRow) error {
	n, err := tx.exec(`INSERT INTO operators (name, role, token_hash, created_by, created) VALUES ($1, $2, $3, $4, $5)
		ON CONFLICT (name) DO NOTHING`, r.Name, r.Role, r.TokenHash, r.CreatedBy, millis(r.Created))
	if err == nil && n == 0 {
		err = ErrExists
	}
	return err
}

// Operator returns an operator, disabled or not.
func (tx *Tx) Operator(name string) (OperatorRow, error) {
	var r OperatorRow
	err := r.scan(tx.row(operatorQuery+`WHERE name = $1`, name).Scan)
	return r, err
}

// OperatorByToken returns the operator with a token, disabled or not.
func (tx *Tx) OperatorByToken(hash string) (OperatorRow, error) {
	var r OperatorRow
	err := r.scan(tx.row(operatorQuery+`WHERE token_hash = $1`, hash).Scan)
	return r, err
}

// Operators returns up to limit operators by name.
func (tx *Tx) Operators(limit int) ([]OperatorRow, error) {
	var out []OperatorRow
	err := tx.rows(func(scan scanFunc) error {
		var r OperatorRow
		err := r.scan(scan)
		out = append(out, r)
		return err
	}, operatorQuery+`ORDER BY name LIMIT $1`, limit)
	return out, err
}

// CountOperators counts those of a role who are not disabled; of all roles
// where it is empty, and disabled ones too.
func (tx *Tx) CountOperators(role string) (int, error) {
	n := 0
	err := tx.row(`SELECT COUNT(*) FROM operators WHERE $1 = '' OR (role = $1 AND disabled = 0)`, role).Scan(&n)
	return n, err
}

// DisableOperator ends an operator's rights: ErrNotFound where there are none
// to end.
func (tx *Tx) DisableOperator(name string, now time.Time) error {
	return tx.execOne(`UPDATE operators SET disabled = $2 WHERE name = $1 AND disabled = 0`, name, millis(now))
}

// TouchOperator notes that an operator was here.
func (tx *Tx) TouchOperator(name string, now time.Time) error {
	return tx.execOne(`UPDATE operators SET last_used = $2 WHERE name = $1`, name, millis(now))
}

// OperatorActRow is one entry of the operators' log.
type OperatorActRow struct {
	ID       string // UUIDv7: sorts by time
	At       time.Time
	Operator string
	Act      string
	About    string
	Reason   string
	Outcome  string
}

// InsertOperatorAct adds an entry.
func (tx *Tx) InsertOperatorAct(r OperatorActRow) error {
	_, err := tx.exec(`INSERT INTO operator_log (entry_id, at, operator, act, about, reason, outcome)
		VALUES ($1, $2, $3, $4, $5, $6, $7)`, r.ID, millis(r.At), r.Operator, r.Act, r.About, r.Reason, r.Outcome)
	return err
}

// SetOperatorOutcome says how an act went.
func (tx *Tx) SetOperatorOutcome(id, outcome string) error {
	return tx.execOne(`UPDATE operator_log SET outcome = $2 WHERE entry_id = $1`, id, outcome)
}

// OperatorActs returns up to n entries, newest first, older than the entry
// before; an empty before starts at the newest.
func (tx *Tx) OperatorActs(before string, n int) ([]OperatorActRow, error) {
	var out []OperatorActRow
	err := tx.rows(func(scan scanFunc) error {
		var r OperatorActRow
		err := scan(&r.ID, asTime(&r.At), &r.Operator, &r.Act, &r.About, &r.Reason, &r.Outcome)
		out = append(out, r)
		return err
	}, `SELECT entry_id, at, operator, act, about, reason, outcome FROM operator_log
		WHERE $1 = '' OR entry_id < $1 ORDER BY entry_id DESC LIMIT $2`, before, n)
	return out, err
}

// DeleteOperatorActsBefore removes entries from before t.
func (tx *Tx) DeleteOperatorActsBefore(t time.Time) error {
	_, err := tx.exec(`DELETE FROM operator_log WHERE at < $1`, millis(t))
	return err
}
