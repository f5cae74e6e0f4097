package speech

import (
	"fmt"
	"html"
	"regexp"
	"strings"
	"unicode"

	"github.com/hearthkey/hearthkey/protocol/words"
)

// A page's template is written in English, as whoever reads it will see it. For
// another language its source is translated before it is parsed: a sentence is
// what stands between blocks and control actions, with {words} for the values
// and plain tags for what is inside it:
//
//	<p><b>Erased on {{stamp .Ending .Now "day"}}.</b> Until then <a href="/keep">keep it</a>.</p>
//	“<b>Erased on {ending}.</b> Until then <a>keep it</a>.”
//
// So no text of a template can be outside the catalogues, and none is looked up
// while a page is made.

// Markup returns the source of an HTML template in c's language. Values that
// stand in the text outside <bdi> go through the template's function say.
func Markup(c words.Catalogue, source string) string {
	if c.Language() == words.English {
		return source
	}
	m := markup{say: func(id string) string { return c.Sentence(id) }, comma: comma(c)}
	return m.translate(source)
}

// MarkupTexts returns the sentences of an HTML template.
func MarkupTexts(source string) []string {
	var all []string
	m := markup{say: func(id string) string { all = append(all, id); return id }}
	m.translate(source)
	return all
}

// MarkupPlurals returns the counted sentences of a template: for one, and for
// other numbers.
func MarkupPlurals(source string) [][2]string {
	var all [][2]string
	for _, t := range cut(source) {
		if m := counted.FindStringSubmatch(t.s); m != nil {
			all = append(all, [2]string{m[1], m[2]})
		}
	}
	return all
}

type kind int

const (
	plainText kind = iota
	value          // an action that shows something
	control        // an action that does not
	opening        // a tag
	closing
	lone // a tag without an end, or one that ends a sentence
)

type token struct {
	kind kind
	s    string
	tag  string
}

// inline tags stand within a sentence.
var inline = map[string]bool{"a": true, "b": true, "bdi": true, "code": true, "em": true, "i": true, "kbd": true, "span": true, "strong": true, "time": true}

var (
	tagName  = regexp.MustCompile(`^</?([a-zA-Z][a-zA-Z0-9]*)`)
	controls = regexp.MustCompile(`^\{\{-?\s*(if|else|end|range|with|template|block|define|break|continue|icon|asset|/\*)\b|^\{\{-?\s*\$\w+\s*:=`)
)

// cut makes tokens of a template's source.
func cut(source string) []token {
	var all []token
	for source != "" {
		n := strings.IndexAny(source, "<{")
		switch {
		case n < 0:
			n = len(source)
		case n == 0 && strings.HasPrefix(source, "{{"):
			n = strings.Index(source, "}}") + 2
		case n == 0 && source[0] == '<':
			n = tagEnd(source)
		case n == 0:
			n = 1
		}
		all = append(all, classify(source[:n]))
		source = source[n:]
	}
	return all
}

// tagEnd is where the tag that s begins with ends; actions may be in it.
func tagEnd(s string) int {
	for i := 1; i < len(s); i++ {
		if strings.HasPrefix(s[i:], "{{") {
			i += strings.Index(s[i:], "}}") + 1
		} else if s[i] == '>' {
			return i + 1
		}
	}
	return len(s)
}

func classify(s string) token {
	switch {
	case strings.HasPrefix(s, "{{"):
		if controls.MatchString(s) {
			return token{control, s, ""}
		}
		return token{value, s, ""}
	case s[0] != '<':
		return token{plainText, s, ""}
	}
	name := tagName.FindStringSubmatch(s)
	if name == nil || !inline[name[1]] {
		return token{lone, s, ""}
	}
	if s[1] == '/' {
		return token{closing, s, name[1]}
	}
	return token{opening, s, name[1]}
}

// node is a token, or an element with what is in it.
type node struct {
	token
	in  []node
	end string
}

type markup struct {
	say   func(string) string
	comma string // between values; empty: as in English
}

// comma is what stands between the things of a list in c's language.
func comma(c words.Catalogue) string {
	_, after, _ := strings.Cut(c.Sentence("{first}, {second}"), "{first}")
	between, _, _ := strings.Cut(after, "{second}")
	return strings.TrimSpace(between)
}

func (m markup) translate(source string) string {
	var b strings.Builder
	var run []token
	for _, t := range cut(source) {
		if t.kind != control && t.kind != lone {
			run = append(run, t)
			continue
		}
		b.WriteString(m.run(run))
		run = run[:0]
		b.WriteString(m.attributes(t))
	}
	b.WriteString(m.run(run))
	return b.String()
}

