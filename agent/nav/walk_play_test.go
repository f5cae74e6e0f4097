package nav

import (
	"fmt"
	"strings"
	"time"

	"github.com/hearthkey/hearthkey/agent/keyseq"
	"github.com/hearthkey/hearthkey/protocol"
	"github.com/hearthkey/hearthkey/protocol/parental"
)

// playWalk is what a walker knows about playing.
type playWalk struct {
	judge   judge
	proved  protocol.TitleID // the parental PIN was right for it
	series  string           // and for this series
	pin     int64            // in this version
	asking  protocol.TitleID // what the PIN on the screen is for
	own     map[protocol.ProfileID]map[protocol.TitleID]bool
	lease   time.Duration // its end, by the World; 0: none
	started map[parental.Path]int
	seen    map[string]int // what was seen of interest
}

func newPlayWalk() playWalk {
	return playWalk{own: map[protocol.ProfileID]map[protocol.TitleID]bool{}, started: map[parental.Path]int{}, seen: map[string]int{}}
}

// hostileSeries is a catalogue whose series make no sense.
func hostileSeries() *protocol.Catalog {
	c := seriesCatalog()
	for i := range c.Titles { // what they were before
		switch t := &c.Titles[i]; t.ID {
		case "ember":
			t.Kind = parental.Series
		case "salt":
			t.Kind, t.Series, t.Season = parental.Episode, "ember", 1
		case "kites":
			t.Kind, t.Series, t.Season, t.Episode = parental.Episode, "keepers", 1, 2
		case "k12":
			t.Kind, t.Series = parental.Film, ""
		}
	}
	c.Titles = append(c.Titles,
		parental.Title{ID: "self", Name: "Self", Kind: parental.Episode, Series: "self", Minutes: 1},
		parental.Title{ID: "loose", Name: "Loose", Kind: parental.Episode, Series: "nosuch", Season: -1, Episode: -1, Minutes: -5},
		parental.Title{ID: "parental", Name: "Parental", Kind: parental.Series, Series: "keepers"},
		parental.Title{ID: "tide", Name: "Another Tide", Kind: parental.Series},
		parental.Title{ID: "odd", Name: "Odd", Kind: "later", Minutes: 1 << 30, Ratings: []parental.Rating{{System: "XX", Label: "?"}}},
		parental.Title{ID: "soap", Name: "Soap", Kind: parental.Series, Ratings: []parental.Rating{{System: "FSK", Label: "0"}}})
	for i := range 300 {
		c.Titles = append(c.Titles, parental.Title{
			ID: "soap-" + itoa(i), Name: strings.Repeat("<Soap>", 1+i%30), Kind: parental.Episode, Series: "soap", Season: i / 120, Episode: i % 7, Minutes: i % 3,
		})
	}
	c.Rows = append(c.Rows, protocol.CatalogRow{Name: "Continue watching", Titles: []protocol.TitleID{"soap", "self", "parental"}},
		protocol.CatalogRow{Name: "Odd", Titles: []protocol.TitleID{"soap", "self", "parental", "odd", "loose", "soap-7"}})
	return c
}

// launchIDs are what is launched, listed, blocked and watched.
var launchIDs = []protocol.TitleID{
	"kites", "tide", "ember", "salt", "keepers", "k11", "k13", "k21", "k12", "soap", "soap-119", "self", "loose", "parental", "odd", "nosuch", "", "<\x00>",
}

func someTitles(b byte) []protocol.TitleID {
	var out []protocol.TitleID
	for i, id := range launchIDs {
		if (int(b)*(i+3))>>2&3 == 0 {
			out = append(out, id)
		}
	}
	return out
}

// launch makes a launch from anywhere.
func (w *walker) launch(a, b byte) Event {
	paths := []parental.Path{parental.DeepLink, parental.Remote, parental.DeepLink, parental.Remote, parental.Autoplay, parental.Open, "later"}
	kinds := []SourceKind{Local, Paired, Guest, Relayed, ECP}
	return Launch{Title: launchIDs[int(a)%len(launchIDs)], Path: paths[int(b)%len(paths)], Source: Source{Kind: kinds[b%4]}, At: w.now}
}

// changeLibrary gives the profile in use, or wrongly another one, what it watched.
// Every profile has titles of its own, so that those of another one are noticed.
func (w *walker) changeLibrary(a, b byte) World {
	lib := &Library{Profile: w.model.Watching()}
	switch a % 16 {
	case 0:
		lib.Profile = protocol.ProfileID(rune('a' + b%7))
	case 1:
		lib = nil
	}
	if lib != nil && lib.Profile != "" {
		mine := int(lib.Profile[0] - 'a')
		for i, id := range launchIDs {
			if i%7 != mine%7 && i%5 != mine%5 {
				continue
			}
			if (int(a)+i)%3 > 0 {
				lib.List = append(lib.List, id)
			}
			if (int(b)+i)%3 > 0 {
				lib.Watched = append(lib.Watched, protocol.Watched{Title: id, Position: int64(b) * int64(i-2) * 7, Length: int64(a) * 10})
			}
			w.isOwn(lib.Profile, id)
		}
	}
	w.world.Library, w.world.At = lib, w.now
	return w.world
}

