package account

import (
	"encoding/json"
	"fmt"

	"github.com/hearthkey/hearthkey/protocol"
	"github.com/hearthkey/hearthkey/server/keyring"
)

// ResealSnapshot seals what an opened snapshot of a chain holds sealed anew, for
// another data key. Whoever calls seals the whole.
func ResealSnapshot(acc protocol.AccountID, plain []byte, again func(p keyring.Purpose, sealed []byte, context ...string) ([]byte, error)) ([]byte, error) {
	var snap snapshot
	if err := json.Unmarshal(plain, &snap); err != nil {
		return nil, fmt.Errorf("reseal snapshot: %w", err)
	}
	if snap.Factors.TOTP != nil {
		sealed, err := again(keyring.TOTPSecrets, snap.Factors.TOTP.Sealed, string(acc))
		if err != nil {
			return nil, fmt.Errorf("reseal snapshot: %w", err)
		}
		snap.Factors.TOTP.Sealed = sealed
	}
	return json.Marshal(snap)
}
