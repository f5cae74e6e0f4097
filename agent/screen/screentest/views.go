// Package screentest has a view of every screen and state that a TV shows, for
// tests of what draws views and for pictures of them. It has no state; views
// may be shared but not changed.
package screentest

import (
	"fmt"
	"strings"
	"time"

	"rsc.io/qr"

	"github.com/hearthkey/hearthkey/agent/keyseq"
	"github.com/hearthkey/hearthkey/agent/nav"
	"github.com/hearthkey/hearthkey/protocol"
)

// Named is a view with the name of what it shows.
type Named struct {
	Name string
	View nav.View
}

// Views returns every screen, then the layers above one, then the hard cases.
func Views() []Named {
	all := append(quiet(), signingIn()...)
	all = append(all, typing()...)
	all = append(all, people()...)
	all = append(all, watching()...)
	all = append(all, settings()...)
	all = append(all, remotes()...)
	all = append(all, series()...)
	all = append(all, searching()...)
	all = append(all, drafting()...)
	all = append(all, kids()...)
	all = append(all, crowd()...)
	all = append(all, hard()...)
	all = append(all, languages()...)
	all = append(all, contrasts(all)...)
	for i := range all {
		if all[i].View.Words == nil {
			all[i].View.Words = nav.Model{}.View().Words
		}
	}
	return all
}

// contrasts are some of the views in high contrast.
func contrasts(all []Named) []Named {
	var out []Named
	for _, n := range all {
		switch n.Name {
		case "welcome", "code", "gate", "pin", "home", "home-menu", "home-sequence", "title", "settings", "look", "password", "player-episode", "profile-level":
			n.Name, n.View.Contrast = "contrast-"+n.Name, true
			out = append(out, n)
		}
	}
	return out
}

// quiet are the screens that say one thing.
func quiet() []Named {
	again := []nav.Item{{ID: "again", Label: "Try again"}, {ID: "checkNetwork", Label: "Check network"}}
	return []Named{
		{"starting-rebuild", nav.View{Screen: nav.ScreenStarting, Title: "Almost there",
			Text: []string{"This TV is getting your profiles again. They are safe in your account."}}},
		{"starting-offline", nav.View{Screen: nav.ScreenStarting, Title: "Almost there", Focus: "again", Items: again[:1],
			Text: []string{"Your profiles appear as soon as this TV is connected to the internet."}}},
		{"starting", nav.View{Screen: nav.ScreenStarting, Title: "Hello", Text: []string{"One moment, please."}}},
		{"welcome", nav.View{Screen: nav.ScreenWelcome, Title: "Welcome", Focus: "signIn",
			Text: []string{"Sign in with your phone or computer. It takes a minute."},
			Items: []nav.Item{{ID: "signIn", Label: "Sign in with a code"}, {ID: "password", Label: "Sign in with email and password"},
				{ID: "checkNetwork", Label: "Check network"}, {ID: "settings", Label: "Settings"}}}},
		{"leaseEnded", nav.View{Screen: nav.ScreenLeaseEnded, Title: "Connect to continue", Focus: "again", Items: again,
			Text: []string{"This TV has been offline for a while. Connect it to the internet, and everything is back.", "Offline since yesterday at 22:15"}}},
		{"signedOut", nav.View{Screen: nav.ScreenSignedOut, Title: "This TV was signed out", Focus: "ok",
			Text: []string{"It was signed out on the account page.", "When: Tuesday at 21:43", "From: Firefox on Linux",
				"Nothing of the account is left on this TV."},
			Items: []nav.Item{{ID: "ok", Label: "OK"}}}},
		{"deactivated", nav.View{Screen: nav.ScreenDeactivated, Title: "This TV was removed", Focus: "ok",
			Text: []string{"It is no longer part of the account.", "When: Tuesday at 21:43"}, Items: []nav.Item{{ID: "ok", Label: "OK"}}}},
		{"stolen", nav.View{Screen: nav.ScreenStolen, Title: "This TV is locked",
			Text: []string{"It was reported stolen. Its owner can end that on the account page."}}},
		{"update", nav.View{Screen: nav.ScreenUpdate, Title: "Time for an update", Focus: "again", Items: again,
			Text: []string{"Update this TV's software, then try again. You stay signed in."}}},
	}
}

