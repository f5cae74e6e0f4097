package input

import (
	"bytes"
	"errors"
	"io/fs"
	"os"
	"strings"
	"syscall"
	"unsafe"

	"golang.org/x/sys/unix"

	"github.com/hearthkey/hearthkey/agent/keyseq"
)

// nativeSize is the size of struct input_event in this program.
const nativeSize = 8 + 2*int(unsafe.Sizeof(uintptr(0)))

// info is what a device tells of itself.
type info struct {
	name   string
	bus    uint16
	source string // the same for all devices that are one thing in the hand
	has    down   // the keys that it has; nil: it cannot be asked
}

// device is one that is read.
type device struct {
	info
	node    string // its file's name: "event3"
	inode   int64
	file    *os.File
	decoder decoder
	why     error // it ended
}

// open opens a device without blocking, so that Close ends a read of it. A pipe
// is opened for both ways: so it does not end when a writer goes.
func open(path string, stat fs.FileInfo) (*os.File, error) {
	if stat.Mode()&fs.ModeNamedPipe != 0 {
		return os.OpenFile(path, os.O_RDWR|unix.O_NONBLOCK, 0)
	}
	return os.OpenFile(path, os.O_RDONLY|unix.O_NONBLOCK, 0)
}

// stamp tells a device's file from the next one of that name, and from itself
// with other permissions.
type stamp struct{ inode, changed int64 }

func stampOf(stat fs.FileInfo) stamp {
	s, ok := stat.Sys().(*syscall.Stat_t)
	if !ok {
		return stamp{}
	}
	return stamp{inode: int64(s.Ino), changed: syscall.TimespecToNsec(s.Ctim)}
}

// ask asks an open device what it is. A pipe is called as its file is.
func ask(f *os.File, stat fs.FileInfo) (info, error) {
	if stat.Mode()&fs.ModeNamedPipe != 0 {
		return info{name: stat.Name(), source: stat.Name()}, nil
	}
	var d info
	var name, phys, uniq [256]byte
	var id [8]byte // struct input_id: bus, vendor, product, version
	has := make([]byte, maxCode/8+1)
	for _, q := range []query{
		{0x02, id[:], true}, {0x06, name[:], true}, {0x20 + evKey, has, true}, {0x07, phys[:], false}, {0x08, uniq[:], false},
	} {
		if err := ioctl(f, ioc(2, q.number, len(q.into)), unsafe.Pointer(&q.into[0])); err != nil && q.must {
			return info{}, err
		}
	}
	d.name, d.has = text(name[:]), has
	d.bus = uint16(id[0]) | uint16(id[1])<<8
	d.source = stat.Name()
	// One remote may be two devices, one with the arrows and one with Back. They
	// have one path but for the last part, or one serial number or address.
	if path, _, ok := strings.Cut(text(phys[:]), "/input"); ok && path != "" {
		d.source = path + " " + text(uniq[:])
	}
	return d, nil
}

// text is what stands before the first zero.
func text(b []byte) string {
	b, _, _ = bytes.Cut(b, []byte{0})
	return string(b)
}

// query is an ioctl of evdev that reads: EVIOCG…, its number and where to.
// Source: linux/input.h.
type query struct {
	number uintptr
	into   []byte
	must   bool // whether an error counts
}

// ioc is _IOC of linux/ioctl.h for evdev's letter, as it is on x86, ARM and
// RISC-V. direction: 1 write, 2 read.
func ioc(direction, number uintptr, size int) uintptr {
	return direction<<30 | uintptr(size)<<16 | 'E'<<8 | number
}

func ioctl(f *os.File, request uintptr, arg unsafe.Pointer) error {
	raw, err := f.SyscallConn()
	if err != nil {
		return err
	}
	var errno unix.Errno
	err = raw.Control(func(fd uintptr) {
		_, _, errno = unix.Syscall(unix.SYS_IOCTL, fd, request, uintptr(arg))
	})
	if err == nil && errno != 0 {
		err = errno
	}
	return err
}

// grab takes the device for this program alone (EVIOCGRAB).
func grab(f *os.File) error {
	raw, err := f.SyscallConn()
	if err != nil {
		return err
	}
	var refused error
	err = raw.Control(func(fd uintptr) { refused = unix.IoctlSetInt(int(fd), uint(ioc(1, 0x90, 4)), 1) })
	return errors.Join(err, refused)
}

// still asks which keys are down now (EVIOCGKEY).
func (d *device) still() (down, bool) {
	s := make(down, maxCode/8+1)
	err := ioctl(d.file, ioc(2, 0x18, len(s)), unsafe.Pointer(&s[0]))
	return s, err == nil
}

// read gives the device's keys to emit until it is gone or closed, and returns
// why.
func (d *device) read(emit func(keyseq.Key, Action)) error {
	defer d.decoder.release(emit)
	buf := make([]byte, 64*nativeSize)
	for {
		n, err := d.file.Read(buf)
		d.decoder.decode(buf[:n], d.still, emit)
		if err != nil {
			return err
		}
	}
}
