package screen_test

import (
	"encoding/json"
	"errors"
	"net"
	"net/http"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/gorilla/websocket"
	"go.uber.org/goleak"

	"github.com/hearthkey/hearthkey/agent/nav"
	"github.com/hearthkey/hearthkey/agent/screen"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// start runs a server whose keys go to press, or nowhere.
func start(t *testing.T, press func(screen.Key)) *screen.Server {
	t.Helper()
	if press == nil {
		press = func(screen.Key) {}
	}
	s, err := screen.Start(screen.Config{Addr: "127.0.0.1:0", Press: press})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := s.Close(); err != nil {
			t.Errorf("Close: %v", err)
		}
	})
	return s
}

// client is a page of the tests.
type client struct {
	*websocket.Conn
	t *testing.T
}

func dial(t *testing.T, s *screen.Server) client {
	t.Helper()
	conn, _, err := websocket.DefaultDialer.Dial("ws://"+s.Addr().String()+"/screen", nil)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { conn.Close() })
	conn.SetReadDeadline(time.Now().Add(20 * time.Second))
	return client{conn, t}
}

// next reads one message.
func (c client) next() screen.Message {
	c.t.Helper()
	_, data, err := c.ReadMessage()
	if err != nil {
		c.t.Fatalf("reading: %v", err)
	}
	var m screen.Message
	if err := json.Unmarshal(data, &m); err != nil {
		c.t.Fatalf("reading %s: %v", data, err)
	}
	return m
}

// until reads messages until one is right.
func (c client) until(right func(screen.Message) bool) screen.Message {
	c.t.Helper()
	for {
		if m := c.next(); right(m) {
			return m
		}
	}
}

func (c client) send(text string) {
	c.t.Helper()
	if err := c.WriteMessage(websocket.TextMessage, []byte(text)); err != nil {
		c.t.Fatal(err)
	}
}

func TestStartRefuses(t *testing.T) {
	taken, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer taken.Close()
	_, port, _ := net.SplitHostPort(taken.Addr().String())
	press := func(screen.Key) {}
	for _, test := range []struct {
		addr  string
		press func(screen.Key)
		want  error
		text  string
	}{
		{":8711", press, screen.ErrNotLoopback, "use 127.0.0.1:8711"},
		{"0.0.0.0:8711", press, screen.ErrNotLoopback, "takes keys from whoever connects"},
		{"[::]:8711", press, screen.ErrNotLoopback, "not a loopback address"},
		{"192.168.1.5:8711", press, screen.ErrNotLoopback, "not a loopback address"},
		{"tv.example.com:8711", press, screen.ErrNotLoopback, "not a loopback address"},
		{"127.0.0.1", press, nil, "missing port"},
		{"127.0.0.1:99999", press, nil, "invalid port"},
		{"127.0.0.1:" + port, press, screen.ErrPortInUse, "port " + port + " of 127.0.0.1"},
		{"127.0.0.1:0", nil, nil, "Press is missing"},
	} {
		s, err := screen.Start(screen.Config{Addr: test.addr, Press: test.press})
		if err == nil {
			s.Close()
		}
		if err == nil || !strings.Contains(err.Error(), test.text) || test.want != nil && !errors.Is(err, test.want) {
			t.Errorf("Start(%q) = %v, want %v with %q", test.addr, err, test.want, test.text)
		}
	}
}

func TestPageSeesViews(t *testing.T) {
	s := start(t, nil)
	c := dial(t, s)
	if got := c.next(); got.View == nil || got.View.Screen != nav.ScreenStarting {
		t.Errorf("first message = %+v, want the starting screen", got)
	}
	want := nav.View{Screen: nav.ScreenWelcome, Title: "Welcome", Focus: "a", Items: []nav.Item{{ID: "a", Label: "Sign in"}}}
	s.Show(want)
	got := c.next()
	if diff := cmp.Diff(&want, got.View); diff != "" {
		t.Errorf("view (-want +got):\n%s", diff)
	}
	// A page that comes later sees the same at once.
	if got := dial(t, s).next(); cmp.Diff(&want, got.View) != "" {
		t.Errorf("second page got %+v", got.View)
	}
}

