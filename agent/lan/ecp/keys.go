package ecp

import (
	"net/url"
	"strings"
	"unicode"
	"unicode/utf8"

	"github.com/hearthkey/hearthkey/agent/keyseq"
)

// allowed are the protocol's keys that mean something to this TV, in lower case.
// Others are refused: volume and power are the box's, the rest it does not have.
var allowed = map[string]keyseq.Key{
	"up": keyseq.Up, "down": keyseq.Down, "left": keyseq.Left, "right": keyseq.Right,
	"select": keyseq.OK, "enter": keyseq.OK, "back": keyseq.Back, "backspace": keyseq.Back,
	"home": keyseq.Home, "info": keyseq.Menu, "play": keyseq.PlayPause,
}

// command is what a path asks for: a key or one character of text.
type command struct {
	key  keyseq.Key
	text string
}

// parseLaunch reads what comes after launch/: an app of ours.
func parseLaunch(escaped string) (command, bool) {
	for _, a := range apps {
		if a.id == escaped {
			return command{key: a.key}, true
		}
	}
	return command{}, false
}

// parseCommand reads what comes after keypress/ in an escaped path: "Home", or
// "Lit_" and one character, in which + is a space as in a form.
func parseCommand(escaped string) (command, bool) {
	if k, ok := allowed[strings.ToLower(escaped)]; ok {
		return command{key: k}, true
	}
	const literal = "lit_"
	if len(escaped) <= len(literal) || !strings.EqualFold(escaped[:len(literal)], literal) || len(escaped) > 32 {
		return command{}, false
	}
	text, err := url.PathUnescape(strings.ReplaceAll(escaped[len(literal):], "+", " "))
	r, size := utf8.DecodeRuneInString(text)
	if err != nil || size != len(text) || r == utf8.RuneError || !unicode.IsPrint(r) {
		return command{}, false
	}
	return command{text: text}, true
}
