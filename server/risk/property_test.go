package risk

import (
	"math"
	"testing"
	"time"

	"pgregory.net/rapid"
)

func draw[T any](t *rapid.T, name string, from ...T) T { return rapid.SampledFrom(from).Draw(t, name) }

func drawSignIn(t *rapid.T) SignIn {
	s := SignIn{
		Network: draw(t, "network", "", "a", "b", "c"), Provider: draw(t, "provider", uint32(0), 1, 2),
		Country: draw(t, "country", "", "DE", "AT", "BR", "JP", "XX"),
		Browser: draw(t, "browser", "", "Firefox", "Chrome"), System: draw(t, "system", "", "Windows", "iOS"),
		Device: draw(t, "device", "", "desktop", "mobile"),
	}
	if rapid.Bool().Draw(t, "timed") {
		s.At = monday.Add(time.Duration(rapid.IntRange(-3000, 3000).Draw(t, "minutes")) * time.Minute)
	}
	if rapid.Bool().Draw(t, "located") {
		s.Position = Position{rapid.Float64Range(-95, 95).Draw(t, "lat"), rapid.Float64Range(-190, 190).Draw(t, "lon"), true}
	}
	return s
}

func drawCase(t *rapid.T) (Attempt, History, Global) {
	a := Attempt{SignIn: drawSignIn(t)}
	count := rapid.IntRange(-3, 1000)
	a.Failures = Failures{count.Draw(t, "account"), count.Draw(t, "address"), count.Draw(t, "tries of network")}
	var h History
	for range rapid.IntRange(0, 12).Draw(t, "history") {
		h = append(h, drawSignIn(t))
	}
	many := rapid.Int64Range(-5, 1000)
	g := Global{SignIns: many.Draw(t, "sign-ins"), Accounts: many.Draw(t, "accounts")}
	for i := range g.Seen {
		g.Seen[i] = Seen{many.Draw(t, "times"), many.Draw(t, "distinct")}
	}
	for i := range g.Hours {
		g.Hours[i] = many.Draw(t, "hour")
	}
	return a, h, g
}

const rounding = 1e-9

// TestScoreIsExplained: points add up, and nothing is infinite.
func TestScoreIsExplained(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		a, h, g := drawCase(t)
		got := Assess(Settings{}, a, h, g)
		sum := 0.0
		for _, r := range got.Reasons {
			sum += r.Points
			if r.English() == "" {
				t.Fatalf("%s has no sentence", r.Code)
			}
		}
		if math.Abs(sum-got.Score) > rounding || math.IsNaN(got.Score) || math.Abs(got.Score) > 50 {
			t.Fatalf("score %v, reasons add up to %v", got.Score, sum)
		}
		if got.Level == LevelStrong && got.signals() < 2 {
			t.Fatalf("the strictest level for one signal: %v", got.Reasons)
		}
	})
}

// TestMoreEvidence: what speaks against the owner never lowers the score or the
// level.
func TestMoreEvidence(t *testing.T) {
	worse := map[string]func(*rapid.T, *Attempt, *History){
		"more failures": func(t *rapid.T, a *Attempt, _ *History) {
			a.Failures.Account += rapid.IntRange(0, 50).Draw(t, "more")
			a.Failures.Address += rapid.IntRange(0, 50).Draw(t, "more")
			a.Failures.Network += rapid.IntRange(0, 50).Draw(t, "more")
		},
		"a network never seen": func(_ *rapid.T, a *Attempt, _ *History) {
			if a.Network != "" {
				a.Network = "never"
			}
		},
		"a provider never seen": func(_ *rapid.T, a *Attempt, _ *History) {
			if a.Provider != 0 && a.Network != "" {
				a.Provider, a.Network = 99, "never"
			}
		},
		"a client never seen": func(_ *rapid.T, a *Attempt, _ *History) {
			for _, s := range []*string{&a.Browser, &a.System, &a.Device} {
				if *s != "" {
					*s = "never"
				}
			}
		},
	}
	for name, f := range worse {
		t.Run(name, func(t *testing.T) {
			rapid.Check(t, func(t *rapid.T) {
				a, h, g := drawCase(t)
				before := Assess(Settings{}, a, h, g)
				f(t, &a, &h)
				after := Assess(Settings{}, a, h, g)
				if after.Score < before.Score-rounding || after.Level < before.Level {
					t.Fatalf("%.4f %v became %.4f %v\n%v\n%v", before.Score, before.Level, after.Score, after.Level, before.Reasons, after.Reasons)
				}
			})
		})
	}
}

