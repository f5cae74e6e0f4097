package nav

import (
	"time"

	"github.com/hearthkey/hearthkey/agent/keyseq"
	"github.com/hearthkey/hearthkey/protocol"
	"github.com/hearthkey/hearthkey/protocol/parental"
)

// player is the stand-in player: a title that only counts its seconds.
type player struct {
	title    protocol.TitleID
	path     parental.Path // how it was asked for
	named    string        // for the sentence when it is gone
	from     time.Duration // position in the title at since
	since    time.Duration // running time
	paused   bool
	length   time.Duration
	assumed  bool          // the title has no length: this one stands in
	reported time.Duration // running time of the last report
	said     string        // what a screen reader says of the last key
}

// wish is a title that somebody wants to play, and how. It waits for PINs.
type wish struct {
	title protocol.TitleID
	path  parental.Path
	at    time.Duration // where in the title to begin
	ends  time.Duration // when it lapses at the gate; 0 elsewhere
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

func (m *Model) playback() Playback {
	if m.place != atPlayer {
		return Playback{}
	}
	at := m.player.position(m.now)
	p := Playback{Profile: m.watching.id, Title: m.player.title, Position: int64(at / time.Second)}
	if !m.player.assumed {
		p.Length = int64(m.player.length / time.Second)
	}
	return p
}

// play plays what was wished for, asks for the PIN that it needs, or says why it
// does not play. There is no other way into the player.
func (s *stepper) play(w wish) {
	t, d := s.decide(w.path, w.title)
	switch {
	case t.Kind == parental.Series:
		s.say(msgNotFor, "name", s.watching.name)
	case d.Verdict == parental.Allow:
		s.start(&t, w)
	case d.Verdict == parental.NeedsPIN && d.PIN == parental.ParentalPIN:
		s.askParental(w)
	default:
		s.refuse(w.title, d)
	}
}

// start begins to play. The page under the player is that of the title, or stays
// that of its series.
func (s *stepper) start(t *parental.Title, w wish) {
	s.stop()
	if w.title != s.title && scopeOf(*t) != s.title {
		s.turnPage(t)
	}
	length := min(time.Duration(max(t.Minutes, 0)), maxLength/time.Minute) * time.Minute
	assumed := length == 0
	if assumed {
		length = unknownLength
	}
	at := w.at
	if at >= length {
		at = 0
	}
	s.place, s.upNext = atPlayer, upNext{}
	s.player = player{
		title: w.title, path: w.path, named: clean(t.Name, maxLabel), from: at, since: s.now, reported: s.now, length: length, assumed: assumed,
	}
	s.emit(StartTitle{s.playback()})
}

// turnPage makes the open page that of t: from one episode to the next, the
// series stays under it.
func (s *stepper) turnPage(t *parental.Title) {
	under := s.page.under
	if under != "" && under == scopeOf(*t) {
		s.closeTitle()
		s.openEpisode(protocol.TitleID(t.ID))
		return
	}
	s.openTitle(protocol.TitleID(t.ID), s.page.from)
}

// stop ends what plays, and leaves the player for the page.
func (s *stepper) stop() {
	if s.place != atPlayer {
		return
	}
	p := s.playback()
	s.emit(StopTitle{p})
	s.remember(p)
	s.place, s.player = atTitle, player{}
}

// refuse says why a title does not play, or not any more. Its name is said only
// where it was shown before.
func (s *stepper) refuse(id protocol.TitleID, d parental.Decision) {
	named := ""
	switch {
	case s.place == atPlayer && s.player.title == id:
		named = s.player.named
	case s.title == id:
		named = s.page.named
	}
	s.stop()
	switch {
	case d.Reason == parental.NoAccess:
		s.say(msgLaunchConnect)
	case d.Reason == parental.UnknownTitle && named != "":
		s.say(msgStoppedGone, "title", named)
	case named != "":
		s.say(msgStoppedLevel, "title", named, "name", s.watching.name)
	default:
		s.say(msgNotFor, "name", s.watching.name)
	}
	s.place, s.title, s.page = atHome, "", page{}
}

// playerKey handles the player. A key that is held down stops short of the end:
// only another press goes over it.
func (s *stepper) playerKey(press Press) {
	p := &s.player
	switch press.Key {
	case keyseq.OK, keyseq.PlayPause:
		p.from, p.since = p.position(s.now), s.now
		p.paused, p.said = !p.paused, text(msgPlaying)
		if p.reported = s.now; p.paused {
			p.said = text(msgPaused)
			s.report()
		}
	case keyseq.Left, keyseq.Right:
		was, most := p.position(s.now), p.length
		if press.Repeat {
			most = max(was, p.length-seek)
		}
		at := was + seek
		if press.Key == keyseq.Left {
			at = was - seek
		}
		p.from, p.since = min(max(at, 0), most), s.now
		p.said = text(msgSayPosition, "at", inClock(p.from), "of", inClock(p.length))
		s.playOn()
	case keyseq.Down:
		if t, ok := s.nextShown(p.title); ok {
			s.stop()
			s.toNext(&t)
		}
	case keyseq.Back:
		s.stop()
	}
}

// inClock writes a place in a title as 1:02:03.
func inClock(d time.Duration) string {
	two := func(n int) string { return itoa(100 + n%100)[1:] }
	at := int(d / time.Second)
	if hours := at / 3600; hours > 0 {
		return itoa(hours) + ":" + two(at/60%60) + ":" + two(at%60)
	}
	return itoa(at/60) + ":" + two(at%60)
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
		s.playedOut()
	case s.now-s.player.reported >= reportEvery:
		s.report()
	}
}

