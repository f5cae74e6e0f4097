package notify

import (
	"strings"
	"testing"

	"github.com/hearthkey/hearthkey/server/account"
)

// A code's SMS is one, in the GSM alphabet, and ends with the line by which
// phones offer it (V1), whatever the service and its host are called.
func TestCodeText(t *testing.T) {
	for _, w := range []Wording{
		wording,
		{Service: "Žižkov “TV” 日本", PublicURL: "https://tv.example:8443"},
		{Service: "日本テレビ", PublicURL: "https://tv.example"},
		{Service: strings.Repeat("Long name ", 6), PublicURL: "https://" + strings.Repeat("a", 50) + "." + strings.Repeat("b", 41) + ".example"},
		{Service: "[brackets] {count} twice", PublicURL: "http://localhost:8700"},
	} {
		if err := w.check(); err != nil {
			t.Fatal(err)
		}
		n := full(account.NoticeAccessCode)
		n.To = "+15550100042"
		m, err := Compose(w, n)
		if err != nil || m.check() != nil {
			t.Errorf("%s: %v, %v", w.Service, err, m.check())
		}
		lines := strings.Split(m.Text, "\n")
		host := strings.Split(strings.TrimPrefix(strings.TrimPrefix(w.PublicURL, "https://"), "http://"), ":")[0]
		if want := "@" + host + " #048213"; lines[len(lines)-1] != want || !strings.HasPrefix(m.Text, "048213 is your ") {
			t.Errorf("%s: SMS %q does not end with %q", w.Service, m.Text, want)
		}
		if places, ok := gsmLength(m.Text); !ok || places > 160 {
			t.Errorf("%s: %d places, %t", w.Service, places, ok)
		}
	}
}

// Every notice can go by SMS (V7).
func TestShortTexts(t *testing.T) {
	far := Wording{Service: "Hearthkey", PublicURL: "https://" + strings.Repeat("a", 60) + "." + strings.Repeat("b", 31) + ".example"}
	for _, w := range []Wording{wording, far} {
		for kind := range letters {
			for _, n := range []account.Notice{full(kind), bare(kind)} {
				n.To = "+15550100042"
				m, err := Compose(w, n)
				if err != nil || m.check() != nil {
					t.Errorf("%s: %v, %v: %q", kind, err, m.check(), m.Text)
				}
				if kind != account.NoticeAccessCode && !strings.Contains(m.Text, "https://") {
					t.Errorf("%s: leads nowhere: %q", kind, m.Text)
				}
			}
		}
	}
}

// No SMS holds the token of a link, which is of the mailbox: an old phone takes
// no account over (V8).
func TestV8_NoTokenInAnSMS(t *testing.T) {
	for kind := range letters {
		n := full(kind)
		n.To = "+15550100042"
		m, err := Compose(wording, n)
		if err != nil || strings.Contains(m.Text, token) || strings.Contains(m.Text, "link=") {
			t.Errorf("%s: a link in %q, %v", kind, m.Text, err)
		}
		want := "Not you? https://tv.example/recover"
		if stops[kind] != "" { // a recovery would leave it running
			want = "Not you? Stop it: https://tv.example" + stops[kind]
		}
		if personal[kind] && !strings.Contains(m.Text, want) {
			t.Errorf("%s: does not say where to go: %q", kind, m.Text)
		}
	}
}

// V7: an SMS too carries when, where and which device.
func TestV7_AnSMSSaysWhenAndWhere(t *testing.T) {
	for kind := range personal {
		n := full(kind)
		n.To = "+15550100042"
		m, err := Compose(wording, n)
		if err != nil || !strings.Contains(m.Text, " 2 Mar 18:04 UTC, near Lyon, France") {
			t.Errorf("%s: %q, %v", kind, m.Text, err)
		}
		if device := strings.Contains(m.Text, "TV Living room") || strings.Contains(m.Text, "Firefox on Linux"); !device {
			t.Errorf("%s: no device in %q", kind, m.Text)
		}
	}
}

func TestGSM(t *testing.T) {
	for in, want := range map[string]int{"": 0, "abc": 3, "€": 2, "a[b]\n": 7, "ÄÖÜ": 3, "ç": -1, "“": -1, "日": -1, "\x00": -1, "\xff": -1} {
		got, ok := gsmLength(in)
		if want < 0 == ok || ok && got != want {
			t.Errorf("gsmLength(%q) = %d, %t, want %d", in, got, ok, want)
		}
	}
	for in, want := range map[string]string{"Žižkov": "Zizkov", "Übung": "Übung", "日本": "", "a “b” c": "a b c", "ﬁ": "fi", "x\ny": "x y"} {
		if got := gsm(in, 10); got != want {
			t.Errorf("gsm(%q) = %q, want %q", in, got, want)
		}
	}
}

func FuzzGSM(f *testing.F) {
	f.Add("Žižkov “TV” 日本", 10)
	f.Fuzz(func(t *testing.T, s string, n int) {
		n = int(uint(n) % 100)
		got := gsm(s, n)
		if places, ok := gsmLength(got); !ok || places > n || !oneLine(got) {
			t.Errorf("gsm(%q, %d) = %q", s, n, got)
		}
	})
}
