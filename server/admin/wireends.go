package admin

import (
	"context"
	"time"

	"github.com/hearthkey/hearthkey/server/operator"
)

// accountAct is what an operator does to an account.
type accountAct func(ctx context.Context, now time.Time, by operator.Operator, what, reason string) error

// NamedDevice is a device that was looked for by its name.
type NamedDevice struct {
	Account  string    `json:"account"`
	ID       string    `json:"device"`
	Name     string    `json:"name"`
	Model    string    `json:"model"`
	Status   string    `json:"status"`
	LastSeen time.Time `json:"last_seen,omitzero"`
}

// Ended says whether a device was signed in before.
type Ended struct {
	WasSignedIn bool `json:"was_signed_in"`
}

// Sweep is a sign-out of everyone.
type Sweep struct {
	ID          string    `json:"sweep"`
	State       string    `json:"state"` // waiting, running, done, cancelled, void
	Operator    string    `json:"operator"`
	Reason      string    `json:"reason"`
	Asked       time.Time `json:"asked"`
	Expires     time.Time `json:"expires"` // by then it is approved, or void
	PerSecond   int       `json:"per_second"`
	Quiet       bool      `json:"quiet"` // owners get no notice
	ApprovedBy  string    `json:"approved_by,omitempty"`
	Approved    time.Time `json:"approved,omitzero"`
	Total       int64     `json:"total"` // accounts when it was approved
	Done        int64     `json:"done"`
	Failed      int64     `json:"failed"` // left out: the server's log names them
	LeftSeconds int64     `json:"left_seconds"`
	Finished    time.Time `json:"finished,omitzero"`
	Cancelled   time.Time `json:"cancelled,omitzero"`
	CancelledBy string    `json:"cancelled_by,omitempty"`
}

// The bodies of requests.
type (
	findDevicesBody struct {
		Name string `json:"name"`
	}
	deviceBody struct {
		Device string `json:"device"`
		Reason string `json:"reason"`
	}
	askSweepBody struct {
		Reason    string `json:"reason"`
		PerSecond int    `json:"per_second"` // 0: 50
		Quiet     bool   `json:"quiet"`
	}
	sweepBody struct {
		Sweep  string `json:"sweep"`
		Reason string `json:"reason"`
	}
	namedAnswer struct {
		Devices []NamedDevice `json:"devices"`
	}
	sweepsAnswer struct {
		Sweeps []Sweep `json:"sweeps"`
	}
)
