package profile

import (
	"fmt"
	"strings"

	"github.com/hearthkey/hearthkey/protocol"
	"github.com/hearthkey/hearthkey/server/account"
	"github.com/hearthkey/hearthkey/server/timeline"
)

// done is what an entry of the timeline tells was done to a profile.
var done = map[timeline.Kind]account.Done{
	timeline.ProfileAdded:   account.DoneAdded,
	timeline.ProfileRemoved: account.DoneRemoved,
}

// profileDiff says what is different, for people.
func profileDiff(was, is protocol.Profile) string {
	var out []string
	if was.Name != is.Name {
		out = append(out, "It was called “"+was.Name+"”.")
	}
	if was.Level != is.Level {
		out = append(out, "The level was "+was.Level.String()+" and is "+is.Level.String()+".")
	}
	if was.Kids != is.Kids {
		text := "It is a kids profile now."
		if was.Kids {
			text = "It is no kids profile any more."
		}
		out = append(out, text)
	}
	if was.Avatar != is.Avatar {
		out = append(out, "It has another picture.")
	}
	if was.Language != is.Language {
		out = append(out, "It has another language.")
	}
	return strings.Join(out, " ")
}

// Bounds of what is said of titles: a mail cuts what is longer.
const (
	maxNamed     = 3  // titles by name
	maxTitleName = 40 // characters of one
)

// titlesDiff says which titles were added and removed; empty: nothing.
func (s *Service) titlesDiff(added, removed string, was, is []protocol.TitleID) string {
	var out []string
	if list := titlesAway(is, was); len(list) > 0 {
		out = append(out, added+": "+s.named(list)+".")
	}
	if list := titlesAway(was, is); len(list) > 0 {
		out = append(out, removed+": "+s.named(list)+".")
	}
	return strings.Join(out, " ")
}

// named is “Salt and Iron”, “The Otter Post”, “Pilot” and 2 more.
func (s *Service) named(ids []protocol.TitleID) string {
	var names []string
	for _, id := range ids[:min(len(ids), maxNamed)] {
		name := string(id)
		if s.c.Title != nil && s.c.Title(id) != "" {
			name = s.c.Title(id)
		}
		if long := []rune(name); len(long) > maxTitleName {
			name = string(long[:maxTitleName-1]) + "…"
		}
		names = append(names, "“"+name+"”")
	}
	if more := len(ids) - len(names); more > 0 {
		return strings.Join(names, ", ") + fmt.Sprintf(" and %d more", more)
	}
	return strings.Join(names, ", ")
}
