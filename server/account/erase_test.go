package account

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"log/slog"
	"os"
	"path/filepath"
	"testing"
	"time"

	"github.com/hearthkey/hearthkey/protocol"
	"github.com/hearthkey/hearthkey/server/store"
	"github.com/hearthkey/hearthkey/server/store/sqlite"
	"github.com/hearthkey/hearthkey/server/timeline"
)

// fill gives the account a row in as many tables as this package can.
func (h *household) fill() {
	h.t.Helper()
	h.setPhone(ownersPhone)
	h.setTOTP()
	h.must(h.SetPreferences(h.ctx, h.clock.Now(), h.web.Session, Preferences{RemindDevices: true, SMSNotices: true}))
	_, err := h.BeginHacked(h.ctx, h.clock.Now(), h.web.Session)
	h.must(err)
	h.must(h.c.DB.Update(h.ctx, func(tx *store.Tx) error {
		acc := h.web.Session.Account
		row := store.EnrolmentRow{Device: "tv", PublicKey: []byte("key"), CodeHash: []byte("code"), Salt: []byte("salt"), Name: "Zwetschges TV", Expires: h.clock.Now().Add(time.Hour)}
		if _, err := tx.PutEnrolment(row); err != nil {
			return err
		}
		row.State, row.Account, row.Epoch = store.EnrolApproved, acc, 1
		if err := tx.DecideEnrolment(row, h.clock.Now()); err != nil {
			return err
		}
		if _, err := tx.NextEpoch(store.DeviceIndexRow{ID: "tv", PublicKey: []byte("key"), Account: acc}); err != nil {
			return err
		}
		return errors.Join(
			tx.InsertProfile(store.ProfileRow{Account: acc, Profile: protocol.Profile{ID: "p1", Name: "Anna Zwetschge", Level: 18, Main: true}}),
			tx.SignInDevice(store.DeviceRow{Account: acc, ID: "tv", Name: "Zwetschges TV", Epoch: 1, SignedIn: h.clock.Now()}, string(h.web.Session.ID)),
			tx.InsertActivity(store.ActivityRow{Account: acc, Device: "tv", Epoch: 1, ActivityItem: protocol.ActivityItem{Seq: 1, Title: "t1"}}),
			tx.SetBlocked(acc, "p1", []protocol.TitleID{"blocked-zwetschge"}),
			tx.SetParental(acc, store.ParentalRow{Above: 3, AddNeedsPIN: true, Titles: []protocol.TitleID{"parental-zwetschge"}}),
			tx.SetPin(store.PinRow{Account: acc, Profile: protocol.ParentalPIN, Version: 1, Salt: []byte("salt"), Sealed: []byte("sealed-zwetschge"), Created: h.clock.Now()}),
			tx.PutPinTries(store.PinTriesRow{Account: acc, Profile: protocol.ParentalPIN, PIN: 1, Device: "tv", Epoch: 1, Told: 7, ToldAt: h.clock.Now()}),
			tx.InsertOutbox(store.OutboxRow{ID: "m1", Account: acc, Channel: "mail", Recipient: "anna@zwetschge.example", Kind: "x", Subject: "Hello Zwetschge", Next: h.clock.Now()}),
		)
	}))
}

// GDPR 15, 20.
func TestA10_ExportIsOneDocumentWithoutSecrets(t *testing.T) {
	h := newHousehold(t, "anna@zwetschge.example")
	h.fill()
	var out bytes.Buffer
	h.must(h.Export(h.ctx, h.clock.Now(), h.web.Session, &out))
	var doc map[string]any
	if err := json.Unmarshal(out.Bytes(), &doc); err != nil {
		t.Fatalf("not JSON: %v\n%s", err, out.Bytes())
	}
	for _, table := range store.ExportTables() {
		if _, ok := doc[table.Name].([]any); !ok {
			t.Errorf("%s is missing", table.Name)
		}
	}
	if doc["leftOut"] != leftOut || doc["format"] != exportFormat {
		t.Error("the head is missing")
	}
	for _, want := range []string{"anna@zwetschge.example", ownersPhone, "Anna Zwetschge", "Zwetschges TV", "account_created", "hackedWalk",
		"blocked-zwetschge", "parental-zwetschge", `"told":7`} {
		if !bytes.Contains(out.Bytes(), []byte(want)) {
			t.Errorf("%q is missing", want)
		}
	}
	for _, secret := range []string{h.state().Password, h.code(t), h.web.Token, h.keys[0], "argon2id", "otpauth", "sealed-zwetschge", "c2VhbGVkLXp3ZXRzY2hnZQ"} {
		if bytes.Contains(out.Bytes(), []byte(secret)) {
			t.Errorf("the secret %q is in it", secret)
		}
	}
	account := doc["account"].([]any)[0].(map[string]any)
	if account["created"] != "2026-11-25T20:00:00Z" || account["second_factor"] != true || account["ended_at"] != nil {
		t.Errorf("account = %v", account)
	}
}

