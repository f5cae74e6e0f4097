// Package catalog reads the titles that TVs show, holds the ones in use ([Live])
// and has a demo set of invented ones.
//
// All of it is safe for concurrent use. The tests check that the demo
// set is valid, covers every maturity level and fits its bound, and fuzz the
// reader.
package catalog

import (
	"bytes"
	_ "embed" // demo.json
	"encoding/json"
	"errors"
	"fmt"
	"unicode/utf8"

	"github.com/hearthkey/hearthkey/protocol"
)

// demo is the set, as a person edits it.
//
//go:embed demo.json
var demo []byte

// ErrBad means that a catalogue cannot be read or breaks a bound.
var ErrBad = errors.New("catalog: bad catalogue")

// Bounds of a catalogue.
const (
	MaxTitles = 2000
	MaxRows   = 50
	maxText   = 1000 // bytes of one text
	maxID     = 64   // bytes
)

// Demo returns the demo catalogue as the exact bytes that travel. The caller
// may keep and change them.
func Demo() []byte {
	var out bytes.Buffer
	if err := json.Compact(&out, demo); err != nil {
		panic("catalog: embedded demo.json: " + err.Error()) // a test reads it
	}
	return out.Bytes()
}

// Parse reads a catalogue's bytes and checks its bounds: distinct titles, rows
// of known titles, ages of 0 to 18 years. Errors wrap [ErrBad].
func Parse(data []byte) (protocol.Catalog, error) {
	var c protocol.Catalog
	if len(data) > protocol.MaxCatalog {
		return c, fmt.Errorf("%w: %d bytes, at most %d", ErrBad, len(data), protocol.MaxCatalog)
	}
	if err := json.Unmarshal(data, &c); err != nil {
		return protocol.Catalog{}, fmt.Errorf("%w: %w", ErrBad, err)
	}
	if err := check(c); err != nil {
		return protocol.Catalog{}, fmt.Errorf("%w: %w", ErrBad, err)
	}
	return c, nil
}

func check(c protocol.Catalog) error {
	if len(c.Titles) > MaxTitles || len(c.Rows) > MaxRows {
		return fmt.Errorf("%d titles and %d rows, at most %d and %d", len(c.Titles), len(c.Rows), MaxTitles, MaxRows)
	}
	known := make(map[protocol.TitleID]bool, len(c.Titles))
	for i, t := range c.Titles {
		id := protocol.TitleID(t.ID)
		switch {
		case t.ID == "" || len(t.ID) > maxID || known[id]:
			return fmt.Errorf("title %d has a missing, long or repeated id", i)
		case !text(t.Name, 1) || !text(t.Genre, 0) || !text(t.Text, 0):
			return fmt.Errorf("title %q has a missing or long text", t.ID)
		case t.Age != nil && (*t.Age < 0 || *t.Age > 18):
			return fmt.Errorf("title %q is for age %d", t.ID, *t.Age)
		case t.Year < 0 || t.Year > 9999 || t.Minutes < 0 || t.Minutes > 48*60:
			return fmt.Errorf("title %q has an impossible year or length", t.ID)
		}
		known[id] = true
	}
	for i, r := range c.Rows {
		if !text(r.Name, 1) || len(r.Titles) > MaxTitles {
			return fmt.Errorf("row %d has a missing or long name, or too many titles", i)
		}
		for _, id := range r.Titles {
			if !known[id] {
				return fmt.Errorf("row %q has the unknown title %.64q", r.Name, id)
			}
		}
	}
	return nil
}

func text(s string, low int) bool {
	return len(s) >= low && len(s) <= maxText && utf8.ValidString(s)
}
