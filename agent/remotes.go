package agent

import (
	"crypto/ecdsa"
	"crypto/elliptic"
	"encoding/hex"
	"errors"
	"fmt"
	"maps"
	"net"
	"slices"
	"time"

	"github.com/hearthkey/hearthkey/agent/keyseq"
	"github.com/hearthkey/hearthkey/agent/lan/remote"
	"github.com/hearthkey/hearthkey/agent/nav"
	"github.com/hearthkey/hearthkey/protocol"
	"github.com/hearthkey/hearthkey/protocol/tvremote"
)

// checkLAN checks the settings of the home network.
func (a *Agent) checkLAN() error {
	if lan := a.LAN; !withRemotes && (lan.Listen != "" || lan.ECP != "" || lan.ServerPin != "" || len(a.Input.Devices) > 0) {
		return fmt.Errorf("%w: this program was built without remotes: LAN and Input must be empty", ErrSettings)
	}
	if err := a.LAN.checkECP(); err != nil {
		return err
	}
	if a.LAN.Listen == "" {
		return nil
	}
	if _, _, err := net.SplitHostPort(a.LAN.Listen); err != nil {
		return fmt.Errorf("%w: LAN.Listen must be host:port: %w", ErrSettings, err)
	}
	if a.LAN.KeysPerSecond < 0 || a.LAN.KeysPerSecond > maxKeysPerSecond {
		return fmt.Errorf("%w: LAN.KeysPerSecond must be 0 to %d", ErrSettings, maxKeysPerSecond)
	}
	return nil
}

// maxKeysPerSecond is more than any TV handles.
const maxKeysPerSecond = 100_000

// LAN is what this TV does on its home network. The zero LAN is nothing.
type LAN struct {
	Listen     string   // host:port for remote controls, e.g. ":8713"; port 0 takes a free one; empty: none are served
	Interfaces []string // names of the network's interfaces; none: all. Only peers with an address of a home network are answered, whatever this says
	HotelMode  bool     // the TV can be found only while its pairing window is open

	// ServerPin is for an operator's own server that is found on the home network: the
	// SHA-256 of its TLS key's SubjectPublicKeyInfo, 64 hex digits. No other server is
	// spoken to, whatever its certificate says. Server is then where it can be reached from
	// elsewhere, or empty. Empty: the server is where Server says.
	ServerPin string

	ECP string // host:port of the external control protocol, e.g. ":8060", for the person to switch on; empty: not offered

	KeysPerSecond int // that one remote may send; 0: [remote.KeysPerSecond]
}

// remotes is the core's side of remote controls on the home network. It is nil
// where none are served.
type remotes struct {
	server remoteServer
	noted  chan struct{}               // of one: a window or a connection changed
	last   map[protocol.RemoteID]int64 // server time, in ms, at which a remote was last seen connected in this run
	invite string                      // what the window's QR code says
	qr     qrCode                      // of it

	adverts adverts // by which the TV is found
}

// remoteServer is what is needed of a [remote.Server]. By its name that one would be in
// a program that cannot start it ([withRemotes]).
type remoteServer interface {
	Addr() net.Addr
	Window() remote.Window
	Connected() map[protocol.RemoteID]bool
	SetRemotes([]remote.Remote)
	Open(tvremote.Role, time.Duration)
	CloseWindow()
	Renew(remote.Identity) error
	Show(remote.State)
	Close() error
}

// startRemotes serves remotes where the settings ask for it. Their keys wait until
// the core runs.
func (c *core) startRemotes() error {
	lan := c.agent.LAN
	c.remotes.noted = make(chan struct{}, 1)
	c.remotes.last = map[protocol.RemoteID]int64{}
	if !withRemotes || lan.Listen == "" {
		return nil
	}
	id, err := c.lanIdentity()
	if err != nil {
		return err
	}
	server, err := remote.Start(remote.Config{
		Listen: lan.Listen, Interfaces: lan.Interfaces, KeysPerSecond: lan.KeysPerSecond,
		Identity: id, Name: c.agent.Name, Model: c.agent.Model, Remotes: c.rec.LAN.known(), Failed: c.rec.LAN.Failed,
		Now:     func() time.Duration { return c.now().Running },
		Log:     c.log,
		Press:   c.remotePress,
		Type:    c.remoteType,
		Keep:    c.keepRemote,
		Changed: c.noteRemotes,
	})
	if err != nil {
		return err
	}
	c.remotes.server = server
	c.startAdverts()
	return nil
}

