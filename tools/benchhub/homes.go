//go:build linux

package main

import (
	"context"
	"crypto/ed25519"
	"encoding/base64"
	"errors"
	"fmt"
	"log/slog"
	"os"
	"path/filepath"
	"time"

	"github.com/google/uuid"

	"github.com/hearthkey/hearthkey/protocol"
	"github.com/hearthkey/hearthkey/server/profile"
	"github.com/hearthkey/hearthkey/server/store"
	"github.com/hearthkey/hearthkey/server/store/sqlite"
)

// Households: the first ones are small and get signed out, then there are as many
// without a TV, and the rest are large.
const (
	smallHome  = 10
	largeHome  = 40
	smallHomes = 200
)

// small is how many households of 10 TVs a server with n TVs has: at most half of them
// are in such.
func small(n int) int { return min(smallHomes, n/(2*smallHome)) }

// homeOf is the household of the i-th of n TVs.
func homeOf(i, n int) int {
	if s := small(n); i >= s*smallHome {
		return 2*s + (i-s*smallHome)/largeHome
	}
	return i / smallHome
}

// idOf makes an identifier of a household's account (kind 1) or web session (kind 2).
func idOf(kind byte, home int) uuid.UUID {
	return uuid.UUID{1, 0x9a, kind, 0, 0, 0, 0x70, 0, 0x80, 0, 0, 0, byte(home >> 24), byte(home >> 16), byte(home >> 8), byte(home)}
}

// tokenOf is that of a household's web session: see package account.
func tokenOf(home int) string {
	acc, session := idOf(1, home), idOf(2, home)
	return base64.RawURLEncoding.EncodeToString(append(append(acc[:], session[:]...), make([]byte, 32)...))
}

// password is no hash of anything: nobody signs in with it.
const password = "none"

// seed makes the database of a server with n TVs, numbered from first. They are put there
// signed in, since to enrol that many one by one takes minutes.
func seed(ctx context.Context, dir string, first, n int) (err error) {
	if err := os.MkdirAll(dir, 0o700); err != nil {
		return err
	}
	driver, err := sqlite.Open(ctx, sqlite.Config{Path: filepath.Join(dir, "hearthkey.db")})
	if err != nil {
		return err
	}
	db, err := store.Open(ctx, driver, slog.New(slog.DiscardHandler))
	if err != nil {
		return errors.Join(err, driver.Close())
	}
	defer func() { err = errors.Join(err, db.Close()) }()
	now := time.Now()
	members := make(map[int][]int)
	homes := 2 * small(n)
	for i := range n {
		h := homeOf(i, n)
		members[h] = append(members[h], first+i)
		homes = max(homes, h+1)
	}
	const each = 50 // households a transaction
	for from := 0; from < homes; from += each {
		err := db.Update(ctx, func(tx *store.Tx) error {
			for h := from; h < min(from+each, homes); h++ {
				if err := seedHome(tx, now, h, members[h]); err != nil {
					return fmt.Errorf("household %d: %w", h, err)
				}
			}
			return nil
		})
		if err != nil {
			return err
		}
	}
	return nil
}

func seedHome(tx *store.Tx, now time.Time, home int, tvs []int) error {
	acc := protocol.AccountID(idOf(1, home).String())
	email := fmt.Sprintf("home-%d@example.com", home)
	session := idOf(2, home).String()
	err := tx.InsertAccount(store.AccountRow{ID: acc, Email: email, Password: password, Language: "en", Created: now}, email)
	if err == nil {
		err = profile.Household(tx, now, acc, "en")
	}
	if err == nil {
		err = tx.BeginWebSession(store.WebSessionRow{
			Account: acc, ID: session, TokenHash: protocol.DigestOf([]byte(tokenOf(home))), Generation: 1, Created: now,
			Agent: "benchhub", IP: "127.0.0.1", Factors: "password",
		}, password)
	}
	for _, i := range tvs {
		if err == nil {
			err = seedTV(tx, now, acc, session, i)
		}
	}
	return err
}

func seedTV(tx *store.Tx, now time.Time, acc protocol.AccountID, session string, i int) error {
	pub := keyOf(i).Public().(ed25519.PublicKey)
	id := protocol.DeviceIDOf(pub)
	code := []byte(fmt.Sprint("code ", i))
	row := store.EnrolmentRow{Device: id, PublicKey: pub, CodeHash: code, Salt: code, Name: "TV", Model: "benchhub", Kind: "tv", IP: "127.0.0.1", Created: now, Expires: now.Add(time.Hour)}
	if _, err := tx.PutEnrolment(row); err != nil {
		return err
	}
	epoch, err := tx.NextEpoch(store.DeviceIndexRow{ID: id, PublicKey: pub, Account: acc})
	if err != nil {
		return err
	}
	device := store.DeviceRow{Account: acc, ID: id, Name: "TV", Model: "benchhub", Kind: "tv", Epoch: epoch, SignedIn: now, IP: "127.0.0.1"}
	if err := tx.SignInDevice(device, session); err != nil {
		return err
	}
	return tx.DeleteEnrolmentsBefore(now.Add(2 * time.Hour))
}
