// Package proto stands in for protobuf's in the program for a box. Badger keeps a few
// small messages in its files (lists of tables, keys, checksums), and the usual runtime for them is
// a megabyte, most of it descriptors that nobody on a TV asks for. This one encodes
// and decodes by the struct tags that the generated code has anyway. It knows what
// Badger's messages are made of: varints (unsigned, signed, enumerations, bool),
// bytes, strings, and lists of messages; anything else panics at the first use.
//
// The bytes are those that the usual runtime makes, and what that refuses is refused
// here: tools/boxbuild compares the two on random and on damaged messages.
// Fields that are not known are dropped.
//
// All functions may be called from any goroutine.
package proto

import (
	"encoding/binary"
	"errors"
	"reflect"
	"strconv"
	"strings"
	"unicode/utf8"

	"google.golang.org/protobuf/reflect/protoreflect"
)

// ErrMalformed is returned for bytes that are no message.
var ErrMalformed = errors.New("proto: malformed message")

// Message is a generated message.
type Message = protoreflect.ProtoMessage

// MarshalOptions has no options.
type MarshalOptions struct{}

// The wire types.
const (
	varint  = 0
	fixed64 = 1
	bytes   = 2
	group   = 3
	endOf   = 4
	fixed32 = 5
)

const (
	maxNumber = 1<<29 - 1 // of a field
	maxDepth  = 100       // of groups in fields that are skipped
)

// Marshal encodes a message.
func Marshal(m Message) ([]byte, error) { return MarshalOptions{}.MarshalAppend(nil, m) }

// Size is how many bytes the encoded message has.
func Size(m Message) int {
	b, _ := Marshal(m)
	return len(b)
}

// MarshalAppend encodes a message behind b.
func (MarshalOptions) MarshalAppend(b []byte, m Message) ([]byte, error) {
	v := reflect.ValueOf(m)
	if v.IsNil() {
		return b, nil
	}
	b, ok := encode(b, v.Elem())
	if !ok {
		return nil, ErrMalformed
	}
	return b, nil
}

// Unmarshal decodes a message into m, which loses what it held. Where the bytes are
// no message it returns [ErrMalformed], and m holds what came before the fault.
func Unmarshal(b []byte, m Message) error {
	v := reflect.ValueOf(m).Elem()
	v.SetZero()
	if !decode(b, v) {
		return ErrMalformed
	}
	return nil
}

// number is the number of a struct's field in a message; 0 for those that are none.
func number(f reflect.StructField) uint64 {
	_, rest, _ := strings.Cut(f.Tag.Get("protobuf"), ",")
	n, _, _ := strings.Cut(rest, ",")
	i, _ := strconv.ParseUint(n, 10, 29)
	return i
}

// encode appends the fields that are not zero; not ok where a string is no UTF-8.
func encode(b []byte, v reflect.Value) (_ []byte, ok bool) {
	for i := range v.NumField() {
		n, f := number(v.Type().Field(i)), v.Field(i)
		if n == 0 || f.IsZero() {
			continue
		}
		switch f.Kind() {
		case reflect.Uint32, reflect.Uint64:
			b = appendVarint(b, n, f.Uint())
		case reflect.Int32, reflect.Int64:
			b = appendVarint(b, n, uint64(f.Int()))
		case reflect.Bool:
			b = appendVarint(b, n, 1)
		case reflect.String:
			if !utf8.ValidString(f.String()) {
				return b, false
			}
			b = append(appendLength(b, n, f.Len()), f.String()...)
		case reflect.Slice:
			if f.Type().Elem().Kind() == reflect.Uint8 {
				if f.Len() > 0 {
					b = append(appendLength(b, n, f.Len()), f.Bytes()...)
				}
				continue
			}
			for j := range f.Len() {
				inner, ok := []byte(nil), true
				if e := f.Index(j); !e.IsNil() {
					inner, ok = encode(nil, e.Elem())
				}
				if !ok {
					return b, false
				}
				b = append(appendLength(b, n, len(inner)), inner...)
			}
		default:
			panic("proto: a field of a kind that Badger has not had: " + f.Type().String())
		}
	}
	return b, true
}

