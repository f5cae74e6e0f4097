package web

import (
	"strings"
	"testing"
	"time"

	"github.com/hearthkey/hearthkey/server/account"
)

// The fixtures of the owner's pages: empty, full, wrong, with long names.

const longEmail = "mara.with.a.very.long.name.indeed@subdomain.of.a.long.example.org"

var fixtureBounces = []BounceRow{
	{ID: "b1", To: longEmail, Subject: "New sign-in to your account", Reason: "The mailbox is full.", At: minutesAgo(400)},
	{ID: "b2", To: "+49 1512 3456789", Reason: "The number cannot receive it. Check the number.", At: minutesAgo(900)},
}

func marked(f Field, text string) Field {
	f.mark(Problem{f.Name, text})
	return f
}

func fixtureMembership(add func(string, any)) {
	page := MembershipPage{Frame: fixtureFrame("Membership", "membership"), Email: "mara@example.org", Language: "English"}
	add("membership-empty", page)
	page.CanSMS = false
	add("membership-no-sms", page)
	page.Phone = "+49 1512 3456789"
	add("membership-no-sms-any-more", page)
	page.CanSMS = true
	page.Email, page.PhoneNotices, page.Bounces = longEmail, true, fixtureBounces
	page.Waiting = []WaitingChange{{account.ChangesEmail, longEmail}, {account.ChangesPhone, "+34 612 34 56 78"}}
	add("membership", page)
	page.EmailReturns, page.PhoneReturns = minutesAgo(3000), minutesAgo(50)
	add("membership-returns", page)

	password := PasswordPage{Frame: fixtureFrame("Change password", "membership"), Email: longEmail, Everywhere: true,
		Current: currentField(), New: newPasswordField("new", "New password"), Again: newPasswordField("again", "New password again")}
	password.New.Hint = (&Site{c: Config{MinPassword: 8}}).passwordHint()
	add("password", password)
	password.New = marked(password.New, "This is guessed quickly. Four random words make a good password.")
	add("password-wrong", password)

	email := EmailPage{Frame: fixtureFrame("Change email address", "membership"), Now: longEmail, Current: currentField(),
		New: Field{Name: "email", Label: "New email address", Type: "email"}}
	add("email", email)
	email.New, email.Everywhere = marked(email.New, "This is your address already."), true
	add("email-wrong", email)
	number := Field{Name: "phone", Label: "Mobile number", Type: "tel", Hint: "As you would write it. With + and the country’s code it works from everywhere."}
	add("phone-new", PhonePage{Frame: fixtureFrame("Phone number", "membership"), Number: number, Current: currentField()})
	number.Value = "call me maybe"
	add("phone-wrong", PhonePage{Frame: fixtureFrame("Phone number", "membership"), Now: "+49 1512 3456789",
		Number: marked(number, "That does not look like a mobile number. Try it with + and the country’s code, e.g. +49 1512 3456789."), Current: marked(currentField(), "That is not the password of this account."), SMS: true, Everywhere: true})
	add("phone-remove", PhoneRemovePage{Frame: fixtureFrame("Remove the phone number", "membership"), Number: "+49 1512 3456789", Current: currentField()})
	code := ChangeCodePage{Frame: fixtureFrame("Enter the code", "membership"), Kind: account.ChangesEmail, To: longEmail, Code: codeField(),
		Expires: fixtureNow.Add(10 * time.Minute)}
	add("change-code", code)
	code.Kind, code.To, code.SMS, code.Dev = account.ChangesPhone, "+34 612 34 56 78", true, true
	code.Code = marked(code.Code, "That code does not match. You have 3 more tries.")
	add("change-code-wrong", code)
	add("phone-none", NoSMSPage{Frame: fixtureFrame("Phone number", "membership")})
	add("phone-stays", NoSMSPage{Frame: fixtureFrame("Phone number", "membership"), Now: "+49 1512 3456789"})
	languages := LanguagePage{Frame: fixtureFrame("Change language", "membership"), Languages: fixtureFrame("", "").Languages()}
	add("language", languages)
	languages.Problems = []Problem{{"language", "Choose one of the languages."}}
	add("language-wrong", languages)
	fixtureChecks(add)

	proof := ProofPage{Frame: fixtureFrame("Is it you?", ""), Email: "mara@example.org", Password: passwordField(), Next: "/account"}
	add("proof", proof)
	proof.Passkey, proof.Email, proof.Password = true, longEmail, marked(proof.Password, "That is not the password of this account.")
	add("proof-passkey", proof)
}

func fixturePasskeys() []PasskeyRow {
	return []PasskeyRow{
		{ID: "k1", Name: "Phone", Created: minutesAgo(9000), LastUsed: minutesAgo(30), Synced: true},
		{ID: "k2", Name: "The blue security key on the ring with the cellar keys and the bike", Created: minutesAgo(90000), Copied: minutesAgo(200)},
		{ID: "k3", Name: "مفتاح <b>عبد</b>", Created: minutesAgo(90)},
	}
}

