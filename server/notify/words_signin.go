package notify

import "github.com/hearthkey/hearthkey/server/account"

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
