package api

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"time"

	"github.com/hearthkey/hearthkey/protocol"
	"github.com/hearthkey/hearthkey/protocol/tvremote"
	"github.com/hearthkey/hearthkey/server/account"
	"github.com/hearthkey/hearthkey/server/admit"
	"github.com/hearthkey/hearthkey/server/device"
	"github.com/hearthkey/hearthkey/server/hub/poller"
	"github.com/hearthkey/hearthkey/server/profile"
	"github.com/hearthkey/hearthkey/server/store"
)

// Errors of the border itself.
var (
	errProofNeeded   = errors.New("api: the password or a passkey is needed again")
	errNotJSON       = errors.New("api: content type is not JSON")
	errBodyTooLarge  = errors.New("api: body too large")
	errLogin         = errors.New("api: neither an address nor a number")
	errTooSlow       = errors.New("api: body did not arrive in time")
	errCrossOrigin   = errors.New("api: request from another origin")
	errNoRoute       = errors.New("api: no such path")
	errMethod        = errors.New("api: method not allowed")
	errUnseen        = errors.New("api: nobody says that they see the TV")
	errNoReceipt     = errors.New("api: no such receipt")
	errUpgrade       = errors.New("api: not a device's WebSocket request")
	errRemoteUpgrade = errors.New("api: not a remote's WebSocket request")
	errOutOfOrder    = errors.New("api: the connection's state does not allow this frame")
	errTooOld        = errors.New("api: capability below the operator's minimum")
	errFull          = errors.New("api: as many unproved connections as allowed")
	errOutOfTouch    = errors.New("api: the database was not in touch lately")
	errTooMany       = errors.New("api: too many connections from one address")
)

// ErrLocalOnly refuses what is only for programs on the server's own machine.
var ErrLocalOnly = errors.New("api: for this machine only")

// badBody says what is wrong with a request's body.
type badBody struct {
	field string // "" for the whole body
	text  string // a sentence
}

func (e *badBody) Error() string { return fmt.Sprintf("api: bad body: %s: %s", e.field, e.text) }

// Explanation is what the outside is told about an error.
type Explanation struct {
	Status     int           // HTTP
	Code       protocol.Code // on a device's connection
	Kind       string        // a stable name, the end of the problem's type
	Text       string        // what happened and what to do, for a person
	RetryAfter time.Duration // 0: not a matter of time
	Field      string        // the member of the body that is wrong, where one is
}

