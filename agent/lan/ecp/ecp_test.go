package ecp

import (
	"bufio"
	"encoding/xml"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/netip"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"go.uber.org/goleak"

	"github.com/hearthkey/hearthkey/agent/keyseq"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// home4 is a TV that keeps what it is told.
type home4 struct {
	t       *testing.T
	s       *Server
	mu      sync.Mutex
	got     []string
	blocked map[netip.Addr]bool
	fail    error
}

func start(t *testing.T) *home4 {
	t.Helper()
	h := &home4{t: t, blocked: map[netip.Addr]bool{}}
	take := func(from Source, what string) error {
		h.mu.Lock()
		defer h.mu.Unlock()
		if h.fail != nil {
			return h.fail
		}
		h.got = append(h.got, fmt.Sprintf("%v %s %s", from.Addr, from.Name, what))
		return nil
	}
	var err error
	h.s, err = Start(Config{
		Listen: "127.0.0.1:0", Silent: true,
		TV: TV{ID: "0123456789abcdef", Name: `Anna & Ben's <TV>`, Model: "Box 3", Version: "1.2", Kind: "box"},
		Press: func(from Source, k keyseq.Key, repeat bool) error {
			if repeat {
				return take(from, k.String()+" held")
			}
			return take(from, k.String())
		},
		Type: func(from Source, text string) error { return take(from, fmt.Sprintf("%q", text)) },
		Blocked: func(a netip.Addr) bool {
			h.mu.Lock()
			defer h.mu.Unlock()
			return h.blocked[a]
		},
	})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		for range 2 {
			if err := h.s.Close(); err != nil {
				t.Error(err)
			}
		}
	})
	return h
}

func (h *home4) taken() []string {
	h.mu.Lock()
	defer h.mu.Unlock()
	got := h.got
	h.got = nil
	return got
}

// ask sends a request, with headers as "Name: value", and returns its status.
func (h *home4) ask(method, path string, headers ...string) (int, string) {
	h.t.Helper()
	r, err := http.NewRequest(method, "http://"+h.s.Addr().String()+path, nil)
	if err != nil {
		h.t.Fatal(err)
	}
	r.Header.Set("User-Agent", "Test/1")
	for _, line := range headers {
		name, value, _ := strings.Cut(line, ": ")
		if name == "Host" {
			r.Host = value
			continue
		}
		r.Header.Set(name, value)
	}
	client := http.Client{Transport: &http.Transport{DisableKeepAlives: true}}
	res, err := client.Do(r)
	if err != nil {
		h.t.Fatal(err)
	}
	defer res.Body.Close()
	body, err := io.ReadAll(res.Body)
	if err != nil {
		h.t.Fatal(err)
	}
	return res.StatusCode, string(body)
}

func (h *home4) wants(status int, method, path string, headers ...string) {
	h.t.Helper()
	if got, body := h.ask(method, path, headers...); got != status {
		h.t.Errorf("%s %s %q = %d %q, want %d", method, path, headers, got, body, status)
	}
}

func TestKeys(t *testing.T) {
	h := start(t)
	for _, path := range []string{
		"/keypress/Home", "/keypress/select", "/keydown/Left", "/keydown/Left", "/keyup/Left", "/keydown/Left", "/keyup/Left",
		"/keypress/Info", "/keypress/Play", "/keypress/Backspace", "/keypress/Lit_a", "/keypress/Lit_+", "/keypress/Lit_%2B",
		"/keypress/Lit_%20", "/keypress/Lit_%E2%82%AC", "/keypress/LIT_7", "/keydown/Lit_b", "/keyup/Lit_b", "/keypress/lit_%2F",
		"/launch/1", "/launch/2",
	} {
		h.wants(200, "POST", path)
	}
	want := strings.Split(`Home OK Left Left.held Left Menu PlayPause Back "a" "." "+" "." "€" "7" "b" "/" Home Menu`, " ")
	got := h.taken()
	for i, w := range want {
		want[i] = "127.0.0.1 Test " + strings.ReplaceAll(w, ".", " ")
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("taken (-want +got):\n%s", diff)
	}
}

