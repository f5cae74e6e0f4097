// Package zstd stands in for a compression that the program for a box never uses:
// its cache is written without any, and is encrypted, so that it could not be
// compressed afterwards either. A table that says it is compressed is a damaged one, and
// is refused as such: the cache is set aside and fetched again. It has what Badger's
// code uses and nothing else, so a Badger that uses more does not compile.
package zstd

import (
	"errors"
	"io"
)

// ErrLeftOut is what everything here returns.
var ErrLeftOut = errors.New("zstd: left out of this program")

type (
	// Header is never read.
	Header struct {
		HasFCS           bool
		FrameContentSize uint64
	}
	// Decoder decodes nothing.
	Decoder struct{}
	// Encoder encodes nothing.
	Encoder struct{}
	// EncoderLevel is never used.
	EncoderLevel int
	// EOption is never used.
	EOption struct{}
	// DOption is never used.
	DOption struct{}
)

// Decode returns ErrLeftOut.
func (*Header) Decode([]byte) error { return ErrLeftOut }

// NewReader returns a decoder that refuses.
func NewReader(io.Reader, ...DOption) (*Decoder, error) { return &Decoder{}, nil }

// DecodeAll returns ErrLeftOut.
func (*Decoder) DecodeAll(_, _ []byte) ([]byte, error) { return nil, ErrLeftOut }

// NewWriter returns ErrLeftOut.
func NewWriter(io.Writer, ...EOption) (*Encoder, error) { return nil, ErrLeftOut }

// EncodeAll is never reached, since there is no Encoder.
func (*Encoder) EncodeAll(_, _ []byte) []byte { panic(ErrLeftOut) }

// EncoderLevelFromZstd is never used.
func EncoderLevelFromZstd(int) EncoderLevel { return 0 }

// WithEncoderLevel is never used.
func WithEncoderLevel(EncoderLevel) EOption { return EOption{} }
