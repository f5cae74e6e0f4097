package lanremote

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"sync"
	"time"

	"github.com/hearthkey/hearthkey/agent/keyseq"
	"github.com/hearthkey/hearthkey/agent/lan/handset"
	"github.com/hearthkey/hearthkey/protocol/tvremote"
	"github.com/hearthkey/hearthkey/tools/hearthkey/tvterm"
)

const (
	againAfter = time.Second      // a lost TV is looked for
	aliveEvery = 5 * time.Second  // a connection is asked whether it is there
	aliveTime  = 10 * time.Second // and has so long to answer
)

// help is what ? shows.
const help = "arrows · Enter or Space: OK · Backspace or Esc: Back · 0-9 · h: Home · m: Menu · p: Play/Pause · t: type a text · ?: this · q: quit"

// desk is a person at a terminal with a TV's remote in their hand.
type desk struct {
	w    *Wizard
	tv   TV
	out  io.Writer
	conn *handset.Conn // nil while it is lost

	state  tvremote.State
	notice string              // what came of the last key, or why there is no TV
	sent   map[int64]time.Time // keys on their way
	asked  time.Time           // the oldest ping that is not answered; zero: none
	typing bool
	line   []rune // what is being typed

	events  chan event
	readers sync.WaitGroup
}

// event is what happened to a connection.
type event struct {
	from  *handset.Conn
	frame tvremote.Frame // nil: it ended, or was made anew
	err   error          // it ended, or could not be made
	made  *handset.Conn  // made anew
}

// Attend passes on what is typed until q, Ctrl-C, the end of what is typed, or the end
// of ctx, and shows in one line what the TV shows. A TV that is lost is looked for. It
// ends with an error where the TV does not know this remote any more.
func (w *Wizard) Attend(ctx context.Context, tv TV, conn *handset.Conn, in *os.File, out io.Writer) error {
	typed, closeKeyboard, err := tvterm.Keyboard(in)
	if err != nil {
		return err
	}
	defer closeKeyboard()
	d := &desk{w: w, tv: tv, out: out, sent: map[int64]time.Time{}, events: make(chan event)}
	ctx, cancel := context.WithCancel(ctx)
	defer d.readers.Wait()
	defer cancel()
	defer func() { io.WriteString(out, "\r\n") }()
	d.use(ctx, conn)
	defer d.drop()
	return d.converse(ctx, typed)
}

// use takes a connection.
func (d *desk) use(ctx context.Context, conn *handset.Conn) {
	d.conn, d.state, d.asked, d.notice = conn, tvremote.State{}, time.Time{}, ""
	clear(d.sent)
	d.readers.Go(func() {
		for {
			f, err := conn.Read()
			if !d.post(ctx, event{from: conn, frame: f, err: err}) || err != nil {
				return
			}
		}
	})
}

func (d *desk) post(ctx context.Context, e event) bool {
	select {
	case d.events <- e:
		return true
	case <-ctx.Done():
		return false
	}
}

// drop ends the connection, if there is one.
func (d *desk) drop() {
	if d.conn != nil {
		_ = d.conn.Close()
		d.conn = nil
	}
}

func (d *desk) converse(ctx context.Context, typed <-chan tvterm.Typed) error {
	alive := time.NewTicker(aliveEvery)
	defer alive.Stop()
	d.show()
	for {
		select {
		case <-ctx.Done():
			return nil
		case <-alive.C:
			d.ask()
		case e := <-d.events:
			if err := d.hear(ctx, e); err != nil {
				return err
			}
		case one, open := <-typed:
			if !open || one.Quit && (!d.typing || one.Text == "") {
				return nil
			}
			d.take(one)
		}
		d.show()
	}
}

// ask asks the TV for a sign of life, and gives it up where the last one was not
// answered.
func (d *desk) ask() {
	switch {
	case d.conn == nil:
	case d.asked.IsZero():
		d.asked = time.Now()
		_ = d.conn.Send(tvremote.Ping{}) // its reader hears where it is gone
	case time.Since(d.asked) > aliveTime:
		_ = d.conn.Close()
	}
}

