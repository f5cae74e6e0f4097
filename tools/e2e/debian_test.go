package e2e

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"io/fs"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/hearthkey/hearthkey/tools/drive"
	"github.com/hearthkey/hearthkey/tools/household"
)

var packagesFlag = flag.String("packages", "", "`folder` of packages that TestPackagesInDebian installs in a fresh Debian")

// debian is a fresh Debian that runs its own systemd, in a container that has this
// machine's network.
type debian struct {
	t            *testing.T
	ctx          context.Context
	root, leader string
	server       int    // the port of the server in it
	screen       string // of the agent in it
}

// bootDebian makes a Debian and waits until it has started.
func bootDebian(t *testing.T, ctx context.Context) *debian {
	t.Helper()
	d := &debian{t: t, ctx: ctx, root: filepath.Join(t.TempDir(), "debian")}
	d.here("debootstrap", "--variant=minbase", "--include=systemd,systemd-sysv,dbus", "bookworm", d.root)
	manager := exec.Command("systemd-nspawn", "--quiet", "--directory="+d.root, "--boot", "--console=pipe", "--register=no", "--keep-unit",
		fmt.Sprint("--machine=hearthkey-", os.Getpid()))
	if err := manager.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		_ = manager.Process.Signal(syscall.SIGTERM) // it shuts down
		timer := time.AfterFunc(patience, func() { _ = manager.Process.Kill() })
		defer timer.Stop()
		_ = manager.Wait() // its status is that of a machine that was switched off
	})
	d.soon(func() error { return d.found(manager.Process.Pid) })
	d.soon(func() error {
		if _, err := d.try("systemctl is-active multi-user.target"); err != nil {
			return errors.New("Debian has not started")
		}
		return nil
	})
	var err error
	if d.server, err = freePort(); err != nil {
		t.Fatal(err)
	}
	port, err := freePort()
	if err != nil {
		t.Fatal(err)
	}
	d.screen = fmt.Sprint("127.0.0.1:", port)
	return d
}

// found looks for the container's first process.
func (d *debian) found(manager int) error {
	children, err := os.ReadFile(fmt.Sprintf("/proc/%d/task/%[1]d/children", manager))
	if err != nil {
		return err
	}
	for pid := range strings.FieldsSeq(string(children)) {
		if name, _ := os.ReadFile("/proc/" + pid + "/comm"); string(name) == "systemd\n" {
			d.leader = pid
			return nil
		}
	}
	return errors.New("no systemd")
}

func (d *debian) soon(f func() error) {
	d.t.Helper()
	ctx, cancel := context.WithTimeout(d.ctx, 2*patience)
	defer cancel()
	if err := drive.Poll(ctx, f); err != nil {
		d.t.Fatalf("%v\n%s", err, d.said())
	}
}

// here runs a program of this machine.
func (d *debian) here(name string, args ...string) {
	d.t.Helper()
	if out, err := exec.CommandContext(d.ctx, name, args...).CombinedOutput(); err != nil {
		d.t.Fatalf("%s %v: %v\n%s", name, args, err, out)
	}
}

// try runs a script in the Debian.
func (d *debian) try(script string) (string, error) {
	ctx, cancel := context.WithTimeout(d.ctx, 3*patience)
	defer cancel()
	out, err := exec.CommandContext(ctx, "nsenter", "--target", d.leader, "--all", "sh", "-ec", script).CombinedOutput()
	return strings.TrimSpace(string(out)), err
}

func (d *debian) sh(script string) string {
	d.t.Helper()
	out, err := d.try(script)
	if err != nil {
		d.t.Fatalf("%s: %v\n%s\n%s", script, err, out, d.said())
	}
	return out
}

// said is the end of what the services wrote.
func (d *debian) said() string {
	out, _ := d.try("journalctl --no-pager -o cat -n 40 -u hearthkey-agent -u hearthkey-server")
	return out
}

