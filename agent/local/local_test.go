package local

import (
	"bufio"
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"net"
	"os"
	"path/filepath"
	"runtime"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"go.uber.org/goleak"
	"golang.org/x/sys/unix"

	"github.com/hearthkey/hearthkey/agent/keyseq"
	"github.com/hearthkey/hearthkey/agent/nav"
	"github.com/hearthkey/hearthkey/protocol"
	"github.com/hearthkey/hearthkey/protocol/parental"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

const token = "0123456789abcdef0123456789abcdef"

// tv is what the calls reach: a TV that remembers them.
type tv struct {
	mu    sync.Mutex
	calls []Call
	hold  chan struct{} // not nil: calls wait for it
}

func (v *tv) do(c Call) (any, error) {
	if v.hold != nil {
		<-v.hold
	}
	v.mu.Lock()
	defer v.mu.Unlock()
	v.calls = append(v.calls, c)
	switch c.(type) {
	case *GetStatus:
		return Status{Phase: "active", Online: true, Name: "TV"}, nil
	case *SignOut:
		return nil, &Error{CodeRefused, "stolen"}
	case *Stop:
		return nil, errors.New("closed")
	}
	return Done{}, nil
}

func start(t *testing.T, cfg Config) *Server {
	t.Helper()
	if cfg.Do == nil {
		cfg.Do = (&tv{}).do
	}
	s, err := Start(cfg)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := s.Close(); err != nil {
			t.Errorf("Close = %v", err)
		}
	})
	return s
}

func socketPath(t *testing.T) string { return filepath.Join(t.TempDir(), "api") }

// peer is a client of the Unix socket.
type peer struct {
	t    *testing.T
	conn net.Conn
	in   *bufio.Scanner
}

func dial(t *testing.T, path string) *peer {
	t.Helper()
	conn, err := net.Dial("unix", path)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { conn.Close() })
	_ = conn.SetDeadline(time.Now().Add(20 * time.Second))
	in := bufio.NewScanner(conn)
	in.Buffer(nil, 1<<20)
	return &peer{t, conn, in}
}

func (p *peer) say(line string) {
	p.t.Helper()
	if _, err := p.conn.Write([]byte(line + "\n")); err != nil {
		p.t.Fatal(err)
	}
}

func (p *peer) hear() string {
	p.t.Helper()
	if !p.in.Scan() {
		p.t.Fatalf("the connection ended: %v", p.in.Err())
	}
	return p.in.Text()
}

// served reports whether it has a place among the clients.
func (p *peer) served() bool {
	_, _ = p.conn.Write([]byte(`{"jsonrpc":"2.0","id":1,"method":"hello"}` + "\n")) // Scan tells
	return p.in.Scan()
}

