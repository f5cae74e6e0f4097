package keyring

import (
	"bytes"
	"crypto/ed25519"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"github.com/hearthkey/hearthkey/protocol"
)

// Draft is lists that are to be signed, maybe on another machine. It holds no
// secret.
type Draft struct {
	Root  protocol.Bytes        `json:"root"`  // the root key that signs the first
	Lists []protocol.KeysClaims `json:"lists"` // one, or two for a change of the root key
}

// maxDraft bounds a draft and a file of signed lists, in bytes.
const maxDraft = 64 << 10

// ErrDraft: a file is no draft, or is about something else than drafts are.
var ErrDraft = errors.New("keyring: not a draft of key lists")

func (d *Folder) draft(lists ...protocol.KeysClaims) Draft {
	return Draft{protocol.Bytes(d.f.chain.root), lists}
}

// ReadDraft decodes a draft. Error: ErrDraft.
func ReadDraft(data []byte) (Draft, error) {
	var d Draft
	if len(data) > maxDraft {
		return d, fmt.Errorf("%w: %d bytes", ErrDraft, len(data))
	}
	dec := json.NewDecoder(bytes.NewReader(data))
	dec.DisallowUnknownFields()
	if err := dec.Decode(&d); err != nil {
		return d, fmt.Errorf("%w: %w", ErrDraft, err)
	}
	if len(d.Root) != ed25519.PublicKeySize || len(d.Lists) < 1 || len(d.Lists) > 2 {
		return d, fmt.Errorf("%w: a root of %d bytes, %d lists", ErrDraft, len(d.Root), len(d.Lists))
	}
	for _, l := range d.Lists {
		if err := l.Check(); err != nil {
			return d, fmt.Errorf("%w: %w", ErrDraft, err)
		}
	}
	return d, nil
}

// Text is the draft as a file.
func (d Draft) Text() ([]byte, error) {
	data, err := json.MarshalIndent(d, "", "  ")
	return append(data, '\n'), err
}

// Sign signs the lists, each by the root key that is in force then. Error:
// ErrNoRoot where that key is not among those given.
func (d Draft) Sign(roots ...ed25519.PrivateKey) ([]string, error) {
	by := ed25519.PublicKey(d.Root)
	out := make([]string, 0, len(d.Lists))
	for _, claims := range d.Lists {
		i := slices.IndexFunc(roots, func(k ed25519.PrivateKey) bool { return k != nil && by.Equal(publicKey(k)) })
		if i < 0 {
			return nil, fmt.Errorf("%w: it is %s", ErrNoRoot, Fingerprint(by))
		}
		jws, err := signList(roots[i], claims)
		if err != nil {
			return nil, fmt.Errorf("sign key list: %w", err)
		}
		out = append(out, jws)
		if len(claims.Root) > 0 {
			by = ed25519.PublicKey(claims.Root)
		}
	}
	return out, nil
}

// ReadLists splits a file of signed lists, one on each line. Error: ErrDraft.
func ReadLists(data []byte) ([]string, error) {
	if len(data) > maxDraft {
		return nil, fmt.Errorf("%w: %d bytes", ErrDraft, len(data))
	}
	lists := strings.Fields(string(data))
	if len(lists) == 0 {
		return nil, fmt.Errorf("%w: it is empty", ErrDraft)
	}
	return lists, nil
}

// Fingerprint is a public root key as people compare it.
func Fingerprint(root ed25519.PublicKey) string { return keyName(root) }

// NewRoot makes a root key.
func NewRoot(random io.Reader) (ed25519.PrivateKey, error) {
	key, err := newKey(random)
	if err != nil {
		return nil, fmt.Errorf("make root key: %w", err)
	}
	return key, nil
}

// ReadRoot reads the private half of a root key from a file anywhere. Errors:
// ErrIncomplete, ErrDamaged, ErrExposed.
func ReadRoot(file string) (ed25519.PrivateKey, error) {
	return readPrivate(filepath.Dir(file), filepath.Base(file), rootFile)
}

// SaveRoot writes the private half of a root key to a new file that nobody else
// can read.
func SaveRoot(file string, key ed25519.PrivateKey) error {
	f, err := os.OpenFile(file, os.O_WRONLY|os.O_CREATE|os.O_EXCL, 0o600)
	if err != nil {
		return fmt.Errorf("save root key: %w", err)
	}
	_, err = f.WriteString(keyText(rootFile, key.Seed()))
	if err = errors.Join(err, f.Sync(), f.Close()); err != nil {
		return fmt.Errorf("save root key: %w", err)
	}
	return nil
}
