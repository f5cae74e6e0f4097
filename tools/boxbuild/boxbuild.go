// Package boxbuild builds the programs for a box: as small as they can be made without
// changing what they do. There is one recipe, and the Makefile, the packages,
// the tests and the benchmarks all build by it.
//
//	err := boxbuild.Build(ctx, boxbuild.Program{Arch: boxbuild.ARMv7, Package: boxbuild.Agent, Out: "bin/agent"})
//
// # What makes them small
//
// [Modfile] writes a copy of go.mod that replaces four modules by those in
// packaging/box: what Badger imports and the agent never uses (spans, compression,
// sizes for logs), and a protobuf runtime of 250 lines for the few messages in
// Badger's files. That is 2.2 MB of 10.5. A fifth is copied and one function of it left out,
// which would wake the box every two seconds (unpooled.go). Who imports package agent into a program of their own
// gets the real modules, and everything works the same.
//
// Inlining is left out on ARM, where size counts, but for the runtime, hashes and
// ciphers, where speed does: 0.6 MB. HTTP/2 is left out everywhere: 0.5 MB.
//
// # Concurrency and tests
//
// Builds may run side by side. The tests compare the stand-ins with the real modules
// on random and damaged input, hold the size, and hold the list of packages that the
// agent is made of.
package boxbuild

import (
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"slices"
	"strings"
)

// Agent is the package of the agent's program.
const Agent = "./agent/cmd/hearthkey-agent"

// Library is the package of the agent as a C library.
const Library = "./agent/cmd/libhearthkey"

// Arch is a kind of processor, as packages and files are named by it.
type Arch string

// The processors that are supported, and a 32-bit twin of the first that runs on a
// developer's machine.
const (
	ARMv7 Arch = "armv7"
	ARM64 Arch = "arm64"
	AMD64 Arch = "amd64"
	I386  Arch = "386"
	ARMv6 Arch = "armv6" // best effort
)

// ErrArch is returned for a processor that is none of these.
var ErrArch = errors.New("boxbuild: not a processor that is built for")

// ErrBuild is wrapped by what the go command could not do.
var ErrBuild = errors.New("boxbuild: the go command failed")

// Program is what to build.
type Program struct {
	Module  string // the module's folder; empty: the working directory
	Package string // e.g. [Agent]
	Arch    Arch
	Out     string // the file to write
	Version string // what the program says of itself; empty: "dev"
	Symbols bool   // keep them, for [Sizes]
	Mode    string // "c-archive" or "c-shared", with CC; empty: a program
	CC      string // the C compiler for Mode
}

// replaced are the modules with a stand-in in packaging/box, and its folder.
var replaced = [...][2]string{
	{"go.opentelemetry.io/otel", "otel"},
	{"github.com/klauspost/compress", "compress"},
	{"github.com/dustin/go-humanize", "humanize"},
	{"google.golang.org/protobuf", "protobuf"},
}

// Modfile writes box.mod and box.sum into dir, for -modfile, and returns the path of the
// first. module is the module's folder.
func Modfile(ctx context.Context, module, dir string) (string, error) {
	mod, err := os.ReadFile(filepath.Join(module, "go.mod"))
	if err != nil {
		return "", fmt.Errorf("boxbuild: %w", err)
	}
	sum, err := os.ReadFile(filepath.Join(module, "go.sum"))
	if err != nil {
		return "", fmt.Errorf("boxbuild: %w", err)
	}
	var b strings.Builder
	b.Write(mod)
	for _, r := range replaced {
		fmt.Fprintf(&b, "\nreplace %s => ./packaging/box/%s\n", r[0], r[1])
	}
	changed, err := keptWithoutPool(ctx, module)
	if err != nil {
		return "", err
	}
	fmt.Fprintf(&b, "\nreplace %s => %s\n", pooling, changed)
	path := filepath.Join(dir, "box.mod")
	err = errors.Join(os.WriteFile(path, []byte(b.String()), 0o600), os.WriteFile(filepath.Join(dir, "box.sum"), sum, 0o600))
	return path, err
}

