// Command boxmachine boots a box: a real ARMv7 kernel (Debian's) in qemu-system-arm with the
// armv7 agent, signed in to an armv7 server beside it, and prints what only a kernel of that kind
// can tell: memory on 32 bits, bytes that reach the block device with ext4 and f2fs, keys from uinput, and
// keys of a TV that come over HDMI-CEC, between vivid's two adapters.
//
//	go run ./tools/boxmachine            # or make bench-box, which runs it last
//	go run ./tools/boxmachine -keys      # only uinput and CEC, in a minute or two
//
// It fetches the kernel and busybox as Debian packages with apt-get, once, into bin/box-machine, and
// needs qemu-system-arm, cpio, e2fsprogs, f2fs-tools and openssl. Sizes and bytes are
// true; times are an emulator's, and not printed. It ends with 0 when the machine said all it had
// to say, within 45 minutes.
package main

import (
	"bufio"
	"context"
	_ "embed"
	"errors"
	"flag"
	"fmt"
	"io"
	"os"
	"os/exec"
	"os/signal"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"
	"time"

	"github.com/hearthkey/hearthkey/tools/boxbuild"
	"github.com/hearthkey/hearthkey/tools/drive"
	"github.com/hearthkey/hearthkey/tools/household"
)

//go:embed init.sh
var initScript string

// limit bounds a run, idle is how long the agent's wake-ups are counted, and an idle day is
// parts times what the machine writes more in half an hour and such a part of a day than in
// half an hour, by its own clock.
const (
	limit = 45 * time.Minute
	idle  = 60 * time.Second
	parts = 24
)

// filesystems are those of the machine's disks.
var filesystems = []string{"ext4", "f2fs"}

// modules are those of the kernel that the machine loads, with what they need.
var modules = []string{"virtio_mmio", "virtio_blk", "crc32c_generic", "crc32_generic", "ext4", "f2fs", "evdev", "uinput", "vivid"}

func main() {
	keys := flag.Bool("keys", false, "only what is about keys")
	flag.Parse()
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()
	ctx, cancel := context.WithTimeoutCause(ctx, limit, fmt.Errorf("not done within %s", limit))
	defer cancel()
	if err := run(ctx, os.Stdout, *keys); err != nil {
		fmt.Fprintln(os.Stderr, "boxmachine:", err)
		os.Exit(1)
	}
}

func run(ctx context.Context, out io.Writer, keys bool) error {
	root, err := boxbuild.Root(ctx)
	if err != nil {
		return err
	}
	dir, err := os.MkdirTemp("", "boxmachine-")
	if err != nil {
		return err
	}
	defer os.RemoveAll(dir)
	m := machine{root: root, dir: dir, packages: filepath.Join(root, "bin/box-machine"), keys: keys}
	if err := m.fetch(ctx); err != nil {
		return err
	}
	server, err := m.serve(ctx)
	if err != nil {
		return err
	}
	if err := errors.Join(m.signIn(ctx), server.Stop(30*time.Second)); err != nil {
		return err
	}
	if err := m.fill(ctx); err != nil {
		return err
	}
	return m.boot(ctx, out)
}

// machine is what is put together for it.
type machine struct {
	root, dir, packages string
	port                int
	url                 string
	keys                bool // nothing else is looked at
}

// do runs a command in the machine's folder.
func (m *machine) do(ctx context.Context, name string, args ...string) error {
	cmd := exec.CommandContext(ctx, name, args...)
	cmd.Dir = m.dir
	if out, err := cmd.CombinedOutput(); err != nil {
		return fmt.Errorf("%s: %w\n%s", name, err, out)
	}
	return nil
}

// fetch has apt-get bring the kernel and busybox, and unpacks them. It has lists of its
// own: those of this machine stay as they are.
func (m *machine) fetch(ctx context.Context) error {
	const script = `set -e
mkdir -p "$1" && cd "$1"
if ! ls linux-image-*_armhf.deb busybox-static*_armhf.deb >/dev/null 2>&1; then
	mkdir -p apt/lists/partial apt/archives/partial
	: > apt/status
	echo "deb http://deb.debian.org/debian bookworm main" > apt/sources
	set -- -o APT::Architecture=armhf -o APT::Architectures::=armhf -o Dir::State="$PWD/apt" -o Dir::Cache="$PWD/apt" \
		-o Dir::State::status="$PWD/apt/status" -o Dir::Etc::sourcelist="$PWD/apt/sources" -o Dir::Etc::sourceparts=/dev/null \
		-o Acquire::Languages=none -o APT::Sandbox::User=root
	apt-get "$@" update -qq
	apt-get "$@" -qq download busybox-static $(apt-cache "$@" depends linux-image-armmp | awk '/Depends: linux-image-/ {print $2}')
	rm -rf apt
fi`
	if err := m.do(ctx, "sh", "-c", script, "fetch", m.packages); err != nil {
		return err
	}
	for _, name := range []string{"linux-image-*", "busybox-static*"} {
		debs, err := filepath.Glob(filepath.Join(m.packages, name+"_armhf.deb"))
		if err != nil || len(debs) == 0 {
			return fmt.Errorf("no package %s in %s", name, m.packages)
		}
		if err := m.do(ctx, "dpkg-deb", "-x", debs[0], "debian"); err != nil {
			return err
		}
	}
	return nil
}

