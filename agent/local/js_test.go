package local

import (
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"github.com/hearthkey/hearthkey/agent/nav"
)

// The JavaScript module speaks to the real server: calls, events, errors, a server that
// goes away and comes back, and a wrong token.
func TestJavaScript(t *testing.T) {
	s := start(t, Config{Web: "127.0.0.1:0", Token: token, Version: "1"})
	s.Tell(TopicView, nav.View{Screen: nav.ScreenGate, Title: "Who is watching?"})
	s.Tell(TopicStatus, Status{Phase: "active"})
	script, err := filepath.Abs("testdata/client.mjs")
	if err != nil {
		t.Fatal(err)
	}
	cmd := exec.CommandContext(t.Context(), "node", "--experimental-websocket", script, s.WebURL(), token)
	cmd.Stderr = t.Output()
	cmd.Env = append(os.Environ(), "NODE_NO_WARNINGS=1")
	out, err := cmd.Output()
	if err != nil {
		t.Fatalf("%v\n%s", err, out)
	}
	want := strings.TrimLeft(`
connection false
connection true
view gate
status active
press {}
wrong key -32602
status TV
refused 4
closed 2
wrong token 1
`, "\n")
	if got := string(out); got != want {
		t.Errorf("it said:\n%swant:\n%s", got, want)
	}
}
