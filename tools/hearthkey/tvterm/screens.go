package tvterm

import (
	"fmt"
	"strings"

	"github.com/hearthkey/hearthkey/agent/nav"
)

// under draws what is under all layers.
func under(p pane, v nav.View, focus string) {
	switch v.Screen {
	case nav.ScreenCode:
		code(p, v, focus)
	case nav.ScreenPairing:
		if v.Code == nil {
			message(p, v, focus)
			return
		}
		code(p, v, focus)
	case nav.ScreenEmail, nav.ScreenPassword, nav.ScreenAccessCode, nav.ScreenProfileName, nav.ScreenProfilePassword:
		fieldAndKeys(p, v, focus)
	case nav.ScreenSearch:
		search(p, v, focus)
	case nav.ScreenProfileAvatar:
		drawings(p, v, focus)
	case nav.ScreenProfileLocks, nav.ScreenForgotPIN, nav.ScreenAccount:
		linked(p, v, focus)
	case nav.ScreenNext:
		next(p, v, focus)
	case nav.ScreenGate:
		gate(p, v, focus)
	case nav.ScreenPIN, nav.ScreenProfilePIN:
		pin(p, v, focus)
	case nav.ScreenHome:
		home(p, v, focus)
	case nav.ScreenPlayer:
		player(p, v, focus)
	case nav.ScreenLicence:
		page(p, v, focus)
	case nav.ScreenSettings, nav.ScreenNetwork, nav.ScreenProfileLevel, nav.ScreenProfileEdit, nav.ScreenThisTV, nav.ScreenLook,
		nav.ScreenAbout, nav.ScreenLicences, nav.ScreenServices, nav.ScreenLanguage,
		nav.ScreenRemotes, nav.ScreenRemote, nav.ScreenPairRole:
		p.heading(v.Title, v.Text).list(v.Items, focus)
	case nav.ScreenTitle:
		title(p, v, focus)
	default:
		message(p, v, focus)
	}
}

// said are the words that stand beside a view; empty ones where it has none.
func said(v nav.View) *nav.Words {
	if v.Words == nil {
		return &nav.Words{}
	}
	return v.Words
}

// message draws a screen that says one thing.
func message(p pane, v nav.View, focus string) {
	p = p.skip(p.high / 4)
	p.x, p.wide = p.x+4, p.wide-8
	p.heading(v.Title, v.Text).list(v.Items, focus)
}

// page draws a part of a long text.
func page(p pane, v nav.View, focus string) {
	it := v.Page
	if it == nil {
		it = &nav.Page{}
	}
	p.list(v.Items, focus)
	p.c.put(p.x+p.wide-columns(it.Label), p.y, columns(it.Label), it.Label, quiet)
	p = p.skip(len(v.Items)).line(v.Title, strong).skip(1)
	for _, line := range it.Lines {
		p = p.line(line, plain)
	}
}

// code draws signing in, with the QR code at the right where it fits.
func code(p pane, v nav.View, focus string) {
	it := v.Code
	if it == nil {
		it = &nav.Code{}
	}
	p = p.beside(it.QR)
	p = p.skip(1).heading(v.Title, v.Text)
	p = p.paragraph(it.URI, amber).skip(1)
	if it.Text != "" {
		p = p.line("  "+strings.Join(strings.Split(it.Text, ""), " "), strong)
		p = p.paragraph("  "+strings.ReplaceAll(said(v).Life, "{time}", clock(it.Expires)), quiet).skip(1)
	}
	if it.Problem != "" {
		p = p.paragraph(it.Problem, warning).skip(1)
	}
	p.list(v.Items, focus)
}

// beside draws a QR code at the right, where it fits, and returns what is left.
func (p pane) beside(qr []string) pane {
	if rows := halfBlocks(qr, p.high); len(rows) > 0 && columns(rows[0])+30 <= p.wide {
		wide := columns(rows[0])
		for y, row := range rows {
			p.c.put(p.x+p.wide-wide, p.y+(p.high-len(rows))/2+y, wide, row, inked)
		}
		p.wide -= wide + 2
	}
	return p
}

// linked draws an address to go on at.
func linked(p pane, v nav.View, focus string) {
	it := v.Link
	if it == nil {
		it = &nav.Link{}
	}
	p = p.beside(it.QR).skip(2).heading(v.Title, v.Text)
	p.paragraph(it.URI, amber).skip(1).list(v.Items, focus)
}

// fieldAndKeys draws a field, its keyboard, and the choices beside it below.
func fieldAndKeys(p pane, v nav.View, focus string) {
	it := v.Keyboard
	if it == nil {
		it = &nav.Keyboard{}
	}
	p = p.heading(v.Title, v.Text).field(it)
	switch {
	case it.Checking:
		p = p.line("  "+said(v).Moment, quiet)
	case it.Wait > 0:
		p = p.line("  "+it.Message+" "+clock(it.Wait), warning)
	default:
		p = p.line("  "+it.Message, warning)
	}
	p.keyboard(it, focus).skip(1).list(v.Items, focus)
}

