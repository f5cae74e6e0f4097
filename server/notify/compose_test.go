package notify

import (
	"errors"
	"flag"
	"os"
	"path/filepath"
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
	}
}

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
		for _, want := range []string{"Monday, 2 March 2026, 18:04 UTC", "near Lyon, France (address 203.0.113.7)", "Firefox on Linux"} {
			if !code && (!strings.Contains(m.Text, want) || !strings.Contains(m.HTML, want)) {
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
