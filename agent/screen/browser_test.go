package screen_test

import (
	"encoding/json"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/hearthkey/hearthkey/agent/nav"
	"github.com/hearthkey/hearthkey/agent/screen"
	"github.com/hearthkey/hearthkey/agent/screen/screentest"
)

// TestEveryScreenInBrowser draws every view and looks at what a screen reader
// and an eye would: the focus is real, named and inside the safe area, no text
// is smaller than can be read or cut off at its foot, no poster is without its
// picture, nothing throws.
func TestEveryScreenInBrowser(t *testing.T) {
	s := start(t, nil)
	b := open(t, s.URL(), 1920, 1080)
	b.eval(`window.thrown = []; addEventListener("error", (e) => { if (e.message) thrown.push(e.message); }); ""`)
	for _, named := range screentest.Views() {
		s.Show(named.View)
		b.until(drawn(named))
		if v := named.View; v.Focus != "" {
			b.until(`(() => { const r = document.activeElement.getBoundingClientRect();
				return r.left >= 80 && r.right <= 1840 && r.top >= 50 && r.bottom <= 1030; })()`)
			if label := b.eval(`document.activeElement.getAttribute("aria-label") || ""`); label == "" {
				t.Errorf("%s: the focus has no name", named.Name)
			}
			if hidden := b.eval(`!!document.activeElement.closest("[aria-hidden=true]")`); hidden != "false" {
				t.Errorf("%s: the focus is hidden from screen readers", named.Name)
			}
		}
		small := b.eval(`Array.from(document.querySelectorAll("main *")).filter((e) =>
			Array.from(e.childNodes).some((n) => n.nodeType === 3 && n.data.trim()) && e.getClientRects().length &&
			parseFloat(getComputedStyle(e).fontSize) < 24).map((e) => e.className + ": " + e.textContent).join("; ")`)
		if small != "" {
			t.Errorf("%s: text under 24 px: %s", named.Name, small)
		}
		cut := b.eval(`Array.from(document.querySelectorAll(".line .label, .line .detail, .person .name")).filter((e) => {
			const lines = document.createRange();
			lines.selectNodeContents(e);
			const shown = Array.from(lines.getClientRects()).slice(0, 2);
			return shown.length && Math.max(...shown.map((r) => r.bottom)) > e.getBoundingClientRect().bottom + 1;
		}).map((e) => e.textContent).join("; ")`)
		if cut != "" {
			t.Errorf("%s: letters are cut off below the line: %s", named.Name, cut)
		}
		blank := b.eval(`Array.from(document.querySelectorAll(".card")).filter((card) => !card.querySelector(".art")).map((card) => card.textContent).join("; ")`)
		if blank != "" {
			t.Errorf("%s: posters without a picture: %s", named.Name, blank)
		}
	}
	if thrown := b.eval(`thrown.join("; ")`); thrown != "" {
		t.Errorf("the page threw %s", thrown)
	}
}

// named returns the view of this name.
func named(t *testing.T, name string) nav.View {
	t.Helper()
	for _, n := range screentest.Views() {
		if n.Name == name {
			return n.View
		}
	}
	t.Fatalf("there is no view %q", name)
	panic("unreachable")
}

