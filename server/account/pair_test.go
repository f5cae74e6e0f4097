package account

import (
	"errors"
	"testing"
)

// TestV6_WaitsDoNotTellWhoseNumberItIs: wrong passwords for an address do not
// make the account's number wait, or whoever guessed the pair would know it.
// They count in a row for the account all the same.
func TestV6_WaitsDoNotTellWhoseNumberItIs(t *testing.T) {
	h := newHousehold(t, "anna@example.org")
	h.setPhone(ownersPhone)
	stranger := Client{Agent: "curl", IP: "203.0.113.7"}
	fail := func(login string) error {
		_, err := h.SignIn(h.ctx, h.clock.Now(), SignInRequest{Login: login, Password: "not the password", From: stranger})
		return err
	}
	var throttled *ThrottledError
	for range freeTries {
		if err := fail("anna@example.org"); !errors.Is(err, ErrCredentials) {
			t.Fatalf("a wrong password = %v", err)
		}
	}
	if err := fail("anna@example.org"); !errors.As(err, &throttled) {
		t.Errorf("the address = %v, want a wait", err)
	}
	if err := fail(ownersPhone); !errors.Is(err, ErrCredentials) {
		t.Errorf("the number = %v, want no wait: it tells whose it is", err)
	}
}
