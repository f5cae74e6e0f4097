package cache

import (
	"bytes"
	"encoding/binary"
	"fmt"
	"hash/crc32"
	"io"
	"os"

	"github.com/dgraph-io/badger/v4"
)

const (
	logHeader   = 20               // key id (8), base IV (12)
	entryHeader = 22               // most bytes of an entry's header
	maxLog      = 2 * memTableSize // bytes: what Badger gives a new log
	maxKey      = 1 << 16          // bytes of a key in Badger's log
)

// checkLog walks the entries of a memtable's log up to the first that is not
// whole, where Badger will end too (badger's memtable.go, logFile.iterate).
// Badger believes a damaged length before it verifies the entry, and takes that
// much memory; so the header of such an entry is cleared here, which is how
// Badger itself marks the end.
func checkLog(path string, registry *badger.KeyRegistry) error {
	f, err := os.OpenFile(path, os.O_RDWR, 0)
	if err != nil {
		return fmt.Errorf("cache: %w", err)
	}
	defer f.Close()
	b, err := io.ReadAll(io.LimitReader(f, maxLog+1))
	if err != nil {
		return fmt.Errorf("%w: %s: %w", ErrDamaged, path, err)
	}
	if len(b) > maxLog {
		return fmt.Errorf("%w: %s is longer than a log", ErrDamaged, path)
	}
	if len(b) < logHeader {
		return fmt.Errorf("%w: %s ends in its header", ErrDamaged, path)
	}
	if len(bytes.Trim(b, "\x00")) == 0 {
		return os.Remove(path) // killed between making it and writing its header
	}
	// Number 0 would have Badger read the log as if it were not encrypted.
	id := binary.BigEndian.Uint64(b)
	if key, err := registry.DataKey(id); err != nil || key == nil {
		return fmt.Errorf("%w: %s: unknown key %d", ErrDamaged, path, id)
	}
	end := wholeEntries(b)
	if end >= len(b) {
		return nil
	}
	clear(b[end:min(end+entryHeader, len(b))])
	if _, err := f.WriteAt(b[end:min(end+entryHeader, len(b))], int64(end)); err != nil {
		return fmt.Errorf("cache: %w", err)
	}
	return nil
}

// wholeEntries returns where the first entry begins that is not whole.
func wholeEntries(b []byte) int {
	at := logHeader
	for {
		n := entrySize(b[at:])
		if n == 0 {
			return at
		}
		at += n
	}
}

// entrySize returns the size of the entry at the start of b, 0 where there is
// none: meta, user meta, key length, value length, expiry, key, value, CRC-32C.
func entrySize(b []byte) int {
	if len(b) < 2 {
		return 0
	}
	at := 2
	var field [3]uint64
	for i := range field {
		v, n := binary.Uvarint(b[at:])
		if n <= 0 {
			return 0
		}
		field[i], at = v, at+n
	}
	key, value := field[0], field[1]
	if key == 0 || key > maxKey || value > maxLog {
		return 0
	}
	end := at + int(key) + int(value)
	if end+crc32.Size > len(b) {
		return 0
	}
	if crc32.Checksum(b[:end], castagnoli) != binary.BigEndian.Uint32(b[end:]) {
		return 0
	}
	return end + crc32.Size
}

var castagnoli = crc32.MakeTable(crc32.Castagnoli)
