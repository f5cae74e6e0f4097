package titles_test

import (
	"cmp"
	"fmt"
	"slices"
	"strings"
	"testing"
	"unicode"

	gocmp "github.com/google/go-cmp/cmp"

	"github.com/hearthkey/hearthkey/protocol"
	"github.com/hearthkey/hearthkey/protocol/parental"
	"github.com/hearthkey/hearthkey/protocol/titles"
)

func age(n int) *int { return &n }

func small() *protocol.Catalog {
	return &protocol.Catalog{Titles: []parental.Title{
		{ID: "elodie", Name: "Élodie's Ærial Straße"},
		{ID: "gulls", Name: "Gulls", Kind: parental.Series, Ratings: []parental.Rating{{System: "FSK", Label: "12"}}},
		{ID: "gulls-2-1", Name: "Gulls Return", Kind: parental.Episode, Series: "gulls", Season: 2, Episode: 1},
		{ID: "gulls-1-2", Name: "The Net", Kind: parental.Episode, Series: "gulls", Season: 1, Episode: 2, Age: age(16)},
		{ID: "gulls-1-1", Name: "Nets of Gulls", Kind: parental.Episode, Series: "gulls", Season: 1, Episode: 1},
		{ID: "stray", Name: "Stray", Kind: parental.Episode, Series: "nowhere", Season: 1, Episode: 1},
		{ID: "false", Name: "False", Kind: parental.Episode, Series: "elodie"},
		{ID: "gulls", Name: "Gulls again", Age: age(0)},
		{ID: "", Name: "Gulls without an id"},
		{ID: "spider", Name: "Spider-Net: The Gull of S.W.A.N."},
		{ID: "tokyo", Name: "東京の鴎"},
		{ID: "marks", Name: "???"},
	}}
}

func ids(list []parental.Title) string {
	var out []string
	for _, t := range list {
		out = append(out, t.ID)
	}
	return strings.Join(out, " ")
}

func TestTitle(t *testing.T) {
	c := small()
	x := titles.New(c)
	for _, tc := range []struct {
		id   protocol.TitleID
		name string
		age  int
	}{
		{"gulls", "Gulls", 12},             // the first of two
		{"gulls-1-1", "Nets of Gulls", 12}, // its series' rating
		{"gulls-1-2", "The Net", 16},       // its own
		{"stray", "Stray", parental.UnratedAge},
		{"false", "False", parental.UnratedAge}, // what it names is no series
		{"elodie", "Élodie's Ærial Straße", parental.UnratedAge},
	} {
		got, ok := x.Title(tc.id)
		if !ok || got.Name != tc.name || got.YoungestAge() != tc.age || x.Name(tc.id) != tc.name {
			t.Errorf("Title(%q) = %+v, %t, want %q for age %d", tc.id, got, ok, tc.name, tc.age)
		}
	}
	for _, id := range []protocol.TitleID{"", "nowhere"} {
		if got, ok := x.Title(id); ok || x.Name(id) != "" {
			t.Errorf("Title(%q) = %+v", id, got)
		}
	}
	if diff := gocmp.Diff(small(), c); diff != "" || x.Catalog() != c {
		t.Errorf("the catalogue was changed: %s", diff)
	}
}

func TestEpisodes(t *testing.T) {
	x := titles.New(small())
	if got, want := ids(x.Episodes("gulls")), "gulls-1-1 gulls-1-2 gulls-2-1"; got != want {
		t.Errorf("Episodes = %q, want %q", got, want)
	}
	if got := x.Episodes("gulls")[0].YoungestAge(); got != 12 {
		t.Errorf("an episode without a rating counts as %d, want its series' 12", got)
	}
	for id, want := range map[protocol.TitleID]string{
		"gulls-1-1": "gulls-1-2", "gulls-1-2": "gulls-2-1", "gulls-2-1": "", "gulls": "", "elodie": "", "stray": "", "false": "", "": "", "nowhere": "",
	} {
		got, ok := x.Next(id)
		if got.ID != want || ok != (want != "") {
			t.Errorf("Next(%q) = %q, %t, want %q", id, got.ID, ok, want)
		}
	}
	for _, id := range []protocol.TitleID{"elodie", "nowhere", ""} {
		if got := x.Episodes(id); got != nil {
			t.Errorf("Episodes(%q) = %v", id, got)
		}
	}
}

