package web

import (
	"fmt"
	"strings"
	"time"

	"github.com/hearthkey/hearthkey/protocol"
	"github.com/hearthkey/hearthkey/protocol/parental"
	"github.com/hearthkey/hearthkey/server/api"
	"github.com/hearthkey/hearthkey/server/device"
)

// The fixtures are every page in the states a person can meet it in: empty,
// full, wrong, with long and right-to-left names, with 40 devices.

var fixtureNow = time.Date(2026, 11, 25, 21, 43, 40, 0, time.UTC)

func minutesAgo(n int) time.Time { return fixtureNow.Add(-time.Duration(n) * time.Minute) }

var fixtureFaces = []Face{
	{ID: "p1", Name: "Mara", Avatar: "fox"},
	{ID: "p2", Name: "Maximilian-Alexander von Hohenberg", Avatar: "owl", Locked: true},
	{ID: "p3", Name: "عبد الرحمن الطويل", Avatar: "whale"},
	{ID: "p4", Name: "Kids", Avatar: "robot"},
	{ID: "p5", Name: "Grandma & Grandpa <3", Avatar: "lantern", Locked: true},
}

func fixtureFrame(title, section string) Frame {
	return Frame{Service: "Hearthkey", Title: title, Section: section, Signed: true, Who: &fixtureFaces[0], Now: fixtureNow, CanSMS: true}
}

func fixtureOpen(title string) Frame {
	return Frame{Service: "Hearthkey", Title: title, Now: fixtureNow, Dev: true, CanSMS: true}
}

func fixtureDevice(n int, name, model string, online bool) DeviceCard {
	d := DeviceCard{
		ID: protocol.DeviceID(fmt.Sprintf("d-%026d", n)), Name: name, Model: model, Kind: "TV", Icon: "tv", Address: "203.0.113.24",
		First: fixtureNow.AddDate(0, -n, -3), Last: minutesAgo(12 * n), Online: online,
		State: StateActive, Status: protocol.Active,
	}
	if online {
		d.Profile = &fixtureFaces[n%len(fixtureFaces)]
	}
	return d
}

func fixtureGone(d DeviceCard, s CardState) DeviceCard {
	d.State, d.Status, d.By, d.ChangedAt, d.Profile = s, protocol.SignedOut, protocol.ByAll, fixtureNow.Add(-38*time.Second), nil
	switch s {
	case StateConfirmed:
		d.Confirmed = fixtureNow.Add(-37 * time.Second)
	case StateUnreached:
		d.Online = false
		d.Bound = &Bound{LocksBy: fixtureNow.Add(16*time.Hour + 21*time.Minute), Further: 3*time.Hour + 9*time.Minute + 20*time.Second}
	}
	return d
}

func fixtureWebs() []WebCard {
	return []WebCard{
		{ID: "w1", Name: "Firefox on Linux", Icon: "laptop", Address: "203.0.113.24", First: minutesAgo(30), This: true, Profile: &fixtureFaces[0]},
		{ID: "w2", Name: "Safari on iPhone", Icon: "phone", Address: "2001:db8:4:9::c0de", Place: "near Lyon, France", First: minutesAgo(9000), Last: minutesAgo(70)},
	}
}

func fixtureBoards() map[string]Board {
	living := fixtureDevice(1, "Living room TV", "Hearthkey reference TV", true)
	kitchen := fixtureDevice(2, "Kitchen", "Hearthkey reference TV", true)
	bedroom := fixtureDevice(3, "Bedroom TV", "Vision 43", false)
	long := fixtureDevice(4, "The enormous projector in the cellar that nobody may touch but Uncle Bertram", "Model with a very long commercial name, series 9000 Plus Ultra", true)
	arabic := fixtureDevice(5, "تلفاز غرفة المعيشة", "Vision 55", false)
	arabic.Kind, arabic.Place, arabic.Address = "set-top box", "Saint-Germain-en-Laye, France", "2001:db8:4:9:5054:ff:fe12:3456"
	working := []DeviceCard{
		fixtureGone(living, StateConfirmed), fixtureGone(kitchen, StateConfirmed),
		fixtureGone(arabic, StateConfirmed), fixtureGone(bedroom, StateUnreached),
	}
	asked := fixtureGone(long, StateAsked)
	asked.ID, asked.Status, asked.By = "d-asked", protocol.Deactivated, protocol.ByOwner
	here := fixtureGone(kitchen, StateConfirmed)
	here.By = protocol.ByThisTV
	past := fixtureGone(bedroom, StateUnreached)
	past.By = protocol.ByOwner
	past.Bound = &Bound{LocksBy: minutesAgo(90), Further: 65 * time.Minute, Past: true}
	var many []DeviceCard
	for n := range 40 {
		many = append(many, fixtureDevice(n+1, fmt.Sprintf("TV in room %d", n+1), "Vision 43", n%3 != 0))
	}
	round := func(cards []DeviceCard) Board {
		return Board{Now: fixtureNow, Devices: cards, Webs: fixtureWebs()[:1], Round: roundOf(fixtureNow, cards, nil)}
	}
	return map[string]Board{
		"devices-empty": {Now: fixtureNow, Webs: fixtureWebs()[:1]},
		"devices":       {Now: fixtureNow, Devices: []DeviceCard{living, long, arabic, asked, here, past}, Webs: fixtureWebs()},
		"devices-round": round(working),
		"devices-done":  round(working[:3]),
		"devices-40":    {Now: fixtureNow, Devices: many, Webs: fixtureWebs()},
	}
}