// field puts what is typed.
func (p pane) field(it *nav.Keyboard) pane {
	text := it.Text
	if it.Hidden {
		text = strings.Repeat("•", it.Length)
	}
	text = tail(clean(text), p.wide-6)
	if it.Size > it.Length {
		text += strings.Repeat("_", it.Size-it.Length)
	} else {
		text += "▏"
	}
	return p.line("  "+text, amber)
}

// keyboard puts the rows of keys.
func (p pane) keyboard(it *nav.Keyboard, focus string) pane {
	for _, row := range it.Keys {
		p.keys(row, focus)
		p = p.skip(1)
	}
	return p
}

// keys draws one row of a keyboard, as wide as it fits.
func (p pane) keys(row []nav.Item, focus string) {
	halves, x := 0, p.x+2
	for _, key := range row {
		halves += key.Wide
	}
	half := min(max((p.wide-2)/max(halves, 1), 2), 4)
	for _, key := range row {
		s, label := plain, key.Label
		switch {
		case key.ID == focus && focus != "":
			s, label = focused, "▸"+label
		case !strings.HasPrefix(key.ID, "key-"):
			s, label = quiet, " "+label
		default:
			label = " " + label
		}
		wide := max(key.Wide*half, 4)
		p.c.put(x, p.y, wide-1, cutTo(label, wide-1), s)
		x += wide
	}
}

// tail is the end of text that takes at most room columns.
func tail(text string, room int) string {
	if columns(text) <= room {
		return text
	}
	all := []rune(text)
	for columns(string(all)) >= room {
		all = all[1:]
	}
	return "…" + string(all)
}

// person is the width of a profile on the gate.
const person = 15

// gate draws the profiles side by side, as the arrows move.
func gate(p pane, v nav.View, focus string) {
	p = p.skip(p.high/4).centre(v.Title, strong)
	for _, text := range v.Text {
		p = p.centre(text, quiet)
	}
	p = p.skip(1)
	fit := max(p.wide/person, 1)
	first := min(max(indexOf(v.Items, focus)-fit+1, 0), max(len(v.Items)-fit, 0))
	shown := v.Items[first:min(first+fit, len(v.Items))]
	x := p.x + (p.wide-len(shown)*person)/2
	for _, item := range shown {
		p.profile(x, item, item.ID == focus)
		x += person
	}
	if left := len(v.Items) - len(shown); left > 0 {
		p.skip(5).centre(fmt.Sprintf("← %d more →", left), quiet)
	}
}

// profile draws one profile of the gate.
func (p pane) profile(x int, item nav.Item, on bool) {
	s, sign := quiet, ""
	if on {
		s, sign = focused, "▸ "
	}
	if p.high < 4 {
		return
	}
	p.c.box(x, p.y, person-1, 4, "", s)
	under := item.Detail
	if item.Add {
		under = "+"
	}
	if item.Locked {
		under = strings.TrimSpace("(locked) " + under)
	}
	inside := pane{p.c, x + 1, p.y + 1, person - 3, 2}
	if on {
		inside.c.put(inside.x, inside.y, inside.wide, strings.Repeat(" ", inside.wide), s)
		inside.c.put(inside.x, inside.y+1, inside.wide, strings.Repeat(" ", inside.wide), s)
	}
	inside.centre(sign+item.Label, s).centre(under, s)
}

// pin draws the entry of a PIN. It depends on how many digits are entered,
// never on which.
func pin(p pane, v nav.View, focus string) {
	it := v.PIN
	if it == nil {
		it = &nav.PIN{Length: 4}
	}
	p = p.skip(1)
	p = p.heading(v.Title, v.Text)
	entered := min(max(it.Entered, 0), max(it.Length, 0))
	dots := strings.Repeat("● ", entered) + strings.Repeat("○ ", max(it.Length, 0)-entered)
	p = p.centre(strings.TrimSpace(dots), amber).skip(1)
	lines := []string{"↑ 1 2 3", "", "4 5 6 ←   0-9   → 7 8 9", "", "↓ ⌫ 0"}
	if indexOf(v.Items, "forgot") >= 0 {
		lines[4] += " ?"
	}
	switch {
	case it.Wait > 0:
		lines = []string{"", clock(it.Wait) + " " + said(v).NextTry}
	case it.Checking:
		lines = nil
	case it.Group:
		lines = []string{"", "← " + said(v).First + "    OK " + said(v).Second + "    → " + said(v).Third}
	}
	for _, line := range lines {
		p = p.centre(line, plain)
	}
	p = p.skip(1)
	if it.Message != "" {
		p = p.centre(it.Message, warning).skip(1)
	}
	p.list(v.Items, focus)
}

// home draws the rows, the one with the focus first, as the page does.
func home(p pane, v nav.View, focus string) {
	if len(v.Rows) == 0 {
		message(p, v, focus)
		return
	}
	at := rowOf(v.Rows, focus)
	p.detail(v.Rows[at], focus).strips(v.Rows, at, focus)
}