func fixtureSecurity(add func(string, any)) {
	page := SecurityPage{Frame: fixtureFrame("Security", "security"), CanPasskeys: true,
		Choices: Choices{Preferences: account.Preferences{CodeOnNewDevice: true, SignInMails: true}}}
	add("security-empty", page)
	page.Choices.Warn, page.Choices.CodeOnNewDevice, page.CanPasskeys = true, false, false
	add("security-warn", page)
	page.Choices.Warn, page.CanPasskeys, page.Passkeys, page.Codes = false, true, fixturePasskeys()[:1], 10
	page.Problems = []Problem{{"", "Notices can go by SMS once a phone number is added. Nothing was saved."}}
	add("security-passkey", page)
	page.Second, page.App, page.AppSince, page.Passkeys, page.Codes, page.Bounces = true, true, minutesAgo(90000), fixturePasskeys(), 0, fixtureBounces
	page.Choices = Choices{Phone: "+49 1512 3456789", Preferences: account.Preferences{CodeOnNewDevice: true, SignInMails: true, RemindDevices: true, RemindPassword: true, SMSNotices: true}}
	page.Problems, page.Notices = nil, []Notice{notices["preferences"]}
	add("security", page)
	page.Notices, page.Bounces, page.Reset = nil, nil, fixtureNow.Add(71*time.Hour)
	add("security-reset", page)
}

func fixtureFactors(add func(string, any)) {
	second := SecondFactorPage{Frame: fixtureFrame("Second factor", "security")}
	add("second-on", second)
	second.Needed = true
	add("second-off", second)
	app := AppPage{Frame: fixtureFrame("Authenticator app", "security"), Code: appCodeField()}
	add("app-empty", app)
	app.Begun, app.Secret = true, strings.TrimSpace(strings.Repeat("JBSW ", 8))
	app.URI = "otpauth://totp/Hearthkey:mara@example.org?secret=JBSWJBSWJBSWJBSWJBSWJBSWJBSWJBSW&issuer=Hearthkey&algorithm=SHA1&digits=6&period=30"
	app.QR, _ = qrCode(string(app.URI))
	add("app", app)
	app.Code = marked(app.Code, "That code does not match. Type the one that the app shows now; check that the phone’s clock is right.")
	add("app-wrong", app)
	app.On = true
	add("app-on", app)
	remove := FactorRemovePage{Frame: fixtureFrame("Remove", "security"), Action: "/account/security/app/remove", Last: true}
	add("app-remove", remove)
	remove.Passkey, remove.Last = fixturePasskeys()[1].Name, false
	add("passkey-remove", remove)
	codes := CodesPage{Frame: fixtureFrame("Recovery codes", "security")}
	add("codes-none", codes)
	codes.Left = 7
	add("codes-some", codes)
	codes.Email, codes.Made, codes.Notices = longEmail, fixtureNow, []Notice{notices["appAdded"]}
	for range 10 {
		codes.Codes = append(codes.Codes, "mfrg-gzdf-mztw-q2lk")
	}
	add("codes", codes)
	fresh := PasskeyNewPage{Frame: fixtureFrame("Add a passkey", "security"), Name: passkeyNameField("Firefox on Linux")}
	add("passkey-nowhere", fresh)
	fresh.Available = true
	add("passkey-new", fresh)
	fresh.Name, fresh.Everywhere = marked(fresh.Name, "A name has 1 to 64 characters."), true
	fresh.Problems = []Problem{{"", "That passkey does not match, or it took too long. Try again."}}
	add("passkey-new-wrong", fresh)
	add("passkey", PasskeyPage{Frame: fixtureFrame("Rename", "security"), Passkey: fixturePasskeys()[2], Name: passkeyNameField(fixturePasskeys()[2].Name)})
}

func fixtureData(add func(string, any)) {
	add("data", DataPage{Frame: fixtureFrame("Your data", "data")})
	add("data-leaving", DataPage{Frame: fixtureFrame("Your data", "data"), Leaving: fixtureNow.AddDate(0, 0, 6)})
	fixtureActivity(add)
	leaving := fixtureFrame("Home", "")
	leaving.Ending = fixtureNow.AddDate(0, 0, 6)
	add("home-leaving", HomePage{Frame: leaving, SignedIn: 3})
	leaving.Section = "overview"
	add("overview-leaving", OverviewPage{Frame: leaving, Email: longEmail})
	leave := LeavePage{Frame: fixtureFrame("Delete the account", "data"), Email: longEmail, Due: fixtureNow.AddDate(0, 0, 7), Current: currentField()}
	add("leave-empty", leave)
	leave.TVs, leave.Profiles, leave.Current = 4, 5, marked(leave.Current, "That is not the password of this account.")
	add("leave", leave)
}