// TestD11_KeysAreAllowListed: what is not on the list reaches nobody.
func TestD11_KeysAreAllowListed(t *testing.T) {
	h := start(t)
	for _, path := range []string{
		"/keypress/PowerOff", "/keypress/VolumeUp", "/keypress/Digit1", "/keypress/", "/keypress/Lit_", "/keypress/Lit_ab",
		"/keypress/Lit_%00", "/keypress/Lit_%0A", "/keypress/Lit_%ff", "/keypress/Lit_%", "/keypress/Home/Up", "/keypress/%48ome",
		"/launch/3", "/launch/Home", "/launch/", "/install/1", "/search/browse", "/input", "/exit-app/1", "/query/icon/1", "/query/registry/dev", "/keypress",
	} {
		if strings.HasSuffix(path, "%") {
			continue // no client sends that; FuzzCommand does
		}
		h.wants(404, "POST", path)
	}
	h.wants(413, "POST", "/keypress/"+strings.Repeat("Up", 40))
	h.wants(413, "POST", "/keypress/Up?"+strings.Repeat("x", 80))
	h.wants(405, "GET", "/keypress/Home")
	h.wants(405, "PUT", "/keypress/Home")
	h.wants(405, "POST", "/query/apps")
	if got := h.taken(); got != nil {
		t.Errorf("taken: %q", got)
	}
}

// TestD11_NoWebPage: neither another site's page nor a name that was pointed here
// presses a key or learns anything.
func TestD11_NoWebPage(t *testing.T) {
	h := start(t)
	port := h.s.Addr().Port()
	for _, tt := range []struct {
		status  int
		headers []string
	}{
		{403, []string{"Origin: http://evil.example"}},
		{403, []string{"Origin: null"}},
		{403, []string{fmt.Sprintf("Origin: http://127.0.0.1:%d", port)}},
		{403, []string{"Referer: http://evil.example/page"}},
		{403, []string{"Sec-Fetch-Site: cross-site"}},
		{403, []string{"Sec-Fetch-Site: same-origin"}},
		{403, []string{"Access-Control-Request-Method: POST"}},
		{421, []string{fmt.Sprintf("Host: evil.example:%d", port)}},
		{421, []string{"Host: localhost"}},
		{421, []string{fmt.Sprintf("Host: localhost:%d", port)}},
		{421, []string{"Host: 127.0.0.2"}},
		{421, []string{fmt.Sprintf("Host: 127.0.0.1:%d", port+1)}},
		{421, []string{"Host: [::1]"}},
		{421, []string{fmt.Sprintf("Host: 127.1:%d", port)}},
		{421, []string{"Host: 127.0.0.1.evil.example"}},
		{421, []string{fmt.Sprintf("Host: [::ffff:127.0.0.1]:%d", port)}},
	} {
		h.wants(tt.status, "POST", "/keypress/Home", tt.headers...)
		h.wants(tt.status, "GET", "/query/device-info", tt.headers...)
		h.wants(tt.status, "OPTIONS", "/keypress/Home", tt.headers...)
	}
	if got := h.taken(); got != nil {
		t.Errorf("taken: %q", got)
	}
	h.wants(200, "POST", "/keypress/Home", "Host: 127.0.0.1")
	h.wants(200, "GET", "/query/apps", "Sec-Fetch-Site: none")
}

// TestD11_OnlyTheHomeNetwork: peers from elsewhere are closed before they are read.
func TestD11_OnlyTheHomeNetwork(t *testing.T) {
	for _, tt := range []struct {
		addr string
		want bool
	}{
		{"192.168.1.20", true}, {"10.1.2.3", true}, {"172.16.0.1", true}, {"172.31.255.255", true}, {"169.254.3.4", true}, {"127.0.0.1", true},
		{"172.32.0.1", false}, {"8.8.8.8", false}, {"100.64.0.1", false}, {"0.0.0.0", false}, {"224.0.0.1", false}, {"203.0.113.9", false},
		{"fe80::1", false}, {"fd00::1", false}, {"::1", false}, {"::ffff:192.168.1.20", false}, {"2001:db8::1", false},
	} {
		if got := atHome(netip.MustParseAddr(tt.addr)); got != tt.want {
			t.Errorf("atHome(%s) = %v", tt.addr, got)
		}
		l := &oneConn{from: tt.addr, closed: make(chan struct{})}
		g := &gate{Listener: l, blocked: func(netip.Addr) bool { return false }}
		conn, err := g.Accept()
		if unmapped := atHome(netip.MustParseAddr(tt.addr).Unmap()); unmapped != (err == nil) {
			t.Errorf("Accept from %s = %v, %v", tt.addr, conn, err)
		}
	}
}

