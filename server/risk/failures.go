package risk

import "math"

// Points of a burst: burstPoints when it begins, one more for each time it
// doubles, at most maxBurst.
const (
	burstPoints = 1.0
	maxBurst    = 2.5
)

// failures looks for bursts of failed tries.
func failures(s Settings, f Failures) []Reason {
	var out []Reason
	for _, b := range []struct {
		code    Code
		n, from int
	}{
		{AccountFailures, f.Account, s.AccountFailures},
		{AddressFailures, f.Address, s.AddressFailures},
		{NetworkFailures, f.Network, s.NetworkFailures},
	} {
		if b.n < b.from {
			continue
		}
		points := math.Min(maxBurst, burstPoints+math.Log2(float64(b.n)/float64(b.from)))
		out = append(out, Reason{Code: b.code, Points: points, Params: Params{Count: b.n}})
	}
	return out
}
