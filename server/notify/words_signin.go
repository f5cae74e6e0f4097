package notify

import (
	"cmp"
	"slices"
	"strings"

	"github.com/hearthkey/hearthkey/server/account"
)

func accessCode(w Wording, n account.Notice) letter {
	asked := "Somebody, most likely you, asked for it"
	if from := plain(n.Client.Agent); from != "" {
		asked += " with " + from
	}
	l := letter{
		Subject: "Your " + w.Service + " access code",
		Heading: "Your access code",
		Lines:   []string{"Type this code " + purpose(n.Purpose) + ":"},
		Code:    n.Code,
		Facts:   []fact{{"Valid until", clock(n.Expires)}, {"Works", "once"}},
		Advice:  "Nobody at " + w.Service + " will ever ask you for it. If it was not you, do nothing: without the code nothing happens.",
		Why:     asked + ", and gave this address.",
	}
	if n.Purpose == account.ForSignIn || n.Purpose == account.ForCheck {
		return afterPassword(w, n, l, asked)
	}
	return l
}

// afterPassword is a code for whoever has the password, or the account open: to
// the owner it is news, if it was somebody else.
func afterPassword(w Wording, n account.Notice, l letter, asked string) letter {
	knows := "somebody knows your password"
	l.Why = asked + ", and gave the right password."
	if n.Purpose == account.ForCheck {
		knows = "somebody is signed in to your account"
		l.Why = asked + ", signed in to your account."
	}
	l.Facts = append(l.Facts, facts(n)...)
	l.Advice = "Nobody at " + w.Service + " will ever ask you for it. If it was not you, " + knows +
		": tell nobody the code, and change your password now, with “Forgot your password?”."
	return l
}

// purpose is what a code is for: whoever reads it on the phone to somebody else
// should see what that one is about to do.
func purpose(p account.Purpose) string {
	return cmp.Or(map[account.Purpose]string{
		account.ForSignUp:   "to create your account",
		account.ForSignIn:   "to sign in",
		account.ForEmail:    "to set this as your email address",
		account.ForPhone:    "to set this as your phone number",
		account.ForCheck:    "to change how your account is protected",
		account.ForRecovery: "to choose a new password",
	}[p], "where you were asked for it")
}

func haveAccount(w Wording, n account.Notice) letter {
	if n.Purpose == account.ForEmail {
		return haveAddress(w, n)
	}
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

// haveAddress is for who has an address that another account wants.
func haveAddress(w Wording, n account.Notice) letter {
	return letter{
		Subject: "Your email address was given at " + w.Service,
		Heading: "Somebody gave your address as theirs",
		Lines:   []string{"Somebody wants this address for another account. It belongs to yours, so they cannot have it."},
		Facts:   facts(n),
		Button:  page(w, "Sign in", "/signin"),
		Advice:  "If it was you, change the address of this account first. If not, do nothing: nothing has changed.",
		Why:     "This address was given as the new one of another account.",
	}
}

func newSignIn(w Wording, n account.Notice) letter {
	return notice(w, n, letter{
		Subject: "New sign-in to your " + w.Service + " account",
		Heading: "New sign-in to your account",
		Lines:   []string{"Somebody signed in to the account pages with " + given(n.Detail) + "."},
		Button:  page(w, "See who is signed in", "/account/devices"),
		Advice:  "If it was not you: change your password now, with the tick that signs out all devices.",
	})
}

// given words what a sign-in was made with.
func given(factors string) string {
	switch has := strings.Fields(factors); {
	case slices.Contains(has, "password") && slices.Contains(has, "passkey"):
		return "your password and one of your passkeys"
	case slices.Contains(has, "passkey"):
		return "one of your passkeys. A passkey needs no password: if it was not you, remove it too"
	case slices.Contains(has, "recovery-code"):
		return "your password and one of your recovery codes"
	case slices.Contains(has, "totp"):
		return "your password and your authenticator app"
	case slices.Contains(has, "code"):
		return "your password and an access code"
	}
	return "your password"
}

func suspicious(w Wording, n account.Notice) letter {
	proof, secret := "your second factor", "a code"
	if n.Purpose == account.ForSignIn {
		proof, secret = "an access code", "the code"
	}
	lines := []string{"Somebody gave your right password in an unusual way. We ask for " + proof + " before anybody is let in."}
	advice := "If it was not you, somebody knows your password: change it now, and tell nobody " + secret + "."
	subject := "An unusual sign-in to your " + w.Service + " account"
	if n.Purpose == account.ForCheck { // in a session
		lines, subject = nil, "Somebody is guessing inside your "+w.Service+" account"
		advice = "If it was not you, sign out everywhere, and change your password."
	}
	for reason := range strings.SplitSeq(n.Detail, "\n") {
		if reason = plainTo(reason, maxReason); reason != "" {
			lines = append(lines, reason)
		}
	}
	return notice(w, n, letter{
		Subject: subject,
		Heading: "Was this you?",
		Lines:   lines,
		Button:  page(w, "See who is signed in", "/account/devices"),
		Advice:  advice,
	})
}

func guessing(w Wording, n account.Notice) letter {
	return notice(w, n, letter{
		Subject: "Somebody is trying passwords on your " + w.Service + " account",
		Heading: "Somebody is trying passwords",
		Lines: []string{
			"Many wrong passwords in a row were tried on your account. None was right.",
			"On devices we do not know, an access code is now needed beside the password. Nothing changes on your own.",
		},
		Button: page(w, "Open your account", "/account/security"),
		Advice: "If your password is short or used elsewhere too, change it. If it was you who mistyped it, do nothing.",
	})
}

func passwordRefused(w Wording, n account.Notice) letter {
	return notice(w, n, letter{
		Subject: "Passwords are refused on unknown devices of your " + w.Service + " account",
		Heading: "Sign-in by password is paused on unknown devices",
		Lines: []string{
			"A great many wrong passwords were tried on your account. None was right.",
			"On devices we do not know, no password is taken any more. Your own devices, passkeys and “Forgot your password?” go on as before.",
		},
		Button: page(w, "Choose a new password", "/recover"),
		Advice: "If you want to sign in on a new device now, choose a new password with “Forgot your password?”.",
	})
}

func factorChanged(w Wording, n account.Notice) letter {
	l := notice(w, n, letter{
		Subject: "The second factor of your " + w.Service + " account was changed",
		Heading: "Your second factor was changed",
		Lines:   []string{"An authenticator app, a passkey or the recovery codes were added, changed or removed."},
		Button:  page(w, "Open Security", "/account/security"),
		Advice:  "If it was not you, change your password, then look at your second factors.",
	})
	return detail(l, "Changed", n.Detail)
}

func lessAsked(w Wording, n account.Notice) letter {
	l := notice(w, n, letter{
		Subject: "Your " + w.Service + " account asks or tells you less from now on",
		Heading: "Something was switched off",
		Lines:   []string{"Codes on new devices, mails at new sign-ins or notices by SMS were switched off for your account."},
		Button:  page(w, "Open Security", "/account/security"),
		Advice:  "If it was not you, change your password, then switch them on again.",
	})
	return detail(l, "Switched off", n.Detail)
}

func recoveryCodeUsed(w Wording, n account.Notice) letter {
	l := notice(w, n, letter{
		Subject: "A recovery code of your " + w.Service + " account was used",
		Heading: "A recovery code was used",
		Lines:   []string{"Somebody signed in with your password and one of your recovery codes. Each works once."},
		Button:  page(w, "Make new recovery codes", "/account/security"),
		Advice:  "If it was not you, somebody has your password and your codes: change both now.",
	})
	return detail(l, "Codes left", n.Detail)
}
