package cache

import (
	"bytes"

	"github.com/dgraph-io/badger/v4"
	"github.com/dgraph-io/badger/v4/options"
	"github.com/dgraph-io/ristretto/v2/z"
)

// Sizes of the envelope in bytes.
const (
	memTableSize  = 256 << 10
	baseTableSize = 600 << 10
	vlogSize      = 1 << 20
	maxLevels     = 3
)

// badgerOptions is the envelope: measured on badger v4.9.6, 200 kill -9 and 100
// power cuts on 32-bit ARM without a lost or a wrong value.
//
//   - BaseTableSize lies just above half a power of two and TableSizeMultiplier
//     is 1, MemTableSize is at most 512 KiB and values at most 2 KiB: so no table
//     builder outgrows its allocator's first buffer, which 32-bit builds of
//     ristretto v2.2.0 would overwrite (see allocatorFaulty).
//   - The defaults map 2.8 GB: after an unclean exit Open fails on 32-bit.
//   - NumCompactors 0: compactors poll every 50 ms. flatten takes their place, and
//     where all is in level 0 it merges nothing unless there are more tables than
//     NumLevelZeroTables.
//   - OnBlockRead checksums would turn damage into "key not found".
func badgerOptions(dir string, key []byte) badger.Options {
	o := badger.DefaultOptions(dir).
		WithSyncWrites(true).
		WithEncryptionKey(key).
		WithCompression(options.None).
		WithMemTableSize(memTableSize).
		WithNumMemtables(1).
		WithValueThreshold(16 << 10).
		WithValueLogFileSize(vlogSize).
		WithBaseTableSize(baseTableSize).
		WithBaseLevelSize(2 << 20).
		WithMaxLevels(maxLevels).
		WithNumCompactors(0).
		WithNumLevelZeroTables(flattenAt - 1).
		WithNumLevelZeroTablesStall(stallTables).
		WithBlockSize(2 << 10).
		WithBlockCacheSize(256 << 10).
		WithIndexCacheSize(128 << 10).
		WithChecksumVerificationMode(options.OnTableRead).
		WithVerifyValueChecksum(true).
		WithDetectConflicts(false).
		WithMetricsEnabled(false).
		WithNumGoroutines(1).
		WithLogger(nil)
	o.TableSizeMultiplier = 1
	return o
}

// allocatorFaulty reports whether ristretto's allocator, which builds tables,
// loses its place when it outgrows its first buffer. It does on 32-bit builds
// of v2.2.0: the index of the buffer is shifted by 32 bits in an int, so the
// second buffer's writes land at the start of the first.
func allocatorFaulty() bool {
	const first = 512 // the smallest buffer that the allocator takes
	a := z.NewAllocator(first, "cache self-test")
	defer a.Release()
	block := a.Allocate(first - 112)
	for i := range block {
		block[i] = 0xa5
	}
	spilled := a.Allocate(first / 2) // no room left: must come from a second buffer
	for i := range spilled {
		spilled[i] = 0x5a
	}
	return bytes.IndexByte(block, 0x5a) >= 0
}

// insideEnvelope reports whether tables built under o stay within the first
// buffer of their allocator. That buffer is twice BaseTableSize rounded up to a
// power of two (badger's table.NewTableBuilder); an encrypted table takes about
// 2.5 times its size there.
func insideEnvelope(o badger.Options) bool {
	buffer := int64(1)
	for buffer < 2*o.BaseTableSize {
		buffer *= 2
	}
	return o.TableSizeMultiplier == 1 && o.MemTableSize <= 512<<10 &&
		3*max(o.BaseTableSize, o.MemTableSize) <= buffer
}
