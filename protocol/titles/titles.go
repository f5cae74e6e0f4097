// Package titles looks titles up in a catalogue: by id, by what a person types,
// and an episode's place in its series. The TV and the server use the same, so
// that a search finds the same and an episode counts as the same age on both.
//
// It decides nothing: whoever shows or plays what it returns asks
// [parental.Decide] first.
//
// An [Index] never changes and is safe for concurrent use; its catalogue may not
// be changed while it is in use. A nil Index is one of an empty catalogue. The
// tests compare it with slow and plain searches of the whole catalogue.
package titles

import (
	"cmp"
	"slices"

	"github.com/hearthkey/hearthkey/protocol"
	"github.com/hearthkey/hearthkey/protocol/parental"
)

// Index finds the titles of one catalogue. Make one with [New].
type Index struct {
	catalog  *protocol.Catalog
	at       map[protocol.TitleID]int32   // place in catalog.Titles
	episodes map[protocol.TitleID][]int32 // of each series, in order
	names    []string                     // as [fold] makes them, by place
}

// New makes the index of c, which may be nil. Of titles with the same id only the
// first is known, and one without an id is not. An episode whose series is not in
// c stands alone.
func New(c *protocol.Catalog) *Index {
	x := &Index{catalog: c}
	if c == nil {
		return x
	}
	x.at = make(map[protocol.TitleID]int32, len(c.Titles))
	x.names = make([]string, len(c.Titles))
	for i := range c.Titles {
		id := protocol.TitleID(c.Titles[i].ID)
		if _, double := x.at[id]; id == "" || double {
			continue
		}
		x.at[id], x.names[i] = int32(i), fold(c.Titles[i].Name)
	}
	x.group()
	return x
}

// group orders the episodes of every series.
func (x *Index) group() {
	x.episodes = map[protocol.TitleID][]int32{}
	all := x.catalog.Titles
	for i := range all {
		if series, ok := x.seriesOf(&all[i]); ok && x.known(i) {
			id := protocol.TitleID(series.ID)
			x.episodes[id] = append(x.episodes[id], int32(i))
		}
	}
	for _, list := range x.episodes {
		slices.SortStableFunc(list, func(a, b int32) int {
			return cmp.Or(cmp.Compare(all[a].Season, all[b].Season), cmp.Compare(all[a].Episode, all[b].Episode))
		})
	}
}

// known reports whether the title at place i is the one that its id means.
func (x *Index) known(i int) bool {
	at, ok := x.at[protocol.TitleID(x.catalog.Titles[i].ID)]
	return ok && at == int32(i)
}

// seriesOf returns the series of an episode, and false for anything else.
func (x *Index) seriesOf(t *parental.Title) (*parental.Title, bool) {
	at, ok := x.at[protocol.TitleID(t.Series)]
	if !ok || t.Kind != parental.Episode || x.catalog.Titles[at].Kind != parental.Series {
		return nil, false
	}
	return &x.catalog.Titles[at], true
}

// Catalog returns what the index was made of; nil for none.
func (x *Index) Catalog() *protocol.Catalog {
	if x == nil {
		return nil
	}
	return x.catalog
}

// Title returns the title with this id. An episode without an age and without
// ratings has those of its series.
func (x *Index) Title(id protocol.TitleID) (parental.Title, bool) {
	if x == nil {
		return parental.Title{}, false
	}
	at, ok := x.at[id]
	if !ok {
		return parental.Title{}, false
	}
	return x.title(at), true
}

func (x *Index) title(at int32) parental.Title {
	t := x.catalog.Titles[at]
	if t.Age == nil && len(t.Ratings) == 0 {
		if series, ok := x.seriesOf(&t); ok {
			t.Age, t.Ratings = series.Age, series.Ratings
		}
	}
	return t
}

// Name returns the title's name, for people: "" for one that is not known.
func (x *Index) Name(id protocol.TitleID) string {
	t, _ := x.Title(id)
	return t.Name
}

// Episodes returns the episodes of a series by season and number; those with the
// same numbers in the order of the catalogue.
func (x *Index) Episodes(series protocol.TitleID) []parental.Title {
	if x == nil || len(x.episodes[series]) == 0 {
		return nil
	}
	out := make([]parental.Title, len(x.episodes[series]))
	for i, at := range x.episodes[series] {
		out[i] = x.title(at)
	}
	return out
}

// Next returns the episode that follows this one in its series, also where a
// season ends between them. It is false after the last and for anything that is
// no episode.
func (x *Index) Next(episode protocol.TitleID) (parental.Title, bool) {
	if x == nil {
		return parental.Title{}, false
	}
	at, ok := x.at[episode]
	if !ok {
		return parental.Title{}, false
	}
	list := x.episodes[protocol.TitleID(x.catalog.Titles[at].Series)]
	if i := slices.Index(list, at); i >= 0 && i+1 < len(list) {
		return x.title(list[i+1]), true
	}
	return parental.Title{}, false
}
