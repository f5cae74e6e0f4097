package tvterm

import (
	"bytes"
	"context"
	"errors"
	"os"
	"strings"
	"sync"
	"testing"
	"time"

	"go.uber.org/goleak"
	"golang.org/x/sys/unix"

	"github.com/hearthkey/hearthkey/agent/keyseq"
	"github.com/hearthkey/hearthkey/agent/nav"
	"github.com/hearthkey/hearthkey/agent/screen"
	"github.com/hearthkey/hearthkey/tools/hearthkey/ptytest"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// paper is what a terminal was told.
type paper struct {
	mu      sync.Mutex
	written bytes.Buffer
	more    chan struct{} // of one
}

func newPaper() *paper { return &paper{more: make(chan struct{}, 1)} }

func (p *paper) Write(data []byte) (int, error) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.written.Write(data)
	select {
	case p.more <- struct{}{}:
	default:
	}
	return len(data), nil
}

func (p *paper) String() string {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.written.String()
}

// until waits for text to be written, and forgets what was before.
func (p *paper) until(t *testing.T, text string) {
	t.Helper()
	end := time.After(20 * time.Second)
	for {
		if all := p.String(); strings.Contains(all, text) {
			p.mu.Lock()
			p.written.Next(strings.Index(p.written.String(), text) + len(text))
			p.mu.Unlock()
			return
		}
		select {
		case <-p.more:
		case <-end:
			t.Fatalf("%q is not written, but %q", text, p.String())
		}
	}
}

// agent is a screen server whose view says which key came last.
func agent(t *testing.T, addr string) *screen.Server {
	t.Helper()
	var s *screen.Server
	ready := make(chan struct{})
	s, err := screen.Start(screen.Config{Addr: addr, Press: func(k screen.Key) {
		<-ready
		s.Show(nav.View{Screen: nav.ScreenHome, Title: "pressed " + k.Name})
	}})
	if err != nil {
		t.Fatal(err)
	}
	close(ready)
	t.Cleanup(func() { s.Close() })
	s.Show(nav.View{Screen: nav.ScreenWelcome, Title: "Welcome"})
	return s
}

// attended starts f with a keyboard to type on and what it returns.
func attended(t *testing.T, f func(context.Context, *os.File) error) (keyboard *os.File, ended <-chan error, cancel func()) {
	t.Helper()
	in, keyboard, err := os.Pipe()
	if err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithCancel(t.Context())
	done := make(chan error, 1)
	go func() { done <- f(ctx, in) }()
	t.Cleanup(func() { cancel(); keyboard.Close(); in.Close() })
	return keyboard, done, cancel
}

func typeKeys(t *testing.T, keyboard *os.File, keys string) {
	t.Helper()
	if _, err := keyboard.WriteString(keys); err != nil {
		t.Fatal(err)
	}
}

func TestRunRoundTrip(t *testing.T) {
	s := agent(t, "127.0.0.1:0")
	out := newPaper()
	keyboard, ended, _ := attended(t, func(ctx context.Context, in *os.File) error { return Run(ctx, s.URL(), in, out) })
	out.until(t, enterScreen)
	out.until(t, "Welcome")
	for _, test := range []struct{ typed, key string }{{"\x1b[A", "Up"}, {"\r", "OK"}, {"\x1b", "Back"}, {"7", "7"}, {"h", "Home"}} {
		typeKeys(t, keyboard, test.typed)
		out.until(t, "pressed "+test.key)
	}
	typeKeys(t, keyboard, "q")
	if err := <-ended; err != nil {
		t.Errorf("Run = %v", err)
	}
	if !strings.HasSuffix(out.String(), leaveScreen) {
		t.Errorf("the terminal is left with %q", out.String())
	}
}

func TestRunOutlivesAgent(t *testing.T) {
	s := agent(t, "127.0.0.1:0")
	out := newPaper()
	keyboard, ended, _ := attended(t, func(ctx context.Context, in *os.File) error { return Run(ctx, s.Addr().String(), in, out) })
	out.until(t, "Welcome")
	s.Close()
	out.until(t, "software is not running")
	agent(t, s.Addr().String())
	out.until(t, "Welcome")
	typeKeys(t, keyboard, "\x1b[B")
	out.until(t, "pressed Down")
	keyboard.Close() // the end of what is typed
	if err := <-ended; err != nil {
		t.Errorf("Run = %v", err)
	}
}

