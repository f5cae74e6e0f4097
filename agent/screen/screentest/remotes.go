package screentest

import (
	"time"

	"github.com/hearthkey/hearthkey/agent/keyseq"
	"github.com/hearthkey/hearthkey/agent/nav"
	"github.com/hearthkey/hearthkey/protocol"
	"github.com/hearthkey/hearthkey/protocol/parental"
	"github.com/hearthkey/hearthkey/protocol/words"
)

// remotes are the screens about remotes, and the banners of who controls the TV from
// elsewhere, as nav makes them.
func remotes() []Named {
	out := append(remotesIn(""), pairingOutside()...)
	for _, l := range []words.Language{words.Spanish, words.German, words.Arabic} {
		out = append(out, remotesIn(l)...)
	}
	return out
}

// pairedSome are remotes of a household.
func pairedSome() *nav.Remotes {
	return &nav.Remotes{Advertised: true, ECPOffered: true, RelayAllowed: true, Paired: []nav.Remote{
		{ID: "r1", Name: "Alma's phone", Role: nav.RoleHousehold, Connected: true},
		{ID: "r2", Name: "Kitchen tablet", Role: nav.RoleHousehold, LastUsed: "19:32"},
		{ID: "r3", Name: "Tom's phone", Role: nav.RoleGuest, LastUsed: "14:05"},
	}}
}

// window is a pairing window with its picture.
func window(role nav.RemoteRole) nav.PairingWindow {
	return nav.PairingWindow{Code: "482913", QR: QR("hearthkey://pair/4f0c9a6d2b7e81f35a90c4de7712b8e6?fp=91c5aa10d2e4f7b3"), ExpiresIn: 97 * time.Second, TriesLeft: 3, Role: role}
}

// remotesIn goes through them in a language; in English through all.
func remotesIn(l words.Language) []Named {
	prefix := ""
	if l != "" {
		prefix = string(l) + "-"
	}
	r := &remote{world: nav.World{
		Phase: nav.Active, Online: true, Look: nav.Look{Language: l}, Owner: "alma@example.com", Catalog: shelf(l), Remotes: pairedSome(),
		TV:       nav.TV{Name: "Living room", Model: "Hearthkey Demo TV", Version: "1.0.0", Server: "tv.example.com"},
		Profiles: []protocol.Profile{{ID: "p1", Name: "Alma", Avatar: "fox", Level: parental.Teens, Main: true}},
	}}
	tell := func(name string) { r.show(prefix + name) }
	r.step(r.world)
	r.keys(keyseq.OK)
	r.controlled(tell)
	r.keys(keyseq.Menu)
	r.choose("settings")
	tell("settings-remotes")
	r.choose("remotes")
	r.keys(keyseq.Down)
	tell("remotes")
	r.choose("ecp")
	tell("remotes-ecp")
	r.keys(keyseq.Back, keyseq.Up, keyseq.Up, keyseq.Up, keyseq.OK)
	r.keys(keyseq.Down)
	tell("remote")
	r.choose("forget")
	tell("remote-forget")
	r.keys(keyseq.Back, keyseq.Back, keyseq.Up, keyseq.Up, keyseq.Up, keyseq.OK)
	tell("pairRole")
	r.paired(tell)
	return r.out
}

// controlled are the banners above the home screen.
func (r *remote) controlled(tell func(string)) {
	r.remotes(func(o *nav.Remotes) { o.RelayedBy = "Mara" })
	tell("controlled")
	r.remotes(func(o *nav.Remotes) {
		o.RelayedBy, o.ECP, o.ECPSource = "", true, &nav.ECPSource{ID: "192.168.1.44", Name: "192.168.1.44"}
	})
	tell("controlled-app")
	r.keys(keyseq.Back)
	r.remotes(func(o *nav.Remotes) { o.ECP, o.ECPSource = false, nil })
	r.step(nav.Tick{At: r.world.At + time.Minute})
	r.world.At += time.Minute
}

// paired are the states of the window, from the choice of a role on.
func (r *remote) paired(tell func(string)) {
	r.keys(keyseq.Down, keyseq.OK)
	at := func(w nav.PairingWindow) { r.remotes(func(o *nav.Remotes) { o.Window = &w }) }
	open := window(nav.RoleGuest)
	at(open)
	tell("pairing")
	open.TriesLeft, open.Problem = 2, nav.PairingWrongCode
	at(open)
	tell("pairing-wrong")
	at(nav.PairingWindow{Problem: nav.PairingWait, Wait: 57 * time.Second})
	tell("pairing-wait")
	at(nav.PairingWindow{Problem: nav.PairingExpired})
	tell("pairing-expired")
	at(nav.PairingWindow{Paired: "Mara's phone", Role: nav.RoleGuest})
	tell("pairing-done")
}

// remotes changes what is known of remotes.
func (r *remote) remotes(change func(*nav.Remotes)) {
	o := *r.world.Remotes
	change(&o)
	r.world.Remotes = &o
	r.step(r.world)
}

// pairingOutside are the ways to a remote before signing in, and a list of none.
func pairingOutside() []Named {
	r := &remote{world: nav.World{Phase: nav.SignedOut, Remotes: &nav.Remotes{HotelMode: true},
		TV: nav.TV{Name: "Room 214", Model: "Hearthkey Demo TV", Version: "1.0.0", Server: "tv.example.com"}}}
	r.step(r.world)
	r.show("welcome-remotes")
	r.choose("password")
	r.world.Phase, r.world.Online = nav.Enrolling, true
	r.step(r.world)
	r.show("email-remotes")
	r.keys(keyseq.Left)
	r.show("email-phone")
	r.keys(keyseq.OK, keyseq.OK)
	r.show("pairing-getting")
	r.keys(keyseq.Back, keyseq.Back)
	r.choose("settings")
	r.choose("remotes")
	r.show("remotes-none")
	return r.out
}
