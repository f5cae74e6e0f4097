package account

import (
	"testing"

	"github.com/hearthkey/hearthkey/server/store"
	"github.com/hearthkey/hearthkey/server/timeline"
)

// A number signs in as it was typed when it was added.
func TestA2_NationalNumbersSignIn(t *testing.T) {
	h := newHousehold(t, "anna@example.org")
	h.setPhone(ownersPhone)
	for name, c := range map[string]struct {
		request  SignInRequest
		operator string
		found    bool
	}{
		"the browser's region":                 {request: SignInRequest{Region: "DE"}, found: true},
		"before the operator's":                {request: SignInRequest{Region: "DE"}, operator: "FR", found: true},
		"the operator's":                       {operator: "DE", found: true},
		"the language's":                       {request: SignInRequest{Language: "de"}, found: true},
		"another region":                       {request: SignInRequest{Region: "FR"}, operator: "DE"},
		"none":                                 {},
		"a region of no country, by a program": {request: SignInRequest{Region: "\x00!"}},
	} {
		t.Run(name, func(t *testing.T) {
			h.c.Region = c.operator
			r := c.request
			r.Login, r.Device, r.From = "01512 3456789", h.device(t), fox
			tried, err := h.tried(h.ctx, h.clock.Now(), r)
			if err != nil || (tried.acc.ID != "") != c.found {
				t.Errorf("found %q, %v, want an account: %t", tried.acc.ID, err, c.found)
			}
			h.update(t, func(tx *store.Tx) error { return h.forgive(tx, h.clock.Now(), tried) })
		})
	}
}

func TestV7_ATVsSignInIsNotOneOfTheWeb(t *testing.T) {
	f := newFixture(t)
	web := f.signedUp(t, anna)
	begin := func(*store.Tx, Session) error { return nil }
	request := SignInRequest{Login: anna, Password: goodPassword, Device: tvDevice(1), From: tvClient(1)}
	step, err := f.SignInElsewhere(f.ctx, f.clock.Now(), request, begin)
	if err != nil || step.Challenge == nil {
		t.Fatalf("SignInElsewhere = %+v, %v", step, err)
	}
	if err := f.ContinueElsewhere(f.ctx, f.clock.Now(), step.Challenge.ID, Answer{Code: f.code(t)}, tvDevice(1), tvClient(1), begin); err != nil {
		t.Fatal(err)
	}
	if kinds := f.kinds(t, web.Session.Account); has(kinds, timeline.SignedIn) || !has(kinds, timeline.SignedInElsewhere) {
		t.Errorf("the timeline has %v", kinds)
	}
}
