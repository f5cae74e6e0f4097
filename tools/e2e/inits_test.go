package e2e

import (
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"syscall"
	"testing"

	"github.com/hearthkey/hearthkey/tools/drive"
)

// smallBox is a root of nothing but BusyBox and the agent, which runs as a user of its own.
func smallBox(t *testing.T) installed {
	t.Helper()
	in := newRoot(t)
	busybox, err := exec.LookPath("busybox")
	in.must(err)
	for from, to := range map[string]string{
		busybox: "bin/busybox", program("hearthkey-agent-linux-amd64"): "usr/bin/hearthkey-agent",
		filepath.Join(root, "packaging/buildroot/S80hearthkey-agent"): "etc/init.d/S80hearthkey-agent",
	} {
		in.must(os.MkdirAll(filepath.Join(in.root, filepath.Dir(to)), 0o755))
		data, err := os.ReadFile(from)
		in.must(err)
		in.must(os.WriteFile(filepath.Join(in.root, to), data, 0o755))
	}
	for _, applet := range []string{"sh", "mkdir", "chown", "chmod", "cat", "kill", "rm", "sleep", "start-stop-daemon"} {
		in.must(os.Symlink("busybox", filepath.Join(in.root, "bin", applet)))
	}
	for _, dir := range []string{"etc/hearthkey", "proc", "dev", "var/run"} {
		in.must(os.MkdirAll(filepath.Join(in.root, dir), 0o755))
	}
	in.must(os.WriteFile(filepath.Join(in.root, "dev/null"), nil, 0o666)) // as good for what is thrown away
	in.must(os.WriteFile(filepath.Join(in.root, "etc/passwd"), fmt.Appendf(nil, "root:x:0:0::/:/bin/sh\nhearthkey:x:%d:%[1]d::/:/bin/false\n", nobodyID), 0o644))
	in.must(os.WriteFile(filepath.Join(in.root, "etc/group"), fmt.Appendf(nil, "root:x:0:\nhearthkey:x:%d:\n", nobodyID), 0o644))
	if out, err := exec.Command("mount", "-t", "proc", "proc", filepath.Join(in.root, "proc")).CombinedOutput(); err != nil {
		t.Fatalf("%v: %s", err, out) // start-stop-daemon looks for processes there
	}
	t.Cleanup(func() { _ = exec.Command("umount", filepath.Join(in.root, "proc")).Run() })
	return in
}

// set writes the settings of the agent.
func (in installed) set(settings string) {
	in.t.Helper()
	in.must(os.WriteFile(filepath.Join(in.root, "etc/hearthkey/agent"), []byte(settings), 0o640))
}

// script runs the script of BusyBox's init.
func (in installed) script(what string) {
	in.t.Helper()
	cmd := exec.Command("chroot", in.root, "/bin/sh", "/etc/init.d/S80hearthkey-agent", what) // not with t.Context: that ends before the cleanup
	cmd.Env = []string{"PATH=/bin:/usr/bin"}
	if err := cmd.Run(); err != nil { // without its output: what it starts keeps that open
		in.t.Fatalf("%s: %v", what, err)
	}
}

// running are the processes of a program in the root, with whom each belongs to.
func (in installed) running(file string) (owners map[string]uint32) {
	in.t.Helper()
	owners = map[string]uint32{}
	all, err := filepath.Glob("/proc/[0-9]*")
	in.must(err)
	for _, dir := range all {
		exe, _ := os.Readlink(dir + "/exe") // a process may end meanwhile
		info, err := os.Stat(dir)
		if exe != filepath.Join(in.root, file) || err != nil {
			continue
		}
		if s, ok := info.Sys().(*syscall.Stat_t); ok {
			owners[filepath.Base(dir)] = s.Uid
		}
	}
	return owners
}

// The script of BusyBox's init, with BusyBox, starts the agent with the settings of its file and
// without rights, starts it again when it was killed, ends it, and gives up where a setting is wrong.
func TestInitScript(t *testing.T) {
	if runtime.GOARCH != "amd64" {
		t.Skip("NOT TESTED on this machine: the program for amd64 is started")
	}
	ctx := patient(t, patience)
	in := smallBox(t)
	in.set("HEARTHKEY_SERVER=" + nobody + "\nHEARTHKEY_NAME='Den TV'\nHEARTHKEY_FLAGS='-kind box'\n")
	soon := func(what string, ok func() bool) {
		t.Helper()
		if err := drive.Poll(ctx, func() error {
			if ok() {
				return nil
			}
			return errors.New(what)
		}); err != nil {
			t.Fatal(err)
		}
	}
	api := filepath.Join(in.root, "var/run/hearthkey-agent/api")
	served := func() bool { s, err := askStatus(api); return err == nil && s.Name == "Den TV" }
	in.script("start")
	t.Cleanup(func() { in.script("stop") }) // where the test gave up before
	soon("it does not serve", served)
	first := in.running("usr/bin/hearthkey-agent")
	for pid, uid := range first {
		if uid != nobodyID {
			t.Errorf("it runs as user %d", uid)
		}
		in.must(exec.Command("kill", "-9", pid).Run())
	}
	soon("it was not started again", func() bool {
		for pid := range in.running("usr/bin/hearthkey-agent") {
			_, old := first[pid]
			return !old && served()
		}
		return false
	})
	in.script("stop")
	ended := func() bool { return len(in.running("usr/bin/hearthkey-agent"))+len(in.running("bin/busybox")) == 0 }
	soon("stopped, and it runs", ended)
	in.set("HEARTHKEY_SERVER=nonsense\n")
	in.script("start")
	soon("it is started for ever with a wrong setting", ended)
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
