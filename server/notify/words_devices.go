package notify

import "github.com/hearthkey/hearthkey/server/account"

func newDevice(w Wording, n account.Notice) letter {
	return notice(w, n, letter{
		Subject: "A new TV is signed in to your " + w.Service + " account",
		Heading: "A new TV is signed in",
		Lines:   []string{named("TV", n.Device) + " can now show your household's profiles."},
		Button:  page(w, "See all devices", "/account/devices"),
		Advice:  "If it was not you: sign it out, then change your password.",
	})
}

func deviceSignedOut(w Wording, n account.Notice) letter {
	l := letter{
		Subject: "A TV was signed out of your " + w.Service + " account",
		Heading: "A TV was signed out",
		Lines: []string{
			named("TV", n.Device) + " was signed out. It erases its profiles as soon as it hears of it.",
			"The list of devices shows when it has confirmed that.",
		},
		Button: page(w, "See all devices", "/account/devices"),
		Advice: "If it was not you, change your password.",
	}
	if n.Detail == account.AtEndDate {
		l.Lines = append([]string{"The end date that was set for it had come."}, l.Lines...)
	}
	return notice(w, n, l)
}

func deviceRemoved(w Wording, n account.Notice) letter {
	return notice(w, n, letter{
		Subject: "A TV was deactivated in your " + w.Service + " account",
		Heading: "A TV was deactivated",
		Lines: []string{
			named("TV", n.Device) + " was deactivated. It erases its profiles and its own identity; we have deleted its addresses and places.",
			"To use it again, sign it in as a new TV.",
		},
		Button: page(w, "See all devices", "/account/devices"),
		Advice: "If it was not you, change your password.",
	})
}

func deviceStolen(w Wording, n account.Notice) letter {
	return notice(w, n, letter{
		Subject: "A TV was reported stolen in your " + w.Service + " account",
		Heading: "A TV was reported stolen",
		Lines: []string{
			named("TV", n.Device) + " locks itself and erases its profiles as soon as it hears of it. Until you finish it, nobody can sign it in, and the account page shows where it connects from.",
			"You can download these reports, signed, for the police or the insurance.",
		},
		Button: page(w, "See all devices", "/account/devices"),
		Advice: "If it was not you, change your password.",
	})
}

func deviceCloned(w Wording, n account.Notice) letter {
	return notice(w, n, letter{
		Subject: "A TV in your " + w.Service + " account may have been copied",
		Heading: "A TV may have been copied",
		Lines:   []string{named("TV", n.Device) + " was seen in two places at once, as if its memory had been copied to another one."},
		Button:  page(w, "See all devices", "/account/devices"),
		Advice:  "Sign it out and in again: that makes any copy useless.",
	})
}

func everywhere(w Wording, n account.Notice) letter {
	return notice(w, n, letter{
		Subject: "Everything was signed out of your " + w.Service + " account",
		Heading: "Signed out everywhere",
		Lines: []string{
			"All TVs and browsers were signed out of your account.",
			"The list of devices shows which TVs have confirmed it, and by when the others lock themselves.",
		},
		Button: page(w, "See all devices", "/account/devices"),
		Advice: "If it was not you, change your password.",
	})
}