func TestMessages(t *testing.T) {
	path := socketPath(t)
	start(t, Config{Socket: path, Version: "9.8"})
	long := strings.Repeat("x", 300)
	for _, tt := range []struct{ say, want string }{
		{`{"jsonrpc":"2.0","id":1,"method":"hello"}`, `{"jsonrpc":"2.0","id":1,"result":{"api":1,"agent":"9.8"}}`},
		{`{"jsonrpc":"2.0","id":"a","method":"press","params":{"key":"OK"}}`, `{"jsonrpc":"2.0","id":"a","result":{}}`},
		{`{"jsonrpc":"2.0","id":2,"method":"press","params":{"key":"Nope"}}`, `{"jsonrpc":"2.0","id":2,"error":{"code":-32602,"message":"a field is not known, or not what it should be"}}`},
		{`{"jsonrpc":"2.0","id":3,"method":"press"}`, `{"jsonrpc":"2.0","id":3,"error":{"code":-32602,"message":"key is missing"}}`},
		{`{"jsonrpc":"2.0","id":4,"method":"press","params":{"key":"OK","Repaet":true}}`, `{"jsonrpc":"2.0","id":4,"error":{"code":-32602,"message":"a field is not known, or not what it should be"}}`},
		{`{"jsonrpc":"2.0","id":5,"method":"press","params":["OK"]}`, `{"jsonrpc":"2.0","id":5,"error":{"code":-32602,"message":"one object is wanted"}}`},
		{`{"jsonrpc":"2.0","id":6,"method":"press","params":{"key":"OK","repeat":1}}`, `{"jsonrpc":"2.0","id":6,"error":{"code":-32602,"message":"repeat is of the wrong kind"}}`},
		{`{"jsonrpc":"2.0","id":7,"method":"fly"}`, `{"jsonrpc":"2.0","id":7,"error":{"code":-32601,"message":"no method \"fly\""}}`},
		{`{"jsonrpc":"1.0","id":8,"method":"view"}`, `{"jsonrpc":"2.0","id":8,"error":{"code":-32600,"message":"jsonrpc must be \"2.0\""}}`},
		{`[{"jsonrpc":"2.0","id":9,"method":"view"}]`, `{"jsonrpc":"2.0","id":null,"error":{"code":-32600,"message":"not a request: one object is wanted"}}`},
		{`{"jsonrpc":"2.0","id":null,"method":"view"}`, `{"jsonrpc":"2.0","id":null,"error":{"code":-32600,"message":"id must be a number or a string of at most 64 bytes"}}`},
		{`{"jsonrpc":"2.0","id":{},"method":"view"}`, `{"jsonrpc":"2.0","id":null,"error":{"code":-32600,"message":"id must be a number or a string of at most 64 bytes"}}`},
		{`nonsense`, `{"jsonrpc":"2.0","id":null,"error":{"code":-32700,"message":"not JSON"}}`},
		{`{"jsonrpc":"2.0","id":10,"method":"view"} {}`, `{"jsonrpc":"2.0","id":null,"error":{"code":-32700,"message":"not JSON"}}`},
		{`{"jsonrpc":"2.0","id":11,"method":"text","params":{"text":"` + long + `"}}`, `{"jsonrpc":"2.0","id":11,"error":{"code":-32602,"message":"text must have 1 to 256 bytes"}}`},
		{`{"jsonrpc":"2.0","id":12,"method":"decide","params":{}}`, `{"jsonrpc":"2.0","id":12,"error":{"code":-32602,"message":"title must have 1 to 64 bytes"}}`},
		{`{"jsonrpc":"2.0","id":13,"method":"launch","params":{"title":"t","path":"open"}}`, `{"jsonrpc":"2.0","id":13,"error":{"code":-32602,"message":"path must be deep_link or remote"}}`},
		{`{"jsonrpc":"2.0","id":14,"method":"report","params":{"title":"t","what":"listed"}}`, `{"jsonrpc":"2.0","id":14,"error":{"code":-32602,"message":"what must be started, progress or stopped"}}`},
		{`{"jsonrpc":"2.0","id":15,"method":"report","params":{"title":"t","what":"started","position":-1}}`, `{"jsonrpc":"2.0","id":15,"error":{"code":-32602,"message":"position and length must be 0 to 604800 seconds"}}`},
		{`{"jsonrpc":"2.0","id":16,"method":"subscribe","params":{"events":["news"]}}`, `{"jsonrpc":"2.0","id":16,"error":{"code":-32602,"message":"no event \"news\""}}`},
		{`{"jsonrpc":"2.0","id":17,"method":"sign_out"}`, `{"jsonrpc":"2.0","id":17,"error":{"code":4,"message":"stolen"}}`},
		{`{"jsonrpc":"2.0","id":18,"method":"stop"}`, `{"jsonrpc":"2.0","id":18,"error":{"code":2,"message":"the agent ends"}}`},
		{`{"jsonrpc":"2.0","id":19,"method":"status"}`, `{"jsonrpc":"2.0","id":19,"result":{"phase":"active","online":true,"profile":null,"agent":"","name":"TV"}}`},
	} {
		p := dial(t, path)
		p.say(tt.say)
		if got := p.hear(); got != tt.want {
			t.Errorf("%s\ngot  %s\nwant %s", tt.say, got, tt.want)
		}
		p.conn.Close()
	}
}

