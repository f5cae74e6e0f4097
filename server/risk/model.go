package risk

import "math"

// step is one level of a hierarchy of traits, with its weight in the linear
// interpolation. Weights of a hierarchy and unseen add up to 1.
type step struct {
	trait  Trait
	weight float64
}

// The weights favour what is finest and keep a little for what the account has
// never shown at any level. They were set by hand and checked with
// `make bench-risk`, which is not sensitive to them within a factor of two.
var (
	places  = []step{{Network, 0.60}, {Provider, 0.28}, {Country, 0.10}}
	clients = []step{{Client, 0.60}, {Browser, 0.15}, {System, 0.15}, {Device, 0.08}}
)

const (
	unseen = 0.02 // the weight of p(x) itself: a value new at every level costs ln 50 = 3.9 points at most

	maxTrust = -6.0 // points that one hierarchy may give; more would hide anything else

	habitPrior  = 6    // sign-ins
	maxHour     = 1.5  // points
	minHour     = -0.5 // points: a usual hour
	maxFrequent = 0.7  // points, either way
)

// ratio is ln(p(x) / p(x | user)) along a hierarchy, and the index of the
// finest step whose value the account has used; len(steps) where there is none.
// known is false where nothing can be compared.
//
// With p(x | user) = Σ wᵢ·p(x | xᵢ)·p(xᵢ | user) + unseen·p(x), and p(x | xᵢ) =
// p(x) / p(xᵢ), the ratio is 1 / (Σ wᵢ·p(xᵢ | user)/p(xᵢ) + unseen): p(x) itself
// cancels, and what remains are lifts.
func ratio(steps []step, a Attempt, h History, g Global) (ln float64, finest int, known bool) {
	sum, weights := unseen, unseen
	finest = len(steps)
	for i, st := range steps {
		v := a.Value(st.trait)
		if v == "" {
			continue
		}
		own := count(h, st.trait, v)
		if own.all == 0 {
			continue
		}
		known = true
		weights += st.weight
		if own.times > 0 {
			finest = min(finest, i)
			sum += st.weight * own.share() / everybody(g, st.trait, own)
		}
	}
	return math.Max(maxTrust, math.Log(weights/sum)), finest, known
}

// tally counts one trait in a history.
type tally struct {
	times, all, distinct int64
}

func count(h History, t Trait, v string) tally {
	var n tally
	values := make(map[string]struct{}, 8)
	for _, s := range h {
		got := s.Value(t)
		if got == "" {
			continue
		}
		n.all++
		values[got] = struct{}{}
		if got == v {
			n.times++
		}
	}
	n.distinct = int64(len(values))
	return n
}

// share is p(value | user). As many sign-ins as there were new values are kept
// back for values that are yet to come (Witten and Bell's smoothing).
func (n tally) share() float64 { return float64(n.times) / float64(n.all+n.distinct) }

// everybody is p(value), smoothed in the same way; at least what the account
// itself must have contributed.
func everybody(g Global, t Trait, own tally) float64 {
	times := max(g.Seen[t].Times, own.times)
	all := max(g.SignIns, own.all, times)
	distinct := max(g.Seen[t].Distinct, 0)
	return float64(times) / (float64(all) + float64(distinct))
}

// where compares network, provider and country.
func where(a Attempt, h History, g Global) []Reason {
	ln, finest, known := ratio(places, a, h, g)
	if !known {
		return nil
	}
	r := Reason{Points: ln, Params: Params{Network: a.Network, Provider: a.Provider, Country: a.Country}}
	switch {
	case finest < len(places) && places[finest].trait == Network:
		r.Code = KnownNetwork
	case finest < len(places) && places[finest].trait == Provider:
		r.Code = NewNetwork
	case finest < len(places):
		r.Code = NewProvider
	case a.Country != "" && count(h, Country, a.Country).all > 0:
		r.Code = NewCountry
	default:
		r.Code = NewNetwork
	}
	return []Reason{r}
}

// client compares browser, system and kind of device.
func client(a Attempt, h History, g Global) []Reason {
	ln, finest, known := ratio(clients, a, h, g)
	if !known {
		return nil
	}
	r := Reason{Code: NewClient, Points: ln, Params: Params{Browser: a.Browser, System: a.System, Device: a.Device}}
	if finest == 0 {
		r.Code = KnownClient
	} else if own := count(h, Device, a.Device); a.Device != "" && own.all > 0 && own.times == 0 {
		r.Code = NewDeviceType
	}
	return []Reason{r}
}

// frequency is p(user | attack) / p(user): attackers take any account alike,
// while most sign-ins are of those who sign in often.
func frequency(h History, g Global) []Reason {
	if g.Accounts <= 0 || g.SignIns <= 0 {
		return nil
	}
	average := float64(g.SignIns)/float64(g.Accounts) + 1
	ln := math.Log(average / float64(len(h)+1))
	ln = math.Max(-maxFrequent, math.Min(maxFrequent, ln))
	return []Reason{{Code: Frequency, Points: ln, Params: Params{Count: len(h)}}}
}
