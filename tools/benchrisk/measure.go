package main

import (
	"math"
	"slices"
)

// A sign-in is asked for more where its score is at least the threshold.

// threshold is the highest one that asks at least a share tpr of the attacks.
func threshold(attacks []float64, tpr float64) float64 {
	sorted := slices.Clone(attacks)
	slices.Sort(sorted)
	return sorted[int(math.Floor((1-tpr)*float64(len(sorted))+1e-9))]
}

// asked is the share of scores from t on.
func asked(scores []float64, t float64) float64 {
	n := 0
	for _, s := range scores {
		if s >= t {
			n++
		}
	}
	return float64(n) / float64(len(scores))
}

// equalError is where as large a share of honest sign-ins is asked as of
// attacks is missed: the mean of both at the threshold where they are closest.
func equalError(honest, attacks []float64) float64 {
	h, a := slices.Clone(honest), slices.Clone(attacks)
	slices.Sort(h)
	slices.Sort(a)
	best, rate := math.Inf(1), 1.0
	for _, t := range slices.Concat(a, h) {
		i, _ := slices.BinarySearch(a, t)
		missed := float64(i) / float64(len(a))
		k, _ := slices.BinarySearch(h, t)
		wrong := float64(len(h)-k) / float64(len(h))
		if d := math.Abs(missed - wrong); d < best {
			best, rate = d, (missed+wrong)/2
		}
	}
	return rate
}

// medianAsked is the median over accounts of how many of an account's first n
// sign-ins were asked. The first of all counts as asked: nothing is known then.
func medianAsked(accounts [][]float64, n int, t float64) int {
	var counts []int
	for _, scores := range accounts {
		if len(scores) < n-1 {
			continue
		}
		c := 1
		for _, s := range scores[:n-1] {
			if s >= t {
				c++
			}
		}
		counts = append(counts, c)
	}
	slices.Sort(counts)
	return counts[len(counts)/2]
}
