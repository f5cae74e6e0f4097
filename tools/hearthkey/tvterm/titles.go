package tvterm

import (
	"fmt"
	"math"
	"strings"

	"github.com/hearthkey/hearthkey/agent/nav"
)

// title draws a film, or a series with its episodes below.
func title(p pane, v nav.View, focus string) {
	if v.Badge != "" {
		v.Title = "[" + v.Badge + "] " + v.Title
	}
	if v.Locked {
		v.Title += " (locked)"
	}
	if v.Progress > 0 {
		v.Text = append(v.Text[:len(v.Text):len(v.Text)], strings.TrimPrefix(watched(v.Progress), " · "))
	}
	if len(v.Rows) == 0 {
		message(p, v, focus)
		return
	}
	p = p.heading(v.Title, v.Text)
	p.high = max(p.high, 0)
	list := p
	list.high = min(len(v.Items), max(p.high-6, 1))
	list.list(v.Items, focus)
	p.skip(list.high+1).strips(v.Rows, rowOf(v.Rows, focus), focus)
}

// watched says how much of a title was.
func watched(part float64) string {
	if !(part > 0) {
		return ""
	}
	return fmt.Sprintf(" · %d %% watched", int(math.Round(100*min(part, 1))))
}

// next draws the episode that plays by itself.
func next(p pane, v nav.View, focus string) {
	it := v.Card
	if it == nil {
		it = &nav.Card{}
	}
	p = p.skip(p.high / 4)
	p.x, p.wide = p.x+4, p.wide-8
	name := name(nav.Item{Label: it.Title, Badge: it.Badge, Locked: it.Locked})
	p = p.line(v.Title, amber).heading(name, append([]string{it.Detail}, v.Text...))
	if it.Of > 0 {
		p = p.line("in "+clock(it.Left), strong).skip(1)
	}
	p.list(v.Items, focus)
}

// search draws the field, what might be meant beside its keys, and what was
// found.
func search(p pane, v nav.View, focus string) {
	it := v.Keyboard
	if it == nil {
		it = &nav.Keyboard{}
	}
	p = p.line(v.Title, strong).field(it)
	const keysWide = 44
	side, keys := p, p
	side.high = min(len(v.Items), len(it.Keys), p.high)
	if room := p.wide - keysWide - 2; room >= 12 {
		side.wide, keys.x, keys.wide = room, p.x+room+2, keysWide
		side.list(v.Items, focus)
		p = p.skip(len(it.Keys) + 1)
	} else {
		side.list(v.Items, focus)
		keys = keys.skip(side.high)
		p = p.skip(side.high + len(it.Keys))
	}
	keys.keyboard(it, focus)
	if it.Message != "" {
		p = p.line(it.Message, quiet)
	}
	if len(v.Rows) == 0 {
		for _, text := range v.Text {
			p = p.paragraph(text, quiet)
		}
		return
	}
	p.strips(v.Rows, rowOf(v.Rows, focus), focus)
}

// drawing is the width of a picture's name in the grid.
const drawing = 12

// drawings names the pictures in the rows that the page draws.
func drawings(p pane, v nav.View, focus string) {
	p = p.skip(p.high/4).centre(v.Title, strong).skip(1)
	grid := max(v.Grid, 1)
	for first := 0; first < len(v.Items); first += grid {
		row := v.Items[first:min(first+grid, len(v.Items))]
		x := p.x + max(p.wide-len(row)*drawing, 0)/2
		for _, item := range row {
			s, sign := plain, " "
			switch {
			case item.ID == focus && focus != "":
				s, sign = focused, "▸"
			case item.Chosen:
				sign = "✓"
			}
			if p.high > 0 {
				p.c.put(x, p.y, drawing-1, cutTo(sign+item.Label, drawing-1), s)
			}
			x += drawing
		}
		p = p.skip(2)
	}
}