// is wants what a script prints.
func (d *debian) is(script, want string) {
	d.t.Helper()
	if got, _ := d.try(script); got != want {
		d.t.Errorf("%s = %q, want %q", script, got, want)
	}
}

// path is where a file of the Debian is on this machine.
func (d *debian) path(file string) string { return filepath.Join("/proc", d.leader, "root", file) }

// install installs a package by apt.
func (d *debian) install(deb string) {
	d.t.Helper()
	d.here("cp", deb, d.path("root"))
	d.sh("DEBIAN_FRONTEND=noninteractive apt-get install -y --no-install-recommends /root/" + filepath.Base(deb))
}

// set changes a line of a file of settings.
func (d *debian) set(file, key, value string) {
	d.t.Helper()
	d.sh(fmt.Sprintf("sed -i '/^%s=/d' %s; echo '%[1]s=%[3]s' >> %[2]s", key, file, value))
}

// dropIn changes a unit for the test.
func (d *debian) dropIn(unit, lines string) {
	d.t.Helper()
	d.sh(fmt.Sprintf("mkdir -p /run/systemd/system/%s.service.d; printf '[Service]\\n%s' > /run/systemd/system/%[1]s.service.d/test.conf; systemctl daemon-reload", unit, lines))
}

// configure has the agent speak to the server, both on ports of the test.
func (d *debian) configure() {
	d.t.Helper()
	for key, value := range map[string]string{
		"LISTEN": fmt.Sprint("127.0.0.1:", d.server), "PUBLIC_URL": fmt.Sprint("http://localhost:", d.server),
		"NAME": "hearthkey.demo", "DEV": "true",
	} {
		d.set("/etc/hearthkey/server", "HEARTHKEY_"+key, value)
	}
	d.set("/etc/hearthkey/agent", "HEARTHKEY_SERVER", fmt.Sprint("ws://127.0.0.1:", d.server))
	d.set("/etc/hearthkey/agent", "HEARTHKEY_NAME", `"Living room TV"`)
	d.set("/etc/hearthkey/agent", "HEARTHKEY_FLAGS", `"-kind box -screen `+d.screen+`"`)
}

// stands waits until the agent is as wanted and in contact with its server.
func (d *debian) stands(phase string) {
	d.t.Helper()
	d.soon(func() error {
		s, err := askStatus(d.path("run/hearthkey-agent/api"))
		if err == nil && (s.Phase != phase || !s.Online || s.Name != "Living room TV") {
			return fmt.Errorf("the TV stands %+v, want %s and online", s, phase)
		}
		return err
	})
}

// serves waits until the server answers.
func (d *debian) serves() {
	d.t.Helper()
	d.soon(func() error {
		resp, err := http.Get(fmt.Sprintf("http://127.0.0.1:%d/healthz", d.server))
		if err != nil {
			return err
		}
		defer resp.Body.Close()
		if resp.StatusCode != http.StatusOK {
			return errors.New(resp.Status)
		}
		return nil
	})
}

// pid is a service's process.
func (d *debian) pid(unit string) string {
	d.t.Helper()
	return d.sh("systemctl show -P MainPID " + unit)
}

// hangs stops a service's process in the middle of what it does: the watchdog ends it, and it is
// started again.
func (d *debian) hangs(unit string) {
	d.t.Helper()
	hung := d.pid(unit)
	if hung == "0" {
		d.t.Fatalf("%s does not run\n%s", unit, d.said())
	}
	d.sh("kill -STOP " + hung)
	d.soon(func() error {
		if now := d.pid(unit); now == hung || now == "0" {
			return fmt.Errorf("%s hung and was not started again", unit)
		}
		return nil
	})
}

// unprivileged holds the rights of a service's process to what it needs.
func (d *debian) unprivileged(unit, caps string) {
	d.t.Helper()
	status := d.sh("cat /proc/" + d.pid(unit) + "/status")
	for _, want := range []string{"CapEff:\t" + caps, "CapBnd:\t" + caps, "NoNewPrivs:\t1", "Seccomp:\t2"} {
		if !strings.Contains(status, want) {
			d.t.Errorf("%s has not %q:\n%s", unit, want, status)
		}
	}
	if strings.Contains(status, "Uid:\t0") {
		d.t.Errorf("%s runs as root", unit)
	}
}

