package poller

import (
	"encoding/binary"
	"errors"

	"github.com/gorilla/websocket"

	"github.com/hearthkey/hearthkey/protocol"
)

// maxRaw bounds the bytes of one message with the headers of its frames: one of
// [protocol.MaxDeviceFrame] bytes may come in frames of six bytes each, and nobody may
// have the server hold headers instead of content.
const maxRaw = 2 * protocol.MaxDeviceFrame

// errMalformed means that gorilla has to say what is wrong with a frame.
var errMalformed = errors.New("malformed frame")

// cutter finds the borders in a stream of a client's frames (RFC 6455, section 5.2):
// of control frames, which may stand between the frames of a message, and of whole
// messages. It looks at headers only.
type cutter struct {
	at    int  // the stream's first at bytes are frames of a message that goes on
	size  int  // their payload in bytes
	begun bool // there is one at least
}

// piece is what [cutter.next] found at b[from:to].
type piece struct {
	opcode   int // 0: nothing whole yet; websocket.TextMessage: a whole message
	from, to int
}

// next looks for the first piece of b. The caller takes its bytes out of b before the
// next call. Errors: [ErrTooLarge], [ErrNotText], and errMalformed where the frame
// at k.at breaks the protocol.
func (k *cutter) next(b []byte) (piece, error) {
	for {
		h, err := k.header(b[k.at:])
		if err != nil || h.opcode == 0 {
			return piece{}, err
		}
		if h.control() {
			if h.whole > len(b)-k.at {
				return piece{}, nil
			}
			return piece{h.opcode, k.at, k.at + h.whole}, nil
		}
		if k.size+h.payload > protocol.MaxDeviceFrame || k.at+h.whole > maxRaw {
			return piece{}, ErrTooLarge
		}
		if h.whole > len(b)-k.at {
			return piece{}, nil
		}
		k.at, k.size, k.begun = k.at+h.whole, k.size+h.payload, true
		if h.final {
			p := piece{websocket.TextMessage, 0, k.at}
			*k = cutter{}
			return p, nil
		}
	}
}

// header is that of one frame. Its opcode is 0 where bytes are missing, and that of
// text for every data frame.
type header struct {
	opcode  int
	final   bool
	payload int // bytes, capped just above what a message may have
	whole   int // bytes of the header and the payload
}

func (h header) control() bool { return h.opcode >= websocket.CloseMessage }

// header reads the header at the beginning of b.
func (k *cutter) header(b []byte) (header, error) {
	if len(b) < 2 {
		return header{}, nil
	}
	const finBit, reserved, maskBit = 0x80, 0x70, 0x80
	h := header{opcode: int(b[0] & 0xf), final: b[0]&finBit != 0, payload: int(b[1] & 0x7f)}
	if b[0]&reserved != 0 || b[1]&maskBit == 0 {
		return header{}, errMalformed
	}
	switch h.opcode {
	case websocket.CloseMessage, websocket.PingMessage, websocket.PongMessage:
		if h.payload > maxControl || !h.final {
			return header{}, errMalformed
		}
	case websocket.TextMessage, websocket.BinaryMessage:
		if k.begun {
			return header{}, errMalformed
		}
	case 0: // of a continuation
		if !k.begun {
			return header{}, errMalformed
		}
		h.opcode = websocket.TextMessage
	default:
		return header{}, errMalformed
	}
	h, err := h.sized(b)
	if err == nil && h.opcode == websocket.BinaryMessage {
		err = ErrNotText
	}
	return h, err
}

// Of a control frame (RFC 6455, section 5.5) and of a mask, in bytes.
const (
	maxControl = 125
	maskSize   = 4
)

// maxHead is the longest header without its mask, in bytes.
const maxHead = 10

// sized reads the length.
func (h header) sized(b []byte) (header, error) {
	head := 2 + maskSize
	switch h.payload {
	case 126:
		if len(b) < 4 {
			return header{}, nil
		}
		h.payload, head = int(binary.BigEndian.Uint16(b[2:])), head+2
	case 127:
		if len(b) < maxHead {
			return header{}, nil
		}
		if b[2]&0x80 != 0 {
			return header{}, errMalformed
		}
		h.payload, head = int(min(binary.BigEndian.Uint64(b[2:]), maxRaw)), head+8
	}
	if len(b) < head {
		return header{}, nil
	}
	h.whole = head + h.payload
	return h, nil
}

// unmask returns the payload of a whole control frame, in place.
func unmask(frame []byte) []byte {
	key, payload := frame[2:2+maskSize], frame[2+maskSize:]
	for i := range payload {
		payload[i] ^= key[i%maskSize]
	}
	return payload
}

// dropper passes over what still comes on a connection that this side has closed,
// until the other side's close frame.
type dropper struct {
	skip uint64 // bytes of the frame that is being passed over
	head []byte // the beginning of a header
}

// drop takes bytes, and reports whether the other side is done.
func (d *dropper) drop(b []byte) (done bool) {
	for {
		n := min(d.skip, uint64(len(b)))
		b, d.skip = b[n:], d.skip-n
		if len(b) == 0 {
			return false
		}
		d.head = append(d.head, b...)
		if len(d.head) < 2 {
			return false
		}
		if d.head[0]&0xf == websocket.CloseMessage {
			return true
		}
		whole, ok := wholeSize(d.head)
		if !ok {
			return false
		}
		b, d.skip = d.head, whole
		d.head = nil
	}
}

// wholeSize is how many bytes the frame has whose header b begins with.
func wholeSize(b []byte) (uint64, bool) {
	size, head := uint64(b[1]&0x7f), uint64(2)
	switch {
	case size == 126 && len(b) >= 4:
		size, head = uint64(binary.BigEndian.Uint16(b[2:])), 4
	case size == 127 && len(b) >= 10:
		size, head = min(binary.BigEndian.Uint64(b[2:]), 1<<62), 10
	case size >= 126:
		return 0, false
	}
	if b[1]&0x80 != 0 {
		head += maskSize
	}
	return head + size, true
}
