// Package wordlist knows the commonest passwords and PINs.
//
// The lists are embedded (about 50 kB); NOTICE beside them names their source
// and licence, and tools/wordlist makes them anew. All functions are pure, may
// be called by any number of goroutines, and never fail: the tests read the
// whole of the data. It is unpacked at the first question, in a few
// milliseconds.
package wordlist

import (
	"bytes"
	"compress/gzip"
	_ "embed"
	"io"
	"slices"
	"strings"
	"sync"
)

// What the lists hold.
const (
	// Commonest is how many of the commonest passwords are on the list, and how
	// many of those that are at least LongPassword characters long.
	Commonest = 10_000
	// LongPassword is where a second count begins: two thirds of the commonest
	// passwords are too short to be accepted anyway.
	LongPassword = 8
	// CommonestPINs is how many of the commonest four-digit passwords are on the
	// list of PINs.
	CommonestPINs = 300
)

var (
	//go:embed passwords.txt.gz
	packed []byte
	//go:embed pins.txt
	pins string
)

// maxList bounds the unpacked list, in bytes.
const maxList = 1 << 20

// passwords returns the list, lower case and sorted.
var passwords = sync.OnceValue(func() []string {
	list, err := unpack(packed)
	if err != nil {
		panic("wordlist: the embedded list is damaged: " + err.Error())
	}
	return list
})

func unpack(data []byte) ([]string, error) {
	r, err := gzip.NewReader(bytes.NewReader(data))
	if err != nil {
		return nil, err
	}
	text, err := io.ReadAll(io.LimitReader(r, maxList))
	if err != nil {
		return nil, err
	}
	return strings.Fields(string(text)), nil
}

// CommonPassword reports whether a password is on the list, in whatever case.
func CommonPassword(password string) bool {
	_, found := slices.BinarySearch(passwords(), strings.ToLower(password))
	return found
}

// CommonPIN reports whether four digits are on the list of PINs.
func CommonPIN(digits string) bool {
	return len(digits) == 4 && slices.Contains(strings.Fields(pins), digits)
}
