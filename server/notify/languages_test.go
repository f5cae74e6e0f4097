package notify

import (
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"
	"unicode"

	"github.com/hearthkey/hearthkey/protocol/words"
	"github.com/hearthkey/hearthkey/server/account"
	"github.com/hearthkey/hearthkey/server/speech"
)

// A5: every mail is in the account's language, whole, and set in its direction.
func TestA5_MailsAreInTheAccountsLanguage(t *testing.T) {
	english := regexp.MustCompile(`\b(the|your|you|not|and|with|account|code)\b`)
	for _, l := range words.Languages()[1:] {
		for kind := range letters {
			for _, n := range []account.Notice{full(kind), bare(kind)} {
				n.Language = string(l) + "-XX"
				m, err := Compose(wording, n)
				if err != nil || m.check() != nil {
					t.Fatalf("%s, %s: %v, %v", l, kind, err, m.check())
				}
				text := strings.NewReplacer("/account", "", "/not-me", "", "Living room", "").Replace(m.Subject + "\n" + m.Text)
				if found := english.FindString(text); found != "" {
					t.Errorf("%s, %s: has the English %q:\n%s", l, kind, found, text)
				}
				if want := `<html lang="` + string(l) + `" dir="` + string(l.Direction()) + `">`; !strings.Contains(m.HTML, want) {
					t.Errorf("%s, %s: no %s", l, kind, want)
				}
			}
		}
	}
}

// V1, V7: in every language a code is one SMS and a notice two at most, leads
// somewhere, and holds no sign that a phone cannot show.
func TestV1_SMSFitInEveryLanguage(t *testing.T) {
	far := Wording{Service: "Hearthkey", PublicURL: "https://" + strings.Repeat("a", 60) + "." + strings.Repeat("b", 31) + ".example"}
	purposes := []account.Purpose{account.ForSignUp, account.ForSignIn, account.ForEmail, account.ForPhone, account.ForCheck, account.ForRecovery}
	for _, l := range words.Languages() {
		for _, w := range []Wording{wording, far} {
			for kind := range letters {
				for _, purpose := range purposes {
					n := full(kind)
					n.To, n.Language, n.Purpose = "+15550100042", string(l), purpose
					n.Device = "Wohnzimmer 客厅 👨‍👩‍👧"
					m, err := Compose(w, n)
					if err != nil || m.check() != nil {
						t.Errorf("%s, %s: %v, %v: %q", l, kind, err, m.check(), m.Text)
					}
					if kind == account.NoticeAccessCode != !strings.Contains(m.Text, "https://") {
						t.Errorf("%s, %s: leads nowhere: %q", l, kind, m.Text)
					}
					if l != words.Arabic {
						if _, ok := gsmLength(m.Text); !ok {
							t.Errorf("%s, %s: not in the alphabet of an SMS: %q", l, kind, m.Text)
						}
					}
				}
			}
		}
	}
}

func TestV1_CodesInEveryLanguage(t *testing.T) {
	for l, want := range map[words.Language]string{
		words.English: "048213 is your Hearthkey code to sign in. Nobody at Hearthkey will ask you for it.\n\n@tv.example #048213",
		words.Spanish: "048213 es tu codigo de Hearthkey para iniciar sesion. Nadie de Hearthkey te lo pedira.\n\n@tv.example #048213",
		words.German:  "048213 ist dein Hearthkey-Code, um dich anzumelden. Niemand bei Hearthkey fragt dich danach.\n\n@tv.example #048213",
		words.Arabic:  "048213 هو رمزك في Hearthkey. لا تخبر به أحدًا.\n\n@tv.example #048213",
	} {
		n := full(account.NoticeAccessCode)
		n.To, n.Language = "+15550100042", string(l)
		if m, err := Compose(wording, n); err != nil || m.Text != want {
			t.Errorf("%s: %q, %v, want %q", l, m.Text, err, want)
		}
	}
}