func TestRunEndsWithContext(t *testing.T) {
	out := newPaper()
	_, ended, cancel := attended(t, func(ctx context.Context, in *os.File) error { return Run(ctx, "127.0.0.1:1", in, out) })
	out.until(t, "software is not running")
	cancel()
	if err := <-ended; err != nil {
		t.Errorf("Run = %v", err)
	}
}

func TestRemote(t *testing.T) {
	s := agent(t, "127.0.0.1:0")
	out := newPaper()
	keyboard, ended, _ := attended(t, func(ctx context.Context, in *os.File) error { return Remote(ctx, s.URL(), in, out) })
	out.until(t, "welcome: Welcome")
	typeKeys(t, keyboard, "\x1b[C")
	out.until(t, "home: pressed Right")
	out.until(t, "Right ✓ ")
	s.Close()
	out.until(t, "not running")
	typeKeys(t, keyboard, "3")
	out.until(t, "3 (not sent)")
	typeKeys(t, keyboard, "\x03")
	if err := <-ended; err != nil {
		t.Errorf("Remote = %v", err)
	}
	if strings.Count(out.String(), "\n") != 1 {
		t.Errorf("the remote uses more than one line: %q", out.String())
	}
}

func TestRefusals(t *testing.T) {
	for _, addr := range []string{"", "http://127.0.0.1", "https://127.0.0.1:8711", "file:///etc/passwd", "http://[::1", "127.0.0.1"} {
		in, keyboard, err := os.Pipe()
		if err != nil {
			t.Fatal(err)
		}
		if err := Run(t.Context(), addr, in, newPaper()); err == nil || !strings.Contains(err.Error(), "address of a TV's screen") {
			t.Errorf("Run at %q = %v", addr, err)
		}
		in.Close()
		keyboard.Close()
	}
	if err := Run(t.Context(), "127.0.0.1:1", strings.NewReader("q"), newPaper()); err == nil {
		t.Error("Run with a reader that cannot be polled gives no error")
	}
}

// mode returns whether a terminal echoes, and all its settings.
func mode(t *testing.T, file *os.File) (echoes bool, all unix.Termios) {
	t.Helper()
	got, err := unix.IoctlGetTermios(int(file.Fd()), unix.TCGETS)
	if err != nil {
		t.Fatal(err)
	}
	return got.Lflag&unix.ECHO != 0, *got
}

// probe is a face that looks at the terminal and fails in a chosen way.
type probe struct {
	t        *testing.T
	terminal *os.File
	begins   func() error
	ended    bool
}

func (p *probe) begin() error {
	if echoes, _ := mode(p.t, p.terminal); echoes {
		p.t.Error("the terminal echoes while the TV is on it")
	}
	return p.begins()
}
func (p *probe) hear(heard) error                 { return nil }
func (p *probe) pressed(keyseq.Key, uint64) error { return nil }
func (p *probe) typed(uint64) error               { return nil }
func (p *probe) refresh() error                   { return nil }
func (p *probe) end()                             { p.ended = true }

func TestTerminalIsRestored(t *testing.T) {
	failure := errors.New("broken pipe")
	for name, begins := range map[string]func() error{
		"ended":  func() error { return nil },
		"failed": func() error { return failure },
		"panic":  func() error { panic("a fault") },
	} {
		person, program := ptytest.Open(t)
		_, before := mode(t, program)
		p := &probe{t: t, terminal: program, begins: begins}
		if _, err := person.WriteString("q"); err != nil {
			t.Fatal(err)
		}
		func() {
			defer func() { recover() }()
			attend(t.Context(), newLink("127.0.0.1:1"), program, program, p)
		}()
		if _, after := mode(t, program); after != before || !p.ended {
			t.Errorf("%s: the terminal is not as before", name)
		}
	}
}

// TestWhatIsText tells keys from text: where there is no field, letters that are
// keys of this terminal stay keys.
func TestWhatIsText(t *testing.T) {
	for _, tt := range []struct {
		field, types bool
		in           input
		want         bool
	}{
		{true, false, input{text: "h", key: keyseq.Home}, true}, {true, false, input{text: "q", quit: true}, true},
		{false, true, input{text: "h", key: keyseq.Home}, false}, {false, true, input{text: "q", quit: true}, false},
		{false, true, input{text: "l"}, true}, {false, false, input{text: "l"}, false}, {true, true, input{key: keyseq.Up}, false},
	} {
		l := &link{conn: &Conn{}, field: tt.field, types: tt.types}
		if got := l.takes(tt.in); got != tt.want {
			t.Errorf("field %v, types %v: takes(%+v) = %v", tt.field, tt.types, tt.in, got)
		}
	}
}
