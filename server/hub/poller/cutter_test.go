package poller

import (
	"bytes"
	"encoding/binary"
	"errors"
	"io"
	"slices"
	"strings"
	"testing"

	"github.com/gorilla/websocket"

	"github.com/hearthkey/hearthkey/protocol"
)

// frame makes one masked frame of a client.
func frame(first byte, payload string) []byte {
	b := []byte{first}
	switch n := len(payload); {
	case n < 126:
		b = append(b, 0x80|byte(n))
	case n < 1<<16:
		b = binary.BigEndian.AppendUint16(append(b, 0x80|126), uint16(n))
	default:
		b = binary.BigEndian.AppendUint64(append(b, 0x80|127), uint64(n))
	}
	key := []byte{1, 2, 3, 4}
	b = append(b, key...)
	for i := range len(payload) {
		b = append(b, payload[i]^key[i%4])
	}
	return b
}

// First bytes of frames: FIN and the opcode.
const (
	text, more, last, ping, pong, bye = 0x81, 0x00, 0x80, 0x89, 0x8a, 0x88
	firstText                         = 0x01
)

// byCutter reads a stream as the epoll path does: messages, pings, and how it ended.
func byCutter(stream []byte, step int) (said []string, err error) {
	var k cutter
	var b []byte
	for {
		n := min(step, len(stream))
		b, stream = append(b, stream[:n]...), stream[n:]
		for {
			p, err := k.next(b)
			if errors.Is(err, errMalformed) {
				if _, _, err = decode(bytes.Clone(b[:min(len(b), k.at+maxHead)]), nil); err == nil {
					err = errors.New("gorilla takes what the cutter does not")
				}
			}
			if err != nil {
				return said, err
			}
			if p.opcode == 0 {
				break
			}
			piece := bytes.Clone(b[p.from:p.to])
			b = append(b[:p.from:p.from], b[p.to:]...)
			switch p.opcode {
			case websocket.TextMessage:
				m, _, err := decode(piece, nil)
				if err != nil {
					return said, err
				}
				said = append(said, "text "+string(m))
			case websocket.PingMessage:
				said = append(said, "ping "+string(unmask(piece)))
			case websocket.CloseMessage:
				_, _, err := decode(piece, nil)
				return said, err
			}
		}
		if len(stream) == 0 {
			return said, io.ErrUnexpectedEOF
		}
	}
}

// byGorilla reads it as the portable path does.
func byGorilla(stream []byte) (said []string, err error) {
	c := newCodec()
	c.pipe.in = stream
	c.ws.SetPingHandler(func(data string) error {
		said = append(said, "ping "+data)
		return nil
	})
	for {
		kind, r, err := c.ws.NextReader()
		if err != nil {
			return said, err
		}
		if kind != websocket.TextMessage {
			return said, ErrNotText
		}
		m, err := io.ReadAll(io.LimitReader(r, protocol.MaxDeviceFrame+1))
		if err != nil {
			return said, err
		}
		if len(m) > protocol.MaxDeviceFrame {
			return said, ErrTooLarge
		}
		said = append(said, "text "+string(m))
	}
}

// sameEnd reports whether both mean the same to a device: its own close frame, a
// refusal by gorilla, one of ours, or no more bytes.
func sameEnd(a, b error) bool {
	for _, known := range []error{ErrTooLarge, ErrNotText, io.ErrUnexpectedEOF} {
		if errors.Is(a, known) || errors.Is(b, known) {
			return errors.Is(a, known) && errors.Is(b, known)
		}
	}
	return a.Error() == b.Error()
}

// The cutter and gorilla's own reader find the same in any bytes, however they are cut.
func FuzzCutter(f *testing.F) {
	big := strings.Repeat("x", protocol.MaxDeviceFrame)
	for _, s := range [][]byte{
		frame(text, "hello"),
		bytes.Join([][]byte{frame(firstText, "a"), frame(ping, "p"), frame(more, "b"), frame(last, "c"), frame(text, "d")}, nil),
		bytes.Join([][]byte{frame(pong, ""), frame(bye, "\x03\xe8done"), frame(text, "late")}, nil),
		frame(text, big), frame(text, big+"y"), frame(text, strings.Repeat("z", 200)),
		frame(0x82, "binary"), frame(last, "no beginning"), frame(0x83, "reserved"), frame(0xc1, "compressed"),
		{0x81, 5, 'h', 'e', 'l', 'l', 'o'}, {0x89, 0xfe, 0, 126}, {0x09, 0x80, 0, 0, 0, 0}, frame(bye, "\x01"), frame(bye, "\x00\x01"),
		append(frame(firstText, "a"), frame(text, "b")...), {0x81, 0xff, 0x80, 0, 0, 0, 0, 0, 0, 0, 1, 2, 3, 4},
	} {
		for _, step := range []byte{1, 7, 255} {
			f.Add(s, step)
		}
	}
	f.Fuzz(func(t *testing.T, stream []byte, step byte) {
		wantSaid, wantErr := byGorilla(bytes.Clone(stream))
		said, err := byCutter(bytes.Clone(stream), int(step)+1)
		if !sameEnd(err, wantErr) || !slices.Equal(said, wantSaid) {
			// A message that is too large is refused as soon as it says so, and one whose
			// frames hold nothing for ever is refused at all.
			if errors.Is(err, ErrTooLarge) && slices.Equal(said, wantSaid[:min(len(said), len(wantSaid))]) {
				return
			}
			t.Errorf("cut by %d: %.200q, %v; gorilla: %.200q, %v", int(step)+1, said, err, wantSaid, wantErr)
		}
	})
}

// A message whose frames hold next to nothing is refused, however long it goes on.
func TestHeadersAreBounded(t *testing.T) {
	stream := frame(firstText, "")
	for len(stream) <= maxRaw {
		stream = append(stream, frame(more, "")...)
	}
	if said, err := byCutter(stream, 1000); !errors.Is(err, ErrTooLarge) || len(said) > 0 {
		t.Errorf("%d bytes of headers: %q, %v; want %v", len(stream), said, err, ErrTooLarge)
	}
}

func TestDropper(t *testing.T) {
	large := []byte{0x81, 0xff, 0, 0, 0, 1, 0, 0, 0, 0, 1, 2, 3, 4} // of 4 GiB, which never come
	for _, tt := range []struct {
		name   string
		stream []byte
		want   bool
	}{
		{"close", frame(bye, ""), true},
		{"after others", bytes.Join([][]byte{frame(text, "a"), frame(text, strings.Repeat("b", 300)), frame(text, strings.Repeat("c", 70_000)), frame(bye, "")}, nil), true},
		{"within another", append(large, frame(bye, "")...), false},
		{"none", frame(text, "a"), false},
	} {
		for _, step := range []int{1, 3, 100_000} {
			var d dropper
			got := false
			for b := range slices.Chunk(tt.stream, step) {
				got = got || d.drop(b)
			}
			if got != tt.want {
				t.Errorf("%s, by %d bytes: done = %t, want %t", tt.name, step, got, tt.want)
			}
		}
	}
}
