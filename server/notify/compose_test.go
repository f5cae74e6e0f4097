package notify

import (
	"errors"
	"flag"
	"go/ast"
	"go/parser"
	gotoken "go/token"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/hearthkey/hearthkey/server/account"
)

var update = flag.Bool("update", false, "write the files in testdata anew")

func full(kind account.NoticeKind) account.Notice {
	return account.Notice{
		Kind: kind, Account: "a", To: "ann@home.example", Language: "en", At: monday,
		Client: account.Client{Agent: "Firefox on Linux", IP: "203.0.113.7", Place: "near Lyon, France"},
		Code:   "048213", Device: "Living room", Profile: "Mia", Expires: monday.Add(10 * time.Minute),
		Detail: "b…a@other.example", Link: token, Purpose: account.ForSignIn, Stop: token,
	}
}

// token is a link's token of the usual length.
var token = strings.Repeat("aB3-_xyz", 8)

// bare is what is known at least.
func bare(kind account.NoticeKind) account.Notice {
	n := account.Notice{Kind: kind, To: "ann@home.example", At: monday}
	if kind == account.NoticeAccessCode {
		n.Code, n.Expires = "048213", monday.Add(10*time.Minute)
	}
	return n
}

func TestComposeGolden(t *testing.T) {
	for kind := range letters {
		for name, n := range map[string]account.Notice{string(kind): full(kind), string(kind) + "-bare": bare(kind)} {
			m, err := Compose(wording, n)
			if err != nil {
				t.Errorf("Compose(%s) = %v", name, err)
				continue
			}
			golden(t, name+".txt", "Subject: "+m.Subject+"\n\n"+m.Text)
			if name == string(kind) {
				golden(t, name+".html", m.HTML)
			}
		}
	}
}

func golden(t *testing.T, name, got string) {
	t.Helper()
	path := filepath.Join("testdata", "mails", name)
	if *update {
		if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(path, []byte(got), 0o644); err != nil {
			t.Fatal(err)
		}
		return
	}
	want, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(string(want), got); diff != "" {
		t.Errorf("%s (-want +got; go test -update writes it anew):\n%s", name, diff)
	}
}

// personal are the kinds that tell when, where and by which device.
var personal = map[account.NoticeKind]bool{}

func init() {
	for kind := range letters {
		switch kind {
		case account.NoticeAccessCode, account.NoticeReviewDevices, account.NoticeRenewPassword, account.NoticeErased:
		default:
			personal[kind] = true
		}
	}
}

// Every kind that package account knows has its words (V7).
func TestEveryKindHasWords(t *testing.T) {
	kinds := noticeKinds(t)
	for _, kind := range kinds {
		if letters[kind] == nil {
			t.Errorf("no mail of kind %q", kind)
		}
	}
	if len(kinds) != len(letters) {
		t.Errorf("%d kinds of notices, %d mails", len(kinds), len(letters))
	}
}

// noticeKinds reads the kinds from the source: they are all constants of that
// type, wherever they stand.
func noticeKinds(t *testing.T) (kinds []account.NoticeKind) {
	t.Helper()
	files, err := filepath.Glob("../account/*.go")
	if err != nil || len(files) == 0 {
		t.Fatal(err)
	}
	for _, name := range files {
		file, err := parser.ParseFile(gotoken.NewFileSet(), name, nil, parser.SkipObjectResolution)
		if err != nil {
			t.Fatal(err)
		}
		ast.Inspect(file, func(n ast.Node) bool {
			spec, ok := n.(*ast.ValueSpec)
			if !ok {
				return true
			}
			if kind, ok := spec.Type.(*ast.Ident); ok && kind.Name == "NoticeKind" && len(spec.Values) == 1 {
				if value, ok := spec.Values[0].(*ast.BasicLit); ok {
					text, _ := strconv.Unquote(value.Value)
					kinds = append(kinds, account.NoticeKind(text))
				}
			}
			return true
		})
	}
	return kinds
}

