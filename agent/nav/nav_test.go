package nav

import (
	"encoding/json"
	"fmt"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/hearthkey/hearthkey/agent/keyseq"
	"github.com/hearthkey/hearthkey/protocol"
	"github.com/hearthkey/hearthkey/protocol/parental"
	"github.com/hearthkey/hearthkey/protocol/words"
)

// TestStepChangesNoOldModel keeps models of a walk and looks whether a later step
// changed what they show.
func TestStepChangesNoOldModel(t *testing.T) {
	random := rand.New(rand.NewPCG(7, 7))
	w := newWalker()
	type kept struct {
		model Model
		view  string
	}
	shows := func(m Model) string {
		data, err := json.Marshal(m.View())
		if err != nil {
			t.Fatal(err)
		}
		return string(data)
	}
	var models []kept
	data := make([]byte, 3)
	for range 3000 {
		for i := range data {
			data[i] = byte(random.Uint32())
		}
		if err := w.walk(data, 100); err != nil {
			t.Fatal(err)
		}
		models = append(models, kept{w.model, shows(w.model)})
	}
	for i, k := range models {
		if got := shows(k.model); got != k.view {
			t.Fatalf("model %d shows something else than when it was made (-was +is):\n%s", i, cmp.Diff(k.view, got))
		}
	}
}

func TestDigitsHideThemselves(t *testing.T) {
	e := CheckPIN{Check: 1, Profile: "ben", Digits: "4711"}
	data, err := json.Marshal(e)
	if err != nil {
		t.Fatal(err)
	}
	for _, got := range []string{string(data), fmt.Sprint(e), fmt.Sprintf("%+v", e), fmt.Sprintf("%#v", e)} {
		if strings.Contains(got, "4711") {
			t.Errorf("the digits show: %s", got)
		}
	}
	if string(e.Digits) != "4711" {
		t.Error("the digits cannot be read")
	}
}

// TestViewDoesNotDependOnTheDigits enters different PINs by arrows and looks
// whether any view on the way tells them apart (product rule D10).
func TestViewDoesNotDependOnTheDigits(t *testing.T) {
	start, _ := Step(Model{}, World{Phase: Active, Online: true, Profiles: []protocol.Profile{{ID: "ben", Name: "Ben", Locked: true}}})
	start, _ = Step(start, Press{Key: keyseq.OK})
	views := func(keys ...keyseq.Key) []View {
		m := start
		var out []View
		for _, k := range keys {
			m, _ = Step(m, Press{Key: k})
			out = append(out, m.View())
		}
		return out
	}
	want := views(keyseq.Up, keyseq.Left, keyseq.Up, keyseq.OK, keyseq.Right, keyseq.Right)
	for _, keys := range [][]keyseq.Key{
		{keyseq.Right, keyseq.OK, keyseq.Down, keyseq.OK, keyseq.Left, keyseq.Left},
		{keyseq.Left, keyseq.Right, keyseq.Right, keyseq.Left, keyseq.Up, keyseq.Right},
	} {
		if diff := cmp.Diff(want, views(keys...)); diff != "" {
			t.Errorf("keys %v show (-want +got):\n%s", keys, diff)
		}
	}
}

func TestEveryMessageIsThere(t *testing.T) {
	for id := range messageEnd {
		s := sentence(id)
		if s == "" || s != strings.TrimSpace(s) || strings.Count(s, "{") != strings.Count(s, "}") {
			t.Errorf("message %d is %q", id, s)
		}
	}
}

func TestText(t *testing.T) {
	for _, tt := range []struct{ got, want string }{
		{text(msgHours, "h", "1", "m", "5"), "1 h 5 min"},
		{text(msgPIN, "name", "{name} {x}"), "Enter the PIN for {name} {x}"},
		{text(msgPIN), "Enter the PIN for {name}"},
		{text(msgPIN, "other", "x"), "Enter the PIN for "},
	} {
		if got := said(words.English, tt.got); got != tt.want {
			t.Errorf("text = %q, want %q", got, tt.want)
		}
	}
}

