package input

import (
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/hearthkey/hearthkey/agent/keyseq"
)

func TestMeaning(t *testing.T) {
	for key, want := range map[string]keyseq.Key{
		"KEY_UP": keyseq.Up, "KEY_OK": keyseq.OK, "KEY_ENTER": keyseq.OK, "KEY_KPENTER": keyseq.OK, "KEY_BACK": keyseq.Back,
		"KEY_EXIT": keyseq.Back, "KEY_ESC": keyseq.Back, "KEY_ROOT_MENU": keyseq.Home, "KEY_HOMEPAGE": keyseq.Home,
		"KEY_MEDIA_TOP_MENU": keyseq.Home, "KEY_HOME": keyseq.Home, "KEY_MENU": keyseq.Menu, "KEY_CONTEXT_MENU": keyseq.Menu,
		"KEY_SETUP": keyseq.Menu, "KEY_0": keyseq.Digit0, "KEY_1": keyseq.Digit1, "KEY_NUMERIC_9": keyseq.Digit9,
		"KEY_PLAYPAUSE": keyseq.PlayPause, "KEY_RED": 0, "KEY_VOLUMEUP": 0, "KEY_POWER": 0, "KEY_A": 0,
	} {
		code, ok := parseCode(key)
		if !ok {
			t.Errorf("%s is not known", key)
		}
		if got, _ := Meaning(code); got != want {
			t.Errorf("Meaning(%s = %d) = %v, want %v", key, code, got, want)
		}
	}
	for _, k := range keyseq.Keys() {
		found := false
		for _, got := range builtIn {
			found = found || got == k
		}
		if !found {
			t.Errorf("no key of any remote means %v", k)
		}
	}
}

const example = `# for all
KEY_INFO = Menu
info=menu # the same again
0x16d = none
KEY_HOME = none
[meson-IR*]
KEY_RED = Back
KEY_HOME = 5
[@cec]
STOPCD = Back
[*webcam*]
ignore
`

func TestKeymap(t *testing.T) {
	m, err := ParseKeymap("example", strings.NewReader(example))
	if err != nil {
		t.Fatal(err)
	}
	for _, tt := range []struct {
		device info
		key    string
		want   keyseq.Key
	}{
		{info{name: "anything"}, "INFO", keyseq.Menu},
		{info{name: "anything"}, "HOME", 0},
		{info{name: "anything"}, "RED", 0},
		{info{name: "anything"}, "UP", keyseq.Up},
		{info{name: "Meson-ir 2"}, "RED", keyseq.Back},
		{info{name: "meson-ir"}, "HOME", keyseq.Digit5},
		{info{name: "meson-ir"}, "STOPCD", 0},
		{info{name: "vc4-hdmi-0", bus: 0x1e}, "STOPCD", keyseq.Back},
	} {
		keys, read := m.of(tt.device)
		code, _ := parseCode(tt.key)
		if keys[code] != tt.want || !read {
			t.Errorf("%s of %v = %v, read %v; want %v", tt.key, tt.device, keys[code], read, tt.want)
		}
	}
	if _, read := m.of(info{name: "HD Webcam C270"}); read {
		t.Error("the webcam is read")
	}
	if k, _ := Meaning(102); k != keyseq.Home {
		t.Errorf("a key map changed what is built in: HOME is %v", k)
	}
}

