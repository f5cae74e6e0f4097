package profile

import (
	"encoding/json"
	"fmt"

	"github.com/hearthkey/hearthkey/protocol"
	"github.com/hearthkey/hearthkey/server/keyring"
)

// Again seals anew what another data key sealed.
type Again = func(p keyring.Purpose, sealed []byte, context ...string) ([]byte, error)

// Reseal seals the PINs in what [Restore] takes anew, for another data key.
func Reseal(acc protocol.AccountID, before []byte, again Again) ([]byte, error) {
	var k kept
	if err := json.Unmarshal(before, &k); err != nil {
		return nil, fmt.Errorf("reseal kept profiles: %w", err)
	}
	for i, r := range k.Pins {
		sealed, err := again(keyring.PINs, r.Sealed, string(acc), string(r.Profile))
		if err != nil {
			return nil, fmt.Errorf("reseal kept PIN: %w", err)
		}
		k.Pins[i].Sealed = sealed
	}
	return json.Marshal(k)
}
