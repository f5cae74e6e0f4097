package web

import (
	"strings"
	"time"

	"github.com/hearthkey/hearthkey/server/account"
)

// The fixtures of the pages for whoever is not signed in, or wants back in.

func fixtureSent(to string, sms bool, wait time.Duration, ways ...CodeWay) CodeState {
	return CodeState{To: to, SMS: sms, Expires: fixtureNow.Add(10 * time.Minute), ResendAt: fixtureNow.Add(wait), Ways: ways,
		Resend: "/signin/code/resend", Now: fixtureNow, Dev: wait > 0}
}

var bothWays = []CodeWay{{"mail", "m…a@subdomain.of.a.long.example.org", false}, {"sms", "+34 ••• •• 12", true}}

func fixtureSignUp(add func(string, any)) {
	page := SignUpPage{Frame: fixtureOpen("Create an account"), Email: emailField(""), Password: newPasswordField("password", "Password")}
	add("signup", page)
	page.Email, page.Problems = marked(emailField("mara@exam"), "That does not look like an email address. Is something missing?"), []Problem{{"email", "That does not look like an email address. Is something missing?"}}
	add("signup-wrong", page)
	verify := VerifyPage{Frame: fixtureOpen("Check your mail"), Email: "mara@example.org", Code: codeField(), Sent: fixtureSent("mara@example.org", false, 23*time.Second, CodeWay{Channel: "mail"})}
	add("verify", verify)
	verify.Email, verify.Sent = longEmail, fixtureSent(longEmail, false, 0, CodeWay{Channel: "mail"})
	verify.Code = marked(verify.Code, "That code does not match, and its tries are used up. Ask for a new one.")
	add("verify-wrong", verify)
	verify.Code, verify.Refused = codeField(), "The mail server knows no such address, or does not accept our mails. Check the address."
	add("verify-refused", verify)
}

func fixtureSignIn(add func(string, any)) {
	page := SignInPage{Frame: fixtureOpen("Sign in"), Email: loginField(""), Password: passwordField(), Next: "/"}
	add("signin-empty", page)
	page.Passkey = true
	add("signin-passkey", page)
	page.Email, page.Next, page.Notices = loginField(longEmail), "/tv", []Notice{notices["factorTries"]}
	page.Problems = []Problem{{"", "The address or number, or the password, is wrong. Check both and try again."}}
	add("signin", page)

	code := SignInCodePage{Frame: fixtureOpen("Enter the code"), Code: codeField(), Sent: fixtureSent("m…a@example.org", false, 0, CodeWay{"mail", "m…a@example.org", false})}
	add("signin-code", code)
	code.Sent = fixtureSent("+34 ••• •• 12", true, 27*time.Second, bothWays...)
	code.Code, code.Notices = marked(code.Code, "That code does not match. You have one more try."), []Notice{notices["codeSent"]}
	add("signin-code-wrong", code)
	code.Sent, code.Code, code.Notices = CodeState{Ways: bothWays, Resend: "/signin/code/resend", Now: fixtureNow}, codeField(), nil
	code.Problems = []Problem{{"", "Too many codes were asked for. You can ask for another in 53 minutes."}}
	add("signin-code-none", code)

	factor := SignInFactorPage{Frame: fixtureOpen("Second factor"), Code: codeField(), Recovery: recoveryCodeField()}
	factor.Code.Label, factor.App = "Code of your authenticator app", true
	add("signin-app", factor)
	factor.Passkey, factor.Codes = true, true
	add("signin-factor", factor)
	factor.App, factor.Recovery = false, marked(recoveryCodeField(), "That code does not match. You have 4 more tries.")
	add("signin-factor-recovery", factor)
	factor.Codes = false
	factor.Problems = []Problem{{"", "That passkey does not match, or it took too long. Try again."}}
	add("signin-factor-wrong", factor)
	factor.Problems, factor.Unusual = nil, true
	add("signin-factor-unusual", factor)
}

