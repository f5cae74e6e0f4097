package cpace

import (
	"crypto/sha512"
	"encoding/binary"

	"github.com/gtank/ristretto255"
)

// generator is G.calculate_generator: a point that nobody knows the logarithm of.
func generator(p Params) *ristretto255.Element {
	hash := sha512.Sum512(generatorString(p.Secret, p.Channel, p.Session))
	return ristretto255.NewElement().FromUniformBytes(hash[:])
}

// generatorString pads the secret to a whole block of the hash, so that the time of
// hashing it does not tell its length.
func generatorString(secret, channel, session []byte) []byte {
	pad := max(0, sha512.BlockSize-1-len(prependLen(nil, secret))-len(prependLen(nil, []byte(dsi))))
	return lvCat([]byte(dsi), secret, make([]byte, pad), channel, session)
}

// lvCat is the draft's lv_cat: each part after its length.
func lvCat(parts ...[]byte) (out []byte) {
	for _, p := range parts {
		out = prependLen(out, p)
	}
	return out
}

// prependLen appends the length of s as LEB128, and s.
func prependLen(out, s []byte) []byte {
	return append(binary.AppendUvarint(out, uint64(len(s))), s...)
}
