package web

import (
	"errors"
	"net/http"

	"github.com/hearthkey/hearthkey/server/account"
)

// The page that waits for a sign-up's code says where the mail server refused its
// mail. It asks again and again for as long as it is open, and nothing is held
// meanwhile: whoever asks is nobody yet. Only the browser that typed the address
// is answered, and alike whether the address has an account.

// refusedAgain is when a browser asks again, in milliseconds.
const refusedAgain = "2000"

// refused says why mail to the address of a sign-up was refused; "" where it was
// not. Error: account.ErrAttempt.
func (s *Site) refused(v *visit, a account.Attempt) (string, error) {
	address, key, err := s.c.Accounts.SignUpAddress(v.ctx(), v.now, a.ID)
	if err != nil || s.c.Refused == nil {
		return "", err
	}
	return s.c.Refused(v.ctx(), v.now, address, key)
}

// verifyLive answers one question of an EventSource, which comes back by itself
// until the sign-up is over: 204 ends it.
func (s *Site) verifyLive(v *visit) error {
	a, ok := v.attempt()
	if !ok {
		v.w.WriteHeader(http.StatusNoContent)
		return nil
	}
	why, err := s.refused(v, a)
	if errors.Is(err, account.ErrAttempt) {
		v.w.WriteHeader(http.StatusNoContent)
		return nil
	}
	if err != nil {
		return err
	}
	seen := v.r.Header.Get("Last-Event-ID")
	if seen == "" {
		seen = v.r.URL.Query().Get("seen")
	}
	out := []byte(":\n\n")
	if why != "" && seen != refusedSeen {
		body, err := s.views.part(VerifyPage{Frame: Frame{Lang: v.speaks()}}, "refused", VerifyPage{Refused: why})
		if err != nil {
			return err
		}
		out = message{refusedSeen, body}.event()
	}
	v.w.Header().Set("Content-Type", "text/event-stream")
	_, err = v.w.Write(append([]byte("retry: "+refusedAgain+"\n\n"), out...))
	if err != nil {
		return nil // the browser has gone
	}
	return nil
}

// refusedSeen is the id of what the page shows then.
const refusedSeen = "refused"
