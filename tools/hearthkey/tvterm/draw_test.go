package tvterm

import (
	"flag"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/hearthkey/hearthkey/agent/nav"
	"github.com/hearthkey/hearthkey/agent/screen/screentest"
	"github.com/hearthkey/hearthkey/protocol/words"
)

var update = flag.Bool("update", false, "write the files that the pictures are compared with")

// text returns the canvas without styles.
func (c *canvas) text() string {
	var b strings.Builder
	for y := range c.high {
		var line strings.Builder
		for _, cell := range c.cells[y*c.wide : (y+1)*c.wide] {
			line.WriteString(cell.text)
		}
		b.WriteString(strings.TrimRight(line.String(), " ") + "\n")
	}
	return b.String()
}

func TestEveryScreen(t *testing.T) {
	for _, named := range screentest.Views() {
		if named.View.Contrast {
			continue // a terminal has its own colours
		}
		got := paint(named.View, 80, 24).text()
		file := filepath.Join("testdata", named.Name+".txt")
		if *update {
			if err := os.WriteFile(file, []byte(got), 0o644); err != nil {
				t.Fatal(err)
			}
		}
		want, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		if diff := cmp.Diff(string(want), got); diff != "" {
			t.Errorf("%s (-want +got):\n%s", named.Name, diff)
		}
	}
}

// TestEverySize draws everything at many sizes: nothing panics, every picture
// has its size, and the focus is on it.
func TestEverySize(t *testing.T) {
	for _, named := range screentest.Views() {
		if named.View.Lang == words.Spanish {
			continue // as long as German
		}
		for _, wide := range []int{0, 1, 39, 40, 61, 80, 132, 300} {
			for _, high := range []int{0, 1, 11, 12, 17, 24, 60} {
				c := paint(named.View, wide, high)
				lines := strings.Split(Draw(named.View, wide, high), "\n")
				if len(lines) != max(high, 1) || len(c.cells) != max(wide, 1)*max(high, 1) {
					t.Errorf("%s at %d×%d: %d lines", named.Name, wide, high, len(lines))
				}
				shown := strings.Contains(c.text(), "▸")
				if wide >= 61 && high >= 17 && named.View.Focus != "" && !shown {
					t.Errorf("%s at %d×%d: the focus is not on it", named.Name, wide, high)
				}
			}
		}
	}
}

func TestLongListScrolls(t *testing.T) {
	v := nav.View{Screen: nav.ScreenSettings, Title: "Settings"}
	for i := range 200 {
		v.Items = append(v.Items, nav.Item{ID: string(rune('A' + i)), Label: "Setting"})
	}
	for _, item := range v.Items {
		v.Focus = item.ID
		if !strings.Contains(paint(v, 80, 24).text(), "▸ Setting") {
			t.Errorf("focus on %q is not shown", item.ID)
		}
	}
}

func TestStyles(t *testing.T) {
	v := nav.View{Screen: nav.ScreenWelcome, Focus: "b", Items: []nav.Item{{ID: "a", Label: "First"}, {ID: "b", Label: "Second"}, {ID: "c", Label: "Third", Danger: true}}}
	got := Draw(v, 80, 24)
	for _, want := range []string{"\x1b[0;1;7m▸ Second", "\x1b[0;38;5;209m  Third"} {
		if !strings.Contains(got, want) {
			t.Errorf("Draw has no %q", want)
		}
	}
	if strings.Contains(got, "\x1b[0;1;7m▸ First") {
		t.Error("what has no focus is drawn with it")
	}
}

