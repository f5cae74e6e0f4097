package geo

import (
	"bytes"
	"encoding/binary"
	"maps"
	"math"
	"net/netip"
	"slices"
	"testing"
)

// A small writer of the MaxMind DB format, version 2.0
// (https://maxmind.github.io/MaxMind-DB/): an IPv6 tree with 24-bit records and
// no pointers in the data.

type entry struct {
	prefix string
	record map[string]any
}

func database(t testing.TB, entries ...entry) []byte {
	t.Helper()
	const none = -1
	tree := [][2]int{{none, none}} // child node, none, or -2 - offset in data
	var data bytes.Buffer
	for _, e := range entries {
		p := netip.MustParsePrefix(e.prefix)
		bits, addr := p.Bits(), p.Addr().As16()
		if p.Addr().Is4() { // IPv4 is below ::/96
			clear(addr[:12])
			bits += 96
		}
		node := 0
		for i := range bits {
			bit := addr[i/8] >> (7 - i%8) & 1
			if i == bits-1 {
				tree[node][bit] = -2 - data.Len()
				break
			}
			if tree[node][bit] < 0 {
				tree = append(tree, [2]int{none, none})
				tree[node][bit] = len(tree) - 1
			}
			node = tree[node][bit]
		}
		encode(t, &data, e.record)
	}
	var out bytes.Buffer
	for _, n := range tree {
		for _, child := range n {
			switch {
			case child == none:
				child = len(tree)
			case child < 0:
				child = len(tree) + 16 + (-2 - child)
			}
			out.Write([]byte{byte(child >> 16), byte(child >> 8), byte(child)})
		}
	}
	out.Write(make([]byte, 16))
	out.Write(data.Bytes())
	out.WriteString("\xab\xcd\xefMaxMind.com")
	encode(t, &out, map[string]any{
		"binary_format_major_version": uint16(2), "binary_format_minor_version": uint16(0),
		"build_epoch": uint64(1), "database_type": "Test", "description": map[string]any{"en": "for a test"},
		"ip_version": uint16(6), "languages": []string{"en"},
		"node_count": uint32(len(tree)), "record_size": uint16(24),
	})
	return out.Bytes()
}

// encode writes one value with its control byte.
func encode(t testing.TB, w *bytes.Buffer, v any) {
	t.Helper()
	control := func(kind, size int) {
		switch {
		case size < 29 && kind < 8:
			w.WriteByte(byte(kind<<5 | size))
		case size < 29+256 && kind < 8:
			w.Write([]byte{byte(kind<<5 | 29), byte(size - 29)})
		case size < 29:
			w.Write([]byte{byte(size), byte(kind - 7)})
		default:
			t.Fatalf("a value of size %d is too much for this writer", size)
		}
	}
	switch v := v.(type) {
	case string:
		control(2, len(v))
		w.WriteString(v)
	case float64:
		control(3, 8)
		_ = binary.Write(w, binary.BigEndian, math.Float64bits(v))
	case uint16:
		control(5, 2)
		_ = binary.Write(w, binary.BigEndian, v)
	case uint32:
		control(6, 4)
		_ = binary.Write(w, binary.BigEndian, v)
	case uint64:
		control(9, 8)
		_ = binary.Write(w, binary.BigEndian, v)
	case []string:
		control(11, len(v))
		for _, s := range v {
			encode(t, w, s)
		}
	case map[string]any:
		control(7, len(v))
		for _, k := range slices.Sorted(maps.Keys(v)) {
			encode(t, w, k)
			encode(t, w, v[k])
		}
	default:
		t.Fatalf("this writer has no %T", v)
	}
}
