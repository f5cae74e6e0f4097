package notify

import "github.com/hearthkey/hearthkey/server/account"

func supportSignOut(w Wording, n account.Notice) letter {
	l := letter{
		Subject: "Support signed everything out of your " + w.Service + " account",
		Heading: "Support signed everything out",
		Lines: []string{
			"The service signed out all TVs and browsers of your account. Your password is as it was: you can sign in again.",
			"The list of devices shows which TVs have confirmed it, and by when the others lock themselves.",
		},
		Button: page(w, "See all devices", "/account/devices"),
		Advice: "If you do not know why, ask support, and change your password.",
	}
	if n.Device != "" {
		l.Subject = "Support signed a TV out of your " + w.Service + " account"
		l.Heading = "Support signed a TV out"
		l.Lines[0] = "The service signed out " + lower(named("TV", n.Device)) + ". It erases its profiles as soon as it hears of it."
		l.Lines[1] = "The list of devices shows when it has confirmed that."
	}
	return detail(notice(w, n, l), "Why", n.Detail)
}

func locked(w Wording, n account.Notice) letter {
	return detail(notice(w, n, letter{
		Subject: "Support locked your " + w.Service + " account",
		Heading: "Your account is locked",
		Lines: []string{
			"The service locked your account. All TVs and browsers are signed out, and nobody can sign in until support unlocks it. Nothing of yours was removed.",
			"To have it unlocked, ask support: the help page says how.",
		},
		Button: page(w, "How to reach support", "/help"),
		Advice: "We never ask for your password or for a code to unlock an account.",
	}), "Why", n.Detail)
}

func unlocked(w Wording, n account.Notice) letter {
	return detail(notice(w, n, letter{
		Subject: "Support unlocked your " + w.Service + " account",
		Heading: "Your account is unlocked",
		Lines:   []string{"You can sign in again. Your TVs have to sign in again too."},
		Button:  page(w, "Open your account", "/account"),
		Advice:  "If you did not ask for it, change your password.",
	}), "Why", n.Detail)
}
