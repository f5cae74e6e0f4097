package server

import (
	"os"

	"github.com/hearthkey/hearthkey/protocol"
	"github.com/hearthkey/hearthkey/server/catalog"
)

// catalog returns the titles that TVs show: the operator's file or, in
// development, the demo set.
func (p *parts) catalog() ([]byte, error) {
	switch {
	case p.cfg.Catalog != "":
		data, err := os.ReadFile(p.cfg.Catalog)
		if err == nil {
			_, err = catalog.Parse(data)
		}
		if err != nil {
			return nil, operator(err, "--catalog cannot be used: %v.", err)
		}
		return data, nil
	case p.cfg.Dev:
		return catalog.Demo(), nil
	}
	return nil, nil
}

// title names a title: "" for one that is not on offer.
func (p *parts) title(id protocol.TitleID) string { return p.titles.Name(id) }