// run translates what stands between two blocks. Tags that are not opened and
// closed in it end a sentence too.
func (m markup) run(tokens []token) string {
	var b strings.Builder
	var nodes []node
	for i := 0; i < len(tokens); i++ {
		t := tokens[i]
		switch t.kind {
		case opening:
			if n, end, ok := element(tokens, i); ok {
				nodes = append(nodes, n)
				i = end
				continue
			}
			fallthrough
		case closing:
			b.WriteString(m.nodes(nodes))
			nodes = nil
			b.WriteString(m.attributes(t))
		default:
			nodes = append(nodes, node{token: t})
		}
	}
	b.WriteString(m.nodes(nodes))
	return b.String()
}

// element reads the element that begins at i, and tells where it ends.
func element(tokens []token, i int) (n node, end int, ok bool) {
	n = node{token: tokens[i]}
	for j := i + 1; j < len(tokens); j++ {
		switch t := tokens[j]; t.kind {
		case closing:
			n.end = t.s
			return n, j, t.tag == n.tag
		case opening:
			in, end, ok := element(tokens, j)
			if !ok {
				return n, 0, false
			}
			n.in = append(n.in, in)
			j = end
		default:
			n.in = append(n.in, node{token: t})
		}
	}
	return n, 0, false
}

func (n node) letters() bool {
	if n.kind == plainText {
		return strings.ContainsFunc(html.UnescapeString(n.s), unicode.IsLetter)
	}
	for _, in := range n.in {
		if in.letters() {
			return true
		}
	}
	return false
}

// nodes translates a sentence, or each of several elements that have no text
// between them.
func (m markup) nodes(list []node) string {
	direct := false
	for _, n := range list {
		direct = direct || n.kind == plainText && n.letters()
	}
	if direct {
		return m.sentence(list)
	}
	var b strings.Builder
	for _, n := range list {
		if n.kind == plainText && m.comma != "" {
			b.WriteString(strings.ReplaceAll(n.s, ",", m.comma))
			continue
		}
		if n.kind != opening {
			b.WriteString(said(n.token))
			continue
		}
		b.WriteString(m.attributes(n.token))
		if n.tag == "bdi" {
			b.WriteString(raw(n.in))
		} else {
			b.WriteString(m.nodes(n.in))
		}
		b.WriteString(n.end)
	}
	return b.String()
}

// sentence translates a run of text, values and elements.
func (m markup) sentence(list []node) string {
	from, to := 0, len(list)
	for from < to && list[from].empty() {
		from++
	}
	for to > from && list[to-1].empty() {
		to--
	}
	u := unit{parts: map[string]string{}, m: m}
	id := u.id(list[from:to])
	lead, body, trail := edges(id)
	var b strings.Builder
	b.WriteString(m.plain(list[:from]))
	b.WriteString(lead + u.fill(m.say(body)) + trail)
	b.WriteString(m.plain(list[to:]))
	return b.String()
}

// plain writes nodes that have no letters.
func (m markup) plain(list []node) string {
	var b strings.Builder
	for _, n := range list {
		b.WriteString(n.s)
		b.WriteString(m.plain(n.in))
		b.WriteString(n.end)
	}
	return b.String()
}

// empty reports whether a node at a sentence's edge is no part of it.
func (n node) empty() bool {
	switch n.kind {
	case plainText:
		return strings.TrimSpace(n.s) == ""
	case opening:
		return !n.letters() && n.first() == ""
	}
	return false
}

// first is the first value in a node.
func (n node) first() string {
	if n.kind == value {
		return n.s
	}
	for _, in := range n.in {
		if s := in.first(); s != "" {
			return s
		}
	}
	return ""
}

// edges cuts off the white space around a sentence, and makes any in it single.
func edges(s string) (lead, body, trail string) {
	body = strings.TrimSpace(s)
	i := strings.Index(s, body)
	return s[:i], strings.Join(strings.Fields(body), " "), s[i+len(body):]
}

// unit is a sentence while it is translated: what its {words} and <tags> stand for.
type unit struct {
	m     markup
	parts map[string]string
}

func (u *unit) id(list []node) string {
	var b strings.Builder
	for _, n := range list {
		switch {
		case n.kind == plainText:
			b.WriteString(html.UnescapeString(n.s))
		case n.kind == value:
			b.WriteString("{" + u.name(n.s, said(n.token)) + "}")
		case !n.letters():
			whole := n.s + raw(n.in) + n.end
			b.WriteString("{" + u.name(n.first(), whole) + "}")
		default:
			tag := n.tag
			for i := 2; u.parts["<"+tag+">"] != ""; i++ {
				tag = fmt.Sprint(n.tag, i)
			}
			u.parts["<"+tag+">"], u.parts["</"+tag+">"] = u.m.attributes(n.token), n.end
			b.WriteString("<" + tag + ">" + u.id(n.in) + "</" + tag + ">")
		}
	}
	return b.String()
}

