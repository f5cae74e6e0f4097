package keyring

import (
	"cmp"
	"crypto/hkdf"
	"crypto/sha256"
	"encoding/base64"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"time"
)

// The data key seals what the database must not show. Its file holds it in the first
// line. When it is replaced everything is sealed anew, but what is hashed with a key
// cannot be hashed anew: so the keys of hashes, which seal nothing, stay, in lines of
// their own behind it. Who has one of them learns no code by it: access codes and user
// codes are over in minutes, recovery codes have 80 random bits.
//
//	hearthkey-data.key 3q2-7w…
//	hearthkey-hash.access-codes …
const (
	freshData = "data.key.new"     // while it is replaced
	retired   = "data.key.before-" // and a time: opens backups of before, and nothing else
	hashLabel = "hash."
)

// hashing are the purposes that only hash.
var hashing = []Purpose{AccessCodes, UserCodes, Throttles, SavedCodes}

// sealing are the purposes that seal.
var sealing = []Purpose{PINs, TOTPSecrets, Snapshots, Webhooks, Mails}

// ErrOtherData: the database is sealed by another data key than the folder's.
var ErrOtherData = errors.New("keyring: the database is sealed by another data key")

// dataKeys are the keys of all purposes.
type dataKeys struct {
	key    []byte
	hashes map[Purpose][]byte // those that are not derived from key
}

// derive returns the key of each purpose.
func (d dataKeys) derive() (map[Purpose][]byte, error) {
	out := map[Purpose][]byte{}
	for _, p := range slices.Concat(hashing, sealing) {
		key, err := hkdf.Key(sha256.New, d.key, nil, "hearthkey.v1 "+string(p), 32)
		if err != nil {
			return nil, fmt.Errorf("derive key: %w", err)
		}
		out[p] = key
		if kept := d.hashes[p]; kept != nil {
			out[p] = kept
		}
	}
	return out, nil
}

// mark names the key, and says nothing about it.
func (d dataKeys) mark() (string, error) {
	m, err := hkdf.Key(sha256.New, d.key, nil, "hearthkey.v1 mark of the data key", 16)
	return base64.RawURLEncoding.EncodeToString(m), err
}

// readData reads a file of the data key.
func readData(dir, name string) (d dataKeys, err error) {
	text, err := readText(dir, name)
	if err != nil {
		return d, err
	}
	first, rest, _ := strings.Cut(strings.TrimSpace(text), "\n")
	if d.key, err = parseKey(first, name, dataFile); err != nil || rest == "" {
		return d, err
	}
	d.hashes = map[Purpose][]byte{}
	lines := strings.Split(rest, "\n")
	if len(lines) != len(hashing) {
		return d, fmt.Errorf("%w: %s has %d lines", ErrDamaged, name, len(lines)+1)
	}
	for i, p := range hashing {
		if d.hashes[p], err = parseKey(lines[i], name, hashName(p)); err != nil {
			return d, err
		}
	}
	return d, nil
}

func hashName(p Purpose) string { return hashLabel + strings.ReplaceAll(string(p), " ", "-") }

func (d dataKeys) text() string {
	text := keyText(dataFile, d.key)
	for _, p := range hashing {
		if kept := d.hashes[p]; kept != nil {
			text += keyText(hashName(p), kept)
		}
	}
	return text
}

// Mark names the data key, so that a database can say by which one it is sealed.
func (r *Ring) Mark() string { return r.mark }

// SettleDataKey ends a replacement of the data key that was cut off: mark is that of
// the key by which the database is sealed; empty: it does not say. ErrOtherData where
// it is neither the folder's key nor the one that waits.
func SettleDataKey(dir, mark string, now time.Time) error {
	if is, err := marked(dir, dataFile, mark); err != nil || is {
		return cmp.Or(err, dropFresh(dir))
	}
	is, err := marked(dir, freshData, mark)
	if errors.Is(err, ErrIncomplete) || err == nil && !is {
		return ErrOtherData
	}
	if err != nil {
		return err
	}
	return finishData(dir, now)
}

func marked(dir, name, mark string) (bool, error) {
	d, err := readData(dir, name)
	if err != nil {
		return false, fmt.Errorf("data key: %w", err)
	}
	m, err := d.mark()
	return mark == "" || m == mark, err
}

func dropFresh(dir string) error {
	if err := os.Remove(filepath.Join(dir, freshData)); err != nil && !errors.Is(err, fs.ErrNotExist) {
		return fmt.Errorf("data key: %w", err)
	}
	return nil
}

// finishData puts the key that waits in the place of the one before, which stays in a
// file of its own.
func finishData(dir string, now time.Time) error {
	old, err := readText(dir, dataFile)
	if err == nil {
		err = writeFile(dir, retired+now.UTC().Format("20060102T150405Z"), old)
	}
	if err == nil {
		err = moveFile(dir, freshData, dataFile)
	}
	if err != nil {
		return fmt.Errorf("data key: %w", err)
	}
	return nil
}

// Replacement is a data key on its way into the place of another.
type Replacement struct {
	dir      string
	old, new *Ring
}

// ReplaceDataKey makes another data key, which waits in the folder until
// [Replacement.Finish]. No server must run. A nil random is crypto/rand.
func ReplaceDataKey(dir string, random io.Reader) (*Replacement, error) {
	old, err := Reopen(dir)
	if err != nil {
		return nil, err
	}
	if random == nil {
		random = old.random
	}
	d := dataKeys{key: make([]byte, 32), hashes: map[Purpose][]byte{}}
	if _, err := io.ReadFull(random, d.key); err != nil {
		return nil, fmt.Errorf("replace data key: %w", err)
	}
	for _, p := range hashing {
		d.hashes[p] = old.key(p)
	}
	fresh := &Ring{dir: dir, server: old.server, random: random}
	if fresh.derived, err = d.derive(); err == nil {
		fresh.mark, err = d.mark()
	}
	if err == nil {
		err = writeFile(dir, freshData, d.text())
	}
	if err == nil {
		err = syncDir(dir)
	}
	if err != nil {
		return nil, fmt.Errorf("replace data key: %w", err)
	}
	return &Replacement{dir, old, fresh}, nil
}

// Mark names the key to be.
func (r *Replacement) Mark() string { return r.new.mark }

// Unseal opens what the key before sealed.
func (r *Replacement) Unseal(p Purpose, sealed []byte, context ...string) ([]byte, error) {
	return r.old.Unseal(p, sealed, context...)
}

// Seal seals by the key to be.
func (r *Replacement) Seal(p Purpose, plain []byte, context ...string) ([]byte, error) {
	return r.new.Seal(p, plain, context...)
}

// Again seals anew what the key before sealed.
func (r *Replacement) Again(p Purpose, sealed []byte, context ...string) ([]byte, error) {
	plain, err := r.Unseal(p, sealed, context...)
	if err != nil {
		return nil, err
	}
	return r.Seal(p, plain, context...)
}

// Finish is called when the database is sealed anew, and says so by the key's mark.
func (r *Replacement) Finish(now time.Time) error { return finishData(r.dir, now) }
