package web

import (
	"bytes"
	"cmp"
	"embed"
	"fmt"
	"html/template"
	"net/http"
	"reflect"
	"strconv"
	"sync"
	"time"

	"github.com/hearthkey/hearthkey/protocol/words"
	"github.com/hearthkey/hearthkey/server/speech"
)

//go:embed templates
var templateFiles embed.FS

// pageTemplates names the template of each page struct. Every page is parsed
// at start.
var pageTemplates = map[reflect.Type]string{
	reflect.TypeFor[LandingPage]():         "landing",
	reflect.TypeFor[SignUpPage]():          "signup",
	reflect.TypeFor[VerifyPage]():          "verify",
	reflect.TypeFor[SignInPage]():          "signin",
	reflect.TypeFor[SignInCodePage]():      "signincode",
	reflect.TypeFor[SignInFactorPage]():    "signinfactor",
	reflect.TypeFor[RecoverPage]():         "recover",
	reflect.TypeFor[RecoverCodePage]():     "recovercode",
	reflect.TypeFor[RecoverPasswordPage](): "recoverpassword",
	reflect.TypeFor[RecoverDonePage]():     "recoverdone",
	reflect.TypeFor[NotMePage]():           "notme",
	reflect.TypeFor[KeepPage]():            "keep",
	reflect.TypeFor[LinkOverPage]():        "linkover",
	reflect.TypeFor[StopPage]():            "stop",
	reflect.TypeFor[HackedPage]():          "hacked",
	reflect.TypeFor[WalkPage]():            "walk",
	reflect.TypeFor[HelpPage]():            "help",
	reflect.TypeFor[GatePage]():            "gate",
	reflect.TypeFor[HomePage]():            "home",
	reflect.TypeFor[OverviewPage]():        "overview",
	reflect.TypeFor[MembershipPage]():      "membership",
	reflect.TypeFor[ProfilesPage]():        "profiles",
	reflect.TypeFor[ProfilePage]():         "profile",
	reflect.TypeFor[ProfileDeletePage]():   "profiledelete",
	reflect.TypeFor[ProfileLockPage]():     "profilelock",
	reflect.TypeFor[BlockedPage]():         "blocked",
	reflect.TypeFor[ParentalPage]():        "parental",
	reflect.TypeFor[PINPage]():             "pin",
	reflect.TypeFor[DevicesPage]():         "devices",
	reflect.TypeFor[RenamePage]():          "rename",
	reflect.TypeFor[DeactivatePage]():      "deactivate",
	reflect.TypeFor[RemotePage]():          "remote",
	reflect.TypeFor[RemotesPage]():         "remotes",
	reflect.TypeFor[EndDatePage]():         "enddate",
	reflect.TypeFor[StolenPage]():          "stolen",
	reflect.TypeFor[TheftPage]():           "theft",
	reflect.TypeFor[FinishPage]():          "finish",
	reflect.TypeFor[EverywherePage]():      "everywhere",
	reflect.TypeFor[ReceiptPage]():         "receipt",
	reflect.TypeFor[TVPage]():              "tv",
	reflect.TypeFor[TVApprovePage]():       "tvapprove",
	reflect.TypeFor[TVDonePage]():          "tvdone",
	reflect.TypeFor[TimelinePage]():        "timeline",
	reflect.TypeFor[ProofPage]():           "proof",
	reflect.TypeFor[CheckPage]():           "check",
	reflect.TypeFor[LanguagePage]():        "language",
	reflect.TypeFor[PasswordPage]():        "password",
	reflect.TypeFor[NoSMSPage]():           "nosms",
	reflect.TypeFor[EmailPage]():           "email",
	reflect.TypeFor[PhonePage]():           "phone",
	reflect.TypeFor[PhoneRemovePage]():     "phoneremove",
	reflect.TypeFor[ChangeCodePage]():      "changecode",
	reflect.TypeFor[SecurityPage]():        "security",
	reflect.TypeFor[SecondFactorPage]():    "secondfactor",
	reflect.TypeFor[AppPage]():             "app",
	reflect.TypeFor[CodesPage]():           "codes",
	reflect.TypeFor[FactorRemovePage]():    "factorremove",
	reflect.TypeFor[PasskeyNewPage]():      "passkeynew",
	reflect.TypeFor[PasskeyPage]():         "passkey",
	reflect.TypeFor[DataPage]():            "data",
	reflect.TypeFor[ActivityPage]():        "activity",
	reflect.TypeFor[StreamingPage]():       "streaming",
	reflect.TypeFor[LeavePage]():           "leave",
	reflect.TypeFor[OutboxPage]():          "outbox",
	reflect.TypeFor[ErrorPage]():           "error",
}

// views are the parsed templates, by language. Those of a language are parsed when
// somebody first reads it, but English at start.
type views struct {
	in map[words.Language]func() (pageSet, error)
}

type pageSet map[reflect.Type]*template.Template

