package protocol

import (
	"strings"
	"unicode"
	"unicode/utf8"

	"github.com/hearthkey/hearthkey/protocol/parental"
)

// Bounds of play grants.
const (
	// MaxGrant is the longest that a play grant is valid, in seconds: 5 minutes.
	MaxGrant = 5 * 60
	// MaxWatching is how many other TVs a refusal names (product rule D15).
	MaxWatching = 8
)

// GrantPath is where the server's web address serves the public keys that check
// grants, as a JWK set (RFC 7517, section 5).
const GrantPath = "/.well-known/jwks.json"

// Frames about play grants, all since capability 4. A device sends them only
// where the server's hello says 4.
type (
	// Play asks for a grant to play a title: when it starts, again at about half
	// the life of the grant while it plays, and on every connection while it
	// plays. The same N is the same play, in any of them.
	Play struct {
		N       int64         `json:"n"` // names the play on this device until its agent starts anew
		Profile ProfileID     `json:"profile"`
		Title   TitleID       `json:"title"`
		Path    parental.Path `json:"path"` // how it was asked for
		// ProfilePIN and ParentalPIN are the versions of the PINs that were proved
		// at the TV for this play; 0 for none. That they were is the device's own
		// word: the server only sees that they are the ones in force.
		ProfilePIN  int64 `json:"profile_pin,omitempty"`
		ParentalPIN int64 `json:"parental_pin,omitempty"`
	}

	// PlayEnd says that a play is over. Its grant is void for whoever asks the
	// server, and the play no longer counts among the account's streams.
	PlayEnd struct {
		N int64 `json:"n"`
	}

	// Grant answers [Play] with a JWS of [GrantClaims]. The device never stores it.
	Grant struct {
		N   int64  `json:"n"`
		JWS string `json:"jws"`
	}

	// PlayRefused answers [Play] where there is no grant. But for [PlayBusy] the
	// device stops the title within a second.
	PlayRefused struct {
		N          int64       `json:"n"`
		Refusal    PlayRefusal `json:"refusal"`
		RetryAfter int64       `json:"retry_after_ms,omitempty"`
		// Watching names the account's TVs that play now, with [PlayStreams]: at
		// most [MaxWatching], and never what they play.
		Watching []string `json:"watching,omitempty"`
	}
)

// PlayRefusal says why there is no grant. A device takes one that it does not
// know for a refusal of the title.
type PlayRefusal string

// The refusals.
const (
	PlayAccess      PlayRefusal = "access"       // the sign-in has ended; a state that says so is on its way
	PlayProfile     PlayRefusal = "profile"      // there is no such profile
	PlayProfilePIN  PlayRefusal = "profile_pin"  // the profile's PIN in force was not proved
	PlayParentalPIN PlayRefusal = "parental_pin" // the parental PIN in force was not proved
	PlayTitle       PlayRefusal = "title"        // there is no such title, or it cannot be played
	PlayBlocked     PlayRefusal = "blocked"      // the title or its series is blocked for the profile
	PlayLevel       PlayRefusal = "level"        // rated above the profile's maturity level
	PlayStreams     PlayRefusal = "streams"      // as many TVs play as the operator allows
	PlayBusy        PlayRefusal = "busy"         // the server cannot now: again after retry_after_ms
)

// GrantClaims is the server's word that a device may play a title now: an
// allowed play (product rule D14). Its members are those of RFC 7519 where that
// has them, with times in seconds. Whoever delivers the title checks it with the
// keys at [GrantPath], or asks the server about it (RFC 7662).
type GrantClaims struct {
	Issuer   string    `json:"iss"` // the server's web address, without a path
	Audience string    `json:"aud"` // the operator's players, licence servers and CDN
	Account  AccountID `json:"account"`
	Profile  ProfileID `json:"profile"`
	Device   DeviceID  `json:"device"`
	Epoch    Epoch     `json:"epoch"`
	Title    TitleID   `json:"title"`
	Issued   int64     `json:"iat"` // seconds since the Unix epoch
	Expires  int64     `json:"exp"` // likewise; at most [MaxGrant] after Issued
	ID       string    `json:"jti"` // of this grant: each renewal has another
}

func (Play) Type() string        { return "play" }
func (PlayEnd) Type() string     { return "play_end" }
func (Grant) Type() string       { return "grant" }
func (PlayRefused) Type() string { return "play_refused" }

func (f Play) check() error {
	var w want
	w.that(f.N > 0, "n is not positive")
	w.that(f.Profile != "" && len(f.Profile) <= 64, "bad profile")
	w.that(f.Title.Valid(), "bad title")
	w.that(f.Path != "" && len(f.Path) <= 32, "bad path")
	w.that(f.ProfilePIN >= 0 && f.ParentalPIN >= 0, "negative version of a PIN")
	return w.err
}

func (f PlayEnd) check() error {
	var w want
	w.that(f.N > 0, "n is not positive")
	return w.err
}

func (f Grant) check() error {
	var w want
	w.that(f.N > 0, "n is not positive")
	w.jws(f.JWS)
	return w.err
}

func (f PlayRefused) check() error {
	var w want
	w.that(f.N > 0, "n is not positive")
	w.that(f.Refusal != "" && len(f.Refusal) <= 32, "bad refusal")
	w.that(f.RetryAfter >= 0 && f.RetryAfter <= 24*3600*1000, "retry_after_ms is %d", f.RetryAfter)
	w.that(len(f.Watching) <= MaxWatching, "%d TVs watch, at most %d are told", len(f.Watching), MaxWatching)
	for i, name := range f.Watching {
		w.that(name != "" && utf8.RuneCountInString(name) <= MaxName && utf8.ValidString(name) &&
			strings.IndexFunc(name, unicode.IsControl) < 0, "watching %d: bad name", i)
	}
	return w.err
}

// Check reports the first bound that the claims break, for a device or an
// operator's program that has verified their signature.
func (c GrantClaims) Check() error {
	var w want
	w.that(c.Issuer != "" && len(c.Issuer) <= MaxURI && len(c.Audience) <= MaxURI, "bad iss or aud")
	w.that(c.Account != "" && len(c.Account) <= 64, "bad account")
	w.that(c.Profile != "" && len(c.Profile) <= 64, "bad profile")
	w.that(c.Device.Valid(), "bad device")
	w.that(c.Epoch > 0, "epoch is not positive")
	w.that(c.Title != "" && len(c.Title) <= 64, "bad title")
	w.that(c.Issued > 0 && c.Expires > c.Issued && c.Expires-c.Issued <= MaxGrant, "bad iat or exp")
	w.that(c.ID != "" && len(c.ID) <= 64, "bad jti")
	return w.err
}