// TestKeysInBrowser presses keys as remotes and keyboards name them.
func TestKeysInBrowser(t *testing.T) {
	var mu sync.Mutex
	var got []screen.Key
	last := make(chan struct{}, 8) // a 9 was handled: what came before it is there
	s := start(t, func(k screen.Key) {
		mu.Lock()
		defer mu.Unlock()
		if got = append(got, k); k.Name == "9" {
			last <- struct{}{}
		}
	})
	s.Show(named(t, "welcome"))
	b := open(t, s.URL(), 1280, 720)
	b.until(`document.querySelector("section.welcome")`)
	for _, key := range []struct {
		name string
		code int
		more map[string]any
		want string // empty: not ours
	}{
		{"ArrowUp", 38, nil, "Up"}, {"ArrowDown", 40, nil, "Down"}, {"ArrowLeft", 37, nil, "Left"}, {"ArrowRight", 39, nil, "Right"},
		{"Enter", 13, nil, "OK"}, {"Backspace", 8, nil, "Back"}, {"Escape", 27, nil, "Back"}, {"GoBack", 166, nil, "Back"},
		{"XF86Back", 0, nil, "Back"}, {"Home", 36, nil, "Home"}, {"ContextMenu", 93, nil, "Menu"}, {"MediaPlayPause", 179, nil, "PlayPause"},
		{"7", 55, nil, "7"}, {"0", 96, nil, "0"}, {"", 10009, nil, "Back"}, {"", 461, nil, "Back"}, {"Unidentified", 415, nil, "PlayPause"},
		{"", 37, nil, "Left"}, {"", 38, nil, "Up"}, {"", 39, nil, "Right"}, {"", 40, nil, "Down"}, {"", 13, nil, "OK"}, // HbbTV's VK_LEFT to VK_ENTER
		{"", 19, nil, "PlayPause"}, {"", 402, nil, "PlayPause"}, {"", 413, nil, "Back"}, {"", 417, nil, "Right"}, {"", 412, nil, "Left"}, {"", 457, nil, "Menu"}, // VK_PAUSE to VK_INFO
		{"", 48, nil, "0"}, {"", 56, nil, "8"}, // VK_0 and VK_8
		{"", 10071, nil, "Home"}, {"", 10133, nil, "Menu"}, {"", 10135, nil, "Menu"}, {"", 10252, nil, "PlayPause"}, {"", 18, nil, "Menu"}, // Tizen
		{"XF86PlayBack", 10252, nil, "PlayPause"}, {"XF86AudioPlay", 415, nil, "PlayPause"}, {"XF86SysMenu", 18, nil, "Menu"}, {"Return", 10009, nil, "Back"}, // with names of X11 or its own
		{"XF86AudioMute", 173, nil, ""}, {"Alt", 18, nil, ""}, // not ours
		{"", 4, nil, "Back"}, {"", 82, nil, "Menu"}, {"", 3, nil, "Home"}, {"GoHome", 0, nil, "Home"}, {"BrowserBack", 166, nil, "Back"}, // Android TV
		{"MediaStop", 178, nil, "Back"}, {"MediaFastForward", 0, nil, "Right"}, {"MediaRewind", 0, nil, "Left"}, {"XF86Menu", 0, nil, "Menu"}, {"XF86HomePage", 0, nil, "Home"},
		{"Select", 0, nil, "OK"}, {"Accept", 0, nil, "OK"}, {"Unidentified", 9999, nil, ""}, {"Unidentified", 53, map[string]any{}, "5"},
		{"", 53, nil, "5"}, {"x", 88, nil, ""}, {"F5", 116, nil, ""}, {"ArrowUp", 38, map[string]any{"modifiers": 2}, ""},
		{"ArrowDown", 40, map[string]any{"autoRepeat": true}, "Down, held"},
	} {
		mu.Lock()
		got = nil
		mu.Unlock()
		if key.code == 0 || key.name == "" || key.name == "Unidentified" || key.code > 255 || strings.HasPrefix(key.name, "XF86") { // keys the browser's keyboard cannot have
			event, _ := json.Marshal(map[string]any{"key": key.name, "keyCode": key.code, "bubbles": true})
			b.eval(`document.dispatchEvent(new KeyboardEvent("keydown", ` + string(event) + `)); ""`)
		} else {
			b.key(key.name, key.code, key.more)
		}
		b.key("PlayPause", 0, nil) // no key of ours
		b.key("9", 57, nil)
		select {
		case <-last:
		case <-time.After(20 * time.Second):
			t.Fatalf("%s (%d): the key after it never came", key.name, key.code)
		}
		mu.Lock()
		handled := append([]screen.Key(nil), got...)
		mu.Unlock()
		var names []string
		for _, k := range handled {
			if k.Repeat {
				k.Name += ", held"
			}
			names = append(names, k.Name)
		}
		want := []string{"9"}
		if key.want != "" {
			want = []string{key.want, "9"}
		}
		if diff := cmp.Diff(want, names); diff != "" {
			t.Errorf("%s (%d): keys (-want +got):\n%s", key.name, key.code, diff)
		}
	}
}