func TestKeymapErrors(t *testing.T) {
	for in, want := range map[string]string{
		"\nKEY_NO_SUCH = Up":                  `m:2: not a key map: "KEY_NO_SUCH" is no key: want a name such as KEY_RED, or its number, 1 to 767`,
		"KEY_UP = Sideways":                   `m:1: not a key map: "Sideways" is no meaning: want none or one of [Up Down Left Right OK Back Home Menu PlayPause 0 1 2 3 4 5 6 7 8 9]`,
		"KEY_UP":                              `m:1: not a key map: "KEY_UP" is none of KEY = meaning, [devices] and ignore`,
		"768 = Up":                            `m:1: not a key map: "768" is no key: want a name such as KEY_RED, or its number, 1 to 767`,
		"0 = Up":                              `m:1: not a key map: "0" is no key: want a name such as KEY_RED, or its number, 1 to 767`,
		"KEY_ = Up":                           `m:1: not a key map: "KEY_" is no key: want a name such as KEY_RED, or its number, 1 to 767`,
		"1=2 3 = Up":                          `m:1: not a key map: "2 3 = Up" is no meaning: want none or one of [Up Down Left Right OK Back Home Menu PlayPause 0 1 2 3 4 5 6 7 8 9]`,
		"[meson":                              `m:1: not a key map: "[meson": want a device's name in brackets, such as [meson-ir]`,
		"[ ]":                                 `m:1: not a key map: "[ ]": want a device's name in brackets, such as [meson-ir]`,
		"[@pci]":                              `m:1: not a key map: "@pci" is no bus: want @cec, @usb, @bluetooth or @host`,
		"ignore":                              `m:1: not a key map: ignore needs a section, such as [*Webcam*]`,
		"# ok\n" + strings.Repeat("x", 300):   `m:2: not a key map: a line of more than 256 bytes`,
		strings.Repeat("KEY_UP = Up\n", 6000): `m: not a key map: longer than 65536 bytes`,
		strings.Repeat("[a]\n", maxSections) + "[b]": `m:65: not a key map: more than 64 sections`,
	} {
		_, err := ParseKeymap("m", strings.NewReader(in))
		if !errors.Is(err, ErrKeymap) || err.Error() != want {
			t.Errorf("%.40q: %v\nwant %s", in, err, want)
		}
	}
}

func TestLike(t *testing.T) {
	for _, tt := range []struct {
		pattern, text string
		want          bool
	}{
		{"meson-ir", "meson-ir", true}, {"meson-ir", "meson-ir2", false}, {"meson*", "meson-ir", true}, {"*ir", "meson-ir", true},
		{"*", "", true}, {"**", "x", true}, {"a*a", "a", false}, {"a*a", "aa", true}, {"*b*c*", "abc", true}, {"*c*b*", "abc", false},
		{"", "", true}, {"", "x", false}, {"[a-z]", "b", false},
	} {
		if got := like(tt.pattern, tt.text); got != tt.want {
			t.Errorf("like(%q, %q) = %v", tt.pattern, tt.text, got)
		}
	}
}

// TestExamples: the key maps that integrators begin with are key maps, say where
// their codes are from, and change what they say.
func TestExamples(t *testing.T) {
	paths, err := filepath.Glob("keymaps/*.keymap")
	if err != nil || len(paths) < 5 {
		t.Fatalf("examples = %v, %v", paths, err)
	}
	for _, path := range paths {
		b, err := os.ReadFile(path)
		if err != nil {
			t.Fatal(err)
		}
		m, err := ParseKeymap(path, strings.NewReader(string(b)))
		if err != nil {
			t.Error(err)
			continue
		}
		if !strings.Contains(string(b), "\n# Codes: ") {
			t.Errorf("%s does not say where its codes are from", path)
		}
		entries := 0
		for _, s := range m.sections {
			for code, key := range s.keys {
				entries++
				if key == builtIn[code] {
					t.Errorf("%s says of %d what is so already: %v", path, code, key)
				}
			}
		}
		if entries == 0 {
			t.Errorf("%s says nothing", path)
		}
	}
}

func FuzzParseKeymap(f *testing.F) {
	f.Add(example)
	f.Add("[@cec]\nKEY_STOPCD=Back\n[x]\nignore")
	f.Fuzz(func(t *testing.T, in string) {
		m, err := ParseKeymap("m", strings.NewReader(in))
		if err != nil {
			if m != nil || !errors.Is(err, ErrKeymap) {
				t.Fatalf("ParseKeymap = %v, %v", m, err)
			}
			return
		}
		for _, d := range []info{{name: "meson-ir"}, {name: "vc4", bus: 0x1e}} {
			keys, _ := m.of(d)
			for code, key := range keys {
				if code == 0 || code > maxCode || !key.Valid() {
					t.Fatalf("%d means %v", code, key)
				}
			}
		}
		if again, err := ParseKeymap("m", strings.NewReader(in)); err != nil || cmp.Diff(len(m.sections), len(again.sections)) != "" {
			t.Fatalf("read again: %v", err)
		}
	})
}
