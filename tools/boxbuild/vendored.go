package boxbuild

import (
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
)

// Recipes of distributions build from a tree whose modules lie in its folder vendor, without the
// network. A module cannot be replaced there, but its files can: by an overlay.

// vendored reports whether a module's folder has its modules in it.
func vendored(module string) bool {
	_, err := os.Stat(filepath.Join(module, "vendor", "modules.txt"))
	return err == nil
}

// overlay writes what puts the stand-ins in the place of vendored files into dir, for -overlay,
// and returns its path.
func overlay(module, dir string) (string, error) {
	module, err := filepath.Abs(module)
	if err != nil {
		return "", fmt.Errorf("boxbuild: %w", err)
	}
	replace := map[string]string{} // file → the file that is read instead; empty: none is there
	for _, r := range replaced {
		at, stand := filepath.Join(module, "vendor", r[0]), filepath.Join(module, "packaging/box", r[1])
		if err := errors.Join(
			sources(at, func(file string) { replace[filepath.Join(at, file)] = "" }),
			sources(stand, func(file string) { replace[filepath.Join(at, file)] = filepath.Join(stand, file) }),
		); err != nil {
			return "", fmt.Errorf("boxbuild: %w", err)
		}
	}
	changed := filepath.Join(dir, "allocator.go")
	from := filepath.Join(module, "vendor", pooling, pooledFile)
	if err := copyUnpooled(from, pooledFile, changed); err != nil {
		return "", fmt.Errorf("boxbuild: %w", err)
	}
	replace[from] = changed
	data, err := json.Marshal(map[string]any{"Replace": replace})
	if err != nil {
		return "", fmt.Errorf("boxbuild: %w", err)
	}
	path := filepath.Join(dir, "overlay.json")
	return path, os.WriteFile(path, data, 0o600)
}

// sources has f told the Go files of a folder and of those in it, by their names in it.
func sources(dir string, f func(file string)) error {
	return fs.WalkDir(os.DirFS(dir), ".", func(path string, d fs.DirEntry, err error) error {
		if err == nil && !d.IsDir() && strings.HasSuffix(path, ".go") {
			f(path)
		}
		return err
	})
}