// The button of a security notice leads to one page that asks first, and a
// notice without a link has none (V7, V9).
func TestNotMe(t *testing.T) {
	address := "https://tv.example/not-me?link=" + token
	for kind := range letters {
		m, err := Compose(wording, full(kind))
		if err != nil {
			t.Fatal(err)
		}
		keep := strings.Contains(m.Text, "https://tv.example/keep?link="+token)
		notMe := strings.Contains(m.Text, "\n"+address+"\n") && strings.Contains(m.HTML, `href="`+address+`"`)
		if want := kind == account.NoticeErasureAsked || kind == account.NoticeFactorReset || kind == account.NoticeContactReset; keep != want {
			t.Errorf("%s: link to keep: %t", kind, keep)
		}
		if want := personal[kind] && !keep && kind != account.NoticeHaveAccount; notMe != want {
			t.Errorf("%s: “It wasn’t me”: %t", kind, notMe)
		}
		without := full(kind)
		without.Link, without.Stop = "", ""
		if m, err = Compose(wording, without); err != nil || strings.Contains(m.Text, "link=") || strings.Contains(m.HTML, "link=") {
			t.Errorf("%s: a link from nowhere, %v", kind, err)
		}
	}
}

// The mail of a code leads to one page that asks first; an SMS holds no link (V7).
func TestV7_ACodesMailLeadsToWhatStopsIt(t *testing.T) {
	for _, p := range []account.Purpose{account.ForSignUp, account.ForSignIn, account.ForEmail, account.ForCheck, account.ForRecovery} {
		n := full(account.NoticeAccessCode)
		n.Link, n.Purpose = "", p
		m, err := Compose(wording, n)
		address := "https://tv.example/stop?link=" + token
		if err != nil || !strings.Contains(m.Text, "\n"+address+"\n") || !strings.Contains(m.HTML, `href="`+address+`"`) || !strings.Contains(m.Text, "stops what the code is for") {
			t.Errorf("%s: %v\n%s", p, err, m.Text)
		}
		n.To = "+34612345678"
		if m, err = Compose(wording, n); err != nil || strings.Contains(m.Text, "link") || strings.Contains(m.Text, "/stop") {
			t.Errorf("SMS for %s: %v\n%s", p, err, m.Text)
		}
	}
}

// What the first address hears of an account that was moved has "It wasn't me"
// in place of the link that keeps (V8).
func TestV8_TheFirstAddressDisputes(t *testing.T) {
	for _, kind := range []account.NoticeKind{account.NoticeErasureAsked, account.NoticeFactorReset, account.NoticeFactorResetEnded, account.NoticeContactReset, account.NoticeContactResetEnded} {
		n := full(kind)
		n.First = true
		m, err := Compose(wording, n)
		if err != nil || strings.Contains(m.Text, "/keep") || !strings.Contains(m.Text, "https://tv.example/not-me?link="+token) {
			t.Errorf("%s: %v, %s", kind, err, m.Text)
		}
	}
}

// V7: what can be kept by one link has "It wasn't me" as another beside it.
func TestV7_WhatKeepsHasNotMeBeside(t *testing.T) {
	for _, kind := range []account.NoticeKind{account.NoticeErasureAsked, account.NoticeFactorReset} {
		n := full(kind)
		n.NotMe = strings.Repeat("cD4-_uvw", 8)
		m, err := Compose(wording, n)
		for _, link := range []string{"https://tv.example/keep?link=" + token, "https://tv.example/not-me?link=" + n.NotMe} {
			if err != nil || !strings.Contains(m.Text, "\n"+link+"\n") || !strings.Contains(m.HTML, `href="`+link+`"`) {
				t.Errorf("%s lacks %s, %v: %s", kind, link, err, m.Text)
			}
		}
	}
}

