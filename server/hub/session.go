package hub

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"time"

	"github.com/hearthkey/hearthkey/protocol"
)

// ErrGone means that the connection is no longer the device's own: it was
// replaced, dropped or never added.
var ErrGone = errors.New("connection is gone")

// Conn is a connection as the hub needs it. Its methods are safe for
// concurrent use and bounded in time.
type Conn interface {
	// Send writes the messages in order. After an error the connection ends.
	Send(messages ...[]byte) error
	// Prompt reports that Send never waits for the device.
	Prompt() bool
	// Ping asks for a sign of life, which moves Heard.
	Ping() error
	// Heard is when the device last sent anything.
	Heard() time.Time
	// Close ends the connection with a WebSocket close code.
	Close(code int, reason string)
}

// Truth reads what should be true of the devices of sessions.
type Truth interface {
	// Desired returns for each of the sessions, of one account, the frames that bring
	// its device up to date; none where it is. It reads once for all of them. It is
	// called on the Truth of one of them, with the turns of all held: it may use and
	// must update their Sent and Granted, and whatever else belongs to the turn. What
	// it leaves to be done once the frames are out is in after, which may be nil.
	Desired(ctx context.Context, sessions []*Session) (told []Told, after func())
}

// Told is what one device is to be told, or why that is not known.
type Told struct {
	Frames []protocol.Frame
	Err    error
}

// Numbers count the changes of an account: its version, and the number of its
// library, which counts apart from it.
type Numbers struct {
	Version protocol.Version
	Library int64
}

// cover reports whether who has n has all of o.
func (n Numbers) cover(o Numbers) bool { return n.Version >= o.Version && n.Library >= o.Library }

// join returns the higher of each number.
func (n Numbers) join(o Numbers) Numbers {
	return Numbers{max(n.Version, o.Version), max(n.Library, o.Library)}
}

// Session is one authenticated connection of a device.
type Session struct {
	Account protocol.AccountID
	Device  protocol.DeviceID
	Epoch   protocol.Epoch
	// Number orders the connections of one device: its signed counter.
	Number int64
	Conn   Conn
	Truth  Truth
	// Library says that the device takes [protocol.Library] frames.
	Library bool
	// Relays says that the device takes [protocol.Relay] frames.
	Relays bool

	// turn orders what is read and sent. It guards the fields below it.
	turn sync.Mutex
	// Edition is that of what all devices share, the catalogue and the key list,
	// which was last read and sent. It is this process's number: see [Hub.NudgeAll].
	Edition int32
	// Sent are the account's numbers that were last read and sent in full.
	Sent Numbers
	// Granted is when the last lease grant was signed.
	Granted time.Time

	// Guarded by the locks of the queue, the registry and the wheel.
	wanted Numbers
	phase  phase
	added  bool
	slot   int16 // in the wheel
	place  int32 // within the slot
}

// Do takes the device's turn, calls read for the frames that bring the device
// up to date, and sends them. Only read may use the fields that the turn guards.
func (s *Session) Do(ctx context.Context, read func(context.Context) ([]protocol.Frame, error)) error {
	s.turn.Lock()
	defer s.turn.Unlock()
	frames, err := read(ctx)
	if err != nil {
		return err
	}
	return Send(s.Conn, frames...)
}

// Send encodes the frames and writes them in order.
func Send(c Conn, frames ...protocol.Frame) error {
	messages, err := encode(frames)
	if err != nil {
		return err
	}
	return write(c, messages)
}

func encode(frames []protocol.Frame) ([][]byte, error) {
	messages := make([][]byte, len(frames))
	for i, f := range frames {
		m, err := protocol.Encode(f)
		if err != nil {
			return nil, err
		}
		messages[i] = m
	}
	return messages, nil
}

func write(c Conn, messages [][]byte) error {
	if len(messages) == 0 {
		return nil
	}
	if err := c.Send(messages...); err != nil {
		return fmt.Errorf("%w: %w", ErrGone, err)
	}
	return nil
}

// Fail tells the device why its connection ends, and ends it. The delay is
// how long the device should wait before it comes back; 0 leaves it to the device.
func Fail(c Conn, code protocol.Code, delay time.Duration, ref string) {
	_ = Send(c, protocol.Error{Code: code, RetryAfter: delay.Milliseconds(), Ref: ref})
	c.Close(protocol.CloseBase+int(code), protocol.Codes[code].Name)
}

// Departure is what is written down about a connection that has ended.
type Departure struct {
	Account protocol.AccountID
	Device  protocol.DeviceID
	Epoch   protocol.Epoch
	Number  int64
	Granted time.Time // of the last grant; zero if there was none
	Contact time.Time // of the last sign of life
}

func (s *Session) departure() Departure {
	s.turn.Lock()
	defer s.turn.Unlock()
	return Departure{s.Account, s.Device, s.Epoch, s.Number, s.Granted, s.Conn.Heard()}
}
