package risk

import (
	"math"
	"strconv"
	"time"
)

// SignIn is what is known of one sign-in. Empty fields are unknown, and no
// evidence for or against anybody.
type SignIn struct {
	At       time.Time
	Network  string // the part of the address that a household shares: an IPv4 /24, an IPv6 /48 or /64
	Provider uint32 // autonomous system number
	Country  string // ISO 3166-1 alpha-2
	Position Position
	Browser  string // without its version, which changes monthly
	System   string // operating system
	Device   string // kind of device: desktop, mobile, tablet, tv
}

// Position is an approximate place, in degrees. One that is not Known, or
// outside ±90 and ±180, is no place.
type Position struct {
	Lat, Lon float64
	Known    bool
}

func (p Position) valid() bool {
	return p.Known && math.Abs(p.Lat) <= 90 && math.Abs(p.Lon) <= 180 // false for NaN
}

// Attempt is the sign-in to be assessed.
type Attempt struct {
	SignIn
	Failures Failures
}

// Failures counts recent failed tries, within what the caller calls recent
// (a day, as the throttles do). Negative counts are none.
type Failures struct {
	Account int // on this account, from anywhere
	Address int // from this address, on any account
	Network int // from this network, on any account
}

// Trait is one thing that sign-ins have in common or not.
type Trait int

// The traits, by hierarchy from the finest to the coarsest.
const (
	Network Trait = iota
	Provider
	Country
	Client // browser, system and device together
	Browser
	System
	Device
	Traits // how many there are
)

// Value is the sign-in's value of a trait as a key for counting; "" where it is
// unknown.
func (s SignIn) Value(t Trait) string {
	switch t {
	case Network:
		return s.Network
	case Provider:
		if s.Provider == 0 {
			return ""
		}
		return strconv.FormatUint(uint64(s.Provider), 10)
	case Country:
		return s.Country
	case Client:
		if s.Browser == "" && s.System == "" && s.Device == "" {
			return ""
		}
		return s.Browser + "|" + s.System + "|" + s.Device
	case Browser:
		return s.Browser
	case System:
		return s.System
	case Device:
		return s.Device
	}
	return ""
}

// hour is the hour of the day in UTC, or -1.
func (s SignIn) hour() int {
	if s.At.IsZero() {
		return -1
	}
	return s.At.UTC().Hour()
}

// History is an account's past sign-ins, in any order, without those that were
// reported as somebody else's. The caller bounds it; 200 are plenty.
type History []SignIn

// Global says how common the attempt's own values are over all accounts.
type Global struct {
	SignIns  int64 // in all
	Accounts int64 // that have signed in
	Seen     [Traits]Seen
	Hours    [24]int64 // sign-ins by hour of the day in UTC
}

// Seen counts one trait over all sign-ins.
type Seen struct {
	Times    int64 // sign-ins with the attempt's value
	Distinct int64 // different values
}
