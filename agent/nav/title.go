package nav

import (
	"slices"

	"github.com/hearthkey/hearthkey/agent/keyseq"
	"github.com/hearthkey/hearthkey/protocol"
	"github.com/hearthkey/hearthkey/protocol/parental"
)

// page is what the title screen has beside its title: where it came from and, of
// a series, its episodes.
type page struct {
	from   place            // where Back leads: atHome or atSearch
	under  protocol.TitleID // the series whose page lies under its episode's; empty: none
	named  string           // the title's name, for the sentence when it is gone
	grid                    // the episodes, a row for each season
	inRows bool             // the focus is in the rows rather than on a button
	built  origin           // what the rows were made of
	of     protocol.TitleID // and of which series
	missed int              // episodes that found no room
}

// openTitle opens the title's page.
func (s *stepper) openTitle(id protocol.TitleID, from place) {
	t, _ := s.findTitle(id)
	s.place, s.title, s.notice = atTitle, id, ""
	s.page = page{from: from, named: clean(t.Name, maxLabel)}
	s.focusOn = ""
}

// openEpisode opens an episode's page above that of its series.
func (s *stepper) openEpisode(id protocol.TitleID) {
	series := s.page
	under := s.title
	s.openTitle(id, series.from)
	s.page.under = under
	s.page.grid, s.page.built, s.page.of, s.page.missed = series.grid, series.built, series.of, series.missed // for the way back
}

// closeTitle goes back to what lies under the page.
func (s *stepper) closeTitle() {
	if under := s.page.under; under != "" {
		series := s.page
		s.openTitle(under, series.from)
		s.page.grid, s.page.built, s.page.of, s.page.missed = series.grid, series.built, series.of, series.missed
		s.page.inRows = len(s.page.rows) > 0
		return
	}
	from := s.page.from
	if s.place, s.title, s.page = atHome, "", (page{}); from == atSearch {
		s.openSearch()
	}
}

// fillPage makes the rows of a series' episodes anew where something that they
// show has changed.
func (s *stepper) fillPage() {
	t, ok := s.findTitle(s.title)
	if !ok || t.Kind != parental.Series {
		s.page.inRows = false
		return
	}
	p, now := &s.page, s.origin()
	if p.built == now && p.of == s.title {
		return
	}
	if p.of != s.title {
		p.grid = grid{}
	}
	p.built, p.of = now, s.title
	var rows []Row
	rows, p.missed = s.seasonRows()
	p.grid = p.refill(rows)
	if p.inRows = p.inRows && len(p.rows) > 0; !p.inRows {
		if now, ok := s.upNow(s.title); ok {
			p.seek(now.ID)
		}
	}
}

// seasonRows are the open series' episodes by season. Where there are too many to
// show, they begin with the season that the profile is in; missed is how many are
// left out.
func (m *Model) seasonRows() (rows []Row, missed int) {
	list := m.episodes(m.title)
	rows, shown := m.rowsOf(list)
	now, _ := m.upNow(m.title)
	at := slices.IndexFunc(list, func(t parental.Title) bool { return t.ID == now.ID })
	if at < shown {
		return rows, len(list) - shown
	}
	for at > 0 && list[at-1].Season == now.Season && at > shown {
		at--
	}
	rows, shown = m.rowsOf(list[at:])
	return rows, len(list) - shown
}

// rowsOf makes rows of episodes, a long season takes several, and returns how many
// have found room.
func (m *Model) rowsOf(list []parental.Title) (rows []Row, shown int) {
	left := pageBudget
	for len(list) > 0 && len(rows) < maxRows && left > 0 {
		season := list[0].Season
		b := rowBuilder{model: m, row: Row{Label: m.said(text(msgSeason, "n", itoa(season)))}, prefix: "s" + itoa(len(rows)), left: left, progress: true, inSeries: true}
		if m.hasRow(rows, b.row.Label) {
			b.row.Label = m.said(text(msgSeasonFrom, "n", itoa(season), "from", itoa(list[0].Episode)))
		}
		n := 0
		for n < len(list) && list[n].Season == season && b.add(&list[n]) {
			n++
		}
		left, list = b.left-cost(b.row.Label)-32, list[n:]
		if n == 0 || m.hasRow(rows, b.row.Label) {
			break
		}
		rows = append(rows, b.row)
		shown += n
	}
	return rows, shown
}

func (s *stepper) titleKey(p Press) {
	g := &s.page.grid
	switch {
	case p.Key == keyseq.Back:
		s.closeTitle()
	case s.page.inRows && p.Key == keyseq.Up && g.row == 0:
		s.page.inRows = false
		s.focus = lastOf(s.titleItems())
	case s.page.inRows && p.Key == keyseq.OK:
		if it, ok := g.item(); ok {
			s.openEpisode(protocol.TitleID(it.Poster))
		}
	case s.page.inRows && p.Key == keyseq.PlayPause:
		if it, ok := g.item(); ok {
			s.openEpisode(protocol.TitleID(it.Poster))
			s.playPage()
		}
	case s.page.inRows && g.move(p.Key):
	case s.page.inRows:
		s.opensMenu(p)
	case p.Key == keyseq.Down && s.focus == lastOf(s.titleItems()) && len(g.rows) > 0:
		s.page.inRows = true
	case p.Key == keyseq.Up || p.Key == keyseq.Down:
		s.moveFocus(p.Key, vertical)
	case p.Key == keyseq.PlayPause:
		s.playPage()
	case p.Key == keyseq.OK:
		s.titleChoice(s.focus)
	default:
		s.opensMenu(p)
	}
}

