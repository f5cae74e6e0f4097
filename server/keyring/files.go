package keyring

import (
	"bytes"
	"cmp"
	"crypto/ed25519"
	"encoding/base64"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"time"

	"github.com/hearthkey/hearthkey/protocol"
)

// The files. Key files hold their label, a space, 32 bytes in base64url and a
// newline; the list is described in chain.go.
const (
	rootFile    = "root.key"     // of the root key that signs lists; may be kept elsewhere
	nextRoot    = "root.key.new" // of the one after it, while that changes
	rootPubFile = "root.pub"     // the root key of the first list
	signingFile = "signing.key"
	nextFile    = "next.key" // listed, or soon: signs when the key in use does not any more
	dataFile    = "data.key"
	listFile    = "keys.jws"
	formerFile  = "former.pub" // keys that were retired
)

// rootKID is the kid of key lists: there is one root key at a time.
const rootKID = "root"

// maxFile bounds a file of the folder, in bytes: the chain is the longest.
const maxFile = 256 << 10

// files is the folder's content.
type files struct {
	chain       chain
	rootPrivate ed25519.PrivateKey // of the chain's root key; nil where kept elsewhere
	signing     ed25519.PrivateKey // the one in use; nil where its file is lost
	next        ed25519.PrivateKey // nil: there is none that waits
	data        dataKeys
	former      []protocol.SigningKey
}

// createMissing makes the folder with new keys where there is none yet. It
// appears complete or not at all, whenever the power goes.
func createMissing(dir, server string, now time.Time, random io.Reader) error {
	entries, err := os.ReadDir(dir)
	if err == nil && len(entries) > 0 {
		return nil
	}
	if err != nil && !errors.Is(err, fs.ErrNotExist) {
		return err
	}
	root, err1 := newKey(random)
	signing, err2 := newKey(random)
	data := make([]byte, ed25519.SeedSize)
	_, err3 := io.ReadFull(random, data)
	if err := errors.Join(err1, err2, err3); err != nil {
		return err
	}
	list, err := signList(root, protocol.KeysClaims{Server: server, Number: 1, Keys: []protocol.SigningKey{publicOf(signing, now)}})
	if err != nil {
		return err
	}
	fresh := dir + ".new"
	if err := os.RemoveAll(fresh); err != nil {
		return err
	}
	if err := os.MkdirAll(fresh, 0o700); err != nil {
		return err
	}
	written := errors.Join(
		writeFile(fresh, rootFile, keyText(rootFile, root.Seed())),
		writeFile(fresh, rootPubFile, keyText(rootPubFile, publicKey(root))),
		writeFile(fresh, signingFile, keyText(signingFile, signing.Seed())),
		writeFile(fresh, dataFile, keyText(dataFile, data)),
		writeFile(fresh, listFile, list+"\n"),
		syncDir(fresh),
	)
	if written != nil {
		return written
	}
	return moveInto(fresh, dir)
}

// moveInto renames the folder fresh to dir, which is missing or empty.
func moveInto(fresh, dir string) error {
	if err := os.Remove(dir); err != nil && !errors.Is(err, fs.ErrNotExist) {
		return err
	}
	if err := os.Rename(fresh, dir); err != nil {
		return err
	}
	return syncDir(filepath.Dir(dir))
}

func newKey(random io.Reader) (ed25519.PrivateKey, error) {
	seed := make([]byte, ed25519.SeedSize)
	if _, err := io.ReadFull(random, seed); err != nil {
		return nil, err
	}
	return ed25519.NewKeyFromSeed(seed), nil
}

func publicKey(key ed25519.PrivateKey) ed25519.PublicKey { return key.Public().(ed25519.PublicKey) }

func publicOf(key ed25519.PrivateKey, since time.Time) protocol.SigningKey {
	return protocol.SigningKey{ID: keyID(key), Key: protocol.Bytes(publicKey(key)), Since: protocol.MillisOf(since)}
}

// read reads and checks the folder.
func read(dir string) (files, error) {
	var f files
	data, err := readData(dir, dataFile)
	if err != nil {
		return f, err
	}
	f.data = data
	if f.chain, err = readLists(dir); err != nil {
		return f, err
	}
	if f.former, err = readFormer(dir); err != nil {
		return f, err
	}
	if err := f.readRoot(dir); err != nil {
		return f, err
	}
	return f, f.readSigning(dir)
}

// readLists reads the chain by the root key of root.pub. That file has two while
// a lost root key is replaced.
func readLists(dir string) (c chain, err error) {
	roots, err1 := readText(dir, rootPubFile)
	list, err2 := readText(dir, listFile)
	if err := errors.Join(err1, err2); err != nil {
		return c, err
	}
	for line := range strings.Lines(roots) {
		first, bad := parseKey(line, rootPubFile, rootPubFile)
		if bad != nil {
			return c, bad
		}
		if c, err = readChain(list, first); err == nil {
			return c, nil
		}
	}
	return c, fmt.Errorf("%w: %s: %w", ErrDamaged, listFile, cmp.Or(err, errNoLine))
}

var errNoLine = errors.New("no root key")

