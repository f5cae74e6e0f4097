package e2e

import (
	"os/exec"
	"strings"
	"testing"
	"time"
)

// emulated are the builds for other processors and what runs them here.
var emulated = []struct{ name, emulator, agent string }{
	{"armv7", "qemu-arm-static", "hearthkey-agent-linux-armv7"},
	{"arm64", "qemu-aarch64-static", "hearthkey-agent-linux-arm64"},
}

// TestTourOnARM goes through the whole smoke tour with the agent that a box
// gets: it enrols, caches, checks PINs, is killed, comes back and signs out. One
// processor after the other, since an emulator takes what it gets.
func TestTourOnARM(t *testing.T) {
	for _, e := range emulated {
		t.Run(e.name, func(t *testing.T) {
			ctx := patient(t, 3*time.Minute)
			out, err := exec.CommandContext(ctx, program("hearthkey"), "smoke", "--slow", "20",
				"--agent", e.emulator+" "+program(e.agent)).CombinedOutput()
			if err != nil || !strings.Contains(string(out), "steps, all held\n") {
				t.Errorf("smoke = %v:\n%s", err, out)
			}
		})
	}
}
