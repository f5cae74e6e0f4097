package risk

import (
	"math"
	"slices"
	"strings"
	"testing"
	"time"
)

var monday = time.Date(2026, 3, 2, 19, 0, 0, 0, time.UTC)

// home is a sign-in of the household of these tests.
func home(at time.Time) SignIn {
	return SignIn{
		At: at, Network: "192.0.2.0/24", Provider: 64500, Country: "DE",
		Browser: "Firefox", System: "Windows", Device: "desktop",
	}
}

// evenings is n daily sign-ins before monday.
func evenings(n int) History {
	var h History
	for i := range n {
		h = append(h, home(monday.AddDate(0, 0, -i-1)))
	}
	return h
}

// service has 10,000 accounts, most of them in Germany.
func service(a SignIn) Global {
	g := Global{SignIns: 200_000, Accounts: 10_000}
	for h := range g.Hours {
		g.Hours[h] = int64(2000 + 400*h)
	}
	known := [Traits]map[string]int64{
		Network: {"192.0.2.0/24": 30}, Provider: {"64500": 40_000, "64501": 30_000}, Country: {"DE": 180_000, "AT": 8000, "BR": 20},
		Client:  {"Firefox|Windows|desktop": 8000, "Chrome|Windows|desktop": 50_000, "Chrome|Android|mobile": 45_000},
		Browser: {"Firefox": 10_000, "Chrome": 120_000}, System: {"Windows": 70_000, "Android": 50_000}, Device: {"desktop": 90_000, "mobile": 100_000},
	}
	for t := range g.Seen {
		g.Seen[t] = Seen{Times: known[t][a.Value(Trait(t))], Distinct: []int64{9000, 60, 20, 30, 8, 6, 4}[t]}
	}
	return g
}

func assess(a Attempt, h History) Assessment { return Assess(Settings{}, a, h, service(a.SignIn)) }

func codes(a Assessment) string {
	var out []string
	for _, r := range a.Reasons {
		out = append(out, string(r.Code))
	}
	return strings.Join(out, " ")
}

func TestAssess(t *testing.T) {
	change := func(f func(*Attempt)) Attempt {
		a := Attempt{SignIn: home(monday)}
		f(&a)
		return a
	}
	abroad := func(a *Attempt) { a.Network, a.Provider, a.Country = "198.51.100.0/24", 64999, "BR" }
	phone := func(a *Attempt) { a.Browser, a.System, a.Device = "Chrome", "Android", "mobile" }
	for _, c := range []struct {
		name    string
		attempt Attempt
		level   Level
		codes   string
	}{
		{"as always", change(func(*Attempt) {}), LevelNone,
			"frequency known_network known_client usual_hour"},
		{"another browser", change(func(a *Attempt) { a.Browser = "Chrome" }), LevelNone,
			"frequency known_network new_client usual_hour"},
		{"a new phone at home", change(phone), LevelNone,
			"frequency known_network new_device_type usual_hour"},
		{"the provider's next network", change(func(a *Attempt) { a.Network = "192.0.3.0/24" }), LevelNone,
			"frequency new_network known_client usual_hour"},
		{"a friend's network", change(func(a *Attempt) { a.Network, a.Provider = "203.0.113.0/24", 64501 }), LevelNone,
			"frequency new_provider known_client usual_hour"},
		{"a trip with the known laptop", change(func(a *Attempt) { abroad(a); a.At = monday.AddDate(0, 0, 3) }), LevelNone,
			"frequency new_country known_client usual_hour"},
		{"a new phone on a trip", change(func(a *Attempt) { abroad(a); phone(a); a.At = monday.AddDate(0, 0, 3) }), LevelStrong,
			"frequency new_country new_device_type usual_hour"},
		{"at four in the morning", change(func(a *Attempt) { a.At = monday.Add(9 * time.Hour) }), LevelNone,
			"frequency known_network known_client unusual_hour"},
		{"strangers guessed before", change(func(a *Attempt) { a.Failures.Account = 40 }), LevelNone,
			"frequency known_network known_client usual_hour account_failures"},
		{"an attacker who guessed", change(func(a *Attempt) {
			abroad(a)
			phone(a)
			a.At = monday.Add(9 * time.Hour)
			a.Failures = Failures{Account: 5, Address: 10, Network: 20}
		}), LevelStrong, "frequency new_country new_device_type unusual_hour account_failures address_failures network_failures"},
		{"here and in Brazil", change(func(a *Attempt) { abroad(a); a.At = monday.Add(-22 * time.Hour) }), LevelCode,
			"frequency new_country known_client usual_hour impossible_travel"},
	} {
		got := assess(c.attempt, evenings(30))
		if got.Level != c.level {
			t.Errorf("%s: level %v at %.2f, want %v (%v)", c.name, got.Level, got.Score, c.level, got.Reasons)
		}
		if codes(got) != c.codes {
			t.Errorf("%s: reasons %s, want %s", c.name, codes(got), c.codes)
		}
	}
}