// oneConn is a listener that has one connection, from an address.
type oneConn struct {
	net.Listener
	from   string
	taken  bool
	closed chan struct{}
}

func (l *oneConn) Accept() (net.Conn, error) {
	if l.taken {
		return nil, net.ErrClosed
	}
	l.taken = true
	return &stranger{from: net.TCPAddrFromAddrPort(netip.AddrPortFrom(netip.MustParseAddr(l.from), 1))}, nil
}

type stranger struct {
	net.Conn
	from net.Addr
}

func (s *stranger) RemoteAddr() net.Addr { return s.from }
func (s *stranger) LocalAddr() net.Addr {
	return net.TCPAddrFromAddrPort(netip.MustParseAddrPort("192.168.1.2:8060"))
}
func (s *stranger) Close() error { return nil }

// TestD11_BlockedIsNotHeard: neither keys nor questions, also on a connection that
// was there before.
func TestD11_BlockedIsNotHeard(t *testing.T) {
	h := start(t)
	h.wants(200, "POST", "/keypress/Up")
	connect := func() net.Conn {
		conn, err := net.Dial("tcp4", h.s.Addr().String())
		if err != nil {
			t.Fatal(err)
		}
		t.Cleanup(func() { conn.Close() })
		return conn
	}
	before := connect()
	fmt.Fprintf(before, "POST /keypress/Up HTTP/1.1\r\nHost: %s\r\n", h.s.Addr()) // is let in, and is not done
	h.wants(200, "GET", "/query/apps")                                            // comes after it
	h.mu.Lock()
	h.blocked[netip.MustParseAddr("127.0.0.1")] = true
	h.mu.Unlock()
	fmt.Fprint(before, "Content-Length: 0\r\n\r\n")
	if res, err := http.ReadResponse(bufio.NewReader(before), nil); err != nil || res.StatusCode != 403 {
		t.Errorf("on the open connection: %v, %v", res, err)
	}
	after := connect()
	fmt.Fprintf(after, "GET /query/device-info HTTP/1.1\r\nHost: %s\r\n\r\n", h.s.Addr())
	if b, err := io.ReadAll(after); len(b) > 0 {
		t.Errorf("on another: %q, %v", b, err)
	}
	if got := h.taken(); len(got) != 1 {
		t.Errorf("taken: %q", got)
	}
}

// TestRefusedByTheCaller: what Press says is what the client hears.
func TestRefusedByTheCaller(t *testing.T) {
	h := start(t)
	h.fail = fmt.Errorf("so: %w", ErrBlocked)
	h.wants(403, "POST", "/keypress/Up")
	h.wants(403, "POST", "/keypress/Lit_a")
	h.fail = errors.New("the end")
	h.wants(503, "POST", "/keydown/Up")
}

// TestFlood: whoever asks for too much is told so, and nobody else.
func TestFlood(t *testing.T) {
	var p peers
	now := time.Unix(1e9, 0)
	one, two := netip.MustParseAddr("192.168.1.20"), netip.MustParseAddr("192.168.1.21")
	count := func(a netip.Addr, n int) (ok int) {
		for range n {
			if p.admit(a, now) {
				ok++
			}
		}
		return ok
	}
	if got := count(one, 10_000); got != requestsBurst {
		t.Errorf("%d requests at once are served, want %d", got, requestsBurst)
	}
	if got := count(two, 10); got != 10 {
		t.Errorf("%d of 10 requests of another are served", got)
	}
	now = now.Add(time.Second)
	if got := count(one, 100); got != requestsPerSecond {
		t.Errorf("%d requests a second later, want %d", got, requestsPerSecond)
	}
	for i := range 200 {
		p.admit(netip.AddrFrom4([4]byte{10, 0, 0, byte(i)}), now)
	}
	if len(p.known) > maxPeers {
		t.Errorf("%d peers are known, want at most %d", len(p.known), maxPeers)
	}
	now = now.Add(time.Minute)
	all := 0
	for i := range 250 {
		all += count(netip.AddrFrom4([4]byte{10, 0, 1, byte(i)}), 1)
	}
	if all != allPerSecond {
		t.Errorf("%d requests of 250 peers at once are served, want %d", all, allPerSecond)
	}
}

