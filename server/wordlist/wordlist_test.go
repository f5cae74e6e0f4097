package wordlist

import (
	"slices"
	"strings"
	"testing"
	"unicode/utf8"
)

// ASVS 6.2.4.
func TestLists(t *testing.T) {
	list := passwords()
	long := 0
	for _, p := range list {
		if p != strings.ToLower(p) || strings.TrimSpace(p) == "" {
			t.Errorf("%q is on the list", p)
		}
		if utf8.RuneCountInString(p) >= LongPassword {
			long++
		}
	}
	if !slices.IsSorted(list) || len(slices.Compact(slices.Clone(list))) != len(list) {
		t.Error("the list is not sorted, or has an entry twice")
	}
	// Some differ only in case.
	if len(list) < 13_000 || long < Commonest*97/100 || long > Commonest {
		t.Errorf("%d passwords, of which %d are long", len(list), long)
	}
	if len(packed) > 60_000 {
		t.Errorf("the list takes %d bytes", len(packed))
	}
	all := strings.Fields(pins)
	if len(all) != CommonestPINs || all[0] != "1234" {
		t.Errorf("%d PINs, the first %q", len(all), all[0])
	}
}

func TestCommonPassword(t *testing.T) { // A3
	for _, p := range []string{"123456", "password", "Password", "PASSWORD1", "1234567890", "qwertyuiop", "trustno1", "iloveyou"} {
		if !CommonPassword(p) {
			t.Errorf("CommonPassword(%q) = false", p)
		}
	}
	for _, p := range []string{"", " ", "password\n", "seven lamps of brass", "pässword"} {
		if CommonPassword(p) {
			t.Errorf("CommonPassword(%q) = true", p)
		}
	}
}

func TestCommonPIN(t *testing.T) { // P2
	for p, want := range map[string]bool{"1234": true, "6969": true, "4128": true, "2846": false, "": false, "123": false, "1234\n": false, "12345": false, "234 ": false} {
		if got := CommonPIN(p); got != want {
			t.Errorf("CommonPIN(%q) = %t", p, got)
		}
	}
}

func TestUnpackDamaged(t *testing.T) {
	for _, data := range [][]byte{nil, []byte("x"), packed[:len(packed)/2], append([]byte{}, packed[10:]...)} {
		if _, err := unpack(data); err == nil {
			t.Errorf("%d damaged bytes were unpacked", len(data))
		}
	}
}

func FuzzUnpack(f *testing.F) {
	f.Add(packed[:200])
	f.Fuzz(func(t *testing.T, data []byte) {
		list, err := unpack(data)
		if err == nil && len(strings.Join(list, " ")) > maxList {
			t.Error("unpacked more than its bound")
		}
	})
}
