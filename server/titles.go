package server

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"time"

	"github.com/hearthkey/hearthkey/protocol"
	"github.com/hearthkey/hearthkey/server/catalog"
	"github.com/hearthkey/hearthkey/server/catalog/feed"
	"github.com/hearthkey/hearthkey/server/device"
	"github.com/hearthkey/hearthkey/server/store"
)

// openTitles takes the titles into use that TVs show: from the operator's file
// or address or, in development, the demo set.
func (p *parts) openTitles(ctx context.Context) error {
	switch {
	case feed.IsAddress(p.cfg.Catalog):
		if err := p.openFeed(); err != nil {
			return err
		}
	case p.cfg.Catalog != "":
		if _, err := p.readTitles(); err != nil {
			return operator(err, "--catalog cannot be used: %v.", err)
		}
	case p.cfg.Dev:
		if _, err := p.titles.Use(catalog.Demo()); err != nil { // one rating of it is unknown on purpose
			return err
		}
	}
	return p.rememberTitles(ctx)
}

// readTitles takes the operator's file into use, where it is another one than
// the last time.
func (p *parts) readTitles() (changed bool, err error) {
	info, err := os.Stat(p.cfg.Catalog)
	if err != nil {
		return false, err
	}
	if info.Size() > catalog.MaxFile {
		return false, fmt.Errorf("it has %d bytes, at most %d", info.Size(), catalog.MaxFile)
	}
	if info.ModTime().Equal(p.titlesAt) {
		return false, nil
	}
	data, err := os.ReadFile(p.cfg.Catalog)
	if err != nil {
		return false, err
	}
	p.titlesAt = info.ModTime()
	if changed, err = p.titles.Use(data); err != nil || !changed {
		return false, err
	}
	if unknown := p.titles.Unknown(); len(unknown) > 0 {
		p.cfg.Log.Warn("catalogue has ratings that are not known: their titles count as 18", "ratings", unknown)
	}
	return true, nil
}

// watchTitles looks at the operator's file from time to time. One that is no
// catalogue changes nothing.
func (p *parts) watchTitles(ctx context.Context) {
	tick := time.NewTicker(cmp.Or(p.cfg.CatalogEvery, feed.DefaultEvery))
	defer tick.Stop()
	for {
		select {
		case <-ctx.Done():
			return
		case <-tick.C:
		}
		changed, err := p.readTitles()
		switch {
		case err != nil:
			p.cfg.Log.Warn("catalogue not read: the one before stays in use", "file", p.cfg.Catalog, "error", err)
		case changed:
			_, blob, edition := p.titles.Document()
			p.cfg.Log.Info("catalogue changed", "file", p.cfg.Catalog, "bytes", blob.Size, "edition", edition)
			p.titlesChanged(ctx, edition)
		}
	}
}

// titlesChanged follows a new edition of the catalogue.
func (p *parts) titlesChanged(ctx context.Context, _ int32) {
	if err := p.rememberTitles(ctx); err != nil {
		p.cfg.Log.Error("names of titles not kept: those that go from the catalogue may lose theirs in activity", "error", err)
	}
	p.nudgeAll(ctx)
}

// namesKept is for how long the name of a title is kept that is not on offer any
// more, beside the time that activity is kept: TVs may tell of it late.
const namesKept = 90 * 24 * time.Hour

// rememberTitles keeps what titles are called, so that what was watched and
// blocked has a name after the operator takes it off.
func (p *parts) rememberTitles(ctx context.Context) error {
	now := p.cfg.Now()
	var names map[protocol.TitleID]string
	err := p.db.Update(ctx, func(tx *store.Tx) (err error) {
		if err := tx.PutTitleNames(p.titles.Names(), now); err != nil {
			return err
		}
		if err := tx.DeleteTitleNamesBefore(now.Add(-cmp.Or(p.cfg.KeepActivity, device.KeptActivity) - namesKept)); err != nil {
			return err
		}
		names, err = tx.TitleNames()
		return err
	})
	if err != nil {
		return fmt.Errorf("keep the names of titles: %w", err)
	}
	p.titles.Remember(names)
	return nil
}

// openFeed begins with the catalogue that the operator's address gave last. It
// is asked when the server runs.
func (p *parts) openFeed() (err error) {
	p.feed, err = feed.New(feed.Config{
		Address: p.cfg.Catalog, Token: p.cfg.catalogToken, Every: p.cfg.CatalogEvery, File: filepath.Join(p.cfg.Data, "catalog.json"),
		Live: &p.titles, Log: p.cfg.Log,
		Changed: p.titlesChanged,
	})
	if errors.Is(err, feed.ErrConfig) {
		return operator(err, "--catalog cannot be used: %s.", strings.TrimPrefix(err.Error(), feed.ErrConfig.Error()+": "))
	}
	if err != nil {
		return err
	}
	p.feed.Restore()
	return nil
}

// catalogToken is the secret for the catalogue's address. A file is read each
// time, so that it can be replaced.
func (c Config) catalogToken() (string, error) {
	if c.CatalogTokenFile == "" {
		return c.CatalogToken, nil
	}
	data, err := os.ReadFile(c.CatalogTokenFile)
	return strings.TrimSpace(string(data)), err
}

// checkCatalog finds what an operator got wrong about the catalogue's settings.
func (s *settings) checkCatalog() error {
	switch {
	case s.CatalogEvery != 0 && (s.CatalogEvery < feed.MinEvery || s.CatalogEvery > feed.MaxEvery):
		return operator(nil, "--catalog-every %s is not between %s and %s.", s.CatalogEvery, feed.MinEvery, feed.MaxEvery)
	case s.CatalogToken == "" && s.CatalogTokenFile == "":
		return nil
	case !feed.IsAddress(s.Catalog):
		return operator(nil, "--catalog-token and --catalog-token-file are for a --catalog that is an address.")
	case s.CatalogToken != "" && s.CatalogTokenFile != "":
		return operator(nil, "Give --catalog-token or --catalog-token-file, not both.")
	}
	if _, err := s.catalogToken(); err != nil {
		return operator(err, "--catalog-token-file cannot be read: %v.", err)
	}
	return nil
}

// title names a title for a page, an episode with its series, also one that is not
// on offer any more: "" for one that nobody knows.
func (p *parts) title(id protocol.TitleID) string { return p.titles.Called(id) }

// feedAge is how long ago the catalogue's address last said what the catalogue
// is, in seconds; -1 before it did, and where there is no address.
func (p *parts) feedAge() float64 {
	if p.feed == nil || p.feed.Stats().Checked.IsZero() {
		return -1
	}
	return time.Since(p.feed.Stats().Checked).Seconds()
}

func (p *parts) feedFailures() int64 {
	if p.feed == nil {
		return 0
	}
	return p.feed.Stats().Failures
}

func (p *parts) catalogEdition() float64 {
	_, _, edition := p.titles.Document()
	return float64(edition)
}
