package library

import (
	"encoding/json"
	"fmt"
	"slices"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"
	"pgregory.net/rapid"

	"github.com/hearthkey/hearthkey/protocol"
	"github.com/hearthkey/hearthkey/protocol/parental"
	"github.com/hearthkey/hearthkey/protocol/titles"
)

// catalog has two films, a series s of three episodes and a series r of one.
var catalog = titles.New(&protocol.Catalog{Titles: []parental.Title{
	{ID: "f1", Minutes: 100}, {ID: "f2", Minutes: 90},
	{ID: "s", Kind: parental.Series},
	{ID: "s1", Kind: parental.Episode, Series: "s", Season: 1, Episode: 1, Minutes: 30},
	{ID: "s2", Kind: parental.Episode, Series: "s", Season: 1, Episode: 2, Minutes: 30},
	{ID: "s3", Kind: parental.Episode, Series: "s", Season: 2, Episode: 1, Minutes: 30},
	{ID: "r", Kind: parental.Series},
	{ID: "r1", Kind: parental.Episode, Series: "r", Season: 1, Episode: 1},
}})

func item(what protocol.ActivityKind, title string, position, length, at int64) protocol.ActivityItem {
	return protocol.ActivityItem{Profile: "p", Title: protocol.TitleID(title), What: what, Position: position, Length: length, At: protocol.Millis(at)}
}

func ids(in []protocol.Watched) string {
	var out []string
	for _, w := range in {
		out = append(out, fmt.Sprintf("%s@%d", w.Title, w.Position))
	}
	return fmt.Sprint(out)
}

func TestApply(t *testing.T) {
	for _, tt := range []struct {
		name  string
		items []protocol.ActivityItem
		list  string
		begun string
	}{
		{"nothing", nil, "[]", "[]"},
		{"the newest is first on the list", []protocol.ActivityItem{item(protocol.Listed, "f1", 0, 0, 1), item(protocol.Listed, "f2", 0, 0, 2)}, "[f2 f1]", "[]"},
		{"listed twice", []protocol.ActivityItem{item(protocol.Listed, "f1", 0, 0, 1), item(protocol.Listed, "f2", 0, 0, 2), item(protocol.Listed, "f1", 0, 0, 3)}, "[f1 f2]", "[]"},
		{"unlisted", []protocol.ActivityItem{item(protocol.Listed, "f1", 0, 0, 1), item(protocol.Unlisted, "f1", 0, 0, 2)}, "[]", "[]"},
		{"begun", []protocol.ActivityItem{item(protocol.Started, "f1", 0, 6000, 1), item(protocol.Progress, "f1", 60, 6000, 2)}, "[]", "[f1@60]"},
		{"the newest is first", []protocol.ActivityItem{item(protocol.Started, "f1", 0, 6000, 1), item(protocol.Started, "f2", 0, 0, 2), item(protocol.Progress, "f1", 5, 6000, 3)}, "[]", "[f1@5 f2@0]"},
		{"an older word", []protocol.ActivityItem{item(protocol.Progress, "f1", 600, 6000, 9), item(protocol.Progress, "f1", 60, 6000, 8)}, "[]", "[f1@600]"},
		{"a length that is not told again", []protocol.ActivityItem{item(protocol.Started, "f1", 0, 6000, 1), item(protocol.Stopped, "f1", 5990, 0, 2)}, "[]", "[]"},
		{"a minute before the end", []protocol.ActivityItem{item(protocol.Stopped, "f1", 2940, 3000, 1)}, "[]", "[]"},
		{"earlier than that", []protocol.ActivityItem{item(protocol.Stopped, "f1", 2939, 3000, 1)}, "[]", "[f1@2939]"},
		{"two per cent before the end", []protocol.ActivityItem{item(protocol.Stopped, "f1", 5880, 6000, 1)}, "[]", "[]"},
		{"at the end of a film", []protocol.ActivityItem{item(protocol.Stopped, "f1", 6000, 6000, 1)}, "[]", "[]"},
		{"at the end of an episode", []protocol.ActivityItem{item(protocol.Stopped, "s1", 1790, 1800, 1)}, "[]", "[s2@0]"},
		{"over the end of a season", []protocol.ActivityItem{item(protocol.Stopped, "s2", 1790, 1800, 1)}, "[]", "[s3@0]"},
		{"at the end of a series", []protocol.ActivityItem{item(protocol.Stopped, "s3", 1790, 1800, 1)}, "[]", "[]"},
		{"the next one is begun", []protocol.ActivityItem{item(protocol.Stopped, "s1", 1790, 1800, 1), item(protocol.Started, "s2", 0, 1800, 2)}, "[]", "[s2@0]"},
		{"another one of the series is begun", []protocol.ActivityItem{item(protocol.Stopped, "s1", 1790, 1800, 1), item(protocol.Started, "s3", 7, 1800, 2)}, "[]", "[s3@7]"},
		{"the next one was begun before", []protocol.ActivityItem{item(protocol.Progress, "s2", 50, 1800, 1), item(protocol.Stopped, "s1", 1790, 1800, 2)}, "[]", "[s2@50]"},
		{"an unknown length is never seen", []protocol.ActivityItem{item(protocol.Stopped, "r1", 99999, 0, 1)}, "[]", "[r1@99999]"},
		{"an unknown kind", []protocol.ActivityItem{item("dreamt", "f1", 1, 2, 3)}, "[]", "[]"},
	} {
		var s Shelf
		for _, it := range tt.items {
			s = s.Apply(it, catalog)
		}
		if got := fmt.Sprint(s.List); got != tt.list {
			t.Errorf("%s: list %s, want %s", tt.name, got, tt.list)
		}
		if got := ids(s.Begun()); got != tt.begun {
			t.Errorf("%s: begun %s, want %s", tt.name, got, tt.begun)
		}
	}
}

