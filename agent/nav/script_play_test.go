package nav

import (
	"fmt"
	"strconv"
	"strings"

	"github.com/hearthkey/hearthkey/protocol"
	"github.com/hearthkey/hearthkey/protocol/parental"
)

// seriesCatalog is what is on where there are series too: The Lantern Keepers,
// of two seasons, for 6 and up, but for the first episode of the second.
func seriesCatalog() *protocol.Catalog {
	c := demoCatalog()
	age := func(n int) *int { return &n }
	c.Titles = append(c.Titles, parental.Title{
		ID: "keepers", Name: "The Lantern Keepers", Kind: parental.Series, Year: 2022, Genre: "Adventure", Text: "Two keepers, one light.", Age: age(6),
	})
	for _, e := range []struct {
		id, name        string
		season, episode int
		age             *int
	}{
		{"k13", "The Long Night", 1, 3, nil}, {"k11", "First Light", 1, 1, nil}, {"k12", "Salt Water", 1, 2, nil},
		{"k21", "The Wreck", 2, 1, age(16)}, {"k22", "Home", 2, 2, nil},
	} {
		c.Titles = append(c.Titles, parental.Title{
			ID: e.id, Name: e.name, Kind: parental.Episode, Minutes: 40, Series: "keepers", Season: e.season, Episode: e.episode, Age: e.age,
		})
	}
	c.Rows = append(c.Rows, protocol.CatalogRow{Name: "Series", Titles: []protocol.TitleID{"keepers"}})
	return c
}

// launch asks to play a title from outside: "launch deep_link tide".
func (s *story) launch(args []string) {
	s.t.Helper()
	s.step(Launch{Path: parental.Path(args[0]), Title: protocol.TitleID(args[1]), Source: s.source, At: s.now})
}

// parental reads "none", or "pin2:above3:titles=ember+keepers".
func (s *story) parental(v string) *protocol.Parental {
	s.t.Helper()
	if v == "none" {
		return nil
	}
	p := &protocol.Parental{PIN: 1}
	for _, w := range strings.Split(v, ":") {
		switch {
		case strings.HasPrefix(w, "pin"):
			p.PIN = int64(s.number(w[3:]))
		case strings.HasPrefix(w, "above"):
			p.Above = parental.Level(s.number(w[5:]))
		case strings.HasPrefix(w, "titles="):
			p.Titles = titleIDs(w[7:])
		default:
			s.fail("unknown %q", w)
		}
	}
	return p
}

func titleIDs(v string) []protocol.TitleID {
	var out []protocol.TitleID
	for _, id := range strings.Split(v, "+") {
		out = append(out, protocol.TitleID(id))
	}
	return out
}

// library reads "none", or "kim list=tide+ember watched=ember@600/5880+k12@90/2400".
func (s *story) library(v string) *Library {
	s.t.Helper()
	if v == "none" {
		return nil
	}
	words := strings.Fields(v)
	lib := &Library{Profile: protocol.ProfileID(words[0])}
	for _, w := range words[1:] {
		if list, ok := strings.CutPrefix(w, "list="); ok {
			lib.List = titleIDs(list)
			continue
		}
		for _, entry := range strings.Split(strings.TrimPrefix(w, "watched="), "+") {
			id, rest, _ := strings.Cut(entry, "@")
			at, length, _ := strings.Cut(rest, "/")
			lib.Watched = append(lib.Watched, protocol.Watched{
				Title: protocol.TitleID(id), Position: int64(s.number(at)), Length: int64(s.number(length)),
			})
		}
	}
	return lib
}

// waiting reads "ben:45s, parental:1m:elsewhere".
func (s *story) waiting(v string) []Wait {
	s.t.Helper()
	var out []Wait
	for _, entry := range strings.Split(v, ",") {
		if words := strings.Split(strings.TrimSpace(entry), ":"); len(words) > 1 {
			out = append(out, Wait{Profile: protocol.ProfileID(words[0]), Left: s.duration(words[1]), Elsewhere: len(words) > 2})
		}
	}
	return out
}

// shownPlaying returns what the view shows of what can be played.
func shownPlaying(v View, what string) (string, bool) {
	all := append([]Item(nil), v.Items...)
	for _, r := range v.Rows {
		all = append(all, r.Items...)
	}
	var out []string
	switch what {
	case "poster":
		return v.Poster, true
	case "badge":
		return v.Badge, true
	case "padlock":
		return strconv.FormatBool(v.Locked), true
	case "watched":
		return strconv.FormatFloat(v.Progress, 'g', -1, 64), true
	case "names": // of all titles in rows
		for _, r := range v.Rows {
			for _, it := range r.Items {
				out = append(out, joined(it.Label, it.Detail))
			}
		}
		return strings.Join(out, " / "), true
	case "padlocks":
		for _, it := range all {
			if it.Locked {
				out = append(out, it.ID)
			}
		}
		return strings.Join(out, " "), true
	case "bars":
		for _, it := range all {
			if it.Progress > 0 {
				out = append(out, fmt.Sprintf("%s:%g", it.ID, it.Progress))
			}
		}
		return strings.Join(out, " "), true
	case "playing":
		if v.Player == nil {
			return "", true
		}
		return joined(v.Player.Title, v.Player.Detail), true
	case "then":
		if v.Player == nil {
			return "", true
		}
		return v.Player.Next, true
	case "card":
		if v.Card == nil {
			return "", true
		}
		return joined(v.Card.Title, v.Card.Detail, v.Card.Badge), true
	case "left":
		if v.Card == nil {
			return "", true
		}
		return strconv.FormatInt(v.Card.Left, 10), true
	}
	return "", false
}
