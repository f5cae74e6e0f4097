package server_test

import (
	"bufio"
	"bytes"
	"compress/gzip"
	"encoding/json"
	"fmt"
	"io"
	"net"
	"net/http"
	"strings"
	"testing"
	"time"
	"unicode"

	"github.com/hearthkey/hearthkey/protocol"
)

// wire writes bytes as they are and returns all that is answered until the server closes
// the connection, as it must where it refuses, or nothing comes for long.
func (h *house) wire(text string) string {
	h.t.Helper()
	conn, err := net.Dial("tcp", h.srv.Addr().String())
	if err != nil {
		h.t.Fatal(err)
	}
	defer conn.Close()
	if _, err := io.WriteString(conn, text); err != nil {
		h.t.Fatal(err)
	}
	var out bytes.Buffer
	buf := make([]byte, 4<<10)
	for {
		conn.SetReadDeadline(time.Now().Add(20 * time.Second))
		n, err := conn.Read(buf)
		out.Write(buf[:n])
		if err != nil {
			return out.String()
		}
	}
}

// statuses are those of all answers in what came over a connection.
func statuses(answered string) (out []string) {
	for line := range strings.Lines(answered) {
		if rest, ok := strings.CutPrefix(line, "HTTP/1.1 "); ok {
			out = append(out, rest[:3])
		}
	}
	return out
}

// ASVS 4.2.1: requests that a proxy and a server could take for different ones
// are refused and their connection closed, so that nothing behind them is taken for a
// request: an answer too many would be somebody else's.
func TestSmuggledRequestsAreRefused(t *testing.T) {
	h := open(t, nil)
	const hidden = "GET /healthz HTTP/1.1\r\nHost: x\r\n\r\n"
	post := func(headers, body string) string {
		return "POST /v1/sign-in HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\n" + headers + "\r\n" + body
	}
	for name, text := range map[string]string{
		"two lengths that differ":      post("Content-Length: 0\r\nContent-Length: 35\r\n", hidden),
		"a length with a sign":         post("Content-Length: +0\r\n", hidden),
		"a length with a comma":        post("Content-Length: 0, 35\r\n", hidden),
		"an unknown encoding":          post("Transfer-Encoding: xchunked\r\n", "0\r\n\r\n"+hidden),
		"chunked twice":                post("Transfer-Encoding: chunked, chunked\r\n", "0\r\n\r\n"+hidden),
		"an encoding with a tab":       post("Transfer-Encoding:\x0bchunked\r\n", "0\r\n\r\n"+hidden),
		"a blank before the colon":     post("Transfer-Encoding : chunked\r\n", "0\r\n\r\n"+hidden),
		"a line that goes on":          post("X: a\r\n Transfer-Encoding: chunked\r\nContent-Length: 5\r\n\x00: x\r\n", "0\r\n\r\n"+hidden),
		"a chunk's length that is bad": post("Transfer-Encoding: chunked\r\n", "0x0\r\n\r\n"+hidden),
		"a NUL in a name":              post("X\x00: y\r\n", hidden),
		"a NUL in a value":             post("X: y\x00z\r\n", hidden),
		"two hosts":                    "GET /healthz HTTP/1.1\r\nHost: a\r\nHost: b\r\n\r\n" + hidden,
		"no host":                      "GET /healthz HTTP/1.1\r\n\r\n" + hidden,
		"a host that is none":          "GET /healthz HTTP/1.1\r\nHost: a b\r\n\r\n" + hidden,
		"HTTP/2 from the start":        "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n" + hidden,
		"a version of the future":      "GET /healthz HTTP/9.9\r\nHost: a\r\n\r\n" + hidden,
	} {
		got := statuses(h.wire(text))
		if len(got) != 1 || got[0][0] != '4' && got[0][0] != '5' {
			t.Errorf("%s is answered %v, want one refusal", name, got)
		}
	}
	// Both headers: RFC 9112 §6.3 has the encoding win, and the connection must close.
	both := statuses(h.wire(post("Connection: close\r\nContent-Length: 4\r\nTransfer-Encoding: chunked\r\n", "2\r\n{}\r\n0\r\n\r\n")))
	if len(both) != 1 || both[0][0] != '4' {
		t.Errorf("a length and chunks are answered %v", both)
	}
	if got := h.wire("GET /healthz HTTP/1.1\r\nHost: x\r\nConnection: Upgrade, HTTP2-Settings, close\r\nUpgrade: h2c\r\nHTTP2-Settings: AAMAAABkAAQAAP__\r\n\r\n"); !strings.HasPrefix(got, "HTTP/1.1 200 ") {
		t.Errorf("an upgrade to h2c is answered %.60q, want the plain answer", got)
	}
}