func fixtureRecover(add func(string, any)) {
	page := RecoverPage{Frame: fixtureOpen("Recover your account"), Login: loginField("")}
	add("recover", page)
	page.Login, page.SMS, page.Notices = marked(loginField("0151 2345"), "That is neither an email address nor a phone number. Write a number with + and the country's code."), true, []Notice{notices["recoverOver"]}
	add("recover-wrong", page)
	page = RecoverPage{Frame: fixtureOpen("Recover your account"), Login: loginField("")}
	page.CanSMS = false
	add("recover-no-sms", page)

	code := RecoverCodePage{Frame: fixtureOpen("Enter the code"), Typed: "mara@example.org", Code: codeField(),
		Sent: fixtureSent("m…a@example.org", false, 29*time.Second, CodeWay{Channel: "mail"}, CodeWay{Channel: "sms", SMS: true})}
	add("recover-code", code)
	code.Typed, code.Sent = longEmail, fixtureSent("", true, 0, CodeWay{Channel: "sms", SMS: true}, CodeWay{Channel: "mail"})
	code.Code = marked(code.Code, "That code has run out. Send a new one.")
	add("recover-code-wrong", code)
	code.Safety, code.Code, code.Sent = &Safety{Reverted: true}, codeField(), fixtureSent("m…a@example.org", false, 0, CodeWay{Channel: "mail"})
	add("recover-code-safe", code)
	code.Sent = CodeState{Now: fixtureNow, Ways: []CodeWay{{Channel: "mail"}}}
	add("recover-code-safe-later", code)

	next := RecoverPasswordPage{Frame: fixtureOpen("Choose a new password"), Typed: "mara@example.org",
		New: newPasswordField("password", "New password"), Again: newPasswordField("again", "New password again")}
	next.New.Hint = (&Site{c: Config{MinPassword: 15}}).passwordHint()
	add("recover-password", next)
	next.Again = marked(next.Again, "The two new passwords are not the same.")
	add("recover-password-wrong", next)
	next.Again, next.Safety, next.Typed = newPasswordField("again", "New password again"), &Safety{true, true}, ""
	add("recover-password-safe", next)

	add("recover-done", RecoverDonePage{fixtureOpen("Your new password is set")})
	in := fixtureFrame("Your new password is set", "")
	in.Who = nil
	add("recover-done-in", RecoverDonePage{in})
}

func fixtureLinks(add func(string, any)) {
	page := NotMePage{Frame: fixtureOpen("It wasn’t you?"), Link: strings.Repeat("Ab3_", 16), About: aboutNotice(account.NoticeNewSignIn),
		At: minutesAgo(12), Expires: fixtureNow.AddDate(0, 0, 6), Fresh: true}
	add("not-me", page)
	page.About, page.Reverts, page.Since = aboutNotice(account.NoticeEmailChanged), true, minutesAgo(2000)
	add("not-me-revert", page)
	page.Fresh = false
	add("not-me-older", page)
	factor := Field{Name: "factor", Label: "Code of your authenticator app, or a recovery code", MaxLength: 64, Hint: "Those that you had before the change work here."}
	factor = marked(factor, "That code does not match, or was used before. Nothing was changed.")
	page.Factor, page.Problems = &factor, []Problem{{"", "That code does not match, or was used before. Nothing was changed."}}
	add("not-me-factor", page)
	page.Factor, page.Passkey, page.Problems = nil, true, nil
	add("not-me-passkey", page)
	add("keep", KeepPage{Frame: fixtureOpen("Keep your account?"), Link: page.Link, Until: fixtureNow.AddDate(0, 0, 5)})
	add("keep-factor", KeepPage{Frame: fixtureFrame("Keep your second factor?", ""), Link: page.Link, Factor: true, Until: fixtureNow.Add(50 * time.Hour)})
	add("keep-address", KeepPage{Frame: fixtureFrame("Keep your address?", ""), Link: page.Link, Here: true, Until: fixtureNow.Add(50 * time.Hour)})
	stop := StopPage{Frame: fixtureOpen("It wasn’t you?"), Link: page.Link, Asked: minutesAgo(2), Expires: fixtureNow.Add(8 * time.Minute), What: "a sign-in to your account", Password: true}
	add("stop", stop)
	stop.Frame, stop.Done = fixtureOpen("It is stopped"), true
	add("stop-password", stop)
	stop.Password, stop.Inside = false, true
	add("stop-inside", stop)
	stop.Inside, stop.Anybody = false, true
	add("stop-anybody", stop)
	stop.Anybody, stop.Address = false, true
	add("stop-address", stop)
	add("link-over", LinkOverPage{fixtureOpen("This link no longer works")})
}

func fixtureHacked(add func(string, any)) {
	add("hacked", HackedPage{fixtureOpen("My account was hacked")})
	add("help", HelpPage{Frame: fixtureOpen("Help with your account")})
	add("help-support", HelpPage{fixtureFrame("Help with your account", ""), "support@tv.example, or +49 30 1234567 on weekdays from 9 to 17"})
	page := WalkPage{Frame: fixtureFrame("My account was hacked", "security"), Steps: walkRows(account.Walk{}), Email: "mara@example.org"}
	add("walk-empty", page)
	all := account.WalkSteps()
	page.Begun = minutesAgo(8)
	page.Steps = walkRows(account.Walk{Begun: page.Begun, Next: all[0]})
	add("walk", page)
	page.Email, page.Phone = longEmail, "+49 1512 3456789"
	page.Steps, page.Notices = walkRows(account.Walk{Begun: page.Begun, Done: all[:2], Next: all[2]}), []Notice{notices["walkStep"]}
	add("walk-middle", page)
	page.Steps, page.Notices = walkRows(account.Walk{Begun: page.Begun, Done: all}), nil
	add("walk-done", page)
	page.Steps, page.Reset = walkRows(account.Walk{Begun: page.Begun, Next: all[0]}), fixtureNow.Add(71*time.Hour)
	add("walk-reset", page)
	security := SecurityPage{Frame: fixtureFrame("Security", "security")}
	security.Walking = true
	add("security-walking", security)
}