// known is the table behind [Explain], in the order it is searched.
var known = []struct {
	is error
	Explanation
}{
	// who is asking
	{account.ErrCredentials, Explanation{401, 0, "wrong-credentials", "The email address or the password is wrong. Check both and try again.", 0, ""}},
	{account.ErrLocked, Explanation{403, 0, "locked", "Support has locked this account. The mail about it says why and how to get help.", 0, ""}},
	{account.ErrSignedOut, Explanation{401, 0, "signed-out", "You are signed out. Sign in and try again.", 0, ""}},
	{account.ErrUnknownAccount, Explanation{401, 0, "signed-out", "You are signed out. Sign in and try again.", 0, ""}},
	{errProofNeeded, Explanation{403, 0, "proof-needed", "Give your password or a passkey again to do this.", 0, ""}},
	{errCrossOrigin, Explanation{403, 0, "cross-origin", "This request came from another site and was refused. Open the account page itself and try there.", 0, ""}},
	{ErrLocalOnly, Explanation{403, 0, "local-only", "This is served only to programs on the server's own machine.", 0, ""}},

	// sign-up
	{account.ErrAddress, Explanation{422, 0, "bad-address", "Mail cannot be sent to that address. Check it for typing errors.", 0, "email"}},
	{account.ErrAddressTaken, Explanation{409, 0, "address-taken", "This address has an account already. Sign in instead.", 0, "email"}},
	{account.ErrAttempt, Explanation{404, 0, "no-attempt", "This is unknown or over. Start again.", 0, "attempt"}},
	{account.ErrCodeExpired, Explanation{410, 0, "code-expired", "This code ran out. Ask for a new one.", 0, "code"}},
	{account.ErrNoSession, Explanation{404, 0, "no-session", "There is no such session. It may have ended already; load the list again.", 0, ""}},

	// codes and factors
	{account.ErrProofNeeded, Explanation{403, 0, "proof-needed", "Give your password or a passkey again to do this.", 0, ""}},
	{account.ErrCheckNeeded, Explanation{403, 0, "check-needed", "This asks for a code too, or for your second factor: POST /v1/session/check sends a code.", 0, ""}},
	{account.ErrNoSMS, Explanation{422, 0, "no-sms", "This service sends no text messages. Choose email.", 0, "channel"}},
	{account.ErrChannel, Explanation{422, 0, "no-channel", "A code cannot be sent that way. Choose one of those on offer.", 0, "channel"}},
	{account.ErrAnswer, Explanation{422, 0, "wrong-answer", "Something else is needed here: a code of your app, a passkey or a recovery code, or the access code that was sent.", 0, ""}},
	{account.ErrFactorRefused, Explanation{403, 0, "factor-refused", "Too many wrong codes in a row were given, so no code is taken here any more. Sign in on a device that you used before, use a passkey, or choose “Forgot your password?”.", 0, ""}},
	{account.ErrPasskey, Explanation{422, 0, "wrong-passkey", "That passkey did not work, or it took too long. Try again, or use another way.", 0, ""}},
	{account.ErrNoPasskeys, Explanation{404, 0, "no-passkeys", "Passkeys are not available here.", 0, ""}},
	{account.ErrPasskeyKnown, Explanation{409, 0, "passkey-known", "This passkey is there already.", 0, ""}},
	{account.ErrTooManyPasskeys, Explanation{409, 0, "too-many-passkeys", "The account has as many passkeys as allowed. Remove one first.", 0, ""}},
	{account.ErrNoFactor, Explanation{404, 0, "no-factor", "The account does not have that. Load the page again.", 0, ""}},
	{account.ErrFactorExists, Explanation{409, 0, "factor-exists", "An authenticator app is on already. Remove it before you add another.", 0, ""}},
	{account.ErrFactorName, Explanation{422, 0, "bad-name", "A passkey's name has 1 to 64 characters.", 0, "name"}},

	// contact, recovery, links and what is held about an account
	{errLogin, Explanation{422, 0, "bad-login", "That is neither an email address nor a phone number. Write a number with + and the country's code.", 0, "login"}},
	{account.ErrPhone, Explanation{422, 0, "bad-number", "That does not look like a mobile number. Try it with + and the country's code, e.g. +49 1512 3456789.", 0, "number"}},
	{account.ErrPhoneTaken, Explanation{409, 0, "number-taken", "The code is right, but this number belongs to another account. Remove it there first.", 0, ""}},
	{account.ErrNoPhone, Explanation{409, 0, "no-number", "The account has no phone number.", 0, ""}},
	{account.ErrSame, Explanation{409, 0, "same", "That is what the account has already. Nothing was changed.", 0, ""}},
	{account.ErrNoChange, Explanation{404, 0, "no-change", "Nothing waits for a code here, or its time ran out. Start the change again.", 0, ""}},
	{account.ErrNoRecovery, Explanation{404, 0, "no-recovery", "This recovery is unknown or over. Start again.", 0, "recovery"}},
	{account.ErrLink, Explanation{410, 0, "link-over", "This link does nothing any more: it was used, its time is over, or it was not copied in full.", 0, "link"}},
	{account.ErrFactorNeeded, Explanation{422, 0, "factor-needed", "The second factor of that time is needed too. Nothing was changed.", 0, "factor"}},
	{account.ErrFactor, Explanation{422, 0, "wrong-factor", "That code does not match, or was used before. Nothing was changed.", 0, "factor"}},
	{account.ErrStep, Explanation{409, 0, "another-step", "Another step comes first, or there is no such step.", 0, "step"}},
	{account.ErrNotLeaving, Explanation{409, 0, "not-leaving", "The account is not to be deleted.", 0, ""}},
	{account.ErrNoMove, Explanation{409, 0, "no-move", "The account is not being given another address.", 0, ""}},
	{account.ErrNoReset, Explanation{409, 0, "no-reset", "The second factor is not being removed.", 0, ""}},

	// profiles
	{profile.ErrUnknown, Explanation{404, 0, "no-profile", "There is no such profile. It may have been removed; load the list again.", 0, ""}},
	{profile.ErrTooMany, Explanation{409, 0, "too-many-profiles", "The account has as many profiles as allowed. Remove one first.", 0, ""}},
	{profile.ErrMain, Explanation{409, 0, "main-profile", "The main profile cannot be removed.", 0, ""}},
	{profile.ErrName, Explanation{422, 0, "bad-name", "A profile's name has 1 to 32 characters that can be read; hidden ones are not taken.", 0, "name"}},
	{profile.ErrAvatar, Explanation{422, 0, "bad-avatar", "There is no such avatar. Choose one of those on offer.", 0, "avatar"}},
	{profile.ErrAbove, Explanation{422, 0, "bad-level", "Choose 0 (by no level) to 4 (above adults): nothing is above level 5.", 0, "above"}},
	{profile.ErrLevel, Explanation{422, 0, "bad-level", "There is no such maturity level. Choose 1 (little kids) to 5 (all).", 0, "level"}},
	{profile.ErrKidsLevel, Explanation{422, 0, "bad-kids-level", "A kids profile has the level 1 (little kids) or 2 (older kids).", 0, "level"}},
	{profile.ErrTitle, Explanation{404, 0, "no-title", "There is no such title on offer. GET /v1/titles finds them by name.", 0, ""}},
	{profile.ErrTooManyTitles, Explanation{409, 0, "too-many-titles", fmt.Sprintf("As many titles as allowed: %d blocked ones in an account, %d that ask for the parental PIN.", profile.MaxBlocked, profile.MaxParentalTitles), 0, ""}},
	{errUnseen, Explanation{422, 0, "unseen", "This TV is on another network than you. Say that you are in front of it and see its code.", 0, "seen"}},
	{account.ErrLanguage, Explanation{422, 0, "no-language", "Pages and messages are not written in that language. Choose en, es, de or ar.", 0, "language"}},
	{profile.ErrLanguage, Explanation{422, 0, "bad-language", "That is not a language tag. Examples: en, de-CH.", 0, "language"}},
	{profile.ErrPIN, Explanation{422, 0, "bad-pin", "A PIN is four digits.", 0, "pin"}},

	// devices
	{device.ErrSignature, Explanation{403, protocol.CodeBadSignature, "bad-signature", "The signature does not match.", 0, ""}},
	{device.ErrUnknown, Explanation{404, protocol.CodeUnknown, "no-device", "There is no such device. It may have been removed; load the list again.", 0, ""}},
	{device.ErrStaleEpoch, Explanation{409, protocol.CodeStaleEpoch, "earlier-sign-in", "This is about an earlier sign-in of the device.", 0, ""}},
	{device.ErrReplaced, Explanation{409, protocol.CodeReplaced, "replaced", "A newer connection of the device took over.", 0, ""}},
	{device.ErrClone, Explanation{409, protocol.CodeClone, "clone", "Two devices use one identity. Both were locked; deactivate the device and sign in again.", 0, ""}},
	{device.ErrStolen, Explanation{409, protocol.CodeStolen, "stolen", "This device was reported stolen. It cannot sign in until that is finished.", 0, ""}},
	{device.ErrEnds, Explanation{422, 0, "bad-end-date", "An end date is at least a minute and at most a year from now.", 0, "ends"}},
	{device.ErrNotActive, Explanation{409, 0, "not-signed-in", "This device is not signed in any more.", 0, ""}},
	{device.ErrNotStolen, Explanation{409, 0, "not-stolen", "This device is not reported stolen.", 0, ""}},
	{device.ErrCode, Explanation{404, protocol.CodeExpired, "no-user-code", "No TV shows this code now. Compare it with the screen; codes last 15 minutes.", 0, "code"}},
	{device.ErrRefused, Explanation{409, protocol.CodeRefused, "refused", "The owner refused this TV.", 0, ""}},
	{device.ErrLimit, Explanation{409, protocol.CodeLimit, "too-many-devices", "The account has as many devices as allowed. Sign one out first.", 0, ""}},
	{device.ErrOffline, Explanation{409, 0, "offline", "This TV is not connected. Switch it on and try again.", 0, ""}},
	{device.ErrNoRemote, Explanation{404, 0, "no-remote", "There is no such remote. It may have been removed; load the list again.", 0, ""}},
	{device.ErrRole, Explanation{422, 0, "bad-role", "There is no such role. Choose household or guest.", 0, "role"}},
	{device.ErrTooOld, Explanation{409, 0, "too-old", "This TV's program has no remotes yet. Update it.", 0, ""}},
	{device.ErrName, Explanation{422, 0, "bad-name", "A device's name has 1 to 64 characters that can be read; hidden ones are not taken.", 0, "name"}},
	{device.ErrProof, Explanation{422, protocol.CodeBadFrame, "bad-proof", "The proof does not fit what it is for.", 0, ""}},
	{device.ErrPending, Explanation{409, protocol.CodeOutOfOrder, "pending", "The owner has not answered yet.", 0, ""}},
	{errNoReceipt, Explanation{404, 0, "no-receipt", "There is no such receipt. Load the list again.", 0, ""}},

	// the wire
	{protocol.ErrTooLarge, Explanation{413, protocol.CodeTooLarge, "too-large", "The message is too large.", 0, ""}},
	{protocol.ErrBadFrame, Explanation{400, protocol.CodeBadFrame, "bad-frame", "The message cannot be read.", 0, ""}},
	{poller.ErrTooLarge, Explanation{413, protocol.CodeTooLarge, "too-large", "The message is too large.", 0, ""}},
	{poller.ErrNotText, Explanation{400, protocol.CodeBadFrame, "bad-frame", "The message is not text.", 0, ""}},
	{poller.ErrFlood, Explanation{429, protocol.CodeTooMany, "too-many", "Too many messages. Slow down.", 30 * time.Second, ""}},
	{poller.ErrTimeout, Explanation{408, protocol.CodeOutOfOrder, "timeout", "Nothing arrived in time.", 0, ""}},
	{errOutOfOrder, Explanation{409, protocol.CodeOutOfOrder, "out-of-order", "The connection's state does not allow this message.", 0, ""}},
	{errTooOld, Explanation{409, protocol.CodeUpdateNeeded, "update-needed", "This device's program is too old for this server. Update it.", 0, ""}},
	{errUpgrade, Explanation{426, 0, "not-a-device", "This address is for TVs: a WebSocket with the subprotocol " + protocol.Subprotocol + ".", 0, ""}},
	{errRemoteUpgrade, Explanation{426, 0, "not-a-remote", "This address is for remotes: a WebSocket with the subprotocol " + tvremote.Subprotocol + ".", 0, ""}},
	{errFull, Explanation{503, protocol.CodeBusy, "busy", "The server is busy. Try again in a moment.", 5 * time.Second, ""}},
	{errOutOfTouch, Explanation{503, protocol.CodeBusy, "busy", "The server is busy. Try again in a moment.", 5 * time.Second, ""}},
	{errTooMany, Explanation{429, protocol.CodeTooMany, "too-many", "Too many connections from this address. Try again in a minute.", time.Minute, ""}},

	// requests
	{errNotJSON, Explanation{415, 0, "not-json", "Send the body as application/json.", 0, ""}},
	{errBodyTooLarge, Explanation{413, 0, "too-large", fmt.Sprintf("The body is too large: at most %d bytes.", maxBody), 0, ""}},
	{errTooSlow, Explanation{408, 0, "too-slow", "The body did not arrive in time. Send it again.", 0, ""}},
	{errNoRoute, Explanation{404, 0, "no-path", "There is nothing at this address. See /v1/openapi.json.", 0, ""}},
	{errMethod, Explanation{405, 0, "method", "This address does not take this method. See /v1/openapi.json.", 0, ""}},

	// the server itself
	{store.ErrBusy, Explanation{503, protocol.CodeBusy, "busy", "The server is busy. Try again in a moment.", 2 * time.Second, ""}},
	{store.ErrClosed, Explanation{503, protocol.CodeBusy, "restarting", "The server is restarting. Try again in a moment.", 5 * time.Second, ""}},
	{store.ErrFull, Explanation{503, protocol.CodeBusy, "cannot-store", "The server cannot store anything now. Nothing was changed; try again later.", time.Minute, ""}},
	{store.ErrReadOnly, Explanation{503, protocol.CodeBusy, "cannot-store", "The server cannot store anything now. Nothing was changed; try again later.", time.Minute, ""}},
	{context.DeadlineExceeded, Explanation{503, protocol.CodeBusy, "busy", "The server took too long. Try again in a moment.", 5 * time.Second, ""}},
	{context.Canceled, Explanation{503, protocol.CodeBusy, "restarting", "The request was given up. Try again.", time.Second, ""}},
}

