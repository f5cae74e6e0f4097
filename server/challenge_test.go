package server_test

import (
	"testing"
	"time"
)

// What a sign-in under way refuses, and that it goes on with the right code all
// the same.
func TestV1_SignInCodesRefuse(t *testing.T) {
	h := open(t, nil)
	o, eve := h.signUp("mara@example.org"), h.signUp("eve@example.org")
	o.call("PUT", "/v1/preferences", object{ // nothing but the code's own mails
		"code_on_new_device": true, "sign_in_mails": false, "remind_devices": false, "remind_password": false, "sms_notices": false,
	}, nil)
	begin := func(who *owner) string {
		t.Helper()
		var c struct{ Challenge string }
		(&owner{house: h}).call("POST", "/v1/sign-in", object{"email": who.email, "password": password}, &c)
		return c.Challenge
	}
	own := begin(o)
	code := h.accessCode(o.email)
	foreign := begin(eve)
	wrong := "000000"
	if code == wrong {
		wrong = "000001"
	}
	before := o.everything()
	for _, tt := range []struct {
		name, path string
		in         object
		status     int
		kind       string
	}{
		{"no answer", "/v1/sign-in/answer", object{"challenge": own}, 422, "wrong-answer"},
		{"a wrong code", "/v1/sign-in/answer", object{"challenge": own, "code": wrong}, 422, "wrong-code"},
		{"letters", "/v1/sign-in/answer", object{"challenge": own, "code": "abcdef"}, 422, "wrong-code"},
		{"the code with another's challenge", "/v1/sign-in/answer", object{"challenge": foreign, "code": code}, 422, "wrong-code"},
		{"the code with no challenge", "/v1/sign-in/answer", object{"challenge": "none", "code": code}, 404, "no-attempt"},
		{"a code of an app that there is not", "/v1/sign-in/answer", object{"challenge": own, "totp": code}, 422, "wrong-answer"},
		{"a recovery code", "/v1/sign-in/answer", object{"challenge": own, "recovery_code": "aaaa-aaaa-aaaa-aaaa"}, 422, "wrong-answer"},
		{"a passkey", "/v1/sign-in/answer/passkey", object{"challenge": own}, 422, "wrong-answer"},
		{"a channel that there is not", "/v1/sign-in/code", object{"challenge": own, "channel": "sms"}, 422, "no-channel"},
		{"no channel", "/v1/sign-in/code", object{"challenge": own, "channel": "pigeon"}, 422, "no-channel"},
		{"another code at once", "/v1/sign-in/code", object{"challenge": own, "channel": "mail"}, 429, "throttled"},
		{"a code for no challenge", "/v1/sign-in/code", object{"challenge": "none", "channel": "mail"}, 404, "no-attempt"},
	} {
		status, body := (&owner{house: h}).try("POST", tt.path, tt.in)
		wantProblem(t, tt.name, status, body, tt.status, tt.kind)
	}
	o.unchanged(before)
	there := &owner{house: h}
	there.renewed("POST", "/v1/sign-in/answer", object{"challenge": own, "code": code})
	status, body := there.try("POST", "/v1/sign-in/answer", object{"challenge": own, "code": code})
	wantProblem(t, "the code again", status, body, 404, "no-attempt")

	h.skew.Add(int64(31 * time.Second))
	late := begin(o)
	code = h.accessCode(o.email)
	h.skew.Add(int64(10*time.Minute + time.Second))
	status, body = there.try("POST", "/v1/sign-in/answer", object{"challenge": late, "code": code})
	wantProblem(t, "a code after ten minutes", status, body, 410, "code-expired")
	h.skew.Add(int64(20 * time.Minute))
	status, body = there.try("POST", "/v1/sign-in/pending", object{"challenge": late})
	wantProblem(t, "a sign-in after half an hour", status, body, 404, "no-attempt")

	h.skew.Add(int64(time.Hour))
	guessed := begin(o)
	for left := 4; left >= 0; left-- {
		status, body = there.try("POST", "/v1/sign-in/answer", object{"challenge": guessed, "code": "000000"})
		wantProblem(t, "a guess", status, body, 422, "wrong-code")
	}
	status, body = there.try("POST", "/v1/sign-in/answer", object{"challenge": guessed, "code": h.accessCode(o.email)})
	wantProblem(t, "the right code after five guesses", status, body, 410, "code-expired")
}
