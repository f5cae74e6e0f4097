package nav

import (
	"time"

	"github.com/hearthkey/hearthkey/agent/keyseq"
	"github.com/hearthkey/hearthkey/protocol"
	"github.com/hearthkey/hearthkey/protocol/parental"
)

// nextAfter is how long the next episode can be stopped before it plays.
const nextAfter = 10 * time.Second

// upNext is an episode that plays by itself when its time has run down.
type upNext struct {
	title protocol.TitleID
	ends  time.Duration // 0: it waits for the person
}

// nextShown returns the episode after this one, where it may be shown.
func (m *Model) nextShown(id protocol.TitleID) (parental.Title, bool) {
	t, ok := m.nextOf(id)
	if ok {
		ok, _ = m.shows(&t)
	}
	return t, ok
}

// playedOut ends a title that has come to its end. After an episode comes the
// next one, where it may.
func (s *stepper) playedOut() {
	id, byItself := s.player.title, s.player.path == parental.Autoplay
	s.stop()
	next, ok := s.nextOf(id)
	if !ok {
		return
	}
	if shown, _ := s.shows(&next); !shown {
		s.say(msgNextRefused, "name", s.watching.name)
		return
	}
	s.toNext(&next)
	if byItself && s.forKids() {
		s.upNext.ends = 0
	}
}

func (s *stepper) toNext(t *parental.Title) {
	s.place = atNext
	s.upNext = upNext{title: protocol.TitleID(t.ID), ends: s.now + nextAfter}
}

// nextOn plays the next episode when its time has come. It is decided only then.
func (s *stepper) nextOn() {
	if s.place == atNext && s.upNext.ends > 0 && s.now >= s.upNext.ends {
		s.playNext(parental.Autoplay)
	}
}

func (s *stepper) playNext(path parental.Path) {
	w := wish{title: s.upNext.title, path: path}
	if path == parental.Next {
		w.at = s.resumeAt(w.title)
	}
	s.place, s.upNext = atTitle, upNext{}
	s.play(w)
}

func (m *Model) nextItems() []Item {
	return []Item{{ID: "play", Label: text(msgPlayNow)}, {ID: "stop", Label: text(msgBack)}}
}

func (s *stepper) nextKey(k keyseq.Key) {
	switch {
	case k == keyseq.Back, k == keyseq.OK && s.focus == "stop":
		s.place, s.upNext = atTitle, upNext{}
	case k == keyseq.OK, k == keyseq.PlayPause:
		s.playNext(parental.Next)
	default:
		s.moveFocus(k, both)
	}
}

func (m *Model) viewNext(v *View) {
	t, _ := m.findTitle(m.upNext.title)
	v.Title, v.Poster = text(msgNextEpisode), t.ID
	c := &Card{Title: m.seriesName(&t), Detail: m.episodeName(&t), Badge: rating(&t)}
	if m.upNext.ends > 0 {
		c.Left, c.Of = seconds(max(m.upNext.ends-m.now, 0)), seconds(nextAfter)
	} else {
		v.Title = text(msgOneMore)
	}
	if c.Title == "" {
		c.Title, c.Detail = clean(t.Name, maxLabel), ""
	}
	_, d := m.decide(parental.Autoplay, m.upNext.title)
	c.Locked = d.Verdict == parental.NeedsPIN
	v.Card = c
}
