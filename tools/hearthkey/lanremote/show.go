package lanremote

import (
	"io"
	"os"
	"strings"
	"unicode"

	"golang.org/x/term"

	"github.com/hearthkey/hearthkey/protocol/tvremote"
)

// eraseLine erases to the end of the line (ECMA-48 § 8.3.41).
const eraseLine = "\x1b[K"

// show draws the one line.
func (d *desk) show() {
	io.WriteString(d.out, "\r"+cut(d.text(), width(d.out)-1)+eraseLine)
}

// text is what the line says.
func (d *desk) text() string {
	if d.typing {
		line := string(d.line)
		if d.state.Keyboard == tvremote.KeyboardPassword {
			line = strings.Repeat("•", len(d.line))
		}
		return "Type, Enter sends: " + line
	}
	text := plain(d.tv.Name) + " · " + Describe(d.state)
	if d.notice != "" {
		text += " · " + d.notice
	}
	return text + " — ? helps, q quits"
}

// Describe says in a few words what a TV shows.
func Describe(st tvremote.State) string {
	text := st.Screen
	if text == "" {
		text = "…"
	}
	if st.Title != "" {
		text += ": " + plain(st.Title)
	}
	if st.Role == tvremote.Guest {
		text += " (guest)"
	}
	return text
}

// plain leaves out what could move a terminal's cursor.
func plain(s string) string {
	return strings.Map(func(r rune) rune {
		if unicode.IsControl(r) || !unicode.IsPrint(r) && r != ' ' {
			return -1
		}
		return r
	}, s)
}

// cut shortens a line to n characters.
func cut(s string, n int) string {
	runes := []rune(s)
	if len(runes) <= n {
		return s
	}
	return string(runes[:max(0, n-1)]) + "…"
}

// width is that of the terminal behind out, 80 where it is none.
func width(out io.Writer) int {
	if file, ok := out.(*os.File); ok {
		if wide, _, err := term.GetSize(int(file.Fd())); err == nil && wide > 0 {
			return wide
		}
	}
	return 80
}
