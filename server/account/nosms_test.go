package account

import (
	"errors"
	"testing"
	"time"

	"github.com/hearthkey/hearthkey/server/store"
)

// V1: a channel on offer is one that works. Without an SMS gateway nothing is
// offered, sent or promised by SMS, also to a number from before.
func TestV1_WithoutAGatewayNothingGoesBySMS(t *testing.T) {
	h := newHousehold(t, "anna@example.org")
	h.setPhone(ownersPhone)
	h.Service.c.NoSMS = true
	h.clock.Advance(time.Hour)
	now, who := h.clock.Now, h.web.Session

	step := h.step(t, "anna@example.org", goodPassword, "", thief)
	if step.Challenge == nil || len(step.Challenge.Channels) != 1 || step.Challenge.Channels[0].Channel != ByMail {
		t.Fatalf("challenge = %+v, want mail alone", step.Challenge)
	}
	h.clock.Advance(resendAfter)
	if _, err := h.SendSignInCode(h.ctx, now(), step.Challenge.ID, BySMS, thief); !errors.Is(err, ErrChannel) {
		t.Errorf("SendSignInCode = %v, want ErrChannel", err)
	}
	for _, typed := range []string{"anna@example.org", ownersPhone, "nobody@example.org", "+4915199999999"} {
		if _, err := h.Recover(h.ctx, now(), typed, "", "en", BySMS, "", fox); !errors.Is(err, ErrNoSMS) {
			t.Errorf("Recover(%s) by SMS = %v, want ErrNoSMS", typed, err)
		}
		r, err := h.Recover(h.ctx, now(), typed, "", "en", ByMail, "", fox)
		h.must(err)
		if _, err := h.ResendRecovery(h.ctx, h.clock.Advance(resendAfter), r.ID, BySMS, "", fox); !errors.Is(err, ErrNoSMS) {
			t.Errorf("ResendRecovery(%s) by SMS = %v, want ErrNoSMS", typed, err)
		}
	}
	h.prove(goodPassword)
	if _, err := h.ChangePhone(h.ctx, now(), who, goodPassword, thiefsPhone, "", true, false); !errors.Is(err, ErrNoSMS) {
		t.Errorf("ChangePhone = %v, want ErrNoSMS", err)
	}
	h.clock.Advance(CheckAge)
	if c, err := h.Check(h.ctx, now(), who); err != nil || len(c.Channels) != 1 {
		t.Errorf("Check = %+v, %v, want mail alone", c, err)
	}
	h.prove(goodPassword)
	p, err := h.Preferences(h.ctx, who)
	if err != nil || p.SMSNotices {
		t.Errorf("Preferences = %+v, %v, want no SMS", p, err)
	}
	h.must(h.SetPreferences(h.ctx, now(), who, p))
	if phone, err := h.Phone(h.ctx, who); err != nil || !phone.Notices {
		t.Errorf("Phone = %+v, %v: the choice is lost for when there is a gateway", phone, err)
	}
	p.SMSNotices = true
	if err := h.SetPreferences(h.ctx, now(), who, p); !errors.Is(err, ErrNoSMS) {
		t.Errorf("SetPreferences = %v, want ErrNoSMS", err)
	}
	before := len(h.mails)
	h.must(h.c.DB.Update(h.ctx, func(tx *store.Tx) error { return h.Notify(tx, who.Notice(NoticeLockChanged, now())) }))
	_, err = h.RemovePhone(h.ctx, now(), who, goodPassword, false)
	h.must(err)
	for _, n := range h.mails[before:] {
		if n.SMS != "" || n.Channel == BySMS {
			t.Errorf("%s goes by SMS", n.Kind)
		}
	}
}
