package nav

import (
	"strings"

	"github.com/hearthkey/hearthkey/protocol"
)

// answer is what the server says to a profile that was added or changed.
func (s *story) answer(args []string) {
	s.t.Helper()
	a := ProfileAnswer{}
	if s.world.Answer != nil {
		a = *s.world.Answer
	}
	a.Asking, a.Offline, a.Refusal, a.Wait = args[0] == "asking", args[0] == "offline", "", 0
	if !a.Asking {
		a.Answers++
	}
	switch args[0] {
	case "asking", "offline", "done":
	default:
		a.Refusal = protocol.ProfileRefusal(args[0])
	}
	for _, arg := range args[1:] {
		wait, ok := strings.CutPrefix(arg, "wait=")
		if !ok {
			s.fail("unknown %q", arg)
		}
		a.Wait = s.duration(wait)
	}
	s.world.Answer, s.world.At = &a, s.now
	s.step(s.world)
}

// changeHousehold changes what the account decided about profiles: max=5,
// addpin=yes, or the pages for help.
func (s *story) changeHousehold(what, v string) {
	s.t.Helper()
	h := &s.world.Household
	switch what {
	case "max":
		h.MaxProfiles = s.number(v)
	case "addpin":
		h.AddProfileNeedsPIN = v == "yes"
	case "help":
		s.world.ForgotPIN, s.world.Account = nil, nil
		if v != "none" {
			s.world.ForgotPIN, s.world.Account = &Help{URI: v + "/pin", QR: []string{"10", "01"}}, &Help{URI: v, QR: []string{"11", "01"}}
		}
	}
}

// marks lists the items that are chosen or locked.
func marks(items []Item) string {
	var out []string
	for _, it := range items {
		if it.Chosen {
			out = append(out, it.ID)
		}
		if it.Locked {
			out = append(out, it.ID+":locked")
		}
	}
	return strings.Join(out, " ")
}
