package store

import (
	"time"

	"github.com/hearthkey/hearthkey/protocol"
)

// namesRefreshed is how old the note may grow that a title is on offer.
const namesRefreshed = 24 * time.Hour

// maxNames bounds the names that are read: ten catalogues' worth and more.
const maxNames = 50_000

// PutTitleNames notes what titles on offer at now are called.
func (tx *Tx) PutTitleNames(names map[protocol.TitleID]string, now time.Time) error {
	for id, name := range names {
		_, err := tx.exec(`INSERT INTO title_names (title_id, name, seen) VALUES ($1, $2, $3)
			ON CONFLICT (title_id) DO UPDATE SET name = $2, seen = $3 WHERE title_names.name <> $2 OR title_names.seen < $4`,
			id, name, millis(now), millis(now.Add(-namesRefreshed)))
		if err != nil {
			return err
		}
	}
	return nil
}

// TitleNames returns what titles are or were called, the newest 50,000.
func (tx *Tx) TitleNames() (map[protocol.TitleID]string, error) {
	out := map[protocol.TitleID]string{}
	err := tx.rows(func(scan scanFunc) error {
		var (
			id   protocol.TitleID
			name string
		)
		err := scan(&id, &name)
		out[id] = name
		return err
	}, `SELECT title_id, name FROM title_names ORDER BY seen DESC, title_id LIMIT $1`, maxNames)
	return out, err
}

// DeleteTitleNamesBefore forgets the names of titles that were on offer last
// before t, but those that a household blocks or asks a PIN for.
func (tx *Tx) DeleteTitleNamesBefore(t time.Time) error {
	_, err := tx.exec(`DELETE FROM title_names WHERE seen < $1
		AND NOT EXISTS (SELECT 1 FROM blocked_titles b WHERE b.title_id = title_names.title_id)
		AND NOT EXISTS (SELECT 1 FROM parental_titles p WHERE p.title_id = title_names.title_id)`, millis(t))
	return err
}
