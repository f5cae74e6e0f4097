// Package s2 stands in for a compression that is never used: see package zstd
// beside it.
package s2

// MaxEncodedLen says that nothing can be encoded.
func MaxEncodedLen(int) int { return -1 }

// EncodeSnappy is never reached: tables are written without compression.
func EncodeSnappy(_, _ []byte) []byte { panic("s2: left out of this program") }
