package vault

import (
	"bytes"
	"crypto/sha256"
	"encoding/binary"
	"errors"
	"fmt"
)

// SlotSize is the size of one slot in bytes. The file has two.
const SlotSize = 32 << 10

// blockSize is what a write is rounded up to: the block of common flash.
const blockSize = 4 << 10

// MaxPayload is the size of the largest payload in bytes: the value as JSON,
// wrapped where there is a key store.
const MaxPayload = SlotSize - headerSize

// Layout of a slot's header: magic, flags, sequence, length, checksum.
const (
	magic      = "HKVAULT1"
	flagsAt    = len(magic)
	seqAt      = flagsAt + 4
	lengthAt   = seqAt + 8
	sumAt      = lengthAt + 4
	headerSize = sumAt + sha256.Size
)

const flagWrapped = 1 // the payload went through the key store

var errSlot = errors.New("vault: slot is not valid")

// slot is the content of one slot. An empty payload means the zero value.
type slot struct {
	seq     uint64 // from 1
	flags   uint32
	payload []byte
}

// encode returns all SlotSize bytes, so that nothing of a longer, older payload
// stays behind.
func (s slot) encode() []byte {
	b := make([]byte, SlotSize)
	copy(b, magic)
	binary.BigEndian.PutUint32(b[flagsAt:], s.flags)
	binary.BigEndian.PutUint64(b[seqAt:], s.seq)
	binary.BigEndian.PutUint32(b[lengthAt:], uint32(len(s.payload)))
	copy(b[headerSize:], s.payload)
	sum := checksum(b, len(s.payload))
	copy(b[sumAt:], sum[:])
	return b
}

// size is how many bytes of the slot are not zero, at most.
func (s slot) size() int { return headerSize + len(s.payload) }

// decodeSlot reads a slot. The payload is a copy.
func decodeSlot(b []byte) (slot, error) {
	if len(b) < headerSize || !bytes.HasPrefix(b, []byte(magic)) {
		return slot{}, fmt.Errorf("%w: no magic", errSlot)
	}
	n := binary.BigEndian.Uint32(b[lengthAt:])
	if n > uint32(MaxPayload) || int(n) > len(b)-headerSize {
		return slot{}, fmt.Errorf("%w: length %d", errSlot, n)
	}
	sum := checksum(b, int(n))
	if !bytes.Equal(sum[:], b[sumAt:headerSize]) {
		return slot{}, fmt.Errorf("%w: checksum", errSlot)
	}
	s := slot{
		seq:     binary.BigEndian.Uint64(b[seqAt:]),
		flags:   binary.BigEndian.Uint32(b[flagsAt:]),
		payload: bytes.Clone(b[headerSize : headerSize+int(n)]),
	}
	if s.seq == 0 || s.flags&^flagWrapped != 0 {
		return slot{}, fmt.Errorf("%w: sequence %d, flags %#x", errSlot, s.seq, s.flags)
	}
	return s, nil
}

// checksum covers the header before the checksum, and n bytes of payload.
func checksum(b []byte, n int) (sum [sha256.Size]byte) {
	h := sha256.New()
	h.Write(b[:sumAt])
	h.Write(b[headerSize : headerSize+n])
	h.Sum(sum[:0])
	return sum
}
