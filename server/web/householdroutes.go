package web

// householdRoutes are the addresses where an owner looks after profiles, PINs and
// parental control. Only the owner configures them: all ask for a fresh proof
// (product rule A8), and a PIN for the password each time (P2).
func (s *Site) householdRoutes(mux *routeTable) {
	mux.Handle("GET /account/profiles", s.proved(s.profileList))
	mux.Handle("GET /account/profiles/new", s.proved(s.profileNew))
	mux.Handle("POST /account/profiles", s.proved(s.profileCreate))
	mux.Handle("GET /account/profiles/{profile}", s.proved(s.profileForm))
	mux.Handle("POST /account/profiles/{profile}", s.proved(s.profileSave))
	mux.Handle("GET /account/profiles/{profile}/delete", s.proved(s.profileDeleteForm))
	mux.Handle("POST /account/profiles/{profile}/delete", s.proved(s.profileDelete))
	mux.Handle("GET /account/profiles/{profile}/lock", s.proved(s.lockForm))
	mux.Handle("POST /account/profiles/{profile}/lock", s.proved(s.lock))
	mux.Handle("POST /account/profiles/{profile}/unlock", s.proved(s.unlock))
	mux.Handle("GET /account/profiles/{profile}/blocked", s.proved(s.blockedForm))
	mux.Handle("POST /account/profiles/{profile}/blocked", s.proved(s.block))

	mux.Handle("GET /account/parental", s.proved(s.parentalForm))
	mux.Handle("POST /account/parental", s.proved(s.parentalSave))
	mux.Handle("POST /account/parental/titles", s.proved(s.parentalTitles))
	mux.Handle("GET /account/parental/lock", s.proved(s.lockForm))
	mux.Handle("POST /account/parental/lock", s.proved(s.lock))
	mux.Handle("POST /account/parental/unlock", s.proved(s.unlock))

	mux.Handle("GET /pin", s.proved(s.pins))
	mux.Handle("GET /account/profiles/pin", s.proved(s.pins)) // as TVs make it of the profiles' address

	// A form that was refused leaves its own address in the browser: loaded again, or
	// after a proof, it leads to the page that has the form.
	mux.Handle("GET /account/parental/titles", s.proved(formsPage(parentalPath)))
	mux.Handle("GET /account/parental/unlock", s.proved(formsPage(parentalPath)))
	mux.Handle("GET /account/profiles/{profile}/unlock", s.proved(formsPage("/account/profiles")))

	mux.Handle("GET /titles.json", s.signed(s.suggestions))
}

// formsPage leads from the address of a form to the page that shows it.
func formsPage(page string) handler {
	return func(v *visit) error {
		v.redirect(page)
		return nil
	}
}
