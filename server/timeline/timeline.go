// Package timeline is the account's record of what happened to its security:
// entries are written in the transaction of the event itself, so none can be
// missing and none can be about something that did not happen.
//
// Functions are safe for concurrent use. They are tested with the packages that
// write entries.
package timeline

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/google/uuid"

	"github.com/hearthkey/hearthkey/protocol"
	"github.com/hearthkey/hearthkey/server/store"
)

// Kind tells entries apart. Values are stored: they are append-only.
type Kind string

// The kinds of entries.
const (
	AccountCreated      Kind = "account_created"
	SignedIn            Kind = "signed_in"             // on the web
	SignedInElsewhere   Kind = "signed_in_elsewhere"   // by password on a TV
	SignInFailed        Kind = "sign_in_failed"        // a wrong password
	SignInGuessed       Kind = "sign_in_guessed"       // ten wrong passwords in a row on unknown devices
	PasswordRefused     Kind = "password_refused"      // a hundred: refused on unknown devices from now on
	SignInSuspicious    Kind = "sign_in_suspicious"    // the right password, but: Detail
	CodeAsked           Kind = "code_asked"            // the right password, nothing suspicious, and more was asked for; Detail: what
	AttemptStopped      Kind = "attempt_stopped"       // by "It wasn't me" in a mail with a code; Detail: what
	FactorFailed        Kind = "second_factor_failed"  // the right password and five wrong codes of an app
	SecondFactorOn      Kind = "second_factor_on"      // the password alone is not enough any more
	SecondFactorOff     Kind = "second_factor_off"     //
	TOTPAdded           Kind = "totp_added"            // an authenticator app
	TOTPRemoved         Kind = "totp_removed"          //
	PasskeyAdded        Kind = "passkey_added"         // Subject: its name
	PasskeyRenamed      Kind = "passkey_renamed"       //
	PasskeyRemoved      Kind = "passkey_removed"       //
	PasskeyRegressed    Kind = "passkey_regressed"     // its count went back: it may have been copied
	RecoveryCodesMade   Kind = "recovery_codes_made"   // those before are void
	RecoveryCodeUsed    Kind = "recovery_code_used"    // Detail: how many are left
	SignedOut           Kind = "signed_out"            // of the web
	SessionRevoked      Kind = "session_revoked"       // one web session, from another
	PasswordChanged     Kind = "password_changed"      //
	SignedOutEverywhere Kind = "signed_out_everywhere" //
	EmailChanged        Kind = "email_changed"         //
	PhoneChanged        Kind = "phone_changed"         // added or changed
	PhoneRemoved        Kind = "phone_removed"         //
	PasswordRecovered   Kind = "password_recovered"    // by a code
	ChangesUndone       Kind = "changes_undone"        // address, number and second factor, by "It wasn't me"
	NotMe               Kind = "not_me"                // "It wasn't me" where nothing was to be undone
	PreferencesChanged  Kind = "preferences_changed"   //
	LanguageChanged     Kind = "language_changed"      // of mails, pages and TVs without a profile; Subject: the new one
	DataExported        Kind = "data_exported"         //
	ErasureAsked        Kind = "erasure_asked"         // the account is to be erased
	ErasureCancelled    Kind = "erasure_cancelled"     //
	FactorResetAsked    Kind = "factor_reset_asked"    // by support, with the reason
	FactorResetDone     Kind = "factor_reset_done"     //
	FactorResetLifted   Kind = "factor_reset_lifted"   // by the owner, or by support with the reason
	ContactResetAsked   Kind = "contact_reset_asked"   // by support, with the reason; Detail: the address to be, shortened
	ContactResetDone    Kind = "contact_reset_done"    // Detail: the address, shortened
	ContactResetLifted  Kind = "contact_reset_lifted"  // by the owner, or by support with the reason
	HackedBegun         Kind = "hacked_begun"          // the owner walks through "my account was hacked"
	AccountImported     Kind = "account_imported"      // by an operator
	AccountLocked       Kind = "account_locked"        // by support, with the reason
	AccountUnlocked     Kind = "account_unlocked"      //
	ProfileAdded        Kind = "profile_added"
	ProfileChanged      Kind = "profile_changed"
	ProfileRemoved      Kind = "profile_removed"
	LockSet             Kind = "lock_set"             // a profile lock was set or changed
	LockRemoved         Kind = "lock_removed"         //
	BlockedChanged      Kind = "blocked_changed"      // titles that a profile may never play; Detail: how many
	ParentalPINSet      Kind = "parental_pin_set"     // or changed
	ParentalPINRemoved  Kind = "parental_pin_removed" //
	ParentalChanged     Kind = "parental_changed"     // what asks for it, or whether adding a profile does
	PINGuessed          Kind = "pin_guessed"          // ten wrong tries; Profile: whose, or the parental one
	PINUnlocked         Kind = "pin_unlocked"         // the owner forgave wrong tries
	DeviceAdded         Kind = "device_added"
	DeviceRefused       Kind = "device_refused" // a TV that asked was turned away
	DeviceRenamed       Kind = "device_renamed"
	DeviceSignedOut     Kind = "device_signed_out"  // by the owner
	DeviceLeft          Kind = "device_left"        // at the TV itself
	DeviceMoved         Kind = "device_moved"       // signed in to another account
	DeviceDeactivated   Kind = "device_deactivated" //
	DeviceEndDate       Kind = "device_end_date"    // set, changed or removed; Detail: RFC 3339, or empty
	DeviceEnded         Kind = "device_ended"       // at its end date
	DeviceStolen        Kind = "device_stolen"      // reported by the owner
	DeviceFinished      Kind = "device_finished"    // one reported stolen was deactivated
	DeviceConfirmed     Kind = "device_confirmed"   // its receipt arrived
	DeviceCloned        Kind = "device_cloned"      // two devices used one identity
	DeviceControlled    Kind = "device_controlled"  // from the account page
	PairingOpened       Kind = "pairing_opened"     // at a TV, from the account page
	RemotePaired        Kind = "remote_paired"      // with a TV; Subject: the remote, Detail: the TV
	RemoteRole          Kind = "remote_role"        // another one, from the account page; likewise
	RemoteForgotten     Kind = "remote_forgotten"   // from the account page; likewise
	DatabaseRestored    Kind = "database_restored"  // a device has seen newer states than the database
)