// TestV4LoneSignal: whatever one source says, it is not the strictest level.
func TestV4LoneSignal(t *testing.T) {
	address := Attempt{SignIn: SignIn{At: monday, Network: "198.51.100.0/24", Provider: 64999, Country: "BR"}}
	h := History{{At: monday.Add(-time.Minute), Network: "192.0.2.0/24", Provider: 64500, Country: "DE"}}
	tries := Attempt{Failures: Failures{1 << 40, 1 << 40, 1 << 40}}
	for name, c := range map[string]struct {
		a Attempt
		h History
	}{"address": {address, h}, "tries": {tries, nil}} {
		got := assess(c.a, c.h)
		if got.Score < DefaultStrong {
			t.Fatalf("%s: score %.2f, want enough for the strictest level", name, got.Score)
		}
		if got.Level != LevelCode || got.Reasons[len(got.Reasons)-1].Code != LoneSignal {
			t.Errorf("%s: level %v for %s, want code with lone_signal", name, got.Level, codes(got))
		}
	}
	address.Failures.Account = 5
	if got := assess(address, h); got.Level != LevelStrong {
		t.Errorf("two sources: level %v, want strong", got.Level)
	}
}

// TestV4AnotherAddressWithoutPlaces: where no place is known, another network is
// what many homes get each day: told, but no reason for a check of its own.
func TestV4AnotherAddressWithoutPlaces(t *testing.T) {
	bare := func(network string, at time.Time) SignIn {
		s := home(at)
		s.Network, s.Provider, s.Country, s.Position = network, 0, "", Position{}
		return s
	}
	var h History
	for i := range 9 {
		h = append(h, bare("192.0.2.0/24", monday.AddDate(0, 0, -i-1)))
	}
	elsewhere := Attempt{SignIn: bare("198.51.100.0/24", monday)}
	if got := Assess(Settings{}, elsewhere, h, Global{}); got.Level > LevelNotice {
		t.Errorf("level %v for %s, want at most notice", got.Level, codes(got))
	}
	elsewhere.Failures.Account = 9
	if got := Assess(Settings{}, elsewhere, h, Global{}); got.Level < LevelCode {
		t.Errorf("with failures as well: level %v for %s, want at least code", got.Level, codes(got))
	}
}

