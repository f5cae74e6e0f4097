package protocol

import (
	"bytes"
	"encoding/base64"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"time"
)

// Errors of [DecodeUp] and [DecodeDown]; test with errors.Is.
var (
	// ErrBadFrame means that the frame is not JSON or breaks a bound: [CodeBadFrame].
	ErrBadFrame = errors.New("bad frame")
	// ErrTooLarge means that the frame is above its bound in bytes: [CodeTooLarge].
	ErrTooLarge = errors.New("frame too large")
)

// Bytes is binary data: unpadded base64url in JSON (RFC 4648, section 5).
type Bytes []byte

// MarshalText encodes b.
func (b Bytes) MarshalText() ([]byte, error) {
	return base64.RawURLEncoding.AppendEncode(nil, b), nil
}

// UnmarshalText decodes text into b. Padding and bits past the end are errors.
func (b *Bytes) UnmarshalText(text []byte) error {
	out, err := base64.RawURLEncoding.Strict().AppendDecode(nil, text)
	if err != nil {
		return fmt.Errorf("not unpadded base64url: %w", err)
	}
	*b = out
	return nil
}

// Millis is a time in milliseconds since the Unix epoch.
type Millis int64

// MillisOf converts t.
func MillisOf(t time.Time) Millis { return Millis(t.UnixMilli()) }

// Time converts m, in UTC.
func (m Millis) Time() time.Time { return time.UnixMilli(int64(m)).UTC() }

// Unknown is a frame of a type that this program does not know. It is ignored.
type Unknown struct{ T string }

// Type returns the unknown type.
func (u Unknown) Type() string { return u.T }
func (u Unknown) check() error { return nil }

// decoder reads one kind of frame.
type decoder func([]byte) (Frame, error)

// fromDevice and fromServer are the frames that each side may send.
var (
	fromDevice = decoders(
		into[Enrol](), into[Auth](), into[Have](), into[Ask](), into[Receipt](),
		into[SignedOutHere](), into[Activity](), into[ProfileSelected](),
		into[SignIn](), into[SendCode](), into[EnterCode](),
		into[PINTries](), into[AddProfile](), into[EditProfile](),
		into[Play](), into[PlayEnd](),
		into[Remotes](), into[RelayState](),
	)
	fromServer = decoders(
		into[Hello](), into[UserCode](), into[Enrolled](), into[State](), into[Still](),
		into[Part](), into[Pins](), into[Keys](), into[ReceiptAck](), into[ActivityAck](),
		into[Error](), into[CodeNeeded](), into[SignInRefused](),
		into[PINCounts](), into[ProfileAnswer](), into[Library](),
		into[Grant](), into[PlayRefused](),
		into[RemoteWishes](), into[Relay](),
	)
)

type namedDecoder struct {
	name string
	read decoder
}

func into[F Frame]() namedDecoder {
	var zero F
	return namedDecoder{zero.Type(), func(data []byte) (Frame, error) {
		var f F
		if err := json.Unmarshal(data, &f); err != nil {
			return nil, err
		}
		return f, f.check()
	}}
}

func decoders(list ...namedDecoder) map[string]decoder {
	m := make(map[string]decoder, len(list))
	for _, d := range list {
		m[d.name] = d.read
	}
	return m
}

// Encode returns f as one JSON object whose first member is "t".
func Encode(f Frame) ([]byte, error) {
	if err := f.check(); err != nil {
		return nil, fmt.Errorf("encode %s: %w", f.Type(), err)
	}
	body, err := json.Marshal(f)
	if err != nil {
		return nil, fmt.Errorf("encode %s: %w", f.Type(), err)
	}
	out := make([]byte, 0, len(body)+len(f.Type())+8)
	out = append(out, `{"t":"`...)
	out = append(out, f.Type()...)
	out = append(out, '"')
	if !bytes.Equal(body, []byte("{}")) {
		out = append(out, ',')
	}
	return append(out, body[1:]...), nil
}

// DecodeUp reads a frame that a device sent. Every bound is checked. A frame
// of an unknown type is an [Unknown]. Errors wrap [ErrBadFrame] or [ErrTooLarge].
func DecodeUp(data []byte) (Frame, error) { return decode(data, MaxDeviceFrame, fromDevice) }

// DecodeDown reads a frame that a server sent, as [DecodeUp].
func DecodeDown(data []byte) (Frame, error) { return decode(data, MaxFrame, fromServer) }

func decode(data []byte, limit int, known map[string]decoder) (Frame, error) {
	if len(data) > limit {
		return nil, fmt.Errorf("%w: %d bytes, at most %d", ErrTooLarge, len(data), limit)
	}
	var head struct {
		T string `json:"t"`
	}
	if err := json.Unmarshal(data, &head); err != nil {
		return nil, fmt.Errorf("%w: %v", ErrBadFrame, err)
	}
	if head.T == "" || len(head.T) > 64 {
		return nil, fmt.Errorf(`%w: no usable "t"`, ErrBadFrame)
	}
	read, ok := known[head.T]
	if !ok {
		return Unknown{head.T}, nil
	}
	f, err := read(data)
	if err != nil {
		return nil, fmt.Errorf("%w: %s: %v", ErrBadFrame, head.T, err)
	}
	return f, nil
}

// FrameTypes returns the types of all frames, of both sides.
func FrameTypes() []string {
	return slices.Sorted(func(yield func(string) bool) {
		for _, m := range []map[string]decoder{fromDevice, fromServer} {
			for name := range m {
				if !yield(name) {
					return
				}
			}
		}
	})
}
