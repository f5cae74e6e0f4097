package web

import (
	"bytes"
	"embed"
	"fmt"
	"html/template"
	"net/http"
	"reflect"
	"strconv"
	"time"
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

// views are the parsed templates.
type views struct {
	byType map[reflect.Type]*template.Template
}

func parseViews(a *assets) (*views, error) {
	shared, err := template.New("").Funcs(templateFuncs(a)).
		ParseFS(templateFiles, "templates/layout.html", "templates/board.html", "templates/entry.html", "templates/household.html", "templates/activitylist.html")
	if err != nil {
		return nil, fmt.Errorf("web: parse templates: %w", err)
	}
	v := &views{map[reflect.Type]*template.Template{}}
	for t, name := range pageTemplates {
		page, err := shared.Clone()
		if err == nil {
			page, err = page.ParseFS(templateFiles, "templates/"+name+".html")
		}
		if err != nil {
			return nil, fmt.Errorf("web: parse page %s: %w", name, err)
		}
		v.byType[t] = page
	}
	return v, nil
}

// render returns the whole page.
func (v *views) render(page any) ([]byte, error) { return v.part(page, "layout", page) }

// part returns one named template of the page's set, for what data it shows.
func (v *views) part(page any, name string, data any) ([]byte, error) {
	t := reflect.TypeOf(page)
	set, ok := v.byType[t]
	if !ok {
		return nil, fmt.Errorf("web: no template for %v", t)
	}
	var b bytes.Buffer
	if err := set.ExecuteTemplate(&b, name, data); err != nil {
		return nil, fmt.Errorf("web: render %v: %w", t, err)
	}
	return b.Bytes(), nil
}

// send writes a rendered page.
func send(w http.ResponseWriter, r *http.Request, status int, body []byte) {
	h := w.Header()
	h.Set("Content-Type", "text/html; charset=utf-8")
	h.Set("Vary", "Accept-Encoding")
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

func templateFuncs(a *assets) template.FuncMap {
	return template.FuncMap{
		"asset":        a.address,
		"avatar":       a.avatar,
		"icon":         icon,
		"stamp":        stamp,
		"up":           roundUp,
		"lasting":      duration,
		"spent":        spent,
		"wordList":     and,
		"languageName": languageName,
		"mainClass":    mainClass,
		"on":           func(it any, now time.Time) at { return at{it, now} },
		"deviceCount":  devices,
		"reportCount":  func(n int) string { return count(n, "report", "reports") },
		"profileCount": func(n int) string { return count(n, "profile", "profiles") },
		"titleCount":   func(n int) string { return count(n, "title", "titles") },
		"tryCount":     func(n int) string { return count(n, "wrong try", "wrong tries") },
		"tvCount":      func(n int) string { return count(n, "TV", "TVs") },
		"browserCount": func(n int) string { return count(n, "other browser", "other browsers") },
	}
}

// stamp writes t as a time element. The style says how the script shows it in
// the reader's zone: day, clock (to the second), moment (to the minute) or ago.
func stamp(t, now time.Time, style string) (template.HTML, error) {
	var text string
	switch style {
	case "day":
		text = t.UTC().Format(layoutDay)
	case "clock":
		text = clock(t, now)
	case "moment":
		text = moment(t, now)
	case "ago":
		text = ago(t, now)
	default:
		return "", fmt.Errorf("unknown style of time %q", style)
	}
	return template.HTML(`<time datetime="` + t.UTC().Format(layoutMachine) + `" data-as="` + style + `">` + text + `</time>`), nil
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