// lanIdentity is who this TV is on its home network; it is made where it is not
// there yet.
func (c *core) lanIdentity() (remote.Identity, error) {
	made, err := c.rec.LAN.complete()
	if err != nil {
		return remote.Identity{}, err
	}
	if made {
		if err := c.saveAtStart(); err != nil {
			return remote.Identity{}, err
		}
	}
	return c.rec.LAN.identity()
}

// identity is the record's, decoded.
func (r *lanRecord) identity() (remote.Identity, error) {
	key, err := ecdsa.ParseRawPrivateKey(elliptic.P256(), r.Key)
	if err != nil {
		return remote.Identity{}, fmt.Errorf("read the key for the home network: %w", err)
	}
	hash, err := remote.HashOf(&key.PublicKey)
	return remote.Identity{ID: hex.EncodeToString(r.ID), Key: key, Hash: hash}, err
}

// known are the paired remotes, as they are served.
func (r *lanRecord) known() (list []remote.Remote) {
	for _, p := range r.Remotes {
		list = append(list, remote.Remote{ID: p.id(), Key: remote.Hash(p.Key), Name: string(p.Name), Role: tvremote.Role(p.Role)})
	}
	return list
}

// noteRemotes has the core look at what changed about remotes. It never blocks.
func (c *core) noteRemotes() {
	select {
	case c.remotes.noted <- struct{}{}:
	default:
	}
}

// remotesChanged keeps what must survive of it, and shows it.
func (c *core) remotesChanged() {
	changed := c.keepUsed()
	if failed := c.remotes.server.Window().Failed; failed != c.rec.LAN.Failed {
		c.rec.LAN.Failed, changed = failed, true
	}
	if changed {
		if err := c.save(); err != nil {
			c.log.Error("use of remotes not kept", "error", err)
		}
	}
	c.advertise()
	c.updateWorld()
}

// keepUsed notes which remotes are connected, and reports whether that is worth a
// write: a day's first use is.
func (c *core) keepUsed() (changed bool) {
	const day = 24 * 3600 * 1000
	connected, now := c.remotes.server.Connected(), int64(c.session.Proven(c.now()))
	for i := range c.rec.LAN.Remotes {
		r := &c.rec.LAN.Remotes[i]
		if !connected[r.id()] {
			continue
		}
		c.remotes.last[r.id()] = now
		if now/day != int64(r.Used)/day {
			r.Used, changed = protocol.Millis(now), true
		}
	}
	return changed
}

// remoteSource says whose keys they are.
func remoteSource(r *pairedRemote) nav.Source {
	kind := nav.Guest
	if r.Role == protocol.RemoteHousehold {
		kind = nav.Paired
	}
	return nav.Source{Kind: kind, ID: string(r.id())}
}

// ofRemote runs fn in the core with the remote as it is by then: one that was removed
// meanwhile has no key on its way any more.
func (c *core) ofRemote(r remote.Remote, fn func(nav.Source)) {
	_ = c.call(func() { // an error means that the agent ends, and the connection with it
		if i := c.rec.LAN.find(r.ID); i >= 0 {
			fn(remoteSource(&c.rec.LAN.Remotes[i]))
		}
	})
}

// remotePress takes a key from a paired remote.
func (c *core) remotePress(r remote.Remote, k keyseq.Key, repeat bool) tvremote.Ignored {
	c.ofRemote(r, func(from nav.Source) {
		c.navStep(nav.Press{Key: k, Source: from, Repeat: repeat, At: c.now().Running})
	})
	return tvremote.IgnoredNothing
}

// remoteType takes a text from a paired remote.
func (c *core) remoteType(r remote.Remote, text string) (ignored tvremote.Ignored) {
	c.ofRemote(r, func(from nav.Source) { ignored = c.typed(text, from) })
	return ignored
}

// typed types where something can be typed. A PIN is no text: its digits are keys.
func (c *core) typed(text string, from nav.Source) tvremote.Ignored {
	if v := c.nav.View(); nav.Wanted(v) == nav.KeyboardNone || v.PIN != nil {
		return tvremote.NoField
	}
	c.navStep(nav.Text{Text: text, Source: from, At: c.now().Running})
	return tvremote.IgnoredNothing
}

// keepRemote remembers a remote that was paired just now.
func (c *core) keepRemote(r remote.Remote) (err error) {
	closed := c.call(func() {
		had := c.rec.LAN
		c.rec.LAN.Remotes = slices.DeleteFunc(slices.Clone(had.Remotes), func(p pairedRemote) bool { return p.id() == r.ID })
		if len(c.rec.LAN.Remotes) >= protocol.MaxRemotes {
			c.rec.LAN, err = had, errTooManyRemotes
			return
		}
		c.rec.LAN.Remotes = slices.Insert(c.rec.LAN.Remotes, 0, pairedRemote{
			Key: r.Key[:], Name: protocol.Bytes(r.Name), Role: protocol.RemoteRole(r.Role), Paired: c.session.Proven(c.now()),
		})
		c.rec.LAN.Failed = 0
		if err = c.save(); err != nil {
			c.rec.LAN = had
			return
		}
		c.serveRemotes()
	})
	return errors.Join(closed, err)
}

