package screentest

import (
	"time"

	"github.com/hearthkey/hearthkey/agent/keyseq"
	"github.com/hearthkey/hearthkey/agent/nav"
	"github.com/hearthkey/hearthkey/protocol"
	"github.com/hearthkey/hearthkey/protocol/parental"
)

// remote drives the screens as a person and the core would.
type remote struct {
	model nav.Model
	world nav.World
	out   []Named
}

func (r *remote) step(ev nav.Event) { r.model, _ = nav.Step(r.model, ev) }

func (r *remote) keys(list ...keyseq.Key) {
	for _, k := range list {
		r.step(nav.Press{Key: k, Source: nav.Source{Kind: nav.Local}, At: r.world.At})
	}
}

// answer is what the server says to a profile.
func (r *remote) answer(refusal protocol.ProfileRefusal, wait time.Duration) {
	a := nav.ProfileAnswer{Refusal: refusal, Wait: wait, Answers: 1}
	if r.world.Answer != nil {
		a.Answers = r.world.Answer.Answers + 1
	}
	r.world.Answer = &a
	r.step(r.world)
}

func (r *remote) show(name string) { r.out = append(r.out, Named{name, r.model.View()}) }

// drafting are the screens of adding a profile and of changing one, as nav makes
// them.
func drafting() []Named {
	r := &remote{world: nav.World{
		Phase: nav.Active, Online: true, Owner: "alma@example.com", AccountURL: "tv.example.com/account",
		Household: nav.Household{MaxProfiles: 5},
		Profiles: []protocol.Profile{
			{ID: "p1", Name: "Alma", Avatar: "fox", Level: parental.Teens, Main: true},
			{ID: "p2", Name: "Jonas", Avatar: "owl", Level: parental.All, Locked: true, PIN: 1},
			{ID: "p4", Name: "Lia & Tom", Avatar: "octopus", Level: parental.LittleKids, Kids: true},
		},
		ForgotPIN: &nav.Help{URI: "tv.example.com/account/pin", QR: QR("https://tv.example.com/account/pin")},
		Account:   &nav.Help{URI: "tv.example.com/account", QR: QR("https://tv.example.com/account")},
	}}
	r.step(r.world)
	r.keys(keyseq.Right, keyseq.Right, keyseq.Right)
	r.show("gate-add")
	r.keys(keyseq.OK, keyseq.Right, keyseq.Down)
	r.show("profile-avatar")
	r.keys(keyseq.OK)
	r.step(nav.Text{Text: "Zoé"})
	r.show("profile-name")
	r.keys(keyseq.OK, keyseq.Down)
	r.show("profile-level")
	r.keys(keyseq.Up, keyseq.Up, keyseq.OK, keyseq.Up)
	r.show("profile-level-kids")
	r.keys(keyseq.Down, keyseq.OK)
	r.show("profile-adding")
	r.answer(protocol.ProfileBusy, 20*time.Second)
	r.show("profile-adding-busy")
	r.world.At = time.Minute
	r.step(nav.Tick{At: r.world.At})
	r.keys(keyseq.OK)
	r.answer(protocol.ProfileBadName, 0)
	r.show("profile-name-refused")
	r.proving()
	r.editing()
	return r.out
}

// proving goes on where the server wants the PIN, then the password.
func (r *remote) proving() {
	r.world.Profiles[0].Locked = true
	r.step(r.world)
	r.step(nav.Text{At: r.world.At}) // the focus is on what ends the field
	r.keys(keyseq.OK, keyseq.Down, keyseq.OK, keyseq.OK)
	if r.model.View().PIN == nil {
		r.answer(protocol.ProfileNeedsPIN, 0)
	}
	r.keys(keyseq.Digit1, keyseq.Digit2)
	r.show("profile-pin")
	r.keys(keyseq.Digit3, keyseq.Digit4)
	r.answer(protocol.ProfileWrong, 58*time.Second)
	r.show("profile-pin-wait")
	r.world.At += time.Minute
	r.step(nav.Tick{At: r.world.At})
	r.keys(keyseq.Digit1, keyseq.Digit2, keyseq.Digit3, keyseq.Digit4)
	r.answer(protocol.ProfileNeedsPassword, 0)
	r.step(nav.Text{Text: "correct horse"})
	r.show("profile-password")
	r.keys(keyseq.OK)
	r.answer(protocol.ProfileTooMany, 0)
	r.show("profile-too-many")
	r.keys(keyseq.OK)
	r.world.Profiles = append([]protocol.Profile(nil), r.world.Profiles...)
	r.world.Profiles[0].Locked = false
	r.step(r.world)
}

// editing changes the profile in use, and shows the ways to a phone.
func (r *remote) editing() {
	r.keys(keyseq.Left, keyseq.Left, keyseq.Left, keyseq.OK, keyseq.Menu, keyseq.Up, keyseq.Up, keyseq.Up, keyseq.Up, keyseq.Up)
	for range 6 { // down to the choice that it is about
		if r.model.View().Focus == "edit" {
			break
		}
		r.keys(keyseq.Down)
	}
	r.keys(keyseq.OK)
	r.show("profile-edit")
	r.keys(keyseq.Down, keyseq.Down, keyseq.OK)
	r.show("profile-locks")
	r.step(nav.Resumed{At: r.world.At})
	r.keys(keyseq.Right, keyseq.OK)
	r.show("pin-forgot-choice")
	r.keys(keyseq.Down, keyseq.Right)
	r.show("forgot-pin")
}

// kids are the simpler screens.
func kids() []Named {
	who := Profiles()[3]
	rows := Rows()[1:3]
	for _, row := range rows {
		for i := range row.Items {
			row.Items[i].Badge, row.Items[i].Detail = []string{"All ages", "7+"}[i%2], "48 min"
		}
	}
	rows[0].Items[0].Progress = 0.4
	home := nav.View{Screen: nav.ScreenHome, Title: "Home", Rows: rows, Who: &who, Focus: rows[0].Items[0].ID, Kids: true}
	second := home
	second.Focus = rows[1].Items[2].ID
	title := nav.View{Screen: nav.ScreenTitle, Title: "Pip and the Whale", Poster: "Pip and the Whale", Badge: "All ages", Who: &who, Focus: "play", Kids: true,
		Text: []string{"A very small boat finds a very large friend."}, Items: []nav.Item{{ID: "play", Label: "Play"}, {ID: "back", Label: "Back"}}}
	return []Named{{"kids-home", home}, {"kids-home-second-row", second}, {"kids-title", title}}
}

// crowd are gates that are hard to fit.
func crowd() []Named {
	five := append(Profiles(), nav.Item{ID: "p5", Label: "عبد الرحمن", Avatar: "moon", Locked: true, Detail: "Kids"})
	add := nav.Item{ID: "add…", Label: "Add profile", Add: true}
	six := append(five[:5:5], add)
	many := append(five[:5:5],
		nav.Item{ID: "p6", Label: "Wolfeschlegelsteinhausenbergerdorff-Montgomery", Avatar: "nosuch"},
		nav.Item{ID: "p7", Label: "שרה", Avatar: "bear"}, nav.Item{ID: "p8", Label: "日本の子", Avatar: "tent"}, add)
	return []Named{
		{"hard-gate-add", nav.View{Screen: nav.ScreenGate, Title: "Who is watching?", Focus: "add…", Items: six}},
		{"hard-gate-many", nav.View{Screen: nav.ScreenGate, Title: "Who is watching?", Focus: "p7", Items: many}},
	}
}