// TestNamesCannotDriveTheTerminal draws a name that somebody typed to do more
// than be read.
func TestNamesCannotDriveTheTerminal(t *testing.T) {
	evil := "A\x1b[2J\x1b]0;pwned\x07\u202eB\u200b\r\nC\x9b31m"
	who := nav.Item{ID: "a", Label: evil, Detail: evil, Badge: evil, Avatar: evil}
	v := nav.View{Screen: nav.ScreenGate, Title: evil, Text: []string{evil}, Items: []nav.Item{who}, Focus: "a", Who: &who,
		Toast: evil, Banner: &nav.Banner{Kind: evil, Text: evil}, Rows: []nav.Row{{Label: evil, Items: []nav.Item{who}}},
		Code: &nav.Code{Text: evil, URI: evil, Problem: evil}, PIN: &nav.PIN{Message: evil, Length: 4, Entered: 1 << 30},
		Player: &nav.Player{Title: evil, Position: -5, Length: 1}, Menu: []nav.Item{who}}
	for _, s := range []nav.Screen{nav.ScreenGate, nav.ScreenHome, nav.ScreenCode, nav.ScreenPIN, nav.ScreenPlayer, nav.ScreenSettings, "unheard of"} {
		v.Screen = s
		got := paint(v, 80, 24).text()
		for _, r := range []string{"\x1b", "\x07", "\u202e", "\u200b", "\r", "\x9b"} {
			if strings.Contains(got, r) {
				t.Errorf("%s: the picture has %q", s, r)
			}
		}
	}
}

func TestPINShowsNoDigit(t *testing.T) {
	for _, named := range screentest.Views() {
		if named.Name == "pin-group" {
			if got := paint(named.View, 80, 24).text(); strings.ContainsAny(strings.ReplaceAll(got, help, ""), "123456789") {
				t.Errorf("after a group is chosen the picture has digits:\n%s", got)
			}
		}
	}
}

// TestQRCanBeRead puts the half blocks back into modules.
func TestQRCanBeRead(t *testing.T) {
	qr := screentest.Code().QR
	for _, high := range []int{len(qr), len(qr)/2 + 3, len(qr)/2 + 2} {
		lines := halfBlocks(qr, high)
		if len(lines) == 0 || len(lines) > high {
			t.Fatalf("%d lines for a height of %d", len(lines), high)
		}
		margin := (len([]rune(lines[0])) - len(qr)) / 2
		for y, row := range qr {
			for x := range row {
				r := []rune(lines[(y+margin)/2])[x+margin]
				dark := r == '█' || r == '▀' && (y+margin)%2 == 0 || r == '▄' && (y+margin)%2 == 1
				if dark != (row[x] == '1') {
					t.Fatalf("module %d,%d is wrong at a height of %d", x, y, high)
				}
			}
		}
	}
	for name, bad := range map[string][]string{"none": nil, "not square": {"11", "1"}} {
		if got := halfBlocks(bad, 40); got != nil {
			t.Errorf("%s: %q", name, got)
		}
	}
	if got := halfBlocks(qr, len(qr)/2+1); got != nil {
		t.Error("a code without any quiet zone is drawn")
	}
}

func TestWrap(t *testing.T) {
	for _, test := range []struct {
		text string
		room int
		want []string
	}{
		{"one two three", 7, []string{"one two", "three"}},
		{"unbreakable", 4, []string{"unbr", "eaka", "ble"}},
		{"日本語 の", 4, []string{"日本", "語", "の"}},
		{"e\u0301te\u0301", 3, []string{"e\u0301te\u0301"}},
		{"  spaces\n kept out ", 20, []string{"spaces kept out"}},
		{"日", 1, nil}, {"", 5, nil}, {"a", 0, nil},
	} {
		if diff := cmp.Diff(test.want, wrap(test.text, test.room)); diff != "" {
			t.Errorf("wrap(%q, %d) (-want +got):\n%s", test.text, test.room, diff)
		}
	}
}

func FuzzDraw(f *testing.F) {
	f.Add("Alma", "gate", 80, 24)
	f.Add("日本\x1b[31m", "home", 61, 13)
	f.Fuzz(func(t *testing.T, text, kind string, wide, high int) {
		if wide < 0 || high < 0 || wide > 500 || high > 200 {
			return
		}
		item := nav.Item{ID: text, Label: text, Detail: text, Locked: true}
		v := nav.View{Screen: nav.Screen(kind), Title: text, Text: []string{text}, Focus: text, Items: []nav.Item{item, item},
			Rows: []nav.Row{{Label: text, Items: []nav.Item{item}}}, Code: &nav.Code{Text: text, QR: []string{text}}, Toast: text}
		for _, line := range strings.Split(paint(v, wide, high).text(), "\n") {
			if n := columns(line); n > max(wide, 1) {
				t.Errorf("a line has %d columns of %d: %q", n, wide, line)
			}
		}
	})
}
