package web

import (
	"fmt"
	"html/template"
	"strings"
	"time"

	"github.com/hearthkey/hearthkey/protocol/words"
	"github.com/hearthkey/hearthkey/server/speech"
)

// tongue says in one language what pages are filled with: the code of the pages
// makes it in English.
type tongue struct{ c words.Catalogue }

// shown says a sentence of ours.
func (in tongue) shown(english string) string { return speech.Shown(in.c.Language(), english) }

// say is shown for whatever a template shows: numbers and finished HTML stay.
func (in tongue) say(v any) any {
	switch v := v.(type) {
	case string:
		return in.shown(v)
	case fmt.Stringer:
		return in.shown(v.String())
	}
	return v
}

// place says where something was: the country's name is of the language.
func (in tongue) place(english string) string { return speech.Place(in.c.Language(), english) }

// agent says what a browser is called.
func (in tongue) agent(english string) string { return speech.Agent(in.c.Language(), english) }

// from says who did something, with what and from where.
func (in tongue) from(english string) string {
	parts := strings.Split(english, " · ")
	for i, part := range parts {
		if place, ok := strings.CutSuffix(part, " (approximate place)"); ok {
			parts[i] = in.c.Text("{place} (approximate place)", "place", in.place(place))
			continue
		}
		if agent, ok := strings.CutPrefix(part, "with "); ok {
			parts[i] = in.c.Text("with {agent}", "agent", in.agent(agent))
			continue
		}
		parts[i] = in.shown(part)
	}
	return strings.Join(parts, " · ")
}

// stamp writes t as a time element. The style says how the script shows it in
// the reader's zone: day, clock (to the second), moment (to the minute) or ago.
func (in tongue) stamp(t, now time.Time, style string) (template.HTML, error) {
	var text string
	switch style {
	case "day":
		text = in.day(t)
	case "clock":
		text = in.onDay(t, now, "15:04:05 MST")
	case "moment":
		text = in.onDay(t, now, "15:04 MST")
	case "ago":
		if now.Sub(t) < 7*24*time.Hour {
			text = in.shown(ago(t, now))
		} else {
			text = in.day(t)
		}
	default:
		return "", fmt.Errorf("unknown style of time %q", style)
	}
	return template.HTML(`<time datetime="` + t.UTC().Format(layoutMachine) + `" data-as="` + style + `">` + text + `</time>`), nil
}

// onDay says t with the date where that is not today's.
func (in tongue) onDay(t, now time.Time, layout string) string {
	t, now = t.UTC(), now.UTC()
	if t.Format(time.DateOnly) == now.Format(time.DateOnly) {
		return t.Format(layout)
	}
	return in.c.Text("{day}, {time}", "day", in.day(t), "time", t.Format(layout))
}

// day says a day.
func (in tongue) day(t time.Time) string { return in.c.Format(t.UTC(), "2 Jan 2006") }

// plural says a whole sentence about n things: one is the English sentence for
// one, other that with {n} for other numbers.
func (in tongue) plural(n int, one, other string) string { return in.c.Count(n, one, other) }

// names joins the names of profiles, each marked: "a, b and c".
func (in tongue) names(faces []Face) template.HTML {
	said := make([]string, len(faces))
	for i, f := range faces {
		said[i] = "<b><bdi>" + template.HTMLEscapeString(f.Name) + "</bdi></b>"
	}
	return template.HTML(in.joined(said))
}

// list joins words: "a, b and c".
func (in tongue) list(list []string) string {
	said := make([]string, len(list))
	for i, s := range list {
		said[i] = in.shown(s)
	}
	return in.joined(said)
}

// joined joins what is said already.
func (in tongue) joined(said []string) string {
	if len(said) < 2 {
		return strings.Join(said, "")
	}
	last := len(said) - 1
	comma := in.c.Sentence("{first}, {second}")
	first := said[0]
	for _, next := range said[1:last] {
		first = words.Fill(in.c.Language(), comma, "first", first, "second", next)
	}
	return in.c.Text("{first} and {last}", "first", first, "last", said[last])
}

// speaks is the language of a visitor: the one chosen here, the account's, or
// the best of the browser's.
func (v *visit) speaks() words.Language {
	if l, ok := words.Known(v.cookie(cookieLanguage)); ok {
		return l
	}
	if v.signed {
		return words.Match(v.session.Language)
	}
	return speech.Accepted(v.r.Header.Get("Accept-Language"))
}

// Dir is which way the page is written.
func (f Frame) Dir() words.Direction { return f.Lang.Direction() }

// Languages are those that a page can be read in, each by its own name.
func (f Frame) Languages() []Option {
	var all []Option
	for _, l := range words.Languages() {
		all = append(all, Option{Value: string(l), Label: l.Own(), Chosen: l == f.Lang || f.Lang == "" && l == words.English})
	}
	return all
}

// chooseLanguage keeps in this browser what its pages are read in.
func (s *Site) chooseLanguage(v *visit) error {
	if l, ok := words.Known(v.form("lang")); ok {
		v.put(cookieLanguage, string(l), languageAge)
	}
	v.redirect(local(v.form("next")))
	return nil
}

// languageAge is how long a browser keeps the language that was chosen in it.
const languageAge = 365 * 24 * time.Hour