func TestClean(t *testing.T) {
	for _, tt := range []struct {
		in   string
		n    int
		want string
	}{
		{"plain", 10, "plain"},
		{"two\nlines\x00", 20, "two lines "},
		{"bad \xff utf", 20, "bad  utf"},
		{"عبد الرحمن", 20, "عبد الرحمن"},
		{"abcdef", 4, "abc…"},
		{"abcd", 4, "abcd"},
		{"äöüß", 4, "äöüß"},
		{"äöüßx", 4, "äöü…"},
		{"", 4, ""},
	} {
		if got := clean(tt.in, tt.n); got != tt.want {
			t.Errorf("clean(%q, %d) = %q, want %q", tt.in, tt.n, got, tt.want)
		}
	}
}

func TestSoundProfiles(t *testing.T) {
	got := soundProfiles([]protocol.Profile{
		{ID: "a", Name: strings.Repeat("x", 500)}, {ID: "a", Name: "double"}, {ID: ""}, {ID: "\x00"},
		{ID: protocol.ProfileID(strings.Repeat("i", 65))}, {ID: "b"},
	})
	if len(got) != 2 || got[0].ID != "a" || len(got[0].Name) > maxLabel+2 || got[1].Name != "Profile" {
		t.Errorf("soundProfiles = %+v", got)
	}
	if got := soundProfiles(make([]protocol.Profile, 1000)); len(got) != 0 {
		t.Errorf("soundProfiles of profiles without ids = %d of them", len(got))
	}
}

// TestLargestViews shows the largest world there can be on every screen.
func TestLargestViews(t *testing.T) {
	odd := strings.Repeat("<\x00&\u2028", 5000)
	qr := make([]string, maxQR)
	for i := range qr {
		qr[i] = strings.Repeat("1", maxQR)
	}
	w := World{
		Catalog: hostileCatalog(), Owner: odd, AccountURL: odd, OfflineSince: odd, LastProfile: protocol.ProfileID(odd),
		TV: TV{odd, odd, odd, odd}, Cause: &Cause{By: protocol.By(odd), At: odd, Where: odd},
		Code: &UserCode{Code: odd, URI: odd, QR: qr, ExpiresIn: time.Hour, Problem: Problem(odd)},
	}
	for i := range 50 {
		id := protocol.ProfileID(strings.Repeat("<", 60) + itoa(i))
		w.Profiles = append(w.Profiles, protocol.Profile{ID: id, Name: odd, Avatar: odd, Level: parental.All, Kids: true})
	}
	for _, phase := range []Phase{Starting, SignedOut, Enrolling, Active, LeaseEnded, Stolen, Deactivated, Update, Phase(odd)} {
		w.Phase = phase
		m, _ := Step(Model{}, w)
		for _, keys := range []string{"", "OK", "OK OK", "OK Menu Down Down OK", "OK OK OK"} {
			n := m
			for _, name := range strings.Fields(keys) {
				k, _ := keyseq.Parse(name)
				n, _ = Step(n, Press{Key: k, Source: Source{Kind: Local}})
			}
			if err := soundView(n.View()); err != nil {
				t.Errorf("phase %.20q, keys %q: %v", phase, keys, err)
			}
		}
	}
}

// TestOddEvents feeds what makes no sense: nothing changes.
func TestOddEvents(t *testing.T) {
	m, _ := Step(Model{}, World{Phase: Active, Profiles: []protocol.Profile{{ID: "a", Name: "A", Locked: true}}})
	for _, ev := range []Event{
		nil, Press{}, Press{Key: 200}, PINChecked{Outcome: PINRight}, PINChecked{Check: 9, Outcome: PINRight},
		NetworkReport{Done: true}, Tick{At: -5}, Tick{At: 5}, Press{Key: keyseq.OK, Repeat: true},
	} {
		after, effects := Step(m, ev)
		if diff := cmp.Diff(m.View(), after.View()); diff != "" || len(effects) > 0 {
			t.Errorf("%+v: effects %v, view (-want +got):\n%s", ev, effects, diff)
		}
	}
}

// TestQR refuses what is not a square of '0' and '1'.
func TestQR(t *testing.T) {
	for _, bad := range [][]string{{"1"[:0]}, {"10"}, {"1x", "01"}, {"1", "0"}, make([]string, 178)} {
		if got := soundQR(bad); got != nil {
			t.Errorf("soundQR(%q) = %q", bad, got)
		}
	}
}