func fixtureActivity(add func(string, any)) {
	form := func(path string, chosen bool) ActivityForm {
		return ActivityForm{
			Action: path, Chosen: chosen, Profiles: []Option{{Label: "All profiles"}, {Value: "p3", Label: fixtureFaces[2].Name, Chosen: chosen}},
			Devices: []Option{{Label: "All TVs", Chosen: true}, {Value: "d1", Label: "The enormous projector in the cellar that nobody may touch but Uncle Bertram"}},
		}
	}
	frame := fixtureFrame("Activity", "activity")
	rows := []ViewingRow{
		{Title: "The Lighthouse Keeper", Face: &fixtureFaces[0], Device: "Living room TV", From: minutesAgo(90), To: minutesAgo(12)},
		{Title: "A very long title of a documentary series in eleven parts about the history of the kettle", Face: &fixtureFaces[1],
			Device: "The enormous projector in the cellar that nobody may touch but Uncle Bertram", From: minutesAgo(2000), To: minutesAgo(2000)},
		{Face: &fixtureFaces[2], From: minutesAgo(9050), To: minutesAgo(9000)},
		{Title: "مغامرات <b>القطة</b>", Device: "تلفاز غرفة المعيشة", From: minutesAgo(90100), To: minutesAgo(90000)},
	}
	kids := []KidCard{
		{Face: fixtureFaces[3], Titles: 3, Lasting: 95 * time.Minute, Viewings: rows[:3], All: "/account/activity?profile=p4"},
		{Face: fixtureFaces[2], All: "/account/activity?profile=p3"},
		{Face: fixtureFaces[4], Hidden: true, All: "/account/activity?profile=p5"},
	}
	prove := "/proof?next=%2Faccount%2Factivity"
	add("activity-empty", ActivityPage{Frame: frame, Choose: form(activityPath, false), Kids: kids[1:2], Kept: "1 year"})
	page := ActivityPage{Frame: frame, Choose: form(activityPath, false), Kids: kids, Viewings: rows, Older: "/account/activity?before=x", Kept: "1 year",
		Prove: prove, Withheld: []Face{fixtureFaces[1], fixtureFaces[4]}}
	add("activity", page)
	page.Kids, page.Of, page.Choose, page.Newest, page.Withheld = nil, &fixtureFaces[2], form(activityPath, true), "/account/activity", nil
	add("activity-of-one", page)
	for range 3 {
		page.Viewings = append(page.Viewings, page.Viewings...)
	}
	page.Prove, page.Viewings = "", append(page.Viewings, rows...)
	add("activity-40", page)
	streaming := StreamingPage{Frame: fixtureFrame("Recent streaming", "activity"), Choose: form(streamingPath, false), KeptAddresses: "90 days"}
	add("streaming-empty", streaming)
	streaming.Sittings = []SittingRow{
		{Face: &fixtureFaces[0], Device: "Living room TV", From: minutesAgo(90), To: minutesAgo(12), Address: "203.0.113.24", Place: "near Lyon, France"},
		{Face: &fixtureFaces[2], Device: "The enormous projector in the cellar that nobody may touch but Uncle Bertram", From: minutesAgo(2000), To: minutesAgo(2000),
			Address: "2001:db8:4:9:5054:ff:fe12:3456", Place: "Llanfairpwllgwyngyllgogerychwyrndrobwllllantysiliogogogoch, United Kingdom"},
		{From: minutesAgo(200_000), To: minutesAgo(199_000)},
	}
	streaming.Older, streaming.Newest = "/account/activity/streaming?before=x", "/account/activity/streaming"
	add("streaming", streaming)
}

// A QR code has a quiet zone of four and its three finder patterns.
func TestQRCode(t *testing.T) {
	got, err := qrCode("otpauth://totp/x?secret=JBSW")
	if err != nil {
		t.Fatal(err)
	}
	for _, part := range []string{`viewBox="0 0 `, `role="img"`, "M4 4h7v1h-7z", "M4 10h7v1h-7z"} {
		if !strings.Contains(string(got), part) {
			t.Errorf("QR code lacks %q: %s", part, got)
		}
	}
	if _, err := qrCode(strings.Repeat("x", 5000)); err == nil {
		t.Error("a text too long for any code: no error")
	}
}

func fixtureChecks(add func(string, any)) {
	page := CheckPage{Frame: fixtureFrame("One more check", ""), Next: "/account/membership/email", Mail: true, Code: codeField(), Recovery: recoveryCodeField()}
	page.Sent = CodeState{Now: fixtureNow, Resend: checkPath + "/send", Next: page.Next, Ways: []CodeWay{{"mail", "m…a@example.org", false}, {"sms", "+49 ••• •• 89", true}}}
	add("check", page)
	page.Passkey = true
	add("check-passkey-or-code", page)
	page.Passkey, page.Sent.To, page.Sent.Expires, page.Sent.ResendAt = false, "m…a@example.org", fixtureNow.Add(9*time.Minute), fixtureNow.Add(20*time.Second)
	add("check-code", page)
	page.Code, page.Sent.Over = marked(page.Code, "That code does not match, and its tries are used up. Ask for a new one."), true
	add("check-code-over", page)
	page.Mail, page.App, page.Passkey, page.Codes, page.Code = false, true, true, true, codeField()
	page.Code.Label = "Code of your authenticator app"
	add("check-factor", page)
	page.App, page.Recovery = false, marked(page.Recovery, "That code does not match, or was used before. Nothing was changed.")
	add("check-factor-wrong", page)
}