func fixturePages() map[string]any {
	pages := map[string]any{}
	add := func(name string, page any) { pages[name] = page }
	for name, b := range fixtureBoards() {
		p := DevicesPage{fixtureFrame("Devices", "devices"), b}
		if name == "devices-round" {
			p.Notices = []Notice{notices["everywhere"]}
		}
		add(name, p)
	}
	fixtureEntry(add)
	fixtureSignUp(add)
	fixtureSignIn(add)
	fixtureRecover(add)
	fixtureLinks(add)
	fixtureHacked(add)
	fixtureAccount(add)
	fixtureProfiles(add)
	fixtureDevices(add)
	fixtureRemotes(add)
	fixtureMembership(add)
	fixtureSecurity(add)
	fixtureFactors(add)
	fixtureData(add)
	return pages
}

func fixtureEntry(add func(string, any)) {
	add("landing", LandingPage{fixtureOpen("Sign-out you can see")})
	gate := fixtureFrame("Who’s there?", "")
	gate.Who = nil
	add("gate", GatePage{Frame: gate, Faces: fixtureFaces, Next: "/"})
	add("gate-empty", GatePage{Frame: gate, Next: "/"})
	add("home", HomePage{Frame: fixtureFrame("Home", ""), SignedIn: 3, Online: 2})
	add("home-empty", HomePage{Frame: fixtureFrame("Home", ""), Kids: true})
	add("tv", TVPage{Frame: fixtureFrame("Sign in a TV", ""), Code: Field{Name: "code", Label: "Code on the TV", Class: "code-input letters",
		Hint: "Eight letters, in two groups.", Placeholder: "BCDF-GHJK", MaxLength: 16}})
	approve := TVApprovePage{Frame: fixtureFrame("Sign in this TV?", ""), Code: "BCDF-GHJK", Name: "Bedroom TV", Model: "Vision 43", Kind: "TV",
		TV: Spot{"203.0.113.24", ""}, You: Spot{"203.0.113.24", ""}, Distance: api.AtHome, Asked: minutesAgo(1), Expires: fixtureNow.Add(14 * time.Minute)}
	add("tv-approve", approve)
	approve.Distance, approve.TV.Address, approve.Kind = api.Elsewhere, "2001:db8:77:1:5054:ff:fe12:3456", "set-top box"
	add("tv-approve-network", approve)
	approve.Distance, approve.TV.Place, approve.You.Place, approve.Unseen = api.Abroad, "Rotterdam, Netherlands", "Lyon, France", true
	add("tv-approve-far", approve)
	add("tv-done", TVDonePage{Frame: fixtureFrame("Signed in", ""), Name: "Bedroom TV"})
	add("error-404", ErrorPage{Frame: fixtureFrame("There is nothing here", ""), Icon: "question", Heading: "There is nothing here",
		Text: "The address is wrong, or what was here is gone.", Back: "Home", BackTo: "/"})
	add("error-500", ErrorPage{Frame: fixtureOpen("Something went wrong"), Icon: "alert", Heading: "Something went wrong on our side",
		Text: "It is not your fault. Please try again in a moment. If it stays like this, tell support the reference.", Ref: "4TQX7M2KPA", Back: "Home", BackTo: "/"})
	add("outbox-empty", OutboxPage{Frame: fixtureOpen("Message outbox")})
	add("outbox", OutboxPage{Frame: fixtureOpen("Message outbox"), Messages: []OutboxMessage{
		{ID: "m1", To: "mara@example.org", Subject: "Your access code: 123456", Text: "123456 is your code.", HTML: "<p>123456</p>", At: minutesAgo(1), State: "sent"},
		{ID: "m2", To: "+49 170 1234567", Text: "123456 is your Hearthkey code.\n@tv.example #123456", At: minutesAgo(3), State: "queued"},
	}})
}

