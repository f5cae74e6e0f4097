// Package agent is Hearthkey on a TV: an integrator embeds it and gives it keys;
// it gives back what the screen shows.
//
//	a := &agent.Agent{
//		Server: "wss://tv.example",
//		Dir:    "/var/lib/hearthkey",
//		Name:   "Living room TV",
//		Screen: "127.0.0.1:8711", // the page for the box's browser
//	}
//	if err := a.Start(ctx); err != nil { … }
//	defer a.Close()
//	a.Press(keyseq.OK, agent.Local, false)
//
// # How it works
//
// One goroutine, the core, owns all state: the pure machines nav (screens) and
// session (membership), the vault (what must survive) and the cache (what can
// be fetched again). Keys, frames, timers and finished PIN checks reach it
// through one queue, and it carries out the machines' effects in their order.
// Hashing a PIN and the network have goroutines of their own, so neither ever
// delays a key.
//
// # Concurrency and duties
//
// Start is called once. After it, every method may be called from any
// goroutine. Close waits for everything the agent started. Two agents cannot
// share a folder: the second gets [vault.ErrInUse].
//
// # Tests
//
// The tests run the whole agent against a server of their own; tools/e2e runs
// it against the real one, as its own process, killed and unplugged.
package agent

import (
	"context"
	"crypto/x509"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net/url"
	"sync"
	"time"
	"unicode/utf8"

	"github.com/hearthkey/hearthkey/agent/keyseq"
	"github.com/hearthkey/hearthkey/agent/local"
	"github.com/hearthkey/hearthkey/agent/nav"
	"github.com/hearthkey/hearthkey/agent/screen"
	"github.com/hearthkey/hearthkey/agent/session"
	"github.com/hearthkey/hearthkey/agent/vault"
	"github.com/hearthkey/hearthkey/protocol"
	"github.com/hearthkey/hearthkey/protocol/parental"
	"github.com/hearthkey/hearthkey/protocol/words"
)

// ErrSettings is wrapped by Start for settings that cannot work.
var ErrSettings = errors.New("agent: settings")

// ErrClosed is returned for what comes before Start or after Close.
var ErrClosed = errors.New("agent: closed")

// ErrPath is wrapped by Launch for a path that nothing outside the screens has.
var ErrPath = errors.New("agent: not a path to launch by")

// Local is the source of keys from this TV's own remote control.
var Local = nav.Source{Kind: nav.Local, ID: "remote"}

// Agent is one TV. Its exported fields are its settings; they may not change
// after Start.
type Agent struct {
	Server string // ws or wss URL; ws only to loopback
	Dir    string // folder for the vault and the cache; made with mode 0700
	Name   string // what the owner reads: 1 to 64 characters
	Model  string // optional, at most 64 characters
	Kind   string // "tv", "box" or "stick"; empty: "tv"
	Build  string // optional: the version that the settings screen shows

	Language string // optional: BCP 47, of the screens until a profile is in use; empty: the household's

	Services []Service // optional: those to choose from before signing in; Server may then be empty, and is the first

	Screen string         // optional: loopback host:port of the screen's page
	CA     *x509.CertPool // who may vouch for the server; nil: the system's list
	LAN    LAN            // optional: remote controls on the home network
	Input  Input          // optional: the box's own remote controls

	LocalAPI LocalAPI // optional: for the box's own software in other languages

	KeyStore vault.KeyStore       // optional: what protects the vault beyond its file mode
	OnView   func(nav.View)       // optional: called in order for every change, from the core; must not block or call the agent
	OnGrant  func(Grant)          // optional: called in order for every new [Grant], as OnView
	Log      *slog.Logger         // nil: nothing is logged
	clock    func() session.Now   // tests
	awake    func() time.Duration // tests: the same clock's running time without standby
	reached  func(point string)   // tests: how far a PIN check is

	core   *core
	screen *screen.Server
	local  *local.Server
	input  io.Closer // nil: no remotes in the hand are read
	stop   context.CancelFunc
	done   sync.WaitGroup

	mu    sync.Mutex
	view  nav.View // guarded by mu
	grant granted  // guarded by mu
}

