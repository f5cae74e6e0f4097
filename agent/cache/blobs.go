package cache

import (
	"encoding/binary"
	"errors"
	"fmt"
	"slices"

	"github.com/hearthkey/hearthkey/protocol"
)

// MaxBlob is the size of the largest document in bytes. The wire allows half.
const MaxBlob = 2 * protocol.MaxCatalog

// Names of records: a document's chunks are "b" ‖ digest ‖ number (2 bytes),
// and "B" ‖ digest, with its size in 4 bytes, makes it complete.
const (
	chunkPrefix    = "b"
	completePrefix = "B"
	digestSize     = 43
)

func chunkName(prefix string, i int) []byte {
	return binary.BigEndian.AppendUint16([]byte(prefix), uint16(i))
}

// PutBlob stores a document under its digest, on disk when it returns nil. A
// document that is there and whole is not written again. One that was cut off
// is as good as missing.
func (c *Cache) PutBlob(digest protocol.Digest, data []byte) error {
	if len(data) > MaxBlob {
		return fmt.Errorf("%w: document of %d bytes, at most %d", ErrTooLarge, len(data), MaxBlob)
	}
	if protocol.DigestOf(data) != digest {
		return ErrDigest
	}
	if _, err := c.Blob(digest); err == nil || errors.Is(err, ErrClosed) {
		return err
	}
	chunks := split(chunkPrefix+string(digest), data)
	size := binary.BigEndian.AppendUint32(nil, uint32(len(data)))
	complete := change{key: []byte(completePrefix + string(digest)), value: size}
	c.writing.Lock()
	defer c.writing.Unlock()
	return c.commitAll(append(chunks, complete))
}

// split cuts data into values under numbered names.
func split(prefix string, data []byte) []change {
	var chunks []change
	for part := range slices.Chunk(data, maxPlain) {
		chunks = append(chunks, change{key: chunkName(prefix, len(chunks)), value: part})
	}
	return chunks
}

// join reads size bytes back.
func (r reader) join(prefix string, size int) ([]byte, error) {
	data := make([]byte, 0, size)
	for i := 0; len(data) < size; i++ {
		part, err := r.get(chunkName(prefix, i))
		if errors.Is(err, ErrMissing) || (err == nil && len(part) == 0) {
			return nil, fmt.Errorf("%w: part %d is gone", ErrDamaged, i)
		}
		if err != nil {
			return nil, err
		}
		data = append(data, part...)
	}
	if len(data) != size {
		return nil, fmt.Errorf("%w: %d bytes, want %d", ErrDamaged, len(data), size)
	}
	return data, nil
}

// Blob returns the document with this digest, [ErrMissing] or [ErrDamaged].
func (c *Cache) Blob(digest protocol.Digest) ([]byte, error) {
	var data []byte
	err := c.view(func(r reader) error {
		head, err := r.get([]byte(completePrefix + string(digest)))
		if err != nil {
			return err
		}
		if len(head) != 4 || binary.BigEndian.Uint32(head) > MaxBlob {
			return fmt.Errorf("%w: size of a document", ErrDamaged)
		}
		data, err = r.join(chunkPrefix+string(digest), int(binary.BigEndian.Uint32(head)))
		return err
	})
	if err != nil {
		return nil, err
	}
	if protocol.DigestOf(data) != digest {
		return nil, fmt.Errorf("%w: document has another digest", ErrDamaged)
	}
	return data, nil
}

// DropBlobsExcept removes every document, also what was cut off, but those with
// the digests to keep.
func (c *Cache) DropBlobsExcept(keep ...protocol.Digest) error {
	c.writing.Lock()
	defer c.writing.Unlock()
	var drop []change
	err := c.view(func(r reader) error {
		// What completes a document goes before its chunks.
		for _, prefix := range []string{completePrefix, chunkPrefix} {
			r.names([]byte(prefix), func(key []byte) {
				if len(key) < 1+digestSize || !slices.Contains(keep, protocol.Digest(key[1:1+digestSize])) {
					drop = append(drop, change{key: key})
				}
			})
		}
		return nil
	})
	if err != nil {
		return err
	}
	return c.commitAll(drop)
}
