package lanremote

import (
	"bytes"
	"context"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"encoding/hex"
	"errors"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"go.uber.org/goleak"

	"github.com/hearthkey/hearthkey/agent/keyseq"
	"github.com/hearthkey/hearthkey/agent/lan/remote"
	"github.com/hearthkey/hearthkey/protocol/tvremote"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// world is a TV, and a remote's book and person.
type world struct {
	t       *testing.T
	tv      *remote.Server
	id      remote.Identity
	pressed chan string
	wizard  *Wizard

	mu      sync.Mutex
	remotes []remote.Remote // guarded by mu
	field   bool            // guarded by mu
	answers []string        // guarded by mu; what the person types
	told    bytes.Buffer    // guarded by mu
	found   []Found         // guarded by mu; what the network tells
}

func newWorld(t *testing.T) *world {
	t.Helper()
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	hash, err := remote.HashOf(&key.PublicKey)
	if err != nil {
		t.Fatal(err)
	}
	w := &world{t: t, id: remote.Identity{ID: "00112233445566ff", Key: key, Hash: hash}, pressed: make(chan string, 100)}
	w.start("127.0.0.1:0")
	w.wizard = &Wizard{Name: "Anna's laptop", Look: w.look, Ask: w.ask, Tell: w.tell}
	w.wizard.Book = w.book()
	return w
}

// start plugs the TV in.
func (w *world) start(listen string) {
	w.t.Helper()
	w.mu.Lock()
	known := append([]remote.Remote(nil), w.remotes...)
	w.mu.Unlock()
	tv, err := remote.Start(remote.Config{
		Listen: listen, Identity: w.id, Name: "Living room", Model: "HK-1", Remotes: known,
		Now: func() time.Duration { return time.Hour },
		Press: func(_ remote.Remote, k keyseq.Key, _ bool) tvremote.Ignored {
			w.pressed <- k.String()
			return ""
		},
		Type: func(_ remote.Remote, text string) tvremote.Ignored {
			w.mu.Lock()
			defer w.mu.Unlock()
			if !w.field {
				return tvremote.NoField
			}
			w.pressed <- "text " + text
			return ""
		},
		Keep: func(r remote.Remote) error {
			w.mu.Lock()
			w.remotes = append(w.remotes, r)
			list := append([]remote.Remote(nil), w.remotes...)
			w.mu.Unlock()
			w.tv.SetRemotes(list)
			return nil
		},
		Changed: func() {},
	})
	if err != nil {
		w.t.Fatal(err)
	}
	w.tv = tv
	w.t.Cleanup(func() { tv.Close() })
	w.mu.Lock()
	defer w.mu.Unlock()
	w.found = []Found{
		{ID: w.id.ID, Name: "An impostor", Fingerprint: strings.Repeat("0", 16), Addresses: []string{"127.0.0.1:1"}},
		{ID: w.id.ID, Name: "Living room", Fingerprint: hex.EncodeToString(w.id.Hash[:8]), Addresses: []string{"127.0.0.1:1", tv.Addr().String()}, Pairing: true},
	}
}

func (w *world) book() *Book {
	w.t.Helper()
	b, err := OpenBook(filepath.Join(w.t.TempDir(), "hearthkey", "remotes.json"))
	if err != nil {
		w.t.Fatal(err)
	}
	return b
}

func (w *world) look(context.Context, string) ([]Found, error) {
	w.mu.Lock()
	defer w.mu.Unlock()
	return w.found, nil
}

func (w *world) ask(string) (string, error) {
	w.mu.Lock()
	defer w.mu.Unlock()
	if len(w.answers) == 0 {
		return "", errors.New("nothing was typed")
	}
	answer := w.answers[0]
	w.answers = w.answers[1:]
	return answer, nil
}

func (w *world) tell(format string, args ...any) {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.told.WriteString(strings.TrimSpace(format) + "|")
}

func (w *world) keys(n int) (out []string) {
	w.t.Helper()
	for range n {
		select {
		case k := <-w.pressed:
			out = append(out, k)
		case <-time.After(10 * time.Second):
			w.t.Fatalf("after %q nothing came", out)
		}
	}
	return out
}

// paper is what a terminal was told.
type paper struct {
	mu   sync.Mutex
	text strings.Builder
	more chan struct{}
}

func newPaper() *paper { return &paper{more: make(chan struct{}, 1)} }

func (p *paper) Write(data []byte) (int, error) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.text.Write(data)
	select {
	case p.more <- struct{}{}:
	default:
	}
	return len(data), nil
}

// until waits for a text after what was waited for before.
func (p *paper) until(t *testing.T, text string) {
	t.Helper()
	end := time.After(15 * time.Second)
	for {
		p.mu.Lock()
		all := p.text.String()
		at := strings.Index(all, text)
		if at >= 0 {
			p.text.Reset()
			p.text.WriteString(all[at+len(text):])
		}
		p.mu.Unlock()
		if at >= 0 {
			return
		}
		select {
		case <-p.more:
		case <-end:
			t.Fatalf("%q was not shown; after what was: %q", text, all)
		}
	}
}
