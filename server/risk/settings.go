package risk

import (
	"fmt"
	"math"
)

// Settings are an operator's. The zero value means the defaults; a field that
// is zero means its own default.
type Settings struct {
	// Notice, Code and Strong are the scores (in points, see [Assessment])
	// from which a sign-in has that level. Defaults 1, 2 and 4; where only some
	// are set, the others follow: Code is no lower than Notice and no higher than
	// Strong, Notice no higher than Code, Strong no lower than Code.
	Notice, Code, Strong float64
	// MaxSpeed is the fastest that people travel, in km/h. Default 900, about
	// what an airliner does.
	MaxSpeed float64
	// MinTravel is the shortest distance, in km, that counts as travel: places
	// of addresses are often this wrong. Default 200.
	MinTravel float64
	// AccountFailures, AddressFailures and NetworkFailures are the numbers of
	// recent failures from which a burst counts. Defaults 5, 5 and 20.
	AccountFailures, AddressFailures, NetworkFailures int
}

// Defaults of [Settings].
const (
	DefaultNotice          = 1   // points
	DefaultCode            = 2   // points
	DefaultStrong          = 4   // points
	DefaultMaxSpeed        = 900 // km/h
	DefaultMinTravel       = 200 // km
	DefaultAccountFailures = 5   // of a day
	DefaultAddressFailures = 5   // of a day
	DefaultNetworkFailures = 20  // of a day
)

// Check tells whether s can be used. [Assess] takes defaults in place of what
// cannot.
func (s Settings) Check() error {
	d := s.withDefaults()
	for _, f := range []float64{s.Notice, s.Code, s.Strong, s.MaxSpeed, s.MinTravel} {
		if !(f >= 0) || math.IsInf(f, 0) {
			return fmt.Errorf("risk: settings have %v, want numbers from 0", f)
		}
	}
	if s.AccountFailures < 0 || s.AddressFailures < 0 || s.NetworkFailures < 0 {
		return fmt.Errorf("risk: settings have a negative number of failures")
	}
	if d.Notice > d.Code || d.Code > d.Strong {
		return fmt.Errorf("risk: levels begin at %v, %v and %v, want them to rise: look at --risk-notice, --risk-code and --risk-strong", d.Notice, d.Code, d.Strong)
	}
	return nil
}

func (s Settings) withDefaults() Settings {
	s = s.withLevels()
	s.MaxSpeed = orDefault(s.MaxSpeed, DefaultMaxSpeed)
	s.MinTravel = orDefault(s.MinTravel, DefaultMinTravel)
	if s.AccountFailures <= 0 {
		s.AccountFailures = DefaultAccountFailures
	}
	if s.AddressFailures <= 0 {
		s.AddressFailures = DefaultAddressFailures
	}
	if s.NetworkFailures <= 0 {
		s.NetworkFailures = DefaultNetworkFailures
	}
	return s
}

// withLevels takes defaults for the levels that are not set, moved so that they
// rise with those that are.
func (s Settings) withLevels() Settings {
	notice, strong := orDefault(s.Notice, 0), orDefault(s.Strong, math.Inf(1))
	s.Code = orDefault(s.Code, min(max(DefaultCode, notice), strong))
	s.Notice = orDefault(s.Notice, min(DefaultNotice, s.Code))
	s.Strong = orDefault(s.Strong, max(DefaultStrong, s.Code))
	return s
}

func orDefault(f, d float64) float64 {
	if f > 0 && !math.IsInf(f, 0) {
		return f
	}
	return d
}
