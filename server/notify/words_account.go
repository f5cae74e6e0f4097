package notify

import (
	"time"

	"github.com/hearthkey/hearthkey/server/account"
)

func passwordChanged(w Wording, n account.Notice) letter {
	return notice(w, n, letter{
		Subject: "Your " + w.Service + " password was changed",
		Heading: "Your password was changed",
		Lines:   []string{"The password of your account was changed."},
		Button:  page(w, "Open your account", "/account"),
		Advice:  "If it was not you, somebody knows your password: ask support for help at once.",
	})
}

func emailChanged(w Wording, n account.Notice) letter {
	l := notice(w, n, letter{
		Subject: "The email address of your " + w.Service + " account was changed",
		Heading: "Your email address was changed",
		Lines:   []string{"Your account now has another address. This mail went to the one it had before."},
		Advice:  "If it was not you, ask support for help at once.",
	})
	if l.NotMe != nil {
		l.Lines = append(l.Lines, "For 7 days you can undo this from here, whatever is changed in the meantime.")
	}
	return detail(l, "New address", n.Detail)
}

func emailSet(w Wording, n account.Notice) letter {
	return notice(w, n, letter{
		Subject: "This is now the address of your " + w.Service + " account",
		Heading: "Your new email address is set",
		Lines:   []string{"From now on you sign in with this address, and our messages come here."},
		Button:  page(w, "Open your account", "/account"),
		Advice:  "If you have no account with us, somebody typed this address by mistake: tell support.",
	})
}

func phoneChanged(w Wording, n account.Notice) letter {
	l := letter{
		Subject: "The phone number of your " + w.Service + " account was changed",
		Heading: "Your phone number was changed",
		Lines:   []string{"A phone number was set. It can be used to sign in and to recover the account."},
		Button:  page(w, "Open your account", "/account"),
		Advice:  "If it was not you, change your password, then the number.",
	}
	if n.Detail == "" {
		l.Lines = []string{"The phone number was removed. It can no longer be used to sign in or to recover the account."}
	}
	return detail(notice(w, n, l), "Number ends in", n.Detail)
}

func phoneTaken(w Wording, n account.Notice) letter {
	return notice(w, n, letter{
		Subject: "Somebody tried to add your phone number to another " + w.Service + " account",
		Heading: "Somebody tried to use your phone number",
		Lines:   []string{"Somebody tried to add your phone number to another account. It was not added: a number belongs to one account, and it is yours."},
		Button:  page(w, "Open your account", "/account"),
		Advice:  "Never pass on a code that we send you. There is nothing else to do.",
	})
}

func recovered(w Wording, n account.Notice) letter {
	return notice(w, n, letter{
		Subject: "Your " + w.Service + " account was recovered with a new password",
		Heading: "Your account has a new password",
		Lines: []string{
			"It was set with “Forgot your password?” and an access code.",
			"All TVs and browsers were signed out. Your second factor, if you have one, is unchanged.",
		},
		Button: page(w, "See all devices", "/account/devices"),
		Advice: "If it was not you, somebody can read your messages: ask support for help at once.",
	})
}

func undone(w Wording, n account.Notice) letter {
	l := notice(w, n, letter{
		Subject: "Changes to your " + w.Service + " account were undone",
		Heading: "Your account is back to safe",
		Lines: []string{
			"Somebody, most likely you, pressed “It wasn’t me”. Everything was signed out, and what had been changed was changed back.",
			"The account needs a new password before it can be used again.",
		},
		Button: page(w, "Choose a new password", "/recover"),
		Advice: "Choose a password that you use nowhere else, then look at your devices and profiles.",
	})
	if n.Detail == "" {
		l.Subject, l.Heading = "Everything was signed out of your "+w.Service+" account", "Everything was signed out"
		l.Lines[0] = "Somebody, most likely you, pressed “It wasn’t me”. Everything was signed out. Email address, phone number, second factor and profiles stay as they are."
	}
	return detail(l, "Restored", n.Detail)
}

func reviewDevices(w Wording, n account.Notice) letter {
	return reminder(w, letter{
		Subject: "Time to look at the devices of your " + w.Service + " account",
		Heading: "Do you know all your devices?",
		Lines:   []string{"Once a month is often enough: see which TVs and browsers are signed in, and sign out those you do not know."},
		Button:  page(w, "See all devices", "/account/devices"),
	})
}

