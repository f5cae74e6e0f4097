package household

import (
	"path/filepath"
	"testing"
)

// The banner names a command that draws a TV of this household, and of no other.
func TestTerminalCommand(t *testing.T) {
	usual, err := filepath.Abs("data")
	if err != nil {
		t.Fatal(err)
	}
	for _, c := range []struct{ data, want string }{
		{usual, "make tv"},
		{"/srv/my home", `/opt/bin/hearthkey tv --data "/srv/my home"`},
	} {
		if got := (Plan{Bin: "/opt/bin", Data: c.data}).terminal(); got != c.want {
			t.Errorf("of %s: %s, want %s", c.data, got, c.want)
		}
	}
}
