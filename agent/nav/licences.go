package nav

import (
	"strings"

	"github.com/hearthkey/hearthkey/agent/keyseq"
)

// Licence is the licence of software that is on this TV.
type Licence struct {
	Name string // of the module, with its version
	Kind string // "BSD-3-Clause"
	Text string // the whole of it, in lines
}

// Bounds of licences.
const (
	maxLicences    = 200
	maxLicence     = 64 << 10 // bytes of one
	licenceLines   = 17       // of a page on the screen
	licenceColumns = 74       // characters of a line; longer ones are wrapped
)

// licencePrefix begins the id of every licence; the rest is its number.
const licencePrefix = "licence-"

func licenceID(n int) string { return licencePrefix + itoa(n) }

// takeLicences takes over what was read.
func (s *stepper) takeLicences(list []Licence) {
	if s.inSettings() && s.settings.section == allLicences {
		s.settings.licences = list[:min(len(list), maxLicences)]
	}
}

func (m Model) licenceItems() []Item {
	items := make([]Item, 0, len(m.settings.licences)+1)
	left := pageBudget
	for i, l := range m.settings.licences {
		it := Item{ID: licenceID(i), Label: clean(l.Name, maxLabel), Detail: clean(l.Kind, maxLabel)}
		if left -= cost(it.Label) + cost(it.Detail) + 64; left < 0 {
			break
		}
		items = append(items, it)
	}
	return append(items, Item{ID: "back", Label: text(msgBack)})
}

func (s *stepper) openLicence(id string) {
	if i := indexOf(s.items(), id); i >= 0 && strings.HasPrefix(id, licencePrefix) {
		s.settings.section, s.settings.licence, s.settings.page = oneLicence, i, 0
	}
}

// turnLicence turns the pages of the open licence, and reports whether k is a
// key that does.
func (s *stepper) turnLicence(k keyseq.Key) bool {
	page := &s.settings.page
	switch k {
	case keyseq.Up, keyseq.Left:
		*page = max(*page-1, 0)
	case keyseq.Down, keyseq.Right:
		*page = min(*page+1, len(s.licencePages())-1)
	default:
		return false
	}
	return true
}

// licencePages is the open licence as it fits on the screen.
func (m Model) licencePages() [][]string {
	l := m.settings.licences[m.settings.licence]
	lines := foldLines(l.Text[:min(len(l.Text), maxLicence)], licenceColumns)
	pages := make([][]string, 0, len(lines)/licenceLines+1)
	for len(lines) > 0 {
		n := min(licenceLines, len(lines))
		if page := trimBlank(lines[:n]); len(page) > 0 {
			pages = append(pages, page)
		}
		lines = lines[n:]
	}
	if len(pages) == 0 {
		return [][]string{nil}
	}
	return pages
}

// foldLines cuts text into lines of at most n characters, at spaces where there
// are some.
func foldLines(text string, n int) []string {
	var out []string
	for _, line := range strings.Split(text, "\n") {
		line = clean(line, maxText)
		rest := strings.TrimRight(line, " ")
		for r := []rune(rest); len(r) > n; r = []rune(rest) {
			at := strings.LastIndexByte(string(r[:n]), ' ')
			if at <= 0 {
				at = len(string(r[:n]))
			}
			out, rest = append(out, rest[:at]), strings.TrimLeft(rest[at:], " ")
		}
		out = append(out, rest)
	}
	return out
}

// trimBlank drops empty lines at both ends.
func trimBlank(lines []string) []string {
	for len(lines) > 0 && strings.TrimSpace(lines[0]) == "" {
		lines = lines[1:]
	}
	for len(lines) > 0 && strings.TrimSpace(lines[len(lines)-1]) == "" {
		lines = lines[:len(lines)-1]
	}
	return lines
}

func (m Model) viewLicence(v *View) {
	l, pages := m.settings.licences[m.settings.licence], m.licencePages()
	at := min(m.settings.page, len(pages)-1)
	v.Title = clean(l.Name, maxLabel)
	v.Page = &Page{Lines: pages[at], At: at + 1, Of: len(pages), Label: text(msgPage, "n", itoa(at+1), "of", itoa(len(pages)))}
}
