package screentest

import (
	"time"

	"github.com/hearthkey/hearthkey/agent/keyseq"
	"github.com/hearthkey/hearthkey/agent/nav"
	"github.com/hearthkey/hearthkey/protocol"
	"github.com/hearthkey/hearthkey/protocol/parental"
	"github.com/hearthkey/hearthkey/protocol/words"
)

// languages are the main screens in two languages with long words, and in one that
// is written from right to left, as nav makes them.
func languages() []Named {
	return append(append(speaking(words.German), speaking(words.Spanish)...), speaking(words.Arabic)...)
}

// speaking goes from the welcome screen to the player in a language.
func speaking(l words.Language) []Named {
	r := &remote{world: nav.World{Phase: nav.SignedOut, Look: nav.Look{Language: l}, Online: true}}
	tell := func(name string) { r.show(string(l) + "-" + name) }
	r.step(r.world)
	tell("welcome")
	r.keys(keyseq.OK)
	r.world.Phase = nav.Enrolling
	r.world.Code = &nav.UserCode{Code: "BCDFGHJK", URI: "tv.example.com/tv", QR: Code().QR, ExpiresIn: 754 * time.Second}
	r.step(r.world)
	tell("code")
	r.keys(keyseq.Back, keyseq.Down, keyseq.OK)
	tell("email")
	r.step(nav.Text{Text: "alma@example.com"})
	r.keys(keyseq.OK)
	r.step(nav.Text{Text: "correct"})
	tell("password")
	r.world.Phase, r.world.Code = nav.Active, nil
	r.world.Owner, r.world.AccountURL = "alma@example.com", "tv.example.com/account"
	r.world.TV = nav.TV{Name: "Living room", Model: "Hearthkey Demo TV", Version: "1.0.0", Server: "tv.example.com"}
	r.world.LeaseLeft, r.world.LeaseLength = 7*time.Hour+41*time.Minute, 8*time.Hour
	r.world.Household.MaxProfiles = 5
	r.world.ForgotPIN = &nav.Help{URI: "tv.example.com/account/pin", QR: Code().QR}
	r.world.Profiles = []protocol.Profile{
		{ID: "p1", Name: "Alma", Avatar: "fox", Level: parental.All, Main: true},
		{ID: "p2", Name: "عبد الرحمن", Avatar: "moon", Level: parental.All, Locked: true, PIN: 1},
		{ID: "p4", Name: "Lia & Tom", Avatar: "octopus", Level: parental.LittleKids, Kids: true},
	}
	r.world.Catalog = shelf(l)
	r.world.Library = &nav.Library{Profile: "p1", Watched: []protocol.Watched{{Title: "low-tide", Position: 2200, Length: 6720}}, List: []protocol.TitleID{"nine-winters"}}
	r.step(r.world)
	tell("gate")
	right, left := keyseq.Right, keyseq.Left
	if l.Direction() == words.RightToLeft {
		right, left = left, right
	}
	r.keys(right, keyseq.OK, keyseq.Down, keyseq.Left)
	tell("pin")
	r.world.Waits = []nav.Wait{{Profile: "p2", Left: 58 * time.Second}}
	r.step(r.world)
	tell("pin-wait")
	r.world.Waits = nil
	r.step(r.world)
	r.keys(keyseq.Back, right, right, keyseq.OK, keyseq.OK)
	tell("profile-name")
	r.keys(keyseq.Back, keyseq.Back, left, left, left, keyseq.OK)
	r.watching(l, tell)
	return r.out
}

// query finds something of the shelf.
var query = map[words.Language]string{words.German: "low", words.Spanish: "low", words.Arabic: "الج"}

// watching goes on from the home screen.
func (r *remote) watching(l words.Language, tell func(string)) {
	r.keys(keyseq.Down, keyseq.Down)
	tell("home")
	r.keys(keyseq.Up, keyseq.Up, keyseq.OK)
	tell("title")
	r.keys(keyseq.OK)
	tell("player")
	r.keys(keyseq.Back, keyseq.Back, keyseq.Menu)
	tell("menu")
	r.keys(keyseq.Back)
	r.step(nav.Text{Text: query[l], At: r.world.At})
	tell("search")
	r.keys(keyseq.Back, keyseq.Back, keyseq.Back, keyseq.Back, keyseq.Menu)
	r.choose("settings")
	tell("settings")
	r.choose("thisTV")
	tell("thisTV")
	r.keys(keyseq.Back)
	r.choose("look")
	tell("look")
	r.keys(keyseq.Back)
	r.choose("signOutHere")
	tell("sign-out")
	r.keys(keyseq.Back)
	r.world.Online, r.world.LeaseLeft = false, 8*time.Minute
	r.step(r.world)
	tell("lease-short")
	r.world.Phase, r.world.LeaseLeft = nav.LeaseEnded, 0
	r.step(r.world)
	tell("lease-ended")
}

// shelf is a small catalogue.
func shelf(l words.Language) *protocol.Catalog {
	c := &protocol.Catalog{}
	names := []string{"Low Tide", "Nine Winters", "The Quiet Cartographer", "Paper Kingdom", "Midnight Tram", "Saltwater Hearts", "Harbour Lights"}
	if l == words.Arabic { // letters that go far below the line
		names = []string{"الجزر ج", "تسعة شتاءات", "رسّام الخرائط الصامت في جزيرة الريح", "مملكة الورق", "ترام منتصف الليل", "قلوب من ملح", "أضواء الميناء"}
	}
	for i, name := range names {
		age := []int{0, 6, 12, 16}[i%4]
		id := []string{"low-tide", "nine-winters", "quiet-cartographer", "paper-kingdom", "midnight-tram", "saltwater-hearts", "harbour-lights"}[i]
		c.Titles = append(c.Titles, parental.Title{ID: id, Name: name, Year: 2010 + i, Minutes: 112 - i, Genre: "Drama", Age: &age, Text: "Two brothers sell the boat that their father built."})
	}
	ids := func(list ...int) (out []protocol.TitleID) {
		for _, i := range list {
			out = append(out, protocol.TitleID(c.Titles[i].ID))
		}
		return out
	}
	c.Rows = []protocol.CatalogRow{{Name: "New this week", Titles: ids(2, 3, 4, 5, 6, 0, 1)}, {Name: "For the whole family", Titles: ids(0, 4, 3)}}
	return c
}
