package protocol_test

import (
	"testing"

	"github.com/hearthkey/hearthkey/protocol"
)

func TestLegible(t *testing.T) { // P1
	for s, want := range map[string]bool{
		"Mia": true, "Léa": true, "ליאור": true, "سارة": true, "小明": true, "7": true, "!": true, "👨‍👩‍👧": true, "❤️": true, "नि": true,
		"می\u200cخواهم": true, "Anna Maria": true, "x\u00a0y": true,

		"": false, " ": false, "\u00a0": false, "\u200b": false, "\u200d": false, "\u200d\u200c ": false, "\ufeff": false,
		"\u3164": false, "\u115f\u1160": false, "\uffa0": false, "\u2800": false, "\u0301": false,
		"\u202eevil": false, "a\u202eb": false, "\u2066Mia\u2069": false, "Mia\u200e": false, "Mi\u00ada": false, "M\u200bia": false,
		"a\nb": false, "a\tb": false, "a\u2028b": false, "a\x00": false, "a\x7f": false, "a\xff": false, "a\ue000": false, "a\U000e0041": false, "a\ufffe": false,
	} {
		if got := protocol.Legible(s); got != want {
			t.Errorf("Legible(%+q) = %t, want %t", s, got, want)
		}
	}
}
