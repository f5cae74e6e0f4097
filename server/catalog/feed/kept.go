package feed

import (
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"time"

	"github.com/hearthkey/hearthkey/protocol"
	"github.com/hearthkey/hearthkey/server/catalog"
)

// kept is the last good document, as it is on the disk.
type kept struct {
	Address  protocol.Digest `json:"address"` // which it came from
	Taken    time.Time       `json:"taken"`
	ETag     string          `json:"etag,omitempty"`
	Modified string          `json:"modified,omitempty"` // as the header Last-Modified had it
	Document json.RawMessage `json:"document"`
}

// maxKept is the longest kept file, in bytes.
const maxKept = catalog.MaxFile + 16<<10

func readKept(path string) (k kept, err error) {
	file, err := os.Open(path)
	if err != nil {
		return k, err
	}
	defer file.Close()
	data, err := io.ReadAll(io.LimitReader(file, maxKept+1))
	if err == nil {
		k, err = parseKept(data)
	}
	if err != nil {
		return kept{}, fmt.Errorf("read %s: %w", path, err)
	}
	return k, nil
}

func parseKept(data []byte) (k kept, err error) {
	if len(data) > maxKept {
		return k, fmt.Errorf("it has more than %d bytes", maxKept)
	}
	if err := json.Unmarshal(data, &k); err != nil {
		return kept{}, err
	}
	if len(k.Document) == 0 || string(k.Document) == "null" {
		return kept{}, errors.New("it holds no document")
	}
	return k, nil
}

// encode writes k with the document's bytes as they are.
func (k kept) encode(w io.Writer) error {
	enc := json.NewEncoder(w)
	enc.SetEscapeHTML(false)
	return enc.Encode(k)
}

// write replaces the file in one step: a crash leaves the old one or the new one.
func (k kept) write(path string) error {
	file, err := os.CreateTemp(filepath.Dir(path), filepath.Base(path)+".new-*")
	if err != nil {
		return err
	}
	err = errors.Join(k.encode(file), file.Sync(), file.Close())
	if err == nil {
		err = os.Rename(file.Name(), path)
	}
	if err != nil {
		return errors.Join(err, os.Remove(file.Name()))
	}
	return nil
}
