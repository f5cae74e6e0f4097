package tvremote_test

import (
	"errors"
	"fmt"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/hearthkey/hearthkey/protocol/tvremote"
)

var invitation = tvremote.Invitation{
	TV: "00112233445566ff", Key: fill(1, 32), Secret: fill(2, 16),
	Addresses: []string{"192.168.1.5:8713", "[fe80::1]:8713"},
}

func TestInvitation(t *testing.T) {
	const want = "hearthkey-pair:1/00112233445566ff/AQIDBAUGBwgJCgsMDQ4PEBESExQVFhcYGRobHB0eHyA/AgMEBQYHCAkKCwwNDg8QEQ/192.168.1.5:8713,[fe80::1]:8713"
	if got := invitation.Text(); got != want {
		t.Errorf("Text() = %q, want %q", got, want)
	}
	got, err := tvremote.ParseInvitation(" " + want + "\n")
	if d := cmp.Diff(invitation, got); d != "" || err != nil {
		t.Errorf("ParseInvitation = %v (-want +got):\n%s", err, d)
	}
	if s := fmt.Sprint(got); strings.Contains(s, "AgMEBQYHCAkKCwwNDg8QEQ") {
		t.Errorf("an invitation shows its secret: %s", s)
	}
}

func TestParseInvitationRefuses(t *testing.T) {
	good := invitation.Text()
	for _, text := range []string{
		"", "https://tv.example/", "hearthkey-pair:", "hearthkey-pair:1", good[:60], good[1:],
		strings.Replace(good, ":1/", ":2/", 1), strings.Replace(good, "ff/", "FF/", 1), strings.Replace(good, "ff/", "f/", 1),
		good + ",a", good + ",1.2.3.4:1,1.2.3.5:1,1.2.3.6:1", good + "/x", strings.Replace(good, "192.168.1.5:8713", "", 1),
		strings.Replace(good, "192.168.1.5", "tv.example", 1), strings.Replace(good, "AgMEBQ", "AgMEB", 1), good + strings.Repeat("1", 500),
	} {
		if i, err := tvremote.ParseInvitation(text); !errors.Is(err, tvremote.ErrInvitation) {
			t.Errorf("ParseInvitation(%q) = %+v, %v; want ErrInvitation", text, i, err)
		}
	}
}

func FuzzParseInvitation(f *testing.F) {
	f.Add(invitation.Text())
	f.Add("hearthkey-pair:1////")
	f.Fuzz(func(t *testing.T, text string) {
		i, err := tvremote.ParseInvitation(text)
		if err != nil {
			return
		}
		again, err := tvremote.ParseInvitation(i.Text())
		if d := cmp.Diff(i, again); d != "" || err != nil {
			t.Errorf("comes back another: %v\n%s", err, d)
		}
	})
}