// strips draws rows of titles, the one at among them.
func (p pane) strips(rows []nav.Row, at int, focus string) {
	const lines = 3 // of a row
	fit := max(p.high/lines, 1)
	first := min(max(at-fit/2, 0), max(len(rows)-fit, 0))
	for _, row := range rows[first:min(first+fit, len(rows))] {
		p = p.line(row.Label, strong)
		p.posters(row.Items, focus)
		p = p.skip(lines - 1)
	}
	if below := len(rows) - first - fit; below > 0 {
		p.line(fmt.Sprintf("↓ %d more", below), quiet)
	}
}

// rowOf returns the row that has the focus, 0 where none has.
func rowOf(rows []nav.Row, focus string) int {
	for i, row := range rows {
		if indexOf(row.Items, focus) >= 0 {
			return i
		}
	}
	return 0
}

// detail puts the focused title's facts.
func (p pane) detail(row nav.Row, focus string) pane {
	if i := indexOf(row.Items, focus); i >= 0 {
		item := row.Items[i]
		p.line(item.Label, amber)
		p.skip(1).line(strings.TrimSpace(name(nav.Item{Badge: item.Badge, Locked: item.Locked})+" "+item.Detail+watched(item.Progress)), quiet)
	}
	return p.skip(3)
}

// poster is the width of a title in a row.
const poster = 18

// posters puts the titles of a row beside each other, the focused one in view.
func (p pane) posters(items []nav.Item, focus string) {
	fit := max((p.wide-2)/poster, 1)
	first := min(max(indexOf(items, focus)-fit+1, 0), max(len(items)-fit, 0))
	x := p.x + 1
	if first > 0 {
		p.c.put(p.x, p.y, 1, "‹", quiet)
	}
	for _, item := range items[first:min(first+fit, len(items))] {
		s, text := plain, " "+item.Label
		if item.ID == focus && focus != "" {
			s, text = focused, "▸"+item.Label
		}
		if item.Locked {
			text += " *"
		}
		text = cutTo(text, poster-2)
		p.c.put(x, p.y, poster-1, text, s)
		x += poster
	}
	if first+fit < len(items) {
		p.c.put(p.x+p.wide-1, p.y, 1, "›", quiet)
	}
}

// cutTo makes text exactly room columns wide.
func cutTo(text string, room int) string {
	text = clean(text)
	if columns(text) > room {
		text = cut(text, room-1) + "…"
	}
	return text + strings.Repeat(" ", max(room-columns(text), 0))
}

// player draws the stand-in player.
func player(p pane, v nav.View, focus string) {
	it := v.Player
	if it == nil {
		message(p, v, focus)
		return
	}
	sign := "▶ "
	if it.Paused {
		sign = "‖ "
	}
	p = p.skip(max(p.high-8, 0)/2).paragraph(sign+it.Title, strong).paragraph(it.Detail, quiet).skip(1)
	done := 0
	if it.Length > 0 {
		done = int(min(max(it.Position, 0), it.Length) * int64(p.wide) / it.Length)
	}
	p.c.put(p.x, p.y, p.wide, strings.Repeat("━", done), amber)
	p.c.put(p.x+done, p.y, p.wide-done, strings.Repeat("─", p.wide-done), quiet)
	p = p.skip(1)
	left := "−" + clock(it.Length-it.Position)
	p.c.put(p.x+p.wide-columns(left), p.y, p.wide, left, quiet)
	p = p.line(clock(it.Position), quiet).skip(1)
	if it.Next != "" {
		p = p.line("↓ "+it.Next, quiet).skip(1)
	}
	p.list(v.Items, focus)
}

// halfBlocks draws a QR code, two rows to a line of text, with as much of its
// quiet zone (4 modules, ISO/IEC 18004 § 6.3.8) as fits in high lines; nil if
// not even 1 does, or it is none.
func halfBlocks(qr []string, high int) []string {
	n := len(qr)
	for _, row := range qr {
		if len(row) != n {
			return nil
		}
	}
	margin := min(4, (2*high-n)/2)
	if n == 0 || margin < 1 {
		return nil
	}
	dark := func(x, y int) bool { return x >= 0 && x < n && y >= 0 && y < n && qr[y][x] == '1' }
	var lines []string
	for y := -margin; y < n+margin; y += 2 {
		var b strings.Builder
		for x := -margin; x < n+margin; x++ {
			switch up, down := dark(x, y), dark(x, y+1); {
			case up && down:
				b.WriteRune('█')
			case up:
				b.WriteRune('▀')
			case down:
				b.WriteRune('▄')
			default:
				b.WriteRune(' ')
			}
		}
		lines = append(lines, b.String())
	}
	return lines
}

// clock writes seconds as 0:05, 14:59 or 1:02:03.
func clock(seconds int64) string {
	s := max(seconds, 0)
	if s < 3600 {
		return fmt.Sprintf("%d:%02d", s/60, s%60)
	}
	return fmt.Sprintf("%d:%02d:%02d", s/3600, s/60%60, s%60)
}
