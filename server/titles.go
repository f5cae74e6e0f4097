package server

import (
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
)

// openTitles takes the titles into use that TVs show: from the operator's file
// or address or, in development, the demo set.
func (p *parts) openTitles(context.Context) error {
	switch {
	case feed.IsAddress(p.cfg.Catalog):
		return p.openFeed()
	case p.cfg.Catalog != "":
		data, err := os.ReadFile(p.cfg.Catalog)
		if err == nil {
			_, err = p.titles.Use(data)
		}
		if err != nil {
			return operator(err, "--catalog cannot be used: %v.", err)
		}
	case p.cfg.Dev:
		if _, err := p.titles.Use(catalog.Demo()); err != nil {
			return err
		}
		return nil // one rating of it is unknown on purpose
	}
	if unknown := p.titles.Unknown(); len(unknown) > 0 {
		p.cfg.Log.Warn("catalogue has ratings that are not known: their titles count as 18", "ratings", unknown)
	}
	return nil
}

// openFeed begins with the catalogue that the operator's address gave last. It
// is asked when the server runs.
func (p *parts) openFeed() (err error) {
	p.feed, err = feed.New(feed.Config{
		Address: p.cfg.Catalog, Token: p.cfg.catalogToken, Every: p.cfg.CatalogEvery, File: filepath.Join(p.cfg.Data, "catalog.json"),
		Live: &p.titles, Log: p.cfg.Log,
		Changed: func(ctx context.Context, edition int32) { p.hub.NudgeAll(ctx, edition) },
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

// checkCatalog finds what an operator got wrong about the catalogue's token.
func (s *settings) checkCatalog() error {
	switch {
	case s.CatalogToken == "" && s.CatalogTokenFile == "" && s.CatalogEvery == 0:
		return nil
	case !feed.IsAddress(s.Catalog):
		return operator(nil, "--catalog-token, --catalog-token-file and --catalog-every are for a --catalog that is an address.")
	case s.CatalogToken != "" && s.CatalogTokenFile != "":
		return operator(nil, "Give --catalog-token or --catalog-token-file, not both.")
	}
	if _, err := s.catalogToken(); err != nil {
		return operator(err, "--catalog-token-file cannot be read: %v.", err)
	}
	return nil
}

// title names a title for a page, an episode with its series: "" for one that is
// not on offer.
func (p *parts) title(id protocol.TitleID) string {
	t, known := p.titles.Title(id)
	if series := p.titles.Name(protocol.TitleID(t.Series)); known && series != "" {
		return fmt.Sprintf("%s, season %d, episode %d: %s", series, t.Season, t.Episode, t.Name)
	}
	return t.Name
}

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
