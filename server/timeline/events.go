package timeline

import (
	"encoding/json"
	"fmt"

	"github.com/hearthkey/hearthkey/protocol"
	"github.com/hearthkey/hearthkey/server/store"
)

// Kinds lists the kinds of entries.
var Kinds = []Kind{
	AccountCreated, SignedIn, SignedInElsewhere, SignInFailed, SignInGuessed, PasswordRefused, SignInSuspicious, CodeAsked, AttemptStopped, FactorFailed,
	SecondFactorOn, SecondFactorOff, TOTPAdded, TOTPRemoved, PasskeyAdded, PasskeyRenamed, PasskeyRemoved, PasskeyRegressed,
	RecoveryCodesMade, RecoveryCodeUsed, SignedOut, SessionRevoked, PasswordChanged, SignedOutEverywhere, EmailChanged,
	PhoneChanged, PhoneRemoved, PasswordRecovered, ChangesUndone, NotMe, PreferencesChanged, LanguageChanged, DataExported, ErasureAsked,
	ErasureCancelled, FactorResetAsked, FactorResetDone, FactorResetLifted, ContactResetAsked, ContactResetDone, ContactResetLifted, HackedBegun, AccountImported, AccountLocked,
	AccountUnlocked, ProfileAdded, ProfileChanged, ProfileRemoved, LockSet, LockRemoved, BlockedChanged, ParentalPINSet,
	ParentalPINRemoved, ParentalChanged, PINGuessed, PINUnlocked, DeviceAdded, DeviceRefused, DeviceRenamed, DeviceSignedOut,
	DeviceLeft, DeviceMoved, DeviceDeactivated, DeviceEndDate, DeviceEnded, DeviceStolen, DeviceFinished, DeviceConfirmed, DeviceCloned,
	DeviceControlled, PairingOpened, RemotePaired, RemoteRole, RemoteForgotten, DatabaseRestored,
}

// TypePrefix is before a kind in the type of a webhook's event.
const TypePrefix = "security."

// event is what a webhook tells of an entry: who and what by its id, and nothing
// that a person wrote or that says where somebody was.
type event struct {
	Type      string `json:"type"`
	Timestamp string `json:"timestamp"` // RFC 3339, UTC
	Data      struct {
		Event   string             `json:"event"` // the entry's id
		Account protocol.AccountID `json:"account"`
		Actor   protocol.By        `json:"actor,omitempty"`
		Device  protocol.DeviceID  `json:"device,omitempty"`
		Profile protocol.ProfileID `json:"profile,omitempty"`
	} `json:"data"`
}

// queue puts an entry on its way to the webhooks that want it, in the caller's
// transaction.
func queue(tx *store.Tx, r store.TimelineRow) error {
	e := event{Type: TypePrefix + r.Kind, Timestamp: r.At.UTC().Format("2006-01-02T15:04:05.000Z07:00")}
	e.Data.Event, e.Data.Account, e.Data.Actor, e.Data.Device, e.Data.Profile = r.ID, r.Account, r.Actor, r.Device, r.Profile
	body, err := json.Marshal(e)
	if err != nil {
		return fmt.Errorf("timeline: %w", err)
	}
	return tx.QueueWebhooks(store.WebhookEvent{Account: r.Account, ID: r.ID, Kind: r.Kind, Body: string(body), Created: r.At})
}
