package nav

import (
	"strings"
	"testing"

	"github.com/hearthkey/hearthkey/protocol"
	"github.com/hearthkey/hearthkey/protocol/parental"
	"github.com/hearthkey/hearthkey/protocol/words"
)

// TestD15_ARefusedTitleStopsAndSaysWhy stops what plays, and nothing else.
func TestD15_ARefusedTitleStopsAndSaysWhy(t *testing.T) {
	start, _ := Step(Model{}, World{
		Phase: Active, Catalog: seriesCatalog(), Profiles: []protocol.Profile{{ID: "p", Name: "Ada", Level: parental.All}},
	})
	start = keysOf(t, start, "OK")
	start, _ = Step(start, Launch{Title: "k11", Path: parental.DeepLink})
	for _, c := range []struct {
		ev    PlayRefused
		place place
		says  string
	}{
		{PlayRefused{Title: "k12", Why: protocol.PlayStreams}, atPlayer, ""},
		{PlayRefused{Title: "k11", Why: protocol.PlayStreams, Watching: []string{"Bedroom"}}, atTitle, "your service allows: Bedroom."},
		{PlayRefused{Title: "k11", Why: protocol.PlayStreams, Watching: []string{"A", "B", "C", "D"}}, atTitle, "A, B, C and more."},
		{PlayRefused{Title: "k11", Why: protocol.PlayStreams}, atTitle, "As many TVs are watching as your service allows."},
		{PlayRefused{Title: "k11", Why: protocol.PlayParentalPIN}, atTitle, "asks for the parental PIN now"},
		{PlayRefused{Title: "k11", Why: protocol.PlayProfilePIN}, atTitle, "Your service does not allow it now"},
		{PlayRefused{Title: "k11", Why: protocol.PlayLevel}, atHome, "First Light is not available for Ada."},
		{PlayRefused{Title: "k11", Why: protocol.PlayBlocked}, atHome, "First Light is not available for Ada."},
		{PlayRefused{Title: "k11", Why: protocol.PlayTitle}, atHome, "First Light is no longer available."},
		{PlayRefused{Title: "k11", Why: "of_later"}, atTitle, "Your service does not allow it now"},
	} {
		m, effects := Step(start, c.ev)
		stopped := false
		for _, e := range effects {
			_, ok := e.(StopTitle)
			stopped = stopped || ok
		}
		if m.place != c.place || !strings.Contains(said(words.English, m.toast), c.says) || stopped != (c.place != atPlayer) {
			t.Errorf("%+v: place %d, says %q, stopped %t", c.ev, m.place, m.toast, stopped)
		}
	}
	if m, _ := Step(Model{}, PlayRefused{Title: "k11", Why: protocol.PlayLevel}); m.toast != "" {
		t.Errorf("nothing plays, and the TV says %q", m.toast)
	}
}