// errTooManyRemotes means that the last place was taken meanwhile.
var errTooManyRemotes = errors.New("agent: as many remotes are paired as can be")

// changeRemotes writes another list of remotes. Where it cannot be written the list
// in force is still the new one: who was removed stays out until the next start.
func (c *core) changeRemotes(list []pairedRemote) {
	c.rec.LAN.Remotes = list
	if err := c.save(); err != nil {
		c.log.Error("remotes not kept", "error", err)
	}
	c.serveRemotes()
}

// serveRemotes makes the record's list the one in force.
func (c *core) serveRemotes() {
	maps.DeleteFunc(c.remotes.last, func(id protocol.RemoteID, _ int64) bool { return c.rec.LAN.find(id) < 0 })
	if c.remotes.server != nil {
		c.remotes.server.SetRemotes(c.rec.LAN.known())
		c.advertise()
	}
	c.updateWorld()
}

// forgetRemotes unpairs remotes; ids that are not known are forgotten already.
func (c *core) forgetRemotes(ids ...protocol.RemoteID) {
	c.changeRemotes(slices.DeleteFunc(slices.Clone(c.rec.LAN.Remotes), func(p pairedRemote) bool { return slices.Contains(ids, p.id()) }))
}

// setRemoteRole gives a remote another role, from its next key on.
func (c *core) setRemoteRole(id protocol.RemoteID, role protocol.RemoteRole) {
	list := slices.Clone(c.rec.LAN.Remotes)
	if i := c.rec.LAN.find(id); i >= 0 && role.Valid() && list[i].Role != role {
		list[i].Role = role
		c.changeRemotes(list)
	}
}

// openPairing opens the pairing window for so long, for a person at the TV or the
// owner's page.
func (c *core) openPairing(role protocol.RemoteRole, life time.Duration) {
	if c.remotes.server == nil {
		return // no screen offers it
	}
	c.remotes.server.Open(tvremote.Role(role), life)
	c.remotes.invite = ""
	if w := c.remotes.server.Window(); w.Open {
		c.remotes.invite = c.invitation(w.Secret).Text()
	}
	c.advertise()
	c.updateWorld()
}

// closePairing closes it, and ends what is said about it.
func (c *core) closePairing() {
	if c.remotes.server != nil {
		c.remotes.server.CloseWindow()
		c.advertise()
		c.updateWorld()
	}
}

// remoteEffect carries out what nav wants of remotes.
func (c *core) remoteEffect(e nav.Effect) {
	switch e := e.(type) {
	case nav.OpenPairing:
		role := protocol.RemoteGuest
		if e.Role == nav.RoleHousehold {
			role = protocol.RemoteHousehold
		}
		c.openPairing(role, remote.PairingTime)
	case nav.ClosePairing:
		c.closePairing()
	case nav.ForgetRemote:
		c.forgetRemotes(protocol.RemoteID(e.ID))
	case nav.SetRemoteRole:
		c.setRemoteRole(protocol.RemoteID(e.ID), protocol.RemoteRole(e.Role))
	case nav.SetECP:
		c.setECP(e.On)
	case nav.BlockECP:
		c.blockECP(e.ID)
	}
}

// renewRemotes gives this TV another name and key on its home network, after the
// record was renewed: nobody who knew it finds it again. The erasure goes on whatever
// comes of it.
func (c *core) renewRemotes() {
	c.blockECPAddrs()
	c.stopECP()
	clear(c.remotes.last)
	if c.remotes.server == nil {
		return
	}
	_, err := c.rec.LAN.complete()
	var id remote.Identity
	if err == nil {
		id, err = c.rec.LAN.identity()
	}
	if err == nil {
		err = c.remotes.server.Renew(id)
	}
	if err != nil {
		c.log.Error("no other key for the home network", "error", err)
		c.remotes.server.SetRemotes(nil)
	}
	c.advertise()
}

// showRemotes tells remotes what the TV shows.
func (c *core) showRemotes(v nav.View) {
	if c.remotes.server == nil {
		return
	}
	st := remote.State{Screen: string(v.Screen), Title: v.Title, Keyboard: tvremote.Keyboard(nav.Wanted(v))}
	if v.Dialog != nil {
		st.Title = v.Dialog.Title
	}
	c.remotes.server.Show(st)
}