func TestTravel(t *testing.T) {
	bonn, oslo := Position{50.73, 7.1, true}, Position{59.91, 10.75, true}
	for _, c := range []struct {
		name     string
		from, to SignIn
		gap      time.Duration
		want     bool
	}{
		{"cities, by plane", SignIn{Position: bonn}, SignIn{Position: oslo}, 2 * time.Hour, false},
		{"cities, at once", SignIn{Position: bonn}, SignIn{Position: oslo}, time.Hour, true},
		{"the other order", SignIn{Position: bonn}, SignIn{Position: oslo}, -time.Hour, true},
		{"the same moment", SignIn{Position: bonn}, SignIn{Position: oslo}, 0, true},
		{"suburbs", SignIn{Position: bonn}, SignIn{Position: Position{51.9, 7.6, true}}, time.Second, false},
		{"neighbouring countries", SignIn{Country: "DE"}, SignIn{Country: "FR"}, time.Second, false},
		{"far countries", SignIn{Country: "DE"}, SignIn{Country: "BR"}, 4 * time.Hour, true},
		{"far countries, a day later", SignIn{Country: "DE"}, SignIn{Country: "BR"}, 25 * time.Hour, false},
		{"city and country", SignIn{Position: bonn}, SignIn{Country: "JP"}, time.Hour, true},
		{"within one country", SignIn{Country: "US"}, SignIn{Country: "US"}, time.Second, false},
		{"within one country, one position", SignIn{Country: "DE", Position: bonn}, SignIn{Country: "DE"}, time.Second, false},
		{"unknown country", SignIn{Country: "DE"}, SignIn{Country: "XX"}, time.Second, false},
		{"no country", SignIn{}, SignIn{Country: "BR"}, time.Second, false},
		{"not a place", SignIn{Position: bonn}, SignIn{Position: Position{math.NaN(), 0, true}}, time.Second, false},
		{"network of the account", SignIn{Network: "n", Country: "DE"}, SignIn{Network: "n", Country: "BR"}, time.Hour, false},
	} {
		c.from.At, c.to.At = monday, monday.Add(c.gap)
		got := travel(Settings{}.withDefaults(), Attempt{SignIn: c.to}, History{c.from})
		if (len(got) == 1) != c.want {
			t.Errorf("%s: %v, want travel: %v", c.name, got, c.want)
		}
	}
}

func TestGreatCircle(t *testing.T) {
	// Frankfurt to Sydney; 16,480 to 16,500 km by public distance calculators.
	got := greatCircle(circle{lat: 50.0379, lon: 8.5622}, circle{lat: -33.9461, lon: 151.1772})
	if got < 16_400 || got > 16_600 {
		t.Errorf("distance = %.0f km, want about 16,490", got)
	}
	if got := greatCircle(circle{lat: 90}, circle{lat: -90}); math.Abs(got-math.Pi*earthRadius) > 1 {
		t.Errorf("pole to pole = %.0f km", got)
	}
}

func TestCircles(t *testing.T) {
	for code, c := range circles {
		if len(code) != 2 || math.Abs(c.lat) > 90 || math.Abs(c.lon) > 180 || c.km <= 0 || c.km > 5000 {
			t.Errorf("%s: %+v", code, c)
		}
	}
	for code, in := range map[string]circle{"DE": {lat: 52.5, lon: 13.4}, "US": {lat: 21.3, lon: -157.9}, "RU": {lat: 43.1, lon: 131.9}, "FJ": {lat: -18.1, lon: 178.4}} {
		if c := circles[code]; greatCircle(c, in) > c.km {
			t.Errorf("%s: its circle %+v leaves out %+v", code, c, in)
		}
	}
}

func TestSettings(t *testing.T) {
	for _, c := range []struct {
		name string
		s    Settings
		ok   bool
	}{
		{"zero", Settings{}, true},
		{"stricter", Settings{Notice: 0.1, Code: 0.5, Strong: 1}, true},
		{"not rising", Settings{Notice: 5, Code: 4}, false},
		{"a code only from above the default of the strongest proof", Settings{Code: 5}, true},
		{"a notice only from above the defaults", Settings{Notice: 5}, true},
		{"the strongest proof from below the default of a code", Settings{Strong: 0.5}, true},
		{"the strongest proof before a code", Settings{Code: 3, Strong: 2}, false},
		{"negative", Settings{MaxSpeed: -1}, false},
		{"not a number", Settings{Strong: math.NaN()}, false},
		{"infinite", Settings{Strong: math.Inf(1)}, false},
		{"negative failures", Settings{AddressFailures: -1}, false},
	} {
		if err := c.s.Check(); (err == nil) != c.ok {
			t.Errorf("%s: %v, want ok %v", c.name, err, c.ok)
		}
	}
	a := Attempt{SignIn: home(monday), Failures: Failures{Account: 3}}
	a.Country, a.Provider, a.Network = "AT", 1, "n"
	loose := Assess(Settings{}, a, evenings(3), service(a.SignIn))
	strict := Assess(Settings{AccountFailures: 3}, a, evenings(3), service(a.SignIn))
	if !slices.ContainsFunc(strict.Reasons, func(r Reason) bool { return r.Code == AccountFailures }) || strict.Score <= loose.Score {
		t.Errorf("AccountFailures 3 changed nothing: %v, %v", loose, strict)
	}
}