// What a call is decoded to, with what is usual filled in.
func TestCalls(t *testing.T) {
	path := socketPath(t)
	v := &tv{}
	start(t, Config{Socket: path, Do: v.do})
	p := dial(t, path)
	for _, line := range []string{
		`{"jsonrpc":"2.0","method":"press","params":{"key":"down","repeat":true}}`, // a notification
		`{"jsonrpc":"2.0","method":"press","params":{"key":"wrong"}}`,              // and one that is answered nothing
		`{"jsonrpc":"2.0","id":1,"method":"launch","params":{"title":"t-1"}}`,
		`{"jsonrpc":"2.0","id":2,"method":"decide","params":{"title":"t-1"}}`,
		`{"jsonrpc":"2.0","id":3,"method":"report","params":{"title":"t-1","what":"stopped","position":7,"length":9}}`,
	} {
		p.say(line)
	}
	for n := 1; n <= 3; n++ {
		if got, want := p.hear(), fmt.Sprintf(`{"jsonrpc":"2.0","id":%d,"result":{}}`, n); got != want {
			t.Errorf("got %s, want %s", got, want)
		}
	}
	v.mu.Lock()
	defer v.mu.Unlock()
	if diff := cmp.Diff([]Call{
		&Press{Key: keyseq.Down, Repeat: true}, &Launch{"t-1", parental.DeepLink}, &Decide{"t-1", parental.Open},
		&Report{Title: "t-1", What: protocol.Stopped, Path: parental.Open, Position: 7, Length: 9},
	}, v.calls); diff != "" {
		t.Errorf("calls (-want +got):\n%s", diff)
	}
}

// An event that a call gave rise to is sent before the call's result; what nobody was
// ready for is left out.
func TestEvents(t *testing.T) {
	path := socketPath(t)
	var s *Server
	s = start(t, Config{Socket: path, Do: func(c Call) (any, error) {
		if p, ok := c.(*Press); ok {
			s.Tell(TopicView, nav.View{Screen: nav.ScreenHome, Title: p.Key.String()})
		}
		return Done{}, nil
	}})
	s.Tell(TopicView, nav.View{Screen: nav.ScreenGate})
	p := dial(t, path)
	p.say(`{"jsonrpc":"2.0","id":1,"method":"subscribe","params":{"events":["view","grant"]}}`)
	p.say(`{"jsonrpc":"2.0","id":2,"method":"press","params":{"key":"Up"}}`)
	var got []string
	for !strings.Contains(strings.Join(got, ""), `"id":2`) {
		got = append(got, p.hear())
	}
	p.say(`{"jsonrpc":"2.0","id":3,"method":"subscribe","params":{"events":[]}}`)
	p.say(`{"jsonrpc":"2.0","id":4,"method":"press","params":{"key":"Down"}}`)
	for !strings.Contains(strings.Join(got, ""), `"id":4`) {
		got = append(got, p.hear())
	}
	all := strings.Join(got, "\n")
	if up, two := strings.Index(all, `"title":"Up"`), strings.Index(all, `"id":2`); up < 0 || two < up {
		t.Errorf("the key's result came before its view:\n%s", all)
	}
	if strings.Contains(all, `"title":"Down"`) {
		t.Errorf("a view was sent that is not subscribed to any more:\n%s", all)
	}
}

