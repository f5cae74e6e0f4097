package words

import (
	"errors"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
)

func TestMatch(t *testing.T) {
	for _, test := range []struct {
		tags []string
		want Language
	}{
		{nil, English},
		{[]string{""}, English},
		{[]string{"de-CH"}, German},
		{[]string{"ES_mx"}, Spanish},
		{[]string{"fr", "ar-EG", "de"}, Arabic},
		{[]string{"fr", "ja"}, English},
		{[]string{"den"}, English}, // Slave, not Danish or German
	} {
		if got := Match(test.tags...); got != test.want {
			t.Errorf("Match(%q) = %s, want %s", test.tags, got, test.want)
		}
	}
}

// The examples are those of CLDR's chart of plural rules.
func TestPlurals(t *testing.T) {
	for _, test := range []struct {
		l    Language
		n    []int
		want Category
	}{
		{English, []int{1}, One},
		{English, []int{0, 2, 16, 100, 1000000}, Other},
		{German, []int{1}, One},
		{German, []int{0, 2, 16, 100, 1000000}, Other},
		{Spanish, []int{1}, One},
		{Spanish, []int{1000000, 2000000}, Many},
		{Spanish, []int{0, 2, 16, 100, 1000, 1000001}, Other},
		{Arabic, []int{0}, Zero},
		{Arabic, []int{1}, One},
		{Arabic, []int{2}, Two},
		{Arabic, []int{3, 10, 103, 110, 1003}, Few},
		{Arabic, []int{11, 26, 99, 111, 1011}, Many},
		{Arabic, []int{100, 102, 200, 202, 1000, 1000000}, Other},
	} {
		for _, n := range test.n {
			if got := test.l.Category(n); got != test.want {
				t.Errorf("%s.Category(%d) = %s, want %s", test.l, n, got, test.want)
			}
			if got := test.l.Categories()[test.l.Form(n)]; got != test.want {
				t.Errorf("%s.Form(%d) is %s, want %s", test.l, n, got, test.want)
			}
		}
	}
}

func TestFill(t *testing.T) {
	for _, test := range []struct {
		l        Language
		sentence string
		pairs    []string
		want     string
	}{
		{English, "Nothing to fill", nil, "Nothing to fill"},
		{English, "{name} has {n}", []string{"name", "Mia", "n", "3"}, "Mia has 3"},
		{English, "{name}!", []string{"name", "{n}", "n", "3"}, "{n}!"},
		{English, "{who}?", nil, "?"},
		{English, "{n}", []string{"n", "1", "n", "2"}, "1"},
		{English, "{name", []string{"name", "Mia"}, "Mia"},
		{English, "For {name}.", []string{"name", "ليلى"}, "For \u2068ليلى\u2069."},
		{Arabic, "لـ {name}.", []string{"name", "ليلى"}, "لـ ليلى."},
		{Arabic, "لـ {name}.", []string{"name", "Mia (2)"}, "لـ \u2068Mia (2)\u2069."},
		{Arabic, "{n} نتائج", []string{"n", "12"}, "12 نتائج"},
		{Arabic, "{to}", []string{"to", "+49 170"}, "\u2068+49 170\u2069"},
	} {
		if got := Fill(test.l, test.sentence, test.pairs...); got != test.want {
			t.Errorf("Fill(%s, %q, %q) = %q, want %q", test.l, test.sentence, test.pairs, got, test.want)
		}
	}
}

func TestFormat(t *testing.T) {
	at := time.Date(2026, 9, 5, 7, 4, 0, 0, time.UTC) // a Saturday
	for l, want := range map[Language]string{
		English: "Sat 5 Sep, Saturday 5 September 07:04",
		Spanish: "sáb 5 sept, sábado 5 septiembre 07:04",
		German:  "Sa. 5 Sept., Samstag 5 September 07:04",
		Arabic:  "السبت 5 سبتمبر, السبت 5 سبتمبر 07:04",
	} {
		if got := Format(l, at, "Mon 2 Jan, Monday 2 January 15:04"); got != want {
			t.Errorf("Format(%s) = %q, want %q", l, got, want)
		}
	}
}

