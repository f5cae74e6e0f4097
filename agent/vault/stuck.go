package vault

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"

	"golang.org/x/sys/unix"
)

// refusals are what a disk says that is full, read-only, worn out or gone.
var refusals = []error{
	unix.EROFS, unix.ENOSPC, unix.EDQUOT, unix.EIO, unix.ENODEV, unix.ENXIO, unix.ETIMEDOUT, unix.ESTALE, unix.EREMOTEIO,
	unix.EUCLEAN, unix.EBADMSG, // ext4, f2fs and xfs of what they find damaged
}

// refuses tells a disk that fails from a mistake, as in the path.
func refuses(err error) bool {
	for _, r := range refusals {
		if errors.Is(err, r) {
			return true
		}
	}
	return false
}

// errUnread means that a vault which could not be read when it was opened is there
// after all: its value must not be lost to one that knows nothing of it.
var errUnread = errors.New("vault: it could not be read when it was opened, and can be now: open it anew")

// Stuck says why the vault cannot be written: the disk is full, read-only, worn out or
// gone. Nil: the last Save succeeded, or there was none and nothing stood in its way.
func (v *Vault[T]) Stuck() error {
	v.mu.Lock()
	defer v.mu.Unlock()
	return v.stuck
}

// openToRead takes the value from a disk that cannot be written. Where it is damaged,
// or cannot be read, the value is the zero T.
func (v *Vault[T]) openToRead() error {
	defer v.leave()
	f, err := os.Open(v.path)
	switch {
	case errors.Is(err, fs.ErrNotExist), refuses(err):
		return nil
	case err != nil:
		return fmt.Errorf("vault: open: %w", err)
	}
	v.leave()
	v.file = f
	if err := v.read(); err != nil && !errors.Is(err, ErrDamaged) {
		return err
	}
	return nil
}

// leave closes the file, which is opened anew when it is to be written.
func (v *Vault[T]) leave() {
	if v.file != nil {
		v.file.Close()
	}
	v.file = nil
}

// unstick opens the file for writing where that was not possible before. What is in it
// must be what this vault holds.
func (v *Vault[T]) unstick() error {
	if v.file != nil {
		return nil
	}
	held, at, seq := v.encoded, v.at, v.seq
	v.encoded = nil
	err := v.open()
	if errors.Is(err, ErrDamaged) && len(held) == 0 {
		v.leave()
		if err = setAside(v.path); err == nil {
			err = v.open()
		}
	}
	if err == nil && !bytes.Equal(held, v.encoded) {
		err = errUnread
	}
	if err != nil {
		v.leave()
		v.encoded, v.at, v.seq, v.stuck = held, at, seq, err
	}
	return err
}

// readTries is how often a slot is read where the disk fails: that may pass.
const readTries = 3

// readSlot reads what can be read of a slot, and returns how many bytes that is. It is
// none beyond the end, and of a block that the flash lost.
func readSlot(f disk, into []byte, at int64) (n int) {
	for range readTries {
		var err error
		if n, err = f.ReadAt(into, at); err == nil || errors.Is(err, io.EOF) {
			return n
		}
	}
	return n
}