func TestNewestViewWins(t *testing.T) {
	s := start(t, nil)
	slow := dial(t, s)
	long := strings.Repeat("x", 10_000)
	// 200 MB would fill every buffer on the way: Show returns all the same.
	for i := range 20_000 {
		s.Show(nav.View{Screen: nav.ScreenHome, Title: strconv.Itoa(i), Text: []string{long}})
	}
	n := 0
	slow.until(func(m screen.Message) bool { n++; return m.View.Title == "19999" })
	if n > 5_000 {
		t.Errorf("the page was sent %d views of 20000, want most skipped", n)
	}
}

func TestSameViewIsSentOnce(t *testing.T) {
	s := start(t, nil)
	c := dial(t, s)
	c.next()
	same := nav.View{Screen: nav.ScreenGate}
	s.Show(same)
	c.next()
	s.Show(same)
	s.Show(nav.View{Screen: nav.ScreenHome})
	if got := c.next(); got.View == nil || got.View.Screen != nav.ScreenHome {
		t.Errorf("got %+v, want home only", got)
	}
}

func TestKeysAreAcknowledgedWithTheirView(t *testing.T) {
	var s *screen.Server
	keys := make(chan screen.Key, 10)
	s = start(t, func(k screen.Key) {
		keys <- k
		s.Show(nav.View{Screen: nav.ScreenHome, Focus: k.Name})
	})
	c := dial(t, s)
	c.next()
	for i, test := range []struct {
		send string
		want screen.Key
	}{
		{`{"k":"Up","repeat":false,"n":17}`, screen.Key{Name: "Up"}},
		{`{"k":"Down","repeat":true,"n":18}`, screen.Key{Name: "Down", Repeat: true}},
		{`{"k":"7","n":19,"later":"field"}`, screen.Key{Name: "7"}},
		{`{"text":"a","n":20}`, screen.Key{Text: "a"}},
		{`{"launch":"t-hill","n":21}`, screen.Key{Launch: "t-hill"}},
		{`{"resumed":true,"n":22}`, screen.Key{Resumed: true}},
	} {
		c.send(test.send)
		var focus string
		m := c.until(func(m screen.Message) bool {
			if m.View != nil {
				focus = m.View.Focus
			}
			return m.Ack != 0 && m.Ack == uint64(17+i)
		})
		if focus != test.want.Name || m.Dropped != 0 {
			t.Errorf("%s: acknowledged with the view of %q, %d dropped", test.send, focus, m.Dropped)
		}
		if got := <-keys; got != test.want {
			t.Errorf("%s: Press(%+v), want %+v", test.send, got, test.want)
		}
	}
}

func TestTooManyKeysAreDropped(t *testing.T) {
	pressed := 0
	s := start(t, func(screen.Key) { pressed++ })
	c := dial(t, s)
	const sent = 2000
	for n := 1; n <= sent; n++ {
		c.send(`{"k":"Up","n":` + strconv.Itoa(n) + `}`)
	}
	m := c.until(func(m screen.Message) bool { return m.Ack == sent })
	if m.Dropped == 0 || pressed < 100 || uint64(pressed)+m.Dropped != sent {
		t.Errorf("%d keys pressed and %d dropped of %d, want the first 100 pressed and the rest told", pressed, m.Dropped, sent)
	}
}

