package agent

import (
	"context"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/sha256"
	"crypto/tls"
	"crypto/x509"
	"encoding/hex"
	"errors"
	"log/slog"
	"math/big"
	"net"
	"net/netip"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/hearthkey/hearthkey/lan"
)

// keyed is a server with a key of its own and a certificate that nobody vouches for.
type keyed struct {
	pin   [sha256.Size]byte
	addr  string
	tried atomic.Int64 // handshakes
	l     net.Listener
}

func newKeyed(t *testing.T) *keyed {
	t.Helper()
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	template := &x509.Certificate{SerialNumber: big.NewInt(1), NotBefore: date(1990), NotAfter: date(1991)} // dates do not count
	cert := issue(t, template, template, key, key)
	s := &keyed{pin: sha256.Sum256(cert.RawSubjectPublicKeyInfo)}
	if s.l, err = tls.Listen("tcp", "127.0.0.1:0", &tls.Config{
		Certificates: []tls.Certificate{{Certificate: [][]byte{cert.Raw}, PrivateKey: key}},
	}); err != nil {
		t.Fatal(err)
	}
	s.addr = s.l.Addr().String()
	t.Cleanup(func() { s.l.Close() })
	go func() {
		for {
			conn, err := s.l.Accept()
			if err != nil {
				return
			}
			go func() {
				defer conn.Close()
				s.tried.Add(1)
				_ = conn.(*tls.Conn).Handshake() // an impostor is told no
				_, _ = conn.Read(make([]byte, 1))
			}()
		}
	}()
	return s
}

// peer is the server as it is found; what it says of its key may be a lie.
func (s *keyed) peer(claims [sha256.Size]byte) lan.Peer {
	return lan.Peer{About: lan.About{Fingerprint: hex.EncodeToString(claims[:8])}, Addrs: []netip.AddrPort{netip.MustParseAddrPort(s.addr)}}
}

func newFinder(s *keyed) *finder {
	return &finder{pin: s.pin, log: slog.New(slog.DiscardHandler), noted: make(chan struct{}, 1), news: make(chan struct{})}
}

// use dials as the link does, and says whom it spoke to.
func (f *finder) use(t *testing.T) (string, error) {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), 5*time.Second)
	defer cancel()
	raw, err := f.dial(ctx, "tcp", "ignored:1")
	if err != nil {
		return "", err
	}
	defer raw.Close()
	conn := tls.Client(raw, &tls.Config{InsecureSkipVerify: true, VerifyConnection: f.verifyDialed, ServerName: unnamed})
	if err := conn.HandshakeContext(ctx); err != nil {
		return "", err
	}
	return raw.RemoteAddr().String(), nil
}

// TestD12_OnlyThePinnedServer: who claims the fingerprint is tried and refused; who has
// the key is used, whatever else stands around.
func TestD12_OnlyThePinnedServer(t *testing.T) {
	ours := newKeyed(t)
	f := newFinder(ours)
	var peers []lan.Peer
	for range 5 {
		peers = append(peers, newKeyed(t).peer(ours.pin))
	}
	f.heard(peers)
	if at, err := f.use(t); !errors.Is(err, errNotFound) {
		t.Fatalf("among impostors alone: %q, %v", at, err)
	}
	f.heard(append(peers, ours.peer(ours.pin)))
	for range 3 {
		if at, err := f.use(t); at != ours.addr {
			t.Fatalf("spoke to %q, %v; want %s", at, err, ours.addr)
		}
	}
	if f.known != ours.addr {
		t.Errorf("known is %q", f.known)
	}
	other := newKeyed(t)
	f.heard([]lan.Peer{other.peer(other.pin)}) // of another operator
	if len(f.found) != 0 || other.tried.Load() != 0 {
		t.Errorf("another operator's server is a candidate: %v", f.found)
	}
}

// TestD12_LastGoodFirst: the address that proved the key is used without a look
// around; where it is somebody else's by now, that one is refused and the server
// looked for again.
func TestD12_LastGoodFirst(t *testing.T) {
	ours, thief := newKeyed(t), newKeyed(t)
	f := newFinder(ours)
	f.begin(ours.addr)
	f.heard([]lan.Peer{thief.peer(ours.pin)})
	if at, err := f.use(t); at != ours.addr || thief.tried.Load() != 0 {
		t.Errorf("spoke to %q, %v, and tried others %d times", at, err, thief.tried.Load())
	}
	if ours.tried.Load() != 1 {
		t.Errorf("%d handshakes, want 1", ours.tried.Load())
	}
	f.begin(thief.addr) // its address now
	if at, err := f.use(t); !errors.Is(err, errWrongKey) {
		t.Errorf("spoke to %q, %v", at, err)
	}
	f.heard([]lan.Peer{thief.peer(ours.pin), ours.peer(ours.pin)})
	if at, err := f.use(t); at != ours.addr {
		t.Errorf("after the theft: %q, %v", at, err)
	}
	f.begin("127.0.0.1:1") // nobody is there
	if at, err := f.use(t); at != ours.addr {
		t.Errorf("after a move: %q, %v", at, err)
	}
}

// TestD12_FromElsewhere: the URL in the settings is the last place to try, with the
// same key.
func TestD12_FromElsewhere(t *testing.T) {
	ours := newKeyed(t)
	f := newFinder(ours)
	f.named = ours.addr
	if at, err := f.use(t); at != ours.addr {
		t.Errorf("spoke to %q, %v", at, err)
	}
	g := newFinder(newKeyed(t))
	g.named = ours.addr
	if at, err := g.use(t); !errors.Is(err, errNotFound) {
		t.Errorf("another key: %q, %v", at, err)
	}
}

func TestServerPinIsChecked(t *testing.T) {
	good := strings.Repeat("0a", 32)
	for _, tt := range []struct {
		name string
		a    *Agent
		ok   bool
	}{
		{"none", &Agent{}, true},
		{"alone", &Agent{LAN: LAN{ServerPin: good}}, true},
		{"with a server", &Agent{Server: "wss://tv.example", LAN: LAN{ServerPin: good}}, true},
		{"too short", &Agent{LAN: LAN{ServerPin: good[1:]}}, false},
		{"no hex", &Agent{LAN: LAN{ServerPin: "x" + good[1:]}}, false},
		{"plain", &Agent{Server: "ws://127.0.0.1:1", LAN: LAN{ServerPin: good}}, false},
		{"services", &Agent{Services: []Service{{}}, LAN: LAN{ServerPin: good}}, false},
	} {
		if err := tt.a.checkServerPin(); (err == nil) != tt.ok || err != nil && !errors.Is(err, ErrSettings) {
			t.Errorf("%s: %v", tt.name, err)
		}
	}
}
