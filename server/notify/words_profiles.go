package notify

import "github.com/hearthkey/hearthkey/server/account"

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
