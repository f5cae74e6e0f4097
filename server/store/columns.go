package store

import (
	"fmt"
	"time"
)

// millis is how a time is stored: milliseconds since 1970, and 0 for the zero
// time.
func millis(t time.Time) int64 {
	if t.IsZero() {
		return 0
	}
	return t.UnixMilli()
}

// timeColumn scans what millis stored.
type timeColumn struct{ to *time.Time }

func asTime(t *time.Time) timeColumn { return timeColumn{t} }

// Scan implements sql.Scanner.
func (c timeColumn) Scan(v any) error {
	ms, ok := v.(int64)
	if !ok {
		return fmt.Errorf("store: time column holds %T", v)
	}
	*c.to = time.Time{}
	if ms != 0 {
		*c.to = time.UnixMilli(ms).UTC()
	}
	return nil
}

// flag is how a truth value is stored: BIGINT 0 or 1.
func flag(b bool) int64 {
	if b {
		return 1
	}
	return 0
}

// flagColumn scans what flag stored.
type flagColumn struct{ to *bool }

func asFlag(b *bool) flagColumn { return flagColumn{b} }

// Scan implements sql.Scanner.
func (c flagColumn) Scan(v any) error {
	n, ok := v.(int64)
	if !ok {
		return fmt.Errorf("store: flag column holds %T", v)
	}
	*c.to = n != 0
	return nil
}
