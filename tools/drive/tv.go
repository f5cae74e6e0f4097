package drive

import (
	"context"
	"encoding/json"
	"fmt"
	"sync"
	"time"

	"github.com/gorilla/websocket"

	"github.com/hearthkey/hearthkey/agent/keyseq"
	"github.com/hearthkey/hearthkey/agent/nav"
	"github.com/hearthkey/hearthkey/agent/screen"
)

// TV is a remote control in the hand and an eye on the screen of one running
// agent, over its screen's socket.
type TV struct {
	addr string
	conn *websocket.Conn
	n    uint64 // keys sent

	mu   sync.Mutex
	view nav.View // guarded by mu: the newest
	ack  uint64   // guarded by mu
	lost uint64   // guarded by mu: keys that came too fast
	err  error    // guarded by mu: why reading ended
	news chan struct{}
	done chan struct{}
}

// Attach connects to the screen at addr (host:port) and waits for its first
// view. It tries until the context ends.
func Attach(ctx context.Context, addr string) (*TV, error) {
	tv := &TV{addr: addr, news: make(chan struct{}, 1), done: make(chan struct{})}
	err := Poll(ctx, func() error {
		c, resp, err := websocket.DefaultDialer.DialContext(ctx, "ws://"+addr+"/screen", nil)
		if err != nil {
			return err
		}
		tv.conn = c
		return resp.Body.Close()
	})
	if err != nil {
		return nil, fmt.Errorf("screen at %s: %w", addr, err)
	}
	go tv.read()
	if _, err := tv.Wait(ctx, "a first view", func(v nav.View) bool { return v.Screen != "" }); err != nil {
		tv.Close()
		return nil, err
	}
	return tv, nil
}

func (tv *TV) read() {
	defer close(tv.done)
	for {
		_, data, err := tv.conn.ReadMessage()
		var m screen.Message
		if err == nil {
			err = json.Unmarshal(data, &m)
		}
		tv.mu.Lock()
		tv.err = err
		if m.View != nil {
			tv.view = *m.View
		}
		if m.Ack > 0 {
			tv.ack, tv.lost = m.Ack, m.Dropped
		}
		tv.mu.Unlock()
		select {
		case tv.news <- struct{}{}:
		default:
		}
		if err != nil {
			return
		}
	}
}

// Close lets go of the screen.
func (tv *TV) Close() {
	_ = tv.conn.Close() // the reader's error says it
	<-tv.done
}

// View returns the newest view.
func (tv *TV) View() nav.View {
	tv.mu.Lock()
	defer tv.mu.Unlock()
	return tv.view
}

// Press presses keys, one after another, each when the one before it has been
// handled, and returns the view after the last.
func (tv *TV) Press(ctx context.Context, keys ...keyseq.Key) (nav.View, error) {
	for _, k := range keys {
		if err := tv.send(ctx, screen.KeyMessage{Key: k}); err != nil {
			return tv.View(), fmt.Errorf("press %s: %w", k, err)
		}
	}
	return tv.View(), nil
}

// send sends one key until it was handled: a screen ignores those that come
// faster than 100 a second, as a program can press them.
func (tv *TV) send(ctx context.Context, m screen.KeyMessage) error {
	for {
		tv.n++
		m.N = tv.n
		tv.mu.Lock()
		before := tv.lost
		tv.mu.Unlock()
		if err := tv.conn.WriteJSON(m); err != nil {
			return err
		}
		again := false
		if err := tv.until(ctx, func() bool { again = tv.lost > before; return tv.ack >= m.N }); err != nil {
			return fmt.Errorf("not handled: %w", err)
		}
		if !again {
			return nil
		}
		select {
		case <-time.After(20 * time.Millisecond):
		case <-ctx.Done():
			return context.Cause(ctx)
		}
	}
}

// Wait waits until the view is as wanted, and returns it.
func (tv *TV) Wait(ctx context.Context, what string, ok func(nav.View) bool) (nav.View, error) {
	err := tv.until(ctx, func() bool { return ok(tv.view) })
	v := tv.View()
	if err != nil {
		return v, fmt.Errorf("waited for %s, but the screen at %s shows %s: %w", what, tv.addr, Describe(v), err)
	}
	return v, nil
}

// WaitScreen waits for a screen.
func (tv *TV) WaitScreen(ctx context.Context, want nav.Screen) (nav.View, error) {
	return tv.Wait(ctx, "the screen "+string(want), func(v nav.View) bool { return v.Screen == want })
}

// until waits until ok holds. It calls ok with mu held.
func (tv *TV) until(ctx context.Context, ok func() bool) error {
	for {
		tv.mu.Lock()
		done, err := ok(), tv.err
		tv.mu.Unlock()
		switch {
		case done:
			return nil
		case err != nil:
			return err
		}
		select {
		case <-tv.news:
		case <-ctx.Done():
			return context.Cause(ctx)
		}
	}
}

// FocusOn presses step until the focus is on an item that ok accepts, at most
// 30 times.
func (tv *TV) FocusOn(ctx context.Context, step keyseq.Key, ok func(nav.Item) bool) error {
	for range 30 {
		v := tv.View()
		if it := Focused(v); it != nil && ok(*it) {
			return nil
		}
		if _, err := tv.Press(ctx, step); err != nil {
			return err
		}
	}
	return fmt.Errorf("the wanted item never had the focus; the screen shows %s", Describe(tv.View()))
}

// Choose moves the focus with step to the item with this label, and presses OK.
func (tv *TV) Choose(ctx context.Context, step keyseq.Key, label string) (nav.View, error) {
	if err := tv.FocusOn(ctx, step, func(it nav.Item) bool { return it.Label == label }); err != nil {
		return tv.View(), fmt.Errorf("choose %q: %w", label, err)
	}
	return tv.Press(ctx, keyseq.OK)
}

// Focused returns the item that has the focus, or nil.
func Focused(v nav.View) *nav.Item {
	lists := [][]nav.Item{v.Items, v.Menu}
	for _, r := range v.Rows {
		lists = append(lists, r.Items)
	}
	if v.Keyboard != nil {
		lists = append(lists, v.Keyboard.Keys...)
	}
	if v.Dialog != nil {
		lists = append(lists, v.Dialog.Items)
	}
	for _, list := range lists {
		for i := range list {
			if list[i].ID == v.Focus {
				return &list[i]
			}
		}
	}
	return nil
}

// Describe says in a line what a view shows, for errors.
func Describe(v nav.View) string {
	s := fmt.Sprintf("screen=%s title=%q text=%q focus=%q", v.Screen, v.Title, v.Text, v.Focus)
	if v.Dialog != nil {
		s += fmt.Sprintf(" dialog=%q", v.Dialog.Title)
	}
	if v.Player != nil {
		s += fmt.Sprintf(" plays=%q", v.Player.Poster)
	}
	if v.Code != nil {
		s += fmt.Sprintf(" problem=%q", v.Code.Problem)
	}
	if v.Keyboard != nil {
		s += fmt.Sprintf(" entered=%d message=%q", v.Keyboard.Length, v.Keyboard.Message)
	}
	if v.Banner != nil {
		s += fmt.Sprintf(" banner=%q", v.Banner.Text)
	}
	return s
}

// Timeout is a context that ends after d with an error that names it.
func Timeout(ctx context.Context, d time.Duration) (context.Context, context.CancelFunc) {
	return context.WithTimeoutCause(ctx, d, fmt.Errorf("not within %s", d))
}