// serve starts the server that goes into the machine, for TVs to be signed in here.
func (m *machine) serve(ctx context.Context) (*drive.Process, error) {
	if err := m.do(ctx, "openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes", "-days", "30", "-subj", "/CN=box",
		"-addext", "subjectAltName=IP:127.0.0.1", "-keyout", "key.pem", "-out", "ca.pem"); err != nil {
		return nil, err
	}
	var err error
	if m.port, err = drive.FreePort(28760); err != nil {
		return nil, err
	}
	m.url = fmt.Sprintf("https://127.0.0.1:%d", m.port)
	p, err := drive.Start("server", filepath.Join(m.root, "bin/hearthkey-server"), []string{
		"--listen", fmt.Sprintf("127.0.0.1:%d", m.port), "--data", filepath.Join(m.dir, "tree/server"), "--name", "hearthkey.box", "--dev",
		"--tls-cert", filepath.Join(m.dir, "ca.pem"), "--tls-key", filepath.Join(m.dir, "key.pem"), "--public-url", m.url, "--log-level", "warn",
	}, nil, os.Stderr)
	if err != nil {
		return nil, err
	}
	client, err := trusting(filepath.Join(m.dir, "ca.pem"))
	if err != nil {
		return nil, err
	}
	waiting, cancel := drive.Timeout(ctx, 30*time.Second)
	defer cancel()
	return p, drive.Poll(waiting, func() error {
		resp, err := client.Get(m.url + "/readyz")
		if err != nil {
			return err
		}
		return resp.Body.Close()
	})
}

// signIn signs a TV in for each disk, with this machine's own build: its folder is the
// box's. One folder on two disks would be a copy, and is found out.
func (m *machine) signIn(ctx context.Context) error {
	client, err := trusting(filepath.Join(m.dir, "ca.pem"))
	if err != nil {
		return err
	}
	owner := &drive.Account{URL: m.url, Email: "box@example.com", Client: client}
	if err := owner.SignUp(ctx, "a box stands under the telly"); err != nil {
		return err
	}
	profiles, err := owner.Profiles(ctx)
	if err != nil {
		return err
	}
	if err := owner.SetPIN(ctx, profiles[0].ID, household.PIN); err != nil {
		return err
	}
	for _, fs := range filesystems {
		if err := m.signInOne(ctx, owner, fs); err != nil {
			return err
		}
	}
	return nil
}

func (m *machine) signInOne(ctx context.Context, owner *drive.Account, seed string) error {
	port, err := drive.FreePort(m.port + 10)
	if err != nil {
		return err
	}
	screen := "127.0.0.1:" + strconv.Itoa(port)
	p, err := drive.Start("agent", filepath.Join(m.root, "bin/hearthkey-agent"), []string{
		"-server", fmt.Sprintf("wss://127.0.0.1:%d", m.port), "-ca", filepath.Join(m.dir, "ca.pem"),
		"-data", filepath.Join(m.dir, "tree/seed", seed), "-name", "Box on " + seed, "-screen", screen,
	}, nil, io.Discard)
	if err != nil {
		return err
	}
	var tv *drive.TV
	waiting, cancel := drive.Timeout(ctx, 30*time.Second)
	defer cancel()
	if err := drive.Poll(waiting, func() error { tv, err = drive.Attach(waiting, screen); return err }); err != nil {
		return errors.Join(err, p.Stop(10*time.Second))
	}
	defer tv.Close()
	return errors.Join(household.SignInByCode(ctx, tv, owner), p.Stop(10*time.Second))
}