func TestLevelString(t *testing.T) {
	for l, want := range map[Level]string{LevelNone: "none", LevelNotice: "notice", LevelCode: "code", LevelStrong: "strong", 9: "unknown"} {
		if got := l.String(); got != want {
			t.Errorf("Level(%d) = %q, want %q", l, got, want)
		}
	}
}

func TestEnglish(t *testing.T) {
	r := Reason{Code: ImpossibleTravel, Params: Params{From: "DE", Country: "BR", Km: 6500, Minutes: 240}}
	if got, want := r.English(), "240 minutes from a sign-in in DE, at least 6500 km away: nobody travels that fast."; got != want {
		t.Errorf("English() = %q, want %q", got, want)
	}
	if got := (Reason{Code: NewCountry, Params: Params{Country: "{hour}"}}).English(); !strings.Contains(got, "({hour})") {
		t.Errorf("a parameter was taken for a place to fill in: %q", got)
	}
	for code := range english {
		if got := (Reason{Code: code}).English(); got == "" || strings.ContainsAny(got, "{}") {
			t.Errorf("%s reads %q", code, got)
		}
	}
}

// TestSmallService: an account that is most of the service is no suspect at
// home, and somebody else is one.
func TestSmallService(t *testing.T) {
	h := evenings(10)
	g := Global{SignIns: 10, Accounts: 1}
	for i := range g.Seen {
		g.Seen[i] = Seen{10, 1}
	}
	a := Attempt{SignIn: home(monday)}
	if got := Assess(Settings{}, a, h, g); got.Level != LevelNone {
		t.Errorf("at home: %v", got)
	}
	other := Attempt{SignIn: SignIn{At: monday, Network: "n", Provider: 9, Country: "BR", Browser: "b", System: "s", Device: "d"}}
	if got := Assess(Settings{}, other, h, Global{}); got.Level != LevelStrong {
		t.Errorf("somebody else: %v", got)
	}
}

// V4: a mail that asks "was this you?" names what speaks against it, and not
// that the account has been used with this browser before.
func TestV4_WhatIsKnownIsNoAccusation(t *testing.T) {
	accusing := map[Code]bool{
		NewNetwork: true, NewProvider: true, NewCountry: true, NewClient: true, NewDeviceType: true, UnusualHour: true,
		ImpossibleTravel: true, AccountFailures: true, AddressFailures: true, NetworkFailures: true,
	}
	for code := range english {
		if got := (Reason{Code: code, Points: 0.7}).Accuses(); got != accusing[code] {
			t.Errorf("%s accuses: %v, want %v", code, got, accusing[code])
		}
		if (Reason{Code: code, Points: -0.7}).Accuses() {
			t.Errorf("%s accuses although it speaks for the owner", code)
		}
	}
}

// TestV4_ThresholdsFollow: an operator may set any one of them.
func TestV4_ThresholdsFollow(t *testing.T) {
	for _, c := range []struct {
		set, want [3]float64 // notice, code, strong
	}{
		{[3]float64{}, [3]float64{1, 2, 4}},
		{[3]float64{0, 5, 0}, [3]float64{1, 5, 5}},
		{[3]float64{0, 0.5, 0}, [3]float64{0.5, 0.5, 4}},
		{[3]float64{3, 0, 0}, [3]float64{3, 3, 4}},
		{[3]float64{6, 0, 0}, [3]float64{6, 6, 6}},
		{[3]float64{0, 0, 1}, [3]float64{1, 1, 1}},
		{[3]float64{0, 0, 8}, [3]float64{1, 2, 8}},
		{[3]float64{2, 3, 7}, [3]float64{2, 3, 7}},
	} {
		d := Settings{Notice: c.set[0], Code: c.set[1], Strong: c.set[2]}.withDefaults()
		if got := [3]float64{d.Notice, d.Code, d.Strong}; got != c.want {
			t.Errorf("levels of %v = %v, want %v", c.set, got, c.want)
		}
	}
	err := Settings{Notice: 3, Code: 2}.Check()
	if err == nil || !strings.Contains(err.Error(), "--risk-notice") {
		t.Errorf("what cannot be = %v, want the flags' names", err)
	}
}
