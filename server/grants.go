package server

import (
	"cmp"
	"errors"
	"fmt"
	"io"
	"os"

	"github.com/hearthkey/hearthkey/server/api"
	"github.com/hearthkey/hearthkey/server/grant"
)

// openGrants makes what play grants are issued and answered for by.
func (p *parts) openGrants() (err error) {
	p.grants, err = grant.New(grant.Config{
		DB: p.db, Keys: p.keys, Devices: p.devices, Profiles: p.profiles, Title: p.titles.Title,
		Issuer: p.cfg.PublicURL, Audience: cmp.Or(p.cfg.GrantAudience, p.cfg.Name), MaxStreams: p.cfg.MaxStreams,
	})
	return err
}

func (p *parts) grantBorder() *api.Grants {
	return api.NewGrants(p.grants, p.cfg.grantClients, p.cfg.Log, p.cfg.Now)
}

var errExposed = errors.New("others can read it: chmod 600 it, and replace the secrets")

// grantClients reads who may ask whether a play grant stands: for each request,
// so that secrets can be replaced.
func (c Config) grantClients() (grant.Clients, error) {
	if c.GrantClients == "" {
		return nil, nil
	}
	file, err := os.Open(c.GrantClients)
	if err != nil {
		return nil, err
	}
	defer file.Close()
	info, err := file.Stat()
	switch {
	case err != nil:
		return nil, err
	case info.Mode().Perm()&0o077 != 0:
		return nil, fmt.Errorf("%s: %w", c.GrantClients, errExposed)
	}
	text, err := io.ReadAll(io.LimitReader(file, grant.MaxClientsFile+1))
	if err != nil {
		return nil, err
	}
	return grant.ParseClients(string(text))
}

// checkGrants finds what an operator got wrong about play grants.
func (s *settings) checkGrants() error {
	switch {
	case s.MaxStreams < 0 || s.MaxStreams > grant.MaxStreams:
		return operator(nil, "--max-streams %d is not between 0 (no limit) and %d.", s.MaxStreams, grant.MaxStreams)
	case len(s.GrantAudience) > 255:
		return operator(nil, "--grant-audience has %d bytes, at most 255 are allowed.", len(s.GrantAudience))
	}
	if _, err := s.grantClients(); err != nil {
		return operator(err, "--grant-clients cannot be used: %v.", err)
	}
	return nil
}
