package e2e

import (
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"github.com/hearthkey/hearthkey/tools/drive"
)

// shims are programs of small boxes that a developer's machine lacks, put before the
// others: they leave out what needs root.
func shims(t *testing.T, programs map[string]string) []string {
	t.Helper()
	dir := t.TempDir()
	for name, script := range programs {
		if err := os.WriteFile(filepath.Join(dir, name), []byte("#!/bin/sh\n"+script), 0o755); err != nil {
			t.Fatal(err)
		}
	}
	return append(os.Environ(), "PATH="+dir+":"+os.Getenv("PATH"))
}

// The script of BusyBox's init starts the agent with the settings of its file, starts it
// again when it was killed, and ends it.
func TestInitScript(t *testing.T) {
	ctx := patient(t, patience)
	box := t.TempDir()
	for path, content := range map[string]string{
		"etc/hearthkey/agent":     "HEARTHKEY_SERVER=" + nobody + "\nHEARTHKEY_NAME='Den TV'\nHEARTHKEY_FLAGS='-kind box'\n",
		"usr/bin/hearthkey-agent": "#!/bin/sh\necho $$ > " + box + "/pid\nexec " + program("hearthkey-agent") + ` "$@"` + "\n",
	} {
		file := filepath.Join(box, path)
		if err := os.MkdirAll(filepath.Dir(file), 0o755); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(file, []byte(content), 0o755); err != nil {
			t.Fatal(err)
		}
	}
	env := append(shims(t, map[string]string{
		"chown": "exit 0\n",
		// BusyBox's: -S … -- ARGUMENTS in the foreground, -K … by what runs
		"start-stop-daemon": `if [ "$1" = -K ]; then kill $(cat "$ROOT/pid"); exit; fi
while [ "$1" != -x ]; do shift; done
program=$2; shift 3; exec "$program" "$@"
`,
	}), "ROOT="+box)
	script := func(what string) {
		t.Helper()
		cmd := exec.CommandContext(ctx, filepath.Join(root, "packaging/buildroot/S80hearthkey-agent"), what)
		cmd.Env = env
		if err := cmd.Run(); err != nil { // without its output: what it starts keeps that open
			t.Fatalf("%s: %v", what, err)
		}
	}
	api := filepath.Join(box, "var/run/hearthkey-agent/api")
	serves := func() string {
		t.Helper()
		if err := drive.Poll(ctx, func() error { return exec.Command("test", "-S", api).Run() }); err != nil {
			t.Fatal(err)
		}
		pid, err := os.ReadFile(filepath.Join(box, "pid"))
		if err != nil {
			t.Fatal(err)
		}
		return strings.TrimSpace(string(pid))
	}
	script("start")
	t.Cleanup(func() { // where the test gave up before its stop
		cmd := exec.Command(filepath.Join(root, "packaging/buildroot/S80hearthkey-agent"), "stop")
		cmd.Env = env
		_ = cmd.Run()
	})
	first := serves()
	if name := askName(t, api); name != "Den TV" {
		t.Errorf("the TV's name is %q", name)
	}
	if err := exec.Command("kill", "-9", first).Run(); err != nil {
		t.Fatal(err)
	}
	if err := os.Remove(api); err != nil {
		t.Fatal(err)
	}
	if again := serves(); again == first {
		t.Error("it was not started again")
	}
	script("stop")
	if err := drive.Poll(ctx, func() error {
		if exec.Command("test", "-S", api).Run() == nil {
			return os.ErrExist
		}
		return nil
	}); err != nil {
		t.Errorf("stopped, and it serves: %v", err)
	}
}

// The procd script has procd run the agent with the settings of UCI, as a user of its own; without
// a server it starts nothing.
func TestProcdScript(t *testing.T) {
	script, err := filepath.Abs(filepath.Join(root, "packaging/openwrt/files/hearthkey-agent.init"))
	if err != nil {
		t.Fatal(err)
	}
	for server, want := range map[string]string{
		"": "",
		"wss://tv.example": "open_instance\n" +
			"set_param command /usr/bin/hearthkey-agent -server wss://tv.example -name Den TV -data /etc/hearthkey-agent -local /var/run/hearthkey-agent/api -kind box\n" +
			"set_param user hearthkey\nset_param group hearthkey\nset_param no_new_privs 1\nset_param limits core=0\nset_param respawn 3600 2 0\n" +
			"set_param stdout 1\nset_param stderr 1\nset_param term_timeout 20\nclose_instance\nadd_reload_trigger hearthkey-agent\n",
	} {
		out, err := exec.CommandContext(t.Context(), "sh", "-c", `
config_load() { :; }
config_get() { case $3 in server) eval "$1=\$SERVER" ;; name) eval "$1='Den TV'" ;; flags) eval "$1='-kind box'" ;; esac; }
mkdir() { :; }; chown() { :; }; chmod() { :; }
for f in open_instance set_param close_instance add_reload_trigger; do eval "procd_$f() { echo $f \"\$@\" | sed 's/ *\$//'; }"; done
SERVER=$1; . "$2"; start_service; [ -z "$1" ] || service_triggers
`, "rc.common", server, script).CombinedOutput()
		if err != nil || string(out) != want {
			t.Errorf("with server %q: %v\n%s\nwant\n%s", server, err, out, want)
		}
	}
}