func TestReplaceKeepsWhatTheServerNeverTells(t *testing.T) {
	s := Shelf{}.Apply(item(protocol.Stopped, "s1", 1790, 1800, 5), catalog)
	word := protocol.Library{Number: 1, Profile: "p", List: []protocol.TitleID{"f2"}, Watched: []protocol.Watched{{Title: "f1", Position: 3, At: 9}}}
	s = s.Replace(word, catalog)
	if got := ids(s.Begun()); got != "[f1@3 s2@0]" {
		t.Errorf("after the server's word: %s", got)
	}
	word.Watched = append(word.Watched, protocol.Watched{Title: "s3", Position: 8, At: 6})
	if got := ids(s.Replace(word, catalog).Begun()); got != "[f1@3 s3@8]" {
		t.Errorf("the series goes on at another TV: %s", got)
	}
}

// history draws what a profile does, in the order of its times. A title has one
// length, and r1 an unknown one.
func history(t *rapid.T) []protocol.ActivityItem {
	kinds := []protocol.ActivityKind{protocol.Listed, protocol.Unlisted, protocol.Started, protocol.Progress, protocol.Stopped}
	var out []protocol.ActivityItem
	for i := range rapid.IntRange(0, 300).Draw(t, "items") {
		it := protocol.ActivityItem{
			Profile: "p", What: rapid.SampledFrom(kinds).Draw(t, "what"), At: protocol.Millis(i + 1),
			Title:    protocol.TitleID(rapid.SampledFrom([]string{"f1", "f2", "s", "s1", "s2", "s3", "r1", fmt.Sprint("x", i)}).Draw(t, "title")),
			Position: rapid.Int64Range(0, 2000).Draw(t, "position"), Length: 1800,
		}
		if it.Title == "r1" {
			it.Length = 0
		}
		out = append(out, it)
	}
	return out
}

func apply(s Shelf, items []protocol.ActivityItem) Shelf {
	for _, it := range items {
		s = s.Apply(it, catalog)
	}
	return s
}

// TestD13_PendingOnTopOfTheServersWord: a server that has heard the first part of
// a history, and a TV that puts the rest on top of its word, come to the same as a
// TV alone.
func TestD13_PendingOnTopOfTheServersWord(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		all := history(t)
		heard := rapid.IntRange(0, len(all)).Draw(t, "heard")
		alone := apply(Shelf{}, all)
		server := apply(Shelf{}, all[:heard])
		word := protocol.Library{Number: 1, Profile: "p", List: server.List, Watched: server.Watched, Last: true}
		if _, err := protocol.Encode(word); err != nil {
			t.Fatalf("the server's word: %v", err)
		}
		got := apply(alone.Replace(word, catalog), all[heard:])
		if d := cmp.Diff(alone, got, cmpopts.EquateEmpty()); d != "" {
			t.Fatalf("with the server's word after %d of %d (-alone +with):\n%s", heard, len(all), d)
		}
		again := apply(got, all[heard:])
		if d := cmp.Diff(got.Watched, again.Watched, cmpopts.EquateEmpty()); d != "" {
			t.Fatalf("applied twice:\n%s", d)
		}
	})
}

// TestShelfIsBounded: also as JSON, which is how it is stored, and nothing of a
// Shelf changes that is not asked to.
func TestShelfIsBounded(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		var s Shelf
		for _, it := range history(t) {
			before, list := s, slices.Clone(s.List)
			s = s.Apply(it, catalog)
			if !slices.Equal(before.List, list) {
				t.Fatal("a shelf changed")
			}
			if len(s.List) > protocol.MaxOwnList || len(s.Watched) > protocol.MaxWatched || len(s.Next) > maxNext || len(s.Begun()) > protocol.MaxWatched {
				t.Fatalf("%d on the list, %d begun, %d next", len(s.List), len(s.Watched), len(s.Next))
			}
		}
		data, err := json.Marshal(s)
		if err != nil {
			t.Fatal(err)
		}
		var back Shelf
		if err := json.Unmarshal(data, &back); err != nil {
			t.Fatal(err)
		}
		if d := cmp.Diff(s, back, cmpopts.EquateEmpty()); d != "" {
			t.Fatalf("after JSON:\n%s", d)
		}
	})
}

func TestWithoutACatalogue(t *testing.T) {
	s := Shelf{}.Apply(item(protocol.Stopped, "s1", 1790, 1800, 1), nil)
	if !s.Empty() {
		t.Errorf("Shelf = %+v, want nothing", s)
	}
}