// hear takes what came from the TV.
func (d *desk) hear(ctx context.Context, e event) error {
	switch {
	case e.made != nil:
		if known := d.w.Book.Find(d.tv.ID); len(known) == 1 {
			d.tv = known[0] // with where it is now
		}
		d.use(ctx, e.made)
	case e.from != nil && e.from != d.conn:
	case e.err != nil:
		return d.lost(ctx, e.err)
	}
	switch f := e.frame.(type) {
	case tvremote.State:
		d.state = f
	case tvremote.Ack:
		d.acknowledge(f)
	case tvremote.Pong:
		d.asked = time.Time{}
	case tvremote.Error:
		if f.Code == tvremote.CodeRevoked {
			return ErrForgotten
		}
	}
	return nil
}

// lost looks for the TV, in a while, unless that has no use.
func (d *desk) lost(ctx context.Context, err error) error {
	if errors.Is(err, ErrForgotten) {
		return err
	}
	d.drop()
	d.typing, d.line, d.state = false, nil, tvremote.State{}
	d.notice = "not reachable, trying again"
	d.readers.Go(func() {
		select {
		case <-time.After(againAfter):
		case <-ctx.Done():
			return
		}
		quiet := *d.w
		quiet.Tell = nil
		conn, _, err := quiet.Connect(ctx, d.tv, "")
		if !d.post(ctx, event{made: conn, err: err}) && conn != nil {
			_ = conn.Close()
		}
	})
	return nil
}

func (d *desk) acknowledge(f tvremote.Ack) {
	if at, ok := d.sent[f.Seq]; ok {
		d.notice += fmt.Sprintf(" ✓ %.1f ms", float64(time.Since(at).Microseconds())/1000)
		delete(d.sent, f.Seq)
	}
	if why, ok := ignored[f.Ignored]; ok {
		d.notice = why
	}
}

// ignored says why a key had no effect.
var ignored = map[tvremote.Ignored]string{
	tvremote.TooFast:    "too fast for the TV",
	tvremote.UnknownKey: "this TV has no such key",
	tvremote.NoField:    "nothing is being typed on the TV",
}

// take takes what was typed.
func (d *desk) take(one tvterm.Typed) {
	switch {
	case d.typing:
		d.write(one)
	case one.Text == "?":
		io.WriteString(d.out, "\r"+help+eraseLine+"\r\n")
	case d.conn == nil:
	case one.Text == "t" && (d.state.Keyboard == tvremote.KeyboardNone || d.state.Keyboard == ""):
		d.notice = ignored[tvremote.NoField]
	case one.Text == "t":
		d.typing = true
	case one.Key != 0:
		d.note(one.Key.String())(d.conn.Press(one.Key.String(), tvremote.Press))
	}
}

// note says what was sent, with its number.
func (d *desk) note(what string) func(seq int64, err error) {
	return func(seq int64, err error) {
		d.notice = what
		if err != nil {
			d.notice += " (not sent)"
			return
		}
		d.sent[seq] = time.Now()
	}
}

// write takes what is typed into the line.
func (d *desk) write(one tvterm.Typed) {
	digit, isDigit := one.Key.Digit()
	switch {
	case isDigit:
		d.line = append(d.line, rune('0'+digit))
	case one.Text != "":
		d.line = append(d.line, []rune(one.Text)...)
	case one.Key == keyseq.Back && len(d.line) > 0:
		d.line = d.line[:len(d.line)-1]
	case one.Key == keyseq.Back:
		d.typing = false
	case one.Key == keyseq.OK:
		text := string(d.line)
		d.typing, d.line = false, nil
		if text != "" && d.conn != nil {
			d.note("text")(d.conn.Type(text))
		}
	}
	if len(d.line) > tvremote.MaxText {
		d.line = d.line[:tvremote.MaxText]
	}
}
