package handset_test

import (
	"context"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/tls"
	"errors"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"github.com/gorilla/websocket"

	"github.com/hearthkey/hearthkey/agent/lan/handset"
	"github.com/hearthkey/hearthkey/agent/lan/remote"
	"github.com/hearthkey/hearthkey/protocol"
	"github.com/hearthkey/hearthkey/protocol/cpace"
	"github.com/hearthkey/hearthkey/protocol/tvremote"
)

func newKey(t *testing.T) *ecdsa.PrivateKey {
	t.Helper()
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	return key
}

// fakeTV serves one connection with a script: each frame of the handset is answered
// by what next says.
func fakeTV(t *testing.T, next func(tvremote.Frame) []tvremote.Frame) (address string, key *ecdsa.PrivateKey) {
	t.Helper()
	key = newKey(t)
	cert, err := remote.Certificate(key, "TV")
	if err != nil {
		t.Fatal(err)
	}
	up := websocket.Upgrader{Subprotocols: []string{tvremote.Subprotocol}}
	s := httptest.NewUnstartedServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		ws, err := up.Upgrade(w, r, nil)
		if err != nil {
			return
		}
		defer ws.Close()
		for {
			_, data, err := ws.ReadMessage()
			if err != nil {
				return
			}
			f, err := tvremote.DecodeUp(data)
			if err != nil {
				return
			}
			for _, answer := range next(f) {
				out, err := tvremote.Encode(answer)
				if err != nil || ws.WriteMessage(websocket.TextMessage, out) != nil {
					return
				}
			}
		}
	}))
	s.TLS = &tls.Config{MinVersion: tls.VersionTLS13, ClientAuth: tls.RequireAnyClientCert, Certificates: []tls.Certificate{cert}}
	s.StartTLS()
	t.Cleanup(s.Close)
	return strings.TrimPrefix(s.URL, "https://"), key
}

var unpaired = tvremote.Unpaired{TV: "00112233445566ff", Nonce: make(protocol.Bytes, 16), Open: true}

// TestImpostors: whoever stands in for a TV learns no more than whether one guess was
// right, and is not taken for it.
func TestImpostors(t *testing.T) {
	point := func() protocol.Bytes { return cpace.Initiate(cpace.Params{Secret: []byte("guess")}).Share() }
	for name, answer := range map[string]func(tvremote.Frame) []tvremote.Frame{
		"does not know the code": func(f tvremote.Frame) []tvremote.Frame {
			switch f.(type) {
			case tvremote.Pair:
				return []tvremote.Frame{tvremote.PairShare{Share: point()}}
			case tvremote.PairConfirm:
				return []tvremote.Frame{tvremote.Paired{Tag: make(protocol.Bytes, 64)}}
			}
			return []tvremote.Frame{unpaired}
		},
		"sends the handset's own words back": func(f tvremote.Frame) []tvremote.Frame {
			switch f := f.(type) {
			case tvremote.Pair:
				return []tvremote.Frame{tvremote.PairShare{Share: f.Share}}
			case tvremote.PairConfirm:
				return []tvremote.Frame{tvremote.Paired(f)}
			}
			return []tvremote.Frame{unpaired}
		},
		"answers with no point": func(f tvremote.Frame) []tvremote.Frame {
			if _, ok := f.(tvremote.Pair); ok {
				return []tvremote.Frame{tvremote.PairShare{Share: make(protocol.Bytes, 32)}}
			}
			return []tvremote.Frame{unpaired}
		},
		"says that it is done": func(f tvremote.Frame) []tvremote.Frame {
			if _, ok := f.(tvremote.Pair); ok {
				return []tvremote.Frame{tvremote.Welcome{V: 1, TV: unpaired.TV, Name: "TV", Role: tvremote.Household}}
			}
			return []tvremote.Frame{unpaired}
		},
	} {
		address, _ := fakeTV(t, answer)
		c, err := handset.Dial(context.Background(), handset.Target{Address: address, Key: newKey(t)})
		if err != nil {
			t.Fatal(err)
		}
		f, err := c.Hello()
		if err != nil {
			t.Fatal(err)
		}
		if w, err := c.Pair(f.(tvremote.Unpaired), tvremote.ByCode, []byte("123456"), "phone"); !errors.Is(err, handset.ErrImpostor) {
			t.Errorf("%s: %+v, %v; want ErrImpostor", name, w, err)
		}
		c.Close()
	}
}

// TestPin: another key than the paired one ends the handshake.
func TestPin(t *testing.T) {
	address, key := fakeTV(t, func(tvremote.Frame) []tvremote.Frame { return []tvremote.Frame{unpaired} })
	hash, err := remote.HashOf(&key.PublicKey)
	if err != nil {
		t.Fatal(err)
	}
	c, err := handset.Dial(context.Background(), handset.Target{Address: address, Key: newKey(t), TV: &hash})
	if err != nil {
		t.Fatal(err)
	}
	if c.TV() != hash {
		t.Error("TV() is another key")
	}
	c.Close()
	hash[0]++
	if _, err := handset.Dial(context.Background(), handset.Target{Address: address, Key: newKey(t), TV: &hash}); !errors.Is(err, handset.ErrImpostor) {
		t.Errorf("another key: %v, want ErrImpostor", err)
	}
}

// TestRefused: what the TV says instead of going on is an error with its code.
func TestRefused(t *testing.T) {
	address, _ := fakeTV(t, func(f tvremote.Frame) []tvremote.Frame {
		if _, ok := f.(tvremote.Hello); ok {
			return []tvremote.Frame{unpaired}
		}
		return []tvremote.Frame{tvremote.Error{Code: tvremote.CodeWait, Retry: 30}}
	})
	c, err := handset.Dial(context.Background(), handset.Target{Address: address, Key: newKey(t)})
	if err != nil {
		t.Fatal(err)
	}
	defer c.Close()
	f, err := c.Hello()
	if err != nil {
		t.Fatal(err)
	}
	_, err = c.Pair(f.(tvremote.Unpaired), tvremote.ByCode, []byte("123456"), "phone")
	if refused, ok := errors.AsType[*handset.Refused](err); !ok || refused.Why.Code != tvremote.CodeWait || refused.Why.Retry != 30 {
		t.Errorf("Pair = %v", err)
	}
}

// TestDialEnds: an address where nobody is, and a context that ends.
func TestDialEnds(t *testing.T) {
	ctx, cancel := context.WithTimeout(context.Background(), 5*time.Second)
	cancel()
	if _, err := handset.Dial(ctx, handset.Target{Address: "127.0.0.1:1", Key: newKey(t)}); err == nil {
		t.Error("Dial with an ended context has no error")
	}
}
