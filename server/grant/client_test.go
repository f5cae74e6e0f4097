package grant_test

import (
	"errors"
	"strings"
	"testing"

	"github.com/hearthkey/hearthkey/server/grant"
)

const (
	secret = "3f9a0c5d7e1b42688a90d1c2e3f40516"
	second = "b1946ac92492d2347c6235b4d2611184"
)

func TestClients(t *testing.T) {
	c, err := grant.ParseClients("# players\n\ncdn " + secret + "\r\n  licence\t" + second + "\ncdn " + second)
	if err != nil || len(c) != 3 {
		t.Fatalf("ParseClients = %v, %v", c, err)
	}
	for _, x := range []struct {
		name, secret string
		want         bool
	}{
		{"cdn", secret, true}, {"licence", second, true}, {"cdn", second, true}, // a secret that is being replaced
		{"licence", secret, false}, {"", secret, false}, {"cdn", "", false}, {"CDN", secret, false}, {"cdn", secret + "0", false},
	} {
		if got := c.Know(x.name, x.secret); got != x.want {
			t.Errorf("Know(%q, …%.4q) = %t", x.name, x.secret, got)
		}
	}
	if (grant.Clients)(nil).Know("cdn", secret) {
		t.Error("nobody may ask, and somebody does")
	}
}

func TestParseClientsRefuses(t *testing.T) {
	for name, text := range map[string]string{
		"no secret":      "cdn",
		"three words":    "cdn a " + secret,
		"a short secret": "cdn " + secret[1:],
		"a long secret":  "cdn " + strings.Repeat("a", 257),
		"a colon":        "c:dn " + secret,
		"an odd secret":  "cdn " + secret + "+",
		"a long name":    strings.Repeat("c", 65) + " " + secret,
		"too many":       strings.Repeat("cdn "+secret+"\n", 101),
		"too large":      strings.Repeat("#", grant.MaxClientsFile+1),
	} {
		if _, err := grant.ParseClients(text); !errors.Is(err, grant.ErrClients) {
			t.Errorf("%s: ParseClients = %v", name, err)
		} else if strings.Contains(err.Error(), secret[1:]) {
			t.Errorf("%s: the error shows a secret", name)
		}
	}
}

func FuzzParseClients(f *testing.F) {
	f.Add("cdn " + secret)
	f.Add("# x\n\n")
	f.Fuzz(func(t *testing.T, text string) {
		c, err := grant.ParseClients(text)
		if err != nil && !errors.Is(err, grant.ErrClients) {
			t.Fatalf("an error of no kind: %v", err)
		}
		if len(c) > 0 && c.Know("", "") {
			t.Fatal("nothing is known")
		}
	})
}