// What every mail keeps to.
func TestComposeRules(t *testing.T) {
	for kind := range letters {
		m, err := Compose(wording, full(kind))
		if err != nil {
			t.Fatal(err)
		}
		m.Channel = ChannelMail
		if err := m.check(); err != nil {
			t.Errorf("%s: %v", kind, err)
		}
		for _, own := range []string{"048213", "Living", "Mia", "Firefox"} {
			if strings.Contains(m.Subject, own) {
				t.Errorf("%s: the subject tells %q", kind, own)
			}
		}
		code := kind == account.NoticeAccessCode
		if strings.Contains(m.Text, "048213") != code || strings.Contains(m.HTML, "048213") != code {
			t.Errorf("%s: code in the body: want %t", kind, code)
		}
		if !m.Useful.IsZero() != code {
			t.Errorf("%s: of use until %v", kind, m.Useful)
		}
		if !personal[kind] {
			continue
		}
		for _, want := range []string{"Monday, 2 March 2026, 18:04 UTC", "near Lyon, France (approximate place), address 203.0.113.7", "Firefox on Linux"} {
			if !strings.Contains(m.Text, want) || !strings.Contains(m.HTML, want) {
				t.Errorf("%s: does not tell %q", kind, want)
			}
		}
		if strings.Contains(m.HTML, "<script") || strings.Contains(m.HTML, "<img") || strings.Contains(m.HTML, "src=") {
			t.Errorf("%s: the page loads something", kind)
		}
	}
}

func TestComposeErrors(t *testing.T) {
	tests := []struct {
		name   string
		notice account.Notice
	}{
		{"unknown kind", account.Notice{Kind: "poem", At: monday}},
		{"no time", account.Notice{Kind: account.NoticeNewDevice}},
		{"no code", account.Notice{Kind: account.NoticeAccessCode, At: monday, Expires: monday.Add(time.Minute)}},
		{"no end", account.Notice{Kind: account.NoticeAccessCode, At: monday, Code: "123456"}},
	}
	for _, test := range tests {
		if _, err := Compose(wording, test.notice); !errors.Is(err, ErrMessage) {
			t.Errorf("%s: Compose = %v, want ErrMessage", test.name, err)
		}
	}
}

func TestWording(t *testing.T) {
	for _, w := range []Wording{{}, {PublicURL: "tv.example"}, {PublicURL: "javascript:alert(1)"}, {PublicURL: "https://tv.example", Service: "a\nb"}} {
		if w.check() == nil {
			t.Errorf("%+v was accepted", w)
		}
	}
	m, err := Compose(Wording{PublicURL: "https://tv.example/"}, full(account.NoticeNewDevice))
	if err != nil || !strings.Contains(m.Text, "https://tv.example/account/devices\n") || !strings.Contains(m.Subject, "Hearthkey") {
		t.Errorf("%v\n%s\n%s", err, m.Subject, m.Text)
	}
}

// Others choose the names of TVs; our mails must not carry their messages.
func TestPlain(t *testing.T) {
	tests := []struct{ in, want string }{
		{"Living room", "Living room"},
		{"", ""},
		{"  a \t b\r\nWhen: never ", "a b When: never"},
		{"You won! Go to https://evil.example/x", "You won! Go to evil. example/x"},
		{"HTTPS://EVIL.EXAMPLE", "EVIL. EXAMPLE"},
		{"www.evil.example", "evil. example"},
		{"a.b.c.d", "a. b. c. d"},
		{"hthttp://tp://evil.example", "evil. example"},
		{"mail ann@evil.example", "mail ann at evil. example"},
		{"mailto:ann", "ann"},
		{"A:/A:///", ""},
		{"webOS 6.0 (LG C2)", "webOS 6.0 (LG C2)"},
		{"Zoë's <b>TV</b> & \"co\"", "Zoë's <b>TV</b> & \"co\""},
		{"left\u202eright\u2066x\u200b", "leftrightx"},
		{"bad\xffbytes\x00", "badbytes"},
		{"👩‍👩‍👧 TV", "👩‍👩‍👧 TV"},
		{strings.Repeat("é", 200), strings.Repeat("é", 79) + "…"},
	}
	for _, test := range tests {
		if got := plain(test.in); got != test.want {
			t.Errorf("plain(%q) = %q, want %q", test.in, got, test.want)
		}
	}
	n := full(account.NoticeNewDevice)
	n.Device = "<script>alert(1)</script>\nWhen: never"
	m, err := Compose(wording, n)
	if err != nil || strings.Contains(m.HTML, "<script") || strings.Contains(m.Text, "\nWhen: never") {
		t.Errorf("%v\n%s\n%s", err, m.Text, m.HTML)
	}
}