// A client that does not read holds up neither Tell nor another client, and is cut off.
func TestSlowClient(t *testing.T) {
	path := socketPath(t)
	s := start(t, Config{Socket: path})
	slow, quick := dial(t, path), dial(t, path)
	for _, p := range []*peer{slow, quick} {
		p.say(`{"jsonrpc":"2.0","id":1,"method":"subscribe","params":{"events":["view"]}}`)
		p.hear()
	}
	big := nav.View{Screen: nav.ScreenHome, Title: strings.Repeat("x", 64<<10)}
	begun := time.Now()
	for n := range 100 {
		big.Badge = fmt.Sprint(n)
		s.Tell(TopicView, big)
	}
	if took := time.Since(begun); took > 2*time.Second {
		t.Errorf("Tell waited %s for a client that does not read", took)
	}
	for !strings.Contains(quick.hear(), `"badge":"99"`) {
	}
	for n := 2; n < 80; n++ { // and its requests wait, so that they do not pile up here
		_ = slow.conn.SetWriteDeadline(time.Now().Add(10 * time.Millisecond))
		if _, err := slow.conn.Write([]byte(`{"jsonrpc":"2.0","id":2,"method":"status"}` + "\n")); err != nil {
			break
		}
	}
	quick.say(`{"jsonrpc":"2.0","id":2,"method":"status"}`)
	if got := quick.hear(); !strings.Contains(got, `"id":2`) {
		t.Errorf("beside a slow client: %s", got)
	}
}

func TestTooFast(t *testing.T) {
	path := socketPath(t)
	start(t, Config{Socket: path})
	p := dial(t, path)
	const n = 150
	go func() {
		_, _ = p.conn.Write(bytes.Repeat([]byte(`{"jsonrpc":"2.0","id":1,"method":"press","params":{"key":"Up"}}`+"\n"), n)) // hear fails
	}()
	refused := 0
	for range n {
		if strings.Contains(p.hear(), `"code":3`) {
			refused++
		}
	}
	if refused == 0 || refused > n-requestsAtOnce {
		t.Errorf("%d of %d were refused, want some of those beyond %d", refused, n, requestsAtOnce)
	}
}

func TestEndOfAConnection(t *testing.T) {
	path := socketPath(t)
	start(t, Config{Socket: path})
	p := dial(t, path)
	_, _ = p.conn.Write(bytes.Repeat([]byte("x"), maxMessage+100)) // it may be cut off before all is written
	if p.in.Scan() {
		t.Errorf("a message without an end was answered: %s", p.in.Text())
	}
	p = dial(t, path)
	for range maxWrongRequests + 1 {
		p.say("nonsense")
		p.hear()
	}
	if p.in.Scan() {
		t.Error("one wrong request after the other, and the connection goes on")
	}
	p = dial(t, path)
	for range maxWrongRequests * 2 {
		p.say(`{"jsonrpc":"2.0","id":1,"method":"press","params":{"key":"VolumeUp"}}`)
		p.hear()
	}
	p.conn.Close()
	for range maxClients {
		for p = dial(t, path); !p.served(); p = dial(t, path) { // those before have not left yet
		}
	}
	if p = dial(t, path); p.in.Scan() {
		t.Errorf("client %d was served", maxClients+1)
	}
}

func TestSocketFile(t *testing.T) {
	path := socketPath(t)
	s, err := Start(Config{Socket: path, Do: (&tv{}).do})
	if err != nil {
		t.Fatal(err)
	}
	if info, err := os.Stat(path); err != nil || info.Mode().Perm() != 0o600 {
		t.Errorf("the socket: %v, %v; want mode 0600", info, err)
	}
	if _, err := Start(Config{Socket: path, Do: (&tv{}).do}); !errors.Is(err, ErrInUse) {
		t.Errorf("a second server on a socket: %v, want ErrInUse", err)
	}
	if err := s.Close(); err != nil {
		t.Fatal(err)
	}
	leftOver(t, path)
	s = start(t, Config{Socket: path, Group: os.Getegid()})
	if os.Getegid() != 0 {
		if info, _ := os.Stat(path); info.Mode().Perm() != 0o660 {
			t.Errorf("with a group: %v, want 0660", info.Mode())
		}
	}
	file := filepath.Join(t.TempDir(), "file")
	if err := os.WriteFile(file, []byte("precious"), 0o600); err != nil {
		t.Fatal(err)
	}
	if _, err := Start(Config{Socket: file, Do: (&tv{}).do}); !errors.Is(err, ErrConfig) {
		t.Errorf("a file in place of a socket: %v, want ErrConfig", err)
	}
	if data, _ := os.ReadFile(file); string(data) != "precious" {
		t.Error("the file is gone")
	}
	for uid, want := range map[uint32]bool{0: true, uint32(os.Geteuid()): true, 54321: false} {
		if got := s.welcome(unix.Ucred{Uid: uid}); got != (want || s.group != 0) {
			t.Errorf("welcome(uid %d) = %t, want %t", uid, got, want)
		}
	}
}

