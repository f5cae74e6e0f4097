package e2e

import (
	"encoding/json"
	"fmt"
	"io"
	"net"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/hearthkey/hearthkey/agent/local"
)

// installed is a root folder that packages are installed into, by dpkg.
type installed struct {
	t    *testing.T
	root string
}

func newRoot(t *testing.T) installed {
	t.Helper()
	if os.Geteuid() != 0 {
		t.Skip("NOT TESTED on this machine: packages are installed by root")
	}
	in := installed{t, t.TempDir()}
	for _, dir := range []string{"var/lib/dpkg/info", "var/lib/dpkg/updates", "var/lib/dpkg/triggers", "etc", "tmp"} {
		in.must(os.MkdirAll(filepath.Join(in.root, dir), 0o755))
	}
	in.must(os.Chmod(in.root, 0o755))
	in.must(os.Chmod(filepath.Dir(in.root), 0o755)) // others than root run what is in it
	for file, content := range map[string]string{"var/lib/dpkg/status": "", "etc/passwd": "root:x:0:0::/:/bin/sh\n", "etc/group": "root:x:0:\n"} {
		in.must(os.WriteFile(filepath.Join(in.root, file), []byte(content), 0o644))
	}
	return in
}

func (in installed) must(err error) {
	in.t.Helper()
	if err != nil {
		in.t.Fatal(err)
	}
}

// packed builds a package that is newer than all.
func packed(t *testing.T, what, arch, program string) string {
	t.Helper()
	cmd := exec.CommandContext(t.Context(), filepath.Join(root, "packaging/deb.sh"), what, arch, "99.0.0", program, t.TempDir())
	cmd.Stderr, cmd.Env = t.Output(), append(os.Environ(), "DEB_LEVEL=0")
	out, err := cmd.Output()
	if err != nil {
		t.Fatal(err)
	}
	return strings.TrimSpace(string(out))
}

// dpkg does something with packages in the root.
func (in installed) dpkg(args ...string) {
	in.t.Helper()
	cmd := exec.CommandContext(in.t.Context(), "dpkg", append([]string{
		"--root=" + in.root, "--force-script-chrootless", "--force-architecture", "--log=/dev/null",
	}, args...)...)
	cmd.Env = append(os.Environ(), "DEBIAN_FRONTEND=noninteractive")
	if out, err := cmd.CombinedOutput(); err != nil {
		in.t.Fatalf("dpkg %v: %v\n%s", args, err, out)
	}
}

// setting is a line of a unit.
func (in installed) setting(unit, key string) string {
	in.t.Helper()
	data, err := os.ReadFile(filepath.Join(in.root, "usr/lib/systemd/system", unit))
	in.must(err)
	for line := range strings.Lines(string(data)) {
		if value, ok := strings.CutPrefix(line, key+"="); ok {
			return strings.TrimSpace(value)
		}
	}
	in.t.Fatalf("%s has no %s", unit, key)
	return ""
}

// nobodyID is a user and a group that own nothing.
const nobodyID = 65534

