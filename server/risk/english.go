package risk

import (
	"cmp"
	"strconv"
	"strings"
)

// english has a sentence for each code. Words in braces are filled in from the
// reason's parameters; one that is unknown reads "unknown".
var english = map[Code]string{
	NoHistory:        "This account has no earlier sign-ins to compare with.",
	Frequency:        "The account has {count} earlier sign-ins.",
	KnownNetwork:     "The account has been used from this network before.",
	NewNetwork:       "A network that the account has not been used from.",
	NewProvider:      "An internet provider that the account has not been used from, in a country it has ({country}).",
	NewCountry:       "A country that the account has not been used from ({country}).",
	KnownClient:      "The account has been used with {browser} on {system} ({device}) before.",
	NewClient:        "A browser or system that the account has not been used with: {browser} on {system}.",
	NewDeviceType:    "A kind of device that the account has not been used on ({device}).",
	UsualHour:        "Not an unusual hour for this account ({hour}:00 UTC).",
	UnusualHour:      "An unusual hour for this account ({hour}:00 UTC).",
	ImpossibleTravel: "{minutes} minutes from a sign-in in {from}, at least {km} km away: nobody travels that fast.",
	AccountFailures:  "{count} failed tries on this account.",
	AddressFailures:  "{count} failed tries from this address.",
	NetworkFailures:  "{count} failed tries from this network.",
	LoneSignal:       "Only one thing is out of the ordinary, so the strictest check is not asked for.",
}

// English is the reason as a sentence for people. Parameters come from what
// clients say of themselves: escape the sentence as any other text.
func (r Reason) English() string {
	p := r.Params
	return strings.NewReplacer(
		"{country}", cmp.Or(p.Country, "unknown"), "{from}", cmp.Or(p.From, "an unknown country"),
		"{browser}", cmp.Or(p.Browser, "an unknown program"), "{system}", cmp.Or(p.System, "an unknown system"), "{device}", cmp.Or(p.Device, "unknown device"),
		"{hour}", strconv.Itoa(p.Hour), "{count}", strconv.Itoa(p.Count),
		"{km}", strconv.Itoa(p.Km), "{minutes}", strconv.Itoa(p.Minutes),
	).Replace(english[r.Code])
}
