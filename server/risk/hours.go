package risk

import "math"

// spread is how far a sign-in speaks for the hours beside its own: a habit at
// eight covers nine and, less, ten. Daylight saving moves it by one.
var spread = [3]float64{0.4, 0.2, 0.1}

// around sums counts about an hour.
func around(counts *[24]float64, hour int) float64 {
	sum := spread[0] * counts[hour]
	for d := 1; d < len(spread); d++ {
		sum += spread[d] * (counts[(hour+d)%24] + counts[(hour-d+24)%24])
	}
	return sum
}

// when compares the hour of the day. Few sign-ins make no habit: habitPrior of
// everybody's hours are mixed into the account's own.
func when(a Attempt, h History, g Global) []Reason {
	hour := a.hour()
	if hour < 0 {
		return nil
	}
	var own, all [24]float64
	n, total := 0.0, 24.0
	for i := range all {
		c := float64(max(g.Hours[i], 0))
		all[i] = c + 1
		total += c
	}
	for _, s := range h {
		if at := s.hour(); at >= 0 {
			own[at]++
			n++
		}
	}
	if n == 0 {
		return nil
	}
	common := around(&all, hour) / total
	user := (around(&own, hour) + habitPrior*common) / (n + habitPrior)
	ln := math.Max(minHour, math.Min(maxHour, math.Log(common/user)))
	r := Reason{Code: UsualHour, Points: ln, Params: Params{Hour: hour}}
	if ln >= signal {
		r.Code = UnusualHour
	}
	return []Reason{r}
}