// What the domain keeps in English is said in the reader's language, with the
// names as they are.
func TestDetailsInOtherLanguages(t *testing.T) {
	for english, want := range map[string]string{
		"It was called “Mia”. The level was Teens and is Little kids.":    "Es hieß „Mia“. Die Stufe war Jugendliche und ist Kleine Kinder.",
		"Blocked: “Salt and Iron”, “The Otter Post”, “Pilot” and 2 more.": "Gesperrt: “Salt and Iron”, “The Otter Post”, “Pilot” und 2 weitere.",
		"codes on new devices, notices by SMS":                            "Codes auf neuen Geräten, Hinweise per SMS",
		"12 wrong tries. Every further one waits an hour.":                "Falsche Versuche: 12. Jeder weitere wartet eine Stunde.",
		"asked for on the phone":                                          "asked for on the phone",
		"10":                                                              "10",
	} {
		if got := speech.Stored(words.German, english); got != want {
			t.Errorf("Stored(%q) = %q, want %q", english, got, want)
		}
	}
}

// Names in a language that is written from right to left stand apart, and
// nothing else turns anything.
func TestNamesStandApart(t *testing.T) {
	n := full(account.NoticeNewDevice)
	n.Language, n.Device, n.Client.Place = "ar", "TV (2)", "Bonn, Germany"
	m, err := Compose(wording, n)
	if err != nil || !strings.Contains(m.Text, "«\u2068TV (2)\u2069»") || !strings.Contains(m.Text, "\u2068Bonn، ألمانيا\u2069") {
		t.Errorf("%q, %v", m.Text, err)
	}
	controls := strings.Count(m.Text, "\u2068") - strings.Count(m.Text, "\u2069")
	if controls != 0 || slices.ContainsFunc([]rune(m.Text), func(r rune) bool {
		return r != '\u2068' && r != '\u2069' && unicode.Is(unicode.Bidi_Control, r)
	}) {
		t.Errorf("signs that turn text are not in pairs: %q", m.Text)
	}
}

func TestDaysInOtherLanguages(t *testing.T) {
	at := time.Date(2026, 3, 2, 18, 4, 0, 0, time.UTC)
	for l, want := range map[words.Language]string{
		words.English: "Monday, 2 March 2026, 18:04 UTC",
		words.Spanish: "lunes, 2 de marzo de 2026, 18:04 UTC",
		words.German:  "Montag, 2. März 2026, 18:04 UTC",
		words.Arabic:  "الاثنين، 2 مارس 2026، 18:04 UTC",
	} {
		if got := (Wording{speech: speech.Of(l)}).day(at); got != want {
			t.Errorf("%s: %q, want %q", l, got, want)
		}
	}
}

// A5: no text of a mail is outside the catalogues: in the pseudo-language all that
// is ours stands in brackets.
func TestA5_NoTextOfAMailIsOutsideTheCatalogues(t *testing.T) {
	given := strings.NewReplacer("Hearthkey", "", "Living room", "", "Mia", "", "near Lyon, France", "", "Firefox on Linux", "",
		"b…a@other.example", "", "b…a at other. example", "", "048213", "", "--", "")
	address := regexp.MustCompile(`https://\S+`)
	date := regexp.MustCompile(`Monday, 2 March 2026, 18:\d\d UTC|18:\d\d UTC`)
	for kind := range letters {
		for _, n := range []account.Notice{full(kind), bare(kind)} {
			n.Language = string(words.Pseudo)
			m, err := Compose(wording, n)
			if err != nil {
				t.Fatalf("%s: %v", kind, err)
			}
			text := given.Replace(date.ReplaceAllString(address.ReplaceAllString(m.Subject+"\n"+m.Text, ""), ""))
			depth := 0
			for i, r := range text {
				switch {
				case r == '[':
					depth++
				case r == ']':
					depth--
				case depth == 0 && unicode.IsLetter(r):
					t.Fatalf("%s says outside the catalogues: %q", kind, text[i:min(len(text), i+60)])
				}
			}
		}
	}
}