func TestA10_ALongExportIsPaged(t *testing.T) {
	h := newHousehold(t, "anna@example.org")
	h.must(h.c.DB.Update(h.ctx, func(tx *store.Tx) error {
		for range 2*exportPage + 7 {
			if err := h.web.Session.Record(tx, h.clock.Now(), timeline.Entry{Kind: timeline.SignedIn}); err != nil {
				return err
			}
		}
		return nil
	}))
	var out bytes.Buffer
	h.must(h.Export(h.ctx, h.clock.Now(), h.web.Session, &out))
	var doc struct {
		Timeline []struct{ Kind string }
	}
	h.must(json.Unmarshal(out.Bytes(), &doc))
	if n := len(doc.Timeline); n < 2*exportPage+7 {
		t.Errorf("%d entries", n)
	}
}

func TestA8_ExportAsksForAProof(t *testing.T) {
	h := newHousehold(t, "anna@example.org")
	h.clock.Advance(ProofAge)
	var out bytes.Buffer
	if err := h.Export(h.ctx, h.clock.Now(), h.web.Session, &out); !errors.Is(err, ErrProofNeeded) || out.Len() > 0 {
		t.Errorf("Export = %v and %d bytes, want ErrProofNeeded", err, out.Len())
	}
	h.prove(goodPassword)
	_, err := h.ChangePassword(h.ctx, h.clock.Now(), h.web.Session, goodPassword, otherPassword, true)
	h.must(err)
	h.must(h.SignOut(h.ctx, h.clock.Now(), h.web.Session))
	if err := h.Export(h.ctx, h.clock.Now(), h.web.Session, &out); !errors.Is(err, ErrSignedOut) || out.Len() > 0 {
		t.Errorf("Export = %v and %d bytes, want ErrSignedOut", err, out.Len())
	}
}

// ASVS 7.4.2.
func TestA10_SevenDaysToChangeOnesMind(t *testing.T) {
	h := newHousehold(t, "anna@example.org")
	if _, err := h.AskErasure(h.ctx, h.clock.Now(), h.web.Session, "wrong"); !errors.Is(err, ErrCredentials) {
		t.Errorf("with a wrong password = %v", err)
	}
	if err := h.KeepAccount(h.ctx, h.clock.Now(), h.web.Session); !errors.Is(err, ErrNotLeaving) {
		t.Errorf("keep what stays = %v, want ErrNotLeaving", err)
	}
	due, err := h.AskErasure(h.ctx, h.clock.Now(), h.web.Session, goodPassword)
	if err != nil || !due.Equal(h.clock.Now().Add(7*24*time.Hour)) {
		t.Fatalf("AskErasure = %s, %v", due, err)
	}
	if h.live(t, h.web.Token) {
		t.Error("still signed in")
	}
	link := h.notice(t, NoticeErasureAsked, "anna@example.org").Link
	h.clock.Advance(3 * 24 * time.Hour)
	h.must(h.Tidy(h.ctx, h.clock.Now()))
	in, err := h.try(t, "anna@example.org", goodPassword, "", fox)
	h.must(err)
	if at, err := h.Leaving(h.ctx, in.Session); err != nil || !at.Equal(due) {
		t.Errorf("Leaving = %s, %v, want %s", at, err, due)
	}
	if again, err := h.AskErasure(h.ctx, h.clock.Now(), in.Session, goodPassword); err != nil || again.After(h.clock.Now().Add(7*24*time.Hour)) {
		t.Errorf("asking again = %s, %v", again, err)
	}
	for range 50 {
		if k, err := h.LookKeep(h.ctx, h.clock.Now(), h.notice(t, NoticeErasureAsked, "anna@example.org").Link); err != nil || k.About != NoticeErasureAsked {
			t.Fatalf("LookKeep = %+v, %v", k, err)
		}
	}
	if _, err := h.Keep(h.ctx, h.clock.Now(), link, fox); err != nil {
		t.Fatal(err)
	}
	if _, err := h.Keep(h.ctx, h.clock.Now(), link, fox); !errors.Is(err, ErrLink) {
		t.Errorf("Keep again = %v, want ErrLink", err)
	}
	h.notice(t, NoticeErasureCancelled, "anna@example.org")
	h.clock.Advance(30 * 24 * time.Hour)
	h.must(h.Tidy(h.ctx, h.clock.Now()))
	if _, err := h.try(t, "anna@example.org", goodPassword, "", fox); err != nil {
		t.Errorf("sign-in a month later: %v", err)
	}
}

