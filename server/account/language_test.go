package account

import (
	"errors"
	"testing"
	"time"

	"github.com/hearthkey/hearthkey/protocol/words"
	"github.com/hearthkey/hearthkey/server/store"
	"github.com/hearthkey/hearthkey/server/timeline"
)

// A5, V7: the account's language changes for whoever has just given the password;
// the owner hears of it in the language before, and "It wasn't me" gives it back.
func TestA5_TheLanguageIsChangedAndTakenBack(t *testing.T) {
	h := newHousehold(t, "anna@example.org")
	was := h.web.Session.Language
	version := h.account().Version
	who, err := h.SetLanguage(h.ctx, h.clock.Now(), h.web.Session, "ar")
	if err != nil || who.Language != "ar" {
		t.Fatalf("SetLanguage = %+v, %v", who, err)
	}
	if acc := h.account(); acc.Language != "ar" || acc.Version <= version {
		t.Errorf("the account speaks %s at version %d, want ar after %d: TVs hear of it", acc.Language, acc.Version, version)
	}
	n := h.notice(t, NoticeLanguageChanged, "anna@example.org")
	if n.Language != was || n.Detail != words.Arabic.Own() || n.Link == "" {
		t.Errorf("told in %s: %q, link %q", n.Language, n.Detail, n.Link)
	}
	if list, err := timeline.List(h.ctx, h.c.DB, who.Account, "", 1); err != nil || list[0].Kind != timeline.LanguageChanged || list[0].Subject != words.Arabic.Own() {
		t.Errorf("timeline %+v, %v", list, err)
	}
	undo, err := h.Look(h.ctx, h.clock.Now(), n.Link)
	if err != nil || !undo.Language || undo.Profiles {
		t.Errorf("Look = %+v, %v", undo, err)
	}
	done, err := h.NotMe(h.ctx, h.clock.Now(), n.Link, "", fox)
	if err != nil || !done.Language || done.Profiles || h.account().Language != was {
		t.Errorf("NotMe = %+v, %v; the account speaks %s", done, err, h.account().Language)
	}
	if n := h.notice(t, NoticeUndone, "anna@example.org"); n.Language != was || n.Detail != "the account’s language" {
		t.Errorf("told of what was undone in %s: %q", n.Language, n.Detail)
	}
}

func (h *household) account() (acc store.AccountRow) {
	h.t.Helper()
	h.must(h.c.DB.View(h.ctx, func(tx *store.Tx) (err error) {
		acc, err = tx.Account(h.web.Session.Account)
		return err
	}))
	return acc
}

func TestA5_LanguagesThatAreNotSet(t *testing.T) {
	h := newHousehold(t, "anna@example.org")
	for _, tag := range []string{"", "fr", "AR", "de-CH", "en-XA", "../de"} {
		if _, err := h.SetLanguage(h.ctx, h.clock.Now(), h.web.Session, tag); !errors.Is(err, ErrLanguage) {
			t.Errorf("SetLanguage(%q) = %v, want ErrLanguage", tag, err)
		}
	}
	if _, err := h.SetLanguage(h.ctx, h.clock.Now(), h.web.Session, h.account().Language); err != nil || h.noticed(NoticeLanguageChanged) != 0 {
		t.Errorf("what it has already: %v, %d notices", err, h.noticed(NoticeLanguageChanged))
	}
	h.clock.Advance(ProofAge)
	if _, err := h.SetLanguage(h.ctx, h.clock.Now(), h.web.Session, "de"); !errors.Is(err, ErrProofNeeded) {
		t.Errorf("with an old proof: %v, want ErrProofNeeded", err)
	}
	h.prove(goodPassword)
	h.must(h.SignOut(h.ctx, h.clock.Now().Add(time.Second), h.web.Session))
	if _, err := h.SetLanguage(h.ctx, h.clock.Now(), h.web.Session, "de"); !errors.Is(err, ErrSignedOut) {
		t.Errorf("after the sign-out: %v, want ErrSignedOut", err)
	}
}
