package e2e

import (
	"bufio"
	"context"
	"flag"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/hearthkey/hearthkey/tools/boxbuild"
	"github.com/hearthkey/hearthkey/tools/drive"
	"github.com/hearthkey/hearthkey/tools/household"
)

// cFlags are what the C client must compile with, without a warning.
var cFlags = []string{"-std=c99", "-Wall", "-Wextra", "-Wpedantic", "-Wshadow", "-Wconversion", "-Werror"}

// hostOf compiles the example host in C with a compiler. inside replaces the client's code by
// a library that holds the agent.
func hostOf(t *testing.T, cc string, inside []string, flags ...string) string {
	t.Helper()
	out := filepath.Join(t.TempDir(), "host")
	args := append(append([]string{"-o", out}, cFlags...), flags...)
	args = append(args, filepath.Join(root, "clients/c/example_host.c"))
	if inside == nil {
		inside = []string{filepath.Join(root, "clients/c/hearthkey.c")}
	}
	args = append(args, inside...)
	if said, err := exec.CommandContext(t.Context(), cc, append(args, "-I"+filepath.Join(root, "clients/c"))...).CombinedOutput(); err != nil {
		t.Fatalf("%s: %v\n%s", cc, err, said)
	}
	return out
}

// host is a running example host.
type host struct {
	t   *testing.T
	in  io.Writer
	out *bufio.Scanner
	all strings.Builder
	now string // the view that it said last
}

func startHost(t *testing.T, command ...string) *host {
	t.Helper()
	cmd := exec.Command(command[0], command[1:]...) // not with t.Context: that ends before the cleanup
	cmd.Stderr = t.Output()
	in, err := cmd.StdinPipe()
	if err != nil {
		t.Fatal(err)
	}
	out, err := cmd.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	h := &host{t: t, in: in, out: bufio.NewScanner(out)}
	timer := time.AfterFunc(40*time.Second, func() { _ = cmd.Process.Kill() })
	t.Cleanup(func() {
		timer.Stop()
		in.Close()
		for h.out.Scan() {
		}
		if err := cmd.Wait(); err != nil && !strings.Contains(h.all.String(), "ended: ") {
			t.Errorf("the host ended with %v; it said:\n%s", err, h.all.String())
		}
	})
	return h
}

// hear reads until a line begins with what is wanted.
func (h *host) hear(begins string) string {
	h.t.Helper()
	for h.out.Scan() {
		h.all.WriteString(h.out.Text() + "\n")
		if strings.HasPrefix(h.out.Text(), "view ") {
			h.now = h.out.Text()
		}
		if strings.HasPrefix(h.out.Text(), begins) {
			return h.out.Text()
		}
	}
	h.t.Fatalf("the host ended without %q; it said:\n%s", begins, h.all.String())
	return ""
}

// shows waits for a screen: a host may hear of it before or after the key's answer.
func (h *host) shows(screen string) {
	h.t.Helper()
	for !strings.HasPrefix(h.now, `view {"screen":"`+screen+`"`) {
		h.hear("view ")
	}
}

// do gives a command and wants this answer.
func (h *host) do(command, want string) {
	h.t.Helper()
	if _, err := io.WriteString(h.in, command+"\n"); err != nil {
		h.t.Fatal(err)
	}
	word, _, _ := strings.Cut(command, " ")
	if got := h.hear(word + ":"); !strings.HasPrefix(got, want) {
		h.t.Errorf("%s\ngot  %s\nwant %s", command, got, want)
	}
}

// localAgent starts an agent that nobody signed in, with a local API.
func localAgent(t *testing.T, ctx context.Context, server string, more ...string) (socket string, tv *drive.TV) {
	t.Helper()
	dir := t.TempDir()
	port, err := freePort()
	if err != nil {
		t.Fatal(err)
	}
	screen := "127.0.0.1:" + strconv.Itoa(port)
	socket = filepath.Join(dir, "api")
	p, err := drive.Start("agent", program("hearthkey-agent"), append([]string{
		"-server", server, "-data", filepath.Join(dir, "tv"), "-name", "Box", "-screen", screen, "-local", socket,
	}, more...), nil, logFile(t))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(p.Kill)
	return socket, attached(t, ctx, screen)
}

