package boxbuild

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
)

// A program for a box has a copy of ristretto in which one function does nothing: its pool
// of allocators keeps up to eight of 2 MB for the next table, and wakes the box every two
// seconds to let one go. All that use the pool take one that is nil, for none.
const (
	pooling    = "github.com/dgraph-io/ristretto/v2"
	pooledFile = "z/allocator.go"
	pooled     = `	a := &AllocatorPool{
		allocCh: make(chan *Allocator, sz),
		closer:  NewCloser(1),
	}
	go a.freeupAllocators()
	return a
`
	unpooled = "	return nil\n"
)

// errPooled means that the module is not what it was.
var errPooled = errors.New("boxbuild: " + pooling + " has changed: see unpooled.go")

// kept is where the copy is, in the module's folder: its path stands in every program that
// is built with it, so it must be the same wherever and whenever that is.
const kept = "bin/box"

// keptWithoutPool makes the copy where it is not there yet, and returns its path from the
// module's folder.
func keptWithoutPool(ctx context.Context, module string) (string, error) {
	cmd := exec.CommandContext(ctx, "go", "list", "-m", "-f", "{{.Version}}", pooling)
	cmd.Dir, cmd.Stderr = module, os.Stderr
	version, err := cmd.Output()
	if err != nil {
		return "", fmt.Errorf("%w: go list: %w", ErrBuild, err)
	}
	sum := sha256.Sum256([]byte(string(version) + pooled + unpooled))
	name := kept + "/unpooled-" + hex.EncodeToString(sum[:6])
	to := filepath.Join(module, name)
	if _, err := os.Stat(filepath.Join(to, pooledFile)); err == nil {
		return "./" + name, nil
	}
	if err := os.MkdirAll(filepath.Dir(to), 0o755); err != nil {
		return "", fmt.Errorf("boxbuild: %w", err)
	}
	fresh, err := os.MkdirTemp(filepath.Dir(to), "fresh-")
	if err != nil {
		return "", fmt.Errorf("boxbuild: %w", err)
	}
	defer os.RemoveAll(fresh)
	if err := errors.Join(withoutPool(ctx, module, fresh), os.Chmod(fresh, 0o755)); err != nil {
		return "", err
	}
	if err := os.Rename(fresh, to); err != nil {
		if _, there := os.Stat(filepath.Join(to, pooledFile)); there != nil { // another build was not first either
			return "", fmt.Errorf("boxbuild: %w", err)
		}
	}
	return "./" + name, nil
}

// withoutPool writes the copy into a folder. module is the module's folder.
func withoutPool(ctx context.Context, module, to string) error {
	cmd := exec.CommandContext(ctx, "go", "list", "-f", "{{.Module.Dir}}", pooling)
	cmd.Dir, cmd.Stderr = module, os.Stderr
	out, err := cmd.Output()
	if err != nil {
		return fmt.Errorf("%w: go list: %w", ErrBuild, err)
	}
	from := strings.TrimSpace(string(out))
	for _, pattern := range []string{"go.mod", "*.go", "z/*.go", "z/*.s", "z/simd/*.go", "z/simd/*.s"} {
		files, err := filepath.Glob(filepath.Join(from, pattern))
		if err != nil {
			return fmt.Errorf("boxbuild: %w", err)
		}
		for _, file := range files {
			name, err := filepath.Rel(from, file)
			if err == nil && !strings.HasSuffix(name, "_test.go") {
				err = copyUnpooled(file, name, filepath.Join(to, name))
			}
			if err != nil {
				return fmt.Errorf("boxbuild: %w", err)
			}
		}
	}
	_, err = os.Stat(filepath.Join(to, pooledFile))
	return err
}

// copyUnpooled copies a file of the module, whose name in it is given.
func copyUnpooled(from, name, to string) error {
	data, err := os.ReadFile(from)
	if err != nil {
		return err
	}
	if name == pooledFile {
		if strings.Count(string(data), pooled) != 1 {
			return errPooled
		}
		data = []byte(strings.Replace(string(data), pooled, unpooled, 1))
	}
	const folder, file fs.FileMode = 0o755, 0o644
	return errors.Join(os.MkdirAll(filepath.Dir(to), folder), os.WriteFile(to, data, file))
}