// When all is over nothing of the owner is left in the database's file, not
// even on pages that are free.
// GDPR 17.
func TestA10_ErasedFromTheFile(t *testing.T) {
	path := filepath.Join(t.TempDir(), "erased.db")
	driver, err := sqlite.Open(context.Background(), sqlite.Config{Path: path})
	if err != nil {
		t.Fatal(err)
	}
	db, err := store.Open(context.Background(), driver, slog.New(slog.DiscardHandler))
	if err != nil {
		t.Fatal(err)
	}
	h := newHouseholdOn(t, db, "anna@zwetschge.example")
	h.fill()
	h.moveTo("moved@zwetschge.example")
	_, err = h.Recover(h.ctx, h.clock.Now(), "moved@zwetschge.example", "", "en", ByMail, "", fox)
	h.must(err)
	_, err = h.AskErasure(h.ctx, h.clock.Now(), h.web.Session, goodPassword)
	h.must(err)
	h.clock.Advance(7 * 24 * time.Hour)
	h.must(h.Tidy(h.ctx, h.clock.Now()))
	if _, err := h.SignIn(h.ctx, h.clock.Now(), SignInRequest{Login: "moved@zwetschge.example", Password: goodPassword, From: fox}); !errors.Is(err, ErrCredentials) {
		t.Errorf("sign-in after the 7 days = %v, want ErrCredentials", err)
	}
	r, err := h.Recover(h.ctx, h.clock.Now(), "moved@zwetschge.example", "", "en", ByMail, "", fox)
	h.must(err)
	if err := h.ProveRecovery(h.ctx, h.clock.Now(), r.ID, h.code(t)); !errors.As(err, new(*WrongCodeError)) {
		t.Errorf("recovery after the 7 days = %v, want that of an unknown account", err)
	}
	h.notice(t, NoticeErased, "moved@zwetschge.example")
	h.must(db.View(h.ctx, func(tx *store.Tx) error {
		d, err := tx.Device(h.web.Session.Account, "tv")
		if err == nil && d.Status != protocol.Deactivated {
			t.Errorf("the TV is %s, want deactivated", d.Status)
		}
		return err
	}))
	h.clock.Advance(closedFor)
	h.must(h.Tidy(h.ctx, h.clock.Now()))
	h.must(db.View(h.ctx, func(tx *store.Tx) error {
		idx, err := tx.DeviceIndex("tv")
		if err == nil && (idx.Account != "" || idx.Epoch != 1) {
			t.Errorf("device index = %+v", idx)
		}
		return err
	}))
	h.must(db.Update(h.ctx, func(tx *store.Tx) error { // until the journal has it, the account's id is noted
		noted, err := tx.Deletions(9)
		if err != nil || len(noted) != 1 || noted[0].Kind != store.ErasedAccount || noted[0].Account != h.web.Session.Account {
			t.Errorf("noted for the journal: %+v, %v", noted, err)
			return err
		}
		return tx.Journaled(noted[0])
	}))
	h.must(db.Close()) // checkpoints
	for _, file := range []string{path, path + "-wal"} {
		data, err := os.ReadFile(file)
		if errors.Is(err, os.ErrNotExist) {
			continue
		}
		h.must(err)
		for _, trace := range []string{"wetschge", "WETSCHGE", ownersPhone, string(h.web.Session.Account)} {
			if bytes.Contains(data, []byte(trace)) {
				t.Errorf("%s still holds %q", filepath.Base(file), trace)
			}
		}
	}
}
