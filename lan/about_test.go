package lan

import (
	"errors"
	"slices"
	"strings"
	"testing"
	"unicode/utf8"
)

func good() About {
	return About{
		ID: "0123456789abcdef", Name: "Living room", Model: "Box 3", Version: "v1.2-3-gabc", Features: Remotes | Pairing,
		Fingerprint: "00112233445566aa",
	}
}

// TestD11_WhatIsTold: the keys are these, and no other.
func TestD11_WhatIsTold(t *testing.T) {
	a := good()
	got, err := a.text()
	want := []string{"txtvers=1", "id=0123456789abcdef", "fn=Living room", "md=Box 3", "ve=v1.2-3-gabc", "ca=3", "fp=00112233445566aa"}
	if err != nil || !slices.Equal(got, want) {
		t.Errorf("text = %q, %v; want %q", got, err, want)
	}
	if back, ok := parseAbout(got); !ok || back != a {
		t.Errorf("read back = %+v, %v", back, ok)
	}
}

func TestAnnouncementIsChecked(t *testing.T) {
	for name, change := range map[string]func(*Announcement){
		"type":            func(a *Announcement) { a.Type = "_http._tcp" },
		"port":            func(a *Announcement) { a.Port = 0 },
		"no id":           func(a *Announcement) { a.ID = "" },
		"capitals":        func(a *Announcement) { a.ID = "0123456789ABCDEF" },
		"short print":     func(a *Announcement) { a.Fingerprint = "00" },
		"no name":         func(a *Announcement) { a.Name = " \x00\n" },
		"name not UTF-8":  func(a *Announcement) { a.Name = "\xff" },
		"space in ve":     func(a *Announcement) { a.Version = "1 2" },
		"version is long": func(a *Announcement) { a.Version = strings.Repeat("1", 33) },
	} {
		a := Announcement{Type: TV, Port: 1, About: good()}
		change(&a)
		if _, err := a.service(); !errors.Is(err, ErrSettings) {
			t.Errorf("%s: %v, want ErrSettings", name, err)
		}
	}
}

func TestParseAbout(t *testing.T) {
	a := good()
	text, err := a.text()
	if err != nil {
		t.Fatal(err)
	}
	with := func(s ...string) []string { return append(slices.Clone(s), text...) }
	tests := []struct {
		name string
		text []string
		ok   bool
	}{
		{"as it is", text, true},
		{"a key of tomorrow", with("zz=1", "flag"), true},
		{"capitals in a key", with("ID=0123456789abcdef"), true},
		{"another version", with("txtvers=2"), false},
		{"the first counts", with("id=xyz"), false},
		{"no number", with("ca=-1"), false},
		{"a huge number", with("ca=4294967296"), false},
		{"nothing", nil, false},
		{"too many", with(make([]string, maxStrings)...), false},
	}
	for _, tt := range tests {
		if _, ok := parseAbout(tt.text); ok != tt.ok {
			t.Errorf("%s: %v", tt.name, ok)
		}
	}
}

// What others call their TVs is printed in terminals.
func TestReadable(t *testing.T) {
	for in, want := range map[string]string{
		"Living room":               "Living room",
		" \x1b[2J\x07bell\r\n ":     "[2Jbell",
		"a\u202eb\u200fc":           "abc",
		"👩\u200d👧 TV":               "👩\u200d👧 TV",
		"غرفة المعيشة":              "غرفة المعيشة",
		strings.Repeat("x", 100):    strings.Repeat("x", 64),
		strings.Repeat("😀", 64):     strings.Repeat("😀", 63),
		"\xc3\x28":                  "",
		"a\u00a0b":                  "a\u00a0b",
		string(utf8.RuneError):      string(utf8.RuneError),
		strings.Repeat("\u200e", 9): "",
	} {
		if got := readable(in); got != want {
			t.Errorf("readable(%q) = %q, want %q", in, got, want)
		}
	}
}

func FuzzParseAbout(f *testing.F) {
	a := good()
	text, err := a.text()
	if err != nil {
		f.Fatal(err)
	}
	f.Add(strings.Join(text, "\n"))
	f.Add("txtvers=1\nid\nfn=\nca=x")
	f.Fuzz(func(t *testing.T, s string) {
		a, ok := parseAbout(strings.Split(s, "\n"))
		if !ok {
			return
		}
		text, err := a.text()
		if err != nil {
			t.Fatalf("what was read cannot be told: %v", err)
		}
		if back, ok := parseAbout(text); !ok || back != a {
			t.Errorf("read %+v, told and read again %+v", a, back)
		}
	})
}