// there tells whether a file is in the Debian.
func (d *debian) there(file string, want bool) {
	d.t.Helper()
	if _, err := os.Lstat(d.path(file)); errors.Is(err, fs.ErrNotExist) == want {
		d.t.Errorf("%s: %v, want it there: %v", file, err, want)
	}
}

// built is a package of `make packages`.
func built(t *testing.T, what, arch string) string {
	t.Helper()
	debs, err := filepath.Glob(filepath.Join(*packagesFlag, "hearthkey-"+what+"_*_"+arch+".deb"))
	if err != nil || len(debs) != 1 {
		t.Fatalf("packages of the %s for %s: %v, %v; want one", what, arch, debs, err)
	}
	return debs[0]
}

// All packages are installed with apt in a fresh Debian and run by its systemd, in the sandbox of their
// units: this machine's own, and after that those for ARM under qemu, with the folders that it left.
func TestPackagesInDebian(t *testing.T) {
	if *packagesFlag == "" {
		t.Skip("a fresh Debian takes minutes: make packages-test")
	}
	ctx, cancel := context.WithTimeout(t.Context(), 25*time.Minute)
	defer cancel()
	d := bootDebian(t, ctx)
	for _, step := range []struct {
		name string
		do   func(*debian)
	}{
		{"signed in", (*debian).signedIn},
		{"hung", (*debian).hung},
		{"wrong setting", (*debian).wrongSetting},
		{"upgraded", (*debian).upgraded},
		{"removed", (*debian).removed},
		{"purged", (*debian).purged},
		{"armhf", func(d *debian) { d.emulated("armhf", "qemu-arm") }},
		{"arm64", func(d *debian) { d.emulated("arm64", "qemu-aarch64") }},
	} {
		if !t.Run(step.name, func(t *testing.T) { in := *d; in.t = t; step.do(&in) }) {
			return // the steps build on each other
		}
	}
}

// signedIn: nothing runs that nobody enabled; then a household signs a TV in.
func (d *debian) signedIn() {
	for _, unit := range []string{"server", "agent"} {
		d.install(built(d.t, unit, "amd64"))
		d.is("systemctl is-active hearthkey-"+unit, "inactive")
		d.is("systemctl is-enabled hearthkey-"+unit, "disabled")
		d.dropIn("hearthkey-"+unit, `WatchdogSec=4\n`)
	}
	d.configure()
	d.sh("systemctl enable --now hearthkey-server hearthkey-agent")
	d.serves()
	home := household.Home{Plan: household.Plan{ServerPort: d.server}}
	owner, err := home.NewOwner(d.ctx)
	if err != nil {
		d.t.Fatal(err)
	}
	if err := household.SignInByCode(d.ctx, attached(d.t, d.ctx, d.screen), owner); err != nil {
		d.t.Fatal(err)
	}
	d.stands("active")
	d.unprivileged("hearthkey-agent", "0000000000000000")
	d.unprivileged("hearthkey-server", "0000000000000400") // ports below 1024
	d.is("stat -c '%a %U:%G' /run/hearthkey-agent/api", "660 hearthkey:hearthkey")
}

func (d *debian) hung() {
	d.hangs("hearthkey-server")
	d.hangs("hearthkey-agent")
	d.stands("active")
}

// wrongSetting: it is not started again and again, and comes back with the right one.
func (d *debian) wrongSetting() {
	d.set("/etc/hearthkey/agent", "HEARTHKEY_SERVER", "nonsense")
	if _, err := d.try("systemctl restart hearthkey-agent"); err == nil {
		d.t.Error("it started with a wrong setting")
	}
	d.is("systemctl show -P ActiveState hearthkey-agent", "failed") // else it would be "activating"
	d.is("systemctl show -P ExecMainStatus hearthkey-agent", "78")
	d.configure()
	d.sh("systemctl restart hearthkey-agent")
	d.stands("active")
}

