package admin

import (
	"encoding/json"
	"errors"
	"fmt"
	"math"
	"net/http"
	"strconv"
	"strings"

	"github.com/hearthkey/hearthkey/server/account"
	"github.com/hearthkey/hearthkey/server/api"
	"github.com/hearthkey/hearthkey/server/operator"
	"github.com/hearthkey/hearthkey/server/timeline"
)

// Errors of the border itself.
var (
	errNoToken  = errors.New("admin: no token")
	errNoRoute  = errors.New("admin: no such path")
	errMethod   = errors.New("admin: method not allowed")
	errNotJSON  = errors.New("admin: content type is not JSON")
	errTooLarge = errors.New("admin: body too large")
	errTooSlow  = errors.New("admin: body did not arrive in time")
	errQuery    = errors.New("admin: query cannot be read")
)

// roleError: the operator's role is not enough.
type roleError struct{ is, least operator.Role }

func (e *roleError) Error() string { return fmt.Sprintf("admin: role %s, needs %s", e.is, e.least) }

// badBody says in a sentence what is wrong with a body.
type badBody struct{ text string }

func (e *badBody) Error() string { return "admin: bad body: " + e.text }

// known says what an operator is told about an error. What is not here is
// explained by package api, as to everybody else.
var known = []struct {
	is     error
	status int
	kind   string
	text   string
}{
	{errNoToken, 401, "no-token", "Send an operator's token: Authorization: Bearer hko_…"},
	{operator.ErrToken, 401, "bad-token", "This token is not valid, or its operator was disabled."},
	{errNoRoute, 404, "no-path", "There is nothing at this address."},
	{errMethod, 405, "method", "This address does not take this method."},
	{errNotJSON, 415, "not-json", "Send the body as application/json."},
	{errTooLarge, 413, "too-large", "The body is too large."},
	{errTooSlow, 408, "too-slow", "The body did not arrive in time. Send it again."},
	{errQuery, 400, "bad-query", "limit is a number from 1 to 500, before the id of an entry."},
	{operator.ErrName, 422, "bad-name", "A name has 1 to 32 of a-z, 0-9, hyphen and dot, and begins with a letter."},
	{operator.ErrRole, 422, "bad-role", "A role is viewer, support or admin."},
	{operator.ErrTaken, 409, "name-taken", "This name was given before. The log needs another one."},
	{operator.ErrTooMany, 409, "too-many-operators", "There are as many operators as allowed, disabled ones included."},
	{operator.ErrUnknown, 404, "no-operator", "No operator of this name has rights."},
	{operator.ErrLastAdmin, 409, "last-admin", "This is the last admin: make another one first."},
	{operator.ErrReason, 422, "no-reason", "Say why: the log and the account's owner get to read it."},
	{account.ErrReason, 422, "no-reason", "Say why: the log and the account's owner get to read it."},
	{operator.ErrDevice, 422, "bad-device", "Give a device's id: find shows it."},
	{operator.ErrLookup, 422, "bad-lookup", "Give an email address, a phone number with + and the country's code, a device's id or an account's id."},
	{operator.ErrNobody, 404, "nobody", "Nothing was found."},
	{operator.ErrTooManyLines, 413, "too-many-lines", "A batch has at most 1000 lines."},
	{operator.ErrSweepOpen, 409, "sweep-open", "A sign-out of everyone waits for its approval, or runs. Its status is shown by sign-out everyone status."},
	{operator.ErrNoSweep, 404, "no-sweep", "No sign-out of everyone of this id waits or runs, or its hour to be approved is over."},
	{operator.ErrSecond, 409, "second-operator", "Another operator than the one who asked has to approve it."},
	{operator.ErrTooNew, 409, "too-new", "An operator who was made less than 24 h ago by another one approves nothing yet."},
	{operator.ErrPace, 422, "bad-pace", "Accounts a second are 1 to 1000."},
	{operator.ErrHookURL, 422, "bad-url", "A webhook's address begins with https:// (http:// only to this machine), has no name and password in it, and at most 512 bytes."},
	{operator.ErrHookPrivate, 422, "private-url", "This address is in a private network: say that it may be with --private."},
	{operator.ErrHookKind, 422, "bad-kind", "There is no such kind of event. There are: " + kinds() + "."},
	{operator.ErrHookSecret, 422, "bad-secret", "A secret is whsec_ and base64 of 24 to 64 random bytes."},
	{operator.ErrHookKeep, 422, "bad-keep", "The secret before signs too for 0 to 168 h."},
	{operator.ErrTooManyHooks, 409, "too-many-webhooks", "There are ten webhooks, as many as allowed: remove one first."},
	{operator.ErrNoHook, 404, "no-webhook", "There is no webhook of this id."},
	{account.ErrLocked, 409, "locked", "This account is locked already."},
	{account.ErrNotLocked, 409, "not-locked", "This account is not locked."},
	{account.ErrUnknownAccount, 404, "nobody", "Nothing was found."},
	{account.ErrFactorNeeded, 409, "no-factor", "This account has no second factor."},
	{account.ErrResetting, 409, "resetting", "The second factor of this account is being removed already."},
	{account.ErrMoving, 409, "moving", "This account is being given another address already."},
	{account.ErrNoMove, 409, "no-move", "This account is not being given another address."},
	{account.ErrSame, 422, "same", "This account has that address already."},
	{account.ErrNoReset, 409, "no-reset", "The second factor of this account is not being removed."},
}

