package grant

import (
	"bufio"
	"crypto/sha256"
	"crypto/subtle"
	"errors"
	"fmt"
	"strings"
)

// Bounds of the operator's file of clients.
const (
	MaxClientsFile = 16 << 10 // bytes
	maxClients     = 100
	maxClientName  = 64  // bytes
	minSecret      = 32  // bytes: at least 128 bits as hex, so that no guessing helps
	maxSecret      = 256 // bytes
)

// ErrClients is wrapped by [ParseClients].
var ErrClients = errors.New("grant: bad file of clients")

// Client is a program of the operator's that may ask whether a grant stands: a
// player's backend, a licence server, a CDN.
type Client struct {
	Name   string
	secret [sha256.Size]byte // its SHA-256
}

// Clients are those of a file.
type Clients []Client

// plain are the characters of names and secrets: those that no encoding changes.
const plain = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789-._~"

// ParseClients reads a file of clients: a name, a space and a secret of at least
// 32 characters on each line, letters, digits and -._~ only. Lines that are empty
// or begin with # are left out. A name with two secrets may use either: so one
// is replaced. No error shows a secret.
func ParseClients(text string) (Clients, error) {
	if len(text) > MaxClientsFile {
		return nil, fmt.Errorf("%w: %d bytes, at most %d", ErrClients, len(text), MaxClientsFile)
	}
	var out Clients
	lines := bufio.NewScanner(strings.NewReader(text))
	for n := 1; lines.Scan(); n++ {
		line := strings.TrimSpace(lines.Text())
		if line == "" || strings.HasPrefix(line, "#") {
			continue
		}
		fields := strings.Fields(line)
		switch {
		case len(fields) != 2:
			return nil, fmt.Errorf("%w: line %d is not a name and a secret", ErrClients, n)
		case len(fields[0]) > maxClientName || strings.Trim(fields[0], plain) != "":
			return nil, fmt.Errorf("%w: line %d: a name has up to %d letters, digits and -._~", ErrClients, n, maxClientName)
		case len(fields[1]) < minSecret || len(fields[1]) > maxSecret || strings.Trim(fields[1], plain) != "":
			return nil, fmt.Errorf("%w: line %d: a secret has %d to %d letters, digits and -._~", ErrClients, n, minSecret, maxSecret)
		case len(out) == maxClients:
			return nil, fmt.Errorf("%w: more than %d clients", ErrClients, maxClients)
		}
		out = append(out, Client{fields[0], sha256.Sum256([]byte(fields[1]))})
	}
	if err := lines.Err(); err != nil {
		return nil, fmt.Errorf("%w: %w", ErrClients, err)
	}
	return out, nil
}

// Know reports whether a client has this name and secret. It takes as long
// whichever is wrong.
func (c Clients) Know(name, secret string) bool {
	given, known := sha256.Sum256([]byte(secret)), 0
	for _, client := range c {
		same := subtle.ConstantTimeCompare(given[:], client.secret[:])
		known |= same & subtle.ConstantTimeCompare([]byte(name), []byte(client.Name))
	}
	return known == 1
}
