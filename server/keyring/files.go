package keyring

import (
	"bytes"
	"crypto/ed25519"
	"encoding/base64"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"strings"

	"github.com/hearthkey/hearthkey/protocol"
	"github.com/hearthkey/hearthkey/protocol/sign"
)

// The files. Key files hold their label, a space, 32 bytes in base64url and a
// newline; the list is a compact JWS by the root key.
const (
	rootFile    = "root.key" // may be kept elsewhere
	rootPubFile = "root.pub"
	signingFile = "signing.key"
	dataFile    = "data.key"
	listFile    = "keys.jws"
)

// rootKID is the kid of key lists: there is one root key.
const rootKID = "root"

// maxFile bounds a file of the folder, in bytes.
const maxFile = 16 << 10

// files is the folder's content.
type files struct {
	root        ed25519.PublicKey
	rootPrivate ed25519.PrivateKey // nil where kept elsewhere
	signing     ed25519.PrivateKey
	data        []byte
	list        string
	claims      protocol.KeysClaims
}

// createMissing makes the folder with new keys where there is none yet. It
// appears complete or not at all, whenever the power goes.
func createMissing(dir, server string, random io.Reader) error {
	entries, err := os.ReadDir(dir)
	if err == nil && len(entries) > 0 {
		return nil
	}
	if err != nil && !errors.Is(err, fs.ErrNotExist) {
		return err
	}
	var seeds [3][ed25519.SeedSize]byte
	for i := range seeds {
		if _, err := io.ReadFull(random, seeds[i][:]); err != nil {
			return err
		}
	}
	root, signing := ed25519.NewKeyFromSeed(seeds[0][:]), ed25519.NewKeyFromSeed(seeds[1][:])
	list, err := signList(root, protocol.KeysClaims{Server: server, Number: 1, Keys: []protocol.SigningKey{publicOf(signing)}})
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
		writeFile(fresh, rootFile, keyText(rootFile, seeds[0][:])),
		writeFile(fresh, rootPubFile, keyText(rootPubFile, root.Public().(ed25519.PublicKey))),
		writeFile(fresh, signingFile, keyText(signingFile, seeds[1][:])),
		writeFile(fresh, dataFile, keyText(dataFile, seeds[2][:])),
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

func publicOf(key ed25519.PrivateKey) protocol.SigningKey {
	return protocol.SigningKey{ID: keyID(key), Key: protocol.Bytes(key.Public().(ed25519.PublicKey))}
}

func signList(root ed25519.PrivateKey, claims protocol.KeysClaims) (string, error) {
	return sign.Sign(protocol.TypKeys, rootKID, root, claims)
}

// read reads and checks the folder.
func read(dir string) (files, error) {
	var f files
	rootPub, err1 := readKey(dir, rootPubFile)
	seed, err2 := readKey(dir, signingFile)
	data, err3 := readKey(dir, dataFile)
	list, err4 := readText(dir, listFile)
	if err := errors.Join(err1, err2, err3, err4); err != nil {
		return f, err
	}
	f.root, f.signing, f.data, f.list = rootPub, ed25519.NewKeyFromSeed(seed), data, strings.TrimSpace(list)
	switch rootSeed, err := readKey(dir, rootFile); {
	case err == nil:
		f.rootPrivate = ed25519.NewKeyFromSeed(rootSeed)
		if !f.root.Equal(f.rootPrivate.Public()) {
			return f, fmt.Errorf("%w: %s and %s are not a pair", ErrDamaged, rootFile, rootPubFile)
		}
	case !errors.Is(err, ErrIncomplete):
		return f, err
	}
	if _, err := sign.Verify(f.list, protocol.TypKeys, sign.OneKey(rootKID, f.root), &f.claims); err != nil {
		return f, fmt.Errorf("%w: %s: %w", ErrDamaged, listFile, err)
	}
	return f, nil
}

// named returns f with a key list for this server's name.
func (f files) named(dir, server string) (files, error) {
	if f.claims.Server == server {
		return f, nil
	}
	if f.rootPrivate == nil {
		return f, fmt.Errorf("%w: the list is for %q, the server's name is %q", ErrNoRoot, f.claims.Server, server)
	}
	f.claims.Server = server
	f.claims.Number++
	list, err := signList(f.rootPrivate, f.claims)
	if err != nil {
		return f, err
	}
	f.list = list
	if err := writeFile(dir, listFile+".new", list+"\n"); err != nil {
		return f, err
	}
	if err := os.Rename(filepath.Join(dir, listFile+".new"), filepath.Join(dir, listFile)); err != nil {
		return f, err
	}
	return f, syncDir(dir)
}

func keyText(label string, key []byte) string {
	return "hearthkey-" + label + " " + base64.RawURLEncoding.EncodeToString(key) + "\n"
}

// readKey reads the 32 bytes of a key file.
func readKey(dir, name string) ([]byte, error) {
	text, err := readText(dir, name)
	if err != nil {
		return nil, err
	}
	rest, ok := strings.CutPrefix(strings.TrimSpace(text), "hearthkey-"+name+" ")
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
	if info.Mode().Perm()&0o077 != 0 && strings.HasSuffix(name, ".key") {
		return "", fmt.Errorf("%w: %s has mode %o", ErrExposed, filepath.Join(dir, name), info.Mode().Perm())
	}
	text, err := io.ReadAll(io.LimitReader(file, maxFile))
	return string(text), err
}

// writeFile writes a file of mode 0600 to disk.
func writeFile(dir, name, text string) error {
	file, err := os.OpenFile(filepath.Join(dir, name), os.O_CREATE|os.O_WRONLY|os.O_TRUNC, 0o600)
	if err != nil {
		return err
	}
	_, err = file.WriteString(text)
	return errors.Join(err, file.Sync(), file.Close())
}

func syncDir(dir string) error {
	d, err := os.Open(dir)
	if err != nil {
		return err
	}
	return errors.Join(d.Sync(), d.Close())
}