// TestHeldKeys: a key that is pressed again before it was let go of is held, but not
// for ever.
func TestHeldKeys(t *testing.T) {
	var p peers
	a := netip.MustParseAddr("192.168.1.20")
	now := time.Unix(1e9, 0)
	p.admit(a, now)
	for _, tt := range []struct {
		after time.Duration
		want  bool
	}{{0, false}, {time.Second, true}, {5 * time.Second, true}, {heldFor, false}, {time.Second, true}} {
		now = now.Add(tt.after)
		if got := p.down(a, keyseq.Up, now); got != tt.want {
			t.Errorf("down after %v: held %v, want %v", tt.after, got, tt.want)
		}
	}
	p.up(a, keyseq.Up)
	if p.down(a, keyseq.Up, now) {
		t.Error("held after it was let go of")
	}
	for _, k := range keyseq.Keys() {
		p.down(a, k, now)
	}
	if n := len(p.known[a].held); n > maxHeldKeys {
		t.Errorf("%d keys are held, want at most %d", n, maxHeldKeys)
	}
}

// TestConnectionsAreBounded: who opens many loses the oldest, another peer gets in
// all the same, and a header that comes a byte at a time does not come to its end.
func TestConnectionsAreBounded(t *testing.T) {
	h := start(t)
	dial := func(from byte) net.Conn {
		d := net.Dialer{LocalAddr: &net.TCPAddr{IP: net.IPv4(127, 0, 0, from)}}
		c, err := d.Dial("tcp4", h.s.Addr().String())
		if err != nil {
			t.Fatal(err)
		}
		t.Cleanup(func() { c.Close() })
		return c
	}
	for _, from := range []byte{1, 2, 3} {
		for range 3 * maxOfPeer {
			dial(from)
		}
	}
	for from := range byte(2 * maxConnections) { // and each from an address of its own
		dial(10 + from)
	}
	last := dial(3)
	h.wants(200, "GET", "/query/apps") // comes after them
	of := map[netip.Addr]int{}
	h.s.gate.mu.Lock()
	for _, v := range h.s.gate.open {
		of[v.from]++
	}
	all := len(h.s.gate.open)
	h.s.gate.mu.Unlock()
	if all > maxConnections {
		t.Errorf("%d connections are open, of %v", all, of)
	}
	for from, n := range of {
		if n > maxOfPeer {
			t.Errorf("%d of %v", n, from)
		}
	}
	began := time.Now()
	last.SetReadDeadline(began.Add(20 * time.Second))
	fmt.Fprint(last, "POST /keypress/Up HTTP/1.1\r\nX: ")
	if b, _ := io.ReadAll(last); strings.Contains(string(b), " 200 ") || time.Since(began) > 10*time.Second {
		t.Errorf("after %v: %q", time.Since(began), b)
	}
}

// TestTellsLittle: every answer is XML, and tells of this TV's name and a random
// number only.
func TestTellsLittle(t *testing.T) {
	h := start(t)
	for path, want := range map[string]string{
		"/":                   "urn:roku-com:device:player:1-0",
		"/query/device-info":  "<user-device-name>Anna &amp; Ben&apos;s &lt;TV&gt;</user-device-name>",
		"/query/apps":         `<app id="1" type="appl" version="1.2">Hearthkey</app><app id="2" type="appl" version="1.2">Hearthkey menu</app></apps>`,
		"/query/active-app":   `<active-app><app id="1" type="appl" version="1.2">Hearthkey</app></active-app>`,
		"/query/media-player": `state="close"`,
	} {
		status, body := h.ask("GET", path)
		if status != 200 || !strings.Contains(body, want) {
			t.Errorf("%s = %d %s, want %s", path, status, body, want)
		}
		d := xml.NewDecoder(strings.NewReader(body))
		for {
			if _, err := d.Token(); errors.Is(err, io.EOF) {
				break
			} else if err != nil {
				t.Errorf("%s: %v", path, err)
				break
			}
		}
		for _, secret := range []string{"mac", "account", "email", "network-name", "ip"} {
			if strings.Contains(strings.ToLower(body), "<"+secret) {
				t.Errorf("%s tells of %s", path, secret)
			}
		}
	}
	if got := udn("0123456789abcdef"); got != "01234567-89ab-8cde-8f00-000000000000" {
		t.Errorf("udn = %s", got)
	}
}