// attached waits for a screen.
func attached(t *testing.T, ctx context.Context, screen string) (tv *drive.TV) {
	t.Helper()
	if err := drive.Poll(ctx, func() (err error) { tv, err = drive.Attach(ctx, screen); return err }); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(tv.Close)
	return tv
}

// nobody is a server that is not there.
const nobody = "ws://127.0.0.1:9"

// The C client compiles without a warning with every compiler that there is, and the
// host that is made of it speaks to an agent.
func TestHostsInC(t *testing.T) {
	ctx := patient(t, 2*patience)
	socket, _ := localAgent(t, ctx, nobody)
	for _, cc := range [][]string{
		{"gcc", "-O2"}, {"gcc", "-O1", "-g", "-fsanitize=address,undefined", "-fno-sanitize-recover=all"},
		{"clang", "-O2"}, {"musl-gcc", "-Os", "-static"},
	} {
		t.Run(strings.Join(cc, " "), func(t *testing.T) {
			if _, err := exec.LookPath(cc[0]); err != nil {
				t.Skip("NOT TESTED on this machine: " + cc[0] + " is not installed")
			}
			h := startHost(t, hostOf(t, cc[0], nil, cc[1:]...), "socket="+socket)
			h.hear(`view {"screen":"`)
			h.do("status", "status: signed_out offline profile= kids=0 level=0 agent=")
			h.do("press Down", "press: done")
			h.do("press Nothing", "press: an argument is wrong: a field is not known")
			h.do("decide t-1", "decide: 3 no_access 0")
			h.do("start t-1", "start: not as things are: agent: not as things are: t-1 may not play (no_access)")
			h.do("sign_out", "sign_out: not as things are")
			h.do("text "+strings.Repeat(`"\`, 140), "text: an argument is wrong: text must have 1 to 256 bytes")
			h.do("text \xff", "text: an argument is wrong: not JSON")
			h.do("view }{", "view: an argument is wrong: not JSON")
			h.do("small", "small: the buffer is too small")
			h.do("fly", "fly: not offered by this agent")
			h.do(`resume`, "resume: done")
		})
	}
	t.Run("g++", func(t *testing.T) {
		h := startHost(t, hostInCPP(t), "socket="+socket, "Right", "Left")
		h.hear("signed_out ")
		h.hear("Right ")
		h.hear("Left ")
	})
}

func hostInCPP(t *testing.T) string {
	t.Helper()
	dir := t.TempDir()
	client, out := filepath.Join(dir, "client.o"), filepath.Join(dir, "host")
	for _, args := range [][]string{
		{"gcc", "-std=c99", "-O2", "-c", filepath.Join(root, "clients/c/hearthkey.c"), "-o", client},
		{"g++", "-std=c++11", "-Wall", "-Wextra", "-Wpedantic", "-Werror", filepath.Join(root, "clients/c/example_host.cc"), client, "-o", out},
	} {
		if said, err := exec.CommandContext(t.Context(), args[0], args[1:]...).CombinedOutput(); err != nil {
			t.Fatalf("%s: %v\n%s", args[0], err, said)
		}
	}
	return out
}

// The client for the weakest box is small.
func TestSizeOfTheCClient(t *testing.T) {
	const most = 50_000
	out := filepath.Join(t.TempDir(), "client.so")
	if said, err := exec.CommandContext(t.Context(), "arm-linux-gnueabihf-gcc", "-std=c99", "-Os", "-s", "-shared", "-fPIC",
		filepath.Join(root, "clients/c/hearthkey.c"), "-o", out).CombinedOutput(); err != nil {
		t.Fatalf("%v\n%s", err, said)
	}
	info, err := os.Stat(out)
	if err != nil {
		t.Fatal(err)
	}
	t.Logf("%d bytes", info.Size())
	if info.Size() > most {
		t.Errorf("the C client has %d bytes on armv7, at most %d", info.Size(), most)
	}
}

// Hosts go through an evening with an agent that is signed in: in C, on ARM, over the
// socket, and in JavaScript over the WebSocket.
func TestHostsOfAnEvening(t *testing.T) {
	ctx := patient(t, 2*patience)
	f := startFamily(t, nil, nil)
	server := fmt.Sprintf("ws://127.0.0.1:%d", f.Plan.ServerPort)
	t.Run("C on ARM", func(t *testing.T) {
		socket, tv := localAgent(t, ctx, server)
		if err := household.SignInByCode(ctx, tv, f.owner); err != nil {
			t.Fatal(err)
		}
		host := hostOf(t, "arm-linux-gnueabihf-gcc", nil, "-O2", "-static")
		evening(t, ctx, startHost(t, "qemu-arm-static", host, "socket="+socket), inC)
	})
	t.Run("JavaScript", func(t *testing.T) {
		port, err := freePort()
		if err != nil {
			t.Fatal(err)
		}
		web, token := fmt.Sprint("127.0.0.1:", port), filepath.Join(t.TempDir(), "token")
		_, tv := localAgent(t, ctx, server, "-local-web", web, "-local-token", token)
		if err := household.SignInByCode(ctx, tv, f.owner); err != nil {
			t.Fatal(err)
		}
		h := startHost(t, "node", "--no-warnings", "--experimental-websocket", filepath.Join(root, "clients/js/example_host.mjs"), "ws://"+web+"/local", token)
		evening(t, ctx, h, inJavaScript)
		h.do("stop", "stop: done")
	})
}

// verdicts is how a host says what was decided.
type verdicts struct{ allow, refuse string }

var (
	inC          = verdicts{"1", "3"}
	inJavaScript = verdicts{"allow", "refuse"}
)

// evening has a host choose Sasha, play a film, and sign the TV out.
func evening(t *testing.T, ctx context.Context, h *host, says verdicts) {
	t.Helper()
	h.shows("gate")
	h.do("status", "status: active online profile= kids=0")
	h.do("decide "+string(film), "decide: "+says.refuse+" no_profile")
	h.do("press Right", "press: done") // past Robin, whose profile is locked, and the kids
	h.do("press Right", "press: done")
	h.do("press OK", "press: done")
	h.shows("home")
	if err := drive.Poll(ctx, func() error {
		_, err := io.WriteString(h.in, "status\n")
		if got := h.hear("status:"); !strings.Contains(got, "profile= ") {
			return err
		}
		return fmt.Errorf("nobody watches")
	}); err != nil {
		t.Fatal(err)
	}
	h.do("decide "+string(film), "decide: "+says.allow+" ")
	h.do("start "+string(film), "start: done")
	if playing := `grant {"play":1,`; !strings.Contains(h.all.String(), playing) { // it may come before the answer
		h.hear(playing)
	}
	if err := drive.Poll(ctx, func() error {
		_, err := io.WriteString(h.in, "grant\n")
		if got := h.hear("grant:"); got == "grant: play=1 title="+string(film)+" token=yes left=yes" {
			return err
		}
		return fmt.Errorf("no grant")
	}); err != nil {
		t.Fatal(err)
	}
	h.do("stopped "+string(film), "stopped: done")
	h.do("grant", "grant: play=0 title= token=no left=no")
	h.do("sign_out", "sign_out: done")
	h.do("status", "status: signed_out")
}

var librariesFlag = flag.Bool("libraries", false, "build the C library as an archive and for ARM too")

// The agent inside a host's process does what the agent of its own process does: as a
// shared library and, with -libraries, as an archive, and on ARM under qemu.
func TestLibrary(t *testing.T) {
	ctx := patient(t, 4*patience)
	f := startFamily(t, nil, nil)
	server := fmt.Sprintf("ws://127.0.0.1:%d", f.Plan.ServerPort)
	t.Run("c-shared", func(t *testing.T) {
		so := library(t, boxbuild.Native(), "c-shared", "gcc")
		port, err := freePort()
		if err != nil {
			t.Fatal(err)
		}
		screen := "127.0.0.1:" + strconv.Itoa(port)
		h := startHost(t, hostOf(t, "gcc", []string{so, "-Wl,-rpath," + filepath.Dir(so)}),
			"socket=/nowhere\nserver="+server+"\nname=Box\ndata="+t.TempDir()+"\nscreen="+screen)
		if err := household.SignInByCode(ctx, attached(t, ctx, screen), f.owner); err != nil {
			t.Fatal(err)
		}
		evening(t, ctx, h, inC)
		h.do("stop", "stop:") // done, or gone already
		h.hear("ended: the agent is not there")
	})
	if !*librariesFlag {
		return // the others are the same code, built for minutes: make hosts-test
	}
	for _, b := range []struct {
		arch     boxbuild.Arch
		mode, cc string
		run      []string
	}{
		{boxbuild.Native(), "c-archive", "gcc", nil},
		{boxbuild.ARMv7, "c-shared", "arm-linux-gnueabihf-gcc", []string{"qemu-arm-static", "-L", "/usr/arm-linux-gnueabihf"}},
		{boxbuild.ARM64, "c-shared", "aarch64-linux-gnu-gcc", []string{"qemu-aarch64-static", "-L", "/usr/aarch64-linux-gnu"}},
	} {
		t.Run(string(b.arch)+" "+b.mode, func(t *testing.T) {
			lib := library(t, b.arch, b.mode, b.cc)
			flags := []string{lib, "-lpthread"}
			if b.mode == "c-shared" {
				flags = append(flags, "-Wl,-rpath,"+filepath.Dir(lib))
			}
			h := startHost(t, append(b.run, hostOf(t, b.cc, flags), "server="+nobody+"\ndata="+t.TempDir())...)
			h.hear(`view {"screen":"welcome"`)
			h.do("status", "status: signed_out offline")
			h.do("press OK", "press: done")
			h.hear(`view {"screen":"code"`)
		})
	}
}

// library builds the library; it must fit a box.
func library(t *testing.T, arch boxbuild.Arch, mode, cc string) string {
	t.Helper()
	const most = 10_500_000 // as of the program
	out := filepath.Join(t.TempDir(), map[string]string{"c-shared": "libhearthkey.so", "c-archive": "libhearthkey.a"}[mode])
	if err := boxbuild.Build(t.Context(), boxbuild.Program{
		Module: root, Package: boxbuild.Library, Arch: arch, Out: out, Mode: mode, CC: cc,
	}); err != nil {
		t.Fatal(err)
	}
	info, err := os.Stat(out)
	if err != nil {
		t.Fatal(err)
	}
	t.Logf("%d bytes", info.Size())
	if mode == "c-shared" && arch == boxbuild.ARMv7 && info.Size() > most {
		t.Errorf("the library has %d bytes, at most %d", info.Size(), most)
	}
	return out
}

// The C client reads damaged messages without a byte too far, watched by the sanitizers.
func TestCClientOnDamagedMessages(t *testing.T) {
	out := filepath.Join(t.TempDir(), "fuzz")
	if said, err := exec.CommandContext(t.Context(), "gcc", "-std=c99", "-g", "-O1", "-fsanitize=address,undefined", "-fno-sanitize-recover=all",
		filepath.Join(root, "clients/c/fuzz.c"), "-o", out).CombinedOutput(); err != nil {
		t.Fatalf("%v\n%s", err, said)
	}
	said, err := exec.CommandContext(t.Context(), out, "200000", strconv.FormatUint(seed(t), 10)).CombinedOutput()
	if err != nil {
		t.Fatalf("%v\n%s", err, said)
	}
	t.Logf("%s", said)
}
