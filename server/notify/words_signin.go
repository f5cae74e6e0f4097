package notify

import (
	"cmp"
	"slices"
	"strings"

	"github.com/hearthkey/hearthkey/server/account"
)

func accessCode(w Wording, n account.Notice) letter {
	l := letter{
		Subject: w.t("Your {service} access code"),
		Heading: w.t("Your access code"),
		Lines:   []string{w.t("Type this code {purpose}:", "purpose", w.purpose(n.Purpose))},
		Code:    n.Code,
		Facts:   []fact{{w.t("Valid until"), w.clock(n.Expires)}, {w.t("Works"), w.t("once")}},
		Advice:  w.t("Nobody at {service} will ever ask you for it. If it was not you, do nothing: without the code nothing happens."),
		Why:     w.asked(n, "Somebody, most likely you, asked for it, and gave this address.", "Somebody, most likely you, asked for it with {agent}, and gave this address."),
	}
	if n.Purpose == account.ForSignIn || n.Purpose == account.ForCheck {
		l = afterPassword(w, n, l)
	}
	if n.Stop != "" {
		l.NotMe = tokenPage(w, "It wasn’t me", StopPath, n.Stop)
		l.Advice += " " + w.t("“It wasn’t me” stops what the code is for, for as long as the code works, and changes nothing else.")
	}
	return l
}

// afterPassword is a code for whoever has the password, or the account open: to
// the owner it is news, if it was somebody else.
func afterPassword(w Wording, n account.Notice, l letter) letter {
	l.Facts = append(l.Facts, facts(w, n)...)
	l.Why = w.asked(n, "Somebody, most likely you, asked for it, and gave the right password.", "Somebody, most likely you, asked for it with {agent}, and gave the right password.")
	l.Advice = w.t("Nobody at {service} will ever ask you for it. If it was not you, somebody knows your password: tell nobody the code, and change your password now, with “Forgot your password?”.")
	if n.Purpose == account.ForCheck {
		l.Why = w.asked(n, "Somebody, most likely you, asked for it, signed in to your account.", "Somebody, most likely you, asked for it with {agent}, signed in to your account.")
		l.Advice = w.t("Nobody at {service} will ever ask you for it. If it was not you, somebody is signed in to your account: tell nobody the code, and change your password now, with “Forgot your password?”.")
	}
	return l
}

// asked says who asked, with {agent} where that is known.
func (w Wording) asked(n account.Notice, without, with string) string {
	if from := plain(n.Client.Agent); from != "" {
		return w.t(with, "agent", from)
	}
	return w.t(without)
}

// purpose is what a code is for: whoever reads it on the phone to somebody else
// should see what that one is about to do.
func (w Wording) purpose(p account.Purpose) string {
	return w.t(cmp.Or(map[account.Purpose]string{
		account.ForSignUp:   "to create your account",
		account.ForSignIn:   "to sign in",
		account.ForEmail:    "to set this as your email address",
		account.ForPhone:    "to set this as your phone number",
		account.ForCheck:    "to change how your account is protected",
		account.ForRecovery: "to choose a new password",
	}[p], "where you were asked for it"))
}

func haveAccount(w Wording, n account.Notice) letter {
	if n.Purpose == account.ForEmail {
		return haveAddress(w, n)
	}
	return letter{
		Subject: w.t("You have a {service} account already"),
		Heading: w.t("You have an account already"),
		Lines:   []string{w.t("Somebody, most likely you, tried to sign up with this address. It has an account, so there is nothing to set up: just sign in.")},
		Facts:   facts(w, n),
		Button:  page(w, "Sign in", "/signin"),
		Advice:  w.t("If it was not you, do nothing: nothing has changed."),
		Why:     w.t("This address was given at sign-up."),
	}
}

// haveAddress is for who has an address that another account wants.
func haveAddress(w Wording, n account.Notice) letter {
	return letter{
		Subject: w.t("Your email address was given at {service}"),
		Heading: w.t("Somebody gave your address as theirs"),
		Lines:   []string{w.t("Somebody wants this address for another account. It belongs to yours, so they cannot have it.")},
		Facts:   facts(w, n),
		Button:  page(w, "Sign in", "/signin"),
		Advice:  w.t("If it was you, change the address of this account first. If not, do nothing: nothing has changed."),
		Why:     w.t("This address was given as the new one of another account."),
	}
}