func parseViews(a *assets) (*views, error) {
	v := &views{in: make(map[words.Language]func() (pageSet, error))}
	for _, l := range append(words.Languages(), words.Pseudo) {
		v.in[l] = sync.OnceValues(func() (pageSet, error) { return parsePages(a, speech.Of(l)) })
	}
	_, err := v.in[words.English]()
	return v, err
}

// parsePages parses all templates in one language.
func parsePages(a *assets, c words.Catalogue) (pageSet, error) {
	shared := template.New("").Funcs(templateFuncs(a, tongue{c}))
	for _, name := range []string{"layout", "board", "entry", "household", "activitylist"} {
		if err := parseIn(shared, c, name); err != nil {
			return nil, err
		}
	}
	all := make(pageSet)
	for t, name := range pageTemplates {
		page, err := shared.Clone()
		if err == nil {
			err = parseIn(page, c, name)
		}
		if err != nil {
			return nil, fmt.Errorf("web: parse page %s: %w", name, err)
		}
		all[t] = page
	}
	return all, nil
}

func parseIn(set *template.Template, c words.Catalogue, name string) error {
	source, err := templateFiles.ReadFile("templates/" + name + ".html")
	if err == nil {
		_, err = set.New(name + ".html").Parse(speech.Markup(c, string(source)))
	}
	if err != nil {
		return fmt.Errorf("web: parse templates in %s: %w", c.Language(), err)
	}
	return nil
}

// render returns the whole page.
func (v *views) render(page any) ([]byte, error) { return v.part(page, "layout", page) }

// part returns one named template of the page's set, for what data it shows.
func (v *views) part(page any, name string, data any) ([]byte, error) {
	t := reflect.TypeOf(page)
	pages, err := v.in[languageOf(page)]()
	if err != nil {
		return nil, err
	}
	set, ok := pages[t]
	if !ok {
		return nil, fmt.Errorf("web: no template for %v", t)
	}
	var b bytes.Buffer
	if err := set.ExecuteTemplate(&b, name, data); err != nil {
		return nil, fmt.Errorf("web: render %v: %w", t, err)
	}
	return b.Bytes(), nil
}

// languageOf is what a page is written in.
func languageOf(page any) words.Language {
	if p := reflect.ValueOf(page); p.Kind() == reflect.Struct {
		if f := p.FieldByName("Frame"); f.IsValid() {
			return cmp.Or(f.Interface().(Frame).Lang, words.English)
		}
	}
	return words.English
}

// send writes a rendered page.
func send(w http.ResponseWriter, r *http.Request, status int, body []byte) {
	h := w.Header()
	h.Set("Content-Type", "text/html; charset=utf-8")
	h.Set("Vary", "Accept-Encoding, Accept-Language, Cookie")
	if len(body) > 1400 && takesGzip(r) { // below, it is one packet anyway
		h.Set("Content-Encoding", "gzip")
		body = pack(body)
	}
	h.Set("Content-Length", strconv.Itoa(len(body)))
	w.WriteHeader(status)
	w.Write(body)
}

// at pairs something to show with the present time, for templates that need
// both.
type at struct {
	It  any
	Now time.Time
}

func templateFuncs(a *assets, in tongue) template.FuncMap {
	return template.FuncMap{
		"asset":        a.address,
		"avatar":       a.avatar,
		"icon":         icon,
		"say":          in.say,
		"place":        in.place,
		"agent":        in.agent,
		"from":         in.from,
		"stamp":        in.stamp,
		"up":           roundUp,
		"lasting":      func(d time.Duration) string { return in.shown(duration(d)) },
		"spent":        func(d time.Duration) string { return in.shown(spent(d)) },
		"wordList":     in.list,
		"languageName": languageName,
		"mainClass":    mainClass,
		"on":           func(it any, now time.Time) at { return at{it, now} },
		"deviceCount":  func(n int) string { return in.shown(devices(n)) },
		"plural":       in.plural,
		"names":        in.names,
		"profileCount": func(n int) string { return in.shown(count(n, "profile", "profiles")) },
		"titleCount":   func(n int) string { return in.shown(count(n, "title", "titles")) },
		"webCount":     func(n int) string { return in.shown(count(n, "browser", "browsers")) },
		"tryCount":     func(n int) string { return in.shown(count(n, "wrong try", "wrong tries")) },
		"tvCount":      func(n int) string { return in.shown(count(n, "TV", "TVs")) },
		"browserCount": func(n int) string { return in.shown(count(n, "other browser", "other browsers")) },
	}
}

// mainClass gives forms their narrower column.
func mainClass(page any) string {
	switch page.(type) {
	case SignUpPage, VerifyPage, SignInPage, SignInCodePage, SignInFactorPage, RecoverPage, RecoverCodePage, RecoverPasswordPage, ProofPage, CheckPage, TVPage:
		return "narrow"
	case TVApprovePage, RecoverDonePage, NotMePage, KeepPage, LinkOverPage, StopPage, HackedPage, HelpPage:
		return "middle"
	}
	return ""
}
