package store

import "time"

// TakeJob gives a background job to a node until a time, or lets it keep it:
// ErrNotFound where another one has it at now.
func (tx *Tx) TakeJob(name, node string, now, until time.Time) error {
	var holder string
	return tx.row(`INSERT INTO jobs (name, node_id, until) VALUES ($1, $2, $3)
		ON CONFLICT (name) DO UPDATE SET node_id = excluded.node_id, until = excluded.until
		WHERE jobs.node_id = excluded.node_id OR jobs.until <= $4
		RETURNING node_id`, name, node, millis(until), millis(now)).Scan(&holder)
}

// LeaveJob ends what TakeJob gave, if the node has it still.
func (tx *Tx) LeaveJob(name, node string) error {
	_, err := tx.exec(`DELETE FROM jobs WHERE name = $1 AND node_id = $2`, name, node)
	return err
}
