package web

// remoteRoutes are the addresses of the remote on the account page, and of a TV's
// paired remotes. To control a TV, and to take a remote away, a session is enough: a
// remote is needed at once, and what asks for a password stays out of its reach. What
// lets somebody else control a TV asks for a fresh proof (product rule A8).
func (s *Site) remoteRoutes(mux *routeTable) {
	mux.Handle("GET /account/devices/{device}/remote", s.chosen(s.remote))
	mux.Handle("POST /account/devices/{device}/remote", s.chosen(s.remotePress))
	mux.Handle("GET /account/devices/{device}/remotes", s.proved(s.remotes))
	mux.Handle("GET /account/devices/{device}/remotes/live", s.open(s.remotesLive))
	mux.Handle("POST /account/devices/{device}/remotes/pairing", s.proved(s.openPairing))
	mux.Handle("POST /account/devices/{device}/remotes/{remote}/forget", s.chosen(s.forgetRemote))
	mux.Handle("POST /account/devices/{device}/remotes/{remote}/role", s.proved(s.setRemoteRole))

	// A form that was refused leaves its own address in the browser.
	mux.Handle("GET /account/devices/{device}/remotes/pairing", s.proved(backToRemotes))
	mux.Handle("GET /account/devices/{device}/remotes/{remote}/role", s.proved(backToRemotes))
	mux.Handle("GET /account/devices/{device}/remotes/{remote}/forget", s.proved(backToRemotes))
}

// backToRemotes leads from the address of a form to the page that shows it.
func backToRemotes(v *visit) error {
	v.redirect(remotesPath(pathDevice(v)))
	return nil
}
