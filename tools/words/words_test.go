package main

import (
	"os"
	"path/filepath"
	"testing"

	"github.com/hearthkey/hearthkey/protocol/words"
)

// same are sentences that are the same in another language: names, and words
// that are spelled alike.
var same = map[words.Language]map[string]bool{
	words.Spanish: set("TV", "15:04 UTC", "2 Jan 15:04 UTC", "ABC", "abc", "#+=", "OK", "No", "Cactus", "Robot", "àéñ", "ÀÉÑ",
		"{n1}\u00a0h {n2}\u00a0min", "{n1}\u00a0h", "{n1}\u00a0min", "{age}+", "{h} h {m} min", "{m} min", "{n} s", "{n}. {name}", "{label}, {detail}", "SMS", "Error:", "Avatar", "{day}, {time}", "{first}, {second}", "2 Jan 2006"),
	words.German: set("15:04 UTC", "ABC", "abc", "#+=", "OK", "Name", "Version", "Code", "Code {code}", "Online", "Offline", "àéñ", "ÀÉÑ",
		"April", "August", "September", "November", "{n1}\u00a0h {n2}\u00a0min", "{n1}\u00a0h", "{n1}\u00a0min", "{age}+", "{h} h {m} min", "{m} min", "{n} s", "{n}. {name}", "{label}, {detail}", "(in {left} s)", "SMS", "Download", "Live", "Support", "Avatar", "Passkeys", "Film", "{day}, {time}", "{first}, {second}"),
	words.Arabic: set("15:04 UTC", "2 Jan 15:04 UTC", "ABC", "abc", "#+=", "OK", "{age}+", "{n}. {name}", "àéñ", "ÀÉÑ", "2 Jan 2006"),
}

func set(all ...string) map[string]bool {
	m := make(map[string]bool)
	for _, s := range all {
		m[s] = true
	}
	return m
}

// Every sentence that the code says is in every catalogue, with all plural
// forms and placeholders, and nothing else is; and the TV's tables are those of
// the catalogues.
func TestCataloguesAreWhole(t *testing.T) {
	files, err := generate("../..")
	if err != nil {
		t.Fatal(err)
	}
	for name, want := range files {
		got, err := os.ReadFile(name)
		if err != nil || string(got) != want {
			t.Errorf("%s is not as the code is: run go run ./tools/words (%v)", name, err)
		}
		if filepath.Ext(name) != ".po" {
			continue
		}
		l := words.Language(filepath.Base(name)[:2])
		entries, err := words.Entries(l, []byte(want))
		if err != nil {
			t.Errorf("%s: %v", name, err)
		}
		for _, e := range entries {
			switch {
			case len(e.Said) == 0:
				t.Errorf("%s: %q is not translated", name, e.ID)
			case e.Said[len(e.Said)-1] == e.ID && !same[l][e.ID]:
				t.Errorf("%s: %q is as in English", name, e.ID)
			}
		}
	}
}