// Code is a sign-in code with its QR.
func Code() *nav.Code {
	uri := "https://tv.example.com/tv"
	return &nav.Code{Text: "BCDF-GHJK", URI: "tv.example.com/tv", Expires: 754, QR: QR(uri + "?code=BCDFGHJK")}
}

// QR encodes text as the rows of a QR code.
func QR(text string) []string {
	code, err := qr.Encode(text, qr.M)
	if err != nil {
		panic(err) // all texts here are short
	}
	rows := make([]string, code.Size)
	for y := range rows {
		var row strings.Builder
		for x := range code.Size {
			if code.Black(x, y) {
				row.WriteByte('1')
			} else {
				row.WriteByte('0')
			}
		}
		rows[y] = row.String()
	}
	return rows
}

// signingIn are the states of signing in with a code, as nav makes them.
func signingIn() []Named {
	view := func(name string, code *nav.UserCode) Named {
		m, _ := nav.Step(nav.Model{}, nav.World{Phase: nav.SignedOut})
		m, _ = nav.Step(m, nav.Press{Key: keyseq.OK, Source: nav.Source{Kind: nav.Local}})
		m, _ = nav.Step(m, nav.World{Phase: nav.Enrolling, Online: code == nil || code.Problem != nav.ProblemOffline, Code: code})
		return Named{name, m.View()}
	}
	userCode := func(problem nav.Problem) *nav.UserCode {
		return &nav.UserCode{Code: "BCDFGHJK", URI: "tv.example.com/tv", QR: QR("https://tv.example.com/tv?code=BCDF-GHJK"),
			ExpiresIn: 12*time.Minute + 33*time.Second, Problem: problem}
	}
	return []Named{
		view("code", userCode(nav.ProblemNone)),
		view("code-getting", nil),
		view("code-problem", &nav.UserCode{Problem: nav.ProblemOffline}),
		view("code-refused", &nav.UserCode{Problem: nav.ProblemRefused}),
		view("code-busy", userCode(nav.ProblemBusy)),
	}
}

// typing are the fields of signing in with a password, as nav makes them.
func typing() []Named {
	var m nav.Model
	world := nav.World{Phase: nav.Enrolling, Online: true, Code: &nav.UserCode{Code: "BCDFGHJK"}}
	step := func(ev nav.Event) { m, _ = nav.Step(m, ev) }
	keys := func(list ...keyseq.Key) {
		for _, k := range list {
			step(nav.Press{Key: k, Source: nav.Source{Kind: nav.Local}})
		}
	}
	answer := func(a nav.SignIn) {
		if world.SignIn != nil {
			a.Answers = world.SignIn.Answers + 1
		} else {
			a.Answers = 1
		}
		world.SignIn = &a
		step(world)
	}
	var out []Named
	show := func(name string) { out = append(out, Named{name, m.View()}) }

	step(nav.World{Phase: nav.SignedOut})
	keys(keyseq.Down, keyseq.OK)
	step(world)
	show("email-empty")
	step(nav.Text{Text: "alma@example"})
	keys(keyseq.Up, keyseq.Up, keyseq.Left)
	show("email")
	keys(keyseq.Down, keyseq.Down)
	step(nav.Text{Text: ".com"})
	keys(keyseq.OK)
	step(nav.Text{Text: "correct horse"})
	keys(keyseq.Up, keyseq.Up, keyseq.Up, keyseq.Up)
	show("password")
	keys(keyseq.Down, keyseq.Down, keyseq.Down, keyseq.OK)
	show("password-shown")
	keys(keyseq.Down)
	for m.View().Focus != "accents" {
		keys(keyseq.Left)
	}
	keys(keyseq.OK, keyseq.Up, keyseq.Up)
	show("password-accents")
	keys(keyseq.Down, keyseq.Down, keyseq.OK, keyseq.Up)
	for m.View().Focus != "show" {
		keys(keyseq.Right)
	}
	keys(keyseq.OK, keyseq.Down)
	for m.View().Focus != "next" {
		keys(keyseq.Right)
	}
	keys(keyseq.OK)
	checking := world
	checking.SignIn = &nav.SignIn{Checking: true}
	step(checking)
	show("password-checking")
	answer(nav.SignIn{Problem: nav.ProblemCredentials})
	show("password-wrong")
	step(nav.Text{Text: "correct horse"})
	keys(keyseq.OK)
	answer(nav.SignIn{Problem: nav.ProblemWait, Wait: 28 * time.Second})
	show("password-wait")
	step(nav.Tick{At: time.Minute})
	world.At = time.Minute
	keys(keyseq.OK)
	challenge := &nav.Challenge{RetryIn: 28 * time.Second, TriesLeft: 4, Sent: protocol.ChannelMail, Channels: []protocol.Channel{
		{Kind: protocol.ChannelMail, To: "a…a@example.com"}, {Kind: protocol.ChannelSMS, To: "+34 ••• •• 67"},
		{Kind: protocol.ChannelTOTP}, {Kind: protocol.ChannelRecovery}}}
	answer(nav.SignIn{Challenge: challenge})
	keys(keyseq.Digit4, keyseq.Digit7, keyseq.Digit1)
	show("accessCode")
	keys(keyseq.Digit4, keyseq.Digit7, keyseq.Digit1)
	answer(nav.SignIn{Problem: nav.ProblemCode, Challenge: challenge})
	keys(keyseq.Left, keyseq.Left, keyseq.Left)
	show("accessCode-wrong")
	keys(keyseq.Down, keyseq.Down, keyseq.Down, keyseq.OK)
	step(nav.Text{Text: "abcd-ef"})
	show("accessCode-recovery")
	return out
}