// TestD10_AHiddenPageIsStandby where its address says so, and nowhere else: a tab
// of a developer's browser is hidden all the time.
func TestD10_AHiddenPageIsStandby(t *testing.T) {
	for address, want := range map[string]int{"": 0, "?standby=hidden": 2, "?standby=no": 0} {
		keys := make(chan screen.Key, 8)
		s := start(t, func(k screen.Key) { keys <- k })
		s.Show(named(t, "welcome"))
		b := open(t, s.URL()+address, 1280, 720)
		b.until(`document.querySelector("section.welcome")`)
		b.eval(`document.dispatchEvent(new Event("visibilitychange")); document.dispatchEvent(new Event("visibilitychange")); ""`)
		b.key("9", 57, nil)
		told := 0
		for k := <-keys; k.Name != "9"; k = <-keys {
			if told++; !k.Resumed {
				t.Errorf("%q: the page sent %+v", address, k)
			}
		}
		if told != want {
			t.Errorf("%q: told %d times, want %d", address, told, want)
		}
	}
}

// TestPageOutlivesAgent stops the agent's screen and starts it again at the
// same address, as after an update.
func TestPageOutlivesAgent(t *testing.T) {
	s := start(t, nil)
	s.Show(named(t, "welcome"))
	b := open(t, s.URL(), 1280, 720)
	b.until(`document.querySelector("h1") && document.querySelector("h1").textContent === "Welcome"`)
	if err := s.Close(); err != nil {
		t.Fatal(err)
	}
	b.until(`document.body.innerText.includes("This TV's software is not running")`)
	again, err := screen.Start(screen.Config{Addr: strings.TrimSuffix(strings.TrimPrefix(s.URL(), "http://"), "/"), Press: func(screen.Key) {}})
	if err != nil {
		t.Fatal(err)
	}
	defer again.Close()
	again.Show(nav.View{Screen: nav.ScreenGate, Title: "Who is watching?", Say: "Who is watching? Alma", Tell: "Who is watching?"})
	b.until(`document.querySelector("section.gate") && !document.body.innerText.includes("not running")`)
	if said := b.eval(`document.getElementById("say").textContent`); said != "Who is watching?" {
		t.Errorf("live region says %q", said)
	}
}

// TestPINShowsNoDigit compares what is drawn for different digits: nothing of
// the page may tell them apart.
func TestPINShowsNoDigit(t *testing.T) {
	s := start(t, nil)
	b := open(t, s.URL(), 1280, 720)
	s.Show(named(t, "pin-group"))
	b.until(`document.querySelector(".cross.second")`)
	if shown := b.eval(`(document.querySelector(".entry").textContent.match(/[0-9]/g) || []).join("")`); shown != "" {
		t.Errorf("after a group is chosen the page shows the digits %s", shown)
	}
	if on := b.eval(`document.querySelectorAll(".entry .on").length`); on != "0" {
		t.Errorf("%s parts of the cross have the focus", on)
	}
}

// TestTypingInBrowser types with a keyboard: characters where a field is on the
// screen, keys where none is.
func TestTypingInBrowser(t *testing.T) {
	var mu sync.Mutex
	var got []screen.Key
	s := start(t, func(k screen.Key) { mu.Lock(); defer mu.Unlock(); got = append(got, k) })
	field, none := named(t, "password"), named(t, "welcome")
	b := open(t, s.URL(), 1280, 720)
	press := func(keys ...string) []screen.Key {
		mu.Lock()
		got = nil
		mu.Unlock()
		for _, key := range keys {
			event, _ := json.Marshal(map[string]any{"key": key, "bubbles": true})
			b.eval(`document.dispatchEvent(new KeyboardEvent("keydown", ` + string(event) + `)); ""`)
		}
		b.key("9", 57, nil)
		for {
			mu.Lock()
			all := append([]screen.Key(nil), got...)
			mu.Unlock()
			if n := len(all); n > 0 && all[n-1].Name == "9" {
				return all[:n-1]
			}
			b.eval(`""`)
		}
	}
	s.Show(field)
	b.until(`document.querySelector("section.password")`)
	want := []screen.Key{{Text: "a"}, {Text: "Q"}, {Text: " "}, {Text: "é"}, {Text: "€"}, {Name: "7"}, {Name: "Back"}, {Name: "OK"}, {Name: "Up"}}
	if d := cmp.Diff(want, press("a", "Q", " ", "é", "€", "7", "Backspace", "Dead", "F5", "Enter", "ArrowUp")); d != "" {
		t.Errorf("in a field (-want +got):\n%s", d)
	}
	s.Show(none)
	b.until(`document.querySelector("section.welcome")`)
	if d := cmp.Diff([]screen.Key{{Name: "OK"}, {Name: "Back"}}, press("a", " ", "Backspace")); d != "" {
		t.Errorf("without a field (-want +got):\n%s", d)
	}
}
