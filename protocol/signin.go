package protocol

import (
	"log/slog"
	"strings"
	"unicode"
	"unicode/utf8"
)

// Bounds of signing in by password.
const (
	MaxLogin    = 254      // characters of an email address or phone number (RFC 5321, section 4.5.3.1)
	MaxPassword = 128 * 12 // bytes of a password: 128 characters before normalization
	MaxCode     = 64       // bytes of a code
	MaxChannels = 8        // ways to prove an attempt
)

// Secret is a text that a person typed and nobody may read in a log. It does
// not show itself when it is printed; string(s) does.
type Secret string

const hiddenSecret = "[hidden]"

// String hides the secret.
func (Secret) String() string { return hiddenSecret }

// GoString hides the secret.
func (Secret) GoString() string { return hiddenSecret }

// LogValue hides the secret.
func (Secret) LogValue() slog.Value { return slog.StringValue(hiddenSecret) }

// ChallengeID names a sign-in whose password was right and that waits for a
// code: 1 to 128 printable ASCII characters, given by the server. It is no proof
// of anything by itself.
type ChallengeID string

func (id ChallengeID) valid() bool {
	return id != "" && len(id) <= 128 && strings.IndexFunc(string(id), func(r rune) bool { return r <= ' ' || r > '~' }) < 0
}

// ChannelKind says where a code comes from.
type ChannelKind string

// The kinds of channels. A device leaves out those it does not know.
const (
	ChannelMail     ChannelKind = "mail"     // 6 digits, sent on request
	ChannelSMS      ChannelKind = "sms"      // 6 digits, sent on request
	ChannelTOTP     ChannelKind = "totp"     // 6 digits of an authenticator app (RFC 6238)
	ChannelRecovery ChannelKind = "recovery" // one of the account's recovery codes
)

// Sent reports whether codes of this kind are sent, rather than held by the
// person already.
func (k ChannelKind) Sent() bool { return k == ChannelMail || k == ChannelSMS }

// Digits reports whether codes of this kind are 6 digits.
func (k ChannelKind) Digits() bool { return k != ChannelRecovery }

// Channel is one way to prove an attempt.
type Channel struct {
	Kind ChannelKind `json:"kind"`
	To   string      `json:"to,omitempty"` // masked, e.g. "a•••@example.com"
}

// Refusal says why a sign-in by password does not go on. A device shows one
// that it does not know as [RefusalBusy].
type Refusal string

// The refusals. After all but [RefusalOver], [RefusalUserCode], [RefusalLimit],
// [RefusalFactor] and [RefusalLocked] the person can go on where they are.
const (
	RefusalCredentials Refusal = "credentials"  // the address or the password is wrong; never which
	RefusalWait        Refusal = "wait"         // too many tries or codes: not before retry_after_ms
	RefusalCode        Refusal = "code"         // not that code; tries_left says how many more
	RefusalCodeExpired Refusal = "code_expired" // that code ran out: send_code makes another
	RefusalOver        Refusal = "over"         // the attempt ended: begin with sign_in
	RefusalUserCode    Refusal = "user_code"    // this account signs a TV in by user code only
	RefusalLimit       Refusal = "limit"        // the account has as many devices as the operator allows
	RefusalFactor      Refusal = "factor"       // too many wrong codes in a row: no second factor by code is taken here; the user code is (since 3)
	RefusalLocked      Refusal = "locked"       // the password was right, and support has locked the account (since 5)
	RefusalBusy        Refusal = "busy"         // the server cannot now: after retry_after_ms
)