// Start opens the vault and the cache, begins to connect, and serves the
// screen. It returns when the first view is there; the network is not waited
// for. The context bounds the agent's life as Close does. Errors wrap
// [ErrSettings], [vault.ErrInUse], [screen.ErrPortInUse] or say what else is
// wrong with the folder.
func (a *Agent) Start(ctx context.Context) error {
	server, err := a.settings()
	if err != nil {
		return err
	}
	ctx, a.stop = context.WithCancel(ctx)
	a.core, err = newCore(ctx, a, server)
	if err != nil {
		a.stop()
		return err
	}
	if err := a.listen(); err != nil {
		a.stop()
		err = errors.Join(fmt.Errorf("agent: %w", err), a.closeServers(), a.core.close())
		a.core = nil
		return err
	}
	a.core.begin()
	a.done.Go(func() { a.core.loop(ctx) })
	return nil
}

// listen serves the screen's page, remotes and the local API, and reads the box's own remotes.
func (a *Agent) listen() (err error) {
	if a.Screen != "" {
		if a.screen, err = screen.Start(screen.Config{Addr: a.Screen, Log: a.Log, Press: a.pageKey}); err != nil {
			return err
		}
	}
	if err := a.core.startRemotes(); err != nil {
		return err
	}
	if err := a.startInput(); err != nil {
		return err
	}
	return a.startLocal()
}

// closeServers ends what listen started.
func (a *Agent) closeServers() (err error) {
	if a.screen != nil {
		err = a.screen.Close()
	}
	if a.local != nil {
		err = errors.Join(err, a.local.Close())
	}
	if a.input != nil {
		err = errors.Join(err, a.input.Close())
	}
	err = errors.Join(err, a.core.closeECP())
	if r := a.core.remotes.server; r != nil {
		err = errors.Join(err, a.core.remotes.adverts.close(), r.Close())
	}
	return err
}

// settings checks the fields and sets the defaults.
func (a *Agent) settings() (*url.URL, error) {
	if err := a.checkServices(); err != nil {
		return nil, err
	}
	if err := errors.Join(a.checkLAN(), a.checkServerPin(), a.Input.check()); err != nil {
		return nil, err
	}
	u, err := serverURL(a.Server)
	switch {
	case err != nil:
		return nil, err
	case a.Dir == "":
		return nil, fmt.Errorf("%w: Dir is empty", ErrSettings)
	case !named(a.Name):
		return nil, fmt.Errorf("%w: Name must have 1 to %d characters", ErrSettings, protocol.MaxName)
	case utf8.RuneCountInString(a.Model) > protocol.MaxName:
		return nil, fmt.Errorf("%w: Model may have at most %d characters", ErrSettings, protocol.MaxName)
	}
	if _, ok := words.Known(a.Language); !ok && a.Language != "" {
		return nil, fmt.Errorf("%w: Language must be one of %v", ErrSettings, words.Languages())
	}
	if a.Kind == "" {
		a.Kind = "tv"
	}
	if a.Log == nil {
		a.Log = slog.New(slog.DiscardHandler)
	}
	if a.clock == nil {
		a.clock, a.awake = systemClock(), awakeClock
	}
	return u.JoinPath(protocol.Path), nil
}

// named reports whether a name has 1 to 64 characters.
func named(s string) bool { return s != "" && utf8.RuneCountInString(s) <= protocol.MaxName }

// Close ends the agent: it stays signed in and goes on at the next Start.
func (a *Agent) Close() error {
	if a.core == nil {
		return nil
	}
	a.stop()
	a.done.Wait()
	return errors.Join(a.closeServers(), a.core.close())
}

