package api

import (
	"testing"

	"github.com/hearthkey/hearthkey/protocol"
)

// TestFactorRefusedOnATV: a TV is told why no code is taken, where it knows
// the word; an older one begins anew, as it did before.
func TestFactorRefusedOnATV(t *testing.T) {
	for peer, want := range map[protocol.Capability]protocol.Refusal{
		protocol.PasswordCapability: protocol.RefusalOver, protocol.HouseholdCapability: protocol.RefusalFactor, 99: protocol.RefusalFactor,
	} {
		if got := factorRefused(peer); got != want {
			t.Errorf("factorRefused(%d) = %q, want %q", peer, got, want)
		}
	}
}

// A TV is told that support has locked the account, where it knows the word; an
// older one hears what it did before.
func TestLockedOnATV(t *testing.T) {
	for peer, want := range map[protocol.Capability]protocol.Refusal{
		protocol.PasswordCapability: protocol.RefusalCredentials, protocol.EndsCapability - 1: protocol.RefusalCredentials,
		protocol.EndsCapability: protocol.RefusalLocked, 99: protocol.RefusalLocked,
	} {
		if got := locked(peer); got != want {
			t.Errorf("locked(%d) = %q, want %q", peer, got, want)
		}
	}
}