var field = regexp.MustCompile(`[.$]([A-Za-z]\w*)`)

// name names a value by its field, and remembers what it stands for.
func (u *unit) name(action, whole string) string {
	base := "it"
	all := field.FindAllStringSubmatch(strings.ReplaceAll(action, ".Now", ""), -1)
	for _, f := range all {
		if base = strings.ToLower(f[1][:1]) + f[1][1:]; len(base) > 1 {
			break
		}
	}
	if len(all) > 1 && len(all[0][1]) == 1 { // $d.Name
		base = strings.ToLower(all[1][1][:1]) + all[1][1][1:]
	}
	name := base
	for i := 2; u.parts["{"+name+"}"] != "" && u.parts["{"+name+"}"] != whole; i++ {
		name = fmt.Sprint(base, i)
	}
	u.parts["{"+name+"}"] = whole
	return name
}

var part = regexp.MustCompile(`\{\w+\}|</?[a-z]+\d*>`)

// fill puts back what stands for something.
func (u *unit) fill(sentence string) string {
	var b strings.Builder
	for {
		at := part.FindStringIndex(sentence)
		if at == nil {
			b.WriteString(escape(sentence))
			return b.String()
		}
		b.WriteString(escape(sentence[:at[0]]))
		if whole, ok := u.parts[sentence[at[0]:at[1]]]; ok {
			b.WriteString(whole)
		} else {
			b.WriteString(escape(sentence[at[0]:at[1]])) // a script fills it in
		}
		sentence = sentence[at[1]:]
	}
}

// escape keeps quotation marks, which are nothing special in text.
func escape(s string) string {
	return strings.NewReplacer("&", "&amp;", "<", "&lt;", ">", "&gt;").Replace(s)
}

// raw writes what people chose: it is not translated.
func raw(list []node) string {
	var b strings.Builder
	for _, n := range list {
		b.WriteString(n.s + raw(n.in) + n.end)
	}
	return b.String()
}

// chosen are fields that hold what people chose, also outside <bdi>.
var chosen = regexp.MustCompile(`\.(Name|Email|Code|Address|Subject|Model|To|URI|Service|Secret)\b[^.]*$`)

// counted is an action that says a sentence about a number of things by itself:
// {{plural .Left "One code is left." "{n} codes are left."}}.
var counted = regexp.MustCompile(`^\{\{-?\s*plural (?:\([^()]*\)|[^\s()]+) "([^"]+)" "([^"]+)"\s*-?\}\}$`)

var action = regexp.MustCompile(`(?s)^(\{\{-?\s*)(.*?)(\s*-?\}\})$`)

// said wraps a value so that it is said in the language.
func said(t token) string {
	if t.kind != value || chosen.MatchString(t.s) || counted.MatchString(t.s) {
		return t.s
	}
	return action.ReplaceAllString(t.s, "${1}say (${2})${3}")
}

// spoken are attributes that people read or hear.
var spoken = regexp.MustCompile(`(\s(?:alt|title|aria-label|placeholder|content|data-[a-z]+-text)=")((?:\{\{.*?\}\}|[^"{])*)(")`)

// attributes translates those of a tag.
func (m markup) attributes(t token) string {
	if t.kind == control || !strings.HasPrefix(t.s, "<") || strings.HasPrefix(t.s, "<meta name=\"viewport\"") || strings.HasPrefix(t.s, "<meta name=\"theme") {
		return t.s
	}
	var b strings.Builder
	s := t.s
	for {
		at := spoken.FindStringSubmatchIndex(s)
		if at == nil {
			return b.String() + s
		}
		b.WriteString(s[:at[4]])
		b.WriteString(m.attribute(s[at[4]:at[5]]))
		s = s[at[5]:]
	}
}

func (m markup) attribute(v string) string {
	tokens := cut(v)
	nodes := make([]node, len(tokens))
	letters := false
	for i, t := range tokens {
		if t.kind == control {
			return v
		}
		nodes[i] = node{token: t}
		letters = letters || nodes[i].letters()
	}
	if !letters {
		if len(tokens) == 1 {
			return said(tokens[0])
		}
		return v
	}
	return m.sentence(nodes)
}
