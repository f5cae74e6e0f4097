package main

import (
	"slices"
	"strings"
	"testing"
)

func TestInColumns(t *testing.T) {
	for figure, want := range map[string]string{
		"box.armv7_rss 10313728 B":           "box.armv7_rss 10.31 MB - - <=12 ok",
		"box.armv7_rss 13000000 B":           "box.armv7_rss 13 MB - - <=12 short",
		"box.ext4_start_written 203776 B":    "box.ext4_start_written 203.8 KB - - - -",
		"box.armv7_idle_wakeups 8.46667 /s":  "box.armv7_idle_wakeups 8.467 /s - - <=6 short",
		"something else that is no figure, ": "# something else that is no figure,",
	} {
		if got := strings.Join(strings.Fields(inColumns(figure)), " "); got != want {
			t.Errorf("inColumns(%q) = %q, want %q", figure, got, want)
		}
	}
}

// What is in the kernel already, or in the order, is left out.
func TestBehind(t *testing.T) {
	got, err := behind([]string{"a_b"}, "a-b", map[string]string{"a_b": "/nowhere"})
	if err != nil || !slices.Equal(got, []string{"a_b"}) {
		t.Errorf("a module twice: %v, %v", got, err)
	}
	if got, err := behind(nil, "builtin", nil); err != nil || got != nil {
		t.Errorf("a module that is built in: %v, %v", got, err)
	}
	if _, err := behind(nil, "broken", map[string]string{"broken": "files_test.go"}); err == nil {
		t.Error("a file that is no module is taken")
	}
}
