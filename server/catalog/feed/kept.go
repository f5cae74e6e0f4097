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
	if err == nil && len(data) > maxKept {
		err = fmt.Errorf("it has more than %d bytes", maxKept)
	}
	if err == nil {
		err = json.Unmarshal(data, &k)
	}
	if err == nil && len(k.Document) == 0 {
		err = errors.New("it holds no document")
	}
	if err != nil {
		return kept{}, fmt.Errorf("read %s: %w", path, err)
	}
	return k, nil
}

// write replaces the file in one step: a crash leaves the old one or the new one.
func (k kept) write(path string) error {
	file, err := os.CreateTemp(filepath.Dir(path), filepath.Base(path)+".new-*")
	if err != nil {
		return err
	}
	enc := json.NewEncoder(file)
	enc.SetEscapeHTML(false) // the document's bytes stay as they are
	err = enc.Encode(k)
	err = errors.Join(err, file.Sync(), file.Close())
	if err == nil {
		err = os.Rename(file.Name(), path)
	}
	if err != nil {
		return errors.Join(err, os.Remove(file.Name()))
	}
	return nil
}
