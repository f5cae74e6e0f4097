package screen_test

import (
	"testing"

	"github.com/hearthkey/hearthkey/agent/nav"
	"github.com/hearthkey/hearthkey/agent/screen"
)

// TestAKeyThatMovesNothingIsSeen: the focus leans where a key had no effect, and
// only there.
func TestAKeyThatMovesNothingIsSeen(t *testing.T) {
	var s *screen.Server
	v := named(t, "welcome")
	s = start(t, func(k screen.Key) {
		if k.Name == "Down" {
			next := v
			next.Focus = "password"
			s.Show(next)
		}
	})
	s.Show(v)
	b := open(t, s.URL(), 1280, 720)
	b.until(`document.querySelector("#i-signIn.on")`)
	b.eval(`window.leaned = []; new MutationObserver((all) => all.forEach((m) => { if (/lean-/.test(m.target.className)) leaned.push(m.target.id + m.target.className.match(/ lean-.?/)[0]); }))
		.observe(document.body, { subtree: true, attributes: true, attributeFilter: ["class"] }); ""`)
	b.key("ArrowUp", 38, nil)
	b.until(`leaned.length === 1`)
	b.key("ArrowDown", 40, nil)
	b.until(`document.querySelector("#i-password.on")`)
	if got := b.eval(`leaned.join()`); got != "i-signIn lean-y" {
		t.Errorf("what leaned: %s", got)
	}
}

// TestTheLookIsThePages: high contrast and less motion are classes of the whole
// page, a browser that asks for contrast gets it, and language and direction
// follow the view.
func TestTheLookIsThePages(t *testing.T) {
	s := start(t, nil)
	b := open(t, s.URL(), 1280, 720)
	for _, tt := range []struct {
		name     string
		change   func(*nav.View)
		contrast string // what the browser asks for
		want     string
	}{
		{"plain", func(*nav.View) {}, "no-preference", "en ltr "},
		{"high contrast", func(v *nav.View) { v.Contrast = true }, "no-preference", "en ltr contrast "},
		{"less motion", func(v *nav.View) { v.Calm = true }, "no-preference", "en ltr calm"},
		{"both", func(v *nav.View) { v.Contrast, v.Calm = true, true }, "no-preference", "en ltr contrast calm"},
		{"the browser's wish", func(*nav.View) {}, "more", "en ltr contrast "},
		{"another language", func(v *nav.View) { v.Lang, v.Dir = "ar", "rtl" }, "no-preference", "ar rtl "},
	} {
		b.call("Emulation.setEmulatedMedia", map[string]any{"features": []map[string]string{
			{"name": "prefers-contrast", "value": tt.contrast}, {"name": "prefers-reduced-motion", "value": "reduce"}}}, nil)
		v := named(t, "welcome")
		v.Title = tt.name
		tt.change(&v)
		s.Show(v)
		b.until(`document.querySelector("h1") && document.querySelector("h1").textContent === "` + tt.name + `"`)
		b.until(`[document.documentElement.lang, document.documentElement.dir, document.documentElement.className].join(" ") === "` + tt.want + `"`)
	}
}

// TestNothingIsSaidTwice: one live region speaks, and it leaves out what has the
// focus, which a screen reader reads by itself.
func TestNothingIsSaidTwice(t *testing.T) {
	s := start(t, nil)
	b := open(t, s.URL(), 1280, 720)
	for _, name := range []string{"home-offline", "password-wrong", "code-problem", "player-paused", "gate"} {
		v := named(t, name)
		v.Say, v.Tell = name+" and the focus", name
		s.Show(v)
		b.until(`(document.getElementById("say") || {}).textContent === "` + name + `"`)
		if got := b.eval(`Array.from(document.querySelectorAll("[role=status], [role=alert], [aria-live]")).map((e) => e.id || e.className).join()`); got != "say" {
			t.Errorf("%s: live regions: %s", name, got)
		}
	}
}
