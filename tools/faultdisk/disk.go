// Package faultdisk serves a folder over FUSE as a disk on which a test decides what
// becomes of each operation: it fails, it takes its time, or it is written down. The
// programs above it are real ones, and so is what they see of the kernel: system
// calls that fail, mapped pages that are lost, files that cannot be opened.
//
// # Duties and concurrency
//
// [Mount] needs root (or CAP_SYS_ADMIN in a user namespace) and /dev/fuse. The rule is
// called from several goroutines, once for each operation and before it is carried
// out; operations are numbered from 1 in the order in which the rule sees them. The
// caller ends every program that uses the disk before [Disk.Unmount].
//
// Tested with files, folders, mapped pages and locks on it, and failures of each kind.
package faultdisk

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strconv"
	"sync"
	"syscall"
	"time"

	"github.com/hanwen/go-fuse/v2/fs"
	"github.com/hanwen/go-fuse/v2/fuse"
	"golang.org/x/sys/unix"
)

// Kind is what an operation does.
type Kind string

// The kinds that the rule is asked about. Looking at names and sizes is none.
const (
	Open     Kind = "open"
	Create   Kind = "create"
	Read     Kind = "read"
	Write    Kind = "write"
	Sync     Kind = "sync" // of a file or a folder
	Resize   Kind = "resize"
	Allocate Kind = "allocate"
	Rename   Kind = "rename"
	Remove   Kind = "remove"
	MakeDir  Kind = "mkdir"
)

// Op is one operation.
type Op struct {
	N      int // from 1
	Kind   Kind
	Path   string // from the disk's root; of a rename, the old one
	Off    int64  // in bytes, of reads and writes
	Data   []byte // of a write; valid only within the call
	Thread int    // that asks; 0 where it is the kernel, as for pages written back
}

// Mine reports whether a thread of this process asks.
func (o Op) Mine() bool {
	if o.Thread == 0 {
		return false
	}
	_, err := os.Stat("/proc/self/task/" + strconv.Itoa(o.Thread))
	return err == nil
}

// Changes reports whether the operation changes the disk, or makes a change durable.
func (o Op) Changes() bool { return o.Kind != Read && o.Kind != Open }

// Rule decides: 0 lets the operation happen. It may wait.
type Rule func(Op) syscall.Errno

// Disk is a mounted folder.
type Disk struct {
	at     string
	server *fuse.Server

	mu   sync.Mutex
	rule Rule // nil: nothing is asked
	n    int
}

// ErrUnavailable means that this machine cannot do it: no root, or no FUSE.
var ErrUnavailable = errors.New("faultdisk: FUSE needs root and /dev/fuse")

// Mount serves the folder back at the folder at; both must exist. Nothing fails
// until [Disk.Use].
func Mount(back, at string) (*Disk, error) {
	if unix.Geteuid() != 0 || unix.Access("/dev/fuse", unix.R_OK|unix.W_OK) != nil {
		return nil, ErrUnavailable
	}
	d := &Disk{at: at}
	var st syscall.Stat_t
	if err := syscall.Stat(back, &st); err != nil {
		return nil, fmt.Errorf("faultdisk: %w", err)
	}
	root := &node{disk: d}
	root.RootData = &fs.LoopbackRoot{Path: back, Dev: uint64(st.Dev), RootNode: root}
	never := time.Duration(0)
	server, err := fs.Mount(at, root, &fs.Options{
		EntryTimeout: &never, AttrTimeout: &never,
		MountOptions: fuse.MountOptions{DirectMountStrict: true, FsName: "faultdisk", Name: "faultdisk"},
	})
	if err != nil {
		return nil, fmt.Errorf("%w: %w", ErrUnavailable, err)
	}
	d.server = server
	return d, nil
}

// Use puts a rule in place and begins to count anew. Nil lets all happen.
func (d *Disk) Use(rule Rule) {
	d.mu.Lock()
	defer d.mu.Unlock()
	d.rule, d.n = rule, 0
}

// Count is how many operations there were since [Disk.Use].
func (d *Disk) Count() int {
	d.mu.Lock()
	defer d.mu.Unlock()
	return d.n
}

// Unmount takes the folder away, also from programs that still hold files of it.
func (d *Disk) Unmount() error {
	if err := unix.Unmount(d.at, unix.MNT_DETACH); err != nil {
		return fmt.Errorf("faultdisk: unmount: %w", err)
	}
	return nil
}

// ask numbers an operation and hands it to the rule.
func (d *Disk) ask(ctx context.Context, kind Kind, path string, off int64, data []byte) syscall.Errno {
	d.mu.Lock()
	d.n++
	op, rule := Op{N: d.n, Kind: kind, Path: path, Off: off, Data: data}, d.rule
	d.mu.Unlock()
	if caller, ok := fuse.FromContext(ctx); ok {
		op.Thread = int(caller.Pid) // so it is called, and is that of a thread
	}
	if rule == nil {
		return 0
	}
	return rule(op)
}

// node is a file or folder of the disk. All but what is asked about is go-fuse's.
type node struct {
	fs.LoopbackNode
	disk *Disk
}

// WrapChild implements fs.NodeWrapChilder.
func (n *node) WrapChild(_ context.Context, ops fs.InodeEmbedder) fs.InodeEmbedder {
	loop, ok := ops.(*fs.LoopbackNode)
	if !ok {
		return ops
	}
	return &node{LoopbackNode: fs.LoopbackNode{RootData: loop.RootData}, disk: n.disk}
}

func (n *node) named(name string) string { return filepath.Join(n.Path(n.Root()), name) }

