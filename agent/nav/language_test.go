package nav

import (
	"strings"
	"testing"
	"time"

	"github.com/hearthkey/hearthkey/agent/keyseq"
	"github.com/hearthkey/hearthkey/protocol"
	"github.com/hearthkey/hearthkey/protocol/words"
)

// spoken is a household whose main profile is Spanish and whose second is Arabic.
func spokenHousehold() World {
	return World{
		Phase: Active, Online: true, Owner: "ana@example.org",
		Profiles: []protocol.Profile{{ID: "a", Name: "Ana", Main: true, Language: "es-MX"}, {ID: "l", Name: "Layla", Language: "ar"}, {ID: "f", Name: "Fleur", Language: "fr"}},
	}
}

func steps(m Model, keys ...keyseq.Key) Model {
	for _, k := range keys {
		m, _ = Step(m, Press{Key: k, Source: Source{Kind: Local}, At: m.now})
	}
	return m
}

// The TV speaks the language of the profile in use, before that the one it was set
// up with or the household's, and always the one that was chosen in the settings.
func TestTheTVSpeaksTheProfilesLanguage(t *testing.T) {
	w := spokenHousehold()
	at := func(look, set words.Language, keys ...keyseq.Key) View {
		w := w
		w.Look.Language, w.Language = look, set
		m, _ := Step(Model{}, w)
		return steps(m, keys...).View()
	}
	for name, test := range map[string]struct {
		v    View
		want words.Language
	}{
		"the household's at the gate":     {at("", ""), words.Spanish},
		"set up at the gate":              {at("", words.German), words.German},
		"the profile's":                   {at("", words.German, keyseq.Right, keyseq.OK), words.Arabic},
		"the profile's is not spoken":     {at("", words.German, keyseq.Right, keyseq.Right, keyseq.OK), words.German},
		"chosen at the gate":              {at(words.English, words.German), words.English},
		"chosen with a profile in use":    {at(words.English, "", keyseq.Right, keyseq.OK), words.English},
		"chosen in a language of a later": {at("xx", words.German), words.German},
	} {
		if test.v.Lang != test.want || test.v.Dir != test.want.Direction() {
			t.Errorf("%s: %s, %s, want %s", name, test.v.Lang, test.v.Dir, test.want)
		}
	}
	if v := at("", ""); v.Title != "¿Quién está viendo?" {
		t.Errorf("title %q", v.Title)
	}
}

// A choice in the settings is seen at once, also in what was said before it.
// While nobody is watching the screens speak the household's language, unless the
// TV was set up with one; a profile in use speaks its own.
func TestTheHouseholdsLanguage(t *testing.T) {
	w := spokenHousehold()
	for _, c := range []struct {
		name               string
		household, tv, own words.Language
		want               words.Language
	}{
		{name: "the account's", household: words.Arabic, want: words.Arabic},
		{name: "what the TV was set up with", household: words.Arabic, tv: words.German, want: words.German},
		{name: "what was chosen at the TV", household: words.Arabic, tv: words.German, own: words.Spanish, want: words.Spanish},
	} {
		w.Household.Language, w.Language, w.Look.Language = c.household, c.tv, c.own
		m, _ := Step(Model{}, w)
		if got := m.View().Lang; got != c.want {
			t.Errorf("%s: the gate speaks %s, want %s", c.name, got, c.want)
		}
	}
}

func TestALanguageIsChosenInTheSettings(t *testing.T) {
	m, _ := Step(Model{}, World{Phase: SignedOut})
	m = steps(m, keyseq.Down, keyseq.Down, keyseq.Down, keyseq.OK) // the settings
	for range 10 {
		if m.focused() == "language" {
			break
		}
		m = steps(m, keyseq.Down)
	}
	m = steps(m, keyseq.OK, keyseq.Down, keyseq.Down, keyseq.Down)
	m, effects := Step(m, Press{Key: keyseq.OK, Source: Source{Kind: Local}})
	if len(effects) != 1 || effects[0] != (SetLook{Look{Language: words.German}}) {
		t.Fatalf("effects %+v on screen %s", effects, m.View().Screen)
	}
	if v := m.View(); v.Title != "Sprache" || !strings.Contains(v.Say, "Deutsch, gewählt") || v.Words.Menu != "Menü" {
		t.Errorf("title %q, says %q, menu %q", v.Title, v.Say, v.Words.Menu)
	}
}

// What is drawn the other way round is walked the other way round; digits, keys
// and the key sequence stay.
func TestArabicScreensAreMirrored(t *testing.T) {
	w := spokenHousehold()
	w.Look.Language = words.Arabic
	m, _ := Step(Model{}, w)
	if m = steps(m, keyseq.Left); m.View().Focus != "l" {
		t.Errorf("Left at the gate: focus %q, want the second profile", m.View().Focus)
	}
	m = steps(m, keyseq.OK)
	if m = steps(m, keyseq.Right); m.View().Menu == nil {
		t.Error("Right on the home opens no menu")
	}
	up, down, left, right := keyseq.Up, keyseq.Down, keyseq.Left, keyseq.Right
	if m = steps(m, up, up, down, down, left, right, left, right, up, up, up, up); m.View().Dialog == nil {
		t.Error("the key sequence opens nothing")
	}
}

