package nav

import (
	"encoding/json"
	"strings"
	"testing"
	"time"

	"github.com/hearthkey/hearthkey/protocol"
	"github.com/hearthkey/hearthkey/protocol/parental"
)

// secondEpisode is the title that every way leads to.
const secondEpisode = "e2"

// ways are all ways to play the second episode, from the home of a profile that may
// watch the first. A way is not there where the title is not shown.
var ways = map[string]func(t *testing.T, m Model) Model{
	"a row":                          fromHome("0", "OK OK"),
	"a row, with the Play key":       fromHome("0", "PlayPause"),
	"continue watching":              fromHome("on", "OK OK"),
	"the own list, at its beginning": fromHome("list", "OK Down OK"),
	"its series": func(t *testing.T, m Model) Model {
		if m.home.seek("s"); m.home.focused() != "1/s" {
			return m
		}
		m = keysOf(t, m, "OK Down Down Down Down")
		if m.page.seek(secondEpisode); !strings.HasSuffix(m.page.focused(), "/"+secondEpisode) {
			return m
		}
		return keysOf(t, m, "OK OK")
	},
	"search": func(t *testing.T, m Model) Model {
		m, _ = Step(m, Text{Text: "the seco"})
		return keysOf(t, m, "OK PlayPause")
	},
	"the next episode, chosen": func(t *testing.T, m Model) Model {
		return keysOf(t, playFirst(t, m), "Down OK")
	},
	"the next episode, by itself": func(t *testing.T, m Model) Model {
		m = playFirst(t, m)
		for range 2 {
			m, _ = Step(m, Tick{At: m.now + 2*time.Hour})
		}
		return m
	},
	"a deep link":          launched(parental.DeepLink, ""),
	"a remote":             launched(parental.Remote, ""),
	"a launch at the gate": launched(parental.DeepLink, "Menu Down Down OK"),
}

// fromHome presses keys on the title in the home's row whose ids begin so.
func fromHome(row, keys string) func(t *testing.T, m Model) Model {
	return func(t *testing.T, m Model) Model {
		for i := range m.home.rows {
			for j, it := range m.home.rows[i].Items {
				if it.ID == row+"/"+secondEpisode {
					m.home.row = i
					m.home.to(j)
					return keysOf(t, m, keys)
				}
			}
		}
		return m
	}
}

// launched asks for the title from outside, before or after somebody is there.
func launched(path parental.Path, leave string) func(t *testing.T, m Model) Model {
	return func(t *testing.T, m Model) Model {
		m = keysOf(t, m, leave)
		m, _ = Step(m, Launch{Title: secondEpisode, Path: path, Source: Source{Kind: Relayed}})
		if leave != "" {
			m = keysOf(t, m, "OK")
		}
		return m
	}
}

func playFirst(t *testing.T, m Model) Model {
	t.Helper()
	m, _ = Step(m, Launch{Title: "e1", Path: parental.DeepLink})
	if p, _ := m.Playing(); p.Title != "e1" {
		t.Fatalf("the first episode does not play: %+v", m.View())
	}
	return m
}

// TestP8_EveryWayAsksTheOneDecision tries each way under each rule: it plays, asks
// for the parental PIN, or leads nowhere and does not even show the name.
func TestP8_EveryWayAsksTheOneDecision(t *testing.T) {
	age := func(n int) *int { return &n }
	catalog := &protocol.Catalog{
		Titles: []parental.Title{
			{ID: "s", Name: "Show", Kind: parental.Series, Age: age(0)},
			{ID: "e1", Name: "The First One", Kind: parental.Episode, Series: "s", Season: 1, Episode: 1, Minutes: 60},
			{ID: "e2", Name: "The Second One", Kind: parental.Episode, Series: "s", Season: 1, Episode: 2, Minutes: 60, Age: age(16)},
		},
		Rows: []protocol.CatalogRow{{Name: "Row", Titles: []protocol.TitleID{"e2"}}, {Name: "More", Titles: []protocol.TitleID{"s"}}},
	}
	rules := []struct {
		name     string
		profile  protocol.Profile
		parental *protocol.Parental
		want     parental.Verdict
	}{
		{"nothing", protocol.Profile{Level: parental.All}, nil, parental.Allow},
		{"a parental PIN for others", protocol.Profile{Level: parental.All}, &protocol.Parental{PIN: 1, Above: parental.Adults}, parental.Allow},
		{"the level", protocol.Profile{Level: parental.Teens}, nil, parental.Refuse},
		{"the level, before the PIN", protocol.Profile{Level: parental.Teens}, &protocol.Parental{PIN: 1, Titles: []protocol.TitleID{"e2"}}, parental.Refuse},
		{"a block", protocol.Profile{Level: parental.All, Blocked: []protocol.TitleID{"e2"}}, nil, parental.Refuse},
		{"a parental PIN above a level", protocol.Profile{Level: parental.All}, &protocol.Parental{PIN: 1, Above: parental.Teens}, parental.NeedsPIN},
		{"a parental PIN for the title", protocol.Profile{Level: parental.All}, &protocol.Parental{PIN: 1, Titles: []protocol.TitleID{"e2"}}, parental.NeedsPIN},
		{"no level", protocol.Profile{Level: 9}, nil, parental.Refuse},
	}
	for _, rule := range rules {
		rule.profile.ID, rule.profile.Name = "p", "P"
		w := World{
			Phase: Active, Catalog: catalog, Profiles: []protocol.Profile{rule.profile}, Household: Household{Parental: rule.parental},
			Library: &Library{Profile: "p", List: []protocol.TitleID{"e2"}, Watched: []protocol.Watched{{Title: "e2", Position: 600, Length: 3600}}},
		}
		start, _ := Step(Model{}, w)
		start = keysOf(t, start, "OK")
		for name, way := range ways {
			if rule.profile.Level == 9 && strings.HasPrefix(name, "the next") {
				continue // it may not watch the first one either
			}
			m := way(t, start)
			v := m.View()
			got := parental.Refuse
			if p, plays := m.Playing(); plays && p.Title == secondEpisode {
				got = parental.Allow
			} else if v.Screen == ScreenPIN && v.Poster == secondEpisode {
				got = parental.NeedsPIN
			}
			if got != rule.want {
				t.Errorf("%s, by %s: %s, want %s (%s)", rule.name, name, got, rule.want, v.Screen)
			}
			if data, _ := json.Marshal(v); rule.want == parental.Refuse && strings.Contains(string(data), "Second") {
				t.Errorf("%s, by %s: its name is shown: %s", rule.name, name, data)
			}
		}
	}
}