// unknown explains an error that is not in the table: a fault of the server.
var unknown = Explanation{500, protocol.CodeInternal, "internal", "The server failed. Try again; if it keeps failing, tell the operator the reference.", 0, ""}

// Explain says what the outside is told about err, and whether err is a case
// that was thought of. One that was not belongs in the operator's log.
func Explain(err error) (e Explanation, expected bool) {
	if e, ok := explainTyped(err); ok {
		return e, true
	}
	for _, k := range known {
		if errors.Is(err, k.is) {
			return k.Explanation, true
		}
	}
	return unknown, false
}

func explainTyped(err error) (Explanation, bool) {
	var (
		throttled *account.ThrottledError
		busy      *admit.BusyError
		wrong     *account.WrongCodeError
		password  *account.PasswordError
		body      *badBody
	)
	switch {
	case errors.As(err, &throttled):
		return Explanation{http.StatusTooManyRequests, protocol.CodeTooMany, "throttled", tooOften(throttled), atLeastASecond(throttled.RetryAfter), ""}, true
	case errors.As(err, &busy):
		return Explanation{http.StatusServiceUnavailable, protocol.CodeBusy, "busy", "The server is busy. Try again in a moment.", atLeastASecond(busy.RetryAfter), ""}, true
	case errors.As(err, &wrong):
		text := fmt.Sprintf("That code does not match. You have %d more tries.", wrong.Left)
		switch wrong.Left {
		case 0:
			text = "That code does not match, and its tries are used up. Ask for a new one."
		case 1:
			text = "That code does not match. You have one more try."
		}
		return Explanation{http.StatusUnprocessableEntity, 0, "wrong-code", text, 0, "code"}, true
	case errors.As(err, &password):
		return Explanation{http.StatusUnprocessableEntity, 0, "password-refused", password.Advice, 0, "password"}, true
	case errors.As(err, &body):
		return Explanation{http.StatusBadRequest, 0, "bad-body", body.text, 0, body.field}, true
	}
	return Explanation{}, false
}