func fixtureAccount(add func(string, any)) {
	add("overview", OverviewPage{Frame: fixtureFrame("Account", "overview"), Email: "mara@example.org", Profiles: fixtureFaces, Locks: 2,
		SignedIn: 4, Online: 3, Browsers: 2, Last: &Event{Text: "TV signed in", Subject: "Bedroom TV", At: minutesAgo(14)}})
	add("overview-empty", OverviewPage{Frame: fixtureFrame("Account", "overview"), Email: "mara@example.org"})
	add("timeline-empty", TimelinePage{Frame: fixtureFrame("Security timeline", "timeline")})
	add("timeline", TimelinePage{Frame: fixtureFrame("Security timeline", "timeline"), Older: "/account/timeline?before=x", Events: []Event{
		{Icon: "check", Text: "TV confirmed with a signed receipt", Subject: "Bedroom TV", At: minutesAgo(2)},
		{Icon: "alert", Text: "Wrong passwords were tried", At: minutesAgo(80), From: "with an unknown program · address 198.51.100.7 · near Oslo, Norway (approximate place)", Grave: true,
			Why: []string{"From 61 devices or networks within an hour. The first of them is named here."}},
		{Icon: "alert", Text: "Support was asked to remove the second factor", Subject: "olga: identity card seen in the shop", At: minutesAgo(85), From: "by support", Grave: true},
		{Icon: "alert", Text: "A suspicious sign-in: the password was right, more was asked for", At: minutesAgo(90), Grave: true,
			From: "with Chrome on Windows · address 198.51.100.7 · near Oslo, Norway (approximate place)", Why: []string{"A country that the account has not been used from (NO).", "20 minutes from a sign-in in FR, at least 1900 km away: nobody travels that fast."}},
		{Icon: "lock", Text: "Profile lock set", Subject: "عبد الرحمن الطويل", At: minutesAgo(4000), From: "203.0.113.24"},
		{Icon: "sparkle", Text: "The account was created", At: minutesAgo(90000), From: "203.0.113.24"},
	}})
}

func fixtureProfiles(add func(string, any)) {
	var rows []ProfileRow
	for i, f := range fixtureFaces {
		rows = append(rows, ProfileRow{Face: f, Level: parental.Level(5 - i), Language: languages[i].Tag, Main: i == 0, Kids: i >= 3, Blocked: i * 3})
	}
	few := &TriesView{Wrong: 3, Last: minutesAgo(190), Whose: fixtureFaces[1].Name}
	many := &TriesView{Wrong: 14, Last: minutesAgo(2), Many: true, Next: minutesAgo(-58), Unlock: "/account/parental/unlock"}
	rows[1].Tries = few
	rules := []string{"The parental PIN is asked for above Teens, and for 3 titles.", "Adding a profile at a TV always needs the main profile’s PIN."}
	add("profiles", ProfilesPage{Frame: fixtureFrame("Profiles and parental control", "profiles"), Profiles: rows, Most: 5, Parental: rules, ParentalTries: many})
	add("profiles-two", ProfilesPage{Frame: fixtureFrame("Profiles and parental control", "profiles"), Profiles: rows[:2], Most: 5})
	add("profiles-empty", ProfilesPage{Frame: fixtureFrame("Profiles and parental control", "profiles"), Most: 5})
	edit := ProfilePage{Frame: fixtureFrame("Edit", "profiles"), Face: fixtureFaces[1], Action: "/account/profiles/p2",
		Name: Field{Name: "name", Label: "Name", Value: fixtureFaces[1].Name}, Levels: levelOptions(parental.Adults), Languages: languageOptions("de")}
	for i, name := range []string{"fox", "owl", "robot", "comet", "cactus", "whale", "tent", "moon", "kite", "lantern"} {
		edit.Avatars = append(edit.Avatars, Option{Value: name, Label: name, Chosen: i == 1})
	}
	add("profile", edit)
	edit.Face, edit.Name.Value = Face{}, strings.Repeat("x", 40)
	edit.Name = marked(edit.Name, "A profile's name has 1 to 32 characters that can be read; hidden ones are not taken.")
	add("profile-new-wrong", edit)
	add("profile-delete", ProfileDeletePage{Frame: fixtureFrame("Delete", "profiles"), Face: fixtureFaces[4], TVs: 3, Kept: "1 year"})
	lock := ProfileLockPage{Frame: fixtureFrame("Profile lock", "profiles"), Face: fixtureFaces[1], Password: passwordField(),
		Action: "/account/profiles/p2/lock", Back: "/account/profiles",
		PIN: Field{Name: "pin", Label: "New PIN", Type: "password", Class: "code-input pin-input", Hint: "Four digits. Zeros in front count.", Digits: true, MaxLength: 4}}
	add("lock", lock)
	lock.Weak, lock.Face = true, fixtureFaces[0]
	add("lock-weak", lock)
	lock.Weak, lock.Parental, lock.Face, lock.Tries, lock.Action, lock.Back = false, true, Face{Locked: true}, many, "/account/parental/lock", "/account/parental"
	add("lock-parental", lock)
	fixtureParental(add, few, many)
}

