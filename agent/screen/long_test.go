package screen_test

import (
	"encoding/json"
	"slices"
	"strings"
	"testing"

	"github.com/hearthkey/hearthkey/agent/nav"
	"github.com/hearthkey/hearthkey/agent/screen/screentest"
)

// said are the members of a View's JSON that are words of a language.
var said = []string{"title", "text", "label", "detail", "problem", "message", "toast", "menu", "scan", "life", "first", "second", "third",
	"press", "digits", "nextTry", "moment", "next"}

// longer makes every text of a view 1.4 times as long, as other languages may.
func longer(t *testing.T, v nav.View) nav.View {
	t.Helper()
	data, err := json.Marshal(v)
	if err != nil {
		t.Fatal(err)
	}
	var tree any
	if err := json.Unmarshal(data, &tree); err != nil {
		t.Fatal(err)
	}
	stretch(tree, false)
	if data, err = json.Marshal(tree); err != nil {
		t.Fatal(err)
	}
	var out nav.View
	if err := json.Unmarshal(data, &out); err != nil {
		t.Fatal(err)
	}
	return out
}

func stretch(node any, isKey bool) {
	switch node := node.(type) {
	case []any:
		for i, n := range node {
			if s, ok := n.(string); ok {
				node[i] = stretched(s)
				continue
			}
			stretch(n, isKey)
		}
	case map[string]any:
		for name, n := range node {
			s, text := n.(string)
			switch {
			case name == "qr" || name == "rows" || name == "page" || name == "who" || name == "code" && text: // not of a language
			case text && slices.Contains(said, name) && !isKey:
				node[name] = stretched(s)
			case !text:
				stretch(n, isKey || name == "keys")
			}
		}
	}
}

// stretched is s with 40 % more at its end, words and all. What has no spaces may
// be an address or a name, and stays.
func stretched(s string) string {
	runes := []rune(s)
	if !strings.Contains(s, " ") && (len(runes) < 4 || strings.ContainsAny(s, "@./")) {
		return s
	}
	more := string(runes[:(len(runes)*2+4)/5])
	if strings.Contains(more, " ") {
		return s + " " + strings.TrimSpace(more)
	}
	return s + strings.ToLower(more)
}

// cut finds text that is not all there: clipped by its box or outside of the
// screen. Names that people and catalogues give may be cut, with dots.
const cut = `Array.from(document.querySelectorAll("#tv *")).filter((e) => {
	const own = Array.from(e.childNodes).some((n) => n.nodeType === 3 && n.data.trim());
	if (!own || e.closest(".row, .hero, .person .name, .top .who, .menu .who, .gone, .field, .episode, .next .heading h1, .title .heading h1")) { return false; }
	const r = e.getBoundingClientRect();
	const list = e.closest(".list");
	if (list) {
		const box = list.getBoundingClientRect();
		if (r.bottom > box.bottom + 1 || r.top < box.top - 1) { return false; }
	}
	const clipped = getComputedStyle(e).overflow === "hidden" && (e.scrollWidth > e.clientWidth + 2 || e.scrollHeight > e.clientHeight + 4);
	const holder = e.closest(".cap, .button, .line, .arm, .hub, .question, .typing .message");
	const box = holder ? holder.getBoundingClientRect() : { left: 40, right: innerWidth - 40, top: 20, bottom: innerHeight - 20 };
	const over = r.left < box.left - 2 || r.right > box.right + 2 || r.top < box.top - 4 || r.bottom > box.bottom + 4;
	return clipped || over;
}).map((e) => e.className + ": " + e.textContent).join("; ")`

// TestLongTextFits draws every screen with all its words 1.4 times as long, and in
// the languages as they are: nothing is cut off.
func TestLongTextFits(t *testing.T) {
	s := start(t, nil)
	b := open(t, s.URL(), 1920, 1080)
	for _, n := range screentest.Views() {
		if strings.HasPrefix(n.Name, "hard-") {
			continue
		}
		if !strings.HasPrefix(n.Name, "de-") && !strings.HasPrefix(n.Name, "ar-") {
			n.View = longer(t, n.View)
		}
		s.Show(n.View)
		b.until(drawn(n))
		if found := b.eval(cut); found != "" {
			t.Errorf("%s: cut off: %s", n.Name, found)
		}
	}
}