func atLeastASecond(d time.Duration) time.Duration { return max(d, time.Second) }

// tooOften says what there was too much of, and until when to wait.
func tooOften(err *account.ThrottledError) string {
	wait := inWords(err.RetryAfter)
	switch {
	case err.Tries:
		return fmt.Sprintf("Too many wrong tries. Wait %s, then give the password or the newest code: until then not even the right one is looked at.", wait)
	case err.Young:
		return fmt.Sprintf("A code was sent just now. You can ask for another in %s.", wait)
	case err.Codes:
		return fmt.Sprintf("Too many codes were asked for. You can ask for another in %s.", wait)
	}
	return fmt.Sprintf("That was asked for too often. Try again in %s.", wait)
}

// inWords says a waiting time as a person does.
func inWords(d time.Duration) string {
	switch d = atLeastASecond(d); {
	case d < 2*time.Minute:
		return count(int((d+time.Second-1)/time.Second), "second", "seconds")
	case d < 2*time.Hour:
		return count(int((d+time.Minute-1)/time.Minute), "minute", "minutes")
	default:
		return count(int((d+time.Hour-1)/time.Hour), "hour", "hours")
	}
}

// count says n things: "1 second", "30 seconds".
func count(n int, one, many string) string {
	if n == 1 {
		return "1 " + one
	}
	return fmt.Sprintf("%d %s", n, many)
}