func fixtureParental(add func(string, any), few, many *TriesView) {
	titles := []TitleRow{
		{ID: "salt", Name: "Salt & Iron <3", Detail: "Film · 2019"}, {ID: "orbit", Name: "Low Orbit", Detail: "Series, with its episodes · 2021", Series: true},
		{ID: "gone-but-still-blocked"}, {ID: "gone", Name: "The Lamplighters"}, {ID: "x", Name: "رسائل إلى أوديسا والأسماء الطويلة جدا التي لا تنتهي أبدا", Detail: "Low Orbit, season 2, episode 3"},
	}
	form := func(action, label string) TitlePicker {
		p, _ := picker(action, label, picked{}, false, nil)
		return p
	}
	blocked := BlockedPage{Frame: fixtureFrame("Blocked titles", "profiles"), Face: fixtureFaces[1], Picker: form("/account/profiles/p2/blocked", "Title to block")}
	add("blocked-empty", blocked)
	blocked.Titles = titles
	add("blocked", blocked)
	blocked.Picker.Choices, blocked.Picker.More, blocked.Picker.Field.Value = titles[:2], true, "o"
	add("blocked-which", blocked)
	blocked.Picker, _ = picker("/account/profiles/p2/blocked", "Title to block", picked{typed: "Otter Pst"}, false, &Problem{"title", "No title on offer is called that. Check the spelling, or type only its beginning."})
	add("blocked-wrong", blocked)
	blocked.Picker.Full = true
	add("blocked-full", blocked)
	page := ParentalPage{Frame: fixtureFrame("Parental control", "profiles"), Above: aboveOptions(0), Picker: form("/account/parental/titles", "Title that asks for the PIN")}
	add("parental-empty", page)
	page.HasPIN, page.Tries, page.Above, page.AddNeedsPIN, page.MainLocked, page.Titles = true, many, aboveOptions(parental.Teens), true, true, titles
	add("parental", page)
	pins := PINPage{Frame: fixtureFrame("Forgot your PIN?", "profiles")}
	add("pin-none", pins)
	pins.Locks = []LockRow{
		{Face: fixtureFaces[1], Tries: few, Reset: "/account/profiles/p2/lock"}, {Face: fixtureFaces[4], Reset: "/account/profiles/p5/lock"},
		{Parental: true, Tries: many, Reset: "/account/parental/lock"},
	}
	add("pin", pins)
}

