package server

import (
	"context"
	"net/netip"

	"github.com/hearthkey/hearthkey/server/account"
	"github.com/hearthkey/hearthkey/server/geo"
)

// openPlaces opens the operator's databases of places.
func (p *parts) openPlaces(context.Context) (err error) {
	p.places, err = geo.Open(p.cfg.Places...)
	if err != nil {
		return operator(err, "A database of --places cannot be read: %v.", err)
	}
	return nil
}

// locate is where an address is, for comparing sign-ins.
func (p *parts) locate(ip string) account.Location {
	addr, err := netip.ParseAddr(ip)
	if err != nil {
		return account.Location{}
	}
	at := p.places.Lookup(addr)
	return account.Location{
		Country: at.Country, Lat: at.Lat, Lon: at.Lon, Located: at.Located, Provider: at.Provider, Text: at.String(),
	}
}

// place is where an address is, for people.
func (p *parts) place(addr netip.Addr) string { return p.places.Lookup(addr).String() }

// country is in which country an address is.
func (p *parts) country(addr netip.Addr) string { return p.places.Lookup(addr).Country }

// passkeys names this server to authenticators by the address that people open.
// Browsers offer passkeys to names and not to addresses: on this machine's own
// the pages are to be opened as localhost.
func (p *parts) passkeys() account.PasskeyConfig {
	u := *p.cfg.public
	if addr, err := netip.ParseAddr(u.Hostname()); err == nil {
		if !addr.IsLoopback() {
			return account.PasskeyConfig{}
		}
		u.Host = "localhost"
		if port := p.cfg.public.Port(); port != "" {
			u.Host += ":" + port
		}
	}
	return account.PasskeyConfig{ID: u.Hostname(), Name: p.cfg.ServiceName, Origins: []string{u.Scheme + "://" + u.Host}}
}

// refreshPlaces takes databases into use that were replaced.
func (p *parts) refreshPlaces() {
	changed, err := p.places.Refresh(p.cfg.Now())
	if err != nil {
		p.cfg.Log.Error("database of places not read: the one before stays in use", "error", err)
	}
	if changed {
		p.cfg.Log.Info("database of places read again")
	}
}
