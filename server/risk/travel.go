package risk

import (
	"math"
	"time"
)

const (
	earthRadius = 6371.0 // km
	inexact     = 50.0   // km: how wrong the position of an address often is, at each end

	travelWindow = 24 * time.Hour // nowhere is farther than this by air
	shortest     = time.Minute    // two sign-ins are at least this far apart: no division by nothing

	travelPoints    = 2.0 // at just above the fastest speed
	maxTravelPoints = 4.0 // at any speed
)

// circle holds a country.
type circle struct {
	lat, lon float64 // degrees
	km       float64 // radius
}

// travel looks for a recent sign-in so far away that nobody can have been at
// both places, and reports the worst. A network that the account has used
// before is no travel: a VPN or a mobile provider of its own is where it is.
func travel(s Settings, a Attempt, h History) []Reason {
	if a.At.IsZero() || (a.Network != "" && count(h, Network, a.Network).times > 0) {
		return nil
	}
	var worst Reason
	for _, past := range h {
		if past.At.IsZero() {
			continue
		}
		apart := a.At.Sub(past.At).Abs()
		km := distance(a.SignIn, past)
		if apart > travelWindow || km < s.MinTravel {
			continue
		}
		speed := km / math.Max(apart.Hours(), shortest.Hours())
		if speed <= s.MaxSpeed {
			continue
		}
		points := math.Min(maxTravelPoints, travelPoints+math.Log(speed/s.MaxSpeed))
		if points > worst.Points {
			worst = Reason{Code: ImpossibleTravel, Points: points, Params: Params{
				From: past.Country, Country: a.Country, Km: int(km), Minutes: int(apart.Minutes()),
			}}
		}
	}
	if worst.Code == "" {
		return nil
	}
	return []Reason{worst}
}

// distance is how far two sign-ins are apart at least, in km; 0 where that is
// not known. Without positions it is the distance of the countries' circles.
func distance(a, b SignIn) float64 {
	ca, oka := whereabouts(a)
	cb, okb := whereabouts(b)
	if !oka || !okb || (a.Country == b.Country && a.Country != "" && !(a.Position.valid() && b.Position.valid())) {
		return 0
	}
	return math.Max(0, greatCircle(ca, cb)-ca.km-cb.km)
}

// whereabouts is a circle that holds a sign-in.
func whereabouts(s SignIn) (circle, bool) {
	if s.Position.valid() {
		return circle{lat: s.Position.Lat, lon: s.Position.Lon, km: inexact}, true
	}
	c, ok := circles[s.Country]
	return c, ok
}

// greatCircle is the distance of two centres in km (haversine formula).
func greatCircle(a, b circle) float64 {
	const rad = math.Pi / 180
	dLat, dLon := (b.lat-a.lat)*rad/2, (b.lon-a.lon)*rad/2
	x := math.Sin(dLat)*math.Sin(dLat) + math.Cos(a.lat*rad)*math.Cos(b.lat*rad)*math.Sin(dLon)*math.Sin(dLon)
	return 2 * earthRadius * math.Asin(math.Sqrt(math.Min(1, x)))
}
