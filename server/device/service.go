package device

import (
	"cmp"
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"net/url"
	"time"

	"github.com/hearthkey/hearthkey/protocol"
	"github.com/hearthkey/hearthkey/server/account"
	"github.com/hearthkey/hearthkey/server/store"
)

// Bounds of this package.
const (
	defaultMaxDevices = 50
	maxListed         = 200 // devices in a list, and receipts of a device
	keptReceipts      = 50  // of a device, besides the newest for an active state
	keptNodes         = 24 * time.Hour
)

// For how long activity is kept where the operator does not say, and what they
// can say (product rule D6).
const (
	KeptActivity  = 365 * 24 * time.Hour
	KeptAddresses = 90 * 24 * time.Hour // of activity, timelines, sessions and past sign-ins
	ShortestKept  = 24 * time.Hour
	LongestKept   = 3 * 365 * 24 * time.Hour
)

// Service answers for devices. Make one with [New].
type Service struct {
	c Config
}

// New checks c and returns the service.
func New(c Config) (*Service, error) {
	if c.DB == nil || c.Keys == nil || c.Profiles == nil || c.Notify == nil || c.Changed == nil || c.Decided == nil {
		return nil, errors.New("device: DB, Keys, Profiles, Notify, Changed and Decided must be set")
	}
	if c.Rand == nil {
		c.Rand = rand.Reader
	}
	if c.Lease == 0 {
		c.Lease = protocol.MaxLease * time.Second
	}
	if c.Lease < time.Minute || c.Lease > protocol.MaxLease*time.Second {
		return nil, fmt.Errorf("device: Lease is %s, want 1m to %s", c.Lease, protocol.MaxLease*time.Second)
	}
	if c.MaxDevices == 0 {
		c.MaxDevices = defaultMaxDevices
	}
	if c.MaxDevices < 1 || c.MaxDevices > maxListed {
		return nil, fmt.Errorf("device: MaxDevices is %d, want 1 to %d", c.MaxDevices, maxListed)
	}
	if err := c.checkKept(); err != nil {
		return nil, err
	}
	if c.Server == "" || len(c.Server) > protocol.MaxServer {
		return nil, fmt.Errorf("device: Server has %d bytes, want 1 to %d", len(c.Server), protocol.MaxServer)
	}
	if u, err := url.Parse(c.LinkURL); err != nil || u.Host == "" || len(c.LinkURL) > protocol.MaxURI/2 {
		return nil, fmt.Errorf("device: LinkURL is %.64q, want an absolute URL", c.LinkURL)
	}
	return &Service{c: c}, nil
}

// checkKept fills in for how long activity is kept, and holds its bounds.
func (c *Config) checkKept() error {
	c.KeepActivity = cmp.Or(c.KeepActivity, KeptActivity)
	c.KeepAddresses = cmp.Or(c.KeepAddresses, min(KeptAddresses, c.KeepActivity))
	if c.KeepActivity < ShortestKept || c.KeepActivity > LongestKept {
		return fmt.Errorf("device: KeepActivity is %s, want %s to %s", c.KeepActivity, ShortestKept, LongestKept)
	}
	if c.KeepAddresses < ShortestKept || c.KeepAddresses > c.KeepActivity {
		return fmt.Errorf("device: KeepAddresses is %s, want %s to KeepActivity", c.KeepAddresses, ShortestKept)
	}
	return nil
}

// KeptAddresses is for how long addresses and places are kept.
func (s *Service) KeptAddresses() time.Duration { return s.c.KeepAddresses }

// Heartbeat notes that the node is alive, to be called every 5 s, and with a
// new node id per process: after a crash it bounds the grants that were given.
func (s *Service) Heartbeat(ctx context.Context, now time.Time, node string) error {
	err := s.c.DB.Update(ctx, func(tx *store.Tx) error { return tx.Heartbeat(node, now) })
	if err != nil {
		return fmt.Errorf("heartbeat: %w", err)
	}
	return nil
}

// ChangedSince calls each for the accounts changed at or after since, with
// their versions and the numbers of their libraries, at most limit: what a node
// polls every 5 s to heal lost hints.
func (s *Service) ChangedSince(ctx context.Context, since time.Time, limit int, each func(acc protocol.AccountID, v protocol.Version, library int64)) error {
	err := s.c.DB.View(ctx, func(tx *store.Tx) error { return tx.ChangedSince(since, limit, each) })
	if err != nil {
		return fmt.Errorf("look for changes: %w", err)
	}
	return nil
}

// Tidy removes what nobody can use any more; to be called about hourly.
func (s *Service) Tidy(ctx context.Context, now time.Time) error {
	err := s.c.DB.Update(ctx, func(tx *store.Tx) error {
		return errors.Join(
			tx.DeleteEnrolmentsBefore(now),
			tx.DeleteNodesBefore(now.Add(-keptNodes)),
		)
	})
	if err == nil {
		err = errors.Join(s.retain(ctx, now), s.forgetControls(ctx, now))
	}
	if err != nil {
		return fmt.Errorf("tidy devices: %w", err)
	}
	return nil
}

// hint tells Changed after the commit that an account is at v, or that
// something changed which has no version: what its pages show.
func (s *Service) hint(tx *store.Tx, acc protocol.AccountID, v protocol.Version) {
	tx.OnCommit(func() { s.c.Changed(acc, v) })
}

// bump makes an account's next version for a change that nobody with a web
// session asked for, and hints at it.
func (s *Service) bump(tx *store.Tx, now time.Time, acc protocol.AccountID) error {
	v, err := tx.Bump(acc, now)
	if err != nil {
		return err
	}
	s.hint(tx, acc, v)
	return nil
}

// notice begins a notice to the owner of a device.
func notice(kind account.NoticeKind, now time.Time, r store.DeviceRow) account.Notice {
	return account.Notice{
		Kind: kind, Account: r.Account, To: r.Owner.Email, Language: r.Owner.Language, At: now, Device: r.Name,
		Client: account.Client{IP: r.IP, Place: r.Place},
	}
}

// orUnknown turns "no such row" into what it means for a device.
func orUnknown(err error) error {
	if errors.Is(err, store.ErrNotFound) {
		return ErrUnknown
	}
	return err
}
