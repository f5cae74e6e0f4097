package account

import (
	"bytes"
	"encoding/json"
	"testing"

	"github.com/hearthkey/hearthkey/server/keyring"
	"github.com/hearthkey/hearthkey/server/store"
)

// TestResealSnapshot: an authenticator's secret in a snapshot is sealed anew, and
// nothing else changes.
func TestResealSnapshot(t *testing.T) {
	was := snapshot{Email: "a@b.example", Factors: store.FactorRows{Needed: true, TOTP: &store.TOTPRow{Account: "acc", Sealed: []byte("old")}, Codes: [][]byte{{1}}}}
	plain, err := json.Marshal(was)
	if err != nil {
		t.Fatal(err)
	}
	got, err := ResealSnapshot("acc", plain, func(p keyring.Purpose, sealed []byte, context ...string) ([]byte, error) {
		if p != keyring.TOTPSecrets || len(context) != 1 || context[0] != "acc" || string(sealed) != "old" {
			t.Errorf("sealed anew: %s %q %v", p, sealed, context)
		}
		return []byte("new"), nil
	})
	was.Factors.TOTP.Sealed = []byte("new")
	want, _ := json.Marshal(was)
	if err != nil || !bytes.Equal(got, want) {
		t.Errorf("ResealSnapshot = %s, %v, want %s", got, err, want)
	}
	if _, err := ResealSnapshot("acc", []byte("x"), nil); err == nil {
		t.Error("what is no snapshot is taken")
	}
}