// Profiles are the people of a demo household.
func Profiles() []nav.Item {
	return []nav.Item{
		{ID: "p1", Label: "Alma", Avatar: "fox"},
		{ID: "p2", Label: "Jonas", Avatar: "owl", Locked: true},
		{ID: "p3", Label: "Mira", Avatar: "comet"},
		{ID: "p4", Label: "Lia & Tom", Avatar: "octopus", Detail: "Kids"},
	}
}

// people are the gate and the PIN.
func people() []Named {
	who := Profiles()[1]
	view := func(pin nav.PIN) nav.View {
		pin.Length = 4
		return nav.View{Screen: nav.ScreenPIN, Title: "Enter the PIN for Jonas", Who: &who, PIN: &pin,
			Text: []string{"Use the digits, or the arrows and OK."}}
	}
	waiting := view(nav.PIN{Wait: 58, Message: "Too many wrong tries. Take a short break."})
	waiting.Items, waiting.Focus = []nav.Item{{ID: "forgot", Label: "Forgot your PIN?"}}, "forgot"
	return []Named{
		{"gate", nav.View{Screen: nav.ScreenGate, Title: "Who is watching?", Focus: "p1", Items: Profiles(), Say: "Who is watching? Alma"}},
		{"pin", view(nav.PIN{Entered: 2})},
		{"pin-group", view(nav.PIN{Entered: 1, Group: true})},
		{"pin-checking", view(nav.PIN{Entered: 4, Checking: true, Message: "Checking."})},
		{"pin-wrong", view(nav.PIN{Message: "That's not the PIN. Try again."})},
		{"pin-wait", waiting},
	}
}

// titles makes a row's posters.
func titles(row string, names ...string) nav.Row {
	r := nav.Row{Label: row}
	ages := []string{"All ages", "7+", "13+", "16+", "18+"}
	for i, name := range names {
		r.Items = append(r.Items, nav.Item{ID: row + name, Label: name, Poster: name, Badge: ages[(len(name)+i)%5],
			Detail: fmt.Sprintf("%d · 1 h %d min · Drama", 1988+len(name)*2, 20+len(name))})
	}
	return r
}

// Rows are those of the home screen.
func Rows() []nav.Row {
	rows := []nav.Row{
		titles("Continue watching", "The Lantern Keepers", "Salt", "Orbit of Two", "Nine Winters"),
		titles("New this week", "Harbour Lights", "A Field Guide to Storms", "Paper Kingdom", "Midnight Tram", "The Quiet Cartographer",
			"Ember", "Low Tide", "Saltwater Hearts"),
		titles("For the whole family", "Pip and the Whale", "Cloud Bakery", "Robots Don't Cry", "The Great Kite Race", "Bear Goes North"),
		titles("Documentaries", "Glass Mountains", "Deep Signal", "The Last Orchard", "Northern Lines", "Seven Rivers"),
	}
	rows[0].Items[0].Progress, rows[0].Items[1].Progress = 0.7, 0.15
	rows[1].Items[0].Series, rows[2].Items[1].Series, rows[2].Items[3].Series = true, true, true
	rows[1].Items[3].Locked = true
	return rows
}

