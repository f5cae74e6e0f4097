package device

import (
	"errors"
	"fmt"
	"io"
	"strings"

	"github.com/hearthkey/hearthkey/protocol"
	"github.com/hearthkey/hearthkey/server/keyring"
)

var errNoCode = errors.New("device: no code from this salt")

// saltSize is the size of the salt that a user code is derived from, in bytes.
const saltSize = 16

// newCode returns a user code with the salt it comes from. The database keeps
// the salt and codeHash: without the server's key neither gives the code.
func (s *Service) newCode(id protocol.DeviceID) (code string, salt []byte, err error) {
	for range 8 { // one is enough but for one salt in 10^17
		salt = make([]byte, saltSize)
		if _, err = io.ReadFull(s.c.Rand, salt); err != nil {
			return "", nil, fmt.Errorf("make user code: %w", err)
		}
		if code, err = s.codeOf(id, salt); err == nil {
			return code, salt, nil
		}
	}
	return "", nil, err
}

// codeOf derives a user code: each letter is as likely as every other.
func (s *Service) codeOf(id protocol.DeviceID, salt []byte) (string, error) {
	const letters = len(protocol.UserCodeAlphabet)
	const fair = 256 - 256%letters
	code := make([]byte, 0, protocol.UserCodeLength)
	for _, b := range s.c.Keys.MAC(keyring.UserCodes, "derive", string(id), string(salt)) {
		if int(b) < fair && len(code) < protocol.UserCodeLength {
			code = append(code, protocol.UserCodeAlphabet[int(b)%letters])
		}
	}
	if len(code) < protocol.UserCodeLength {
		return "", errNoCode
	}
	return string(code), nil
}

func (s *Service) codeHash(code string) []byte {
	return s.c.Keys.MAC(keyring.UserCodes, "find", code)
}

// readCode returns the letters of a code as a person typed it, or "".
func readCode(typed string) string {
	if len(typed) > 64 {
		return ""
	}
	code := strings.Map(func(r rune) rune {
		if r == ' ' || r == '-' || r == '\u2013' || r == '\u00a0' || r == '\t' {
			return -1
		}
		return r
	}, strings.ToUpper(typed))
	if len(code) != protocol.UserCodeLength || strings.Trim(code, protocol.UserCodeAlphabet) != "" {
		return ""
	}
	return code
}
