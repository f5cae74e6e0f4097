package cache

import (
	"crypto/aes"
	"encoding/binary"
	"errors"
	"fmt"
	"os"

	"github.com/dgraph-io/badger/v4/fb"
	"github.com/dgraph-io/badger/v4/pb"
	"github.com/dgraph-io/badger/v4/y"
	"google.golang.org/protobuf/proto"
)

var errTable = errors.New("table is damaged")

// checkTableFile verifies every checksum of an encrypted table (badger's
// table/builder.go):
//
//	block … block ‖ index ‖ index size ‖ checksum ‖ checksum size
//
// Badger itself ends the process or panics in a goroutine on some damage here.
func checkTableFile(path string, key []byte) error {
	b, err := os.ReadFile(path)
	if err != nil {
		return err
	}
	rest, checksum, err := cutTail(b)
	if err != nil {
		return err
	}
	blocks, index, err := cutTail(rest)
	if err != nil {
		return err
	}
	if err := verify(index, checksum); err != nil {
		return err
	}
	plain, err := decrypt(index, key)
	if err != nil {
		return err
	}
	return checkBlocks(fb.GetRootAsTableIndex(plain, 0), blocks, key)
}

func checkBlocks(index *fb.TableIndex, blocks, key []byte) error {
	if index.OffsetsLength() == 0 {
		return fmt.Errorf("%w: no blocks", errTable)
	}
	var at fb.BlockOffset
	for i := range index.OffsetsLength() {
		if !index.Offsets(&at, i) {
			return fmt.Errorf("%w: index ends early", errTable)
		}
		from, n := uint64(at.Offset()), uint64(at.Len())
		if from+n > uint64(len(blocks)) {
			return fmt.Errorf("%w: block %d is outside", errTable, i)
		}
		if err := checkBlock(blocks[from:from+n], key); err != nil {
			return fmt.Errorf("block %d: %w", i, err)
		}
	}
	return nil
}

// checkBlock verifies entries ‖ offsets ‖ count ‖ checksum ‖ checksum size.
func checkBlock(b, key []byte) error {
	plain, err := decrypt(b, key)
	if err != nil {
		return err
	}
	entries, checksum, err := cutTail(plain)
	if err != nil {
		return err
	}
	if len(entries) < 4 {
		return fmt.Errorf("%w: no entries", errTable)
	}
	return verify(entries, checksum)
}

// cutTail splits head ‖ tail ‖ size of tail (4 bytes, big endian).
func cutTail(b []byte) (head, tail []byte, err error) {
	if len(b) < 4 {
		return nil, nil, fmt.Errorf("%w: %d bytes", errTable, len(b))
	}
	n := uint64(binary.BigEndian.Uint32(b[len(b)-4:]))
	if n > uint64(len(b)-4) {
		return nil, nil, fmt.Errorf("%w: a part of %d bytes in %d", errTable, n, len(b))
	}
	end := len(b) - 4
	return b[:end-int(n)], b[end-int(n) : end], nil
}

func verify(data, checksum []byte) error {
	var sum pb.Checksum
	if err := proto.Unmarshal(checksum, &sum); err != nil {
		return fmt.Errorf("%w: checksum: %w", errTable, err)
	}
	if err := y.VerifyChecksum(data, &sum); err != nil {
		return fmt.Errorf("%w: %w", errTable, err)
	}
	return nil
}

// decrypt undoes AES-CTR; the initial vector is the last 16 bytes.
func decrypt(b, key []byte) ([]byte, error) {
	if len(b) < aes.BlockSize {
		return nil, fmt.Errorf("%w: %d bytes", errTable, len(b))
	}
	cut := len(b) - aes.BlockSize
	return y.XORBlockAllocate(b[:cut], key, b[cut:])
}
