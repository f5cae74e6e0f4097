package tvterm

import (
	"fmt"
	"strings"

	"github.com/hearthkey/hearthkey/agent/nav"
)

// The least size that anything is drawn at.
const (
	leastWidth  = 40
	leastHeight = 12
)

const help = "arrows · Enter OK · Backspace back · 0-9 · h home · m menu · q quits"

const searchHelp = "arrows · Enter OK · Backspace back · h home · m menu · other letters search · q quits"

const typingHelp = "arrows · Enter OK · Backspace deletes · letters type · Ctrl-C quits"

// Draw returns what a terminal of width × height shows of a view: height lines
// with ANSI styles, joined by newlines. The focus is shown by "▸" and reverse
// video.
func Draw(v nav.View, width, height int) string { return paint(v, width, height).ansi() }

// paint draws a view.
func paint(v nav.View, width, height int) *canvas {
	c := newCanvas(max(width, 1), max(height, 1))
	if width < leastWidth || height < leastHeight {
		c.put(0, 0, width, "Make this window larger, please.", plain)
		return c
	}
	title := "Hearthkey"
	if v.Who != nil && v.Who.Label != "" && v.Screen != nav.ScreenPIN {
		title += " · " + v.Who.Label
	}
	c.box(0, 0, width, height-1, title, quiet)
	keys := help
	if v.Keyboard != nil {
		keys = typingHelp
	} else if v.Types {
		keys = searchHelp
	}
	c.put(1, height-1, width-2, keys, quiet)
	p := pane{c, 2, 1, width - 4, height - 3}
	if v.Banner != nil {
		p = p.banner(v.Banner)
	}
	under(p, v, topFocus(v, "screen"))
	overlay(pane{c, 0, 0, width, height - 1}, v)
	return c
}

// overlay draws the layers above the screen.
func overlay(p pane, v nav.View) {
	if len(v.Menu) > 0 {
		wide := min(34, p.wide-4)
		p.c.box(p.x, p.y, wide, p.high, "Menu", amber)
		inside := pane{p.c, p.x + 2, p.y + 2, wide - 4, p.high - 3}
		inside.list(v.Menu, topFocus(v, "menu"))
	}
	if v.Dialog != nil {
		dialog(p, v)
	}
	if v.Toast != "" {
		text := " " + v.Toast + " "
		wide := min(columns(clean(text)), p.wide-4)
		p.c.put(p.x+(p.wide-wide)/2, p.y+p.high-2, wide, text, inked)
	}
}

// topFocus returns the focus of a layer: only the topmost has one.
func topFocus(v nav.View, layer string) string {
	top := "screen"
	if len(v.Menu) > 0 {
		top = "menu"
	}
	if v.Dialog != nil {
		top = "dialog"
	}
	if top != layer {
		return ""
	}
	return v.Focus
}

// dialog draws the question in the middle.
func dialog(p pane, v nav.View) {
	wide := min(60, p.wide-4)
	var text []string
	for _, paragraph := range v.Dialog.Text {
		text = append(text, wrap(paragraph, wide-4)...)
	}
	high := min(len(text)+len(v.Dialog.Items)+4, p.high)
	x, y := p.x+(p.wide-wide)/2, p.y+(p.high-high)/2
	p.c.box(x, y, wide, high, v.Dialog.Title, amber)
	inside := pane{p.c, x + 2, y + 1, wide - 4, high - 2}
	for _, line := range text {
		inside = inside.line(line, quiet)
	}
	inside.skip(1).list(v.Dialog.Items, topFocus(v, "dialog"))
}

// pane is the part of the canvas that is still free: what is drawn takes lines
// from its top.
type pane struct {
	c                *canvas
	x, y, wide, high int
}

// skip leaves lines empty.
func (p pane) skip(lines int) pane {
	lines = min(lines, p.high)
	p.y, p.high = p.y+lines, p.high-lines
	return p
}

// line puts one line.
func (p pane) line(text string, s style) pane {
	if p.high > 0 {
		p.c.put(p.x, p.y, p.wide, text, s)
	}
	return p.skip(1)
}

// centre puts one line in the middle.
func (p pane) centre(text string, s style) pane {
	if left := p.wide - columns(clean(text)); left > 0 && p.high > 0 {
		p.c.put(p.x+left/2, p.y, p.wide, text, s)
		return p.skip(1)
	}
	return p.line(text, s)
}

// paragraph puts text on as many lines as it takes.
func (p pane) paragraph(text string, s style) pane {
	for _, line := range wrap(text, p.wide) {
		p = p.line(line, s)
	}
	return p
}

// heading puts a title and its paragraphs, and a line of space.
func (p pane) heading(title string, text []string) pane {
	if title != "" {
		p = p.paragraph(title, strong)
	}
	for _, paragraph := range text {
		p = p.paragraph(paragraph, quiet)
	}
	return p.skip(1)
}

// banner puts the strip.
func (p pane) banner(b *nav.Banner) pane {
	s, sign := amber, "! "
	if b.Kind == "info" {
		s, sign = quiet, "i "
	}
	text := sign + b.Text
	if b.Key != "" {
		text += " [" + b.Key + "] " + b.Does
	}
	return p.paragraph(text, s).skip(1)
}

// list puts items one under another. Where they do not all fit, it shows those
// around the focus and says how many are above and below.
func (p pane) list(items []nav.Item, focus string) pane {
	first, count := window(len(items), indexOf(items, focus), p.high)
	if first > 0 {
		p = p.line(fmt.Sprintf("  ↑ %d more", first), quiet)
	}
	for _, item := range items[first : first+count] {
		p.item(item, item.ID == focus)
		p = p.skip(1)
	}
	if below := len(items) - first - count; below > 0 {
		p = p.line(fmt.Sprintf("  ↓ %d more", below), quiet)
	}
	return p
}

// window returns which of n items are shown in high lines, item at among them.
// Where they do not all fit, two lines are kept for what is left out.
func window(n, at, high int) (first, count int) {
	if n <= high {
		return 0, n
	}
	count = max(high-2, 1)
	return min(max(at-count/2, 0), n-count), count
}

// item puts one item on one line: name, state, and detail at its end.
func (p pane) item(item nav.Item, on bool) {
	s, sign := plain, "  "
	switch {
	case on:
		s, sign = focused, "▸ "
	case item.Danger, item.Badge == "!":
		s = warning
	case item.Info:
		s = quiet
	}
	if p.high < 1 {
		return
	}
	if on {
		p.c.put(p.x, p.y, p.wide, strings.Repeat(" ", p.wide), s)
	}
	detail := cut(clean(item.Detail), p.wide/2)
	room := p.wide - columns(detail) - 1
	p.c.put(p.x, p.y, room, sign+name(item), s)
	p.c.put(p.x+p.wide-columns(detail)-1, p.y, p.wide, detail, s)
}

// name is an item's label with what stands beside it.
func name(item nav.Item) string {
	text := item.Label
	switch {
	case item.Switch && item.Chosen:
		text = "[on]  " + text
	case item.Switch:
		text = "[off] " + text
	case item.Choice && item.Chosen:
		text = "(•) " + text
	case item.Choice:
		text = "( ) " + text
	}
	if item.Badge != "" {
		text = "[" + item.Badge + "] " + text
	}
	if item.Locked {
		text += " (locked)"
	}
	return text
}

func indexOf(items []nav.Item, id string) int {
	for i, item := range items {
		if item.ID == id && id != "" {
			return i
		}
	}
	return -1
}
