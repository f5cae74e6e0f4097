package notify

import (
	"strings"
	"testing"
	"time"

	"github.com/hearthkey/hearthkey/server/account"
)

// V4, V7: the mail of an unusual sign-in says what was asked for, the second
// factor or the code, and why.
func TestV4_TheMailSaysWhatWasAskedForAndWhy(t *testing.T) {
	for purpose, want := range map[account.Purpose]string{
		"":                "We ask for your second factor before anybody is let in.",
		account.ForSignIn: "We ask for an access code before anybody is let in.",
	} {
		n := account.Notice{
			Kind: account.NoticeSuspicious, Account: "a", To: "mara@example.org", Language: "en", At: time.Date(2026, 11, 25, 21, 43, 0, 0, time.UTC),
			Purpose: purpose, Detail: "Five wrong codes were given for the second factor.",
		}
		text := strings.Join(suspicious(Wording{Service: "Hearthkey"}, n).Lines, "\n")
		if !strings.Contains(text, want) || !strings.Contains(text, "Five wrong codes were given for the second factor.") {
			t.Errorf("for %q:\n%s", purpose, text)
		}
	}
}