func FuzzPlain(f *testing.F) {
	f.Add("https://evil.example")
	f.Add("hthttp://tp://a\u200b.b@c")
	f.Fuzz(func(t *testing.T, s string) {
		got := plain(s)
		if !oneLine(got) || len([]rune(got)) > maxName || scheme.MatchString(got) || domain.MatchString(got) || strings.Contains(got, "@") {
			t.Errorf("plain(%q) = %q", s, got)
		}
		if again := plain(got); again != got {
			t.Errorf("plain(%q) = %q, and again %q", s, got, again)
		}
	})
}

// V4: a reason of ours is told whole.
func TestV4_ReasonsAreNotCut(t *testing.T) {
	n := full(account.NoticeSuspicious)
	n.Detail = "An internet provider that the account has not been used from, in a country it has (United Kingdom of Great Britain).\n" +
		"20 minutes from a sign-in in Norway, at least 1900 km away: nobody travels that fast."
	m, err := Compose(wording, n)
	if err != nil {
		t.Fatal(err)
	}
	for reason := range strings.SplitSeq(n.Detail, "\n") {
		if !strings.Contains(m.Text, reason) {
			t.Errorf("%q is cut: %s", reason, m.Text)
		}
	}
}

// V7: what changed is said to its end, and each fact once.
func TestV7_DetailsAreWhole(t *testing.T) {
	for _, detail := range []string{
		"The parental PIN is asked for above the level Little kids. Adding a profile does not always need the PIN any more.",
		"It was called “" + strings.Repeat("W", 32) + "”. The level was Little kids and is Older kids. It is no kids profile any more. It has another picture. It has another language.",
	} {
		n := full(account.NoticeParentalChanged)
		n.Detail, n.Client.Agent = detail, n.Device
		m, err := Compose(wording, n)
		if err != nil || !strings.Contains(m.Text, "Change: "+detail+"\n") {
			t.Errorf("%v: %s", err, m.Text)
		}
		if strings.Count(m.Text, "Living room") != 1 {
			t.Errorf("the TV is not named once: %s", m.Text)
		}
	}
}

// V7: whose titles were blocked has the page where they are; whoever guesses a PIN
// is never the reader; a profile's mail says what was done to it.
func TestV7_ProfileMailsSayWhatToDo(t *testing.T) {
	blocked, guessed := full(account.NoticeParentalChanged), full(account.NoticePINGuessing)
	blocked.ProfileID = "p-1"
	added, removed := full(account.NoticeProfileChanged), full(account.NoticeProfileChanged)
	added.Done, removed.Done = account.DoneAdded, account.DoneRemoved
	for _, c := range []struct {
		n    account.Notice
		want []string
	}{
		{blocked, []string{"See blocked titles:\nhttps://tv.example/account/profiles/p-1/blocked\n"}},
		{guessed, []string{"“Unlock now”", "If you do not know who it is, press “It wasn’t me”."}},
		{added, []string{"Subject", "The profile “Mia” was added.\n"}},
		{removed, []string{"The profile “Mia” was removed.\n"}},
		{full(account.NoticeProfileChanged), []string{"The profile “Mia” was changed.\n"}},
	} {
		m, err := Compose(wording, c.n)
		for _, want := range c.want {
			if err != nil || !strings.Contains("Subject: "+m.Subject+"\n"+m.Text, want) {
				t.Errorf("%s lacks %q, %v: %s", c.n.Kind, want, err, m.Text)
			}
		}
	}
	m, _ := Compose(wording, removed)
	if m.Subject != "A profile was removed from your Hearthkey account" {
		t.Errorf("subject %q", m.Subject)
	}
}
