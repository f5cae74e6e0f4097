package audit

import (
	"bufio"
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"time"

	"github.com/hearthkey/hearthkey/server/store"
)

// ErrExport: a line of an export cannot be read.
var ErrExport = errors.New("audit: not a line of an export")

// maxLine bounds a line of an export, in bytes.
const maxLine = 64 << 10

// line is one entry of an export, a JSON object a line.
type line struct {
	Seq       int64     `json:"seq"`
	At        time.Time `json:"at"`
	Actor     string    `json:"actor"` // empty: with the data folder
	Act       string    `json:"act"`
	About     string    `json:"about,omitempty"`
	Reason    string    `json:"reason,omitempty"`
	Outcome   string    `json:"outcome,omitempty"`
	Entry     string    `json:"entry"`
	OutcomeOf string    `json:"outcome_of,omitempty"`
	Node      string    `json:"node,omitempty"`
	Prev      string    `json:"prev,omitempty"`
	Hash      string    `json:"hash"`
	Seal      string    `json:"seal,omitempty"`
}

// Write writes one entry as a line of an export.
func Write(w io.Writer, r store.AuditRow) error {
	e := json.NewEncoder(w)
	e.SetEscapeHTML(false)
	return e.Encode(line{
		r.Seq, r.At.UTC(), r.Actor, r.Act, r.About, r.Reason, r.Outcome, r.ID, r.OutcomeOf, r.Node, r.Prev, r.Hash, r.Seal,
	})
}

// Read calls each for every entry of an export. Errors: ErrExport with the line's
// number, those of each.
func Read(r io.Reader, each func(store.AuditRow) error) error {
	in := bufio.NewScanner(r)
	in.Buffer(make([]byte, 0, 4<<10), maxLine)
	n := 1
	for ; in.Scan(); n++ {
		row, err := parseLine(in.Bytes())
		if err != nil {
			return fmt.Errorf("line %d: %w", n, err)
		}
		if err := each(row); err != nil {
			return err
		}
	}
	if errors.Is(in.Err(), bufio.ErrTooLong) {
		return fmt.Errorf("line %d: %w: more than %d bytes", n, ErrExport, maxLine)
	}
	return in.Err()
}

func parseLine(text []byte) (store.AuditRow, error) {
	d := json.NewDecoder(bytes.NewReader(text))
	d.DisallowUnknownFields()
	var l line
	if err := d.Decode(&l); err != nil {
		return store.AuditRow{}, fmt.Errorf("%w: %w", ErrExport, err)
	}
	if _, err := d.Token(); !errors.Is(err, io.EOF) {
		return store.AuditRow{}, fmt.Errorf("%w: more than one object", ErrExport)
	}
	return store.AuditRow{
		Seq: l.Seq, ID: l.Entry, OutcomeOf: l.OutcomeOf, At: l.At, Node: l.Node, Actor: l.Actor, Act: l.Act,
		About: l.About, Reason: l.Reason, Outcome: l.Outcome, Prev: l.Prev, Hash: l.Hash, Seal: l.Seal,
	}, nil
}
