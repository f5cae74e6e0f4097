package nav

import (
	"math"
	"slices"
	"time"

	"github.com/hearthkey/hearthkey/agent/library"
	"github.com/hearthkey/hearthkey/protocol"
	"github.com/hearthkey/hearthkey/protocol/parental"
)

// takeLibrary takes over what the profile in use has on its list and has begun.
// That of any other profile is nothing here (product rule P10).
func (s *stepper) takeLibrary() {
	w := s.world.Library
	switch {
	case s.watching.id == "" || w == nil || w.Profile != s.watching.id:
		s.library = nil
	default:
		own := *w
		own.List = own.List[:min(len(own.List), protocol.MaxOwnList)]
		own.Watched = own.Watched[:min(len(own.Watched), protocol.MaxWatched)]
		s.library = &own
	}
}

// remember notes how far the profile is, before the next World says the same.
func (s *stepper) remember(p Playback) {
	if s.library == nil {
		return
	}
	own := *s.library
	w := protocol.Watched{Title: p.Title, Position: p.Position, Length: p.Length}
	list := make([]protocol.Watched, 1, len(own.Watched)+1)
	for _, old := range own.Watched {
		w.At = max(w.At, old.At)
		if old.Title != p.Title && len(list) < protocol.MaxWatched {
			list = append(list, old)
		}
	}
	list[0] = w
	own.Watched = list
	s.library = &own
}

// listed reports whether the title is on the profile's list.
func (m *Model) listed(id protocol.TitleID) bool {
	return m.library != nil && slices.Contains(m.library.List, id)
}

// list puts the title on the profile's list, or takes it off. It shows at once.
func (s *stepper) list(id protocol.TitleID, on bool) {
	if s.library == nil {
		return
	}
	own := *s.library
	list := make([]protocol.TitleID, 0, len(own.List)+1)
	if on {
		list = append(list, id)
	}
	for _, old := range own.List {
		if old != id && len(list) < protocol.MaxOwnList {
			list = append(list, old)
		}
	}
	own.List = list
	s.library = &own
	s.emit(ListTitle{Profile: s.watching.id, Title: id, On: on})
}

// watched returns how far the profile is in a title.
func (m *Model) watched(id protocol.TitleID) (protocol.Watched, bool) {
	if m.library == nil {
		return protocol.Watched{}, false
	}
	for _, w := range m.library.Watched {
		if w.Title == id {
			return w, true
		}
	}
	return protocol.Watched{}, false
}

// ended reports whether a title was watched to its end.
func ended(w protocol.Watched) bool { return library.Seen(w.Position, w.Length) }

// resumeAt is where a title goes on: 0 is its beginning.
func (m *Model) resumeAt(id protocol.TitleID) time.Duration {
	w, ok := m.watched(id)
	if !ok || ended(w) || w.Position <= 0 {
		return 0
	}
	return time.Duration(min(w.Position, int64(maxLength/time.Second))) * time.Second
}

// progress is how much of a title the profile has watched, 0 to 1, in hundredths.
func (m *Model) progress(t *parental.Title) float64 {
	w, ok := m.watched(protocol.TitleID(t.ID))
	length := w.Length
	if length <= 0 {
		length = int64(max(t.Minutes, 0)) * 60
	}
	switch {
	case !ok || w.Position <= 0 || length <= 0:
		return 0
	case ended(w):
		return 1
	}
	return min(max(math.Round(float64(w.Position)/float64(length)*100)/100, 0.01), 1)
}

// goingOn returns the titles that the profile is in the middle of, newest first.
// After an episode that was watched to its end comes the next one, and a series
// is there once.
func (m *Model) goingOn() []parental.Title {
	if m.library == nil {
		return nil
	}
	var out []parental.Title
	seen := make(map[protocol.TitleID]bool, len(m.library.Watched))
	for _, w := range m.library.Watched {
		t, ok := m.findTitle(w.Title)
		if !ok || t.Kind == parental.Series || seen[scopeOf(t)] {
			continue
		}
		seen[scopeOf(t)] = true
		if ended(w) {
			if t, ok = m.nextOf(w.Title); !ok {
				continue
			}
		}
		if shown, _ := m.shows(&t); shown {
			out = append(out, t)
		}
	}
	return out
}

// nextOf returns the episode after this one.
func (m *Model) nextOf(id protocol.TitleID) (parental.Title, bool) {
	t, ok := m.titles.Next(id)
	return t, ok && soundID(t.ID)
}

// episodes returns those episodes of a series that may be shown, in order.
func (m *Model) episodes(series protocol.TitleID) []parental.Title {
	return slices.DeleteFunc(m.titles.Episodes(series), func(t parental.Title) bool {
		shown, _ := m.shows(&t)
		return !shown || !soundID(t.ID)
	})
}

// upNow returns the episode of a series that the profile would watch now: the one
// it is in the middle of, or the one after the last it saw; else the first.
func (m *Model) upNow(series protocol.TitleID) (parental.Title, bool) {
	list := m.episodes(series)
	if len(list) == 0 {
		return parental.Title{}, false
	}
	if m.library == nil {
		return list[0], true
	}
	for _, w := range m.library.Watched {
		i := slices.IndexFunc(list, func(t parental.Title) bool { return t.ID == string(w.Title) })
		switch {
		case i < 0:
			continue
		case ended(w):
			return list[(i+1)%len(list)], true
		}
		return list[i], true
	}
	return list[0], true
}