func TestSearch(t *testing.T) {
	x := titles.New(small())
	for _, tc := range []struct{ query, want string }{
		{"elod", "elodie"},
		{"ÉLOD", "elodie"},
		{"E\u0301lodie", "elodie"},
		{"aerial strasse", "elodie"},
		{"stra", "elodie stray"},
		{"strasse elodie", "elodie"}, // in any order
		{"elodies", "elodie"},        // without the apostrophe
		{"élodie’s", "elodie"},
		{"odie", ""},
		{"gull", "gulls spider gulls-2-1 gulls-1-1"}, // names that begin so, films and series, episodes
		{"net", "spider gulls-1-1 gulls-1-2"},
		{"the net", "spider gulls-1-2"},
		{"spidernet", "spider"},
		{"swan", "spider"},
		{"s.w.a", "spider"},
		{"京", "tokyo"},
		{"東京", "tokyo"},
		{"", ""}, {"  ", ""}, {"?!", ""}, {"\xff", ""}, {"\xffstray\xfe", "stray"},
		{"without", ""}, // has no id
		{strings.Repeat("gulls ", 100), "gulls gulls-2-1 gulls-1-1"},
	} {
		if got := ids(x.Search(tc.query, 10)); got != tc.want {
			t.Errorf("Search(%q) = %q, want %q", tc.query, got, tc.want)
		}
	}
	for limit, want := range map[int]string{-1: "", 0: "", 1: "gulls", 2: "gulls spider", 3: "gulls spider gulls-2-1"} {
		if got := ids(x.Search("gull", limit)); got != want {
			t.Errorf("Search(gull, %d) = %q, want %q", limit, got, want)
		}
	}
	for _, found := range x.Search("nets of", 1) {
		if found.YoungestAge() != 12 {
			t.Errorf("a found episode counts as %d, want its series' 12", found.YoungestAge())
		}
	}
}

func TestNoCatalogue(t *testing.T) {
	for name, x := range map[string]*titles.Index{"nil": nil, "of nil": titles.New(nil), "empty": titles.New(&protocol.Catalog{})} {
		_, title := x.Title("a")
		_, next := x.Next("a")
		if title || next || x.Name("a") != "" || x.Episodes("a") != nil || x.Search("a", 5) != nil {
			t.Errorf("%s: found something", name)
		}
	}
	if (*titles.Index)(nil).Catalog() != nil {
		t.Error("nil has a catalogue")
	}
}

// plain is a search as one would write it without an index: the words of the
// name and of the query in ASCII lower case.
func plain(c *protocol.Catalog, query string) map[string]bool {
	words := func(s string) []string {
		return strings.FieldsFunc(strings.ToLower(s), func(r rune) bool { return !unicode.IsLetter(r) && !unicode.IsNumber(r) })
	}
	out := map[string]bool{}
	for _, t := range c.Titles {
		all := len(words(query)) > 0
		for _, w := range words(query) {
			all = all && slices.ContainsFunc(words(t.Name), func(n string) bool { return strings.HasPrefix(n, w) })
		}
		if all {
			out[t.ID] = true
		}
	}
	return out
}

// large is a catalogue of n titles, a fifth of them series with 4 episodes.
func large(n int) *protocol.Catalog {
	words := strings.Fields("river stone lantern orchard glass copper winter signal harbour paper violet engine Quiet northern borrowed second Moon garden ledger swallow")
	c := &protocol.Catalog{}
	for i := range n {
		t := parental.Title{ID: fmt.Sprintf("t%d", i), Name: fmt.Sprintf("The %s %s of %s %d", words[i%20], words[i/20%20], words[i*7%20], i), Age: age(i % 19)}
		switch i % 5 {
		case 0:
			t.Kind = parental.Series
		default:
			t.Kind, t.Series, t.Season, t.Episode, t.Age = parental.Episode, fmt.Sprintf("t%d", i/5*5), 1, 5-i%5, nil
		}
		c.Titles = append(c.Titles, t)
	}
	return c
}

