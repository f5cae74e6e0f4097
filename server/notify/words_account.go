package notify

import (
	"time"

	"github.com/hearthkey/hearthkey/server/account"
)

func passwordChanged(w Wording, n account.Notice) letter {
	return notice(w, n, letter{
		Subject: w.t("Your {service} password was changed"),
		Heading: w.t("Your password was changed"),
		Lines:   []string{w.t("The password of your account was changed.")},
		Button:  page(w, "Open your account", "/account"),
		Advice:  w.t("If it was not you, somebody knows your password: ask support for help at once."),
	})
}

func emailChanged(w Wording, n account.Notice) letter {
	l := notice(w, n, letter{
		Subject: w.t("The email address of your {service} account was changed"),
		Heading: w.t("Your email address was changed"),
		Lines:   []string{w.t("Your account now has another address. This mail went to the one it had before.")},
		Advice:  w.t("If it was not you, ask support for help at once."),
	})
	if l.NotMe != nil {
		l.Lines = append(l.Lines, w.t("For 7 days you can undo this from here, whatever is changed in the meantime."))
	}
	return detail(w, l, "New address", n.Detail)
}

func emailSet(w Wording, n account.Notice) letter {
	return notice(w, n, letter{
		Subject: w.t("This is now the address of your {service} account"),
		Heading: w.t("Your new email address is set"),
		Lines:   []string{w.t("From now on you sign in with this address, and our messages come here.")},
		Button:  page(w, "Open your account", "/account"),
		Advice:  w.t("If you have no account with us, somebody typed this address by mistake: tell support."),
	})
}

func phoneChanged(w Wording, n account.Notice) letter {
	l := letter{
		Subject: w.t("The phone number of your {service} account was changed"),
		Heading: w.t("Your phone number was changed"),
		Lines:   []string{w.t("A phone number was set. It can be used to sign in and to recover the account.")},
		Button:  page(w, "Open your account", "/account"),
		Advice:  w.t("If it was not you, change your password, then the number."),
	}
	if n.Detail == "" {
		l.Lines = []string{w.t("The phone number was removed. It can no longer be used to sign in or to recover the account.")}
	}
	return detail(w, notice(w, n, l), "Number ends in", n.Detail)
}

func phoneTaken(w Wording, n account.Notice) letter {
	return notice(w, n, letter{
		Subject: w.t("Somebody tried to add your phone number to another {service} account"),
		Heading: w.t("Somebody tried to use your phone number"),
		Lines:   []string{w.t("Somebody tried to add your phone number to another account. It was not added: a number belongs to one account, and it is yours.")},
		Button:  page(w, "Open your account", "/account"),
		Advice:  w.t("Never pass on a code that we send you. There is nothing else to do."),
	})
}

func recovered(w Wording, n account.Notice) letter {
	return notice(w, n, letter{
		Subject: w.t("Your {service} account was recovered with a new password"),
		Heading: w.t("Your account has a new password"),
		Lines: []string{
			w.t("It was set with “Forgot your password?” and an access code."),
			w.t("All TVs and browsers were signed out. Your second factor, if you have one, is unchanged."),
		},
		Button: page(w, "See all devices", "/account/devices"),
		Advice: w.t("If it was not you, somebody can read your messages: ask support for help at once."),
	})
}

func undone(w Wording, n account.Notice) letter {
	l := notice(w, n, letter{
		Subject: w.t("Changes to your {service} account were undone"),
		Heading: w.t("Your account is back to safe"),
		Lines: []string{
			w.t("Somebody, most likely you, pressed “It wasn’t me”. Everything was signed out, and what had been changed was changed back."),
			w.t("The account needs a new password before it can be used again."),
		},
		Button: page(w, "Choose a new password", "/recover"),
		Advice: w.t("Choose a password that you use nowhere else, then look at your devices and profiles."),
	})
	if n.Detail == "" {
		l.Subject, l.Heading = w.t("Everything was signed out of your {service} account"), w.t("Everything was signed out")
		l.Lines[0] = w.t("Somebody, most likely you, pressed “It wasn’t me”. Everything was signed out. Email address, phone number, second factor and profiles stay as they are.")
	}
	return detail(w, l, "Restored", n.Detail)
}

func reviewDevices(w Wording, n account.Notice) letter {
	return reminder(w, letter{
		Subject: w.t("Time to look at the devices of your {service} account"),
		Heading: w.t("Do you know all your devices?"),
		Lines:   []string{w.t("Once a month is often enough: see which TVs and browsers are signed in, and sign out those you do not know.")},
		Button:  page(w, "See all devices", "/account/devices"),
	})
}

func renewPassword(w Wording, n account.Notice) letter {
	return reminder(w, letter{
		Subject: w.t("Time for a new password of your {service} account"),
		Heading: w.t("Time for a new password"),
		Lines:   []string{w.t("You asked us to remind you. Four random words make a good one; a password manager remembers it.")},
		Button:  page(w, "Change the password", "/account/membership/password"),
	})
}

