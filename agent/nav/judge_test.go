package nav

import (
	"github.com/hearthkey/hearthkey/protocol"
	"github.com/hearthkey/hearthkey/protocol/parental"
)

// judge decides what may play from the raw catalogue and the household, by code
// of its own: it shares nothing with the decision that nav asks.
type judge struct {
	catalog *protocol.Catalog
	titles  map[protocol.TitleID]parental.Title
}

// of makes the judge of a catalogue; the one before is kept while it is the same.
func (j *judge) of(c *protocol.Catalog) {
	if j.titles != nil && j.catalog == c {
		return
	}
	j.catalog, j.titles = c, map[protocol.TitleID]parental.Title{}
	if c == nil {
		return
	}
	for _, t := range c.Titles {
		if _, double := j.titles[protocol.TitleID(t.ID)]; !double {
			j.titles[protocol.TitleID(t.ID)] = t
		}
	}
}

// ages that each level may watch, as product rule P5 has them.
var levelAges = map[parental.Level]int{1: 0, 2: 7, 3: 13, 4: 16, 5: 18}

// verdict is "allow", "pin" or "refuse" for a profile and a title.
func (j *judge) verdict(p protocol.Profile, house *protocol.Parental, id protocol.TitleID) string {
	t, ok := j.titles[id]
	most, level := levelAges[p.Level]
	if !ok || !level {
		return "refuse"
	}
	names := map[protocol.TitleID]bool{id: true}
	if t.Series != "" {
		names[protocol.TitleID(t.Series)] = true
	}
	age := j.age(t)
	for _, b := range p.Blocked {
		if names[b] {
			return "refuse"
		}
	}
	if age < 0 || age > most {
		return "refuse"
	}
	if house == nil {
		return "allow"
	}
	for _, b := range house.Titles {
		if names[b] {
			return "pin"
		}
	}
	if above, ok := levelAges[house.Above]; house.Above != 0 && (!ok || age > above) {
		return "pin"
	}
	return "allow"
}

func (j *judge) age(t parental.Title) int {
	rated := func(t parental.Title) (int, bool) {
		if t.Age != nil {
			return *t.Age, true
		}
		oldest := 0
		for _, r := range t.Ratings {
			a, ok := r.Age()
			if !ok {
				a = 18
			}
			oldest = max(oldest, a)
		}
		return oldest, len(t.Ratings) > 0
	}
	if a, ok := rated(t); ok {
		return a
	}
	if series, ok := j.titles[protocol.TitleID(t.Series)]; ok && t.Kind == parental.Episode && series.Kind == parental.Series {
		if a, ok := rated(series); ok {
			return a
		}
	}
	return 18
}

// series is that of an episode; empty for anything else.
func (j *judge) series(id protocol.TitleID) string {
	if t := j.titles[id]; t.Kind == parental.Episode {
		return t.Series
	}
	return ""
}