const small = `# of a test
msgid ""
msgstr ""
"Language: de\n"

msgid "Sign in"
msgstr "Anmelden"

#: a comment
msgid "{name} is \"in\""
msgstr ""
"{name} ist "
"\"drin\""

msgid "1 try at {pin}"
msgid_plural "{n} tries at {pin}"
msgstr[0] "ein Versuch bei {pin}"
msgstr[1] "{n} Versuche bei {pin}"
msgid "Not yet"
msgstr ""
`

func TestCatalogue(t *testing.T) {
	c, err := Parse(German, []byte(small))
	if err != nil {
		t.Fatal(err)
	}
	got := []string{
		c.Text("Sign in"), c.Text("Sign out"), c.Text("Not yet"), c.Text(`{name} is "in"`, "name", "Mia"),
		c.Count(1, "1 try at {pin}", "{n} tries at {pin}", "pin", "X"), c.Count(5, "1 try at {pin}", "{n} tries at {pin}", "pin", "X"),
		c.Count(1, "1 day", "{n} days"), c.Count(2, "1 day", "{n} days"), Catalogue{}.Count(2, "1 day", "{n} days"),
	}
	want := []string{"Anmelden", "Sign out", "Not yet", `Mia ist "drin"`, "ein Versuch bei X", "5 Versuche bei X", "1 day", "2 days", "2 days"}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("-want +got:\n%s", diff)
	}
}

func TestBadCatalogues(t *testing.T) {
	for name, po := range map[string]string{
		"a lost name":        `msgid "{name}"` + "\n" + `msgstr "wer"`,
		"another name":       `msgid "{name}"` + "\n" + `msgstr "{Name}"`,
		"twice":              "msgid \"a\"\nmsgstr \"b\"\n\nmsgid \"a\"\nmsgstr \"c\"",
		"too few forms":      "msgid \"a\"\nmsgid_plural \"b\"\nmsgstr[0] \"c\"",
		"too many forms":     "msgid \"a\"\nmsgid_plural \"b\"\nmsgstr[0] \"c\"\nmsgstr[1] \"c\"\nmsgstr[2] \"c\"",
		"no string":          "msgid \"a\"\nmsgstr",
		"no quotes":          "msgid a\nmsgstr \"b\"",
		"raw quotes":         "msgid `a`\nmsgstr \"b\"",
		"a string alone":     `"a"`,
		"msgstr alone":       `msgstr "a"`,
		"a context":          "msgctxt \"x\"\nmsgid \"a\"\nmsgstr \"b\"",
		"no msgstr":          "msgid \"a\"\n\nmsgid \"b\"\nmsgstr \"c\"",
		"forms out of order": "msgid \"a\"\nmsgid_plural \"b\"\nmsgstr[1] \"c\"\nmsgstr[0] \"d\"",
		"too long":           strings.Repeat("#", maxCatalogue+1),
	} {
		if _, err := Parse(German, []byte(po)); !errors.Is(err, ErrCatalogue) {
			t.Errorf("%s: Parse = %v, want ErrCatalogue", name, err)
		}
	}
}

func FuzzParse(f *testing.F) {
	f.Add([]byte(small))
	f.Add([]byte("msgid \"a\"\nmsgid_plural \"b\"\nmsgstr[0] \"c\"\n\"d\""))
	f.Fuzz(func(t *testing.T, po []byte) {
		for _, l := range Languages() {
			c, err := Parse(l, po)
			if err != nil {
				if !errors.Is(err, ErrCatalogue) {
					t.Errorf("Parse = %v", err)
				}
				continue
			}
			for id := range c.said {
				c.Text(id)
				c.Count(3, id, id)
			}
		}
	})
}
