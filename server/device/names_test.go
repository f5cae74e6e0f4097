package device

import (
	"strings"
	"testing"

	"github.com/hearthkey/hearthkey/protocol"
)

// What a TV calls itself is shown to whoever approves it: nothing in it hides.
func TestReadable(t *testing.T) {
	for _, c := range []struct{ name, in, want string }{
		{"as it is", "Living room", "Living room"},
		{"other scripts", "Wohnzimmer – リビング 📺", "Wohnzimmer – リビング 📺"},
		{"an emoji of several", "👨\u200d👩\u200d👧 TV", "👨\u200d👩\u200d👧 TV"},
		{"turned round", "\u202egnivil\u202c room", "gnivil room"},
		{"a zero-width space", "Living\u200b room", "Living room"},
		{"an isolate", "\u2066Bedroom\u2069", "Bedroom"},
		{"two lines", "Living\nroom", "Livingroom"},
		{"a line separator", "Living\u2028room", "Livingroom"},
		{"private use", "TV\ue000", "TV"},
		{"not UTF-8", "TV\xff 2", "TV 2"},
		{"ends in what is left out", "Living room \u200b", "Living room"},
		{"nothing", "", noName},
		{"only spaces", "   ", noName},
		{"only what hides", "\u200b\u2060\ufeff", noName},
		{"only joiners", "\u200d\u200d", noName},
		{"a filler", "\u3164", noName},
	} {
		if got := readable(c.in, noName); got != c.want {
			t.Errorf("%s: readable(%q) = %q, want %q", c.name, c.in, got, c.want)
		}
	}
}

// What the owner approves, and what is in the list after it, is the readable name,
// though the TV signed the other.
func TestD1_ATVsNameHidesNothing(t *testing.T) {
	f := newFixture(t)
	who := f.owner(t, "anna@example.org")
	tv := f.tv(t)
	tv.name, tv.model = "Bed\u202eroom\u200b", strings.Repeat("\u2060", protocol.MaxName)
	code, frame := tv.shows()
	r, err := tv.Pending(tv.ctx, tv.now(), who, code)
	if err != nil || r.Name != "Bedroom" || r.Model != "" {
		t.Errorf("Pending = %+v, %v", r, err)
	}
	if _, err := tv.Approve(tv.ctx, tv.now(), who, code); err != nil {
		t.Fatal(err)
	}
	if _, err := tv.Enrolled(tv.ctx, tv.now(), frame, home); err != nil {
		t.Fatal(err)
	}
	if got := tv.row(who).Name; got != "Bedroom" {
		t.Errorf("the device is called %q", got)
	}
}
