package notify

import "github.com/hearthkey/hearthkey/server/account"

func newDevice(w Wording, n account.Notice) letter {
	return notice(w, n, letter{
		Subject: w.t("A new TV is signed in to your {service} account"),
		Heading: w.t("A new TV is signed in"),
		Lines:   []string{w.of(n.Device, "A TV can now show your household's profiles.", "The TV “{name}” can now show your household's profiles.")},
		Button:  page(w, "See all devices", "/account/devices"),
		Advice:  w.t("If it was not you: sign it out, then change your password."),
	})
}

func deviceSignedOut(w Wording, n account.Notice) letter {
	l := letter{
		Subject: w.t("A TV was signed out of your {service} account"),
		Heading: w.t("A TV was signed out"),
		Lines: []string{
			w.of(n.Device, "A TV was signed out. It erases its profiles as soon as it hears of it.", "The TV “{name}” was signed out. It erases its profiles as soon as it hears of it."),
			w.t("The list of devices shows when it has confirmed that."),
		},
		Button: page(w, "See all devices", "/account/devices"),
		Advice: w.t("If it was not you, change your password."),
	}
	if n.Detail == account.AtEndDate {
		l.Lines = append([]string{w.t("The end date that was set for it had come.")}, l.Lines...)
	}
	return notice(w, n, l)
}

func deviceRemoved(w Wording, n account.Notice) letter {
	return notice(w, n, letter{
		Subject: w.t("A TV was deactivated in your {service} account"),
		Heading: w.t("A TV was deactivated"),
		Lines: []string{
			w.of(n.Device,
				"A TV was deactivated. It erases its profiles and its own identity; we have deleted its addresses and places.",
				"The TV “{name}” was deactivated. It erases its profiles and its own identity; we have deleted its addresses and places."),
			w.t("To use it again, sign it in as a new TV."),
		},
		Button: page(w, "See all devices", "/account/devices"),
		Advice: w.t("If it was not you, change your password."),
	})
}

func deviceStolen(w Wording, n account.Notice) letter {
	return notice(w, n, letter{
		Subject: w.t("A TV was reported stolen in your {service} account"),
		Heading: w.t("A TV was reported stolen"),
		Lines: []string{
			w.of(n.Device,
				"A TV locks itself and erases its profiles as soon as it hears of it. Until you finish it, nobody can sign it in, and the account page shows where it connects from.",
				"The TV “{name}” locks itself and erases its profiles as soon as it hears of it. Until you finish it, nobody can sign it in, and the account page shows where it connects from."),
			w.t("You can download these reports, signed, for the police or the insurance."),
		},
		Button: page(w, "See all devices", "/account/devices"),
		Advice: w.t("If it was not you, change your password."),
	})
}

func deviceCloned(w Wording, n account.Notice) letter {
	return notice(w, n, letter{
		Subject: w.t("A TV in your {service} account may have been copied"),
		Heading: w.t("A TV may have been copied"),
		Lines: []string{w.of(n.Device,
			"A TV was seen in two places at once, as if its memory had been copied to another one.",
			"The TV “{name}” was seen in two places at once, as if its memory had been copied to another one.")},
		Button: page(w, "See all devices", "/account/devices"),
		Advice: w.t("Sign it out and in again: that makes any copy useless."),
	})
}

func everywhere(w Wording, n account.Notice) letter {
	return notice(w, n, letter{
		Subject: w.t("Everything was signed out of your {service} account"),
		Heading: w.t("Signed out everywhere"),
		Lines: []string{
			w.t("All TVs and browsers were signed out of your account."),
			w.t("The list of devices shows which TVs have confirmed it, and by when the others lock themselves."),
		},
		Button: page(w, "See all devices", "/account/devices"),
		Advice: w.t("If it was not you, change your password."),
	})
}