// Whatever waits to be read is in the language of who reads it, with the forms
// of its number.
func TestNumbersHaveTheirForms(t *testing.T) {
	for l, want := range map[words.Language][]string{
		words.English: {"1 result", "3 results", "100 results"},
		words.German:  {"1 Ergebnis", "3 Ergebnisse", "100 Ergebnisse"},
		words.Spanish: {"1 resultado", "3 resultados", "100 resultados"},
		words.Arabic:  {"نتيجة واحدة", "3 نتائج", "100 نتيجة"},
	} {
		for i, n := range []int{1, 3, 100} {
			if got := said(l, text(msgSayFound, "n", itoa(n))); got != want[i] {
				t.Errorf("%s: %d is %q, want %q", l, n, got, want[i])
			}
		}
	}
	if got := said(words.Arabic, text(msgSayFound, "n", "2")); got != "نتيجتان" {
		t.Errorf("two are %q", got)
	}
}

func TestSaid(t *testing.T) {
	pin := text(msgThePIN, "name", "Mia")
	for in, want := range map[string]string{
		text(msgWrongTries, "pin", pin, "n", "2"):              "2 falsche Versuche bei der PIN für Mia.",
		text(msgWelcome) + " · " + text(msgSettings):           "Willkommen · Einstellungen",
		sentences([]string{text(msgWelcome), "", "Mia?", "x"}): "Willkommen. Mia? x",
		"plain":                        "plain",
		"\x01":                         "",
		"\x01999999\x04":               "",
		"\x01x\x02\x03\x04y":           "y",
		"a\x05b":                       "a. b",
		"\x01\x01\x02\x04":             "",
		text(msgGateFor, "title", "x"): "Wer schaut x?",
	} {
		if got := said(words.German, in); got != want {
			t.Errorf("said(%q) = %q, want %q", in, got, want)
		}
	}
}

func TestWhen(t *testing.T) {
	now := time.Date(2026, 11, 26, 20, 0, 0, 0, time.UTC) // a Thursday
	for at, want := range map[time.Time][2]string{
		now.Add(-time.Hour):           {"19:00", "19:00"},
		now.Add(-24 * time.Hour):      {"yesterday at 20:00", "gestern um 20:00"},
		now.Add(24 * time.Hour):       {"tomorrow at 20:00", "morgen um 20:00"},
		now.Add(-3 * 24 * time.Hour):  {"Monday at 20:00", "Montag um 20:00"},
		now.Add(-30 * 24 * time.Hour): {"27 October 2026 at 20:00", "27. Oktober 2026 um 20:00"},
	} {
		if en, de := said(words.English, When(at, now)), said(words.German, When(at, now)); en != want[0] || de != want[1] {
			t.Errorf("When(%s) = %q, %q, want %q", at, en, de, want)
		}
	}
}

// Arabic names are typed with Arabic letters, and what stands beside a keyboard is
// at its right.
func TestArabicKeyboards(t *testing.T) {
	w := spokenHousehold()
	w.Look.Language = words.Arabic
	w.Catalog = demoCatalog()
	m, _ := Step(Model{}, w)
	m = steps(m, keyseq.OK, keyseq.Right, keyseq.Up, keyseq.OK) // the menu's first: search
	if v := m.View(); v.Screen != ScreenSearch || v.Focus != "key-ض" {
		t.Fatalf("screen %s, focus %q", v.Screen, v.Focus)
	}
	m = steps(m, keyseq.Right, keyseq.OK)
	if v := m.View(); v.Keyboard.Text != "ص" {
		t.Errorf("typed %q", v.Keyboard.Text)
	}
	for range 9 {
		m = steps(m, keyseq.Right)
	}
	if v := m.View(); v.Menu == nil {
		t.Errorf("Right of the last key opens no menu: focus %q", v.Focus)
	}
	m = steps(m, keyseq.Left, keyseq.Down, keyseq.Down, keyseq.Down, keyseq.Down, keyseq.Left, keyseq.Left, keyseq.Left, keyseq.Left)
	if v := m.View(); v.Focus != "accents" {
		t.Fatalf("focus %q", v.Focus)
	}
	if m = steps(m, keyseq.OK); m.View().Keyboard.Keys[1][0].ID != "key-q" {
		t.Errorf("other letters are %v", m.View().Keyboard.Keys[1])
	}

	w.Phase, w.Remotes = SignedOut, &Remotes{}
	m, _ = Step(Model{}, w)
	m = steps(m, keyseq.Down, keyseq.OK)
	for range 20 {
		m = steps(m, keyseq.Right)
	}
	if v := m.View(); v.Screen != ScreenEmail || v.Focus != "pair" {
		t.Errorf("screen %s, focus %q, want what is beside the keyboard", v.Screen, v.Focus)
	}
	if m = steps(m, keyseq.Left); m.View().Focus != "key-p" {
		t.Errorf("back on the keyboard: focus %q", m.View().Focus)
	}
}
