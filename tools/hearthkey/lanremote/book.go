package lanremote

import (
	"crypto/ecdsa"
	"crypto/elliptic"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"github.com/hearthkey/hearthkey/agent/lan/remote"
	"github.com/hearthkey/hearthkey/protocol"
)

// maxBook bounds the file, in bytes, and maxTVs what is in it.
const (
	maxBook = 256 << 10
	maxTVs  = 100
)

// TV is a TV that this remote was paired with.
type TV struct {
	ID        string         `json:"id"`              // 16 hex digits
	Name      string         `json:"name"`            // what the TV called itself last
	Model     string         `json:"model,omitempty"` // likewise
	TVKey     protocol.Bytes `json:"tvKey"`           // SHA-256 of the TV's public key
	Key       protocol.Bytes `json:"key"`             // this remote's private key for it: a P-256 scalar
	Addresses []string       `json:"addresses"`       // where it was, the newest first
}

// Book remembers TVs, in a file that only its owner can read.
type Book struct {
	path string
	tvs  []TV
}

// BookPath is where the book lies unless one says otherwise: in the folder that the
// system has for programs' settings.
func BookPath() (string, error) {
	dir, err := os.UserConfigDir()
	if err != nil {
		return "", fmt.Errorf("find the folder for settings (name a file with --config): %w", err)
	}
	return filepath.Join(dir, "hearthkey", "remotes.json"), nil
}

// OpenBook reads the book; a file that is not there is an empty one.
func OpenBook(path string) (*Book, error) {
	b := &Book{path: path}
	info, err := os.Stat(path)
	switch {
	case errors.Is(err, fs.ErrNotExist):
		return b, nil
	case err != nil:
		return nil, fmt.Errorf("read the paired TVs: %w", err)
	case info.Size() > maxBook:
		return nil, fmt.Errorf("read the paired TVs: %s has %d bytes, which is not a list of TVs", path, info.Size())
	case info.Mode().Perm()&0o077 != 0:
		return nil, fmt.Errorf("%s can be read by others than you, and with it anybody can control your TVs: chmod 600 it", path)
	}
	data, err := os.ReadFile(path)
	if err != nil {
		return nil, fmt.Errorf("read the paired TVs: %w", err)
	}
	var file struct {
		TVs []TV `json:"tvs"`
	}
	if err := json.Unmarshal(data, &file); err != nil {
		return nil, fmt.Errorf("%s is damaged; pair anew after deleting it: %w", path, err)
	}
	for _, tv := range file.TVs {
		if _, err := tv.privateKey(); err != nil || len(tv.TVKey) != len(remote.Hash{}) {
			return nil, fmt.Errorf("%s is damaged; pair anew after deleting it", path)
		}
	}
	b.tvs = file.TVs
	return b, nil
}

func (t TV) privateKey() (*ecdsa.PrivateKey, error) {
	return ecdsa.ParseRawPrivateKey(elliptic.P256(), t.Key)
}

// TVs are those that are known, in the order of their pairing.
func (b *Book) TVs() []TV { return slices.Clone(b.tvs) }

// Find returns the TVs that a person means by text: an id before a name, which a TV
// gives itself, and a whole one before the beginning of one, each without case. Empty
// text means every TV.
func (b *Book) Find(text string) []TV {
	low := strings.ToLower(text)
	for _, means := range []func(TV) bool{
		func(tv TV) bool { return tv.ID == low },
		func(tv TV) bool { return text != "" && strings.EqualFold(tv.Name, text) },
		func(tv TV) bool {
			return strings.HasPrefix(strings.ToLower(tv.Name), low) || len(low) >= 4 && strings.HasPrefix(tv.ID, low)
		},
	} {
		list := slices.DeleteFunc(slices.Clone(b.tvs), func(tv TV) bool { return !means(tv) })
		if len(list) > 0 {
			return list
		}
	}
	return nil
}

// Keep remembers a TV, in place of what was known of it.
func (b *Book) Keep(tv TV) error {
	list := slices.DeleteFunc(slices.Clone(b.tvs), func(o TV) bool { return o.ID == tv.ID })
	if len(list) >= maxTVs {
		return fmt.Errorf("%d TVs are paired, which is as many as can be: forget one", len(list))
	}
	return b.write(append(list, tv))
}

// Forget forgets a TV. The TV still lists this remote until it is removed there.
func (b *Book) Forget(id string) error {
	return b.write(slices.DeleteFunc(slices.Clone(b.tvs), func(o TV) bool { return o.ID == id }))
}

// write replaces the file whole, so that a kill leaves the old one or the new one.
func (b *Book) write(list []TV) (err error) {
	defer func() {
		if err != nil {
			err = fmt.Errorf("keep the paired TVs: %w", err)
		}
	}()
	data, err := json.MarshalIndent(map[string][]TV{"tvs": list}, "", "\t")
	if err != nil {
		return err
	}
	dir := filepath.Dir(b.path)
	if err := os.MkdirAll(dir, 0o700); err != nil {
		return err
	}
	f, err := os.CreateTemp(dir, ".remotes-*") // with mode 0600
	if err != nil {
		return err
	}
	_, err = f.Write(append(data, '\n'))
	if err = errors.Join(err, f.Sync(), f.Close()); err == nil {
		err = os.Rename(f.Name(), b.path)
	}
	if err != nil {
		return errors.Join(err, os.Remove(f.Name()))
	}
	b.tvs = list
	return nil
}
