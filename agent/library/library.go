// Package library keeps what one profile has on its own list and has begun to
// watch, on the TV where it does so.
//
// The server's word ([protocol.Library]) comes after the TV's own by as long as
// the network takes, days where there is none. So a TV applies what happens on it
// at once ([Shelf.Apply]), and puts what the server does not know yet on top of
// every newer word from there ([Shelf.Replace], then Apply for each waiting item).
//
// One thing the server never tells: which episode follows one that was seen to its
// end. It has no order of its own for the catalogue, so the TV finds it and keeps
// it ([Shelf.Next]) until the profile begins it or goes on elsewhere.
//
// A Shelf is a value: no method changes what another Shelf holds. Everything is
// pure and safe for concurrent use. The tests apply random histories, and compare
// a TV with and without a server.
package library

import (
	"cmp"
	"slices"

	"github.com/hearthkey/hearthkey/protocol"
	"github.com/hearthkey/hearthkey/protocol/titles"
)

// maxNext bounds the episodes that follow one seen to its end.
const maxNext = 10

// A title counts as seen within these of its end, as on the server.
const (
	endTime = 60 // seconds
	endPart = 50 // a fiftieth: 2 %
)

// Shelf is the library of one profile. It is stored as JSON.
type Shelf struct {
	List    []protocol.TitleID `json:"list,omitempty"`    // newest first, at most [protocol.MaxOwnList]
	Watched []protocol.Watched `json:"watched,omitempty"` // newest first, at most [protocol.MaxWatched]
	Next    []protocol.Watched `json:"next,omitempty"`    // episodes after those seen to the end, newest first
}

// Empty reports whether nothing is on the shelf.
func (s Shelf) Empty() bool { return len(s.List)+len(s.Watched)+len(s.Next) == 0 }

// Seen reports whether who left a title of this length (in seconds, 0 where
// unknown) at position has seen it to its end.
func Seen(position, length int64) bool {
	return length > 0 && position >= length-max(endTime, length/endPart)
}

// Begun is what is offered to go on with, newest first: titles begun and not seen
// to the end, and episodes after those that were.
func (s Shelf) Begun() []protocol.Watched {
	all := slices.Concat(s.Watched, s.Next)
	slices.SortStableFunc(all, func(a, b protocol.Watched) int { return cmp.Compare(b.At, a.At) })
	return all[:min(len(all), protocol.MaxWatched)]
}

// Apply returns the shelf after the profile did something with a title. What is
// older than what the shelf knows of that title changes nothing. x finds the
// episode after one that was seen to its end.
func (s Shelf) Apply(it protocol.ActivityItem, x *titles.Index) Shelf {
	switch it.What {
	case protocol.Listed:
		s.List = without(s.List, it.Title)
		s.List = slices.Insert(s.List, 0, it.Title)
		s.List = s.List[:min(len(s.List), protocol.MaxOwnList)]
	case protocol.Unlisted:
		s.List = without(s.List, it.Title)
	case protocol.Started, protocol.Progress, protocol.Stopped:
		return s.watch(protocol.Watched{Title: it.Title, Position: it.Position, Length: it.Length, At: it.At}, x)
	}
	return s
}

// watch notes how far the profile is in a title.
func (s Shelf) watch(w protocol.Watched, x *titles.Index) Shelf {
	if old, ok := find(s.Watched, w.Title); ok {
		if old.At > w.At {
			return s
		}
		if w.Length == 0 {
			w.Length = old.Length
		}
	}
	s.Watched = drop(s.Watched, w.Title)
	s.Next = s.elsewhere(w, x)
	if !Seen(w.Position, w.Length) {
		s.Watched = put(s.Watched, w, protocol.MaxWatched)
		return s
	}
	if next, ok := x.Next(w.Title); ok {
		id := protocol.TitleID(next.ID)
		if _, begun := find(s.Watched, id); !begun {
			s.Next = put(s.Next, protocol.Watched{Title: id, Length: int64(next.Minutes) * 60, At: w.At}, maxNext)
		}
	}
	return s
}

// elsewhere leaves out of Next what is of the series that the profile watches now:
// it begins that episode, or goes on from another.
func (s Shelf) elsewhere(w protocol.Watched, x *titles.Index) []protocol.Watched {
	return slices.DeleteFunc(slices.Clone(s.Next), func(n protocol.Watched) bool {
		return n.Title == w.Title || n.At <= w.At && sameSeries(x, n.Title, w.Title)
	})
}

func sameSeries(x *titles.Index, a, b protocol.TitleID) bool {
	one, ok := x.Title(a)
	other, too := x.Title(b)
	return ok && too && one.Series != "" && one.Series == other.Series
}

// Replace returns the shelf with the server's word l in place of what it said
// before. The episodes that follow stay, unless l tells of their series something
// newer.
func (s Shelf) Replace(l protocol.Library, x *titles.Index) Shelf {
	out := Shelf{List: l.List[:min(len(l.List), protocol.MaxOwnList)], Watched: l.Watched[:min(len(l.Watched), protocol.MaxWatched)], Next: s.Next}
	for _, w := range out.Watched {
		out.Next = out.elsewhere(w, x)
	}
	return out
}

func find(in []protocol.Watched, id protocol.TitleID) (protocol.Watched, bool) {
	i := slices.IndexFunc(in, func(w protocol.Watched) bool { return w.Title == id })
	if i < 0 {
		return protocol.Watched{}, false
	}
	return in[i], true
}

func drop(from []protocol.Watched, id protocol.TitleID) []protocol.Watched {
	return slices.DeleteFunc(slices.Clone(from), func(w protocol.Watched) bool { return w.Title == id })
}

// put inserts w by its time and keeps the newest.
func put(in []protocol.Watched, w protocol.Watched, most int) []protocol.Watched {
	in = drop(in, w.Title)
	i := slices.IndexFunc(in, func(o protocol.Watched) bool { return o.At <= w.At })
	if i < 0 {
		i = len(in)
	}
	in = slices.Insert(in, i, w)
	return in[:min(len(in), most)]
}

func without(list []protocol.TitleID, id protocol.TitleID) []protocol.TitleID {
	return slices.DeleteFunc(slices.Clone(list), func(o protocol.TitleID) bool { return o == id })
}
