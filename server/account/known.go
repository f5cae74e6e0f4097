package account

import (
	"encoding/base64"
	"errors"
	"time"

	"github.com/hearthkey/hearthkey/protocol"
	"github.com/hearthkey/hearthkey/server/store"
)

// Known devices: browsers and TVs that signed in fully before. Each holds 256
// random bits in a cookie, and the database a hash of them with the account.
const (
	// DeviceLife is how long a device stays known without a sign-in.
	DeviceLife = 365 * 24 * time.Hour

	deviceSecret    = 32 // bytes
	maxKnownDevices = 50 // of an account; those used longest ago are forgotten
)

// validDevice reports whether secret has the form of a device cookie.
func validDevice(secret string) bool {
	raw, err := base64.RawURLEncoding.Strict().DecodeString(secret)
	return err == nil && len(raw) == deviceSecret
}

// deviceHash is how the database knows a device of an account; rows of the same
// browser in two accounts have nothing in common.
func deviceHash(acc protocol.AccountID, secret string) string {
	return stored("device " + string(acc) + " " + secret)
}

// knownDevice returns the device's name in the database, or "" where it is
// unknown: also one that gave a hundred wrong passwords in a row.
func (s *Service) knownDevice(tx *store.Tx, acc protocol.AccountID, secret string, now time.Time) (string, error) {
	if !validDevice(secret) {
		return "", nil
	}
	device := deviceHash(acc, secret)
	if _, err := tx.KnownDevice(acc, device, now.Add(-DeviceLife)); err != nil {
		if errors.Is(err, store.ErrNotFound) {
			err = nil
		}
		return "", err
	}
	n, err := tx.Streak(acc, streakOf(device))
	if err != nil || n >= refuseStreak {
		return "", err
	}
	return device, nil
}

// ForgetDevice makes the device that holds secret unknown to an account: its
// next sign-in is one of a new device.
func ForgetDevice(tx *store.Tx, acc protocol.AccountID, secret string) error {
	return tx.ForgetKnownDevice(acc, deviceHash(acc, secret))
}

// remember makes the device of a complete sign-in known, and returns its
// secret: the one it has, or a new one.
func (s *Service) remember(tx *store.Tx, now time.Time, acc protocol.AccountID, e entry) (string, error) {
	secret := e.Secret
	if !validDevice(secret) {
		var err error
		if secret, err = randomText(s.c.Rand, deviceSecret); err != nil {
			return "", err
		}
	}
	row := store.KnownDeviceRow{Account: acc, Device: deviceHash(acc, secret), Agent: e.From.tidy().Agent, LastUsed: now}
	if err := tx.EndStreak(acc, streakOf(row.Device)); err != nil {
		return "", err
	}
	return secret, tx.PutKnownDevice(row, maxKnownDevices)
}