func TestSearchFindsWhatPlainSearchDoes(t *testing.T) {
	c := large(2000)
	x := titles.New(c)
	for _, q := range []string{"r", "the", "the r", "of 19", "moon gar", "quiet", "Q w", "1999", "zzz", "harbour signal 7", "the the the"} {
		got := map[string]bool{}
		for _, found := range x.Search(q, len(c.Titles)) {
			got[found.ID] = true
		}
		if diff := gocmp.Diff(plain(c, q), got); diff != "" {
			t.Errorf("Search(%q): %s", q, diff)
		}
	}
}

func TestEpisodesOfEverySeries(t *testing.T) {
	c := large(2000)
	x := titles.New(c)
	for _, s := range c.Titles {
		list := x.Episodes(protocol.TitleID(s.ID))
		if (s.Kind == parental.Series) != (len(list) == 4) {
			t.Fatalf("%s has %d episodes", s.ID, len(list))
		}
		if !slices.IsSortedFunc(list, func(a, b parental.Title) int { return cmp.Compare(a.Episode, b.Episode) }) {
			t.Errorf("%s: %s", s.ID, ids(list))
		}
		for i, e := range list {
			next, ok := x.Next(protocol.TitleID(e.ID))
			if ok != (i < 3) || ok && next.ID != list[i+1].ID || e.YoungestAge() != *s.Age {
				t.Errorf("after %s: %s, %t", e.ID, next.ID, ok)
			}
		}
	}
}

func FuzzSearch(f *testing.F) {
	for _, q := range []string{"gull", "É", "the ne", "\xff\xfe", "東", "s.w.a.n.", "ǅ-'", "\u0301"} {
		f.Add(q, "Gulls of "+q, 3)
	}
	f.Fuzz(func(t *testing.T, query, name string, limit int) {
		c := &protocol.Catalog{Titles: []parental.Title{{ID: "a", Name: name}, {ID: "b", Name: name, Kind: parental.Episode}, {ID: "c", Name: query}}}
		x := titles.New(c)
		found := x.Search(query, limit)
		if len(found) > max(limit, 0) {
			t.Fatalf("Search(%q, %d) found %d", query, limit, len(found))
		}
		wide := x.Search(query, 3)
		if !strings.HasPrefix(ids(wide)+" ", strings.TrimPrefix(ids(found)+" ", " ")) {
			t.Errorf("Search(%q, %d) = %s, with more room %s", query, limit, ids(found), ids(wide))
		}
		// What is named as it is searched for is found, where there is a word at all.
		if len(query) <= 256 && strings.ContainsFunc(query, unicode.IsLetter) && len(strings.FieldsFunc(query, notWord)) <= 16 &&
			!strings.Contains(" "+ids(wide)+" ", " c ") {
			t.Errorf("Search(%q) does not find that name", query)
		}
		if again := ids(x.Search(strings.ToUpper(strings.ToLower(query)), 3)); query == strings.ToLower(query) && ascii(query) && again != ids(wide) {
			t.Errorf("Search(%q) = %s, in upper case %s", query, ids(wide), again)
		}
	})
}

func notWord(r rune) bool { return !unicode.IsLetter(r) && !unicode.IsNumber(r) }

func ascii(s string) bool {
	return !strings.ContainsFunc(s, func(r rune) bool { return r > unicode.MaxASCII })
}

func BenchmarkNew(b *testing.B) {
	c := large(2000)
	b.ReportAllocs()
	for b.Loop() {
		titles.New(c)
	}
}

func BenchmarkSearch(b *testing.B) {
	x := titles.New(large(2000))
	for _, q := range []string{"t", "moon gar", "zzz"} {
		b.Run(q, func(b *testing.B) {
			b.ReportAllocs()
			for b.Loop() {
				x.Search(q, 20)
			}
		})
	}
}