// checkTitle holds what is open and what plays against what the household has
// decided meanwhile.
func (s *stepper) checkTitle() {
	switch {
	case s.place == atPlayer:
		s.checkPlaying()
	case s.place == atNext:
		if _, d := s.decide(parental.Autoplay, s.upNext.title); d.Verdict == parental.Refuse {
			s.place = atTitle
			s.say(msgNextRefused, "name", s.watching.name)
		}
	}
	if s.place == atTitle {
		if t, d := s.decide(parental.Open, s.title); d.Verdict == parental.Refuse {
			if s.page.under != "" && t.ID != "" {
				s.page.under = ""
			}
			s.refuse(s.title, d)
		}
	}
}

// checkPlaying stops a title that may not play any more. Where it asks for the
// parental PIN from now on, it is asked for.
func (s *stepper) checkPlaying() {
	w := wish{title: s.player.title, path: s.player.path, at: s.player.position(s.now)}
	t, d := s.decide(w.path, w.title)
	switch {
	case t.Kind == parental.Series: // since the newest catalogue
		s.refuse(w.title, parental.Decision{Verdict: parental.Refuse, Reason: parental.UnknownTitle})
	case d.Verdict == parental.Allow:
	case d.Verdict == parental.NeedsPIN:
		s.stop()
		s.say(msgStoppedPIN)
		s.play(w)
	default:
		s.refuse(w.title, d)
	}
}

// settle keeps what was proved and what is open in bounds at the end of every
// step: a proof holds no longer than the player, and a page may be shown.
func (s *stepper) settle() {
	switch {
	case s.place == atPlayer, s.place == atNext, s.asksParental():
	default:
		s.proof = pinProof{}
	}
	if s.place == atTitle {
		if t, ok := s.findTitle(s.title); !ok {
			s.place, s.title, s.page = atHome, "", page{}
		} else if shown, _ := s.shows(&t); !shown {
			s.place, s.title, s.page = atHome, "", page{}
		}
	}
	if !s.inSettings() {
		s.settings = settings{}
	}
	switch s.place {
	case atTitle:
		s.fillPage()
	case atHome:
		s.fillHome()
	}
	s.fillSearch()
}

func (m *Model) viewPlayer(v *View) {
	t, _ := m.findTitle(m.player.title)
	v.Player = &Player{
		Title: clean(t.Name, maxLabel), Poster: string(m.player.title), Paused: m.player.paused,
		Position: m.playback().Position, Length: int64(m.player.length / time.Second),
		Said: m.player.said,
	}
	if series := m.seriesName(&t); series != "" {
		v.Player.Title, v.Player.Detail = series, m.episodeName(&t)
	}
	if next, ok := m.nextShown(m.player.title); ok {
		v.Player.Next = m.episodeName(&next)
	}
}
