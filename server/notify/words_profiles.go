package notify

import (
	"cmp"
	"net/url"
	"strings"

	"github.com/hearthkey/hearthkey/server/account"
)

func lockChanged(w Wording, n account.Notice) letter {
	return detail(notice(w, n, letter{
		Subject: "A profile lock was changed in your " + w.Service + " account",
		Heading: "A profile lock was changed",
		Lines:   []string{"The lock of " + lower(named("profile", n.Profile)) + " was set, changed or removed."},
		Button:  page(w, "See all profiles", "/account/profiles"),
		Advice:  "If it was not you, change your password, then set the lock again.",
	}), "Change", n.Detail)
}

// profileDone words what was done to a profile, before "your account".
var profileDone = map[account.Done]string{
	account.DoneAdded:   "added to",
	account.DoneRemoved: "removed from",
}

func profileChanged(w Wording, n account.Notice) letter {
	was := cmp.Or(profileDone[n.Done], "changed in")
	return detail(notice(w, n, letter{
		Subject: "A profile was " + was + " your " + w.Service + " account",
		Heading: "A profile was " + strings.Fields(was)[0],
		Lines:   []string{named("profile", n.Profile) + " was " + strings.Fields(was)[0] + "."},
		Button:  page(w, "See all profiles", "/account/profiles"),
		Advice:  "If it was not you, change your password.",
	}), "Change", n.Detail)
}

func parentalChanged(w Wording, n account.Notice) letter {
	what, button := "What your household's parental control allows was changed.", page(w, "See parental control", "/account/parental")
	if n.Profile != "" {
		what = "What " + lower(named("profile", n.Profile)) + " may watch was changed."
	}
	if n.ProfileID != "" {
		button = page(w, "See blocked titles", "/account/profiles/"+url.PathEscape(string(n.ProfileID))+"/blocked")
	}
	return detail(notice(w, n, letter{
		Subject: "Parental control was changed in your " + w.Service + " account",
		Heading: "Parental control was changed",
		Lines:   []string{what},
		Button:  button,
		Advice:  "If it was not you, change your password, then look at parental control.",
	}), "Change", n.Detail)
}

func pinGuessing(w Wording, n account.Notice) letter {
	which := "Somebody tries to guess the parental PIN of your household."
	if n.Profile != "" {
		which = "Somebody tries to guess the PIN of " + lower(named("profile", n.Profile)) + "."
	}
	l := notice(w, n, letter{
		Subject: "Somebody is guessing a PIN on a TV of your " + w.Service + " account",
		Heading: "Somebody is guessing a PIN",
		Lines:   []string{which, "Each further try has to wait an hour. You can set a new PIN. “Unlock now” lets the right one be tried at once."},
		Button:  page(w, "See all profiles", "/account/profiles"),
	})
	l.Advice = "If you do not know who it is, " // never the reader
	if n.Link == "" {
		l.Advice += "sign the TV out."
	} else {
		l.Advice += notMeDoes
	}
	return detail(l, "Tries", strings.TrimSpace(n.Detail))
}

func pinUnlocked(w Wording, n account.Notice) letter {
	which := "Wrong tries at the parental PIN of your household were forgiven on the account page."
	if n.Profile != "" {
		which = "Wrong tries at the PIN of " + lower(named("profile", n.Profile)) + " were forgiven on the account page."
	}
	return detail(notice(w, n, letter{
		Subject: "Wrong PINs were forgiven in your " + w.Service + " account",
		Heading: "Wrong PINs were forgiven",
		Lines:   []string{which, "The next try at a TV waits for nothing. The PIN is the same."},
		Button:  page(w, "See all profiles", "/account/profiles"),
		Advice:  "If it was not you, change your password and set a new PIN: somebody may be guessing it.",
	}), "Forgiven", n.Detail)
}