// ASVS 4.1.3: what a stranger says the host is goes into no mail, no redirection
// and no page, whether a proxy is trusted or not; only its X-Forwarded-For is believed.
func TestHostsOfStrangersAreRepeatedNowhere(t *testing.T) {
	h := open(t, nil)
	o := h.signUp("mara@example.org")
	const evil = "evil.example"
	for i, header := range []string{"Host", "X-Forwarded-Host", "X-Forwarded-Server", "X-Host", "Forwarded", "X-Original-Host", "X-HTTP-Host-Override", "X-Forwarded-Proto", "X-Forwarded-Prefix", "X-Original-URL", "X-Rewrite-URL"} {
		with := http.Header{header: {evil}, "Content-Type": {"application/json"}}
		if header == "Forwarded" {
			with.Set(header, "host="+evil+";proto=https")
		}
		h.skew.Add(int64(time.Hour)) // codes are counted
		if status, _, body := h.do("POST", "/v1/recovery", with, []byte(`{"login":"`+o.email+`"}`)); status >= 300 && i > 0 {
			t.Errorf("%s: recovery = %d %s", header, status, body)
		}
		for _, path := range []string{"/", "/account", "/signin", "/tv?code=BCDF-GHJK", "/nowhere", "/recover"} {
			_, answered, body := h.do("GET", path, with, nil)
			for name, values := range answered {
				if strings.Contains(strings.Join(values, " "), evil) {
					t.Errorf("%s: %s of %s is %q", header, name, path, values)
				}
			}
			if bytes.Contains(body, []byte(evil)) {
				t.Errorf("%s: the page %s repeats it", header, path)
			}
		}
	}
	_, _, mails := h.do("GET", "/dev/outbox.json", nil, nil)
	if bytes.Contains(mails, []byte(evil)) || !bytes.Contains(mails, []byte("recovery")) && !bytes.Contains(mails, []byte("recover")) {
		t.Errorf("a mail repeats the host, or none was sent: %.200s", mails)
	}
}

