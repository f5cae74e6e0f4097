package nav

import (
	"strings"
	"unicode"

	"github.com/hearthkey/hearthkey/agent/keyseq"
	"github.com/hearthkey/hearthkey/protocol/words"
)

// layout is which characters the on-screen keyboard offers.
type layout int

const (
	lower layout = iota
	upper
	symbols
	accents
	upperAccents
	arabicLetters
)

// The rows of characters. Digits stand above the letters, so that most
// passwords need no other layout.
var (
	lowerRows  = []string{"1234567890", "qwertyuiop", "asdfghjkl-", "zxcvbnm._@"}
	upperRows  = []string{"1234567890", "QWERTYUIOP", "ASDFGHJKL-", "ZXCVBNM._@"}
	symbolRows = []string{"!@#$%^&*()", "-_=+[]{}\\|", ";:'\",.<>/?", "`~£€§°¡¿«»"}
	accentRows = []string{"àáâãäåæçèé", "êëìíîïñòóô", "õöøœùúûüýÿ", "ßšžčćřłńśź"}
	arabicRows = []string{"ضصثقفغعهخح", "شسيبلاتنمك", "جدذرزوةىطظ", "ئءؤأإآ-'.،"} // as on keyboards, from left to right
	layouts    = [...][]string{
		lower: lowerRows, upper: upperRows, symbols: symbolRows, accents: accentRows, upperAccents: inCapitals(accentRows), arabicLetters: arabicRows,
	}
	digitRows = []string{"123", "456", "789"}
)

// keyPrefix begins the id of every key that types; the rest is what it types.
const keyPrefix = "key-"

// Widths of keys, in half keys. Every row of letters is 20 wide.
const (
	oneKey   = 2
	quarter  = 5
	function = 3
	half     = 10
)

// domains are what most addresses end in.
var domains = []string{"@gmail.com", "@outlook.com", "@icloud.com", "@yahoo.com"}

// keys returns the keyboard of the field that is typed into.
func (m Model) keys() [][]Item {
	t := m.typing
	switch {
	case t.at.ofProfile():
		return m.draftKeys()
	case t.at == atQuery:
		return m.searchKeys()
	case t.at == atCode && t.channel.Digits():
		return append(characters(digitRows), []Item{
			{ID: "delete", Label: text(msgKeyDelete), Wide: oneKey}, typeKey("0", "0", oneKey), {ID: "next", Label: text(msgKeyEnter), Wide: oneKey},
		})
	case t.at == atCode:
		return append(characters(lowerRows), []Item{
			{ID: "delete", Label: text(msgKeyDelete), Wide: quarter}, {ID: "clear", Label: text(msgKeyClear), Wide: quarter},
			{ID: "show", Label: m.showLabel(), Wide: quarter}, {ID: "next", Label: text(msgKeySignIn), Wide: quarter},
		})
	}
	rows := characters(layouts[t.layout])
	if t.at == atPassword {
		rows = append(rows, []Item{{ID: "space", Label: text(msgKeySpace), Wide: half}, {ID: "show", Label: m.showLabel(), Wide: half}})
		return append(rows, m.shift(m.accentKey(), Item{ID: "next", Label: text(msgKeySignIn), Wide: quarter})...)
	}
	var shortcuts []Item
	for _, d := range domains {
		shortcuts = append(shortcuts, typeKey(d, d, quarter))
	}
	return append(append(rows, shortcuts), m.shift(
		typeKey(".com", ".com", function), Item{ID: "next", Label: text(msgKeyNext), Wide: quarter})...)
}

// shift is the last row: other characters, corrections, and what ends the field.
func (m Model) shift(end ...Item) [][]Item {
	letters, signs := text(msgKeyUpper), text(msgKeySymbols)
	switch m.typing.layout {
	case upper:
		letters = text(msgKeyLower)
	case symbols:
		signs = text(msgKeyLower)
	case accents:
		letters = text(msgKeyUpperAccents)
	case upperAccents:
		letters = text(msgKeyAccents)
	case arabicLetters:
		letters = text(msgKeyLower)
	}
	return [][]Item{append([]Item{
		{ID: "letters", Label: letters, Wide: function}, {ID: "symbols", Label: signs, Wide: function},
		{ID: "delete", Label: text(msgKeyDelete), Wide: function}, {ID: "clear", Label: text(msgKeyClear), Wide: function},
	}, end...)}
}

// accentKey leads to other letters and back: those with accents, and before them the
// Arabic ones where the TV speaks that.
func (m Model) accentKey() Item {
	names := map[layout]string{lower: text(msgKeyLower), accents: text(msgKeyAccents), arabicLetters: arabicKey}
	return Item{ID: "accents", Label: names[m.otherLetters()], Wide: function}
}

// arabicKey is what the key to Arabic letters says, in every language.
const arabicKey = "أبج"

// otherLetters are those that the key to other letters leads to.
func (m Model) otherLetters() layout {
	arabic := m.language().Direction() == words.RightToLeft
	switch m.typing.layout {
	case arabicLetters:
		if m.typing.at == atQuery { // to which accents make no difference
			return lower
		}
		return accents
	case accents, upperAccents:
		return lower
	}
	if arabic {
		return arabicLetters
	}
	return accents
}

// nameLayout is what a name begins with: a capital, or Arabic letters.
func (m *Model) nameLayout() layout {
	if m.language().Direction() == words.RightToLeft {
		return arabicLetters
	}
	return upper
}

