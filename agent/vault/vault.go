package vault

import (
	"encoding/json"
	"errors"
	"fmt"
	"sync"
)

// Errors of this package, to be told apart with errors.Is.
var (
	ErrDamaged  = errors.New("vault: damaged")
	ErrTooLarge = errors.New("vault: value is too large")
	ErrInUse    = errors.New("vault: in use by another process")
	ErrKeyStore = errors.New("vault: key store")
	ErrClosed   = errors.New("vault: closed")
)

// KeyStore protects the payload with a key that the file does not hold: a TPM,
// a TEE, a platform's key store. Wrap may add up to a few hundred bytes.
type KeyStore interface {
	Wrap(plain []byte) ([]byte, error)
	Unwrap(wrapped []byte) ([]byte, error)
}

// disk is the file below a vault; tests tear its writes.
type disk interface {
	ReadAt(p []byte, off int64) (int, error)
	WriteAt(p []byte, off int64) (int, error)
	Sync() error
	Close() error
}

// Vault is one durable value of type T.
type Vault[T any] struct {
	keys KeyStore // nil: plain
	path string
	lock *lockFile

	mu      sync.Mutex // guards what follows
	closed  bool
	file    disk   // nil after Close, and while stuck
	stuck   error  // why the disk does not let it be written; nil: it does, as far as is known
	encoded []byte // last durable value as JSON; empty for the zero T
	at      int    // slot that holds it
	seq     uint64 // highest sequence ever tried, also by failed writes
	used    [2]int // bytes of each slot beyond which it is all zero
}

// Open opens the vault at path, or makes a new one, with its folder, where there is no
// file. It returns [ErrDamaged] when neither slot can be read, [ErrInUse] when another
// process has it open, and [ErrKeyStore] when the key store does not unwrap the newest
// value: it never falls back to an older one.
//
// A disk that does not let it be written is no error: the vault then holds what is on
// the disk, or the zero T where nothing can be read, [Vault.Stuck] says why, and each
// Save tries again.
func Open[T any](path string, ks KeyStore) (*Vault[T], error) {
	v := &Vault[T]{keys: ks, path: path}
	err := v.open()
	if refuses(err) {
		v.stuck = err
		err = v.openToRead()
	}
	if err != nil {
		v.shut()
		return nil, err
	}
	return v, nil
}

// open takes the lock and the file for writing, and reads it.
func (v *Vault[T]) open() (err error) {
	if v.lock == nil {
		if v.lock, err = acquire(v.path + ".lock"); err != nil {
			return err
		}
	}
	f, err := openFile(v.path)
	if err != nil {
		return err
	}
	v.file = slots{f}
	return v.read()
}

// shut closes what is open.
func (v *Vault[T]) shut() (err error) {
	if v.file != nil {
		err = v.file.Close()
	}
	if v.lock != nil {
		v.lock.release()
	}
	v.file, v.lock = nil, nil
	return err
}

// read finds the newest valid slot.
func (v *Vault[T]) read() error {
	var newest slot
	v.used = [2]int{SlotSize, SlotSize}
	for i := range 2 {
		b := make([]byte, SlotSize)
		n := readSlot(v.file, b, int64(i)*SlotSize)
		s, err := decodeSlot(b[:n])
		if err != nil {
			continue
		}
		v.used[i] = s.size()
		if s.seq > newest.seq {
			newest, v.at = s, i
		}
	}
	if newest.seq == 0 {
		return fmt.Errorf("%w: %s: neither slot is valid", ErrDamaged, v.path)
	}
	v.seq = newest.seq
	return v.decode(newest)
}

func (v *Vault[T]) decode(s slot) error {
	if len(s.payload) == 0 {
		return nil
	}
	plain := s.payload
	if s.flags&flagWrapped != 0 {
		if v.keys == nil {
			return fmt.Errorf("%w: %s needs one", ErrKeyStore, v.path)
		}
		var err error
		if plain, err = v.keys.Unwrap(s.payload); err != nil {
			return fmt.Errorf("%w: unwrap: %w", ErrKeyStore, err)
		}
	}
	if err := json.Unmarshal(plain, new(T)); err != nil {
		return fmt.Errorf("%w: %s: %w", ErrDamaged, v.path, err)
	}
	v.encoded = plain
	return nil
}

// Load returns the last durable value, a fresh copy: the zero T in a new vault.
func (v *Vault[T]) Load() T {
	v.mu.Lock()
	defer v.mu.Unlock()
	var value T
	if len(v.encoded) > 0 {
		// Open and Save have decoded these bytes before: it cannot fail.
		_ = json.Unmarshal(v.encoded, &value)
	}
	return value
}

// Save makes value durable. [ErrTooLarge] means that it takes more than
// [MaxPayload] bytes, and nothing changed.
func (v *Vault[T]) Save(value T) error {
	v.mu.Lock()
	defer v.mu.Unlock()
	return v.save(value)
}

// Replace makes value durable in both slots and removes what [SetAside] kept:
// after it the folder holds no earlier value. Use it to erase keys.
func (v *Vault[T]) Replace(value T) error {
	v.mu.Lock()
	defer v.mu.Unlock()
	for range 2 {
		if err := v.save(value); err != nil {
			return err
		}
	}
	return removeAside(v.path)
}

func (v *Vault[T]) save(value T) error {
	if v.closed {
		return ErrClosed
	}
	plain, err := json.Marshal(value)
	if err != nil {
		return fmt.Errorf("vault: encode: %w", err)
	}
	if err := json.Unmarshal(plain, new(T)); err != nil {
		return fmt.Errorf("vault: value does not survive encoding: %w", err)
	}
	s := slot{payload: plain}
	if v.keys != nil {
		if s.payload, err = v.keys.Wrap(plain); err != nil {
			return fmt.Errorf("%w: wrap: %w", ErrKeyStore, err)
		}
		s.flags = flagWrapped
	}
	if len(s.payload) > MaxPayload {
		return fmt.Errorf("%w: %d bytes, at most %d", ErrTooLarge, len(s.payload), MaxPayload)
	}
	if err := v.unstick(); err != nil {
		return err
	}
	if err := v.write(s); err != nil {
		v.stuck = err
		return err
	}
	v.encoded, v.stuck = plain, nil
	return nil
}

// write puts s in the slot that does not hold the current value. A failed write
// may have reached the disk, so its sequence number is never used again. Only
// the blocks that hold anything, now or before, are written.
func (v *Vault[T]) write(s slot) error {
	v.seq++
	s.seq = v.seq
	other := 1 - v.at
	n := max(s.size(), v.used[other])
	n = min((n+blockSize-1)/blockSize*blockSize, SlotSize)
	v.used[other] = n // until it is known to hold less
	if _, err := v.file.WriteAt(s.encode()[:n], int64(other)*SlotSize); err != nil {
		return fmt.Errorf("vault: write %s: %w", v.path, err)
	}
	if err := v.file.Sync(); err != nil {
		return fmt.Errorf("vault: sync %s: %w", v.path, err)
	}
	v.at, v.used[other] = other, s.size()
	return nil
}

// Close lets another process open the vault. It can be called twice.
func (v *Vault[T]) Close() error {
	v.mu.Lock()
	defer v.mu.Unlock()
	v.closed = true
	if err := v.shut(); err != nil {
		return fmt.Errorf("vault: close: %w", err)
	}
	return nil
}