// ASVS 2.4.1: a body that is compressed is not unpacked, however small it looks;
// sockets agree on no compression, and a frame that claims one ends them.
func TestCompressedBombsStayPacked(t *testing.T) {
	h := open(t, nil)
	var bomb bytes.Buffer
	w := gzip.NewWriter(&bomb)
	if _, err := w.Write(bytes.Repeat([]byte{' '}, 16<<20)); err != nil {
		t.Fatal(err)
	}
	w.Close()
	for _, encoding := range []string{"gzip", "deflate", "br", "zstd", "gzip, gzip"} {
		header := http.Header{"Content-Type": {"application/json"}, "Content-Encoding": {encoding}}
		if status, _, body := h.do("POST", "/v1/sign-in", header, bomb.Bytes()[:15<<10]); status != 400 && status != 415 {
			t.Errorf("%s = %d %s", encoding, status, body)
		}
	}
	handshake := "GET " + protocol.Path + " HTTP/1.1\r\nHost: " + h.srv.Addr().String() + "\r\nConnection: Upgrade\r\nUpgrade: websocket\r\nSec-WebSocket-Version: 13\r\n" +
		"Sec-WebSocket-Key: AAAAAAAAAAAAAAAAAAAAAA==\r\nSec-WebSocket-Protocol: " + protocol.Subprotocol + "\r\nSec-WebSocket-Extensions: permessage-deflate; client_max_window_bits\r\n\r\n"
	conn, err := net.Dial("tcp", h.srv.Addr().String())
	if err != nil {
		t.Fatal(err)
	}
	defer conn.Close()
	conn.SetDeadline(time.Now().Add(20 * time.Second))
	fmt.Fprint(conn, handshake)
	in := bufio.NewReader(conn)
	resp, err := http.ReadResponse(in, nil)
	if err != nil || resp.StatusCode != http.StatusSwitchingProtocols {
		t.Fatalf("the handshake = %v, %v", resp, err)
	}
	if got := resp.Header.Get("Sec-WebSocket-Extensions"); got != "" {
		t.Errorf("agreed on %q", got)
	}
	// A masked text frame with RSV1, as a compressed one has.
	conn.Write([]byte{0xc1, 0x82, 0, 0, 0, 0, 0xaa, 0x00})
	for { // the hello, then the end: a close frame, or none
		b, err := in.ReadByte()
		if err != nil {
			t.Fatalf("no close frame came: %v", err)
		}
		if b == 0x88 {
			return
		}
	}
}

// escape colours terminals, turns text around and ends lines.
const escape = "\x1b[31m\x07\u202e\r\nX: y"

// ASVS 16.4.1: names of TVs, profiles and devices carry nothing that acts on a
// terminal, a line of a log, a header or a page: they are refused, or come without.
func TestNamesActOnNothing(t *testing.T) {
	s := openStaffed(t)
	h := s.house
	o := h.signUp("mara@example.org")
	v := newTV(h, "Living room")
	v.join(o)
	o.try("POST", "/v1/profiles", object{"name": "Kit" + escape, "avatar": "fox", "level": 3})
	o.try("PATCH", "/v1/devices/"+string(v.id), object{"name": "Den" + escape})
	o.try("PUT", "/v1/devices/"+string(v.id), object{"name": "Den" + escape})
	rogue := newTV(h, "TV")
	rogue.dial()
	if text, err := json.Marshal(rogue.enrolFrame()); err != nil || !bytes.Contains(text, []byte(`"name":"TV"`)) {
		t.Fatalf("enrol is %s, %v", text, err)
	} else {
		name, _ := json.Marshal("TV" + escape)
		rogue.raw(bytes.Replace(text, []byte(`"TV"`), name, 1))
	}
	if f, err := rogue.read(); err == nil {
		if _, refused := f.(protocol.Error); !refused {
			t.Errorf("a TV with such a name is answered %#v", f)
		}
	}
	olga := s.as(s.olga)
	if err := olga.Lock(t.Context(), o.email, "phoned"+escape); err != nil {
		t.Fatal(err)
	}
	found, err := olga.Find(t.Context(), o.email)
	if err != nil {
		t.Fatal(err)
	}
	log, err := olga.Log(t.Context(), 100)
	if err != nil {
		t.Fatal(err)
	}
	_, _, mails := h.do("GET", "/dev/outbox.json", nil, nil)
	for what, text := range map[string]string{"find": fmt.Sprintf("%+v", found), "the operators' log": fmt.Sprintf("%+v", log), "mails": string(mails)} {
		for _, bad := range []string{"\x1b", `\u001b`, "\x07", "\u202e", `\u202e`} {
			if strings.Contains(text, bad) {
				t.Errorf("%s holds %q: …%q", what, bad, text[max(0, strings.Index(text, bad)-60):strings.Index(text, bad)])
			}
		}
	}
	for line := range strings.Lines(h.logs.String()) {
		if strings.IndexFunc(strings.TrimSuffix(line, "\n"), unicode.IsControl) >= 0 || strings.HasPrefix(line, "X: y") {
			t.Errorf("a line of the log acts on something: %q", line)
		}
	}
}
