package web

import "net/http"

// ownerRoutes are the addresses where an owner looks after the account itself:
// how it is reached, what protects it, what is held about it.
func (s *Site) ownerRoutes(mux *http.ServeMux) {
	mux.Handle("GET /account/membership", s.proved(s.membership))
	mux.Handle("POST /account/membership/password", s.proved(s.changePassword))
	mux.Handle("GET /account/membership/email", s.proved(s.emailForm))
	mux.Handle("POST /account/membership/email", s.proved(s.changeEmail))
	mux.Handle("GET /account/membership/phone", s.proved(s.phoneForm))
	mux.Handle("POST /account/membership/phone", s.proved(s.changePhone))
	mux.Handle("GET /account/membership/phone/remove", s.proved(s.phoneRemoveForm))
	mux.Handle("POST /account/membership/phone/remove", s.proved(s.removePhone))
	mux.Handle("GET /account/membership/code", s.proved(s.changeCodeForm))
	mux.Handle("POST /account/membership/code", s.proved(s.changeCode))
	mux.Handle("POST /account/membership/code/resend", s.proved(s.changeCodeResend))

	mux.Handle("GET /account/security", s.proved(s.security))
	mux.Handle("POST /account/security/preferences", s.proved(s.preferences))
	mux.Handle("GET /account/security/second-factor", s.proved(s.secondFactorForm))
	mux.Handle("POST /account/security/second-factor", s.proved(s.secondFactor))
	mux.Handle("GET /account/security/app", s.proved(s.appForm))
	mux.Handle("POST /account/security/app/begin", s.proved(s.appBegin))
	mux.Handle("POST /account/security/app", s.proved(s.appConfirm))
	mux.Handle("GET /account/security/app/remove", s.proved(s.appRemoveForm))
	mux.Handle("POST /account/security/app/remove", s.proved(s.appRemove))
	mux.Handle("GET /account/security/codes", s.proved(s.codesForm))
	mux.Handle("POST /account/security/codes", s.proved(s.codesMake))
	mux.Handle("GET /account/security/passkeys/new", s.proved(s.passkeyNew))
	mux.Handle("POST /account/security/passkeys/begin", s.proved(s.passkeyBegin))
	mux.Handle("POST /account/security/passkeys", s.proved(s.passkeyAdd))
	mux.Handle("GET /account/security/passkeys/{passkey}", s.proved(s.passkeyForm))
	mux.Handle("POST /account/security/passkeys/{passkey}", s.proved(s.passkeyRename))
	mux.Handle("GET /account/security/passkeys/{passkey}/remove", s.proved(s.passkeyRemoveForm))
	mux.Handle("POST /account/security/passkeys/{passkey}/remove", s.proved(s.passkeyRemove))

	mux.Handle("GET /account/activity", s.proved(s.activity))

	mux.Handle("GET /account/data", s.proved(s.data))
	mux.Handle("POST /account/data/export", s.proved(s.export))
	mux.Handle("GET /account/data/delete", s.proved(s.leaveForm))
	mux.Handle("POST /account/data/delete", s.proved(s.leave))
	mux.Handle("POST /account/data/keep", s.proved(s.keep))
}
