// Package tvterm shows a TV in a terminal and is its remote control: it draws
// the views of a running agent and sends it keys, over the same socket as the
// TV's page.
//
// # Use
//
//	err := tvterm.Run(ctx, "http://127.0.0.1:8711", os.Stdin, os.Stdout)    // the TV itself
//	err := tvterm.Remote(ctx, "http://127.0.0.1:8711", os.Stdin, os.Stdout) // only the remote
//	text := tvterm.Draw(view, 80, 24)                                      // a picture of a view
//	conn, err := tvterm.Dial(ctx, "http://127.0.0.1:8711")                  // for programs
//
// While a field is on the screen, letters are typed into it; Ctrl-C quits there.
// At home letters that are no keys open the search.
//
// Run and Remote end with nil on q, Ctrl-C, the end of what is typed, and when
// ctx ends. The terminal is as before whenever they return, after a panic too;
// a program that wants that for signals as well ends ctx on them
// (signal.NotifyContext). While the TV is not running they say so and try
// again. A terminal does not tell a held key from one pressed often, so no key
// is marked as repeated.
//
// # Concurrency
//
// Draw is a function of its arguments. Run and Remote wait for all goroutines
// they start. A Conn may be written and read by one goroutine each.
//
// # Tests
//
// Every screen at 80×24 is compared with a file, keys are decoded in every
// division into pieces, and Run and Remote are run against the agent's real
// screen server, over a pipe and over a pseudo terminal.
package tvterm

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"strings"
	"time"

	"golang.org/x/term"

	"github.com/hearthkey/hearthkey/agent/keyseq"
	"github.com/hearthkey/hearthkey/agent/nav"
	"github.com/hearthkey/hearthkey/agent/screen"
)

// What a terminal is told (ECMA-48, and xterm's private modes).
const (
	enterScreen = "\x1b[?1049h\x1b[?25l\x1b[2J"
	leaveScreen = "\x1b[0m\x1b[?25h\x1b[?1049l"
	home00      = "\x1b[H"
	eraseLine   = "\x1b[K"
	eraseBelow  = "\x1b[J"
)

// sizeEvery is how often the terminal's size is looked at.
const sizeEvery = 500 * time.Millisecond

// Run draws the TV at url until it is ended. in must be an *os.File, for its
// reads to be ended; where it is a terminal it is set to raw mode meanwhile.
func Run(ctx context.Context, url string, in io.Reader, out io.Writer) error {
	t := &tv{link: newLink(url), out: out}
	return attend(ctx, t.link, in, out, t)
}

// Remote sends keys to the TV at url until it is ended, and shows one line
// about what came of them. in is as for [Run].
func Remote(ctx context.Context, url string, in io.Reader, out io.Writer) error {
	r := &remote{link: newLink(url), url: url, out: out, sent: map[uint64]time.Time{}}
	return attend(ctx, r.link, in, out, r)
}

// face is what a person sees of a TV.
type face interface {
	begin() error // before anything else
	hear(heard) error
	pressed(keyseq.Key, uint64) error // a key was sent, with its number; 0 where it could not be
	typed(uint64) error               // the same of a character
	refresh() error                   // now and then: the terminal's size may have changed
	end()                             // after everything, whatever happened
}

// attend runs a face: what is typed goes to the TV, what the TV says to the
// face.
func attend(ctx context.Context, l *link, in io.Reader, out io.Writer, f face) (err error) {
	file, ok := in.(*os.File)
	if !ok {
		return errors.New("tvterm: what is typed must come from a file or a terminal")
	}
	if _, err := address(l.url); err != nil {
		return fmt.Errorf("tvterm: %w", err)
	}
	restore, err := raw(file)
	if err != nil {
		return fmt.Errorf("tvterm: %w", err)
	}
	defer restore()
	defer f.end()
	if err := f.begin(); err != nil {
		return err
	}
	ctx, cancel := context.WithCancel(ctx)
	typed, stopTyping, err := typing(file)
	if err != nil {
		cancel()
		return fmt.Errorf("tvterm: %w", err)
	}
	defer stopTyping()
	heard := l.run(ctx)
	defer l.wait()
	defer cancel()
	return converse(ctx, l, f, typed, heard)
}

