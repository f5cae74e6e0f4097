package web

// ownerRoutes are the addresses where an owner looks after the account itself:
// how it is reached, what protects it, what is held about it.
func (s *Site) ownerRoutes(mux *routeTable) {
	mux.Handle("GET /account/membership", s.proved(s.membership))
	mux.Handle("GET /account/membership/password", s.checked(s.passwordForm))
	mux.Handle("POST /account/membership/password", s.checked(s.changePassword))
	mux.Handle("GET /account/membership/email", s.checked(s.emailForm))
	mux.Handle("POST /account/membership/email", s.onBeat(s.checked(s.changeEmail)))
	mux.Handle("GET /account/membership/phone", s.checked(s.phoneForm))
	mux.Handle("POST /account/membership/phone", s.onBeat(s.checked(s.changePhone)))
	mux.Handle("GET /account/membership/phone/remove", s.checked(s.phoneRemoveForm))
	mux.Handle("POST /account/membership/phone/remove", s.checked(s.removePhone))
	mux.Handle("GET /account/membership/language", s.proved(s.languageForm))
	mux.Handle("POST /account/membership/language", s.proved(s.setLanguage))
	mux.Handle("GET /account/membership/code", s.proved(s.changeCodeForm))
	mux.Handle("POST /account/membership/code", s.onBeat(s.proved(s.changeCode)))
	mux.Handle("POST /account/membership/code/resend", s.onBeat(s.proved(s.changeCodeResend)))

	mux.Handle("GET /account/security", s.proved(s.security))
	mux.Handle("POST /account/security/keep-factor", s.proved(s.keepFactor))
	mux.Handle("POST /account/security/keep-address", s.proved(s.keepAddress))
	mux.Handle("POST /account/security/preferences", s.proved(s.preferences))
	mux.Handle("GET /account/security/second-factor", s.checked(s.secondFactorForm))
	mux.Handle("POST /account/security/second-factor", s.checked(s.secondFactor))
	mux.Handle("GET /account/security/app", s.checked(s.appForm))
	mux.Handle("POST /account/security/app/begin", s.checked(s.appBegin))
	mux.Handle("POST /account/security/app", s.checked(s.appConfirm))
	mux.Handle("GET /account/security/app/remove", s.checked(s.appRemoveForm))
	mux.Handle("POST /account/security/app/remove", s.checked(s.appRemove))
	mux.Handle("GET /account/security/codes", s.checked(s.codesForm))
	mux.Handle("POST /account/security/codes", s.checked(s.codesMake))
	mux.Handle("GET /account/security/passkeys/new", s.checked(s.passkeyNew))
	mux.Handle("POST /account/security/passkeys/begin", s.checked(s.passkeyBegin))
	mux.Handle("POST /account/security/passkeys", s.checked(s.passkeyAdd))
	mux.Handle("GET /account/security/passkeys/{passkey}", s.proved(s.passkeyForm))
	mux.Handle("POST /account/security/passkeys/{passkey}", s.proved(s.passkeyRename))
	mux.Handle("GET /account/security/passkeys/{passkey}/remove", s.checked(s.passkeyRemoveForm))
	mux.Handle("POST /account/security/passkeys/{passkey}/remove", s.checked(s.passkeyRemove))

	mux.Handle("GET "+activityPath, s.chosen(s.activity)) // locked titles show after a proof only
	mux.Handle("GET "+streamingPath, s.proved(s.streaming))

	mux.Handle("GET /account/data", s.proved(s.data))
	mux.Handle("POST /account/data/export", s.proved(s.export))
	mux.Handle("GET /account/data/delete", s.proved(s.leaveForm))
	mux.Handle("POST /account/data/delete", s.proved(s.leave))
	mux.Handle("POST /account/data/keep", s.proved(s.keep))
}