// watching are home, a title, the player, and the layers above home.
func watching() []Named {
	who := Profiles()[0]
	rows := Rows()
	home := nav.View{Screen: nav.ScreenHome, Title: "Home", Rows: rows, Who: &who, Focus: rows[0].Items[0].ID}
	second := home
	second.Focus = rows[1].Items[3].ID
	menu := home
	menu.Focus = "settings"
	menu.Menu = []nav.Item{{ID: "home", Label: "Home"}, {ID: "list", Label: "My list"}, {ID: "search", Label: "Search"},
		{ID: "switch", Label: "Switch profile"}, {ID: "edit", Label: "Edit profile"}, {ID: "settings", Label: "Settings"}}
	offline := second
	offline.Banner = &nav.Banner{Kind: "offline", Text: "Offline since 21:40. You can go on watching."}
	offline.Toast = "Midnight Tram is not available for Alma."
	sequence := home
	sequence.Focus = "signOut"
	sequence.Dialog = Sequence()
	return []Named{
		{"home", home}, {"home-second-row", second}, {"home-menu", menu}, {"home-offline", offline}, {"home-sequence", sequence},
		{"home-empty", nav.View{Screen: nav.ScreenHome, Title: "Nothing to watch here yet.", Who: &who}},
		{"title", nav.View{Screen: nav.ScreenTitle, Title: "The Quiet Cartographer", Poster: "The Quiet Cartographer", Badge: "13+", Who: &who, Focus: "play",
			Text:  []string{"2024 · 1 h 52 min · Drama", "She draws maps of places that no longer exist, until one of them writes back."},
			Items: []nav.Item{{ID: "play", Label: "Play"}, {ID: "back", Label: "Back"}}}},
		{"player", nav.View{Screen: nav.ScreenPlayer, Who: &who,
			Player: &nav.Player{Title: "Harbour Lights", Poster: "Harbour Lights", Position: 1834, Length: 6720}}},
		{"player-paused", nav.View{Screen: nav.ScreenPlayer, Who: &who,
			Banner: &nav.Banner{Kind: "warning", Text: "Connect this TV to the internet within 9 minutes to keep watching."},
			Player: &nav.Player{Title: "Pip and the Whale", Poster: "Pip and the Whale", Paused: true, Position: 61, Length: 4980}}},
	}
}

// Sequence is the dialog that the key sequence opens.
func Sequence() *nav.Dialog {
	return &nav.Dialog{Title: "What would you like to do?", Text: []string{"Press Back to return."}, Items: []nav.Item{
		{ID: "signOut", Label: "Sign out", Danger: true}, {ID: "startOver", Label: "Start over"},
		{ID: "deactivate", Label: "Deactivate", Danger: true}, {ID: "network", Label: "Check network"}}}
}

// hard are the views that break careless layouts.
func hard() []Named {
	five := append(Profiles()[:3:3],
		nav.Item{ID: "p5", Label: "عبد الرحمن", Avatar: "moon", Locked: true, Detail: "Kids"},
		nav.Item{ID: "p6", Label: "Wolfeschlegelsteinhausenbergerdorff-Montgomery", Avatar: "nosuch"})
	long := nav.View{Screen: nav.ScreenSettings, Title: "Settings", Focus: "s11"}
	for i := range 14 {
		long.Items = append(long.Items, nav.Item{ID: fmt.Sprintf("s%d", i), Label: fmt.Sprintf("Setting number %d", i+1),
			Detail: strings.Repeat("a long value ", 1+i%5)})
	}
	rows := Rows()
	rows[0].Items[0].Label = "An Unreasonably Long Title That Goes On and On, Part Two: The Reckoning of the Everlasting Subtitle"
	wide := nav.View{Screen: nav.ScreenHome, Rows: rows, Who: &five[4], Focus: rows[0].Items[0].ID}
	return []Named{
		{"hard-gate", nav.View{Screen: nav.ScreenGate, Title: "Who is watching?", Focus: "p5", Items: five}},
		{"hard-list", long},
		{"hard-home", wide},
	}
}