// kinds lists the kinds of events that a webhook may ask for.
func kinds() string {
	names := make([]string, 0, len(timeline.Kinds))
	for _, k := range timeline.Kinds {
		names = append(names, string(k))
	}
	return strings.Join(names, ", ")
}

// explain says what an operator is told, and whether err was thought of.
func explain(err error) (e api.Explanation, expected bool) {
	var (
		throttled *account.ThrottledError
		role      *roleError
		body      *badBody
	)
	switch {
	case errors.As(err, &throttled):
		return api.Explain(throttled)
	case errors.As(err, &role):
		text := fmt.Sprintf("This needs the role %s; yours is %s.", role.least, role.is)
		return api.Explanation{Status: http.StatusForbidden, Kind: "role", Text: text}, true
	case errors.As(err, &body):
		return api.Explanation{Status: http.StatusBadRequest, Kind: "bad-body", Text: body.text}, true
	}
	for _, k := range known {
		if errors.Is(err, k.is) {
			return api.Explanation{Status: k.status, Kind: k.kind, Text: k.text}, true
		}
	}
	return api.Explain(err)
}

// fail answers with a problem document. What was not thought of is logged with
// the reference that the answer carries.
func (a *API) fail(w http.ResponseWriter, r *http.Request, err error) {
	e, expected := explain(err)
	p := api.Problem{Type: api.ProblemType + e.Kind, Title: http.StatusText(e.Status), Status: e.Status, Detail: e.Text}
	if !expected {
		p.Ref = reference()
		a.cfg.Log.ErrorContext(r.Context(), "operator's request failed", "ref", p.Ref, "route", r.Pattern, "error", err)
	}
	h := w.Header()
	if e.RetryAfter > 0 {
		p.Retry = int64(math.Ceil(e.RetryAfter.Seconds()))
		h.Set("Retry-After", strconv.FormatInt(p.Retry, 10))
	}
	if e.Status == http.StatusUnauthorized {
		h.Set("WWW-Authenticate", "Bearer")
	}
	h.Set("Content-Type", "application/problem+json")
	body, _ := json.Marshal(p) // strings and numbers only
	w.WriteHeader(e.Status)
	_, _ = w.Write(append(body, '\n')) // the client may be gone
}

// sayLine says why a line of an import was left out.
func sayLine(err error) string {
	switch {
	case errors.Is(err, operator.ErrLine):
		return "not a JSON object with email, passwordHash, language and phone"
	case errors.Is(err, account.ErrAddress):
		return "not an email address"
	case errors.Is(err, account.ErrPhone):
		return "not a phone number in international form"
	case errors.Is(err, account.ErrHash):
		return "not a password hash that is known here, or one that takes over a second to check"
	case errors.Is(err, account.ErrAddressTaken):
		return "the address has an account"
	case errors.Is(err, account.ErrPhoneTaken):
		return "the number has an account"
	}
	return "it cannot be used"
}
