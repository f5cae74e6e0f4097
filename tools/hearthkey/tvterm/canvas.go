package tvterm

import (
	"strings"
	"unicode"

	"golang.org/x/text/width"
)

// style is how a cell looks.
type style uint8

const (
	plain style = iota
	quiet
	strong
	amber
	warning // a destructive choice, or something wrong
	focused
	inked // dark on white, as a QR code must be
)

// codes are the styles' SGR parameters (ECMA-48 § 8.3.117).
var codes = [...]string{
	plain: "0", quiet: "0;2", strong: "0;1", amber: "0;1;38;5;215", warning: "0;38;5;209", focused: "0;1;7", inked: "0;30;107",
}

// cell is one place of the screen. A wide character fills two: the second has
// no text.
type cell struct {
	text  string
	style style
}

// canvas is a grid of cells that text is put on. What does not fit is left out.
type canvas struct {
	wide, high int
	cells      []cell
}

func newCanvas(wide, high int) *canvas {
	c := &canvas{wide: wide, high: high, cells: make([]cell, wide*high)}
	for i := range c.cells {
		c.cells[i].text = " "
	}
	return c
}

// put writes text at (x, y), at most room columns of it, and returns the
// column after it. Text that does not fit ends in "…".
func (c *canvas) put(x, y, room int, text string, s style) int {
	room = min(room, c.wide-x)
	if y < 0 || y >= c.high || x < 0 || room <= 0 {
		return x
	}
	text = clean(text)
	if columns(text) > room {
		text = cut(text, room-1) + "…"
	}
	for _, r := range text {
		switch n := columnsOf(r); n {
		case 0: // joins the character before it
			if x > 0 {
				c.cells[y*c.wide+x-1].text += string(r)
			}
		default:
			c.cells[y*c.wide+x] = cell{string(r), s}
			if n == 2 {
				c.cells[y*c.wide+x+1] = cell{"", s}
			}
			x += n
		}
	}
	return x
}

// clear empties a rectangle.
func (c *canvas) clear(x, y, wide, high int) {
	blank := strings.Repeat(" ", max(wide, 0))
	for row := range max(high, 0) {
		c.put(x, y+row, wide, blank, plain)
	}
}

// box draws a frame with a title in its upper edge, empty inside.
func (c *canvas) box(x, y, wide, high int, title string, s style) {
	c.clear(x, y, wide, high)
	line := strings.Repeat("─", max(wide-2, 0))
	c.put(x, y, wide, "╭"+line+"╮", s)
	for row := 1; row < high-1; row++ {
		c.put(x, y+row, 1, "│", s)
		c.put(x+wide-1, y+row, 1, "│", s)
	}
	c.put(x, y+high-1, wide, "╰"+line+"╯", s)
	if title != "" {
		c.put(x+2, y, wide-4, " "+title+" ", s)
	}
}

// ansi returns the lines with their styles.
func (c *canvas) ansi() string {
	var b strings.Builder
	for y := range c.high {
		if y > 0 {
			b.WriteByte('\n')
		}
		last := plain
		for _, cell := range c.cells[y*c.wide : (y+1)*c.wide] {
			if cell.style != last {
				b.WriteString("\x1b[" + codes[cell.style] + "m")
				last = cell.style
			}
			b.WriteString(cell.text)
		}
		if last != plain {
			b.WriteString("\x1b[0m")
		}
	}
	return b.String()
}

// clean drops what would act on the terminal rather than show: control
// characters, and the invisible ones that turn text around. A profile's name
// is what somebody typed on a web page.
func clean(text string) string {
	return strings.Map(func(r rune) rune {
		switch {
		case r == '\n' || r == '\t':
			return ' '
		case unicode.IsControl(r), unicode.Is(unicode.Cf, r), r == unicode.ReplacementChar, unicode.Is(unicode.Zl, r), unicode.Is(unicode.Zp, r):
			return -1
		}
		return r
	}, text)
}

// columnsOf returns how many columns a terminal gives a character (Unicode
// Standard Annex #11).
func columnsOf(r rune) int {
	if r < 0x300 {
		return 1
	}
	if unicode.In(r, unicode.Mn, unicode.Me) || r == 0xFE0F {
		return 0
	}
	switch width.LookupRune(r).Kind() {
	case width.EastAsianWide, width.EastAsianFullwidth:
		return 2
	}
	return 1
}

// columns returns how many columns text takes.
func columns(text string) int {
	n := 0
	for _, r := range text {
		n += columnsOf(r)
	}
	return n
}

// cut returns the beginning of text that takes at most room columns.
func cut(text string, room int) string {
	n := 0
	for i, r := range text {
		if n += columnsOf(r); n > room {
			return text[:i]
		}
	}
	return text
}

// wrap breaks text into lines of at most room columns, between words where
// there are some.
func wrap(text string, room int) []string {
	if room < 1 {
		return nil
	}
	var lines []string
	line := ""
	for _, word := range strings.Fields(clean(text)) {
		for columns(word) > room {
			if line != "" {
				lines, line = append(lines, line), ""
			}
			head := cut(word, room)
			if head == "" {
				return lines // not one wide character fits
			}
			lines, word = append(lines, head), word[len(head):]
		}
		switch {
		case line == "":
			line = word
		case columns(line)+1+columns(word) <= room:
			line += " " + word
		default:
			lines, line = append(lines, line), word
		}
	}
	if line != "" {
		lines = append(lines, line)
	}
	return lines
}