func newSignIn(w Wording, n account.Notice) letter {
	return notice(w, n, letter{
		Subject: w.t("New sign-in to your {service} account"),
		Heading: w.t("New sign-in to your account"),
		Lines:   []string{w.t("Somebody signed in to the account pages with {factors}.", "factors", w.t(given(n.Detail)))},
		Button:  page(w, "See who is signed in", "/account/devices"),
		Advice:  w.t("If it was not you: change your password now, with the tick that signs out all devices."),
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
	lines := []string{w.t("Somebody gave your right password in an unusual way. We ask for your second factor before anybody is let in.")}
	advice := w.t("If it was not you, somebody knows your password: change it now, and tell nobody a code.")
	subject := w.t("An unusual sign-in to your {service} account")
	if n.Purpose == account.ForSignIn {
		lines[0] = w.t("Somebody gave your right password in an unusual way. We ask for an access code before anybody is let in.")
		advice = w.t("If it was not you, somebody knows your password: change it now, and tell nobody the code.")
	}
	if n.Purpose == account.ForCheck { // in a session
		lines, subject = nil, w.t("Somebody is guessing inside your {service} account")
		advice = w.t("If it was not you, sign out everywhere, and change your password.")
	}
	for reason := range strings.SplitSeq(n.Detail, "\n") {
		if reason = plainTo(reason, maxReason); reason != "" {
			lines = append(lines, reason)
		}
	}
	return notice(w, n, letter{
		Subject: subject,
		Heading: w.t("Was this you?"),
		Lines:   lines,
		Button:  page(w, "See who is signed in", "/account/devices"),
		Advice:  advice,
	})
}

func guessing(w Wording, n account.Notice) letter {
	return notice(w, n, letter{
		Subject: w.t("Somebody is trying passwords on your {service} account"),
		Heading: w.t("Somebody is trying passwords"),
		Lines: []string{
			w.t("Many wrong passwords in a row were tried on your account. None was right."),
			w.t("On devices we do not know, an access code is now needed beside the password. Nothing changes on your own."),
		},
		Button: page(w, "Open your account", "/account/security"),
		Advice: w.t("If your password is short or used elsewhere too, change it. If it was you who mistyped it, do nothing."),
	})
}

func passwordRefused(w Wording, n account.Notice) letter {
	return notice(w, n, letter{
		Subject: w.t("Passwords are refused on unknown devices of your {service} account"),
		Heading: w.t("Sign-in by password is paused on unknown devices"),
		Lines: []string{
			w.t("A great many wrong passwords were tried on your account. None was right."),
			w.t("On devices we do not know, no password is taken any more. Your own devices, passkeys and “Forgot your password?” go on as before."),
		},
		Button: page(w, "Choose a new password", "/recover"),
		Advice: w.t("If you want to sign in on a new device now, choose a new password with “Forgot your password?”."),
	})
}

func factorChanged(w Wording, n account.Notice) letter {
	l := notice(w, n, letter{
		Subject: w.t("The second factor of your {service} account was changed"),
		Heading: w.t("Your second factor was changed"),
		Lines:   []string{w.t("An authenticator app, a passkey or the recovery codes were added, changed or removed.")},
		Button:  page(w, "Open Security", "/account/security"),
		Advice:  w.t("If it was not you, change your password, then look at your second factors."),
	})
	return detail(w, l, "Changed", n.Detail)
}

func lessAsked(w Wording, n account.Notice) letter {
	l := notice(w, n, letter{
		Subject: w.t("Your {service} account asks or tells you less from now on"),
		Heading: w.t("Something was switched off"),
		Lines:   []string{w.t("Codes on new devices, mails at new sign-ins or notices by SMS were switched off for your account.")},
		Button:  page(w, "Open Security", "/account/security"),
		Advice:  w.t("If it was not you, change your password, then switch them on again."),
	})
	return detail(w, l, "Switched off", n.Detail)
}

func recoveryCodeUsed(w Wording, n account.Notice) letter {
	l := notice(w, n, letter{
		Subject: w.t("A recovery code of your {service} account was used"),
		Heading: w.t("A recovery code was used"),
		Lines:   []string{w.t("Somebody signed in with your password and one of your recovery codes. Each works once.")},
		Button:  page(w, "Make new recovery codes", "/account/security"),
		Advice:  w.t("If it was not you, somebody has your password and your codes: change both now."),
	})
	return detail(w, l, "Codes left", n.Detail)
}
