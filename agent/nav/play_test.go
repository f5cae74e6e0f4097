package nav

import (
	"slices"
	"strings"
	"testing"

	"github.com/hearthkey/hearthkey/agent/keyseq"
	"github.com/hearthkey/hearthkey/protocol"
	"github.com/hearthkey/hearthkey/protocol/parental"
	"github.com/hearthkey/hearthkey/protocol/words"
)

// keysOf presses keys by name.
func keysOf(t *testing.T, m Model, names string) Model {
	t.Helper()
	for _, name := range strings.Fields(names) {
		k, err := keyseq.Parse(name)
		if err != nil {
			t.Fatal(err)
		}
		m, _ = Step(m, Press{Key: k, Source: Source{Kind: Local}, At: m.now})
	}
	return m
}

// TestLargestTitles shows what is largest of series, searches and libraries.
func TestLargestTitles(t *testing.T) {
	odd := strings.Repeat("a<\u2028&\"", 300)
	c := &protocol.Catalog{Titles: []parental.Title{{ID: "show", Name: odd, Kind: parental.Series, Text: odd, Genre: odd, Age: new(int)}}}
	lib := &Library{Profile: "p"}
	row := protocol.CatalogRow{Name: odd, Titles: []protocol.TitleID{"show"}}
	for i := range 900 {
		id := strings.Repeat("<", 60) + itoa(i)
		c.Titles = append(c.Titles, parental.Title{
			ID: id, Name: odd, Kind: parental.Episode, Series: "show", Season: i / 30, Episode: i, Minutes: 1 << 30, Genre: odd, Text: odd,
		})
		lib.List = append(lib.List, protocol.TitleID(id))
		lib.Watched = append(lib.Watched, protocol.Watched{Title: protocol.TitleID(id), Position: 1 << 40, Length: 1 << 41})
	}
	for i := range 60 {
		more := row
		more.Name = itoa(i) + odd
		c.Rows = append(c.Rows, more)
	}
	w := World{
		Phase: Active, Catalog: c, Library: lib, OfflineSince: odd, Profiles: []protocol.Profile{{ID: "p", Name: odd, Avatar: odd, Level: parental.All}},
		Household: Household{Parental: &protocol.Parental{PIN: 1, Titles: []protocol.TitleID{"show"}}},
	}
	start, _ := Step(Model{}, w)
	w.Household = Household{}
	for _, tt := range []struct {
		keys string
		want Screen
	}{
		{"OK", ScreenHome}, {"OK Menu", ScreenHome}, {"OK OK", ScreenTitle}, {"OK OK OK", ScreenPIN},
		{"OK Down Down OK", ScreenTitle}, {"OK Down Down OK Down Down Down Down", ScreenTitle},
		{"OK Menu Up OK Down Down Left Left Left Right OK", ScreenSearch},
	} {
		m := keysOf(t, start, tt.keys)
		if tt.want == ScreenSearch {
			m, _ = Step(m, Text{Text: "a"})
		}
		if err := soundView(m.View()); err != nil || m.View().Screen != tt.want {
			t.Errorf("keys %q: screen %q, want %q: %v", tt.keys, m.View().Screen, tt.want, err)
		}
	}
	m, _ := Step(start, w)
	m = keysOf(t, m, "OK Down Down OK OK Down")
	if err := soundView(m.View()); err != nil || m.View().Screen != ScreenNext {
		t.Errorf("the next episode: %q: %v", m.View().Screen, err)
	}
	if v := keysOf(t, m, "OK").View(); v.Player == nil || soundView(v) != nil {
		t.Errorf("the player: %+v, %v", v.Player, soundView(v))
	}
}

// TestASeriesPlaysNothingItself turns a film into a series while its PIN is
// entered, and while it plays.
func TestASeriesPlaysNothingItself(t *testing.T) {
	film := &protocol.Catalog{
		Titles: []parental.Title{{ID: "x", Name: "X", Age: new(int)}}, Rows: []protocol.CatalogRow{{Name: "Row", Titles: []protocol.TitleID{"x"}}},
	}
	series := &protocol.Catalog{Titles: []parental.Title{{ID: "x", Name: "X", Kind: parental.Series, Age: new(int)}}, Rows: film.Rows}
	w := World{
		Phase: Active, Catalog: film, Profiles: []protocol.Profile{{ID: "p", Name: "P", Level: parental.All}},
		Household: Household{Parental: &protocol.Parental{PIN: 1, Titles: []protocol.TitleID{"x"}}},
	}
	m, _ := Step(Model{}, w)
	m = keysOf(t, m, "OK OK OK 1 2 3 4")
	right := PINChecked{Check: m.checks, Outcome: PINRight}
	if played, _ := Step(m, right); played.View().Screen != ScreenPlayer {
		t.Fatalf("the film shows %q", played.View().Screen)
	}
	w.Catalog = series
	turned, _ := Step(m, w)
	after, effects := Step(turned, right)
	if _, plays := after.Playing(); plays {
		t.Errorf("a series plays: %v", effects)
	}
	m, _ = Step(m, right)
	if m, _ = Step(m, w); m.View().Player != nil {
		t.Error("a series goes on playing")
	}
}

// TestALongSeries begins with the season that the profile is in, where not all
// episodes find room.
func TestALongSeries(t *testing.T) {
	c := &protocol.Catalog{
		Titles: []parental.Title{{ID: "show", Name: "Show", Kind: parental.Series, Age: new(int)}},
		Rows:   []protocol.CatalogRow{{Name: "Row", Titles: []protocol.TitleID{"show"}}},
	}
	for i := range 1500 {
		c.Titles = append(c.Titles, parental.Title{
			ID: "e" + itoa(i), Name: "An Episode of This Show", Kind: parental.Episode, Series: "show", Season: 1 + i/50, Episode: 1 + i%50, Minutes: 20,
		})
	}
	for _, at := range []int{0, 49, 700, 1020, 1499} {
		id := "e" + itoa(at)
		w := World{
			Phase: Active, Catalog: c, Profiles: []protocol.Profile{{ID: "p", Name: "P", Level: parental.All}},
			Library: &Library{Profile: "p", Watched: []protocol.Watched{{Title: protocol.TitleID(id), Position: 60, Length: 1200}}},
		}
		m, _ := Step(Model{}, w)
		m = keysOf(t, m, "OK Down OK Down Down Down")
		v := m.View()
		if err := soundView(v); err != nil || !strings.HasSuffix(v.Focus, "/"+id) {
			t.Errorf("at episode %d the focus is %q (%d rows, %q): %v", at, v.Focus, len(v.Rows), v.Title, err)
		}
		listed := 0
		for _, row := range v.Rows {
			listed += len(row.Items)
		}
		if said := said(words.English, text(msgNotListed, "n", itoa(1500-listed))); listed >= 1500 || !slices.Contains(v.Text, said) {
			t.Errorf("at episode %d the page lists %d of 1500 and says %q, want %q", at, listed, v.Text, said)
		}
	}
}
