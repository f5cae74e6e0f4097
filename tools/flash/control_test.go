package flash

import (
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strconv"

	"github.com/dgraph-io/badger/v4"
)

// carelessOptions are a Badger that syncs nothing, small enough for the disk: its files
// are mapped, and a page that has no room on the disk ends the process.
func carelessOptions(dir string) badger.Options {
	return badger.DefaultOptions(filepath.Join(dir, "cache")).WithLogger(nil).WithSyncWrites(false).
		WithMemTableSize(1 << 20).WithValueThreshold(1 << 10).WithValueLogFileSize(1 << 20).WithNumMemtables(1)
}

// careless keeps rounds in a Badger and in a file without a sync, as the control.
func careless(dir string, out io.Writer) error {
	db, err := badger.Open(carelessOptions(dir))
	if err != nil {
		return err
	}
	for n := int64(1); ; n++ {
		value := []byte(fmt.Sprint(n))
		if err := db.Update(func(txn *badger.Txn) error { return txn.Set([]byte("round"), value) }); err != nil {
			return err
		}
		if err := writeCareless(filepath.Join(dir, "round"), value); err != nil {
			return err
		}
		fmt.Fprintln(out, n)
	}
}

// writeCareless replaces a file's content and believes it to be there.
func writeCareless(path string, data []byte) error {
	f, err := os.OpenFile(path, os.O_RDWR|os.O_CREATE, 0o600)
	if err != nil {
		return err
	}
	_, err = f.WriteAt(append(data, '\n'), 0)
	return errors.Join(err, f.Close())
}

// carelessRounds is what the control finds: the round of its file and of its Badger, 0
// where there is none.
func carelessRounds(dir string) (file, db int64) {
	if data, err := os.ReadFile(filepath.Join(dir, "round")); err == nil {
		for i, c := range data {
			if c == '\n' {
				file, _ = strconv.ParseInt(string(data[:i]), 10, 64)
				break
			}
		}
	}
	opened, err := badger.Open(carelessOptions(dir))
	if err != nil {
		return file, 0
	}
	defer opened.Close()
	_ = opened.View(func(txn *badger.Txn) error {
		item, err := txn.Get([]byte("round"))
		if err != nil {
			return err
		}
		return item.Value(func(v []byte) error { db, err = strconv.ParseInt(string(v), 10, 64); return err })
	})
	return file, db
}
