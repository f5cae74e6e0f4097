// Package cutdisk is a disk whose power can be cut at any instant, and as often as
// wanted, while programs go on writing to it: a cut is a copy of what had reached the
// disk by then, without what the kernel still kept in memory.
//
// The disk is a file with an ext4 in it. The file lies in an XFS of its own, whose
// reflinks make the copy of one instant; a write through the page cache that was not
// synced is not in it. Each copy has a name of its own, so that nothing of it is in a
// cache, and mounting it replays ext4's journal as after a real power cut.
//
// [Make] needs root, loop devices, mkfs.xfs and mkfs.ext4. A [Disk]'s methods belong to
// one goroutine. Tested with files that are synced, and files that are not.
package cutdisk

import (
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"time"

	"golang.org/x/sys/unix"
)

// ErrUnavailable means that this machine cannot do it.
var ErrUnavailable = errors.New("cutdisk: needs root, loop devices, mkfs.xfs and mkfs.ext4")

const (
	outerSize = 1 << 30 // bytes, sparse; mkfs.xfs takes no less than 300 MiB
	innerSize = 256 << 20
	patience  = time.Minute // for one command
)

// Disk is one that can be cut.
type Disk struct {
	base string // folder of all of it
	cuts int
}

// Make makes a disk below a folder, which must exist and should be in memory.
func Make(below string) (*Disk, error) {
	if unix.Geteuid() != 0 {
		return nil, ErrUnavailable
	}
	for _, program := range []string{"mkfs.xfs", "mkfs.ext4"} {
		if _, err := exec.LookPath(program); err != nil {
			return nil, fmt.Errorf("%w: %w", ErrUnavailable, err)
		}
	}
	base, err := os.MkdirTemp(below, "cutdisk-")
	if err != nil {
		return nil, fmt.Errorf("cutdisk: %w", err)
	}
	d := &Disk{base: base}
	if err := d.make(); err != nil {
		return nil, errors.Join(err, d.Close())
	}
	return d, nil
}

func (d *Disk) make() error {
	for _, folder := range []string{d.outer(), d.Folder()} {
		if err := os.Mkdir(folder, 0o700); err != nil {
			return fmt.Errorf("cutdisk: %w", err)
		}
	}
	image := filepath.Join(d.base, "xfs")
	if err := sparse(image, outerSize); err != nil {
		return err
	}
	if err := run("mkfs.xfs", "-q", "-m", "reflink=1", image); err != nil {
		return err
	}
	if err := run("mount", "-o", "loop,noatime", image, d.outer()); err != nil {
		return fmt.Errorf("%w: %w", ErrUnavailable, err)
	}
	if err := sparse(d.inner(), innerSize); err != nil {
		return err
	}
	if err := run("mkfs.ext4", "-q", "-F", d.inner()); err != nil {
		return err
	}
	return run("mount", "-o", "loop,noatime", d.inner(), d.Folder())
}

func (d *Disk) outer() string { return filepath.Join(d.base, "outer") }
func (d *Disk) inner() string { return filepath.Join(d.outer(), "disk") }

// Folder is where the disk is mounted.
func (d *Disk) Folder() string { return filepath.Join(d.base, "disk") }

// Cut returns a folder with what would be on the disk had its power been cut now, and
// what gives that back.
func (d *Disk) Cut() (folder string, done func() error, err error) {
	d.cuts++
	name := fmt.Sprint("cut-", d.cuts)
	image, folder := filepath.Join(d.outer(), name), filepath.Join(d.base, name)
	if err := run("cp", "--reflink=always", d.inner(), image); err != nil {
		return "", nil, err
	}
	if err := os.Mkdir(folder, 0o700); err != nil {
		return "", nil, fmt.Errorf("cutdisk: %w", err)
	}
	if err := run("mount", "-o", "loop,noatime", image, folder); err != nil {
		return "", nil, errors.Join(err, os.Remove(image))
	}
	return folder, func() error {
		return errors.Join(run("umount", folder), os.Remove(folder), os.Remove(image))
	}, nil
}

// Close takes the disk away, also from programs that still hold files of it.
func (d *Disk) Close() error {
	for _, folder := range []string{d.Folder(), d.outer()} {
		_ = unix.Unmount(folder, unix.MNT_DETACH) // it may not be mounted yet
	}
	return os.RemoveAll(d.base)
}

func sparse(path string, size int64) error {
	f, err := os.Create(path)
	if err != nil {
		return fmt.Errorf("cutdisk: %w", err)
	}
	return errors.Join(f.Truncate(size), f.Close())
}

func run(name string, args ...string) error {
	ctx, cancel := context.WithTimeout(context.Background(), patience)
	defer cancel()
	if out, err := exec.CommandContext(ctx, name, args...).CombinedOutput(); err != nil {
		return fmt.Errorf("cutdisk: %s: %w: %s", name, err, strings.TrimSpace(string(out)))
	}
	return nil
}
