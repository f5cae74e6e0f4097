package store

import (
	"context"
	"time"
)

// Heartbeat notes that a node is alive.
func (tx *Tx) Heartbeat(node string, now time.Time) error {
	_, err := tx.exec(`INSERT INTO nodes (node_id, heartbeat) VALUES ($1, $2)
		ON CONFLICT (node_id) DO UPDATE SET heartbeat = $2`, node, millis(now))
	return err
}

// LastHeartbeat returns when any node was last alive, in a PostgreSQL database that is
// not opened; zero where there is no such table, or nothing in it.
func LastHeartbeat(ctx context.Context, driver Driver) (time.Time, error) {
	var last time.Time
	err := (&DB{driver: driver}).View(ctx, func(tx *Tx) error {
		there := 0
		err := tx.row(`SELECT COUNT(*) FROM information_schema.tables WHERE table_schema = current_schema() AND table_name = 'nodes'`).Scan(&there)
		if err != nil || there == 0 {
			return err
		}
		return tx.row(`SELECT COALESCE(MAX(heartbeat), 0) FROM nodes`).Scan(asTime(&last))
	})
	return last, err
}

// NodeHeartbeat returns when a node was last alive.
func (tx *Tx) NodeHeartbeat(node string) (time.Time, error) {
	var at time.Time
	err := tx.row(`SELECT heartbeat FROM nodes WHERE node_id = $1`, node).Scan(asTime(&at))
	return at, err
}

// DeleteNodesBefore removes nodes that were last alive before t and hold no
// device's connection.
func (tx *Tx) DeleteNodesBefore(t time.Time) error {
	_, err := tx.exec(`DELETE FROM nodes WHERE heartbeat < $1
		AND NOT EXISTS (SELECT 1 FROM devices d WHERE d.node_id = nodes.node_id AND d.connected = 1)`, millis(t))
	return err
}