func lastOf(items []Item) string {
	if len(items) == 0 {
		return ""
	}
	return items[len(items)-1].ID
}

func (s *stepper) titleChoice(id string) {
	switch id {
	case "play":
		s.playPage()
	case "start":
		s.play(wish{title: s.title, path: s.pathHere()})
	case "next":
		if next, ok := s.nextOf(s.title); ok {
			s.play(wish{title: protocol.TitleID(next.ID), path: parental.Next, at: s.resumeAt(protocol.TitleID(next.ID))})
		}
	case "myList":
		id := s.listable()
		s.list(id, !s.listed(id))
	default:
		s.closeTitle()
	}
}

// playPage plays the open title where it goes on; of a series, the episode that
// comes now.
func (s *stepper) playPage() {
	if t, ok := s.toPlay(s.title); ok {
		id := protocol.TitleID(t.ID)
		s.play(wish{title: id, path: s.pathHere(), at: s.resumeAt(id)})
	}
}

// toPlay returns what plays when a title is played: of a series, an episode.
func (m *Model) toPlay(id protocol.TitleID) (parental.Title, bool) {
	t, ok := m.findTitle(id)
	if ok && t.Kind == parental.Series {
		return m.upNow(id)
	}
	return t, ok
}

// pathHere is how the page was found.
func (m *Model) pathHere() parental.Path {
	if m.page.from == atSearch {
		return parental.Search
	}
	return parental.Open
}

// listable is what goes on the list from here: of an episode, its series.
func (m *Model) listable() protocol.TitleID {
	if t, ok := m.findTitle(m.title); ok {
		if series, ok := m.findTitle(scopeOf(t)); ok {
			if shown, _ := m.shows(&series); shown {
				return protocol.TitleID(series.ID)
			}
		}
	}
	return m.title
}

func (m *Model) titleItems() []Item {
	t, _ := m.findTitle(m.title)
	items := make([]Item, 0, 5)
	if now, ok := m.toPlay(m.title); ok {
		items = append(items, m.playItem(&t, &now))
		if t.Kind != parental.Series && m.resumeAt(m.title) > 0 {
			items = append(items, Item{ID: "start", Label: text(msgFromStart)})
		}
	}
	if next, ok := m.nextOf(m.title); ok {
		if shown, needsPIN := m.shows(&next); shown {
			items = append(items, Item{ID: "next", Label: text(msgNextEpisode), Detail: m.episodeName(&next), Locked: needsPIN})
		}
	}
	if m.library != nil {
		label := msgListAdd
		if m.listed(m.listable()) {
			label = msgListRemove
		}
		items = append(items, Item{ID: "myList", Label: text(label)})
	}
	return append(items, Item{ID: "back", Label: text(msgBack)})
}

// playItem is the button that plays: "Play", "Resume", "Resume S1 E3".
func (m *Model) playItem(open, now *parental.Title) Item {
	it := Item{ID: "play", Label: text(msgPlay)}
	at := m.resumeAt(protocol.TitleID(now.ID))
	if _, it.Locked = m.shows(now); at > 0 {
		it.Label = text(msgResume)
		if left := now.Minutes - int(at.Minutes()); now.Minutes > 0 && left > 0 {
			it.Detail = text(msgMinutesLeft, "m", itoa(left))
		}
	}
	if open.Kind == parental.Series {
		label := msgPlayEpisode
		if at > 0 {
			label = msgResumeEpisode
		}
		it.Label, it.Detail = text(label, "episode", episodeNumber(now)), clean(now.Name, maxLabel)
	}
	return it
}

func (m *Model) viewTitle(v *View) {
	t, _ := m.findTitle(m.title)
	v.Title, v.Poster, v.Badge = clean(t.Name, maxLabel), t.ID, rating(&t)
	_, v.Locked = m.shows(&t)
	if t.Kind != parental.Series {
		v.Progress = m.progress(&t)
	}
	line := facts(&t)
	switch {
	case t.Kind == parental.Episode:
		line = joined(m.seriesName(&t), episodeNumber(&t), line)
	case t.Kind == parental.Series:
		v.Rows = m.page.rows
		if len(v.Rows) == 0 {
			line = joined(line, text(msgNoEpisodes))
		}
	}
	if line != "" {
		v.Text = append(v.Text, line)
	}
	if t.Kind == parental.Series && m.page.missed > 0 {
		v.Text = append(v.Text, text(msgNotListed, "n", itoa(m.page.missed)))
	}
	if t.Text != "" {
		v.Text = append(v.Text, clean(t.Text, maxText))
	}
}