func renewPassword(w Wording, n account.Notice) letter {
	return reminder(w, letter{
		Subject: "Time for a new password of your " + w.Service + " account",
		Heading: "Time for a new password",
		Lines:   []string{"You asked us to remind you. Four random words make a good one; a password manager remembers it."},
		Button:  page(w, "Change the password", "/account/membership/password"),
	})
}

func reminder(w Wording, l letter) letter {
	l.Advice = "You can switch this reminder off on the account page, under Security."
	l.Why = "You asked " + w.Service + " for this reminder."
	return l
}

func erasureAsked(w Wording, n account.Notice) letter {
	l := letter{
		Subject: "Your " + w.Service + " account will be deleted",
		Heading: "Your account will be deleted",
		Lines:   []string{"Everything is signed out already. Until the day below you can change your mind; then profiles, history and all else are erased for good."},
		Advice:  "If it was not you, sign in and keep the account, then change your password.",
	}
	if n.Link != "" && !n.First {
		l.Button = tokenPage(w, "Keep my account", KeepPath, n.Link)
		l.Advice = "If it was not you, press “Keep my account”, then change your password."
		if n.NotMe != "" {
			l.Advice = "If you changed your mind, press “Keep my account”. If it was not you, press “It wasn’t me”: the account stays, everything is signed out, and you choose a new password."
		}
	}
	return detail(notice(w, n, l), "Erased on", day(n.Expires))
}

func erasureCancelled(w Wording, n account.Notice) letter {
	return notice(w, n, letter{
		Subject: "Your " + w.Service + " account stays",
		Heading: "Your account stays",
		Lines:   []string{"It will not be deleted. TVs and browsers have to sign in again."},
		Button:  page(w, "Open your account", "/account"),
		Advice:  "If it was not you, change your password.",
	})
}

func erased(w Wording, n account.Notice) letter {
	return letter{
		Subject: "Your " + w.Service + " account is deleted",
		Heading: "Your account is deleted",
		Lines:   []string{"Profiles, history, devices and all else that we held about it are erased. This is the last message."},
		Advice:  "You can sign up again at any time, also with this address.",
		Why:     "This address belonged to the account.",
	}
}

func factorResetAsked(w Wording, n account.Notice) letter {
	l := letter{
		Subject: "Support was asked to remove the second factor of your " + w.Service + " account",
		Heading: "Your second factor will be removed",
		Lines:   []string{"Somebody, most likely you, told support that the authenticator app, the passkeys and the recovery codes are lost. They will be removed at the time below."},
		Advice:  "If it was not you, ask support to stop it.",
	}
	if n.Link != "" && !n.First {
		l.Button = tokenPage(w, "Stop it", KeepPath, n.Link)
		l.Advice = "If it was not you, or if you have found them, press “Stop it”."
		if n.NotMe != "" {
			l.Advice = "If you have found them, press “Stop it”. If it was not you who asked, press “It wasn’t me”: nothing is removed, everything is signed out, and you choose a new password."
		}
	}
	return detail(notice(w, n, l), "Removed on", day(n.Expires))
}

func factorResetDone(w Wording, n account.Notice) letter {
	return notice(w, n, letter{
		Subject: "The second factor of your " + w.Service + " account was removed",
		Heading: "Your second factor was removed",
		Lines:   []string{"Support removed it, as was asked. Your password alone now opens the account: set up a new second factor soon."},
		Button:  page(w, "Set up a second factor", "/account/security"),
		Advice:  "If it was not you, change your password and tell support.",
	})
}

func factorResetLifted(w Wording, n account.Notice) letter {
	return notice(w, n, letter{
		Subject: "The second factor of your " + w.Service + " account stays",
		Heading: "Your second factor stays",
		Lines:   []string{"Its removal was stopped. Nothing has changed."},
		Button:  page(w, "Open your account", "/account/security"),
		Advice:  "If you did not ask for the removal, somebody tried to talk support into it: change your password.",
	})
}

// day is a day and time, or empty.
func day(t time.Time) string {
	if t.IsZero() {
		return ""
	}
	return t.UTC().Format("Monday, 2 January 2006, 15:04 UTC")
}
