package web

// entryRoutes are the addresses of whoever is not signed in yet, or wants back
// in: open to all, and alike for known and unknown accounts. What depends on
// whether there is one is answered on the beat.
func (s *Site) entryRoutes(mux *routeTable) {
	mux.Handle("GET /signup", s.open(s.signUpForm))
	mux.Handle("POST /signup", s.onBeat(s.open(s.signUp)))
	mux.Handle("GET /verify", s.onBeat(s.open(s.verifyForm)))
	mux.Handle("GET /verify/live", s.onBeat(s.open(s.verifyLive)))
	mux.Handle("POST /verify", s.onBeat(s.open(s.verify)))
	mux.Handle("POST /verify/resend", s.onBeat(s.open(s.resend)))

	mux.Handle("GET /signin", s.open(s.signInForm))
	mux.Handle("POST /signin", s.onBeat(s.open(s.signIn)))
	mux.Handle("POST /signin/passkey/begin", s.open(s.signInPasskeyBegin))
	mux.Handle("POST /signin/passkey", s.open(s.signInPasskey))
	mux.Handle("GET /signin/code", s.open(s.signInCodeForm))
	mux.Handle("POST /signin/code", s.open(s.signInCode))
	mux.Handle("POST /signin/code/resend", s.open(s.resendSignInCode))
	mux.Handle("POST /signin/code/passkey/begin", s.open(s.signInFactorBegin))
	mux.Handle("POST /signin/code/passkey", s.open(s.signInFactor))
	mux.Handle("POST /signout", s.open(s.signOut))

	mux.Handle("GET /recover", s.open(s.recoverForm))
	mux.Handle("POST /recover", s.onBeat(s.open(s.recoverBegin)))
	mux.Handle("GET /recover/code", s.open(s.recoverCodeForm))
	mux.Handle("POST /recover/code", s.onBeat(s.open(s.recoverCode)))
	mux.Handle("POST /recover/code/resend", s.onBeat(s.open(s.recoverResend)))
	mux.Handle("GET /recover/password", s.open(s.recoverPasswordForm))
	mux.Handle("POST /recover/password", s.onBeat(s.open(s.recoverPassword)))
	mux.Handle("GET /recover/done", s.open(s.recoverDone))

	mux.Handle("GET /not-me", s.open(s.notMeForm))
	mux.Handle("POST /not-me", s.open(s.notMe))
	mux.Handle("POST /not-me/passkey/begin", s.open(s.notMePasskeyBegin))
	mux.Handle("POST /not-me/passkey", s.open(s.notMePasskey))
	mux.Handle("GET /keep", s.open(s.keepForm))
	mux.Handle("POST /keep", s.open(s.keepByLink))

	mux.Handle("GET /stop", s.open(s.stopForm))
	mux.Handle("POST /stop", s.open(s.stop))

	mux.Handle("GET /help", s.open(s.help))
	mux.Handle("GET /hacked", s.open(s.hackedFront))
	mux.Handle("GET /account/hacked", s.proved(s.hacked))
	mux.Handle("POST /account/hacked", s.proved(s.hackedBegin))
	mux.Handle("POST /account/hacked/looked", s.proved(s.hackedLooked))
	mux.Handle("POST /account/hacked/end", s.proved(s.hackedEnd))
}