// Entry is one event.
type Entry struct {
	ID      string // given by Add
	At      time.Time
	Kind    Kind
	Actor   protocol.By       // empty: nobody in particular
	Device  protocol.DeviceID // where one is concerned
	Profile protocol.ProfileID
	Subject string // the name of the device or profile at that time, or what else the event is about
	Detail  string // more, e.g. the reasons of a score: one a line
	Agent   string // the program that was used, e.g. "Firefox on Linux"
	Times   int    // how often within the hour, where repeats are only counted; 0 counts as 1
	IP      string
	Place   string // approximate
}

// Add writes e into the account's timeline, in the caller's transaction, and puts
// it on its way to the operator's webhooks.
func Add(tx *store.Tx, account protocol.AccountID, e Entry) error {
	id, err := uuid.NewV7()
	if err != nil {
		return fmt.Errorf("timeline: %w", err)
	}
	row := store.TimelineRow{
		Account: account, ID: id.String(), At: e.At, Kind: string(e.Kind), Actor: e.Actor,
		Device: e.Device, Profile: e.Profile, Subject: e.Subject, Detail: e.Detail, Agent: e.Agent, Times: e.Times,
		IP: e.IP, Place: e.Place,
	}
	return errors.Join(tx.InsertTimeline(row), queue(tx, row))
}

// Life is how long an entry is kept.
const Life = 2 * 365 * 24 * time.Hour

// repeatWithin is how long a repeat is counted instead of written.
const repeatWithin = time.Hour

// AddOrCount is Add for what strangers can cause as often as they like: within an
// hour of the last such entry it counts that one once more, so that no flood
// of them pushes the rest out of sight. Webhooks hear of the first.
func AddOrCount(tx *store.Tx, account protocol.AccountID, e Entry) error {
	err := tx.RepeatTimeline(account, string(e.Kind), e.At.Add(-repeatWithin))
	if errors.Is(err, store.ErrNotFound) {
		return Add(tx, account, e)
	}
	return err
}

// pruneAtOnce is how many entries one transaction removes.
const pruneAtOnce = 1000

// Tidy removes the entries of all accounts that are older than [Life].
func Tidy(ctx context.Context, db *store.DB, now time.Time) error {
	for {
		var n int64
		err := db.Update(ctx, func(tx *store.Tx) (err error) {
			n, err = tx.PruneTimeline(now.Add(-Life), pruneAtOnce)
			return err
		})
		if err != nil {
			return fmt.Errorf("tidy timelines: %w", err)
		}
		if n < pruneAtOnce {
			return nil
		}
	}
}

// MaxPage is the largest number of entries that [List] returns.
const MaxPage = 200

// List returns the newest entries, newest first: up to n (at most [MaxPage])
// older than the entry before; the empty before starts at the newest.
func List(ctx context.Context, db *store.DB, account protocol.AccountID, before string, n int) ([]Entry, error) {
	if n <= 0 || n > MaxPage {
		n = MaxPage
	}
	var out []Entry
	err := db.View(ctx, func(tx *store.Tx) error {
		rows, err := tx.Timeline(account, before, n)
		out = make([]Entry, 0, len(rows))
		for _, r := range rows {
			out = append(out, Entry{
				ID: r.ID, At: r.At, Kind: Kind(r.Kind), Actor: r.Actor, Device: r.Device,
				Profile: r.Profile, Subject: r.Subject, Detail: r.Detail, Agent: r.Agent, Times: r.Times,
				IP: r.IP, Place: r.Place,
			})
		}
		return err
	})
	if err != nil {
		return nil, fmt.Errorf("timeline: %w", err)
	}
	return out, nil
}
