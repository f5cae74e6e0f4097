package notify

import (
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

func profileChanged(w Wording, n account.Notice) letter {
	return detail(notice(w, n, letter{
		Subject: "A profile was changed in your " + w.Service + " account",
		Heading: "A profile was changed",
		Lines:   []string{named("profile", n.Profile) + " was added, changed or removed."},
		Button:  page(w, "See all profiles", "/account/profiles"),
		Advice:  "If it was not you, change your password.",
	}), "Change", n.Detail)
}

func parentalChanged(w Wording, n account.Notice) letter {
	what := "What your household's parental control allows was changed."
	if n.Profile != "" {
		what = "What " + lower(named("profile", n.Profile)) + " may watch was changed."
	}
	return detail(notice(w, n, letter{
		Subject: "Parental control was changed in your " + w.Service + " account",
		Heading: "Parental control was changed",
		Lines:   []string{what},
		Button:  page(w, "See parental control", "/account/parental"),
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
		Lines:   []string{which, "Each further try has to wait an hour. You can set a new PIN, and let the right one be tried at once."},
		Button:  page(w, "See all profiles", "/account/profiles"),
	})
	if n.Link == "" {
		l.Advice = "If you do not know who it is, sign the TV out."
	}
	return detail(l, "Tries", strings.TrimSpace(n.Detail))
}