func fixtureDevices(add func(string, any)) {
	online, offline := fixtureDevice(1, "Living room TV", "Hearthkey reference TV", true), fixtureGone(fixtureDevice(3, "Bedroom TV", "Vision 43", false), StateUnreached)
	confirmed := fixtureGone(online, StateConfirmed)
	add("rename", RenamePage{Frame: fixtureFrame("Rename", "devices"), Device: online, Name: Field{Name: "name", Label: "Name", Value: online.Name}})
	add("deactivate", DeactivatePage{Frame: fixtureFrame("Deactivate", "devices"), Device: offline})
	clean := confirmed
	clean.Online = false
	add("deactivate-clean", DeactivatePage{Frame: fixtureFrame("Deactivate", "devices"), Device: clean})
	add("deactivate-online", DeactivatePage{Frame: fixtureFrame("Deactivate", "devices"), Device: online})
	stolen := offline
	stolen.Status, stolen.State, stolen.By, stolen.ChangedAt = protocol.Stolen, StateUnreached, protocol.ByOwner, minutesAgo(90)
	left := stolen
	left.ID, left.Left = "d-left", minutesAgo(500)
	done := left // deactivated after it had proved that it was signed out
	done.ID, done.Status, done.Address, done.Place = "d-done", protocol.Deactivated, "", ""
	add("devices-done", DevicesPage{fixtureFrame("Devices", "devices"), Board{Now: fixtureNow, Devices: []DeviceCard{online, done}, Webs: fixtureWebs()[:1]}})
	add("devices-restored", DevicesPage{fixtureFrame("Devices", "devices"), Board{
		Now: fixtureNow, Devices: []DeviceCard{online, offline}, Webs: fixtureWebs()[:1],
		Restored: device.Restored{At: minutesAgo(20), Backup: minutesAgo(700), Until: fixtureNow.Add(460 * time.Minute)},
	}})
	until := online
	until.Ends = fixtureNow.Add(75 * time.Hour)
	add("enddate", EndDatePage{Frame: fixtureFrame("End date", "devices"), Device: until, Ends: EndField{Value: "2026-12-12T11:00"}})
	add("enddate-wrong", EndDatePage{Frame: fixtureFrame("End date", "devices"), Device: offline, Ends: EndField{Value: "soon", Error: noDate}, Problems: []Problem{{Field: "ends", Text: noDate}}})
	add("devices-until", DevicesPage{fixtureFrame("Devices", "devices"), Board{Now: fixtureNow, Devices: []DeviceCard{until}}})
	add("stolen", StolenPage{Frame: fixtureFrame("Report stolen", "devices"), Device: offline})
	add("stolen-online", StolenPage{Frame: fixtureFrame("Report stolen", "devices"), Device: online})
	add("theft", TheftPage{
		Frame: fixtureFrame("Reports", "devices"), Device: stolen, Most: 100, Days: 90, Command: "hearthkey verify-reports reports-d-1.json",
		Root: strings.Repeat("Ab3_", 11)[:43], Reports: []TheftReport{
			{What: "Connected", Since: minutesAgo(9), Now: true, Times: 1, Address: "2001:db8:4:9::c0de", Place: "near Lyon, France"},
			{What: "Connected", Since: minutesAgo(80), Until: minutesAgo(20), Times: 12, Address: "203.0.113.77", Place: "near Saint-Germain-en-Laye, France"},
			{What: "Somebody tried to sign it in: refused", Since: minutesAgo(85), Until: minutesAgo(85), Times: 1, Address: "203.0.113.77"},
			{What: "Last heard before you reported it", Since: minutesAgo(600), Until: minutesAgo(600), Times: 1},
		},
	})
	add("theft-empty", TheftPage{Frame: fixtureFrame("Reports", "devices"), Device: left, Most: 100, Days: 90})
	add("finish", FinishPage{Frame: fixtureFrame("Finish", "devices"), Device: stolen, Reports: 4})
	add("finish-empty", FinishPage{Frame: fixtureFrame("Finish", "devices"), Device: stolen})
	add("devices-stolen", DevicesPage{fixtureFrame("Devices", "devices"), Board{Now: fixtureNow, Devices: []DeviceCard{stolen, left, confirmed}, Webs: fixtureWebs()[:1]}})
	add("everywhere", EverywherePage{Frame: fixtureFrame("Sign out everywhere", "devices"), Devices: []DeviceCard{online, offline}, Browsers: 1, Lease: 8 * time.Hour})
	add("everywhere-empty", EverywherePage{Frame: fixtureFrame("Sign out everywhere", "devices"), Lease: 8 * time.Hour})
	key := "11qYAYKxCrfVS_7TyWQHOg7hcvPapiMlrwIaaPcHURo"
	receipt := ReceiptPage{Frame: fixtureFrame("Receipt", "devices"), Device: confirmed, Genuine: true, Began: minutesAgo(20000), Applied: confirmed.Confirmed,
		Received: confirmed.Confirmed, Erased: []string{"profiles", "PIN verifiers", "its sign-in"}, Dropped: 2,
		JWS: strings.Repeat("eyJhbGciOiJFZERTQSIsImtpZCI6", 12), Key: key,
		Command: "hearthkey verify-receipt " + receiptName(confirmed.ID), File: receiptAddress(confirmed.ID, "receipt.json", "x")}
	add("receipt", receipt)
	receipt.Others = []ReceiptChoice{{receiptAddress(confirmed.ID, "receipt", "y"), "Signed out", minutesAgo(9000)}, {receiptAddress(confirmed.ID, "receipt", "z"), "Locked as stolen", minutesAgo(90000)}}
	add("receipt-others", receipt)
	receipt.Genuine, receipt.Here, receipt.Erased, receipt.Dropped = false, true, nil, 0
	add("receipt-forged", receipt)
}