// Another user's process is kept out by the socket's mode, and by what the kernel says
// of it where somebody has changed that.
func TestAnotherUser(t *testing.T) {
	if os.Geteuid() != 0 {
		t.Skip("NOT TESTED on this machine: only root can be another user")
	}
	folder, err := os.MkdirTemp("", "api") // which others may enter
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { os.RemoveAll(folder) })
	path := filepath.Join(folder, "api")
	start(t, Config{Socket: path})
	if err := os.Chmod(folder, 0o755); err != nil {
		t.Fatal(err)
	}
	if err := connectAs(65534, path); !errors.Is(err, unix.EACCES) {
		t.Errorf("another user connects: %v, want EACCES", err)
	}
	if err := os.Chmod(path, 0o666); err != nil {
		t.Fatal(err)
	}
	if err := connectAs(65534, path); !errors.Is(err, unix.ECONNRESET) && !errors.Is(err, unix.EPIPE) {
		t.Errorf("another user asks where the mode was changed: %v, want the connection ended", err)
	}
	if err := connectAs(0, path); err != nil {
		t.Errorf("the agent's own user: %v", err)
	}
}

// connectAs asks for the status as another user, on a thread that is given up after.
func connectAs(uid uintptr, path string) error {
	done := make(chan error)
	go func() {
		runtime.LockOSThread() // and never unlocked: the thread ends with its rights
		if _, _, e := unix.RawSyscall(unix.SYS_SETRESUID, uid, uid, uid); e != 0 {
			done <- e
			return
		}
		done <- ask(path)
	}()
	return <-done
}

// ask asks for the status without Go's own network, which has threads of its own.
func ask(path string) error {
	fd, err := unix.Socket(unix.AF_UNIX, unix.SOCK_STREAM|unix.SOCK_CLOEXEC, 0)
	if err != nil {
		return err
	}
	defer unix.Close(fd)
	if err := unix.Connect(fd, &unix.SockaddrUnix{Name: path}); err != nil {
		return err
	}
	if err := unix.Sendto(fd, []byte(`{"jsonrpc":"2.0","id":1,"method":"status"}`+"\n"), unix.MSG_NOSIGNAL, nil); err != nil {
		return err
	}
	n, err := unix.Read(fd, make([]byte, 4096))
	if err == nil && n == 0 {
		err = unix.ECONNRESET // it ended without a word
	}
	return err
}

// leftOver leaves a socket as a killed process does.
func leftOver(t *testing.T, path string) {
	t.Helper()
	l, err := net.ListenUnix("unix", &net.UnixAddr{Name: path})
	if err != nil {
		t.Fatal(err)
	}
	l.SetUnlinkOnClose(false)
	l.Close()
	if _, err := os.Lstat(path); err != nil {
		t.Fatal(err)
	}
}

func FuzzDecode(f *testing.F) {
	f.Add([]byte(`{"jsonrpc":"2.0","id":1,"method":"press","params":{"key":"OK"}}`))
	f.Add([]byte(`{"jsonrpc":"2.0","id":"x","method":"report","params":{"title":"t","what":"started","position":1}}`))
	f.Add([]byte(`{"jsonrpc":"2.0","method":"subscribe","params":{"events":["view"]}}`))
	f.Fuzz(func(t *testing.T, data []byte) {
		r, refused := decode(data)
		if refused != nil {
			if len(refused.Message) > 200 {
				t.Errorf("an error of %d bytes", len(refused.Message))
			}
			return
		}
		if r.Call == nil || len(r.ID) > maxID || len(r.ID) > 0 && !json.Valid(r.ID) {
			t.Errorf("decode(%q) = %+v", data, r)
		}
		if check(r.Call) != nil {
			t.Errorf("decode(%q) let %+v through", data, r.Call)
		}
	})
}
