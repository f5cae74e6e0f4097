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

	"github.com/hearthkey/hearthkey/protocol"
)

// demo is the set, as a person edits it.
//
//go:embed demo.json
var demo []byte

// ErrBad means that a catalogue cannot be read or breaks a bound.
var ErrBad = errors.New("catalog: bad catalogue")

// Demo returns the demo catalogue as the exact bytes that travel. The caller
// may keep and change them.
func Demo() []byte {
	var out bytes.Buffer
	if err := json.Compact(&out, demo); err != nil {
		panic("catalog: embedded demo.json: " + err.Error()) // a test reads it
	}
	return out.Bytes()
}

// Parse reads a catalogue's bytes and checks its bounds: no member of an object
// twice, distinct titles,
// episodes of series that are there, rows of known titles, ages of 0 to 18 years,
// texts without control characters. Errors wrap [ErrBad] and say what to mend.
func Parse(data []byte) (protocol.Catalog, error) {
	var c protocol.Catalog
	if len(data) > protocol.MaxCatalog {
		return c, fmt.Errorf("%w: %d bytes, at most %d", ErrBad, len(data), protocol.MaxCatalog)
	}
	if err := json.Unmarshal(data, &c); err != nil {
		return protocol.Catalog{}, fmt.Errorf("%w: %w", ErrBad, explain(err))
	}
	if err := checkMembers(data); err != nil {
		return protocol.Catalog{}, fmt.Errorf("%w: %w", ErrBad, err)
	}
	if err := check(c); err != nil {
		return protocol.Catalog{}, fmt.Errorf("%w: %w", ErrBad, err)
	}
	return c, nil
}
