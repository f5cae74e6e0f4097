package notify

import (
	"fmt"
	"strings"

	"github.com/hearthkey/hearthkey/server/account"
)

// letters words each kind of notice. Subjects hold no secrets and nothing that
// anybody else chose.
var letters = map[account.NoticeKind]func(Wording, account.Notice) letter{
	account.NoticeAccessCode:      accessCode,
	account.NoticeHaveAccount:     haveAccount,
	account.NoticeNewSignIn:       newSignIn,
	account.NoticePasswordChanged: passwordChanged,
	account.NoticeNewDevice:       newDevice,
	account.NoticeDeviceSignedOut: deviceSignedOut,
	account.NoticeDeviceRemoved:   deviceRemoved,
	account.NoticeDeviceCloned:    deviceCloned,
	account.NoticeEverywhere:      everywhere,
	account.NoticeLockChanged:     lockChanged,
	account.NoticeProfileChanged:  profileChanged,
}

func accessCode(w Wording, n account.Notice) letter {
	asked := "Somebody, most likely you, asked for it"
	if from := plain(n.Client.Agent); from != "" {
		asked += " with " + from
	}
	return letter{
		Subject: "Your " + w.Service + " access code",
		Heading: "Your access code",
		Lines:   []string{"Type this code where you were asked for it:"},
		Code:    n.Code,
		Facts:   []fact{{"Valid until", clock(n.Expires)}, {"Works", "once"}},
		Advice:  "Nobody at " + w.Service + " will ever ask you for it. If it was not you, do nothing: without the code nothing happens.",
		Why:     asked + ", and gave this address.",
	}
}

func haveAccount(w Wording, n account.Notice) letter {
	return letter{
		Subject: "You have a " + w.Service + " account already",
		Heading: "You have an account already",
		Lines:   []string{"Somebody, most likely you, tried to sign up with this address. It has an account, so there is nothing to set up: just sign in."},
		Facts:   facts(n),
		Button:  page(w, "Sign in", "/signin"),
		Advice:  "If it was not you, do nothing: nothing has changed.",
		Why:     "This address was given at sign-up.",
	}
}

func newSignIn(w Wording, n account.Notice) letter {
	return notice(w, n, letter{
		Subject: "New sign-in to your " + w.Service + " account",
		Heading: "New sign-in to your account",
		Lines:   []string{"Somebody signed in to the account pages with your password."},
		Button:  page(w, "See who is signed in", "/account/devices"),
		Advice:  "If it was not you: change your password now, with the tick that signs out all devices.",
	})
}

func passwordChanged(w Wording, n account.Notice) letter {
	return notice(w, n, letter{
		Subject: "Your " + w.Service + " password was changed",
		Heading: "Your password was changed",
		Lines:   []string{"The password of your account was changed."},
		Button:  page(w, "Open your account", "/account"),
		Advice:  "If it was not you, somebody knows your password: ask support for help at once.",
	})
}

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
	return notice(w, n, letter{
		Subject: "A TV was signed out of your " + w.Service + " account",
		Heading: "A TV was signed out",
		Lines: []string{
			named("TV", n.Device) + " was signed out. It erases its profiles as soon as it hears of it.",
			"The list of devices shows when it has confirmed that.",
		},
		Button: page(w, "See all devices", "/account/devices"),
		Advice: "If it was not you, change your password.",
	})
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

func lockChanged(w Wording, n account.Notice) letter {
	return notice(w, n, letter{
		Subject: "A profile lock was changed in your " + w.Service + " account",
		Heading: "A profile lock was changed",
		Lines:   []string{"The lock of " + lower(named("profile", n.Profile)) + " was set, changed or removed."},
		Button:  page(w, "See all profiles", "/account/profiles"),
		Advice:  "If it was not you, change your password, then set the lock again.",
	})
}

func profileChanged(w Wording, n account.Notice) letter {
	return notice(w, n, letter{
		Subject: "A profile was changed in your " + w.Service + " account",
		Heading: "A profile was changed",
		Lines:   []string{named("profile", n.Profile) + " was added, changed or removed."},
		Button:  page(w, "See all profiles", "/account/profiles"),
		Advice:  "If it was not you, change your password.",
	})
}

// notice adds to l what all security notices share.
func notice(w Wording, n account.Notice, l letter) letter {
	l.Facts = facts(n)
	l.Why = fmt.Sprintf("We send it because it concerns the safety of your %s account.", w.Service)
	return l
}

func page(w Wording, label, path string) *link {
	return &link{label, strings.TrimRight(w.PublicURL, "/") + path}
}

// named is The TV “Living room”, or A TV where it has no name.
func named(what, name string) string {
	if name = plain(name); name == "" {
		return "A " + what
	}
	return "The " + what + " “" + name + "”"
}

// lower lowers the first letter of what named gives.
func lower(s string) string { return strings.ToLower(s[:1]) + s[1:] }
