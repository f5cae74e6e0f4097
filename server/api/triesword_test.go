package api

import (
	"strings"
	"testing"
	"time"

	"github.com/hearthkey/hearthkey/server/account"
)

// TestV5_WaitsSayWhatTheyAreFor: who gave wrong codes asked for nothing.
func TestV5_WaitsSayWhatTheyAreFor(t *testing.T) {
	for _, c := range []struct {
		err  account.ThrottledError
		want string
	}{
		{account.ThrottledError{RetryAfter: 30 * time.Second}, "asked for too often. Try again in 30 seconds"},
		{account.ThrottledError{RetryAfter: time.Minute, Tries: true}, "Too many wrong tries. Wait 60 seconds"},
		{account.ThrottledError{RetryAfter: 53 * time.Minute, Codes: true}, "Too many codes were asked for. You can ask for another in 53 minutes"},
		{account.ThrottledError{RetryAfter: 900 * time.Millisecond, Young: true}, "A code was sent just now. You can ask for another in 1 second."},
		{account.ThrottledError{RetryAfter: 3 * time.Hour}, "Try again in 3 hours"},
	} {
		e, ok := Explain(&c.err)
		if !ok || e.Status != 429 || !strings.Contains(e.Text, c.want) {
			t.Errorf("%+v: %q, want %q", c.err, e.Text, c.want)
		}
	}
}