// Press gives the agent a key and returns when the view includes it. repeat
// says that the key is being held down. After Close it returns [ErrClosed].
func (a *Agent) Press(k keyseq.Key, from nav.Source, repeat bool) error {
	return a.core.press(func(at time.Duration) nav.Event {
		return nav.Press{Key: k, Source: from, Repeat: repeat, At: at}
	})
}

// Type gives the agent text, as a keyboard does, and returns when the view
// includes it. Where no field is on the screen it is nothing. After Close it
// returns [ErrClosed].
func (a *Agent) Type(text string, from nav.Source) error {
	return a.core.press(func(at time.Duration) nav.Event { return nav.Text{Text: text, Source: from, At: at} })
}

// Resume tells the agent that the box came out of standby: the gate is shown. The
// agent notices by itself where the kernel slept; a box whose processor stays awake
// in standby calls this, before any key. After Close it returns [ErrClosed].
func (a *Agent) Resume() error { return a.core.call(a.core.resume) }

// View returns what the screen shows.
func (a *Agent) View() nav.View {
	a.mu.Lock()
	defer a.mu.Unlock()
	return a.view
}

// Decide says whether the profile at the TV may play a title of the catalogue
// that is asked for by path, for a player of the integrator's own. Without a
// profile, without a lease, for an unknown title and for a path that is none of
// [parental.Paths] it refuses. After Close it returns [ErrClosed].
func (a *Agent) Decide(id protocol.TitleID, path parental.Path) (d parental.Decision, err error) {
	err = a.core.call(func() { d = a.core.decide(id, path) })
	return d, err
}

// Launch asks for a title from outside the screens, and returns when the view
// includes what came of it: the title, the gate, a PIN or a refusal. path is
// [parental.DeepLink], for another app or the box's own search, or
// [parental.Remote], for what is not at this TV; any other is [ErrPath]. After
// Close it returns [ErrClosed].
func (a *Agent) Launch(id protocol.TitleID, path parental.Path) error {
	from := nav.Source{Kind: nav.Local, ID: "app"}
	switch path {
	case parental.DeepLink:
	case parental.Remote:
		from = nav.Source{Kind: nav.Relayed, ID: "launch"}
	default:
		return fmt.Errorf("%w: %.64q", ErrPath, path)
	}
	return a.core.call(func() {
		a.core.navStep(nav.Launch{Title: id, Path: path, Source: from, At: a.core.now().Running})
	})
}

// ScreenURL is the address of the screen's page, or empty.
func (a *Agent) ScreenURL() string {
	if a.screen == nil {
		return ""
	}
	return a.screen.URL()
}

// LANAddr is where remote controls on the home network are served, as host:port, or
// empty.
func (a *Agent) LANAddr() string {
	if a.core == nil || a.core.remotes.server == nil {
		return ""
	}
	return a.core.remotes.server.Addr().String()
}

// pageKey takes a key from the screen's page.
func (a *Agent) pageKey(k screen.Key) {
	from := nav.Source{Kind: nav.Local, ID: screen.Source}
	switch { // an error means that the agent ends
	case k.Text != "":
		_ = a.Type(k.Text, from)
		return
	case k.Launch != "":
		_ = a.Launch(k.Launch, parental.DeepLink)
		return
	case k.Resumed:
		_ = a.Resume()
		return
	}
	key, err := keyseq.Parse(k.Name)
	if err != nil {
		return // the screen takes only names that are keys
	}
	// An error means that the agent ends, and the page with it.
	_ = a.Press(key, from, k.Repeat)
}

// show makes v the view. The core calls it.
func (a *Agent) show(v nav.View) {
	a.mu.Lock()
	a.view = v
	a.mu.Unlock()
	if a.screen != nil {
		a.screen.Show(v)
	}
	if a.local != nil {
		a.local.Tell(local.TopicView, v)
	}
	if a.OnView != nil {
		a.OnView(v)
	}
}