// readRoot finds the private half of the root key, where it is here. A change of
// the root key that was cut off has it in a file that waits.
func (f *files) readRoot(dir string) error {
	for _, name := range []string{rootFile, nextRoot} {
		key, err := readPrivate(dir, name, rootFile)
		switch {
		case errors.Is(err, ErrIncomplete):
		case err != nil:
			return err
		case f.chain.root.Equal(publicKey(key)):
			f.rootPrivate = key
		case name == rootFile && !f.chain.had(publicKey(key)):
			return fmt.Errorf("%w: %s is not that of this folder", ErrDamaged, rootFile)
		}
	}
	return nil
}

// readSigning finds the key in use: the one that signed before, or the one after
// it where that is not listed any more.
func (f *files) readSigning(dir string) error {
	old, err1 := readIfThere(dir, signingFile)
	next, err2 := readIfThere(dir, nextFile)
	if err := errors.Join(err1, err2); err != nil {
		return err
	}
	f.signing, f.next = old, next
	if !f.chain.lists(old) && f.chain.lists(next) {
		f.signing, f.next = next, nil
	}
	return nil
}

// readIfThere reads a signing key; nil where there is no such file.
func readIfThere(dir, name string) (ed25519.PrivateKey, error) {
	key, err := readPrivate(dir, name, signingFile)
	if errors.Is(err, ErrIncomplete) {
		return nil, nil
	}
	return key, err
}

// named returns f with a key list for this server's name.
func (f files) named(dir, server string) (files, error) {
	if f.chain.newest.Server == server {
		return f, nil
	}
	if f.rootPrivate == nil {
		return f, fmt.Errorf("%w: the list is for %q, the server's name is %q", ErrNoRoot, f.chain.newest.Server, server)
	}
	claims := f.chain.following()
	claims.Server = server
	list, err := signList(f.rootPrivate, claims)
	if err != nil {
		return f, err
	}
	if f.chain, err = f.chain.with(list); err != nil {
		return f, err
	}
	if err := writeFile(dir, listFile+".tmp", f.chain.text()); err != nil {
		return f, err
	}
	return f, moveFile(dir, listFile+".tmp", listFile)
}

// readPrivate reads the key file name, whose label is that of the file called
// label.
func readPrivate(dir, name, label string) (ed25519.PrivateKey, error) {
	seed, err := readLabelled(dir, name, label)
	if err != nil {
		return nil, err
	}
	return ed25519.NewKeyFromSeed(seed), nil
}

func keyText(label string, key []byte) string {
	return "hearthkey-" + label + " " + base64.RawURLEncoding.EncodeToString(key) + "\n"
}

func readLabelled(dir, name, label string) ([]byte, error) {
	text, err := readText(dir, name)
	if err != nil {
		return nil, err
	}
	return parseKey(text, name, label)
}

func parseKey(text, name, label string) ([]byte, error) {
	rest, ok := strings.CutPrefix(strings.TrimSpace(text), "hearthkey-"+label+" ")
	key, err := base64.RawURLEncoding.Strict().DecodeString(rest)
	if !ok || err != nil || len(key) != 32 {
		return nil, fmt.Errorf("%w: %s", ErrDamaged, name)
	}
	if bytes.Equal(key, make([]byte, 32)) {
		return nil, fmt.Errorf("%w: %s holds zeros", ErrDamaged, name)
	}
	return key, nil
}

func readText(dir, name string) (string, error) {
	file, err := os.Open(filepath.Join(dir, name))
	if errors.Is(err, fs.ErrNotExist) {
		return "", fmt.Errorf("%w: %s", ErrIncomplete, filepath.Join(dir, name))
	}
	if err != nil {
		return "", err
	}
	defer file.Close()
	info, err := file.Stat()
	if err != nil {
		return "", err
	}
	if info.Mode().Perm()&0o077 != 0 && strings.Contains(name, ".key") {
		return "", fmt.Errorf("%w: %s has mode %o", ErrExposed, filepath.Join(dir, name), info.Mode().Perm())
	}
	text, err := io.ReadAll(io.LimitReader(file, maxFile+1))
	if err == nil && len(text) > maxFile {
		err = fmt.Errorf("%w: %s has more than %d bytes", ErrDamaged, name, maxFile)
	}
	return string(text), err
}

// writeFile writes a file of mode 0600 to disk.
func writeFile(dir, name, text string) error {
	file, err := os.OpenFile(filepath.Join(dir, name), os.O_CREATE|os.O_WRONLY|os.O_TRUNC, 0o600)
	if err != nil {
		return err
	}
	_, err = file.WriteString(text)
	return errors.Join(err, keepOwner(file, dir), file.Sync(), file.Close())
}

// moveFile gives a file of the folder the name of another, which is gone then.
func moveFile(dir, from, to string) error {
	if err := os.Rename(filepath.Join(dir, from), filepath.Join(dir, to)); err != nil {
		return err
	}
	return syncDir(dir)
}

func syncDir(dir string) error {
	d, err := os.Open(dir)
	if err != nil {
		return err
	}
	return errors.Join(d.Sync(), d.Close())
}