// upgraded: what runs is started anew, with its settings and its data.
func (d *debian) upgraded() {
	for unit, name := range map[string]string{"server": "hearthkey-server", "agent": "hearthkey-agent-linux-amd64"} {
		before := d.pid("hearthkey-" + unit)
		d.install(packed(d.t, unit, "amd64", program(name)))
		if d.pid("hearthkey-"+unit) == before {
			d.t.Errorf("hearthkey-%s was upgraded and not started anew", unit)
		}
		d.is("dpkg-query -W -f '${Version}' hearthkey-"+unit, "99.0.0")
	}
	d.stands("active")
}

// removed: all but settings and data goes, and comes again.
func (d *debian) removed() {
	d.sh("apt-get remove -y hearthkey-agent hearthkey-server")
	for _, unit := range []string{"agent", "server"} {
		if _, err := d.try("systemctl is-active hearthkey-" + unit); err == nil {
			d.t.Errorf("hearthkey-%s runs and was removed", unit)
		}
		d.there("usr/bin/hearthkey-"+unit, false)
		d.there("etc/systemd/system/multi-user.target.wants/hearthkey-"+unit+".service", false)
		d.there("etc/hearthkey/"+unit, true)
	}
	d.there("var/lib/hearthkey-agent/vault", true)
	d.there("var/lib/hearthkey-server/hearthkey.db", true)
	d.install(built(d.t, "agent", "amd64"))
	d.install(built(d.t, "server", "amd64"))
	d.sh("systemctl start hearthkey-server hearthkey-agent")
	d.stands("active")
}

// purged: the settings go too; what a household owns stays.
func (d *debian) purged() {
	d.sh("apt-get purge -y hearthkey-agent hearthkey-server")
	for _, unit := range []string{"agent", "server"} {
		d.there("etc/hearthkey/"+unit, false)
		d.there("usr/lib/systemd/system/hearthkey-"+unit+".service", false)
	}
	d.there("var/lib/hearthkey-agent/vault", true)
	d.there("var/lib/hearthkey-server/hearthkey.db", true)
}

// emulated: another processor's programs go on with what is there.
func (d *debian) emulated(arch, emulator string) {
	runsOthers(d.t, emulator)
	d.sh("dpkg --add-architecture " + arch)
	for _, unit := range []string{"server", "agent"} {
		d.install(built(d.t, unit, arch))
		// The emulator makes code while it runs, and needs memory of its own.
		d.dropIn("hearthkey-"+unit, `WatchdogSec=20\nMemoryDenyWriteExecute=no\nMemoryHigh=infinity\nMemoryMax=infinity\n`)
	}
	d.configure()
	d.sh("systemctl start hearthkey-server hearthkey-agent")
	d.stands("active")
	d.hangs("hearthkey-agent")
	d.stands("active")
	d.unprivileged("hearthkey-agent", "0000000000000000")
	d.sh("apt-get purge -y hearthkey-agent hearthkey-server")
	d.there("usr/bin/hearthkey-agent", false)
}

// runsOthers has the kernel run another processor's programs, until the test ends.
func runsOthers(t *testing.T, emulator string) {
	t.Helper()
	const folder = "/proc/sys/fs/binfmt_misc/"
	if _, err := os.Stat(folder + emulator); err == nil {
		return
	}
	if _, err := os.Stat(folder + "register"); err != nil {
		if out, err := exec.CommandContext(t.Context(), "mount", "-t", "binfmt_misc", "binfmt_misc", folder).CombinedOutput(); err != nil {
			t.Fatalf("%v: %s", err, out)
		}
	}
	format, err := os.ReadFile("/usr/lib/binfmt.d/" + emulator + ".conf")
	if err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(folder+"register", format, 0); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = os.WriteFile(folder+emulator, []byte("-1"), 0) })
}
