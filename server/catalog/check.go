package catalog

import (
	"fmt"
	"slices"
	"unicode"
	"unicode/utf8"

	"github.com/hearthkey/hearthkey/protocol"
	"github.com/hearthkey/hearthkey/protocol/parental"
)

// Bounds of a catalogue.
const (
	MaxTitles   = 2000
	MaxRows     = 50
	maxText     = 1000    // bytes of one text
	maxID       = 64      // bytes of a title's id
	maxRatings  = 8       // of one title
	maxLabel    = 64      // bytes of a rating's system or label
	maxSeason   = 1000    // number of a season
	maxEpisode  = 10_000  // number of an episode
	maxYear     = 9999    // of a title
	maxMinutes  = 48 * 60 // of a title
	maxAge      = 18      // years, as an operator may say it
	maxWarnings = 20      // unknown ratings that are told apart
)

// check holds a catalogue to the bounds and to itself. Its errors say which title
// or row is wrong, for the operator to mend.
func check(c protocol.Catalog) error {
	if len(c.Titles) > MaxTitles || len(c.Rows) > MaxRows {
		return fmt.Errorf("%d titles and %d rows, at most %d and %d", len(c.Titles), len(c.Rows), MaxTitles, MaxRows)
	}
	kinds := make(map[string]parental.Kind, len(c.Titles))
	for i, t := range c.Titles {
		_, double := kinds[t.ID]
		switch {
		case !protocol.TitleID(t.ID).Valid():
			return fmt.Errorf("title number %d: its id must be 1 to %d printable ASCII characters without spaces, not %.80q", i+1, maxID, t.ID)
		case double:
			return fmt.Errorf("title %q is there twice", t.ID)
		}
		kinds[t.ID] = t.Kind
		if err := checkTitle(t); err != nil {
			return fmt.Errorf("title %q: %w", t.ID, err)
		}
	}
	if err := checkEpisodes(c.Titles, kinds); err != nil {
		return err
	}
	return checkRows(c.Rows, kinds)
}

func checkTitle(t parental.Title) error {
	switch {
	case !text(t.Name, 1):
		return fmt.Errorf("its name is missing, longer than %d bytes, or has control characters", maxText)
	case !text(t.Genre, 0) || !text(t.Text, 0):
		return fmt.Errorf("its genre or text is longer than %d bytes, or has control characters", maxText)
	case t.Kind != parental.Film && t.Kind != parental.Series && t.Kind != parental.Episode:
		return fmt.Errorf("its kind is %.32q, not series, episode or nothing", t.Kind)
	case t.Age != nil && (*t.Age < 0 || *t.Age > maxAge):
		return fmt.Errorf("its age is %d, not 0 to %d", *t.Age, maxAge)
	case t.Year < 0 || t.Year > maxYear:
		return fmt.Errorf("its year is %d", t.Year)
	case t.Minutes < 0 || t.Minutes > maxMinutes:
		return fmt.Errorf("it takes %d minutes, at most %d", t.Minutes, maxMinutes)
	case len(t.Ratings) > maxRatings:
		return fmt.Errorf("it has %d ratings, at most %d", len(t.Ratings), maxRatings)
	}
	for _, r := range t.Ratings {
		if !text(r.System, 1) || !text(r.Label, 1) || len(r.System) > maxLabel || len(r.Label) > maxLabel {
			return fmt.Errorf("a rating needs a system and a label of 1 to %d bytes", maxLabel)
		}
	}
	return nil
}

// checkEpisodes sees that every episode has a place of its own in a series that
// is there, and nothing else has one.
func checkEpisodes(titles []parental.Title, kinds map[string]parental.Kind) error {
	type place struct {
		series          string
		season, episode int
	}
	taken := map[place]string{}
	for _, t := range titles {
		at := place{t.Series, t.Season, t.Episode}
		if t.Kind != parental.Episode {
			if at != (place{}) {
				return fmt.Errorf("title %q: only an episode has a series, a season and a number", t.ID)
			}
			continue
		}
		kind, known := kinds[t.Series]
		switch {
		case !known || kind != parental.Series:
			return fmt.Errorf("title %q: its series %.80q is not a title of kind series in this catalogue", t.ID, t.Series)
		case t.Season < 1 || t.Season > maxSeason || t.Episode < 1 || t.Episode > maxEpisode:
			return fmt.Errorf("title %q: season %d, episode %d: they count from 1 to %d and %d", t.ID, t.Season, t.Episode, maxSeason, maxEpisode)
		case taken[at] != "":
			return fmt.Errorf("title %q: %q is season %d, episode %d already", t.ID, taken[at], t.Season, t.Episode)
		}
		taken[at] = t.ID
	}
	return nil
}

func checkRows(rows []protocol.CatalogRow, kinds map[string]parental.Kind) error {
	for i, r := range rows {
		if !text(r.Name, 1) || len(r.Titles) > MaxTitles {
			return fmt.Errorf("row number %d has a missing or long name, or too many titles", i+1)
		}
		for _, id := range r.Titles {
			if _, known := kinds[string(id)]; !known {
				return fmt.Errorf("row %q has %.80q, which is not a title of this catalogue", r.Name, id)
			}
		}
	}
	return nil
}

func text(s string, low int) bool {
	if len(s) < low || len(s) > maxText || !utf8.ValidString(s) {
		return false
	}
	for _, r := range s {
		if unicode.IsControl(r) || turns(r) {
			return false
		}
	}
	return true
}

// turns reports whether a character changes the direction of what follows it, on the
// screen of whoever reads it beside other text. Marks of direction are none: titles
// in Arabic or Hebrew have them.
func turns(r rune) bool { return r >= '\u202a' && r <= '\u202e' || r >= '\u2066' && r <= '\u2069' }

// Unknown returns the ratings of c that the play decision does not know, each
// once, at most 20: their titles count as [parental.UnratedAge] where the
// operator gave no age. It is for a warning: more often than not they are a slip.
func Unknown(c protocol.Catalog) []parental.Rating {
	var out []parental.Rating
	for _, t := range c.Titles {
		for _, r := range t.Ratings {
			if _, known := r.Age(); !known && t.Age == nil && !slices.Contains(out, r) && len(out) < maxWarnings {
				out = append(out, r)
			}
		}
	}
	return out
}
