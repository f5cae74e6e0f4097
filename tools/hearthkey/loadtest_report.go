package main

import (
	"fmt"
	"io"
	"math"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/hearthkey/hearthkey/tools/loadtv"
)

// millis is a duration that JSON gives in milliseconds, to the microsecond.
type millis time.Duration

// MarshalJSON implements [json.Marshaler].
func (m millis) MarshalJSON() ([]byte, error) {
	return strconv.AppendFloat(nil, m.ms(), 'f', 3, 64), nil
}

func (m millis) ms() float64 { return float64(m) / float64(time.Millisecond) }

func (m millis) String() string {
	if m >= millis(10*time.Second) {
		return fmt.Sprintf("%.1f s", m.ms()/1000)
	}
	return fmt.Sprintf("%.1f ms", m.ms())
}

// spread is how times are spread.
type spread struct {
	P50 millis `json:"p50_ms"`
	P99 millis `json:"p99_ms"`
	Max millis `json:"max_ms"`
}

func spreadOf(d []time.Duration) spread {
	if len(d) == 0 {
		return spread{}
	}
	sorted := slices.Sorted(slices.Values(d))
	// The smallest value that at least so much of all is no greater than.
	at := func(q float64) millis { return millis(sorted[int(math.Ceil(q*float64(len(sorted))))-1]) }
	return spread{at(0.50), at(0.99), at(1)}
}

// loadStorm is how a connecting of all went.
type loadStorm struct {
	All     millis  `json:"all_ms"` // until the last was connected
	Each    spread  `json:"each"`
	Rate    float64 `json:"per_second"`
	Retries int64   `json:"retries"`
}

func stormOf(s loadtv.Storm, err error) (loadStorm, error) {
	if err != nil {
		return loadStorm{}, err
	}
	return loadStorm{millis(s.All), spreadOf(s.Each), math.Round(float64(s.TVs) / s.All.Seconds()), s.Retries}, nil
}

// loadSignOut is how the sign-outs went. All times count from the click.
type loadSignOut struct {
	Accounts int    `json:"accounts"`
	Answer   spread `json:"answer"`       // the owner has the server's answer
	Told     spread `json:"last_told"`    // the last TV has read the state
	Acked    spread `json:"last_receipt"` // the last TV's receipt is acknowledged
}

// loadNudge is how changes of a profile went. All times count from the click.
type loadNudge struct {
	Accounts int    `json:"accounts"`
	Answer   spread `json:"answer"` // the owner has the server's answer
	Told     spread `json:"told"`   // a TV has read the state
}

// loadSlow is what became of TVs that stopped reading, and of the others meanwhile.
type loadSlow struct {
	TVs       int    `json:"tvs"`
	Dropped   int    `json:"dropped"`
	Kept      int    `json:"kept"`          // they read a little
	After     spread `json:"dropped_after"` // since they stopped
	Before    spread `json:"others_before"` // from the click until the account's last other TV is told
	Meanwhile spread `json:"others_meanwhile"`
}

// loadServer is what a server of its own took.
type loadServer struct {
	Before  float64 `json:"resident_before_mib"` // signed in, and nobody connected
	Idle    float64 `json:"resident_idle_mib"`   // all connected and idle
	Connect millis  `json:"cpu_connect_ms"`
	PerTV   millis  `json:"cpu_connect_each_ms"`
	CPUIdle float64 `json:"cpu_idle_each_us_per_s"`
}

// loadHostile is what became of hostile clients.
type loadHostile struct {
	Clients int    `json:"clients"`
	Refused int64  `json:"refused"`
	Closed  int64  `json:"closed"` // with a reason
	Cut     int64  `json:"cut_off"`
	Each    spread `json:"each"` // from the dial to the end
}

// loadReport is the result of a load test.
type loadReport struct {
	TVs      int          `json:"tvs"`
	Accounts int          `json:"accounts"`
	SignUp   millis       `json:"sign_up_ms"`
	Enrol    millis       `json:"enrol_ms"`
	Connect  loadStorm    `json:"connect"`
	Idle     millis       `json:"idle_ms"`
	Pings    int64        `json:"idle_pings"`
	Server   *loadServer  `json:"server,omitempty"`
	Nudge    *loadNudge   `json:"nudge,omitempty"`
	Slow     *loadSlow    `json:"slow,omitempty"`
	Hostile  *loadHostile `json:"hostile,omitempty"`
	Storm    *loadStorm   `json:"storm,omitempty"`
	SignOut  *loadSignOut `json:"sign_out_everywhere,omitempty"`
	Lost     int64        `json:"connections_lost"`
}

func (r *loadReport) print(w io.Writer) error {
	var b strings.Builder
	line := func(what, format string, args ...any) {
		fmt.Fprintf(&b, "%-24s %s\n", what, fmt.Sprintf(format, args...))
	}
	storm := func(what string, s loadStorm) {
		line(what, "all %s   each p50 %s, p99 %s   %.0f/s   %d tries failed", s.All, s.Each.P50, s.Each.P99, s.Rate, s.Retries)
	}
	line("TVs", "%d in %d accounts", r.TVs, r.Accounts)
	line("sign up", "%s   %s each", r.SignUp, r.SignUp/millis(r.Accounts))
	line("enrol with codes", "%s   %s each", r.Enrol, r.Enrol/millis(r.TVs))
	storm("connect", r.Connect)
	line("idle", "%s   %d pings answered, %d connections lost", r.Idle, r.Pings, r.Lost)
	each := func(what string, d spread) { line(what, "p50 %s   p99 %s   max %s", d.P50, d.P99, d.Max) }
	if s := r.Server; s != nil {
		line("server", "%.0f MiB with nobody connected, fresh from hashing passwords; %.0f MiB with all", s.Before, s.Idle)
		line("", "%s of CPU to connect them, %s each; idle %.1f µs a second each", s.Connect, s.PerTV, s.CPUIdle)
	}
	if n := r.Nudge; n != nil {
		line("change a profile", "%d accounts, times from the click", n.Accounts)
		each("  answer", n.Answer)
		each("  a TV told", n.Told)
	}
	if s := r.Slow; s != nil {
		line("slow TVs", "%d stopped reading: %d dropped after p50 %s, p99 %s; %d read a little and stay", s.TVs, s.Dropped, s.After.P50, s.After.P99, s.Kept)
		each("  others told, before", s.Before)
		each("  others told, beside", s.Meanwhile)
	}
	if h := r.Hostile; h != nil {
		line("hostile clients", "%d: %d refused, %d closed with a reason, %d cut off   gone after p50 %s, p99 %s", h.Clients, h.Refused, h.Closed, h.Cut, h.Each.P50, h.Each.P99)
	}
	if r.Storm != nil {
		storm("storm", *r.Storm)
	}
	if s := r.SignOut; s != nil {
		line("sign out everywhere", "%d accounts, times from the click", s.Accounts)
		each("  answer", s.Answer)
		each("  last TV told", s.Told)
		each("  last receipt", s.Acked)
	}
	_, err := io.WriteString(w, b.String())
	return err
}
