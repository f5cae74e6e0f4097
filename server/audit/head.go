package audit

import (
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"sync"
	"time"
)

// Anchor is an entry's number and hash, kept outside of the database: the log must
// hold it, or say why not.
type Anchor struct {
	Seq  int64
	Hash string
	At   time.Time // the entry's; zero: not known
}

// String writes it as ParseAnchor reads it: SEQ:HASH, and the time where it is known.
func (a Anchor) String() string {
	s := strconv.FormatInt(a.Seq, 10) + ":" + a.Hash
	if !a.At.IsZero() {
		s += " " + a.At.UTC().Format(time.RFC3339Nano)
	}
	return s
}

// ErrAnchor: not a number and a hash.
var ErrAnchor = errors.New("audit: not an entry's SEQ:HASH")

// hashLength is that of a SHA-256 in base64url.
const hashLength = 43

// ParseAnchor reads SEQ:HASH, and a time behind it.
func ParseAnchor(s string) (a Anchor, err error) {
	entry, at, timed := strings.Cut(strings.TrimSpace(s), " ")
	number, hash, _ := strings.Cut(entry, ":")
	a.Seq, err = strconv.ParseInt(number, 10, 64)
	if err != nil || a.Seq < 1 || len(hash) != hashLength || strings.Trim(hash, base64url) != "" {
		return Anchor{}, fmt.Errorf("%w: %.80q", ErrAnchor, s)
	}
	if a.Hash = hash; timed {
		if a.At, err = time.Parse(time.RFC3339Nano, at); err != nil {
			return Anchor{}, fmt.Errorf("%w: %.80q", ErrAnchor, s)
		}
	}
	return a, nil
}

const base64url = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_"

// HeadFile keeps the newest entry that a node has seen in a file, beside or far from
// the database. The zero value keeps nothing. It is safe for concurrent use.
type HeadFile struct{ f *headFile }

type headFile struct {
	path string
	mu   sync.Mutex // of the file
}

// NewHeadFile keeps the head at path.
func NewHeadFile(path string) HeadFile { return HeadFile{&headFile{path: path}} }

// Read returns what is kept; a zero one where nothing is.
func (h HeadFile) Read() (Anchor, error) {
	if h.f == nil {
		return Anchor{}, nil
	}
	h.f.mu.Lock()
	defer h.f.mu.Unlock()
	return h.f.read()
}

// Raise keeps a, unless a newer one is kept.
func (h HeadFile) Raise(a Anchor) error {
	if h.f == nil {
		return nil
	}
	h.f.mu.Lock()
	defer h.f.mu.Unlock()
	if kept, err := h.f.read(); err != nil && !errors.Is(err, ErrAnchor) || kept.Seq >= a.Seq {
		return err
	}
	return h.f.write(a)
}

func (f *headFile) read() (Anchor, error) {
	file, err := os.Open(f.path)
	if errors.Is(err, fs.ErrNotExist) {
		return Anchor{}, nil
	}
	if err != nil {
		return Anchor{}, fmt.Errorf("read audit head: %w", err)
	}
	defer file.Close()
	text, err := io.ReadAll(io.LimitReader(file, 256))
	if err != nil {
		return Anchor{}, fmt.Errorf("read audit head: %w", err)
	}
	a, err := ParseAnchor(string(text))
	if err != nil {
		return Anchor{}, fmt.Errorf("read audit head %s: %w", f.path, err)
	}
	return a, nil
}

// write replaces the file: whenever the power goes there is the old or the new one.
func (f *headFile) write(a Anchor) error {
	file, err := os.CreateTemp(filepath.Dir(f.path), filepath.Base(f.path)+".*")
	if err != nil {
		return fmt.Errorf("write audit head: %w", err)
	}
	_, err = file.WriteString(a.String() + "\n")
	if err = errors.Join(err, file.Sync(), file.Close()); err == nil {
		err = os.Rename(file.Name(), f.path)
	}
	if err != nil {
		return fmt.Errorf("write audit head: %w", errors.Join(err, os.Remove(file.Name())))
	}
	return nil
}
