package web

import (
	"flag"
	"net/http"
	"os"
	"path/filepath"
	"reflect"
	"regexp"
	"strings"
	"testing"
	"unicode"

	"github.com/hearthkey/hearthkey/protocol/words"
	"github.com/hearthkey/hearthkey/server/account"
)

// in is a page in a language.
func in(page any, l words.Language) any {
	out := reflect.New(reflect.TypeOf(page)).Elem()
	out.Set(reflect.ValueOf(page))
	f := out.FieldByName("Frame").Interface().(Frame)
	f.Lang = l
	out.FieldByName("Frame").Set(reflect.ValueOf(f))
	return out.Interface()
}

// -language renders the fixtures of -pages in a language, such as en-XA, which is
// 1.4 times as long as English.
var pagesLanguage = flag.String("language", "", "language of -pages")

// A5: every page renders in every language, in its direction.
func TestA5_PagesInEveryLanguage(t *testing.T) {
	v := testViews(t)
	for name, page := range fixturePages() {
		for _, l := range words.Languages()[1:] {
			body, err := v.render(in(page, l))
			if err != nil {
				t.Errorf("%s in %s: %v", name, l, err)
				continue
			}
			if want := `<html lang="` + string(l) + `" dir="` + string(l.Direction()) + `">`; !strings.Contains(string(body), want) {
				t.Errorf("%s in %s: no %s", name, l, want)
			}
			checkPage(t, string(body))
		}
	}
}

var (
	notText  = regexp.MustCompile(`(?s)<(bdi|time|code|textarea|pre|title|option|summary class="raw")\b[^>]*>.*?</(bdi|time|code|textarea|pre|title|option)>|<dd class="mono">.*?</dd>|<template.*?</template>`)
	everyTag = regexp.MustCompile(`(?s)<[^>]*>`)
)

// outside returns what a page in the pseudo-language says without brackets: it is
// in no catalogue.
func outside(body string) []string {
	text := everyTag.ReplaceAllString(notText.ReplaceAllString(body, ""), "\n")
	var out []string
	depth := 0
	for _, line := range strings.Split(text, "\n") {
		var b strings.Builder
		for _, r := range line {
			switch {
			case r == '[':
				depth++
			case r == ']':
				depth--
			case depth == 0:
				b.WriteRune(r)
			}
		}
		if s := strings.TrimSpace(b.String()); strings.ContainsFunc(s, unicode.IsLetter) {
			out = append(out, s)
		}
	}
	return out
}

// given are texts that people chose, or that are the same in every language, as
// the fixtures have them where no <bdi> says so.
var given = regexp.MustCompile(`^(` + strings.Join([]string{
	"Hearthkey", "hearthkey", "[BCDFGHJKLMNPQRSTVWXZ]{4}-[BCDFGHJKLMNPQRSTVWXZ]{4}", `.*@.*`, "[0-9a-f:.]+", "[A-Z0-9 ]{16,}", `[a-z0-9]{4,5}-[a-z0-9-]+`,
	"English|Español|Deutsch|العربية|Français", `France|Netherlands|Germany|Bedroom.*|Living.*|Kitchen.*|Kids.*|Guest.*|Maximilian.*|Grandma.*`, `[A-Za-z0-9_.=-]{26,}`, // keys
	"Your access code: 123456|· sent|· queued", // of the outbox, for development
}, "|") + `)$`)

// A5: no text of a page is outside the catalogues.
func TestA5_NoTextOutsideTheCatalogues(t *testing.T) {
	v := testViews(t)
	seen := map[string]bool{}
	for name, page := range fixturePages() {
		body, err := v.render(in(page, words.Pseudo))
		if err != nil {
			t.Errorf("%s: %v", name, err)
			continue
		}
		for _, s := range outside(string(body)) {
			if !given.MatchString(s) && !seen[s] {
				seen[s] = true
				t.Errorf("%s says %q", name, s)
			}
		}
	}
}

// Whatever a script says has its translation in the page.
func TestScriptsSayWhatPagesCarry(t *testing.T) {
	files, _ := filepath.Glob("static/*.js")
	layout, err := os.ReadFile("templates/layout.html")
	if err != nil || len(files) == 0 {
		t.Fatal(err)
	}
	for _, name := range files {
		source, err := os.ReadFile(name)
		if err != nil {
			t.Fatal(err)
		}
		for _, m := range regexp.MustCompile(`\bsaid\("([^"]+)"`).FindAllStringSubmatch(string(source), -1) {
			if !strings.Contains(string(layout), `<p data-en="`+m[1]+`">`+m[1]+`</p>`) {
				t.Errorf("%s says %q, which no page carries", name, m[1])
			}
		}
		if m := regexp.MustCompile(`textContent = (?:[^;]*[?:] )?["` + "`" + `][A-Z][a-z]+[ "]`).FindString(string(source)); m != "" {
			t.Errorf("%s says something in English only: %s", name, m)
		}
	}
}

// A5: the account's language is changed on its page, for this browser too, after a
// proof; without scripts, in its own words.
func TestA5_TheAccountsLanguageIsChanged(t *testing.T) {
	w := newWorld(t)
	p := w.browser()
	p.signUp()
	p.moved(p.post("/language", "lang=es", "next=/account"), "/account")
	has(t, p.page("/account/membership"), `<html lang="es"`, "<bdi>English</bdi>")
	has(t, p.page("/account/membership/language"), `value="en" checked`, "العربية")
	p.refused(p.post("/account/membership/language", "language=fr"), http.StatusUnprocessableEntity, `href="#language"`)
	p.moved(p.post("/account/membership/language", "language=de"), "/account/membership")
	has(t, p.page("/account/membership"), `<html lang="de"`, "Die neue Sprache ist gespeichert", "<bdi>Deutsch</bdi>")
	has(t, p.page("/account/timeline"), "Sprache des Kontos geändert", "Deutsch")
	other := w.browser()
	other.signIn()
	has(t, other.page("/account/membership"), `<html lang="de"`)
	w.clock.Advance(account.ProofAge)
	p.moved(p.get("/account/membership/language"), "/proof?next=%2Faccount%2Fmembership%2Flanguage")
}

// The language of a page is the one chosen here, else the account's, else the
// browser's.
func TestThePagesLanguage(t *testing.T) {
	w := newWorld(t)
	p := w.browser()
	has(t, p.page("/signin"), `<html lang="en"`, "Forgot your password?")
	r := p.form("/language", "lang=ar", "next=/signin")
	p.moved(p.send(r), "/signin")
	has(t, p.page("/signin"), `<html lang="ar" dir="rtl"`, "هل نسيت كلمة المرور؟")
	p.moved(p.post("/language", "lang=xx", "next=//elsewhere.example"), "/")
	has(t, p.page("/"), `<html lang="ar"`)
	p.moved(p.post("/language", "lang=de", "next=/"), "/")
	has(t, p.page("/"), `<html lang="de"`)
}