// started runs what a unit runs, as a service manager does: as another user, with its
// environment, and told how it stands.
func (in installed) started(unit string, env ...string) (p *exec.Cmd, says func() string) {
	in.t.Helper()
	manager, err := net.ListenUnixgram("unixgram", &net.UnixAddr{Name: filepath.Join(in.root, "tmp/notify"), Net: "unixgram"})
	in.must(err)
	in.t.Cleanup(func() { manager.Close() })
	in.must(os.Chmod(filepath.Join(in.root, "tmp/notify"), 0o777))
	values := map[string]string{}
	for _, v := range env {
		key, value, _ := strings.Cut(v, "=")
		values[key] = value
	}
	var args []string
	for word := range strings.FieldsSeq(in.setting(unit, "ExecStart")) {
		if name, ok := strings.CutPrefix(word, "$"); ok && !strings.HasPrefix(name, "{") {
			args = append(args, strings.Fields(values[name])...)
			continue
		}
		args = append(args, os.Expand(word, func(k string) string { return values[k] }))
	}
	p = exec.Command(filepath.Join(in.root, args[0]), args[1:]...)
	p.Env = append(env, "NOTIFY_SOCKET="+filepath.Join(in.root, "tmp/notify"), "WATCHDOG_USEC=1000000")
	p.Stderr, p.Stdout = in.t.Output(), io.Discard
	p.SysProcAttr = &syscall.SysProcAttr{Credential: &syscall.Credential{Uid: nobodyID, Gid: nobodyID}}
	in.must(p.Start())
	return p, func() string {
		_ = manager.SetReadDeadline(time.Now().Add(patience))
		b := make([]byte, 100)
		n, err := manager.Read(b)
		in.must(err)
		return string(b[:n])
	}
}

// owned makes a folder that the service may write to.
func (in installed) owned(path string) string {
	in.t.Helper()
	dir := filepath.Join(in.root, path)
	in.must(os.MkdirAll(filepath.Dir(dir), 0o755))
	in.must(os.Mkdir(dir, 0o700))
	in.must(os.Chown(dir, nobodyID, nobodyID))
	return dir
}

// ends asks the service to end as its manager does.
func ends(t *testing.T, p *exec.Cmd, says func() string) {
	t.Helper()
	if err := p.Process.Signal(syscall.SIGTERM); err != nil {
		t.Fatal(err)
	}
	for says() != "STOPPING=1" { // it may say that it is alive once more
	}
	if err := p.Wait(); err != nil {
		t.Errorf("it ended with %v", err)
	}
}

// The agent's package is installed, started as its unit says, and removed.
func TestPackageOfTheAgent(t *testing.T) {
	if runtime.GOARCH != "amd64" {
		t.Skip("NOT TESTED on this machine: the package for amd64 is started")
	}
	in := newRoot(t)
	in.dpkg("-i", packed(t, "agent", "amd64", program("hearthkey-agent-linux-amd64")))
	passwd, err := os.ReadFile(filepath.Join(in.root, "etc/passwd"))
	in.must(err)
	if !strings.Contains(string(passwd), "\nhearthkey:") {
		t.Errorf("no user of its own:\n%s", passwd)
	}
	data, run := in.owned("var/lib/hearthkey-agent"), in.owned("run/hearthkey-agent")
	p, says := in.started("hearthkey-agent.service", "STATE_DIRECTORY="+data, "RUNTIME_DIRECTORY="+run,
		"HEARTHKEY_SERVER="+nobody, "HEARTHKEY_NAME=Living room TV", "HEARTHKEY_FLAGS=-kind box -local-group "+fmt.Sprint(nobodyID))
	t.Cleanup(func() { _ = p.Process.Kill() })
	for _, want := range []string{"READY=1", "WATCHDOG=1", "WATCHDOG=1"} {
		if got := says(); got != want {
			t.Fatalf("it said %q, want %q", got, want)
		}
	}
	if name := askName(t, filepath.Join(run, "api")); name != "Living room TV" {
		t.Errorf("the TV's name is %q", name)
	}
	ends(t, p, says)
	in.dpkg("--remove", "hearthkey-agent")
	if _, err := os.Stat(filepath.Join(data, "vault")); err != nil {
		t.Errorf("the TV's identity after the package is removed: %v", err)
	}
	if _, err := os.Stat(filepath.Join(in.root, "usr/bin/hearthkey-agent")); err == nil {
		t.Error("the program is there after the package is removed")
	}
}

// askName asks the local API for the TV's name.
func askName(t *testing.T, socket string) string {
	t.Helper()
	status, err := askStatus(socket)
	if err != nil {
		t.Fatal(err)
	}
	return status.Name
}