func (w *walker) isOwn(p protocol.ProfileID, id protocol.TitleID) {
	if w.play.own[p] == nil {
		w.play.own[p] = map[protocol.TitleID]bool{}
	}
	w.play.own[p][id] = true
}

// changeParental changes the parental PIN and what it guards.
func (w *walker) changeParental(a, b byte) World {
	if w.world.Household.Parental = nil; a%4 > 0 {
		w.world.Household.Parental = &protocol.Parental{PIN: int64(a % 3), Above: parental.Level(b % 7), Titles: someTitles(b)}
	}
	w.world.At = w.now
	return w.world
}

// towards is a key or two towards something to play, so that a walk comes there.
func (w *walker) towards(a, b byte) Event {
	v := w.model.View()
	p := Press{Key: keyseq.OK, Source: Source{Kind: Local}, At: w.now}
	switch {
	case a%64 == 9:
		return w.launch(b%18, a/32)
	case v.Menu != nil:
		p.Key = []keyseq.Key{keyseq.Down, keyseq.OK}[a%2]
	case v.Screen == ScreenHome && a%16 == 7:
		p.Key = keyseq.Menu
	case v.Screen == ScreenPlayer && a%4 == 0: // to its end
		w.now += time.Hour
		return Tick{At: w.now}
	case v.Screen == ScreenPlayer && a%4 == 1:
		p.Key = keyseq.Down
	case v.Screen == ScreenNext && a%2 == 0:
		w.now += 11 * time.Second
		return Tick{At: w.now}
	case v.PIN != nil && w.model.entry.check != 0:
		return PINChecked{Check: w.model.checks, Outcome: PINRight, Wrong: int(b) % 3, At: w.now}
	case v.PIN != nil:
		p.Key = keyseq.Digit1
	case v.Screen == ScreenHome && a%8 == 5:
		return Text{Text: "s", Source: Source{Kind: Local}, At: w.now}
	case v.Screen == ScreenHome:
		p.Key = []keyseq.Key{keyseq.Down, keyseq.Right, keyseq.OK, keyseq.PlayPause}[a%4]
	case v.Screen == ScreenTitle:
		p.Key = []keyseq.Key{keyseq.Down, keyseq.OK, keyseq.OK, keyseq.PlayPause}[a%4]
	case v.Screen == ScreenSearch && a%8 == 0:
		return Text{Text: []string{"s", "the ", "k", "é"}[b%4], Source: Source{Kind: Local}, At: w.now}
	case v.Screen == ScreenSearch && !w.model.found.inRows && a%2 == 0:
		p.Key = keyseq.Down
	case v.Screen == ScreenSearch && !w.model.found.inRows:
		p.Key = []keyseq.Key{keyseq.Back, keyseq.OK, keyseq.Left, keyseq.Right}[b%4]
	}
	return p
}

// checkPlay holds what plays and what is shown against the judge.
func (w *walker) checkPlay(before Model, ev Event, v View, effects []Effect) error {
	pw := &w.play
	pw.judge.of(w.world.Catalog)
	p, known := findProfile(w.world.Profiles, w.model.Watching())
	if world, ok := ev.(World); ok {
		if pw.lease = 0; world.LeaseLeft > 0 {
			pw.lease = w.now + world.LeaseLeft
		}
	}
	if over := pw.lease > 0 && w.now >= pw.lease; w.world.Phase == Active && over && (known || w.playing || len(v.Rows) > 0) {
		return fmt.Errorf("profile %q is open after the lease's end", p.ID)
	}
	w.noteProof(before, ev)
	if err := w.checkStarts(p, effects); err != nil {
		return err
	}
	if what, plays := w.model.Playing(); plays {
		if err := w.mayPlayNow(p, what.Title); err != nil {
			return fmt.Errorf("%w goes on playing", err)
		}
	}
	switch w.model.place {
	case atPlayer, atNext:
	default:
		pw.proved = ""
	}
	pw.asking = ""
	if v.PIN != nil && w.model.asksParental() {
		pw.asking = protocol.TitleID(v.Poster)
	}
	return w.checkShown(p, v, known)
}

// noteProof notes that the parental PIN was right for what it was asked for.
func (w *walker) noteProof(before Model, ev Event) {
	pw := &w.play
	answer, ok := ev.(PINChecked)
	house := w.world.Household.Parental
	if !ok || house == nil || answer.Outcome != PINRight || before.entry.check != answer.Check {
		return
	}
	if w.asked[answer.Check] == (ask{protocol.ParentalPIN, house.PIN}) && pw.asking != "" {
		pw.proved, pw.series, pw.pin = pw.asking, pw.judge.series(pw.asking), house.PIN
		pw.seen["parental PIN"]++
	}
}

