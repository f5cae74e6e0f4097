package nav

import (
	"strings"

	"github.com/hearthkey/hearthkey/protocol"
	"github.com/hearthkey/hearthkey/protocol/parental"
)

// joined puts what there is behind one another: 2024 · 1 h 52 min · Drama.
func joined(parts ...string) string {
	var b strings.Builder
	for _, p := range parts {
		if p == "" {
			continue
		}
		if b.Len() > 0 {
			b.WriteString(" · ")
		}
		b.WriteString(p)
	}
	return b.String()
}

// facts is the line under a title's name: 2024 · 1 h 52 min · Drama.
func facts(t *parental.Title) string {
	year := ""
	if t.Year > 0 {
		year = itoa(t.Year)
	}
	return joined(year, length(t), clean(t.Genre, maxLabel))
}

// length is how long a title is, as a person reads it.
func length(t *parental.Title) string {
	switch {
	case t.Minutes >= 60:
		return text(msgHours, "h", itoa(t.Minutes/60), "m", itoa(t.Minutes%60))
	case t.Minutes > 0:
		return text(msgMinutes, "m", itoa(t.Minutes))
	}
	return ""
}

// seriesName is the name of an episode's series; empty where there is none.
func (m *Model) seriesName(t *parental.Title) string {
	if t.Kind != parental.Episode {
		return ""
	}
	series, ok := m.findTitle(protocol.TitleID(t.Series))
	if !ok {
		return ""
	}
	if shown, _ := m.shows(&series); !shown {
		return ""
	}
	return clean(series.Name, maxLabel)
}

// episodeNumber is S1 E3.
func episodeNumber(t *parental.Title) string {
	return text(msgEpisodeNumber, "season", itoa(t.Season), "n", itoa(t.Episode))
}

// episodeName is S1 E3 · Salt Water.
func (m *Model) episodeName(t *parental.Title) string {
	return joined(episodeNumber(t), clean(t.Name, maxLabel))
}

// rating is the age rating that a person reads.
func rating(t *parental.Title) string {
	age := t.YoungestAge()
	if age <= 0 {
		return text(msgForAll)
	}
	return text(msgFromAge, "age", itoa(age))
}
