package nav

import (
	"strings"
	"time"

	"github.com/hearthkey/hearthkey/protocol"
	"github.com/hearthkey/hearthkey/protocol/parental"
)

// PlayRefused says that the server does not let a title play. Where it does not
// play any more this changes nothing.
type PlayRefused struct {
	Title    protocol.TitleID
	Why      protocol.PlayRefusal
	Watching []string // names of other TVs, with protocol.PlayStreams
	At       time.Duration
}

func (PlayRefused) event() {}

// toldTVs is how many TVs a sentence names.
const toldTVs = 3

// playRefused stops the title and says why. It stays on its page, but where it may
// not be shown any more: this TV hears of that too, and leaves then.
func (s *stepper) playRefused(ev PlayRefused) {
	if s.place != atPlayer || s.player.title != ev.Title {
		return
	}
	switch ev.Why {
	case protocol.PlayTitle:
		s.refuse(ev.Title, parental.Decision{Verdict: parental.Refuse, Reason: parental.UnknownTitle})
		return
	case protocol.PlayBlocked, protocol.PlayLevel:
		s.refuse(ev.Title, parental.Decision{Verdict: parental.Refuse, Reason: parental.AboveLevel})
		return
	}
	named := s.player.named
	s.stop()
	switch {
	case ev.Why == protocol.PlayParentalPIN:
		s.say(msgStoppedPIN)
	case ev.Why != protocol.PlayStreams:
		s.say(msgStoppedServer, "title", named)
	case len(ev.Watching) == 0:
		s.say(msgStoppedMany, "title", named)
	default:
		s.say(msgStoppedTVs, "title", named, "tvs", tvNames(ev.Watching))
	}
}

// tvNames lists the first TVs for a sentence.
func tvNames(all []string) string {
	names := make([]string, 0, toldTVs)
	for _, name := range all[:min(len(all), toldTVs)] {
		names = append(names, clean(name, maxLabel))
	}
	out := strings.Join(names, ", ")
	if len(all) > toldTVs {
		out += " " + text(msgAndMore)
	}
	return out
}
