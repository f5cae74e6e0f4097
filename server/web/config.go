package web

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net/http"
	"net/netip"
	"net/url"
	"time"

	"golang.org/x/time/rate"

	"github.com/hearthkey/hearthkey/protocol"
	"github.com/hearthkey/hearthkey/protocol/parental"
	"github.com/hearthkey/hearthkey/server/account"
	"github.com/hearthkey/hearthkey/server/api"
	"github.com/hearthkey/hearthkey/server/device"
	"github.com/hearthkey/hearthkey/server/notify"
	"github.com/hearthkey/hearthkey/server/profile"
	"github.com/hearthkey/hearthkey/server/relay"
	"github.com/hearthkey/hearthkey/server/store"
	"github.com/hearthkey/hearthkey/server/timeline"
)

// Config is what a [Site] needs.
type Config struct {
	Accounts *account.Service
	Profiles *profile.Service
	Devices  *device.Service
	// Timeline returns the account's newest entries older than before.
	Timeline func(ctx context.Context, a protocol.AccountID, before string, n int) ([]timeline.Entry, error)
	// Origins tells clients' addresses.
	Origins api.Origins
	// Country returns in which country an address is (ISO 3166-1 alpha-2), or "".
	// nil: nothing is known of any.
	Country func(netip.Addr) string
	Log     *slog.Logger

	// PublicURL is the address that people open, e.g. "https://tv.example".
	// With https the cookies are Secure and carry the __Host- prefix.
	PublicURL string
	// ServiceName is what the household knows the service as; "": "Hearthkey".
	ServiceName string
	// Lease is the length of a device's lease; 0: 8 h.
	Lease time.Duration
	// MaxProfiles per account; 0: 5.
	MaxProfiles int
	// MinPassword is the least length of a password in characters; 0: 8.
	MinPassword int

	// Support says how people reach the operator, e.g. an address or a number.
	// Empty: the help page does not say.
	Support string
	// Titles names the titles that can be watched: "" for one that is not on
	// offer any more. nil: none is.
	Titles func(protocol.TitleID) string
	// Title returns a title on offer. nil: none is.
	Title func(protocol.TitleID) (parental.Title, bool)
	// Search returns at most limit titles on offer by what a person typed of their
	// name. nil: none is.
	Search func(query string, limit int) []parental.Title
	// Passkeys says that the server's address allows them.
	Passkeys bool
	// Bounces returns the newest messages to the household that were given up, n
	// at most. nil: they are not shown.
	Bounces func(ctx context.Context, a protocol.AccountID, n int) ([]notify.Bounce, error)
	// ReturnedSince returns since when messages to an address or number of a household
	// come back; zero: they do not. nil: it is not shown.
	ReturnedSince func(ctx context.Context, a protocol.AccountID, by notify.Channel, to string) (time.Time, error)
	// Refused says why mail to the address of a sign-up was refused lately: "" where
	// it was not. nil: it is not shown.
	Refused func(ctx context.Context, now time.Time, address, key string) (string, error)

	// Relay carries the remote on the page to TVs. nil: without a script there is none.
	Relay *relay.Switch

	// Outbox returns the newest messages, n at most, for the development page
	// /dev/outbox. nil: there is no such page.
	Outbox func(ctx context.Context, n int) ([]store.OutboxRow, error)
	// Beat is when answers leave that depend on whether there is an account; see
	// [api.OnBeat]. 0: the constant [api.Beat].
	Beat time.Duration
	// Now is the clock; nil: time.Now.
	Now func() time.Time
}

func (c Config) withDefaults() (Config, error) {
	if c.Accounts == nil || c.Profiles == nil || c.Devices == nil || c.Timeline == nil || c.Log == nil {
		return c, errors.New("web: Accounts, Profiles, Devices, Timeline and Log are required")
	}
	if u, err := url.Parse(c.PublicURL); err != nil || u.Host == "" || (u.Scheme != "http" && u.Scheme != "https") {
		return c, fmt.Errorf("web: PublicURL %q is not an http or https address", c.PublicURL)
	}
	if c.ServiceName == "" {
		c.ServiceName = "Hearthkey"
	}
	if c.Lease <= 0 {
		c.Lease = 8 * time.Hour
	}
	if c.MinPassword <= 0 {
		c.MinPassword = 8
	}
	if c.MaxProfiles <= 0 {
		c.MaxProfiles = 5
	}
	if c.Country == nil {
		c.Country = func(netip.Addr) string { return "" }
	}
	if c.Titles == nil {
		c.Titles = func(protocol.TitleID) string { return "" }
	}
	if c.Title == nil {
		c.Title = func(protocol.TitleID) (parental.Title, bool) { return parental.Title{}, false }
	}
	if c.Search == nil {
		c.Search = func(string, int) []parental.Title { return nil }
	}
	if c.Beat <= 0 {
		c.Beat = api.Beat
	}
	if c.Now == nil {
		c.Now = time.Now
	}
	return c, nil
}

// Site is the account pages. Make one with [New].
type Site struct {
	c       Config
	secure  bool // served over TLS
	assets  *assets
	views   *views
	watch   *watchers
	holds   *holds
	reports *rate.Limiter // of breaches of the policy
	table   *routeTable
	handler http.Handler
}

// New checks c, parses every template and returns the pages.
func New(c Config) (*Site, error) {
	c, err := c.withDefaults()
	if err != nil {
		return nil, err
	}
	a, err := loadAssets()
	if err != nil {
		return nil, err
	}
	v, err := parseViews(a)
	if err != nil {
		return nil, err
	}
	public, _ := url.Parse(c.PublicURL) // checked above
	s := &Site{c: c, secure: public.Scheme == "https", assets: a, views: v, watch: newWatchers(), holds: &holds{all: map[holdKey]*hold{}}, reports: rate.NewLimiter(breachRate, breachBurst)}
	guard := http.NewCrossOriginProtection()
	if err := guard.AddTrustedOrigin(public.Scheme + "://" + public.Host); err != nil {
		return nil, fmt.Errorf("web: PublicURL: %w", err)
	}
	guard.SetDenyHandler(http.HandlerFunc(s.refuseCrossSite))
	s.table = s.routes()
	s.handler = s.withHeaders(guard.Handler(s.table.mux))
	return s, nil
}

// ServeHTTP implements [http.Handler].
func (s *Site) ServeHTTP(w http.ResponseWriter, r *http.Request) { s.handler.ServeHTTP(w, r) }

// Close ends the live streams; the browsers come back by themselves once a
// server listens again.
func (s *Site) Close() {
	s.watch.close()
	s.holds.close()
}
