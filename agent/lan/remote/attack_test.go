package remote_test

import (
	"bytes"
	"crypto/ecdsa"
	"crypto/ed25519"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"io"
	"math/big"
	"net"
	"net/http"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"github.com/gorilla/websocket"
	"go.uber.org/goleak"

	"github.com/hearthkey/hearthkey/agent/lan/remote"
	"github.com/hearthkey/hearthkey/protocol/tvremote"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// TestManInTheMiddle: somebody between the remote and the TV passes every frame of a
// pairing on, and neither side confirms: each sees another key.
func TestManInTheMiddle(t *testing.T) {
	v := startTV(t, nil)
	v.Open(tvremote.Household, remote.PairingTime)
	middle := startTV(t, nil) // what the phone takes for the TV: another key
	for _, by := range []tvremote.Way{tvremote.ByCode, tvremote.ByQR} {
		secret := []byte(v.Window().Code)
		if by == tvremote.ByQR {
			secret = v.Window().Secret
		}
		phone, toTV := middle.connect(nil), v.connect(nil)
		toTV.send(tvremote.Hello{V: 1})
		u := expect[tvremote.Unpaired](toTV) // passed on as it is
		a := phone.beginAfter(u, by, secret, "Anna's phone")
		toTV.send(a.pair)
		share := expect[tvremote.PairShare](toTV)
		var err error
		if a.keys, err = a.exchange.Finish(share.Share); err != nil {
			t.Fatal(err)
		}
		toTV.send(tvremote.PairConfirm{Tag: a.keys.Tag()})
		if e := expect[tvremote.Error](toTV); e.Code != tvremote.CodeWrongCode {
			t.Errorf("%s: the TV says %+v to a man in the middle", by, e)
		}
	}
	if w := v.Window(); w.Paired != "" || w.TriesLeft != 1 {
		t.Errorf("window: %+v", w)
	}
}

// TestReplay: what went over the wire of one pairing opens nothing afterwards, not on
// a fresh connection and not on the same one.
func TestReplay(t *testing.T) {
	v := startTV(t, nil)
	v.Open(tvremote.Household, remote.PairingTime)
	p := v.connect(nil)
	p.send(tvremote.Hello{V: 1})
	u := expect[tvremote.Unpaired](p)
	a := p.beginAfter(u, tvremote.ByCode, wrong(v.Window().Code), "x")
	a.ask()
	a.fail()
	// The same code, the same key, and the frames of a pairing that is right, recorded.
	good := p.beginAfter(u, tvremote.ByCode, []byte(v.Window().Code), "Anna's phone")
	good.ask()
	tag := tvremote.PairConfirm{Tag: good.keys.Tag()}
	p.ws.Close() // recorded before the TV heard the confirmation
	q := v.connect(p.key)
	q.send(tvremote.Hello{V: 1})
	expect[tvremote.Unpaired](q)
	q.send(good.pair)
	expect[tvremote.PairShare](q) // another one
	q.send(tag)
	if e := expect[tvremote.Error](q); e.Code == "" || v.Window().Paired != "" {
		t.Errorf("a recorded pairing: %+v, %+v", e, v.Window())
	}
}

// TestTheTryIsSpentByTheAnswer: whoever drops the connection after the TV's answer has
// had a try, and before it none.
func TestTheTryIsSpentByTheAnswer(t *testing.T) {
	v := startTV(t, nil)
	v.Open(tvremote.Household, remote.PairingTime)
	left := func(want int, when string) {
		t.Helper()
		if got := v.Window().TriesLeft; got != want {
			t.Errorf("%s: %d tries left, want %d", when, got, want)
		}
	}
	p := v.connect(nil)
	p.send(tvremote.Hello{V: 1})
	expect[tvremote.Unpaired](p)
	p.ws.Close()
	left(3, "gone after hello")

	p = v.connect(nil)
	p.send(tvremote.Hello{V: 1})
	u := expect[tvremote.Unpaired](p)
	pair := p.beginAfter(u, tvremote.ByCode, []byte("123456"), "x").pair
	pair.Share = make([]byte, 32) // the identity
	p.send(pair)
	p.ended(tvremote.CodeBadFrame)
	left(3, "a share that is no point")

	p = v.connect(nil)
	p.begin(tvremote.ByCode, wrong(v.Window().Code), "x").ask()
	left(2, "answered, and nothing said yet")
	p.ws.NetConn().Close()
	for v.Window().Problem != remote.WrongCode {
		<-v.changed
	}
	left(2, "gone after the answer")

	// Knowing the code does not help whoever does not confirm.
	p = v.connect(nil)
	p.begin(tvremote.ByCode, []byte(v.Window().Code), "x").ask()
	left(1, "answered to the right code")
	p.send(tvremote.Key{Seq: 1, Key: "OK", Action: tvremote.Press})
	p.ended(tvremote.CodeBadFrame)
	v.noKey()

	p = v.connect(nil)
	p.begin(tvremote.ByCode, wrong(v.Window().Code), "x").ask()
	left(0, "the last one")
	p.ws.NetConn().Close()
	for v.Window().Open {
		<-v.changed
	}
	if w := v.Window(); w.Problem != remote.TooOften || w.Failed != 1 {
		t.Errorf("after three answers: %+v", w)
	}
}

// TestParallelAttempts: a crowd gets three answers, not one each.
func TestParallelAttempts(t *testing.T) {
	v := startTV(t, nil)
	v.Open(tvremote.Household, remote.PairingTime)
	code := wrong(v.Window().Code)
	var crowd sync.WaitGroup
	var mu sync.Mutex
	answers := 0
	peers := make([]*peer, 6) // as many as one address may have
	for i := range peers {
		peers[i] = v.connect(nil)
		peers[i].send(tvremote.Hello{V: 1})
	}
	for _, p := range peers {
		a := p.beginAfter(expect[tvremote.Unpaired](p), tvremote.ByCode, code, "x")
		crowd.Go(func() {
			p.send(a.pair)
			f, err := p.read()
			if _, ok := f.(tvremote.PairShare); err == nil && ok {
				mu.Lock()
				answers++
				mu.Unlock()
			}
		})
	}
	crowd.Wait()
	if answers != 3 {
		t.Errorf("%d of 6 at once were answered, want 3", answers)
	}
}

// TestUnpairedKeys: keys of somebody who was never paired go nowhere.
func TestUnpairedKeys(t *testing.T) {
	v := startTV(t, nil)
	v.Open(tvremote.Household, remote.PairingTime)
	for _, f := range []tvremote.Frame{
		tvremote.Key{Seq: 1, Key: "OK", Action: tvremote.Press},
		tvremote.Text{Seq: 1, Text: "x"},
		tvremote.PairConfirm{Tag: make([]byte, 64)},
		tvremote.Hello{V: 1},
	} {
		p := v.connect(nil)
		p.send(tvremote.Hello{V: 1})
		expect[tvremote.Unpaired](p)
		p.send(f)
		p.ended(tvremote.CodeBadFrame)
	}
	p := v.connect(nil)
	p.send(tvremote.Key{Seq: 1, Key: "OK", Action: tvremote.Press}) // without hello
	p.ended(tvremote.CodeBadFrame)
	v.noKey()
	if w := v.Window(); w.TriesLeft != 3 {
		t.Errorf("window: %+v", w)
	}
}

// TestRevoked: a removed remote is out within a second, also one that reads nothing,
// and does not come back.
func TestRevoked(t *testing.T) {
	t.Parallel()
	v := startTV(t, nil)
	p := v.paired("phone", tvremote.Household)
	deaf := v.again(p.key)
	p.press("Up", tvremote.Press)
	v.keys(1)
	for len(v.changed) > 0 {
		<-v.changed
	}
	began := time.Now()
	v.SetRemotes(nil)
	if len(v.Connected()) != 0 {
		t.Error("a removed remote counts as connected")
	}
	p.ended(tvremote.CodeRevoked)
	<-v.changed
	<-v.changed // both are gone
	if took := time.Since(began); took > time.Second {
		t.Errorf("it took %v", took)
	}
	_ = deaf.ws.WriteMessage(websocket.TextMessage, []byte(`{"t":"key","seq":1,"key":"OK","action":"press"}`))
	q := v.connect(p.key)
	q.send(tvremote.Hello{V: 1})
	expect[tvremote.Unpaired](q)
	v.noKey()
}

// TestRevokedWhileItReadsNothing: a full socket does not keep it alive.
func TestRevokedWhileItReadsNothing(t *testing.T) {
	t.Parallel()
	v := startTV(t, func(c *remote.Config) { c.KeysPerSecond = 1e6 })
	p := v.paired("phone", tvremote.Household)
	full := make(chan struct{})
	go func() { // until the TV's acknowledgements fill both sockets, or the connection ends
		defer close(full)
		for i := 1; ; i++ {
			_ = p.ws.SetWriteDeadline(time.Now().Add(time.Second))
			data, _ := tvremote.Encode(tvremote.Ping{N: int64(i)})
			if p.ws.WriteMessage(websocket.TextMessage, data) != nil {
				return
			}
		}
	}()
	time.AfterFunc(300*time.Millisecond, func() { v.SetRemotes(nil) })
	<-full
	for len(v.Connected()) > 0 {
		<-v.changed
	}
}

// TestPages: no page of a browser gets in, whatever it is allowed elsewhere, and no
// other request does either.
func TestPages(t *testing.T) {
	v := startTV(t, nil)
	key := newKey(t)
	host := v.Addr().String()
	for _, header := range []http.Header{
		{"Origin": {"https://evil.example"}},
		{"Origin": {"https://" + host}},
		{"Origin": {"null"}},
		{"Sec-Fetch-Site": {"same-origin"}},
	} {
		if _, resp, err := v.dial(key, header); err == nil || resp == nil || resp.StatusCode != http.StatusForbidden {
			t.Errorf("%v: %v, %v; want 403", header, resp, err)
		}
	}
	cert, err := remote.Certificate(key, "x")
	if err != nil {
		t.Fatal(err)
	}
	client := &http.Client{Transport: &http.Transport{
		DisableKeepAlives: true,
		TLSClientConfig:   &tls.Config{InsecureSkipVerify: true, Certificates: []tls.Certificate{cert}},
	}}
	for path, want := range map[string]int{"/": 404, "/v1/remote/x": 404, tvremote.Path: http.StatusUpgradeRequired} {
		resp, err := client.Get("https://" + host + path)
		if err != nil {
			t.Fatal(err)
		}
		resp.Body.Close()
		if resp.StatusCode != want {
			t.Errorf("GET %s = %d, want %d", path, resp.StatusCode, want)
		}
	}
	d := websocket.Dialer{TLSClientConfig: &tls.Config{InsecureSkipVerify: true, Certificates: []tls.Certificate{cert}}}
	if _, resp, err := d.Dial("wss://"+host+tvremote.Path, nil); err == nil || resp.StatusCode != http.StatusBadRequest {
		t.Errorf("without the subprotocol: %v", err)
	}
}

// TestPlainHTTP: without TLS there is one line and nothing else.
func TestPlainHTTP(t *testing.T) {
	v := startTV(t, nil)
	conn, err := net.Dial("tcp", v.Addr().String())
	if err != nil {
		t.Fatal(err)
	}
	defer conn.Close()
	io.WriteString(conn, "GET "+tvremote.Path+" HTTP/1.1\r\nHost: tv\r\n\r\n")
	conn.SetReadDeadline(time.Now().Add(10 * time.Second))
	data, err := io.ReadAll(conn)
	if err != nil || !bytes.HasPrefix(data, []byte("HTTP/1.0 400")) {
		t.Errorf("plain HTTP: %q, %v", data, err)
	}
}

// TestTLS: 1.3 with a certificate for a P-256 key, or nothing.
func TestTLS(t *testing.T) {
	v := startTV(t, nil)
	good, err := remote.Certificate(newKey(t), "x")
	if err != nil {
		t.Fatal(err)
	}
	p384, err := ecdsa.GenerateKey(elliptic.P384(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	other, err := remote.Certificate(p384, "x")
	if err != nil {
		t.Fatal(err)
	}
	_, edKey, err := ed25519.GenerateKey(rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	template := &x509.Certificate{SerialNumber: big.NewInt(1)}
	der, err := x509.CreateCertificate(rand.Reader, template, template, edKey.Public(), edKey)
	if err != nil {
		t.Fatal(err)
	}
	// Somebody else's certificate, without its key.
	stolen := tls.Certificate{Certificate: good.Certificate, PrivateKey: newKey(t)}
	for name, c := range map[string]*tls.Config{
		"1.2":                 {MaxVersion: tls.VersionTLS12, Certificates: []tls.Certificate{good}},
		"no certificate":      {},
		"P-384":               {Certificates: []tls.Certificate{other}},
		"Ed25519":             {Certificates: []tls.Certificate{{Certificate: [][]byte{der}, PrivateKey: edKey}}},
		"another's signature": {Certificates: []tls.Certificate{stolen}},
	} {
		c.InsecureSkipVerify = true
		d := websocket.Dialer{Subprotocols: []string{tvremote.Subprotocol}, TLSClientConfig: c}
		if ws, _, err := d.Dial("wss://"+v.Addr().String()+tvremote.Path, nil); err == nil {
			ws.Close()
			t.Errorf("%s: let in", name)
		}
	}
}

// TestBadFrames: garbage and too much of it end the connection, and only that.
func TestBadFrames(t *testing.T) {
	v := startTV(t, nil)
	p := v.paired("phone", tvremote.Household)
	for _, text := range []string{"x", `{"t":"ping","n":1}{}`, `{"t":"ping","n":1,"n":2}`, `{"t":"key","seq":1,"key":"OK","action":"hold"}`} {
		q := v.again(p.key)
		q.sendRaw(text)
		q.ended(tvremote.CodeBadFrame)
	}
	q := v.again(p.key)
	if err := q.ws.WriteMessage(websocket.BinaryMessage, []byte(`{"t":"ping","n":1}`)); err != nil {
		t.Fatal(err)
	}
	q.ended(tvremote.CodeBadFrame)
	q = v.again(p.key)
	q.sendRaw(`{"t":"ping","n":1,"x":"` + strings.Repeat("a", tvremote.MaxFrame) + `"}`)
	_, err := q.read()
	for err == nil {
		_, err = q.read()
	}
	if closed, ok := errors.AsType[*websocket.CloseError](err); !ok || closed.Code != websocket.CloseMessageTooBig {
		t.Errorf("too large: %v", err)
	}
	v.again(p.key).press("Up", tvremote.Press)
}

// TestFlood: a connection that sends more than anybody presses ends; another goes on.
func TestFlood(t *testing.T) {
	v := startTV(t, nil)
	p := v.paired("phone", tvremote.Household)
	q := v.again(p.key)
	go func() {
		for i := 0; ; i++ {
			data, _ := tvremote.Encode(tvremote.Ping{N: int64(i)})
			if p.ws.WriteMessage(websocket.TextMessage, data) != nil {
				return
			}
		}
	}()
	for {
		f, err := p.read()
		if errors.Is(err, syscall.ECONNRESET) {
			break // what was still under way from here made TCP throw the word away
		}
		if err != nil {
			t.Fatalf("ended without a word: %v", err)
		}
		if e, ok := f.(tvremote.Error); ok {
			if e.Code != tvremote.CodeTooFast {
				t.Errorf("flood: %+v", e)
			}
			break
		}
	}
	q.press("Up", tvremote.Press)
}

// TestStrangersGiveWay: whoever opens connections and says nothing cannot keep a
// paired remote out.
func TestStrangersGiveWay(t *testing.T) {
	v := startTV(t, nil)
	p := v.paired("phone", tvremote.Household)
	var idle []net.Conn
	for i := range 40 {
		conn, err := neighbour(1+i/20).Dial("tcp", v.Addr().String())
		if err != nil {
			t.Fatal(err)
		}
		defer conn.Close()
		idle = append(idle, conn)
	}
	began := time.Now()
	v.again(p.key).press("Up", tvremote.Press)
	p.press("Down", tvremote.Press)
	if took := time.Since(began); took > 4*time.Second {
		t.Errorf("it took %v", took)
	}
	idle[0].SetReadDeadline(time.Now().Add(5 * time.Second))
	if _, err := idle[0].Read(make([]byte, 1)); err == nil || errors.Is(err, errTimeout(err)) {
		t.Errorf("the oldest stranger is still there: %v", err)
	}
}

// TestACrowdWhileTheCodeIsRead: it shows out its own, not the phone whose person reads
// the code off the screen.
func TestACrowdWhileTheCodeIsRead(t *testing.T) {
	v := startTV(t, nil)
	v.Open(tvremote.Household, remote.PairingTime)
	p := v.connect(nil)
	a := p.begin(tvremote.ByCode, []byte(v.Window().Code), "phone")
	for n := range 4 {
		var own []net.Conn
		for range 7 {
			conn, err := neighbour(1+n).Dial("tcp", v.Addr().String())
			if err != nil {
				t.Fatal(err)
			}
			defer conn.Close()
			own = append(own, conn)
		}
		own[0].SetReadDeadline(time.Now().Add(20 * time.Second))
		if _, err := own[0].Read(make([]byte, 1)); errors.Is(err, errTimeout(err)) {
			t.Fatalf("the first of seven from one address is still there: %v", err)
		}
	}
	a.ask()
	a.confirm()
}

// TestTalkativeStrangers: what is read of somebody who was not paired is bounded, in
// the handshake too.
func TestTalkativeStrangers(t *testing.T) {
	v := startTV(t, nil)
	cert, err := remote.Certificate(newKey(t), "x")
	if err != nil {
		t.Fatal(err)
	}
	for range 300 {
		cert.Certificate = append(cert.Certificate, cert.Certificate[0])
	}
	d := websocket.Dialer{
		Subprotocols:    []string{tvremote.Subprotocol},
		TLSClientConfig: &tls.Config{InsecureSkipVerify: true, Certificates: []tls.Certificate{cert}},
	}
	if ws, _, err := d.Dial("wss://"+v.Addr().String()+tvremote.Path, nil); err == nil {
		ws.Close()
		t.Error("a chain of 300 certificates is read")
	}
	// A paired remote may send for as long as it likes.
	p := v.paired("phone", tvremote.Household)
	for range 60 {
		p.sendRaw(`{"t":"ping","n":1,"x":"` + strings.Repeat("a", 2000) + `"}`)
		expect[tvremote.Pong](p)
	}
}

// neighbour dials from an address of its own.
func neighbour(n int) *net.Dialer {
	return &net.Dialer{LocalAddr: &net.TCPAddr{IP: net.IPv4(127, 0, 1, byte(n))}}
}

// TestManyPeers: a crowd at the door is let in one after the other.
func TestManyPeers(t *testing.T) {
	v := startTV(t, nil)
	p := v.paired("phone", tvremote.Household)
	began := time.Now()
	for i := range 60 {
		conn, err := neighbour(1+i/20).Dial("tcp", v.Addr().String())
		if err != nil {
			t.Fatal(err)
		}
		defer conn.Close()
	}
	p.press("Up", tvremote.Press) // who is in is not held up
	if took := time.Since(began); took > time.Second {
		t.Errorf("it took %v", took)
	}
	v.again(p.key)
	if took := time.Since(began); took < 900*time.Millisecond {
		t.Errorf("61 peers were let in within %v", took)
	}
}

// TestOneImpatientPeer: who comes a thousand times from one address is closed unread,
// and a paired remote does not wait behind it.
func TestOneImpatientPeer(t *testing.T) {
	v := startTV(t, nil)
	p := v.paired("phone", tvremote.Household)
	began := time.Now()
	for range 1000 {
		conn, err := neighbour(1).Dial("tcp", v.Addr().String())
		if err != nil {
			t.Fatal(err)
		}
		defer conn.Close()
	}
	v.again(p.key)
	// With everybody in one queue it is 30 of them a second.
	if took := time.Since(began); took > 10*time.Second {
		t.Errorf("the paired remote waited for %v", took)
	}
}

// TestOneBusyRemote: a script that presses each key over a connection of its own is
// nobody who comes too often.
func TestOneBusyRemote(t *testing.T) {
	v := startTV(t, nil)
	p := v.paired("phone", tvremote.Household)
	for range 45 {
		v.again(p.key).ws.Close()
	}
}

// errTimeout returns err where it is a timeout.
func errTimeout(err error) error {
	if e, ok := errors.AsType[net.Error](err); ok && e.Timeout() {
		return err
	}
	return io.ErrNoProgress
}

// TestSlowLoris: a stranger who takes its time is shown out.
func TestSlowLoris(t *testing.T) {
	t.Parallel()
	v := startTV(t, nil)
	quiet, err := net.Dial("tcp", v.Addr().String())
	if err != nil {
		t.Fatal(err)
	}
	defer quiet.Close()
	noHello := v.connect(nil)
	unpaired := v.connect(nil)
	unpaired.send(tvremote.Hello{V: 1})
	expect[tvremote.Unpaired](unpaired)
	began := time.Now()
	quiet.SetReadDeadline(began.Add(20 * time.Second))
	if _, err := quiet.Read(make([]byte, 1)); errors.Is(err, errTimeout(err)) {
		t.Error("a connection without a handshake stays")
	}
	noHello.ended(tvremote.CodeIdle)
	unpaired.ended(tvremote.CodeIdle)
	if took := time.Since(began); took > 15*time.Second {
		t.Errorf("it took %v", took)
	}
}

// TestPortInUse: the error says what to change.
func TestPortInUse(t *testing.T) {
	v := startTV(t, nil)
	_, err := remote.Start(remote.Config{
		Listen: v.Addr().String(), Identity: newIdentity(t, "0011223344556677"), Now: func() time.Duration { return 0 },
	})
	if !errors.Is(err, remote.ErrPortInUse) {
		t.Errorf("Start on a port in use = %v", err)
	}
	if _, err := remote.Start(remote.Config{Listen: "nonsense", Identity: newIdentity(t, "0011223344556677"), Now: func() time.Duration { return 0 }}); err == nil {
		t.Error("Start takes an address without a port")
	}
}
