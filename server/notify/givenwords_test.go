package notify

import (
	"strings"
	"testing"
)

// TestV7_ASignInMailSaysWhatWasGiven: who used a passkey gave no password.
func TestV7_ASignInMailSaysWhatWasGiven(t *testing.T) {
	for factors, want := range map[string]string{
		"":                       "your password",
		"password":               "your password",
		"passkey":                "one of your passkeys.",
		"password passkey":       "your password and one of your passkeys",
		"password totp":          "your password and your authenticator app",
		"password recovery-code": "your password and one of your recovery codes",
		"password code":          "your password and an access code",
	} {
		if got := given(factors); !strings.HasPrefix(got, want) {
			t.Errorf("given(%q) = %q, want %q", factors, got, want)
		}
	}
}
