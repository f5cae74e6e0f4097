package speech

import (
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/hearthkey/hearthkey/protocol/words"
)

// What a template says, with values and tags in it, and what it does not say.
func TestMarkupTexts(t *testing.T) {
	for source, want := range map[string][]string{
		`<p>Plain text.</p>`:     {"Plain text."},
		"<p>Over\n   lines.</p>": {"Over lines."},
		`<p><b>Erased on {{stamp .Ending .Now "day"}}.</b> Until then <a href="/keep">keep it</a>.</p>`: {
			"<b>Erased on {ending}.</b> Until then <a>keep it</a>."},
		`{{icon "tv"}}Devices`:                                        {"Devices"},
		`<a href="/a">{{icon "x"}}One</a><a href="/b">Two</a>`:        {"One", "Two"},
		`<p>{{if .A}}This{{else}}That{{end}}</p>`:                     {"This", "That"},
		`<h1>Edit <bdi>{{.Face.Name}}</bdi></h1>`:                     {"Edit {face}"},
		`<p>{{.First}} and {{.First}} or {{.Last}}</p>`:               {"{first} and {first} or {last}"},
		`<img alt="A fox" src="x.png">`:                               {"A fox"},
		`<img alt="{{.Label}}" src="{{asset "x.png"}}">`:              nil,
		`<meta name="viewport" content="width=device-width">`:         nil,
		`<p>{{.Text}}</p><p>12 · 34</p><bdi>{{.Name}}</bdi>`:          nil,
		`<p>Q &amp; A</p>`:                                            {"Q & A"},
		`<button>Sign out<span class="vh"> {{.Name}}</span></button>`: {"Sign out{name}"},
	} {
		if diff := cmp.Diff(want, MarkupTexts(source)); diff != "" {
			t.Errorf("%s (-want +got):\n%s", source, diff)
		}
	}
}

// Translated, values and tags are where the sentence has them, and every value in
// the text outside <bdi> is said.
func TestMarkup(t *testing.T) {
	for source, want := range map[string]string{
		`<p>Sign in</p>`: `<p>Anmelden</p>`,
		`<a class="x" href="/y">{{icon "tv"}}Devices</a>`:          `<a class="x" href="/y">{{icon "tv"}}Geräte</a>`,
		`<p>New here? <a href="/signup">Create an account</a></p>`: `<p>Neu hier? <a href="/signup">Konto erstellen</a></p>`,
		`<p>{{.Text}} <bdi>{{.Text}}</bdi> {{.Name}}</p>`:          `<p>{{say (.Text)}} <bdi>{{.Text}}</bdi> {{.Name}}</p>`,
		`<p>{{- .Text -}}</p>`:                                     `<p>{{- say (.Text) -}}</p>`,
		`<input placeholder="{{.Hint}}" title="Password">`:         `<input placeholder="{{say (.Hint)}}" title="Passwort">`,
		`<h1>Edit <bdi>{{.Face.Name}}</bdi></h1>`:                  `<h1><bdi>{{.Face.Name}}</bdi> bearbeiten</h1>`,
	} {
		if got := Markup(Of(words.German), source); got != want {
			t.Errorf("Markup(%s) =\n%s, want\n%s", source, got, want)
		}
		if got := Markup(Of(words.English), source); got != source {
			t.Errorf("in English %s is %s", source, got)
		}
	}
}

// Values of a list have the comma of the language between them.
func TestCommasAreOfTheLanguage(t *testing.T) {
	const source = `<span>{{with .Model}}<bdi>{{.}}</bdi>, {{end}}{{.Kind}}</span><p>{{.Day}}{{if .Lasting}}, {{.Lasting}}{{end}}</p>`
	for l, want := range map[words.Language]string{
		words.Arabic: `<span>{{with .Model}}<bdi>{{.}}</bdi>، {{end}}{{say (.Kind)}}</span><p>{{say (.Day)}}{{if .Lasting}}، {{say (.Lasting)}}{{end}}</p>`,
		words.German: `<span>{{with .Model}}<bdi>{{.}}</bdi>, {{end}}{{say (.Kind)}}</span><p>{{say (.Day)}}{{if .Lasting}}, {{say (.Lasting)}}{{end}}</p>`,
	} {
		if got := Markup(Of(l), source); got != want {
			t.Errorf("%s:\n%s, want\n%s", l, got, want)
		}
	}
}

func TestPlacesHaveTheCommaOfTheLanguage(t *testing.T) {
	got := Place(words.Arabic, "Lyon, France")
	if !strings.Contains(got, "Lyon") || !strings.Contains(got, "، ") || strings.Contains(got, ", ") {
		t.Errorf("a place is %q", got)
	}
	if got := Place(words.Arabic, "France"); got != "فرنسا" {
		t.Errorf("a country is %q", got)
	}
}

// What counts things says a whole sentence, in the form of its number.
func TestMarkupPlurals(t *testing.T) {
	const source = `<p>{{if .Left}}{{plural .Left "One is left." "{n} are left."}}{{else}}{{plural (len .All) "One." "{n}."}}{{end}}</p>`
	want := [][2]string{{"One is left.", "{n} are left."}, {"One.", "{n}."}}
	if diff := cmp.Diff(want, MarkupPlurals(source)); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
	if got := Markup(Of(words.German), source); got != source {
		t.Errorf("Markup(%s) =\n%s", source, got)
	}
}

func TestAccepted(t *testing.T) {
	for header, want := range map[string]words.Language{
		"":                               words.English,
		"de-CH,de;q=0.9,en;q=0.8":        words.German,
		"fr;q=1,en;q=0.3,ar;q=0.8":       words.Arabic,
		"fr, it":                         words.English,
		"*":                              words.English,
		"es;q=0":                         words.English,
		";;;q=x":                         words.English,
		"zh-Hant-TW;q=0.9, es-419;q=0.1": words.Spanish,
	} {
		if got := Accepted(header); got != want {
			t.Errorf("Accepted(%q) = %s, want %s", header, got, want)
		}
	}
}

func TestShown(t *testing.T) {
	for english, want := range map[string]string{
		"3 devices":     "3 Geräte",
		"1 device":      "1 Gerät",
		"5 minutes ago": "vor 5 Minuten",
		"3 h 10 min":    "3 h 10 min",
		"Edit Mia":      "Mia bearbeiten",
		"Mia":           "Mia",
		"Salt and Iron": "Salt and Iron",
		"4 devices signed in, 26 online. Sign-outs: 1 confirmed, 2 waiting.":                                    "4 Geräte angemeldet, 26 online. Abmeldungen: 1 bestätigt, 2 warten.",
		"This is like one of the most used passwords. Add another word or two that have nothing to do with it.": "Das ähnelt einem der meistbenutzten Passwörter. Füge ein oder zwei Wörter hinzu, die nichts damit zu tun haben.",
	} {
		if got := Shown(words.German, english); got != want {
			t.Errorf("Shown(%q) = %q, want %q", english, got, want)
		}
		if got := Shown(words.English, english); got != english {
			t.Errorf("in English %q is %q", english, got)
		}
	}
	if got := Place(words.German, "Bonn, Germany") + Agent(words.German, "Firefox on Linux"); got != "Bonn, DeutschlandFirefox auf Linux" {
		t.Errorf("a place and a browser are %q", got)
	}
}

func FuzzShown(f *testing.F) {
	f.Add("It was called “a”. The level was {n} and is .")
	f.Fuzz(func(t *testing.T, s string) {
		for _, l := range append(words.Languages(), words.Pseudo) {
			Shown(l, s)
			Stored(l, s)
		}
	})
}