// fill makes the initramfs and the disks.
func (m *machine) fill(ctx context.Context) error {
	tree := filepath.Join(m.dir, "tree")
	if err := os.MkdirAll(filepath.Join(tree, "bin"), 0o755); err != nil {
		return err
	}
	disks := "vda vdb"
	if m.keys {
		disks = ""
	}
	script := strings.NewReplacer("@PORT@", strconv.Itoa(m.port), "@NOW@", strconv.FormatInt(time.Now().Unix(), 10),
		"@DISKS@", disks, "@IDLE@", strconv.Itoa(int(idle.Seconds())),
		"@PARTS@", strconv.Itoa(parts)).Replace(initScript)
	if err := errors.Join(
		os.WriteFile(filepath.Join(tree, "init"), []byte(script), 0o755),
		copyFile(filepath.Join(m.dir, "debian/bin/busybox"), filepath.Join(tree, "bin/busybox"), 0o755),
		copyFile(filepath.Join(m.dir, "ca.pem"), filepath.Join(tree, "ca.pem"), 0o644),
		copyFile(filepath.Join(m.dir, "key.pem"), filepath.Join(tree, "key.pem"), 0o600),
		boxbuild.Build(ctx, boxbuild.Program{Module: m.root, Package: boxbuild.Agent, Arch: boxbuild.ARMv7, Out: filepath.Join(tree, "bin/hearthkey-agent")}),
		m.golang(ctx, "test", "-c", "./agent/input", filepath.Join(tree, "bin/input.test")),
		m.golang(ctx, "test", "-c", "./agent", filepath.Join(tree, "bin/agent.test")),
		m.golang(ctx, "build", "-trimpath", "./server/cmd/hearthkey-server", filepath.Join(tree, "bin/hearthkey-server")),
		m.golang(ctx, "build", "-trimpath", "./tools/boxmachine/family", filepath.Join(tree, "bin/family")),
		m.loadable(filepath.Join(tree, "modules")),
	); err != nil {
		return err
	}
	if err := m.do(ctx, "sh", "-c", "cd tree && find . | cpio --quiet -o -H newc | gzip -1 > ../initrd"); err != nil {
		return err
	}
	for _, disk := range filesystems {
		if err := m.do(ctx, "truncate", "-s", "64M", disk+".img"); err != nil {
			return err
		}
	}
	return errors.Join(m.do(ctx, "mkfs.ext4", "-q", "ext4.img"), m.do(ctx, "mkfs.f2fs", "-q", "f2fs.img"))
}

// golang builds a program for the machine, or the tests of a package: some have devices
// of the kernel's own, which are only there.
func (m *machine) golang(ctx context.Context, verb, how, pkg, out string) error {
	cmd := exec.CommandContext(ctx, "go", verb, how, "-ldflags", "-s -w", "-o", out, pkg)
	cmd.Dir = m.root
	cmd.Env = append(os.Environ(), "GOOS=linux", "GOARCH=arm", "GOARM=7", "CGO_ENABLED=0")
	if said, err := cmd.CombinedOutput(); err != nil {
		return fmt.Errorf("%s %s for the machine: %w\n%s", verb, pkg, err, said)
	}
	return nil
}

// boot runs the machine, and passes on its figures.
func (m *machine) boot(ctx context.Context, out io.Writer) error {
	kernels, err := filepath.Glob(filepath.Join(m.dir, "debian/boot/vmlinuz-*"))
	if err != nil || len(kernels) == 0 {
		return errors.New("no kernel in the package")
	}
	cmd := exec.CommandContext(ctx, "qemu-system-arm", "-M", "virt", "-cpu", "cortex-a7", "-m", "512", "-no-reboot", "-nographic",
		"-icount", "shift=0,sleep=off", "-rtc", "clock=vm", // an instruction is 1 ns of its time, and what it would wait for is there at once
		"-kernel", kernels[0], "-initrd", "initrd", "-append", "console=ttyAMA0 quiet panic=-1",
		"-drive", "if=none,file=ext4.img,format=raw,id=a", "-device", "virtio-blk-device,drive=a",
		"-drive", "if=none,file=f2fs.img,format=raw,id=b", "-device", "virtio-blk-device,drive=b")
	cmd.Dir = m.dir
	console, err := cmd.StdoutPipe()
	if err != nil {
		return err
	}
	if err := cmd.Start(); err != nil {
		return err
	}
	done := false
	var tail []string
	for lines := bufio.NewScanner(console); lines.Scan(); {
		line := strings.TrimRight(lines.Text(), "\r")
		done = done || line == "DONE"
		if tail = append(tail, line); len(tail) > 30 {
			tail = tail[1:]
		}
		if figure, ok := strings.CutPrefix(line, "FIGURE "); ok {
			fmt.Fprintln(out, inColumns(figure))
		} else if note, ok := strings.CutPrefix(line, "NOTE "); ok {
			fmt.Fprintln(out, "#", note)
		}
	}
	if err := cmd.Wait(); err != nil || !done {
		return fmt.Errorf("the machine ended early: %w; it said:\n%s", errors.Join(err, context.Cause(ctx)), strings.Join(tail, "\n"))
	}
	return nil
}
