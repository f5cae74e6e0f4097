package notify

import (
	"net/url"
	"strings"

	"github.com/hearthkey/hearthkey/server/account"
)

func lockChanged(w Wording, n account.Notice) letter {
	return detail(w, notice(w, n, letter{
		Subject: w.t("A profile lock was changed in your {service} account"),
		Heading: w.t("A profile lock was changed"),
		Lines:   []string{w.of(n.Profile, "The lock of a profile was set, changed or removed.", "The lock of the profile “{name}” was set, changed or removed.")},
		Button:  page(w, "See all profiles", "/account/profiles"),
		Advice:  w.t("If it was not you, change your password, then set the lock again."),
	}), "Change", n.Detail)
}

// profileDone words what was done to a profile: subject, heading, and a line
// for one without and with a name.
var profileDone = map[account.Done][4]string{
	account.DoneAdded:   {"A profile was added to your {service} account", "A profile was added", "A profile was added.", "The profile “{name}” was added."},
	account.DoneRemoved: {"A profile was removed from your {service} account", "A profile was removed", "A profile was removed.", "The profile “{name}” was removed."},
	"":                  {"A profile was changed in your {service} account", "A profile was changed", "A profile was changed.", "The profile “{name}” was changed."},
}

func profileChanged(w Wording, n account.Notice) letter {
	did := profileDone[n.Done]
	return detail(w, notice(w, n, letter{
		Subject: w.t(did[0]),
		Heading: w.t(did[1]),
		Lines:   []string{w.of(n.Profile, did[2], did[3])},
		Button:  page(w, "See all profiles", "/account/profiles"),
		Advice:  w.t("If it was not you, change your password."),
	}), "Change", n.Detail)
}

func parentalChanged(w Wording, n account.Notice) letter {
	what, button := w.t("What your household's parental control allows was changed."), page(w, "See parental control", "/account/parental")
	if n.Profile != "" {
		what = w.t("What the profile “{name}” may watch was changed.", "name", plain(n.Profile))
	}
	if n.ProfileID != "" {
		button = page(w, "See blocked titles", "/account/profiles/"+url.PathEscape(string(n.ProfileID))+"/blocked")
	}
	return detail(w, notice(w, n, letter{
		Subject: w.t("Parental control was changed in your {service} account"),
		Heading: w.t("Parental control was changed"),
		Lines:   []string{what},
		Button:  button,
		Advice:  w.t("If it was not you, change your password, then look at parental control."),
	}), "Change", n.Detail)
}

func pinGuessing(w Wording, n account.Notice) letter {
	which := w.t("Somebody tries to guess the parental PIN of your household.")
	if n.Profile != "" {
		which = w.t("Somebody tries to guess the PIN of the profile “{name}”.", "name", plain(n.Profile))
	}
	l := notice(w, n, letter{
		Subject: w.t("Somebody is guessing a PIN on a TV of your {service} account"),
		Heading: w.t("Somebody is guessing a PIN"),
		Lines:   []string{which, w.t("Each further try has to wait an hour. You can set a new PIN. “Unlock now” lets the right one be tried at once.")},
		Button:  page(w, "See all profiles", "/account/profiles"),
	})
	l.Advice = w.t("If you do not know who it is, sign the TV out.") // never "if it was not you"
	if n.Link != "" {
		l.Advice = w.t("If you do not know who it is, press “It wasn’t me”. After one confirmation everything is signed out, what was changed is changed back as far as it can be, and you choose a new password.")
	}
	return detail(w, l, "Tries", strings.TrimSpace(n.Detail))
}

func pinUnlocked(w Wording, n account.Notice) letter {
	which := w.t("Wrong tries at the parental PIN of your household were forgiven on the account page.")
	if n.Profile != "" {
		which = w.t("Wrong tries at the PIN of the profile “{name}” were forgiven on the account page.", "name", plain(n.Profile))
	}
	return detail(w, notice(w, n, letter{
		Subject: w.t("Wrong PINs were forgiven in your {service} account"),
		Heading: w.t("Wrong PINs were forgiven"),
		Lines:   []string{which, w.t("The next try at a TV waits for nothing. The PIN is the same.")},
		Button:  page(w, "See all profiles", "/account/profiles"),
		Advice:  w.t("If it was not you, change your password and set a new PIN: somebody may be guessing it."),
	}), "Forgiven", n.Detail)
}