// Open implements fs.NodeOpener.
func (n *node) Open(ctx context.Context, flags uint32) (fs.FileHandle, uint32, syscall.Errno) {
	if e := n.disk.ask(ctx, Open, n.named(""), 0, nil); e != 0 {
		return nil, 0, e
	}
	f, how, e := n.LoopbackNode.Open(ctx, flags)
	return n.disk.wrap(f, n.named("")), how, e
}

// Create implements fs.NodeCreater.
func (n *node) Create(ctx context.Context, name string, flags, mode uint32, out *fuse.EntryOut) (*fs.Inode, fs.FileHandle, uint32, syscall.Errno) {
	if e := n.disk.ask(ctx, Create, n.named(name), 0, nil); e != 0 {
		return nil, nil, 0, e
	}
	in, f, how, e := n.LoopbackNode.Create(ctx, name, flags, mode, out)
	return in, n.disk.wrap(f, n.named(name)), how, e
}

// Mkdir implements fs.NodeMkdirer.
func (n *node) Mkdir(ctx context.Context, name string, mode uint32, out *fuse.EntryOut) (*fs.Inode, syscall.Errno) {
	if e := n.disk.ask(ctx, MakeDir, n.named(name), 0, nil); e != 0 {
		return nil, e
	}
	return n.LoopbackNode.Mkdir(ctx, name, mode, out)
}

// Unlink implements fs.NodeUnlinker.
func (n *node) Unlink(ctx context.Context, name string) syscall.Errno {
	if e := n.disk.ask(ctx, Remove, n.named(name), 0, nil); e != 0 {
		return e
	}
	return n.LoopbackNode.Unlink(ctx, name)
}

// Rmdir implements fs.NodeRmdirer.
func (n *node) Rmdir(ctx context.Context, name string) syscall.Errno {
	if e := n.disk.ask(ctx, Remove, n.named(name), 0, nil); e != 0 {
		return e
	}
	return n.LoopbackNode.Rmdir(ctx, name)
}

// Rename implements fs.NodeRenamer.
func (n *node) Rename(ctx context.Context, name string, to fs.InodeEmbedder, newName string, flags uint32) syscall.Errno {
	if e := n.disk.ask(ctx, Rename, n.named(name), 0, nil); e != 0 {
		return e
	}
	folder, ok := to.(*node)
	if !ok {
		return syscall.EXDEV
	}
	return n.LoopbackNode.Rename(ctx, name, &folder.LoopbackNode, newName, flags)
}

// Setattr implements fs.NodeSetattrer.
func (n *node) Setattr(ctx context.Context, f fs.FileHandle, in *fuse.SetAttrIn, out *fuse.AttrOut) syscall.Errno {
	if size, ok := in.GetSize(); ok {
		if e := n.disk.ask(ctx, Resize, n.named(""), int64(size), nil); e != 0 {
			return e
		}
	}
	if own, ok := f.(*file); ok {
		f = own.FileHandle
	}
	return n.LoopbackNode.Setattr(ctx, f, in, out)
}

// Getattr implements fs.NodeGetattrer.
func (n *node) Getattr(ctx context.Context, f fs.FileHandle, out *fuse.AttrOut) syscall.Errno {
	if own, ok := f.(*file); ok {
		f = own.FileHandle
	}
	return n.LoopbackNode.Getattr(ctx, f, out)
}

// Fsync implements fs.NodeFsyncer, for files and for folders.
func (n *node) Fsync(ctx context.Context, f fs.FileHandle, flags uint32) syscall.Errno {
	if e := n.disk.ask(ctx, Sync, n.named(""), 0, nil); e != 0 {
		return e
	}
	if own, ok := f.(*file); ok {
		if s, ok := own.FileHandle.(fs.FileFsyncer); ok {
			return s.Fsync(ctx, flags)
		}
	}
	return 0
}

// file is an open file of the disk.
type file struct {
	fs.FileHandle
	disk *Disk
	path string
}

func (d *Disk) wrap(f fs.FileHandle, path string) fs.FileHandle {
	if f == nil {
		return nil
	}
	return &file{FileHandle: f, disk: d, path: path}
}

// Read implements fs.FileReader.
func (f *file) Read(ctx context.Context, into []byte, off int64) (fuse.ReadResult, syscall.Errno) {
	if e := f.disk.ask(ctx, Read, f.path, off, nil); e != 0 {
		return nil, e
	}
	r, ok := f.FileHandle.(fs.FileReader)
	if !ok {
		return nil, syscall.ENOTSUP
	}
	return r.Read(ctx, into, off)
}

// Write implements fs.FileWriter.
func (f *file) Write(ctx context.Context, data []byte, off int64) (uint32, syscall.Errno) {
	if e := f.disk.ask(ctx, Write, f.path, off, data); e != 0 {
		return 0, e
	}
	w, ok := f.FileHandle.(fs.FileWriter)
	if !ok {
		return 0, syscall.ENOTSUP
	}
	return w.Write(ctx, data, off)
}

// Allocate implements fs.FileAllocater.
func (f *file) Allocate(ctx context.Context, off, size uint64, mode uint32) syscall.Errno {
	if e := f.disk.ask(ctx, Allocate, f.path, int64(off), nil); e != 0 {
		return e
	}
	a, ok := f.FileHandle.(fs.FileAllocater)
	if !ok {
		return syscall.ENOTSUP
	}
	return a.Allocate(ctx, off, size, mode)
}

// Flush implements fs.FileFlusher.
func (f *file) Flush(ctx context.Context) syscall.Errno {
	if fl, ok := f.FileHandle.(fs.FileFlusher); ok {
		return fl.Flush(ctx)
	}
	return 0
}

// Release implements fs.FileReleaser.
func (f *file) Release(ctx context.Context) syscall.Errno {
	if r, ok := f.FileHandle.(fs.FileReleaser); ok {
		return r.Release(ctx)
	}
	return 0
}