func TestStartErrors(t *testing.T) {
	press, typed := func(Source, keyseq.Key, bool) error { return nil }, func(Source, string) error { return nil }
	for _, listen := range []string{"", "8060", "8.8.8.8:8060", "[::1]:8060", "example.com:8060", "127.0.0.1:x"} {
		if s, err := Start(Config{Listen: listen, Press: press, Type: typed}); !errors.Is(err, ErrConfig) {
			t.Errorf("Start(%q) = %v, %v; want ErrConfig", listen, s, err)
		}
	}
	if s, err := Start(Config{Listen: "127.0.0.1:0", Press: press}); !errors.Is(err, ErrConfig) {
		t.Errorf("Start without Type = %v, %v", s, err)
	}
	h := start(t)
	if s, err := Start(Config{Listen: h.s.Addr().String(), Silent: true, Press: press, Type: typed}); !errors.Is(err, ErrPortInUse) {
		t.Errorf("Start on a port in use = %v, %v", s, err)
	}
}

func TestPrograms(t *testing.T) {
	for agent, want := range map[string]string{
		"PythonRokuECP/0.19.3": "PythonRokuECP", "node": "node", "": "", "curl/8.5.0": "curl", "<b>x": "", "Rokie (iPhone)": "Rokie",
		"Your TV says: press OK": "Your", strings.Repeat("x", 99): strings.Repeat("x", 24), "Фу/1": "",
	} {
		if got := program(agent); got != want {
			t.Errorf("program(%q) = %q, want %q", agent, got, want)
		}
	}
}

func TestSearches(t *testing.T) {
	const line = "M-SEARCH * HTTP/1.1\r\nHost: 239.255.255.250:1900\r\n"
	for in, want := range map[string]bool{
		line + "Man: \"ssdp:discover\"\r\nST: roku:ecp\r\n\r\n":                  true,
		line + "MAN: ssdp:discover\r\nMX: 3\r\nst: roku:ecp\r\n\r\n":             true,
		line + "Man: \"ssdp:discover\"\r\nST: ssdp:all\r\n\r\n":                  false,
		line + "ST: roku:ecp\r\n\r\n":                                            false,
		line + "Man: \"ssdp:discover\"\r\nST: roku:ecp\r\n":                      false,
		"NOTIFY * HTTP/1.1\r\nMan: \"ssdp:discover\"\r\nST: roku:ecp\r\n\r\n":    false,
		"M-SEARCH /x HTTP/1.1\r\nMan: \"ssdp:discover\"\r\nST: roku:ecp\r\n\r\n": false,
		"": false,
	} {
		if got := isSearch([]byte(in)); got != want {
			t.Errorf("isSearch(%q) = %v", in, got)
		}
	}
}

func FuzzCommand(f *testing.F) {
	for _, s := range []string{"Home", "Lit_a", "Lit_%E2%82%AC", "lit_+", "Lit_%"} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, s string) {
		c, ok := parseCommand(s)
		if ok != (c.key.Valid() != (c.text != "")) || len(c.text) > 4 {
			t.Errorf("parseCommand(%q) = %+v, %v", s, c, ok)
		}
	})
}

func FuzzSearch(f *testing.F) {
	f.Add([]byte("M-SEARCH * HTTP/1.1\r\nMan: \"ssdp:discover\"\r\nST: roku:ecp\r\n\r\n"))
	f.Fuzz(func(t *testing.T, b []byte) {
		if isSearch(b) && !strings.Contains(string(b), searchTarget) {
			t.Errorf("isSearch(%q)", b)
		}
	})
}
