package nav

import (
	"time"

	"github.com/hearthkey/hearthkey/protocol"
	"github.com/hearthkey/hearthkey/protocol/parental"
)

// launchFor is how long a launched title waits at the gate for somebody to say
// who is watching.
const launchFor = 2 * time.Minute

// launch plays a title that was asked for from outside, after the same gate,
// PINs and decision as any other. Nothing that comes with it proves anything.
func (s *stepper) launch(ev Launch) {
	if ev.Path != parental.DeepLink && ev.Path != parental.Remote {
		return
	}
	switch s.phase() {
	case SignedOut, Enrolling, Deactivated:
		s.say(msgLaunchSignIn)
		return
	case LeaseEnded:
		s.say(msgLaunchConnect)
		return
	case Active:
	default:
		return
	}
	switch _, ok := s.findTitle(ev.Title); {
	case s.dialog != noDialog:
		s.say(msgLaunchDialog)
	case len(s.world.Profiles) == 0:
		s.say(msgLaunchLater)
	case s.watching.id == "":
		if ok {
			s.launchAtGate(wish{title: ev.Title, path: ev.Path, ends: s.now + launchFor})
		} else {
			s.say(msgLaunchUnknown)
		}
	default:
		s.launchNow(wish{title: ev.Title, path: ev.Path})
	}
}

// launchAtGate keeps the title until somebody says who is watching. A PIN that
// is being entered goes on.
func (s *stepper) launchAtGate(w wish) {
	s.wish = w
	s.network = network{}
	if s.place != atPIN {
		s.leave()
		s.wish = w
	}
}

// launchNow plays the title for whoever is watching. What plays goes on where it
// is refused.
func (s *stepper) launchNow(w wish) {
	t, ok := s.toPlay(w.title)
	if w.title = protocol.TitleID(t.ID); ok {
		_, d := s.decide(w.path, w.title)
		ok = d.Verdict != parental.Refuse
	}
	if !ok {
		s.say(msgNotFor, "name", s.watching.name)
		return
	}
	s.stop()
	s.closeAll()
	s.entry, s.upNext = pinEntry{}, upNext{}
	w.at, w.ends = s.resumeAt(w.title), 0
	s.openTitle(w.title, atHome)
	s.play(w)
}

// launchWaiting plays what was launched at the gate, once somebody has said who
// is watching.
func (s *stepper) launchWaiting() {
	w := s.wish
	s.wish = wish{}
	if w.title != "" && s.now < w.ends {
		s.launchNow(w)
	}
}

// waitingTitle is the name of what was launched and waits at the gate.
func (m *Model) waitingTitle() string {
	if m.wish.title == "" {
		return ""
	}
	t, _ := m.findTitle(m.wish.title)
	return clean(t.Name, maxLabel)
}
