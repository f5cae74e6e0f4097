package tvremote

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
)

// ErrBadFrame is wrapped by [DecodeUp], [DecodeDown] and [Encode] for everything
// that is no frame or breaks a bound.
var ErrBadFrame = errors.New("bad frame of a remote")

// Unknown is a frame of a type that this program does not know. It is ignored.
type Unknown struct{ T string }

// Type returns the unknown type.
func (u Unknown) Type() string { return u.T }

// reader makes a frame of an object's members.
type reader func(*members) Frame

// fromRemote and fromTV are the frames that each side may send.
var (
	fromRemote = map[string]reader{
		"hello": readHello, "key": readKey, "text": readText, "ping": readPing,
		"pair": readPair, "pair_confirm": readPairConfirm,
	}
	fromTV = map[string]reader{
		"welcome": readWelcome, "ack": readAck, "state": readState, "pong": readPong, "error": readError,
		"unpaired": readUnpaired, "pair_share": readPairShare, "paired": readPaired,
	}
)

// DecodeUp reads a frame that a remote sent. Every bound is checked. A frame of an
// unknown type is an [Unknown]. Errors wrap [ErrBadFrame].
func DecodeUp(data []byte) (Frame, error) { return decode(data, fromRemote) }

// DecodeDown reads a frame that a TV sent, as [DecodeUp].
func DecodeDown(data []byte) (Frame, error) { return decode(data, fromTV) }

func decode(data []byte, known map[string]reader) (Frame, error) {
	m, err := split(data)
	if err != nil {
		return nil, fmt.Errorf("%w: %w", ErrBadFrame, err)
	}
	name := m.text("t", 1, 64)
	if m.err != nil {
		return nil, fmt.Errorf("%w: %w", ErrBadFrame, m.err)
	}
	read, ok := known[name]
	if !ok {
		return Unknown{name}, nil
	}
	f := read(m)
	if m.err != nil {
		return nil, fmt.Errorf("%w: %s: %w", ErrBadFrame, name, m.err)
	}
	return f, nil
}

// Encode returns f as one JSON object whose first member is "t". It refuses what the
// other side would refuse. Errors wrap [ErrBadFrame].
func Encode(f Frame) ([]byte, error) {
	known := fromTV
	if _, ok := fromRemote[f.Type()]; ok {
		known = fromRemote
	}
	if _, ok := known[f.Type()]; !ok {
		return nil, fmt.Errorf("%w: encode %T: no such frame", ErrBadFrame, f)
	}
	body, err := json.Marshal(f)
	if err != nil {
		return nil, fmt.Errorf("%w: encode %s: %w", ErrBadFrame, f.Type(), err)
	}
	out := fmt.Appendf(nil, `{"t":%q`, f.Type())
	if !bytes.Equal(body, []byte("{}")) {
		out = append(out, ',')
	}
	out = append(out, body[1:]...)
	if _, err := decode(out, known); err != nil {
		return nil, fmt.Errorf("encode: %w", err)
	}
	return out, nil
}

func readHello(m *members) Frame { return Hello{V: int(m.number("v", 1, 1<<15))} }

func readKey(m *members) Frame {
	return Key{
		Seq: m.number("seq", 1, MaxSeq), Key: m.word("key", MaxKey),
		Action: oneOf(m, "action", Press, Down, Up),
	}
}

func readText(m *members) Frame {
	return Text{Seq: m.number("seq", 1, MaxSeq), Text: m.secret("text", 1, MaxText)}
}

func readPing(m *members) Frame { return Ping{N: m.number("n", 0, MaxSeq)} }

func readPair(m *members) Frame {
	return Pair{
		By: oneOf(m, "by", ByCode, ByQR), Name: m.name("name"),
		Nonce: m.bytes("nonce", NonceSize), Share: m.bytes("share", ShareSize),
	}
}

func readPairConfirm(m *members) Frame { return PairConfirm{Tag: m.bytes("tag", TagSize)} }

func readWelcome(m *members) Frame {
	f := Welcome{V: int(m.number("v", 1, 1<<15)), TV: m.id("tv"), Name: m.text("name", 1, MaxName), Role: oneOf(m, "role", Household, Guest, Relayed)}
	if m.has("model") {
		f.Model = m.text("model", 0, MaxName)
	}
	return f
}

func readAck(m *members) Frame {
	f := Ack{Seq: m.number("seq", 1, MaxSeq)}
	if m.has("ignored") {
		f.Ignored = Ignored(m.word("ignored", 32))
	}
	return f
}

func readState(m *members) Frame {
	f := State{
		Screen: m.word("screen", 32), Role: oneOf(m, "role", Household, Guest, Relayed),
		Keyboard: oneOf(m, "keyboard", KeyboardNone, KeyboardText, KeyboardEmail, KeyboardPassword, KeyboardDigits),
	}
	if m.has("title") {
		f.Title = m.text("title", 0, MaxTitle)
	}
	return f
}

func readPong(m *members) Frame { return Pong{N: m.number("n", 0, MaxSeq)} }

func readError(m *members) Frame {
	f := Error{Code: Code(m.word("code", 32))}
	if m.has("retry_after") {
		f.Retry = int(m.number("retry_after", 0, MaxWait))
	}
	if m.has("tries_left") {
		f.TriesLeft = int(m.number("tries_left", 0, 16))
	}
	return f
}

func readUnpaired(m *members) Frame {
	f := Unpaired{TV: m.id("tv"), Nonce: m.bytes("nonce", NonceSize), Open: m.flag("open")}
	if m.has("retry_after") {
		f.Retry = int(m.number("retry_after", 0, MaxWait))
	}
	return f
}

func readPairShare(m *members) Frame { return PairShare{Share: m.bytes("share", ShareSize)} }

func readPaired(m *members) Frame { return Paired{Tag: m.bytes("tag", TagSize)} }
