package nav

import (
	"strings"
	"time"

	"github.com/hearthkey/hearthkey/agent/keyseq"
	"github.com/hearthkey/hearthkey/protocol"
	"github.com/hearthkey/hearthkey/protocol/parental"
)

// findTitle looks the title up in the newest catalogue.
func (m Model) findTitle(id protocol.TitleID) (parental.Title, bool) {
	if t, ok := m.titles.byID[id]; ok {
		return *t, true
	}
	return parental.Title{}, false
}

// decide is the one play decision, for the open title and the profile in use.
func (m Model) decide() (t parental.Title, found, allowed bool) {
	t, found = m.findTitle(m.title)
	p, known := m.profile()
	return t, found, found && known && may(p, t)
}

// may is the one play decision for a profile whose PIN was proved.
func may(p protocol.Profile, t parental.Title) bool {
	rules := protocol.Snapshot{}.Rules(p)
	q := parental.Question{Path: parental.Open, Access: true, Unlocked: true, Profile: &rules, Title: &t}
	return parental.Decide(q).Verdict == parental.Allow
}

func (s *stepper) titleKey(p Press) {
	switch p.Key {
	case keyseq.Up, keyseq.Down:
		s.moveFocus(p.Key, vertical)
	case keyseq.Back:
		s.place, s.title = atHome, ""
	case keyseq.PlayPause:
		s.play()
	case keyseq.OK:
		if s.focused() == "play" {
			s.play()
		} else {
			s.place, s.title = atHome, ""
		}
	default:
		s.opensMenu(p)
	}
}

func (m Model) titleItems() []Item {
	return []Item{
		{ID: "play", Label: text(msgPlay)},
		{ID: "back", Label: text(msgBack)},
	}
}

func (m Model) viewTitle(v *View) {
	t, _, _ := m.decide()
	v.Title, v.Poster, v.Badge = clean(t.Name, maxLabel), string(m.title), rating(t)
	if line := facts(t); line != "" {
		v.Text = append(v.Text, line)
	}
	if t.Text != "" {
		v.Text = append(v.Text, clean(t.Text, maxText))
	}
}

// facts is the line under a title's name: 2024 · 1 h 52 min · Drama.
func facts(t parental.Title) string {
	var facts []string
	if t.Year > 0 {
		facts = append(facts, itoa(t.Year))
	}
	switch {
	case t.Minutes >= 60:
		facts = append(facts, text(msgHours, "h", itoa(t.Minutes/60), "m", itoa(t.Minutes%60)))
	case t.Minutes > 0:
		facts = append(facts, text(msgMinutes, "m", itoa(t.Minutes)))
	}
	if t.Genre != "" {
		facts = append(facts, clean(t.Genre, maxLabel))
	}
	return strings.Join(facts, " · ")
}

// rating is the age rating a person reads.
func rating(t parental.Title) string {
	age := parental.UnratedAge
	if t.Age != nil {
		age = *t.Age
	}
	if age <= 0 {
		return text(msgForAll)
	}
	return text(msgFromAge, "age", itoa(age))
}

// player is the stand-in player: a title that only counts its seconds.
type player struct {
	from     time.Duration // position in the title at since
	since    time.Duration // running time
	paused   bool
	length   time.Duration
	assumed  bool          // the title has no length: this one stands in
	reported time.Duration // running time of the last report
}

// reportEvery is how often the position is reported while a title plays.
const reportEvery = time.Minute

// seek is how far an arrow moves in the title.
const seek = 10 * time.Second

// unknownLength stands in for the length of a title that has none.
const unknownLength = time.Hour

// maxLength is the longest title: longer than any, and within the wire's bound
// on positions.
const maxLength = 24 * time.Hour

func (p player) position(now time.Duration) time.Duration {
	at := p.from
	if !p.paused {
		at += now - p.since
	}
	return min(max(at, 0), p.length)
}

func (m Model) playback() Playback {
	if m.place != atPlayer {
		return Playback{}
	}
	at := m.player.position(m.now)
	p := Playback{Profile: m.watching.id, Title: m.title, Position: int64(at / time.Second)}
	if !m.player.assumed {
		p.Length = int64(m.player.length / time.Second)
	}
	return p
}

// play starts the open title, if the profile may.
func (s *stepper) play() {
	t, found, allowed := s.decide()
	if !allowed {
		s.refuse(t, found)
		return
	}
	length := min(time.Duration(max(t.Minutes, 0)), maxLength/time.Minute) * time.Minute
	assumed := length == 0
	if assumed {
		length = unknownLength
	}
	s.place, s.player = atPlayer, player{since: s.now, reported: s.now, length: length, assumed: assumed}
	s.emit(StartTitle{s.playback()})
}

// stop ends what plays, and stays with its title.
func (s *stepper) stop() {
	if s.place != atPlayer {
		return
	}
	s.emit(StopTitle{s.playback()})
	s.place, s.player = atTitle, player{}
}

// refuse closes the title and says why.
func (s *stepper) refuse(t parental.Title, found bool) {
	s.stop()
	p, _ := s.profile()
	if found {
		s.say(msgStoppedLevel, "title", clean(t.Name, maxLabel), "name", p.Name)
	} else if s.title != "" {
		s.say(msgStoppedGone, "title", s.named)
	}
	s.place, s.title = atHome, ""
}

func (s *stepper) playerKey(k keyseq.Key) {
	switch k {
	case keyseq.OK, keyseq.PlayPause:
		s.player.from, s.player.since = s.player.position(s.now), s.now
		s.player.paused = !s.player.paused
		if s.player.reported = s.now; s.player.paused {
			s.report()
		}
	case keyseq.Left, keyseq.Right:
		by := seek
		if k == keyseq.Left {
			by = -seek
		}
		at := s.player.position(s.now) + by
		s.player.from, s.player.since = min(max(at, 0), s.player.length), s.now
		s.playOn()
	case keyseq.Back:
		s.stop()
	}
}

func (s *stepper) report() {
	s.player.reported = s.now
	s.emit(ProgressTitle{s.playback()})
}

// playOn is what time does to a title: it ends, or a report is due.
func (s *stepper) playOn() {
	switch {
	case s.place != atPlayer || s.player.paused:
	case s.player.position(s.now) >= s.player.length:
		s.stop()
	case s.now-s.player.reported >= reportEvery:
		s.report()
	}
}

func (m Model) viewPlayer(v *View) {
	t, _, _ := m.decide()
	v.Player = &Player{
		Title: clean(t.Name, maxLabel), Poster: string(m.title), Paused: m.player.paused,
		Position: m.playback().Position, Length: int64(m.player.length / time.Second),
	}
}