func reminder(w Wording, l letter) letter {
	l.Advice = w.t("You can switch this reminder off on the account page, under Security.")
	l.Why = w.t("You asked {service} for this reminder.")
	return l
}

func erasureAsked(w Wording, n account.Notice) letter {
	l := letter{
		Subject: w.t("Your {service} account will be deleted"),
		Heading: w.t("Your account will be deleted"),
		Lines:   []string{w.t("Everything is signed out already. Until the day below you can change your mind; then profiles, history and all else are erased for good.")},
		Advice:  w.t("If it was not you, sign in and keep the account, then change your password."),
	}
	if n.Link != "" && !n.First {
		l.Button = tokenPage(w, "Keep my account", KeepPath, n.Link)
		l.Advice = w.t("If it was not you, press “Keep my account”, then change your password.")
		if n.NotMe != "" {
			l.Advice = w.t("If you changed your mind, press “Keep my account”. If it was not you, press “It wasn’t me”: the account stays, everything is signed out, and you choose a new password.")
		}
	}
	return detail(w, notice(w, n, l), "Erased on", w.day(n.Expires))
}

func erasureCancelled(w Wording, n account.Notice) letter {
	return notice(w, n, letter{
		Subject: w.t("Your {service} account stays"),
		Heading: w.t("Your account stays"),
		Lines:   []string{w.t("It will not be deleted. TVs and browsers have to sign in again.")},
		Button:  page(w, "Open your account", "/account"),
		Advice:  w.t("If it was not you, change your password."),
	})
}

func erased(w Wording, n account.Notice) letter {
	return letter{
		Subject: w.t("Your {service} account is deleted"),
		Heading: w.t("Your account is deleted"),
		Lines:   []string{w.t("Profiles, history, devices and all else that we held about it are erased. This is the last message.")},
		Advice:  w.t("You can sign up again at any time, also with this address."),
		Why:     w.t("This address belonged to the account."),
	}
}

func factorResetAsked(w Wording, n account.Notice) letter {
	l := letter{
		Subject: w.t("Support was asked to remove the second factor of your {service} account"),
		Heading: w.t("Your second factor will be removed"),
		Lines:   []string{w.t("Somebody, most likely you, told support that the authenticator app, the passkeys and the recovery codes are lost. They will be removed at the time below.")},
		Advice:  w.t("If it was not you, ask support to stop it."),
	}
	if n.Link != "" && !n.First {
		l.Button = tokenPage(w, "Stop it", KeepPath, n.Link)
		l.Advice = w.t("If it was not you, or if you have found them, press “Stop it”.")
		if n.NotMe != "" {
			l.Advice = w.t("If you have found them, press “Stop it”. If it was not you who asked, press “It wasn’t me”: nothing is removed, everything is signed out, and you choose a new password.")
		}
	}
	return detail(w, notice(w, n, l), "Removed on", w.day(n.Expires))
}

func factorResetDone(w Wording, n account.Notice) letter {
	return notice(w, n, letter{
		Subject: w.t("The second factor of your {service} account was removed"),
		Heading: w.t("Your second factor was removed"),
		Lines:   []string{w.t("Support removed it, as was asked. Your password alone now opens the account: set up a new second factor soon.")},
		Button:  page(w, "Set up a second factor", "/account/security"),
		Advice:  w.t("If it was not you, change your password and tell support."),
	})
}

func factorResetLifted(w Wording, n account.Notice) letter {
	return notice(w, n, letter{
		Subject: w.t("The second factor of your {service} account stays"),
		Heading: w.t("Your second factor stays"),
		Lines:   []string{w.t("Its removal was stopped. Nothing has changed.")},
		Button:  page(w, "Open your account", "/account/security"),
		Advice:  w.t("If you did not ask for the removal, somebody tried to talk support into it: change your password."),
	})
}

// day is a day and time, or empty.
func (w Wording) day(t time.Time) string {
	if t.IsZero() {
		return ""
	}
	return w.speech.Format(t.UTC(), "Monday, 2 January 2006, 15:04 UTC")
}

// languageChanged is the last that the account says in the language it leaves.
func languageChanged(w Wording, n account.Notice) letter {
	l := notice(w, n, letter{
		Subject: w.t("The language of your {service} account was changed"),
		Heading: w.t("Your account speaks another language"),
		Lines:   []string{w.t("This is the last mail in this language. From now on mails, text messages and pages come in the new one, and so do the screens of TVs while nobody is watching.")},
		Button:  page(w, "Open your account", "/account/membership"),
		Advice:  w.t("If it was not you, change your password, then choose your language again."),
	})
	return detail(w, l, "New language", n.Detail)
}
