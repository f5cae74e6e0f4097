// Package feed keeps the catalogue in use up to date from an operator's address.
//
// It asks that address every few minutes, with the validators of what it has, so
// that an unchanged catalogue costs one short answer. What it took last is kept
// on the disk, and is in use from the start, also where the address does not
// answer. A document that is no catalogue is refused, and the one before stays;
// the log says what to mend. After failures it asks less often.
//
// One goroutine calls [Feed.Restore] and then [Feed.Run]; [Feed.Stats] may be
// called at any time. The tests use a transport of their own and no clock but
// synctest's; package server has one with a real server and a TV.
package feed

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"math/rand/v2"
	"net/http"
	"net/url"
	"os"
	"sync/atomic"
	"time"

	"github.com/hearthkey/hearthkey/server/catalog"
)

// Bounds of how often the address is asked.
const (
	DefaultEvery = 5 * time.Minute
	MinEvery     = time.Second
	MaxEvery     = 24 * time.Hour
	firstWait    = 10 * time.Second // after a failure, while there is no catalogue at all
	longestWait  = time.Hour        // after failures, where Every is not longer
)

// Config says where the catalogue is. Address, Live, Changed and Log are
// required.
type Config struct {
	// Address is where the document is: https, or http to this machine. It may
	// not hold a user's name or password.
	Address string
	// Token returns a secret that is sent as a bearer token, or an empty one. It
	// is called for each request, so that the secret can be changed. Nil: none.
	Token func() (string, error)
	// Every is the time between requests. Default 5 minutes.
	Every time.Duration
	// File keeps the last good document, with its validators.
	File string

	Live *catalog.Live
	// Changed is called after Live has another edition. The next request waits
	// until it returns.
	Changed func(ctx context.Context, edition int32)
	Log     *slog.Logger
	// Transport is for tests. Nil: one with bounds in time.
	Transport http.RoundTripper
}

// Feed is a catalogue's address. Make one with [New].
type Feed struct {
	c       Config
	address *url.URL
	client  *http.Client
	kept    kept // what is in use, where it came from the address
	stats   counts
}

type counts struct {
	failures, changes, checked atomic.Int64
}

// Stats are counts since the start.
type Stats struct {
	Failures int64     // requests that brought no catalogue
	Changes  int64     // other catalogues that came into use
	Checked  time.Time // when the address last said what the catalogue is; zero: not yet
}

var errNoTitles = fmt.Errorf("%w: it has no titles", catalog.ErrBad)

// ErrConfig means that a Config cannot be used; the text says what to mend.
var ErrConfig = errors.New("feed: bad settings")

// New checks c.
func New(c Config) (*Feed, error) {
	if c.Live == nil || c.Changed == nil || c.Log == nil {
		return nil, errors.New("feed: Live, Changed and Log are required")
	}
	if c.Every == 0 {
		c.Every = DefaultEvery
	}
	u, err := checkAddress(c.Address)
	if err != nil {
		return nil, err
	}
	if c.Every < MinEvery || c.Every > MaxEvery {
		return nil, configError("the time between requests is %s, not %s to %s", c.Every, MinEvery, MaxEvery)
	}
	f := &Feed{c: c, address: u}
	f.client = newClient(c.Transport)
	return f, nil
}

// Restore takes the kept document into use, where there is one of this address.
// It asks nobody.
func (f *Feed) Restore() {
	k, err := readKept(f.c.File)
	switch {
	case errors.Is(err, os.ErrNotExist):
		return
	case err == nil && k.Address != f.name():
		f.c.Log.Info("kept catalogue left aside: it is of another address", "address", f.shown())
		return
	case err == nil:
		_, err = f.c.Live.Use(k.Document)
	}
	if err != nil {
		f.c.Log.Warn("kept catalogue cannot be used: waiting for the address", "file", f.c.File, "error", err)
		return
	}
	f.kept = k
	f.c.Log.Info("kept catalogue in use until the address answers", "address", f.shown(), "taken", k.Taken)
}

// Run asks the address until ctx ends.
func (f *Feed) Run(ctx context.Context) {
	defer f.client.CloseIdleConnections()
	for failures := 0; ; {
		after, err := f.check(ctx)
		switch {
		case ctx.Err() != nil:
			return
		case err == nil && failures > 0:
			f.c.Log.Info("catalogue fetched again", "address", f.shown(), "failures", failures)
			failures = 0
		case err != nil:
			failures++
		}
		wait := f.wait(failures, after)
		if err != nil {
			f.stats.failures.Add(1)
			f.c.Log.Warn("catalogue not fetched", "address", f.shown(), "error", err, "mend", mend(err), "inUse", f.holds(),
				"failures", failures, "again", wait.Round(time.Second))
		}
		select {
		case <-ctx.Done():
			return
		case <-time.After(wait):
		}
	}
}

// check asks once and takes what comes into use. It returns how long the address
// wants to be left alone.
func (f *Feed) check(ctx context.Context) (after time.Duration, err error) {
	got, err := f.fetch(ctx)
	if err != nil {
		return got.after, err
	}
	if !got.same {
		if err := f.take(ctx, got.kept); err != nil {
			return 0, err
		}
	}
	f.stats.checked.Store(time.Now().UnixMilli())
	return 0, nil
}

// take brings a document into use and keeps it.
func (f *Feed) take(ctx context.Context, k kept) error {
	if c, err := catalog.Parse(k.Document); err == nil && len(c.Titles) == 0 || len(k.Document) == 0 {
		return errNoTitles // more likely an error message than the end of all titles
	}
	changed, err := f.c.Live.Use(k.Document)
	if err != nil {
		return err
	}
	data, blob, edition := f.c.Live.Document()
	k.Address, k.Taken, k.Document = f.name(), time.Now().UTC().Truncate(time.Second), data
	f.kept = k
	if err := k.write(f.c.File); err != nil {
		f.c.Log.Error("catalogue not kept: after a restart it is there only where the address answers", "file", f.c.File, "error", err)
	}
	if !changed {
		return nil
	}
	f.stats.changes.Add(1)
	f.c.Log.Info("catalogue changed", "address", f.shown(), "bytes", blob.Size, "edition", edition)
	if unknown := f.c.Live.Unknown(); len(unknown) > 0 {
		f.c.Log.Warn("catalogue has ratings that are not known: their titles count as 18", "ratings", unknown)
	}
	f.c.Changed(ctx, edition)
	return nil
}

// wait is the time to the next request.
func (f *Feed) wait(failures int, after time.Duration) time.Duration {
	first, longest := f.c.Every, max(f.c.Every, longestWait)
	if !f.holds() && failures > 0 {
		first, longest = min(firstWait, f.c.Every), f.c.Every
	}
	wait := first
	for range failures - 1 {
		if wait *= 2; wait >= longest {
			wait = longest
			break
		}
	}
	wait = max(wait, min(after, longestWait))
	return wait + rand.N(wait/10+1) // so that many servers do not ask together
}

// holds reports whether there is a catalogue in use.
func (f *Feed) holds() bool {
	data, _, _ := f.c.Live.Document()
	return len(data) > 0
}

// Stats returns the counts.
func (f *Feed) Stats() Stats {
	s := Stats{Failures: f.stats.failures.Load(), Changes: f.stats.changes.Load()}
	if at := f.stats.checked.Load(); at != 0 {
		s.Checked = time.UnixMilli(at)
	}
	return s
}
