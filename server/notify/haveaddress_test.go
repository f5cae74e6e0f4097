package notify

import (
	"strings"
	"testing"

	"github.com/hearthkey/hearthkey/server/account"
)

// Who has an address that another account wants is not told of a sign-up.
func TestV6_TheOwnerOfAnAddressHearsWhoWantedIt(t *testing.T) {
	for purpose, want := range map[account.Purpose]string{
		account.ForSignUp: "tried to sign up with this address", account.ForEmail: "wants this address for another account",
	} {
		n := full(account.NoticeHaveAccount)
		n.Purpose = purpose
		m, err := Compose(wording, n)
		if err != nil || !strings.Contains(m.Text, want) {
			t.Errorf("%s: %v, want %q in\n%s", purpose, err, want, m.Text)
		}
	}
}
