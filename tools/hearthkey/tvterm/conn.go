package tvterm

import (
	"context"
	"encoding/json"
	"fmt"
	"net/url"
	"strings"
	"sync"
	"time"

	"github.com/gorilla/websocket"

	"github.com/hearthkey/hearthkey/agent/keyseq"
	"github.com/hearthkey/hearthkey/agent/nav"
	"github.com/hearthkey/hearthkey/agent/screen"
	"github.com/hearthkey/hearthkey/protocol"
)

// Bounds of a connection to a TV's screen.
const (
	maxMessage  = 1 << 20 // bytes; a view of a large catalogue has some tens of KiB
	dialTimeout = 5 * time.Second
	sendTimeout = 5 * time.Second
	retryAfter  = 500 * time.Millisecond
)

// Conn is a connection to a TV's screen.
type Conn struct {
	ws *websocket.Conn
	n  uint64
}

// Dial connects to the screen at the address of its page, such as
// "http://127.0.0.1:8711", or its host and port alone.
func Dial(ctx context.Context, addr string) (*Conn, error) {
	at, err := address(addr)
	if err != nil {
		return nil, err
	}
	ctx, cancel := context.WithTimeout(ctx, dialTimeout)
	defer cancel()
	ws, answer, err := websocket.DefaultDialer.DialContext(ctx, at, nil)
	if answer != nil && err != nil {
		return nil, fmt.Errorf("connect to %s: it answers %s", addr, answer.Status)
	}
	if err != nil {
		return nil, fmt.Errorf("connect to %s: %w", addr, err)
	}
	ws.SetReadLimit(maxMessage)
	return &Conn{ws: ws}, nil
}

// address turns a page's address into its socket's.
func address(addr string) (string, error) {
	if !strings.Contains(addr, "://") {
		addr = "http://" + addr
	}
	u, err := url.Parse(addr)
	if err != nil {
		return "", fmt.Errorf("address of a TV's screen: %w", err)
	}
	if u.Scheme != "http" && u.Scheme != "ws" || u.Host == "" || u.Port() == "" {
		return "", fmt.Errorf("address of a TV's screen: %q is not like http://127.0.0.1:8711", addr)
	}
	return "ws://" + u.Host + "/screen", nil
}

// Press sends a key and returns its number: the message whose Ack is that or
// higher says that the key was handled.
func (c *Conn) Press(key keyseq.Key, repeat bool) (n uint64, err error) {
	return c.send(screen.KeyMessage{Key: key, Repeat: repeat})
}

// Type types a few characters into the field on the screen, as Press.
func (c *Conn) Type(text string) (n uint64, err error) {
	return c.send(screen.KeyMessage{Text: text})
}

// Launch asks for a title, as another app of the box does, and as Press.
func (c *Conn) Launch(title protocol.TitleID) (n uint64, err error) {
	return c.send(screen.KeyMessage{Launch: title})
}

func (c *Conn) send(m screen.KeyMessage) (n uint64, err error) {
	m.N = c.n + 1
	data, err := json.Marshal(m)
	if err != nil {
		return 0, fmt.Errorf("press a key: %w", err)
	}
	c.ws.SetWriteDeadline(time.Now().Add(sendTimeout))
	if err := c.ws.WriteMessage(websocket.TextMessage, data); err != nil {
		return 0, fmt.Errorf("press a key: %w", err)
	}
	c.n++
	return c.n, nil
}

// Read waits for the next message.
func (c *Conn) Read() (screen.Message, error) {
	var m screen.Message
	_, data, err := c.ws.ReadMessage()
	if err != nil {
		return m, fmt.Errorf("read from the TV: %w", err)
	}
	if err := json.Unmarshal(data, &m); err != nil {
		return m, fmt.Errorf("read from the TV: %w", err)
	}
	return m, nil
}

// Close ends the connection, and with it a Read.
func (c *Conn) Close() error { return c.ws.Close() }

// heard is a message from the TV, or why there is none.
type heard struct {
	message screen.Message
	gone    error
}

// link keeps a connection to a TV, and makes a new one when it is lost.
type link struct {
	url     string
	running sync.WaitGroup

	mu    sync.Mutex
	conn  *Conn // nil while there is none
	field bool  // the newest view has one
	types bool  // it has none, but takes letters
}

func newLink(url string) *link { return &link{url: url} }

// run connects until ctx ends. Everything heard is on the channel.
func (l *link) run(ctx context.Context) <-chan heard {
	out := make(chan heard)
	l.running.Go(func() {
		for ctx.Err() == nil {
			err := l.listen(ctx, out)
			select {
			case out <- heard{gone: err}:
			case <-ctx.Done():
				return
			}
			select {
			case <-time.After(retryAfter):
			case <-ctx.Done():
			}
		}
	})
	return out
}

// wait returns when run has ended.
func (l *link) wait() { l.running.Wait() }

// listen makes one connection and hands on what it says, until it ends.
func (l *link) listen(ctx context.Context, out chan<- heard) error {
	conn, err := Dial(ctx, l.url)
	if err != nil {
		return err
	}
	stop := context.AfterFunc(ctx, func() { conn.Close() })
	defer stop()
	defer conn.Close()
	l.use(conn)
	defer l.use(nil)
	for {
		m, err := conn.Read()
		if err != nil {
			return err
		}
		l.saw(m.View)
		select {
		case out <- heard{message: m}:
		case <-ctx.Done():
			return ctx.Err()
		}
	}
}

func (l *link) use(conn *Conn) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.conn = conn
}

// press sends a key and returns its number, 0 where it cannot be sent.
func (l *link) press(key keyseq.Key) uint64 {
	return l.send(func(c *Conn) (uint64, error) { return c.Press(key, false) })
}

// write sends characters, as press.
func (l *link) write(text string) uint64 {
	return l.send(func(c *Conn) (uint64, error) { return c.Type(text) })
}

// saw notes whether a view takes what is typed.
func (l *link) saw(v *nav.View) {
	l.mu.Lock()
	defer l.mu.Unlock()
	if v != nil {
		l.field, l.types = v.Keyboard != nil && v.Dialog == nil, v.Types
	}
}

// takes reports whether the screen takes what was typed as text. Where it has no
// field, letters that are keys of this terminal stay keys.
func (l *link) takes(in input) bool {
	l.mu.Lock()
	defer l.mu.Unlock()
	text := l.field || l.types && in.key == 0 && !in.quit
	return text && in.text != "" && l.conn != nil
}

func (l *link) send(how func(*Conn) (uint64, error)) uint64 {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.conn == nil {
		return 0
	}
	n, err := how(l.conn)
	if err != nil {
		l.conn.Close() // the reader says so
		return 0
	}
	return n
}