// converse is the loop of attend.
func converse(ctx context.Context, l *link, f face, typed <-chan input, hears <-chan heard) error {
	size := time.NewTicker(sizeEvery)
	defer size.Stop()
	for {
		var err error
		select {
		case <-ctx.Done():
			return nil
		case h := <-hears:
			err = f.hear(h)
		case <-size.C:
			err = f.refresh()
		case in, open := <-typed:
			switch {
			case !open:
				return nil
			case l.takes(in):
				err = f.typed(l.write(in.text))
			case in.quit:
				return nil
			case in.key != 0:
				err = f.pressed(in.key, l.press(in.key))
			}
		}
		if err != nil {
			return fmt.Errorf("tvterm: %w", err)
		}
	}
}

// raw sets a terminal to raw mode and returns what undoes it.
func raw(file *os.File) (restore func(), err error) {
	fd := int(file.Fd())
	if !term.IsTerminal(fd) {
		return func() {}, nil
	}
	before, err := term.MakeRaw(fd)
	if err != nil {
		return nil, err
	}
	return func() { term.Restore(fd, before) }, nil
}

// size returns the size of the terminal behind out, 80×24 where it is none.
func size(out io.Writer) (wide, high int) {
	if file, ok := out.(*os.File); ok {
		if wide, high, err := term.GetSize(int(file.Fd())); err == nil && wide > 0 && high > 0 {
			return wide, high
		}
	}
	return 80, 24
}

// tv is the face that draws the whole screen.
type tv struct {
	link  *link
	out   io.Writer
	view  nav.View
	shown string // what is drawn
}

func (t *tv) begin() error {
	t.view = nav.View{Screen: nav.ScreenStarting, Title: "Connecting", Text: []string{t.link.url}}
	if _, err := io.WriteString(t.out, enterScreen); err != nil {
		return err
	}
	return t.refresh()
}

func (t *tv) hear(h heard) error {
	switch {
	case h.gone != nil:
		t.view = nav.View{Screen: nav.ScreenStarting, Title: "This TV's software is not running",
			Text: []string{"This screen comes back by itself as soon as it runs again.", h.gone.Error()}}
	case h.message.View != nil:
		t.view = *h.message.View
	}
	return t.refresh()
}

func (t *tv) pressed(keyseq.Key, uint64) error { return nil }

func (t *tv) typed(uint64) error { return nil }

// refresh draws what is not drawn yet.
func (t *tv) refresh() error {
	wide, high := size(t.out)
	picture := Draw(t.view, wide, high)
	if picture == t.shown {
		return nil
	}
	t.shown = picture
	_, err := io.WriteString(t.out, home00+strings.ReplaceAll(picture, "\n", eraseLine+"\r\n")+eraseLine+eraseBelow)
	return err
}

func (t *tv) end() { io.WriteString(t.out, leaveScreen) }

// remote is the face that shows one line.
type remote struct {
	link  *link
	url   string
	out   io.Writer
	sent  map[uint64]time.Time // keys on their way
	state string               // of the TV
	last  string               // key and what came of it
}

func (r *remote) begin() error {
	r.state = "connecting"
	return r.refresh()
}

func (r *remote) hear(h heard) error {
	if h.gone != nil {
		r.state = "not running, trying again"
		clear(r.sent)
		return r.refresh()
	}
	if v := h.message.View; v != nil {
		r.state = string(v.Screen)
		if v.Title != "" {
			r.state += ": " + v.Title
		}
	}
	r.acknowledge(h.message)
	return r.refresh()
}

// acknowledge notes how long the newest of the handled keys took.
func (r *remote) acknowledge(m screen.Message) {
	if at, ok := r.sent[m.Ack]; ok {
		r.last += fmt.Sprintf(" ✓ %.1f ms", float64(time.Since(at).Microseconds())/1000)
	}
	for n := range r.sent {
		if n <= m.Ack {
			delete(r.sent, n)
		}
	}
}

func (r *remote) pressed(key keyseq.Key, n uint64) error {
	r.last = key.String()
	return r.sentAs(n)
}

func (r *remote) sentAs(n uint64) error {
	if n == 0 {
		r.last += " (not sent)"
	} else {
		r.sent[n] = time.Now()
	}
	return r.refresh()
}

// typed does not say what: it may be of a password.
func (r *remote) typed(n uint64) error {
	r.last = "a character"
	return r.sentAs(n)
}

func (r *remote) refresh() error {
	wide, _ := size(r.out)
	text := "Remote · " + clean(r.state)
	if r.last != "" {
		text += " · " + r.last
	}
	text += " — arrows, Enter, Backspace, 0-9, h, m; q quits"
	_, err := io.WriteString(r.out, "\r"+cut(text, wide-1)+eraseLine)
	return err
}

func (r *remote) end() { io.WriteString(r.out, "\r\n") }
