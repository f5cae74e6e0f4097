package main

import (
	"math/rand/v2"
	"slices"
)

// resamplings of the bootstrap.
const resamplings = 2000

// median returns the middle of at least one value, or the mean of the two
// there.
func median(values []float64) float64 {
	v := slices.Sorted(slices.Values(values))
	return (v[(len(v)-1)/2] + v[len(v)/2]) / 2
}

// difference returns median(a) − median(b) in percent of median(b), and its 95 %
// percentile-bootstrap interval. a[i] and b[i] were measured side by side, and
// pairs are resampled: what slows the whole machine for a while is in both.
func difference(a, b []float64, random *rand.Rand) (d, low, high float64) {
	all := make([]float64, resamplings)
	as, bs := make([]float64, len(a)), make([]float64, len(b))
	for r := range all {
		for i := range as {
			j := random.IntN(len(a))
			as[i], bs[i] = a[j], b[j]
		}
		all[r] = percent(as, bs)
	}
	slices.Sort(all)
	return percent(a, b), all[resamplings/40], all[resamplings-1-resamplings/40]
}

func percent(a, b []float64) float64 { return 100 * (median(a)/median(b) - 1) }