func appendVarint(b []byte, n, v uint64) []byte {
	return binary.AppendUvarint(binary.AppendUvarint(b, n<<3|varint), v)
}

func appendLength(b []byte, n uint64, length int) []byte {
	return binary.AppendUvarint(binary.AppendUvarint(b, n<<3|bytes), uint64(length))
}

// decode reads fields into v until the bytes are used up.
func decode(b []byte, v reflect.Value) bool {
	for len(b) > 0 {
		key, n := binary.Uvarint(b)
		if n <= 0 || key>>3 == 0 || key>>3 > maxNumber {
			return false
		}
		b = b[n:]
		f, wire := field(v, key>>3), key&7
		switch {
		case wire == varint && isNumber(f):
			x, n := binary.Uvarint(b)
			if n <= 0 {
				return false
			}
			b = b[n:]
			setNumber(f, x)
		case wire == bytes && f.IsValid() && !isNumber(f):
			x, rest, ok := cut(b)
			if !ok || !setBytes(f, x) {
				return false
			}
			b = rest
		default:
			rest, ok := skip(b, key, 0)
			if !ok {
				return false
			}
			b = rest
		}
	}
	return true
}

// field is the struct's field with a number; not valid where there is none.
func field(v reflect.Value, n uint64) reflect.Value {
	for i := range v.NumField() {
		if number(v.Type().Field(i)) == n {
			return v.Field(i)
		}
	}
	return reflect.Value{}
}

func isNumber(f reflect.Value) bool {
	switch f.Kind() {
	case reflect.Uint32, reflect.Uint64, reflect.Int32, reflect.Int64, reflect.Bool:
		return true
	}
	return false
}

func setNumber(f reflect.Value, x uint64) {
	switch f.Kind() {
	case reflect.Uint32:
		f.SetUint(uint64(uint32(x)))
	case reflect.Uint64:
		f.SetUint(x)
	case reflect.Int32:
		f.SetInt(int64(int32(x)))
	case reflect.Int64:
		f.SetInt(int64(x))
	case reflect.Bool:
		f.SetBool(x != 0)
	}
}

// setBytes sets bytes or a string, or appends a message to a list of them.
func setBytes(f reflect.Value, x []byte) bool {
	switch {
	case f.Kind() == reflect.String:
		f.SetString(string(x))
		return utf8.Valid(x)
	case f.Type().Elem().Kind() == reflect.Uint8:
		f.SetBytes(append([]byte{}, x...))
		return true
	}
	m := reflect.New(f.Type().Elem().Elem())
	f.Set(reflect.Append(f, m))
	return decode(x, m.Elem())
}

// cut takes a length and as many bytes.
func cut(b []byte) (x, rest []byte, ok bool) {
	length, n := binary.Uvarint(b)
	if n <= 0 || length > uint64(len(b)-n) {
		return nil, nil, false
	}
	end := n + int(length)
	return b[n:end], b[end:], true
}

// skip leaves out the value of a field that is not known.
func skip(b []byte, key uint64, depth int) (rest []byte, ok bool) {
	size := 0
	switch key & 7 {
	case varint:
		_, size = binary.Uvarint(b)
		if size <= 0 {
			return nil, false
		}
	case fixed64:
		size = 8
	case fixed32:
		size = 4
	case bytes:
		_, rest, ok := cut(b)
		return rest, ok
	case group:
		return skipGroup(b, key>>3, depth+1)
	default:
		return nil, false
	}
	if size > len(b) {
		return nil, false
	}
	return b[size:], true
}

// skipGroup leaves out all until the end of a group.
func skipGroup(b []byte, number uint64, depth int) ([]byte, bool) {
	for depth <= maxDepth {
		key, n := binary.Uvarint(b)
		if n <= 0 || key>>3 == 0 || key>>3 > maxNumber {
			return nil, false
		}
		b = b[n:]
		if key&7 == endOf {
			return b, key>>3 == number
		}
		var ok bool
		if b, ok = skip(b, key, depth); !ok {
			return nil, false
		}
	}
	return nil, false
}
