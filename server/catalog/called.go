package catalog

import (
	"fmt"
	"maps"

	"github.com/hearthkey/hearthkey/protocol"
	"github.com/hearthkey/hearthkey/protocol/parental"
)

// Called names a title for people, an episode with its series, also one that is
// not on offer any more where [Live.Remember] was told of it. "" is one that
// nobody knows.
func (l *Live) Called(id protocol.TitleID) string {
	if t, known := l.Title(id); known {
		return called(t, l.Name(protocol.TitleID(t.Series)))
	}
	if past := l.past.Load(); past != nil {
		return (*past)[id]
	}
	return ""
}

func called(t parental.Title, series string) string {
	if series == "" {
		return t.Name
	}
	return fmt.Sprintf("%s, season %d, episode %d: %s", series, t.Season, t.Episode, t.Name)
}

// Names returns what each title of the catalogue in use is called. The caller may
// change it.
func (l *Live) Names() map[protocol.TitleID]string {
	x := l.edition().index
	c := x.Catalog()
	if c == nil {
		return map[protocol.TitleID]string{}
	}
	out := make(map[protocol.TitleID]string, len(c.Titles))
	for _, t := range c.Titles {
		out[protocol.TitleID(t.ID)] = called(t, x.Name(protocol.TitleID(t.Series)))
	}
	return out
}

// Remember takes the names of titles, on offer or not any more, in place of those
// it was told before.
func (l *Live) Remember(names map[protocol.TitleID]string) {
	names = maps.Clone(names)
	l.past.Store(&names)
}