// askStatus asks the local API how the TV stands.
func askStatus(socket string) (status local.Status, err error) {
	conn, err := net.Dial("unix", socket)
	if err != nil {
		return status, err
	}
	defer conn.Close()
	_ = conn.SetDeadline(time.Now().Add(patience))
	if _, err := io.WriteString(conn, `{"jsonrpc":"2.0","id":1,"method":"status"}`+"\n"); err != nil {
		return status, err
	}
	answer := struct{ Result *local.Status }{&status}
	return status, json.NewDecoder(conn).Decode(&answer)
}

// The server's package, likewise.
func TestPackageOfTheServer(t *testing.T) {
	if runtime.GOARCH != "amd64" {
		t.Skip("NOT TESTED on this machine: the package for amd64 is started")
	}
	in := newRoot(t)
	in.dpkg("-i", packed(t, "server", "amd64", program("hearthkey-server")))
	port, err := freePort()
	in.must(err)
	listen := fmt.Sprintf("127.0.0.1:%d", port)
	p, says := in.started("hearthkey-server.service", "HEARTHKEY_DATA="+in.owned("var/lib/hearthkey-server"),
		"HEARTHKEY_LISTEN="+listen, "HEARTHKEY_DEV=true")
	t.Cleanup(func() { _ = p.Process.Kill() })
	got := []string{says(), says(), says()}
	if all := strings.Join(got, " "); !strings.Contains(all, "READY=1") || !strings.Contains(all, "WATCHDOG=1") {
		t.Errorf("it said %v", got)
	}
	resp, err := http.Get("http://" + listen + "/healthz")
	in.must(err)
	resp.Body.Close()
	if resp.StatusCode != http.StatusOK {
		t.Errorf("it answers %s", resp.Status)
	}
	ends(t, p, says)
}

// The package for armhf is installed, and its program runs.
func TestPackageForARM(t *testing.T) {
	in := newRoot(t)
	in.dpkg("-i", packed(t, "agent", "armhf", program("hearthkey-agent-linux-armv7")))
	out, err := exec.CommandContext(t.Context(), "qemu-arm-static", filepath.Join(in.root, "usr/bin/hearthkey-agent"), "-version").CombinedOutput()
	if err != nil || !strings.HasPrefix(string(out), "hearthkey-agent ") {
		t.Errorf("%v: %s", err, out)
	}
}

// The tarball is the same for the same files.
func TestTarball(t *testing.T) {
	pack := func() string {
		out, err := exec.CommandContext(t.Context(), filepath.Join(root, "packaging/tarball.sh"), "amd64", "1.2.3", program("hearthkey-agent-linux-amd64"), t.TempDir()).Output()
		if err != nil {
			t.Fatal(err)
		}
		return strings.TrimSpace(string(out))
	}
	one, err := os.ReadFile(pack())
	if err != nil {
		t.Fatal(err)
	}
	two, err := os.ReadFile(pack())
	if err != nil {
		t.Fatal(err)
	}
	if string(one) != string(two) {
		t.Error("the same files are packed to other bytes")
	}
}

// Units are hardened as far as systemd's own judgement goes.
func TestUnitsAreHardened(t *testing.T) {
	if _, err := exec.LookPath("systemd-analyze"); err != nil {
		t.Skip("NOT TESTED on this machine: systemd-analyze is not installed")
	}
	for _, unit := range []string{"hearthkey-agent.service", "hearthkey-server.service"} {
		out, err := exec.CommandContext(t.Context(), "systemd-analyze", "security", "--offline=true", "--threshold=20",
			filepath.Join(root, "packaging/systemd", unit)).CombinedOutput()
		if err != nil {
			t.Errorf("%s is more exposed than 2.0 of 10: %v\n%s", unit, err, out)
		}
		if i := strings.LastIndex(strings.TrimSpace(string(out)), "\n"); i >= 0 {
			t.Logf("%s", strings.TrimSpace(string(out[i:])))
		}
	}
}
