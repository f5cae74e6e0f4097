package boxbuild

import (
	"bytes"
	"context"
	"errors"
	"flag"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
)

// module is the module's folder.
const module = "../.."

var (
	rounds = flag.Int("rounds", 3000, "of messages that both codecs are given")
	seed   = flag.Uint64("seed", uint64(time.Now().UnixNano()), "of these messages")
)

// The stand-in for protobuf's runtime writes the bytes that the usual one writes,
// reads what it reads, and refuses what it refuses.
func TestCodecsAgree(t *testing.T) {
	dir := t.TempDir()
	mod, err := Modfile(t.Context(), module, dir)
	if err != nil {
		t.Fatal(err)
	}
	said := [2][]byte{}
	for i, flags := range [][]string{{"-mod=mod", "-modfile=" + filepath.Join(dir, "usual.mod")}, {"-modfile=" + mod}} {
		if i == 0 {
			copyFile(t, module+"/go.mod", filepath.Join(dir, "usual.mod"))
			copyFile(t, module+"/go.sum", filepath.Join(dir, "usual.sum"))
		}
		args := append([]string{"run"}, flags...)
		cmd := exec.CommandContext(t.Context(), "go", append(args, "./tools/boxbuild/testdata/codecs", strconv.Itoa(*rounds), strconv.FormatUint(*seed, 10))...)
		cmd.Dir, cmd.Stderr = module, t.Output()
		if said[i], err = cmd.Output(); err != nil {
			t.Fatal(err)
		}
	}
	if bytes.Equal(said[0], said[1]) {
		if n := bytes.Count(said[0], []byte("refused")); n < *rounds/20 {
			t.Errorf("only %d of %d rounds were refused: the damage does none", n, *rounds)
		}
		return
	}
	usual, ours := strings.Split(string(said[0]), "\n"), strings.Split(string(said[1]), "\n")
	for i := range usual {
		if i >= len(ours) || usual[i] != ours[i] {
			t.Fatalf("seed %d, line %d:\nusual: %s\nours:  %s", *seed, i+1, usual[i], strings.Join(ours[min(i, len(ours)):min(i+1, len(ours))], ""))
		}
	}
}

func copyFile(t *testing.T, from, to string) {
	t.Helper()
	data, err := os.ReadFile(from)
	if err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(to, data, 0o600); err != nil {
		t.Fatal(err)
	}
}

// TestPackages holds what the agent is made of beside our own packages: each costs
// every TV its bytes.
func TestPackages(t *testing.T) {
	got, err := Foreign(t.Context(), module, Agent)
	if err != nil {
		t.Fatal(err)
	}
	want, err := os.ReadFile("testdata/packages.txt")
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(strings.Fields(string(want)), got); diff != "" {
		t.Errorf("the agent's packages (-golden +now):\n%s"+
			"See what it costs with: go run ./tools/box sizes\n"+
			"If it is worth that: go run ./tools/box packages > tools/boxbuild/testdata/packages.txt", diff)
	}
}

// maxAgent is the most that the program for the weakest box may have, in bytes.
const maxAgent = 10_500_000

func TestSizeOfTheAgent(t *testing.T) {
	out := filepath.Join(t.TempDir(), "agent")
	if err := Build(t.Context(), Program{Module: module, Package: Agent, Arch: ARMv7, Out: out}); err != nil {
		t.Fatal(err)
	}
	info, err := os.Stat(out)
	if err != nil {
		t.Fatal(err)
	}
	t.Logf("armv7: %d bytes of %d", info.Size(), maxAgent)
	if info.Size() > maxAgent {
		t.Errorf("the armv7 agent has %d bytes, at most %d. See: go run ./tools/box sizes", info.Size(), maxAgent)
	}
	if _, err := Sizes(out); err == nil {
		t.Error("a program without symbols has sizes")
	}
}

func TestSizes(t *testing.T) {
	dir := t.TempDir()
	source := filepath.Join(dir, "main.go")
	if err := os.WriteFile(source, []byte("package main\n\nfunc main() { println(1) }\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	out := filepath.Join(dir, "program")
	if err := Build(t.Context(), Program{Module: module, Package: source, Arch: ARMv7, Out: out, Symbols: true}); err != nil {
		t.Fatal(err)
	}
	r, err := Sizes(out)
	if err != nil {
		t.Fatal(err)
	}
	info, err := os.Stat(out)
	if err != nil {
		t.Fatal(err)
	}
	if r.Sizes[0].Package != "runtime" || r.Sizes[0].Bytes < 100_000 || r.Tables < 100_000 || r.Total+r.Tables > info.Size() {
		t.Errorf("a program of %d bytes that does nothing has\n%s", info.Size(), r)
	}
	if s := r.String(); !strings.Contains(s, "runtime\n") || !strings.Contains(s, "the runtime's tables") {
		t.Errorf("it reads\n%s", s)
	}
}

func TestPackageOf(t *testing.T) {
	for symbol, want := range map[string]string{
		"runtime.mallocgc":                         "runtime",
		"net/http.(*Server).Serve":                 "net/http",
		"github.com/x/y%2ez.(*T).M":                "github.com/x/y%2ez",
		"slices.SortFunc[go.shape.[]a/b.C,d]":      "slices",
		"type:.eq.[3]github.com/x.Y":               "(types)",
		"go:itab.*os.File,io.Reader":               "(go)",
		"vendor/golang.org/x/net/idna.idnaValues":  "vendor/golang.org/x/net/idna",
		"github.com/hearthkey/hearthkey/agent.New": "github.com/hearthkey/hearthkey/agent",
		"memcpy": "(C)",
	} {
		if got := packageOf(symbol); got != want {
			t.Errorf("packageOf(%q) = %q, want %q", symbol, got, want)
		}
	}
}

func TestWhatCannotBeBuilt(t *testing.T) {
	ctx := context.Background()
	out := filepath.Join(t.TempDir(), "out")
	if err := Build(ctx, Program{Module: module, Package: Agent, Arch: "mips", Out: out}); !errors.Is(err, ErrArch) {
		t.Errorf("Build for a mips = %v, want ErrArch", err)
	}
	if err := Build(ctx, Program{Module: module, Package: "./nothing", Arch: ARMv7, Out: out}); !errors.Is(err, ErrBuild) {
		t.Errorf("Build of nothing = %v, want ErrBuild", err)
	}
	if _, err := Modfile(ctx, t.TempDir(), t.TempDir()); !errors.Is(err, os.ErrNotExist) {
		t.Errorf("Modfile without a module = %v, want not exist", err)
	}
}

// The copy of a module without its pool has all that the module has but that, and a
// module that is no longer what it was is refused.
func TestWithoutPool(t *testing.T) {
	to := t.TempDir()
	if err := withoutPool(t.Context(), module, to); err != nil {
		t.Fatal(err)
	}
	data, err := os.ReadFile(filepath.Join(to, pooledFile))
	if err != nil {
		t.Fatal(err)
	}
	if s := string(data); strings.Contains(s, "go a.freeupAllocators()") || !strings.Contains(s, "func NewAllocatorPool(sz int) *AllocatorPool {\n"+unpooled) {
		t.Error("it has its pool still")
	}
	other := filepath.Join(t.TempDir(), "other.go")
	if err := os.WriteFile(other, []byte("package z\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	if err := copyUnpooled(other, pooledFile, filepath.Join(t.TempDir(), "copy.go")); !errors.Is(err, errPooled) {
		t.Errorf("another file: %v, want errPooled", err)
	}
}
