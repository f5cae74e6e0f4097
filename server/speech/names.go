package speech

import (
	"strings"

	"golang.org/x/text/language"
	"golang.org/x/text/language/display"

	"github.com/hearthkey/hearthkey/protocol/words"
)

// countries finds a country by its English name in CLDR.
var countries = byName()

func byName() map[string]language.Region {
	all := make(map[string]language.Region)
	english := display.English.Regions()
	for a := 'A'; a <= 'Z'; a++ {
		for b := 'A'; b <= 'Z'; b++ {
			r, err := language.ParseRegion(string([]rune{a, b}))
			if err == nil && r.IsCountry() && r.Canonicalize() == r {
				all[english.Name(r)] = r
			}
		}
	}
	return all
}

// Place says a place such as "Bonn, Germany" with the country's name in a
// language (CLDR's). What is no country stays as it is.
func Place(l words.Language, english string) string {
	city, country := "", english
	if i := strings.LastIndex(english, ", "); i >= 0 {
		city, country = english[:i], english[i+2:]
	}
	r, ok := countries[country]
	if !ok || l == words.English {
		return english
	}
	name := display.Regions(language.Make(string(l))).Name(r)
	if name == "" {
		return english
	}
	if city == "" {
		return name
	}
	return Of(l).Text("{first}, {second}", "first", city, "second", name)
}

// Country finds the country of a place such as "Bonn, Germany": its ISO 3166-1
// code and its name in English, or nothing.
func Country(english string) (code, name string) {
	name = english
	if i := strings.LastIndex(english, ", "); i >= 0 {
		name = english[i+2:]
	}
	if r, ok := countries[name]; ok {
		return r.String(), name
	}
	return "", ""
}

// Agent says what a browser is called, "Firefox on Linux", in a language.
func Agent(l words.Language, english string) string {
	c := Of(l)
	browser, system, ok := strings.Cut(english, " on ")
	if !ok {
		return c.Sentence(english)
	}
	if strings.HasPrefix(browser, "an unknown") {
		browser = c.Sentence(browser)
	}
	return c.Text("{browser} on {system}", "browser", browser, "system", system)
}
