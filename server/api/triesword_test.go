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
		tries, codes bool
		want         string
	}{{false, false, "asked for too often"}, {true, false, "Too many wrong tries. Wait 30 seconds"}, {false, true, "Too many codes were asked for. You can ask for another in 30 seconds"}} {
		e, ok := Explain(&account.ThrottledError{RetryAfter: 30 * time.Second, Tries: c.tries, Codes: c.codes})
		if !ok || e.Status != 429 || !strings.Contains(e.Text, c.want) {
			t.Errorf("tries %v: %+v", c.tries, e)
		}
	}
}
