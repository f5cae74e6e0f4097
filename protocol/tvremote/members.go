package tvremote

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"strings"
	"unicode"
	"unicode/utf8"

	"github.com/hearthkey/hearthkey/protocol"
)

// members are those of one flat object. The first broken bound stays in err, and
// what is read after it means nothing. Names are compared exactly: encoding/json
// takes "SEQ" for "seq", and the last of two.
type members struct {
	raw map[string]json.RawMessage
	err error
}

// split reads one object and nothing after it.
func split(data []byte) (*members, error) {
	if len(data) > MaxFrame {
		return nil, fmt.Errorf("%d bytes, at most %d", len(data), MaxFrame)
	}
	if !utf8.Valid(data) || !json.Valid(data) {
		return nil, errors.New("not JSON in UTF-8")
	}
	d := json.NewDecoder(bytes.NewReader(data))
	if t, err := d.Token(); err != nil || t != json.Delim('{') {
		return nil, errors.New("not a JSON object")
	}
	m := &members{raw: map[string]json.RawMessage{}}
	for d.More() {
		name, err := d.Token()
		if err != nil {
			return nil, fmt.Errorf("not JSON: %w", err)
		}
		key, _ := name.(string) // inside an object it is one
		var value json.RawMessage
		if err := d.Decode(&value); err != nil {
			return nil, fmt.Errorf("not JSON: %w", err)
		}
		if _, twice := m.raw[key]; twice {
			return nil, errors.New("a member is there twice")
		}
		m.raw[key] = value
	}
	return m, nil
}

func (m *members) that(ok bool, format string, args ...any) {
	if !ok && m.err == nil {
		m.err = fmt.Errorf(format, args...)
	}
}

func (m *members) has(name string) bool { return m.raw[name] != nil }

// value decodes a member into dst, which tells its type. Null is no value.
func (m *members) value(name string, dst any) {
	raw := m.raw[name]
	m.that(raw != nil && string(raw) != "null", "%s is missing", name)
	if m.err != nil {
		return
	}
	if err := json.Unmarshal(raw, dst); err != nil {
		m.that(false, "%s is of another type", name)
	}
}

func (m *members) flag(name string) (v bool) {
	m.value(name, &v)
	return v
}

func (m *members) number(name string, low, high int64) (v int64) {
	m.value(name, &v)
	m.that(v >= low && v <= high, "%s is %d, want %d to %d", name, v, low, high)
	return v
}

func (m *members) bytes(name string, size int) (v protocol.Bytes) {
	m.value(name, &v)
	m.that(len(v) == size, "%s has %d bytes, want %d", name, len(v), size)
	return v
}

// text reads low to high characters without a control character.
func (m *members) text(name string, low, high int) (v string) {
	m.value(name, &v)
	n := utf8.RuneCountInString(v)
	m.that(n >= low && n <= high, "%s has %d characters, want %d to %d", name, n, low, high)
	m.that(strings.IndexFunc(v, unicode.IsControl) < 0, "%s has a control character", name)
	return v
}

func (m *members) secret(name string, low, high int) protocol.Secret {
	return protocol.Secret(m.text(name, low, high))
}

// name reads what people will read, as they will.
func (m *members) name(name string) string {
	v := m.text(name, 1, MaxName)
	m.that(len(v) <= MaxNameBytes, "%s has %d bytes, at most %d", name, len(v), MaxNameBytes)
	m.that(protocol.Legible(v) && strings.TrimSpace(v) == v, "%s cannot be read as it is written", name)
	return v
}

// word reads 1 to size letters, digits and underscores.
func (m *members) word(name string, size int) string {
	v := m.text(name, 1, size)
	m.that(strings.IndexFunc(v, notWord) < 0, "%s has characters that no name has", name)
	return v
}

func notWord(r rune) bool {
	return (r < 'a' || r > 'z') && (r < 'A' || r > 'Z') && (r < '0' || r > '9') && r != '_'
}

// id reads 16 lower-case hex digits.
func (m *members) id(name string) string {
	v := m.text(name, 16, 16)
	m.that(hexID(v), "%s is not 16 hex digits", name)
	return v
}

// oneOf reads one of the values.
func oneOf[T ~string](m *members, name string, values ...T) T {
	v := T(m.text(name, 1, 32))
	m.that(slices.Contains(values, v), "%s is none of its values", name)
	return v
}
