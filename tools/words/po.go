package main

import (
	"fmt"
	"strings"

	"github.com/hearthkey/hearthkey/protocol/words"
)

// formula is gettext's for the plurals of [words.Language.Category].
var formula = map[words.Language]string{
	words.German:  "n != 1",
	words.Spanish: "n == 1 ? 0 : n != 0 && n % 1000000 == 0 ? 1 : 2",
	words.Arabic:  "n == 0 ? 0 : n == 1 ? 1 : n == 2 ? 2 : n % 100 >= 3 && n % 100 <= 10 ? 3 : n % 100 >= 11 ? 4 : 5",
}

// write makes the PO file of l for the sentences of the code. It keeps what is
// translated in was, and drops what no code says any more.
func write(l words.Language, note string, code, was []words.Entry) string {
	said := make(map[string]words.Entry)
	for _, e := range was {
		said[e.ID] = e
	}
	var b strings.Builder
	for _, line := range strings.Split(strings.TrimSpace(note), "\n") {
		fmt.Fprintln(&b, strings.TrimSpace("# "+line))
	}
	n := len(l.Categories())
	fmt.Fprintf(&b, "msgid \"\"\nmsgstr \"\"\n\"Language: %s\\n\"\n\"Content-Type: text/plain; charset=UTF-8\\n\"\n\"Plural-Forms: nplurals=%d; plural=%s;\\n\"\n", l, n, formula[l])
	for _, e := range code {
		fmt.Fprintf(&b, "\nmsgid %s\n", quote(e.ID))
		old := said[e.ID]
		if e.Plural == "" {
			text := ""
			if old.Plural == "" && len(old.Said) == 1 {
				text = old.Said[0]
			}
			fmt.Fprintf(&b, "msgstr %s\n", quote(text))
			continue
		}
		fmt.Fprintf(&b, "msgid_plural %s\n", quote(e.Plural))
		for i := range n {
			text := ""
			if len(old.Said) == n && old.Plural != "" {
				text = old.Said[i]
			}
			fmt.Fprintf(&b, "msgstr[%d] %s\n", i, quote(text))
		}
	}
	return b.String()
}

// quote writes a string with PO's escapes, and everything else as it is.
func quote(s string) string {
	s = strings.NewReplacer("\\", `\\`, `"`, `\"`, "\n", `\n`, "\t", `\t`).Replace(s)
	return `"` + s + `"`
}