// Root is the folder of the module that the working directory is in.
func Root(ctx context.Context) (string, error) {
	out, err := exec.CommandContext(ctx, "go", "env", "GOMOD").Output()
	if err != nil {
		return "", fmt.Errorf("%w: go env: %w", ErrBuild, err)
	}
	return filepath.Dir(strings.TrimSpace(string(out))), nil
}

// environment is what the go command needs to know of a processor.
func (a Arch) environment() ([]string, error) {
	switch a {
	case ARMv7:
		return []string{"GOOS=linux", "GOARCH=arm", "GOARM=7"}, nil
	case ARMv6:
		return []string{"GOOS=linux", "GOARCH=arm", "GOARM=6"}, nil
	case ARM64, AMD64, I386:
		return []string{"GOOS=linux", "GOARCH=" + string(a)}, nil
	}
	return nil, fmt.Errorf("%w: %.32q", ErrArch, string(a))
}

// Native is the processor of this machine.
func Native() Arch {
	if runtime.GOARCH == "arm" {
		return ARMv7
	}
	return Arch(runtime.GOARCH)
}

// noInlining leaves out inlining where speed does not count.
var noInlining = []string{
	"-gcflags=all=-l", "-gcflags=runtime/...=", "-gcflags=internal/...=", "-gcflags=sync/...=",
	"-gcflags=crypto/internal/...=", "-gcflags=golang.org/x/crypto/...=",
}

// flags are those of the go command for p, but for its modules.
func (p Program) flags() []string {
	version := p.Version
	if version == "" {
		version = "dev"
	}
	link := "-X main.version=" + version
	if !p.Symbols {
		link = "-s -w " + link
	}
	tags := "nethttpomithttp2"
	flags := []string{"-trimpath", "-ldflags=" + link, "-o", p.Out}
	if p.Mode != "" { // a library for a host, which has its keys from it; with cgo, names would be looked up by the C library, on threads of its own
		tags += ",netgo,osusergo,hearthkey_noremotes"
		flags = append(flags, "-buildmode="+p.Mode)
	}
	flags = append(flags, "-tags="+tags)
	if p.Arch != AMD64 {
		flags = append(flags, noInlining...)
	}
	return flags
}

// Build builds p. Errors wrap [ErrArch] or [ErrBuild], with what the go command said.
func Build(ctx context.Context, p Program) error {
	env, err := p.Arch.environment()
	if err != nil {
		return err
	}
	if p.Out, err = filepath.Abs(p.Out); err != nil {
		return fmt.Errorf("boxbuild: %w", err)
	}
	dir, err := os.MkdirTemp("", "boxbuild-")
	if err != nil {
		return fmt.Errorf("boxbuild: %w", err)
	}
	defer os.RemoveAll(dir)
	from, err := p.modules(ctx, dir)
	if err != nil {
		return err
	}
	args := slices.Concat([]string{"build", from}, p.flags(), []string{p.Package})
	env = append(env, "CGO_ENABLED=0")
	if p.Mode != "" {
		env = append(env, "CGO_ENABLED=1", "CC="+p.CC)
	}
	return golang(ctx, p.Module, env, args...)
}

// modules is the flag that has the program made of what a box gets; it names files in dir.
func (p Program) modules(ctx context.Context, dir string) (string, error) {
	if vendored(p.Module) {
		path, err := overlay(p.Module, dir)
		return "-overlay=" + path, err
	}
	path, err := Modfile(ctx, p.Module, dir)
	return "-modfile=" + path, err
}

// golang runs the go command in a folder.
func golang(ctx context.Context, dir string, env []string, args ...string) error {
	cmd := exec.CommandContext(ctx, "go", args...)
	cmd.Dir, cmd.Env = dir, append(os.Environ(), env...)
	if out, err := cmd.CombinedOutput(); err != nil {
		return fmt.Errorf("%w: go %s: %w\n%s", ErrBuild, args[0], err, out)
	}
	return nil
}
