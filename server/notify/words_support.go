package notify

import "github.com/hearthkey/hearthkey/server/account"

func supportSignOut(w Wording, n account.Notice) letter {
	l := letter{
		Subject: w.t("Support signed everything out of your {service} account"),
		Heading: w.t("Support signed everything out"),
		Lines: []string{
			w.t("The service signed out all TVs and browsers of your account. Your password is as it was: you can sign in again."),
			w.t("The list of devices shows which TVs have confirmed it, and by when the others lock themselves."),
		},
		Button: page(w, "See all devices", "/account/devices"),
		Advice: w.t("If you do not know why, ask support, and change your password."),
	}
	if n.Device != "" {
		l.Subject = w.t("Support signed a TV out of your {service} account")
		l.Heading = w.t("Support signed a TV out")
		l.Lines[0] = w.t("The service signed out the TV “{name}”. It erases its profiles as soon as it hears of it.", "name", plain(n.Device))
		l.Lines[1] = w.t("The list of devices shows when it has confirmed that.")
	}
	return detail(w, notice(w, n, l), "Why", n.Detail)
}

func locked(w Wording, n account.Notice) letter {
	return detail(w, notice(w, n, letter{
		Subject: w.t("Support locked your {service} account"),
		Heading: w.t("Your account is locked"),
		Lines: []string{
			w.t("The service locked your account. All TVs and browsers are signed out, and nobody can sign in until support unlocks it. Nothing of yours was removed."),
			w.t("To have it unlocked, ask support: the help page says how."),
		},
		Button: page(w, "How to reach support", "/help"),
		Advice: w.t("We never ask for your password or for a code to unlock an account."),
	}), "Why", n.Detail)
}

func unlocked(w Wording, n account.Notice) letter {
	return detail(w, notice(w, n, letter{
		Subject: w.t("Support unlocked your {service} account"),
		Heading: w.t("Your account is unlocked"),
		Lines:   []string{w.t("You can sign in again. Your TVs have to sign in again too.")},
		Button:  page(w, "Open your account", "/account"),
		Advice:  w.t("If you did not ask for it, change your password."),
	}), "Why", n.Detail)
}

func contactResetAsked(w Wording, n account.Notice) letter {
	l := letter{
		Subject: w.t("Support was asked to give your {service} account another address"),
		Heading: w.t("Your account will get another address"),
		Lines:   []string{w.t("Somebody, most likely you, told support that mailbox, phone and second factors are lost. At the time below the account gets the new address; then phone number, second factors and password are removed, and everything is signed out.")},
		Advice:  w.t("If it was not you, ask support to stop it."),
	}
	if n.Link != "" && !n.First {
		l.Button = tokenPage(w, "Stop it", KeepPath, n.Link)
		l.Advice = w.t("If it was not you, or if you still read this address, press “Stop it”.")
		if n.NotMe != "" {
			l.Advice = w.t("If you still read this address, press “Stop it”. If it was not you who asked, press “It wasn’t me”: nothing is moved, everything is signed out, and you choose a new password.")
		}
	}
	return detail(w, detail(w, notice(w, n, l), "Moved on", w.day(n.Expires)), "New address", n.Detail)
}

func contactResetDone(w Wording, n account.Notice) letter {
	return detail(w, notice(w, n, letter{
		Subject: w.t("Your {service} account has another address now"),
		Heading: w.t("Your account has another address"),
		Lines:   []string{w.t("Support gave it, as was asked a week ago. Phone number, second factors and password are removed, and everything is signed out. The owner goes on at the new address, with “Forgot your password?”.")},
		Advice:  w.t("If it was not you, tell support."),
	}), "New address", n.Detail)
}

func contactResetLifted(w Wording, n account.Notice) letter {
	return notice(w, n, letter{
		Subject: w.t("Your {service} account keeps its address"),
		Heading: w.t("Your account keeps its address"),
		Lines:   []string{w.t("Giving it another one was stopped. Nothing has changed.")},
		Button:  page(w, "Open your account", "/account/security"),
		Advice:  w.t("If you did not ask for another address, somebody tried to talk support into it: change your password."),
	})
}
