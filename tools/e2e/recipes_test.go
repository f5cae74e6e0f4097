package e2e

import (
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
)

// buildsystems are what a recipe sees of OpenWrt's and Buildroot's make: just enough to carry out
// its own rules. The real ones fetch compilers first.
var buildsystems = map[string]map[string]string{
	"openwrt": {
		"rules.mk": "", "include/package.mk": `
define BuildPackage
all:
	$(call Build/Compile)
	$(call Package/$(1)/install,$(TARGET_DIR))
endef
INSTALL_DIR=mkdir -p
INSTALL_BIN=install -m 755
INSTALL_CONF=install -m 600
`,
	},
	"buildroot": {"Makefile": `
INSTALL=install
HOST_GO_HOST_ENV=GOFLAGS=-mod=vendor
GO_BIN=go
github=https://github.com/$(1)/$(2)/archive/$(3)
define golang-package
endef
include $(RECIPE)/hearthkey-agent.mk
all: ; $(HEARTHKEY_AGENT_BUILD_CMDS)
	$(HEARTHKEY_AGENT_INSTALL_TARGET_CMDS)
	$(HEARTHKEY_AGENT_INSTALL_INIT_SYSV)
	$(HEARTHKEY_AGENT_INSTALL_INIT_SYSTEMD)
`},
}

// The recipes' rules have the project's tool build for the box's processor, and install the
// program, its settings and its scripts.
func TestRecipes(t *testing.T) {
	source, err := filepath.Abs(root)
	if err != nil {
		t.Fatal(err)
	}
	for _, tt := range []struct {
		system, box string
		arch        string
		installs    []string
	}{
		{"openwrt", "ARCH=arm", "armv7", []string{"usr/bin/hearthkey-agent", "etc/init.d/hearthkey-agent", "etc/config/hearthkey-agent"}},
		{"openwrt", "ARCH=aarch64", "arm64", []string{"usr/bin/hearthkey-agent"}},
		{"buildroot", "BR2_arm=y", "armv7", []string{"usr/bin/hearthkey-agent", "etc/init.d/S80hearthkey-agent", "etc/hearthkey/agent", "usr/lib/systemd/system/hearthkey-agent.service"}},
		{"buildroot", "BR2_ARM_CPU_ARMV6=y", "armv6", []string{"usr/bin/hearthkey-agent"}},
		{"buildroot", "BR2_x86_64=y", "amd64", []string{"usr/bin/hearthkey-agent"}},
	} {
		t.Run(tt.system+" "+tt.box, func(t *testing.T) {
			dir, target := t.TempDir(), t.TempDir()
			for file, content := range buildsystems[tt.system] {
				if err := os.MkdirAll(filepath.Dir(filepath.Join(dir, file)), 0o755); err != nil {
					t.Fatal(err)
				}
				if err := os.WriteFile(filepath.Join(dir, file), []byte(content), 0o644); err != nil {
					t.Fatal(err)
				}
			}
			// The tree that the build system has unpacked.
			if err := os.Symlink(filepath.Join(source, "packaging"), filepath.Join(dir, "packaging")); err != nil {
				t.Fatal(err)
			}
			recipe := filepath.Join(source, "packaging", tt.system)
			cmd := exec.CommandContext(t.Context(), "make", "all", tt.box, "TOPDIR="+dir, "INCLUDE_DIR="+dir+"/include",
				"PKG_BUILD_DIR="+dir, "DL_DIR="+dir, "TMP_DIR="+dir, "TARGET_DIR="+target, "RECIPE="+recipe)
			if cmd.Dir = recipe; tt.system == "buildroot" {
				cmd.Dir = dir
			}
			cmd.Env = shims(t, map[string]string{"go": `# notes what it is told
echo "$@" > ` + dir + "/told; touch hearthkey-agent\n"})
			if out, err := cmd.CombinedOutput(); err != nil {
				t.Fatalf("%v\n%s", err, out)
			}
			told, err := os.ReadFile(filepath.Join(dir, "told"))
			if want := "run ./tools/box build -arch " + tt.arch + " -version 1.0.0 -out hearthkey-agent\n"; err != nil || string(told) != want {
				t.Errorf("go was told %q, %v; want %q", told, err, want)
			}
			for _, file := range tt.installs {
				if info, err := os.Stat(filepath.Join(target, file)); err != nil || !info.Mode().IsRegular() {
					t.Errorf("%s: %v", file, err)
				}
			}
		})
	}
}

// shims are programs that are put before the machine's own.
func shims(t *testing.T, programs map[string]string) []string {
	t.Helper()
	dir := t.TempDir()
	for name, script := range programs {
		if err := os.WriteFile(filepath.Join(dir, name), []byte("#!/bin/sh\n"+script), 0o755); err != nil {
			t.Fatal(err)
		}
	}
	var env []string
	for _, v := range os.Environ() { // not those of a make that runs the tests
		if !strings.HasPrefix(v, "MAKE") && !strings.HasPrefix(v, "MFLAGS=") {
			env = append(env, v)
		}
	}
	return append(env, "PATH="+dir+":"+os.Getenv("PATH"))
}
