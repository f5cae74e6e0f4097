package server

import (
	"crypto/sha256"
	"encoding/hex"
	"net"
	"net/netip"

	"github.com/hearthkey/hearthkey/lan"
)

// checkAdvertise refuses to advertise what TVs could not trust.
func (s *settings) checkAdvertise() error {
	if !s.Advertise {
		return nil
	}
	if s.TLSCert == "" {
		return operator(nil, "--advertise needs --tls-cert and --tls-key: TVs on this network trust the server by that key alone.")
	}
	host, _, err := net.SplitHostPort(s.Listen)
	if addr, parseErr := netip.ParseAddr(host); err == nil && (host == "localhost" || parseErr == nil && addr.IsLoopback()) {
		return operator(nil, "--advertise needs a --listen that this network reaches, such as :8700, not %s.", s.Listen)
	}
	return nil
}

// advertise makes this server known on the network that it stands in (D12), until the
// returned function is called. It tells the pin that TVs are to be given. A server that
// cannot be found is no reason not to serve.
func (s *Server) advertise() (end func()) {
	if !s.cfg.Advertise {
		return func() {}
	}
	pin := sha256.Sum256(s.publicKey)
	id := sha256.Sum256(append([]byte("hearthkey server id:"), s.publicKey...))
	port := s.Addr().(*net.TCPAddr).Port
	a, err := lan.Advertise(lan.Settings{Log: s.cfg.Log}, lan.Announcement{Type: lan.Server, Port: uint16(port), About: lan.About{
		ID: hex.EncodeToString(id[:8]), Name: s.cfg.ServiceName, Fingerprint: hex.EncodeToString(pin[:8]),
	}})
	if err != nil {
		s.cfg.Log.Error("not to be found on this network", "error", err)
		return func() {}
	}
	s.cfg.Log.Info("to be found on this network", "serverPin", hex.EncodeToString(pin[:]))
	return func() {
		if err := a.Close(); err != nil {
			s.cfg.Log.Error("no goodbye on this network", "error", err)
		}
	}
}