// TestFamiliarity: one more sign-in just like the attempt never makes it look
// worse. Here the counts over all accounts include this one's.
func TestFamiliarity(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		a, h, g := drawCase(t)
		h = append(h, drawSignIn(t))
		for i := range h { // unknown values make a hierarchy compare other things
			h[i] = filled(h[i])
		}
		a.SignIn = filled(a.SignIn)
		g.SignIns = max(g.SignIns, 0) + int64(len(h)) + 1
		for i := range g.Seen {
			own := count(h, Trait(i), a.Value(Trait(i)))
			g.Seen[i] = Seen{max(g.Seen[i].Times, 0) + own.times + 1, max(g.Seen[i].Distinct, own.distinct+1)}
			g.SignIns = max(g.SignIns, g.Seen[i].Times)
		}
		before := Assess(Settings{}, a, h, g)
		after := Assess(Settings{}, a, append(h, a.SignIn), g)
		if after.Score > before.Score+rounding {
			t.Fatalf("%.4f became %.4f\n%v\n%v", before.Score, after.Score, before.Reasons, after.Reasons)
		}
	})
}

func filled(s SignIn) SignIn {
	fill := func(p *string) {
		if *p == "" {
			*p = "x"
		}
	}
	for _, p := range []*string{&s.Network, &s.Country, &s.Browser, &s.System, &s.Device} {
		fill(p)
	}
	s.Provider = max(s.Provider, 1)
	return s
}

// TestUnknownIsNoEvidence: an attempt of which nothing is known has no reason
// but how often the account signs in.
func TestUnknownIsNoEvidence(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		_, h, g := drawCase(t)
		for _, r := range Assess(Settings{}, Attempt{}, h, g).Reasons {
			if r.Code != Frequency && r.Code != NoHistory {
				t.Fatalf("%v", r)
			}
		}
	})
}

func FuzzAssess(f *testing.F) {
	f.Add("192.0.2.0/24", uint32(64500), "DE", 50.7, 7.1, "Firefox", int64(1700000000), 3, int64(100), int64(10))
	f.Add("", uint32(0), "XX", math.NaN(), math.Inf(1), "", int64(math.MinInt64), math.MaxInt, int64(math.MaxInt64), int64(math.MinInt64))
	f.Fuzz(func(t *testing.T, network string, provider uint32, country string, lat, lon float64, browser string, at int64, failed int, times, distinct int64) {
		s := SignIn{
			At: time.Unix(at, 0), Network: network, Provider: provider, Country: country,
			Position: Position{lat, lon, true}, Browser: browser, System: country, Device: network,
		}
		g := Global{SignIns: times, Accounts: distinct}
		for i := range g.Seen {
			g.Seen[i] = Seen{times, distinct}
		}
		for i := range g.Hours {
			g.Hours[i] = times
		}
		h := append(evenings(9), SignIn{At: time.Unix(at/2, 0), Position: Position{lon, lat, true}, Country: country})
		settings := Settings{Notice: lat, Code: lon, Strong: lat, MaxSpeed: lon, MinTravel: lat, AccountFailures: failed}
		got := Assess(settings, Attempt{SignIn: s, Failures: Failures{failed, failed, failed}}, h, g)
		if math.IsNaN(got.Score) || math.IsInf(got.Score, 0) || got.Level < LevelNone || got.Level > LevelStrong {
			t.Fatalf("%v", got)
		}
	})
}