func TestBadMessagesEndTheSocket(t *testing.T) {
	s := start(t, func(k screen.Key) { t.Errorf("Press(%+v)", k) })
	for _, test := range []struct {
		kind int
		data string
		want int
	}{
		{websocket.TextMessage, `{"k":"Power","n":1}`, websocket.CloseInvalidFramePayloadData},
		{websocket.TextMessage, `{"k":"Up"}`, websocket.CloseInvalidFramePayloadData},
		{websocket.TextMessage, `{"n":1}`, websocket.CloseInvalidFramePayloadData},
		{websocket.TextMessage, `{"k":"Up","text":"a","n":1}`, websocket.CloseInvalidFramePayloadData},
		{websocket.TextMessage, `{"text":"","n":1}`, websocket.CloseInvalidFramePayloadData},
		{websocket.TextMessage, `{"text":7,"n":1}`, websocket.CloseInvalidFramePayloadData},
		{websocket.TextMessage, `{"launch":"","n":1}`, websocket.CloseInvalidFramePayloadData},
		{websocket.TextMessage, `{"launch":"` + strings.Repeat("x", 65) + `","n":1}`, websocket.CloseInvalidFramePayloadData},
		{websocket.TextMessage, `{"launch":"t-hill"}`, websocket.CloseInvalidFramePayloadData},
		{websocket.TextMessage, `{"launch":"t-hill","k":"OK","n":1}`, websocket.CloseInvalidFramePayloadData},
		{websocket.TextMessage, `{"launch":"t-hill","resumed":true,"n":1}`, websocket.CloseInvalidFramePayloadData},
		{websocket.TextMessage, `{"resumed":false,"n":1}`, websocket.CloseInvalidFramePayloadData},
		{websocket.TextMessage, `{"resumed":true,"text":"a","n":1}`, websocket.CloseInvalidFramePayloadData},
		{websocket.TextMessage, `up`, websocket.CloseInvalidFramePayloadData},
		{websocket.TextMessage, strings.Repeat(" ", 257), websocket.CloseMessageTooBig},
		{websocket.BinaryMessage, `{"k":"Up","n":1}`, websocket.CloseUnsupportedData},
	} {
		c := dial(t, s)
		if err := c.WriteMessage(test.kind, []byte(test.data)); err != nil {
			t.Fatal(err)
		}
		var err error
		for err == nil {
			_, _, err = c.ReadMessage()
		}
		if !websocket.IsCloseError(err, test.want) {
			t.Errorf("%.40s: %v, want close %d", test.data, err, test.want)
		}
	}
}

func TestTooManyPages(t *testing.T) {
	s := start(t, nil)
	pages := make([]client, 16)
	for i := range pages {
		pages[i] = dial(t, s)
		pages[i].next()
	}
	_, answer, err := websocket.DefaultDialer.Dial("ws://"+s.Addr().String()+"/screen", nil)
	if err == nil || answer.StatusCode != http.StatusServiceUnavailable {
		t.Errorf("page 17: %v, want 503", err)
	}
}

func TestCloseEndsPages(t *testing.T) {
	s := start(t, nil)
	c := dial(t, s)
	c.next()
	if err := s.Close(); err != nil {
		t.Fatal(err)
	}
	if _, _, err := c.ReadMessage(); !websocket.IsCloseError(err, websocket.CloseGoingAway) {
		t.Errorf("read after Close: %v, want going away", err)
	}
	s.Show(nav.View{}) // no harm
}

func FuzzDecodeKey(f *testing.F) {
	f.Add([]byte(`{"k":"Up","repeat":false,"n":17}`))
	f.Add([]byte(`{"k":"9","n":9007199254740991}`))
	f.Add([]byte(`{"k":null,"n":-1}`))
	f.Add([]byte(`{"text":"a\u00e9","n":1}`))
	f.Add([]byte(`{"launch":"t-hill","n":1}`))
	f.Add([]byte(`{"resumed":true,"n":1}`))
	f.Fuzz(func(t *testing.T, data []byte) {
		m, err := screen.DecodeKey(data)
		if err != nil {
			if !errors.Is(err, screen.ErrBadKey) {
				t.Errorf("error %v is no ErrBadKey", err)
			}
			return
		}
		again, err := json.Marshal(m)
		if err != nil {
			t.Fatal(err)
		}
		if got, err := screen.DecodeKey(again); err != nil || got != m {
			t.Errorf("DecodeKey(%s) = %+v, %v, want %+v", again, got, err, m)
		}
	})
}