// sideKey leads from the keyboard to what stands beside it: at its left, or at its
// right where the language is written from there.
func (m *Model) sideKey() keyseq.Key {
	if m.language().Direction() == words.RightToLeft {
		return keyseq.Right
	}
	return keyseq.Left
}

// atSide reports whether a key is the one of its row that is next to that.
func (m *Model) atSide(row []Item, col int) bool {
	if m.sideKey() == keyseq.Right {
		return col == len(row)-1
	}
	return col == 0
}

// inCapitals are the rows in capitals; letters that have none stay.
func inCapitals(rows []string) []string {
	out := make([]string, len(rows))
	for i, row := range rows {
		out[i] = strings.ToUpper(row)
	}
	return out
}

func (m Model) showLabel() string {
	if m.typing.shown {
		return text(msgKeyHide)
	}
	return text(msgKeyShow)
}

// characters makes a key of each character.
func characters(rows []string) [][]Item {
	out := make([][]Item, 0, len(rows)+2)
	for _, row := range rows {
		var keys []Item
		for _, r := range row {
			keys = append(keys, typeKey(string(r), string(r), oneKey))
		}
		out = append(out, keys)
	}
	return out
}

func typeKey(types, label string, wide int) Item {
	return Item{ID: keyPrefix + types, Label: label, Wide: wide}
}

// findKey returns the row of the key with this id, and its place in it.
func findKey(rows [][]Item, id string) (row, col int) {
	for i := range rows {
		if j := indexOf(rows[i], id); j >= 0 {
			return i, j
		}
	}
	return -1, -1
}

// middle is where the middle of a key is, in quarter keys from the left.
func middle(row []Item, col int) int {
	at := 0
	for _, it := range row[:col] {
		at += 2 * it.Wide
	}
	return at + row[col].Wide
}

// nearest returns the key of the row that is above or below the place.
func nearest(row []Item, place int) string {
	best, id := 1<<30, ""
	for i := range row {
		d := middle(row, i) - place
		if d = max(d, -d) - row[i].Wide; d < best {
			best, id = d, row[i].ID
		}
	}
	return id
}

// moveKey moves the focus over the keyboard and the choices beside it. Up and
// Down keep to the column where the last Left or Right ended.
func (s *stepper) moveKey(k keyseq.Key, repeat bool) {
	rows, items := s.keys(), s.items()
	row, col := findKey(rows, s.focus)
	t := &s.typing
	switch {
	case row < 0 && k == mirror(s.sideKey()):
		s.focus = t.keyAt
		if r, _ := findKey(rows, t.keyAt); r < 0 {
			s.focus = rows[0][0].ID
		}
		return
	case row < 0:
		s.focus = move(items, s.focus, k, vertical)
		return
	case k == keyseq.Up && row > 0:
		s.focus = nearest(rows[row-1], t.column(rows[row], col))
	case k == keyseq.Down && row < len(rows)-1:
		s.focus = nearest(rows[row+1], t.column(rows[row], col))
	case k == s.sideKey() && s.atSide(rows[row], col) && len(items) > 0:
		s.focus = first(items)
		return
	case k == keyseq.Left || k == keyseq.Right:
		s.focus = beside(rows[row], col, k, !repeat && len(items) == 0)
		_, col = findKey(rows, s.focus)
		t.place = middle(rows[row], col)
	}
	t.keyAt = s.focus
}

// column is where Up and Down look: where the last Left or Right ended, as long
// as that is over the focused key.
func (t *typing) column(row []Item, col int) int {
	at := middle(row, col)
	if d := at - t.place; max(d, -d) > row[col].Wide {
		t.place = at
	}
	return t.place
}

// beside returns the key beside another one. At the end of a row it goes round
// where round says so.
func beside(row []Item, col int, k keyseq.Key, round bool) string {
	n := col + 1
	if k == keyseq.Left {
		n = col - 1
	}
	switch {
	case n >= 0 && n < len(row):
		return row[n].ID
	case round:
		return row[(n+len(row))%len(row)].ID
	}
	return row[col].ID
}

// pressKey does what the focused key does.
func (s *stepper) pressKey() {
	t := &s.typing
	if types, ok := strings.CutPrefix(s.focus, keyPrefix); ok {
		s.write(types)
		s.lowerAfterCapital()
		return
	}
	switch s.focus {
	case "letters":
		t.layout = [...]layout{lower: upper, upper: lower, symbols: upper, accents: upperAccents, upperAccents: accents, arabicLetters: lower}[t.layout]
	case "symbols":
		t.layout = [...]layout{symbols: lower, lower: symbols, upper: symbols, accents: symbols, upperAccents: symbols, arabicLetters: symbols}[t.layout]
	case "accents":
		to := s.otherLetters()
		if to == accents && t.layout == upper {
			to = upperAccents
		}
		t.layout = to
	case "space":
		s.write(" ")
	case "delete":
		s.erase()
	case "clear":
		s.setField("")
	case "show":
		t.shown = !t.shown
	case "next":
		s.submit()
	}
}

// spokenKey is what a screen reader calls a key.
func spokenKey(label string) string {
	if r := []rune(label); len(r) == 1 && unicode.IsUpper(r[0]) {
		return text(msgSayCapital, "letter", label)
	}
	return label
}
