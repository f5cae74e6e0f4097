package natsbus

import (
	"encoding/json"
	"errors"
	"fmt"

	"github.com/hearthkey/hearthkey/protocol"
	"github.com/hearthkey/hearthkey/server/bus"
)

// maxAccount bounds an account's id, in bytes, and maxNudge what one nudge takes.
const (
	maxAccount = 128
	maxNudge   = 1024
)

var errNudge = errors.New("natsbus: not a nudge")

// nudge is a bus.Nudge on the wire. Unknown members are left aside: a newer node may
// say more.
type nudge struct {
	Account protocol.AccountID `json:"a"`
	Version protocol.Version   `json:"v,omitempty"`
	Library int64              `json:"l,omitempty"`
}

func encode(n bus.Nudge) ([]byte, error) {
	if len(n.Account) > maxAccount {
		return nil, errNudge
	}
	return json.Marshal(nudge(n))
}

func decode(data []byte) (bus.Nudge, error) {
	var n nudge
	if len(data) > maxNudge {
		return bus.Nudge{}, errNudge
	}
	if err := json.Unmarshal(data, &n); err != nil {
		return bus.Nudge{}, fmt.Errorf("%w: %w", errNudge, err)
	}
	if n.Account == "" || len(n.Account) > maxAccount || n.Version < 0 || n.Library < 0 {
		return bus.Nudge{}, errNudge
	}
	return bus.Nudge(n), nil
}
