package boxbuild

import (
	"context"
	"fmt"
	"os"
	"os/exec"
	"slices"
	"strings"
)

// ours is what the paths of our own packages begin with.
const ours = "github.com/hearthkey/hearthkey/"

// Foreign lists the packages that a program for a box is made of beside our own,
// sorted: the standard library's that other packages may import, and those of other
// modules.
func Foreign(ctx context.Context, module, pkg string) ([]string, error) {
	dir, err := os.MkdirTemp("", "boxbuild-")
	if err != nil {
		return nil, fmt.Errorf("boxbuild: %w", err)
	}
	defer os.RemoveAll(dir)
	mod, err := Modfile(ctx, module, dir)
	if err != nil {
		return nil, err
	}
	cmd := exec.CommandContext(ctx, "go", "list", "-deps", "-modfile="+mod, "-tags=nethttpomithttp2", pkg)
	env, err := ARMv7.environment()
	if err != nil {
		return nil, err
	}
	cmd.Dir, cmd.Env, cmd.Stderr = module, append(append(os.Environ(), env...), "CGO_ENABLED=0"), os.Stderr
	out, err := cmd.Output()
	if err != nil {
		return nil, fmt.Errorf("%w: go list: %w", ErrBuild, err)
	}
	list := slices.DeleteFunc(strings.Fields(string(out)), func(p string) bool {
		return strings.HasPrefix(p, ours) || strings.HasPrefix(p, "vendor/") ||
			strings.HasPrefix(p, "internal/") || strings.Contains(p, "/internal/")
	})
	slices.Sort(list)
	return list, nil
}