// mayPlayNow asks the judge, with the proof that there is.
func (w *walker) mayPlayNow(p protocol.Profile, id protocol.TitleID) error {
	pw, house := &w.play, w.world.Household.Parental
	verdict := pw.judge.verdict(p, house, id)
	if pw.judge.titles[id].Kind == parental.Series {
		verdict = "a series"
	}
	if verdict == "pin" && house != nil && pw.proved != "" && pw.pin == house.PIN && (pw.series == "" && pw.proved == id || pw.series != "" && pw.series == pw.judge.series(id)) {
		verdict = "allow"
	}
	if verdict != "allow" {
		return fmt.Errorf("profile %q, title %q: %s (proved %q)", p.ID, id, verdict, pw.proved)
	}
	return nil
}

func (w *walker) checkStarts(p protocol.Profile, effects []Effect) error {
	for _, e := range effects {
		switch e := e.(type) {
		case StartTitle:
			if err := w.mayPlayNow(p, e.Title); err != nil {
				return err
			}
			if e.Profile == "" || w.play.judge.titles[e.Title].Kind == parental.Series {
				return fmt.Errorf("%+v plays", e)
			}
			w.play.started[w.model.player.path]++
		case StopTitle:
			w.isOwn(e.Profile, e.Title)
		case ProgressTitle:
			w.isOwn(e.Profile, e.Title)
		case ListTitle:
			if e.Profile != w.model.Watching() {
				return fmt.Errorf("%+v for %q", e, w.model.Watching())
			}
			w.isOwn(e.Profile, e.Title)
			w.play.seen["listed"]++
		}
	}
	return nil
}

// checkShown looks at every title that is shown.
func (w *walker) checkShown(p protocol.Profile, v View, known bool) error {
	pw, house := &w.play, w.world.Household.Parental
	show := func(where string, id protocol.TitleID, locked bool) error {
		if verdict := pw.judge.verdict(p, house, id); !known || verdict == "refuse" || locked != (verdict == "pin") {
			return fmt.Errorf("%s shows %q to %q (known %v), padlock %v: %s", where, id, p.ID, known, locked, verdict)
		}
		return nil
	}
	for _, row := range v.Rows {
		own := row.Label == sentence(msgContinue) || row.Label == sentence(msgMyList)
		for _, it := range row.Items {
			id := protocol.TitleID(it.Poster)
			if own && !w.related(p.ID, id) {
				return fmt.Errorf("%q is shown %q in %q, which it never had", p.ID, id, row.Label)
			}
			if err := show("row "+row.Label, id, it.Locked); err != nil {
				return err
			}
		}
		if own {
			pw.seen[row.Label]++
		}
	}
	switch {
	case v.Screen == ScreenTitle:
		return show("page", protocol.TitleID(v.Poster), v.Locked)
	case v.Screen == ScreenPIN && v.Poster != "":
		pw.seen["asked for the parental PIN"]++
		return show("PIN", protocol.TitleID(v.Poster), true)
	case v.Card != nil:
		id := protocol.TitleID(v.Poster)
		return show("card", id, pw.judge.verdict(p, house, id) == "pin")
	case v.Screen == ScreenSearch:
		for _, it := range v.Items {
			id := protocol.TitleID(strings.TrimPrefix(it.ID, suggestPrefix))
			if err := show("suggestion", id, pw.judge.verdict(p, house, id) == "pin"); err != nil {
				return err
			}
			pw.seen["suggestion"]++
		}
	case v.Player == nil && v.Poster != "":
		return fmt.Errorf("screen %s shows %q", v.Screen, v.Poster)
	}
	return nil
}

// related reports whether a title, or another of its series, was ever the
// profile's own.
func (w *walker) related(p protocol.ProfileID, id protocol.TitleID) bool {
	own := w.play.own[p]
	if own[id] {
		return true
	}
	t := w.play.judge.titles[id]
	for other := range own {
		if o := w.play.judge.titles[other]; t.Kind == parental.Episode && t.Series != "" && o.Series == t.Series {
			return true
		}
	}
	return false
}

// leadsOut presses Back until it leads nowhere: that is home or where there is
// nothing before.
func leadsOut(m Model) error {
	for range 600 {
		v := m.View()
		if v.Keyboard != nil && v.Keyboard.Checking || v.Dialog == nil && v.Menu == nil && roots[v.Screen] {
			return nil
		}
		m, _ = Step(m, Press{Key: keyseq.Back, Source: Source{Kind: Local}, At: m.now})
	}
	return fmt.Errorf("Back does not lead out of %s", m.View().Screen)
}

var roots = map[Screen]bool{
	ScreenStarting: true, ScreenWelcome: true, ScreenGate: true, ScreenHome: true, ScreenLeaseEnded: true, ScreenSignedOut: true,
	ScreenDeactivated: true, ScreenStolen: true, ScreenUpdate: true,
}