// BenchmarkKey measures a key to the new view, Step and View, with 2,000 titles:
// at home, in a search and in a series. It reports the 99th percentile beside the
// mean.
func BenchmarkKey(b *testing.B) {
	for name, keys := range map[string][]keyseq.Key{
		"home": {keyseq.Right, keyseq.Right, keyseq.Down, keyseq.Left, keyseq.Up, keyseq.OK, keyseq.OK, keyseq.Back, keyseq.Back, keyseq.Left},
		"search": { // from home: open it, go to t, type it, take it back, type it, and away
			keyseq.Menu, keyseq.Up, keyseq.OK, keyseq.Right, keyseq.Right, keyseq.Right, keyseq.Right, keyseq.OK,
			keyseq.Back, keyseq.OK, keyseq.Back, keyseq.Back,
		},
		"series": { // the first row is of series
			keyseq.OK, keyseq.Down, keyseq.Down, keyseq.Down, keyseq.Right, keyseq.OK, keyseq.OK, keyseq.Down, keyseq.OK, keyseq.Back, keyseq.Home,
		},
	} {
		b.Run(name, func(b *testing.B) {
			m, _ := Step(Model{}, benchWorld(name == "series"))
			m, _ = Step(m, Press{Key: keyseq.OK, Source: Source{Kind: Local}})
			times := make([]time.Duration, 0, b.N)
			var at time.Duration
			b.ReportAllocs()
			for i := 0; b.Loop(); i++ {
				at += time.Millisecond
				began := time.Now()
				m, _ = Step(m, Press{Key: keys[i%len(keys)], Source: Source{Kind: Local}, At: at})
				_ = m.View()
				times = append(times, time.Since(began))
			}
			slices.Sort(times)
			b.ReportMetric(float64(times[len(times)*99/100].Nanoseconds()), "p99-ns")
		})
	}
}

// BenchmarkWorld measures a changed catalogue of 2,000 titles.
func BenchmarkWorld(b *testing.B) {
	w := benchWorld(false)
	catalogs := []*protocol.Catalog{benchCatalog(false), benchCatalog(false)}
	m, _ := Step(Model{}, w)
	m, _ = Step(m, Press{Key: keyseq.OK})
	for i := 0; b.Loop(); i++ {
		w.Catalog = catalogs[i%2]
		m, _ = Step(m, w)
	}
}

// benchWorld is a household with a parental PIN, blocked titles and a library.
func benchWorld(series bool) World {
	w := World{
		Phase: Active, Online: true, Catalog: benchCatalog(series), Profiles: []protocol.Profile{{ID: "a", Name: "A", Level: parental.All}},
		Household: Household{Parental: &protocol.Parental{PIN: 1, Titles: []protocol.TitleID{"title-7", "title-77", "title-777"}}},
		Library:   &Library{Profile: "a"},
	}
	for i := range 50 {
		id := protocol.TitleID("title-" + itoa(i*13))
		w.Profiles[0].Blocked = append(w.Profiles[0].Blocked, id+"0")
		w.Library.List = append(w.Library.List, id)
		w.Library.Watched = append(w.Library.Watched, protocol.Watched{Title: id, Position: int64(i), Length: 5400})
	}
	return w
}

// benchCatalog has 1,200 films and 20 series of 39 episodes.
func benchCatalog(seriesFirst bool) *protocol.Catalog {
	c := &protocol.Catalog{}
	for i := range 1200 {
		c.Titles = append(c.Titles, parental.Title{ID: "title-" + itoa(i), Name: "The Title Number " + itoa(i), Year: 2000, Minutes: 90, Genre: "Drama"})
	}
	shows := protocol.CatalogRow{Name: "Series"}
	for s := range 20 {
		id := "series-" + itoa(s)
		shows.Titles = append(shows.Titles, protocol.TitleID(id))
		c.Titles = append(c.Titles, parental.Title{ID: id, Name: "Qwerty Show " + itoa(s), Kind: parental.Series, Year: 2000})
		for e := range 39 {
			c.Titles = append(c.Titles, parental.Title{
				ID: id + "-" + itoa(e), Name: "The Episode " + itoa(e), Kind: parental.Episode, Minutes: 45, Series: id, Season: 1 + e/13, Episode: 1 + e%13,
			})
		}
	}
	if seriesFirst {
		c.Rows = append(c.Rows, shows)
	}
	for r := range 12 {
		row := protocol.CatalogRow{Name: "Row " + itoa(r)}
		for i := range 20 {
			row.Titles = append(row.Titles, protocol.TitleID("title-"+itoa(r*50+i)))
		}
		c.Rows = append(c.Rows, row)
	}
	return c
}
