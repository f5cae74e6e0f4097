package nav

import (
	"errors"
	"fmt"
	"slices"
	"unicode/utf8"

	"github.com/hearthkey/hearthkey/protocol"
)

// changeHousehold changes what the account decided, or answers a profile that
// was asked for, whether there was one or not.
func (w *walker) changeHousehold(a, b byte) World {
	answer := w.model.answer()
	refusals := []protocol.ProfileRefusal{"", "", protocol.ProfileNeedsPIN, protocol.ProfileNeedsPassword, protocol.ProfileWrong,
		protocol.ProfileWait, protocol.ProfileTooMany, protocol.ProfileBadName, protocol.ProfileGone, protocol.ProfileBusy, "later"}
	answer.Asking, answer.Offline = b%9 == 0, b%13 == 0
	if !answer.Asking {
		answer.Answers++
		answer.Refusal, answer.Wait = refusals[int(b)%len(refusals)], 0
		if a%3 == 0 {
			answer.Wait = 5_000_000_000
		}
	}
	w.world.Answer = &answer
	switch a % 8 {
	case 0:
		w.world.Household = Household{MaxProfiles: int(b % 10), AddProfileNeedsPIN: b >= 128}
	case 1:
		w.world.ForgotPIN, w.world.Account = &Help{URI: "tv.example.com/pin\x00", QR: []string{"1"}}, nil
	case 2:
		w.world.Online = true
		w.world.Household.MaxProfiles = 9
	}
	w.world.At = w.now
	return w.world
}

// checkDraft holds a draft's screens against the rules.
func checkDraft(m Model, v View) error {
	switch {
	case m.place.drafting() && m.world.Phase != Active:
		return fmt.Errorf("a draft in phase %q", m.world.Phase)
	case !m.place.drafting() && m.draft != (draft{}):
		return errors.New("a draft is kept after it was left")
	case m.place != atNewPIN && m.draft.pad != (pad{}):
		return errors.New("digits are kept after they were sent or left")
	case (m.place == atEdit || m.place == atLocks || m.draft.edits != "") && m.watching.id != m.draft.edits:
		return fmt.Errorf("%q changes %q", m.watching.id, m.draft.edits)
	case m.draft.edits == "" && m.place.drafting() && m.watching.id != "":
		return fmt.Errorf("%q adds a profile", m.watching.id)
	case v.PIN != nil && v.PIN.Entered > v.PIN.Length:
		return fmt.Errorf("%d of %d digits", v.PIN.Entered, v.PIN.Length)
	}
	return nil
}

// checkDraftTyping holds what is typed into a draft against the rules.
func checkDraftTyping(m Model, v View) error {
	t := m.typing
	secret := t.at == atOwnerPassword
	switch {
	case m.place != atNewName && m.place != atNewPassword:
		return fmt.Errorf("a draft's field is kept after it was left: %d", m.place)
	case t.email != "" || t.code != "" || !secret && t.password != "" || secret && t.name != "":
		return errors.New("another field's text is kept")
	case v.Keyboard == nil:
		return nil
	case secret && !t.shown && (v.Keyboard.Text != "" || !v.Keyboard.Hidden) || v.Keyboard.Length > t.room():
		return fmt.Errorf("a secret shows on %s: %q, %d", v.Screen, v.Keyboard.Text, v.Keyboard.Length)
	}
	return nil
}

// checkProfileEffect looks at what the server is asked to do.
func (w *walker) checkProfileEffect(ev Event, e Effect) error {
	switch ev.(type) {
	case Press, Text:
	default:
		return fmt.Errorf("%T after %T", e, ev)
	}
	name, avatar := "", ""
	switch e := e.(type) {
	case EditProfile:
		if name, avatar = e.Name, e.Avatar; e.Profile == "" || e.Profile != w.model.watching.id {
			return fmt.Errorf("%q is changed while %q watches", e.Profile, w.model.watching.id)
		}
	case AddProfile:
		name, avatar = e.Name, e.Avatar
		how := noProof
		if e.PIN != "" {
			how = mainPIN
		} else if e.Password != "" {
			how = ownerPassword
		}
		if p, ok := ev.(Press); e.PIN != "" && (!ok || !p.Source.trusted()) {
			return fmt.Errorf("a PIN entered by %+v", ev)
		}
		w.added[how]++
		if !e.Level.Valid() || e.Kids && e.Level > maxKids && !w.model.binds(e.Level).Kids || e.PIN != "" && (len(e.PIN) != 4 || e.Password != "") || w.model.watching.id != "" || w.model.draftWait() > 0 {
			return fmt.Errorf("a strange profile: %+v", e)
		}
	}
	if n := utf8.RuneCountInString(name); n == 0 || n > maxLabel {
		return fmt.Errorf("a name of %d characters", n)
	}
	if _, edits := e.(EditProfile); !edits && !slices.Contains(protocol.Avatars(), avatar) {
		return fmt.Errorf("the picture %q", avatar)
	}
	return nil
}
