// Package grant says what may play now, to those who deliver it: it issues play
// grants to TVs (product rule D14), answers whoever holds one whether it still
// stands, and holds accounts to the operator's number of streams (D15).
//
// A grant is a JWS of [protocol.GrantClaims], valid for five minutes at most and
// renewed while the title plays. It is never stored: what is stored is that a
// device plays, for as long as its newest grant is valid, so that every node
// counts the same streams and a TV that is unplugged frees its own.
//
// # Promises
//
//   - A grant is issued in one transaction with the check that the sign-in is
//     active, the profile exists, the household's rules allow the title, and the
//     account has a stream to spare.
//   - [Service.Introspect] asks the database each time: a sign-out, a block or a
//     level holds from its commit, on every node.
//   - That a PIN was proved is the TV's own word, since PINs are checked there,
//     offline too. The server sees to it that the PIN is the one in force.
//
// A [Service] is safe for concurrent use. The tests run it on a real database:
// what revokes, streams on several TVs, renewals, and readers of another make.
package grant

import (
	"crypto/rand"
	"errors"
	"fmt"
	"io"
	"net/url"

	"github.com/hearthkey/hearthkey/protocol"
	"github.com/hearthkey/hearthkey/protocol/parental"
	"github.com/hearthkey/hearthkey/server/device"
	"github.com/hearthkey/hearthkey/server/keyring"
	"github.com/hearthkey/hearthkey/server/profile"
	"github.com/hearthkey/hearthkey/server/store"
)

const (
	// MaxStreams is the most that an operator can allow an account (D15).
	MaxStreams = 1000
	maxName    = 255 // bytes of the audience
)

// Config is what a [Service] needs.
type Config struct {
	DB       *store.DB
	Keys     *keyring.Ring
	Devices  *device.Service
	Profiles *profile.Service
	// Title finds a title on offer.
	Title func(protocol.TitleID) (parental.Title, bool)
	Rand  io.Reader // nil: crypto/rand

	Issuer   string // the server's web address, without a path: "iss"
	Audience string // whom grants are for, as the operator calls them: "aud"
	// MaxStreams is how many TVs of an account play at the same time; 0: any number.
	MaxStreams int
}

// Service issues grants and answers for them. Make one with [New].
type Service struct{ c Config }

// New checks c and returns the service.
func New(c Config) (*Service, error) {
	if c.DB == nil || c.Keys == nil || c.Devices == nil || c.Profiles == nil || c.Title == nil {
		return nil, errors.New("grant: DB, Keys, Devices, Profiles and Title must be set")
	}
	if c.Rand == nil {
		c.Rand = rand.Reader
	}
	if u, err := url.Parse(c.Issuer); err != nil || u.Host == "" || u.Path != "" || len(c.Issuer) > protocol.MaxURI {
		return nil, fmt.Errorf("grant: Issuer is %.64q, want an absolute URL without a path", c.Issuer)
	}
	if c.Audience == "" || len(c.Audience) > maxName {
		return nil, fmt.Errorf("grant: Audience has %d bytes, want 1 to %d", len(c.Audience), maxName)
	}
	if c.MaxStreams < 0 || c.MaxStreams > MaxStreams {
		return nil, fmt.Errorf("grant: MaxStreams is %d, want 0 to %d", c.MaxStreams, MaxStreams)
	}
	return &Service{c}, nil
}

// TV is a device's sign-in that asks.
type TV struct {
	Account protocol.AccountID
	Device  protocol.DeviceID
	Epoch   protocol.Epoch
}

// RefusedError says why there is no grant.
type RefusedError struct {
	Refusal  protocol.PlayRefusal
	Watching []string // TVs that play now, with protocol.PlayStreams
}

// Error names the refusal. What plays is not part of it.
func (e *RefusedError) Error() string { return "grant: refused: " + string(e.Refusal) }

func refused(r protocol.PlayRefusal) error { return &RefusedError{Refusal: r} }