// Frames of signing in by password, all since capability 2 and all on a
// connection that shows a user code (the answer to [Enrol]). The server answers
// each of the device's with [CodeNeeded], [SignInRefused] or [Enrolled].
type (
	// SignIn gives an account's email address or phone number, and its
	// password. The device keeps neither.
	SignIn struct {
		Login    string `json:"login"`
		Password Secret `json:"password"`
	}

	// SendCode asks for a code by a channel; one that was sent before is void.
	SendCode struct {
		Challenge ChallengeID `json:"challenge"`
		Channel   ChannelKind `json:"channel"`
	}

	// EnterCode answers a challenge.
	EnterCode struct {
		Challenge ChallengeID `json:"challenge"`
		Channel   ChannelKind `json:"channel"`
		Code      Secret      `json:"code"`
	}

	// CodeNeeded says that the password was right and that it is not enough.
	CodeNeeded struct {
		Challenge ChallengeID `json:"challenge"`
		Channels  []Channel   `json:"channels"`       // the best first
		Sent      ChannelKind `json:"sent,omitempty"` // where a code is on its way to
		RetryIn   int64       `json:"retry_in"`       // seconds until another can be sent
		TriesLeft int         `json:"tries_left"`     // with the present code
		ExpiresIn int64       `json:"expires_in"`     // seconds the attempt lasts
	}

	// SignInRefused says why a sign-in does not go on.
	SignInRefused struct {
		Reason     Refusal `json:"reason"`
		RetryAfter int64   `json:"retry_after_ms,omitempty"`
		TriesLeft  int     `json:"tries_left,omitempty"` // with RefusalCode
	}
)

func (SignIn) Type() string        { return "sign_in" }
func (SendCode) Type() string      { return "send_code" }
func (EnterCode) Type() string     { return "code" }
func (CodeNeeded) Type() string    { return "code_needed" }
func (SignInRefused) Type() string { return "sign_in_refused" }

// LogValue leaves the password out, however a log is written.
func (f SignIn) LogValue() slog.Value { return slog.StringValue("sign_in") }

// LogValue leaves the code out.
func (f EnterCode) LogValue() slog.Value { return slog.StringValue("code for " + string(f.Channel)) }

// line requires 1 to limit characters of text on one line.
func (w *want) line(name, s string, limit int) {
	n := utf8.RuneCountInString(s)
	w.that(n >= 1 && n <= limit, "%s has %d characters, want 1 to %d", name, n, limit)
	w.that(utf8.ValidString(s) && strings.IndexFunc(s, unicode.IsControl) < 0, "%s has characters that are not text", name)
}

func (w *want) secret(name string, s Secret, limit int) {
	w.that(len(s) >= 1 && len(s) <= limit, "%s has %d bytes, want 1 to %d", name, len(s), limit)
	w.that(utf8.ValidString(string(s)), "%s is not UTF-8", name)
}

func (w *want) kind(k ChannelKind) {
	w.that(k != "" && len(k) <= 16, "bad channel")
}

func (f SignIn) check() error {
	var w want
	w.line("login", f.Login, MaxLogin)
	w.secret("password", f.Password, MaxPassword)
	return w.err
}

func (f SendCode) check() error {
	var w want
	w.that(f.Challenge.valid(), "bad challenge")
	w.kind(f.Channel)
	return w.err
}

func (f EnterCode) check() error {
	var w want
	w.that(f.Challenge.valid(), "bad challenge")
	w.kind(f.Channel)
	w.secret("code", f.Code, MaxCode)
	return w.err
}

func (f CodeNeeded) check() error {
	var w want
	w.that(f.Challenge.valid(), "bad challenge")
	w.that(len(f.Channels) > 0 && len(f.Channels) <= MaxChannels, "%d channels, want 1 to %d", len(f.Channels), MaxChannels)
	for _, c := range f.Channels {
		w.kind(c.Kind)
		w.that(c.To == "" || len(c.To) <= 4*MaxLogin && utf8.ValidString(c.To), "bad address of a channel")
	}
	w.that(len(f.Sent) <= 16, "bad channel")
	w.that(f.RetryIn >= 0 && f.RetryIn <= 24*3600, "retry_in is %d", f.RetryIn)
	w.that(f.TriesLeft >= 0 && f.TriesLeft <= 100, "tries_left is %d", f.TriesLeft)
	w.that(f.ExpiresIn > 0 && f.ExpiresIn <= 24*3600, "expires_in is %d", f.ExpiresIn)
	return w.err
}

func (f SignInRefused) check() error {
	var w want
	w.that(f.Reason != "" && len(f.Reason) <= 32, "bad reason")
	w.that(f.RetryAfter >= 0 && f.RetryAfter <= 24*3600*1000, "retry_after_ms is %d", f.RetryAfter)
	w.that(f.TriesLeft >= 0 && f.TriesLeft <= 100, "tries_left is %d", f.TriesLeft)
	return w.err
}
