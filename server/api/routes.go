package api

// routes is the whole API, but for the devices' WebSocket and its own
// description. Who may call what is the rule of the pages (docs/security.md):
// what shows or changes how the account is protected, reached or used asks for
// a fresh proof, and what changes how it is protected or reached for a check too;
// what only takes access away does not, so that nobody has to
// look for a password first.
func routes() []route {
	out := append(signInRoutes(), ownerRoutes()...)
	return append(out, householdRoutes()...)
}

// signInRoutes are for who is not signed in yet or wants back in, and for the
// session itself.
func signInRoutes() []route {
	return []route{
		{"POST", "/v1/sign-up", anybody, (*API).signUp},
		{"POST", "/v1/sign-up/resend", anybody, (*API).resendCode},
		{"POST", "/v1/sign-up/verify", anybody, (*API).verifyEmail},

		{"POST", "/v1/sign-in", anybody, (*API).signIn},
		{"POST", "/v1/sign-in/pending", anybody, (*API).pendingSignIn},
		{"POST", "/v1/sign-in/code", anybody, (*API).sendSignInCode},
		{"POST", "/v1/sign-in/answer", anybody, (*API).answerSignIn},
		{"POST", "/v1/sign-in/answer/passkey", anybody, (*API).beginPasskeyFactor},
		{"POST", "/v1/sign-in/passkey/begin", anybody, (*API).beginPasskeySignIn},
		{"POST", "/v1/sign-in/passkey", anybody, (*API).passkeySignIn},

		{"POST", "/v1/recovery", anybody, (*API).beginRecovery},
		{"POST", "/v1/recovery/resend", anybody, (*API).resendRecovery},
		{"POST", "/v1/recovery/prove", anybody, (*API).proveRecovery},
		{"POST", "/v1/recovery/finish", anybody, (*API).finishRecovery},

		{"POST", "/v1/links/not-me/look", anybody, (*API).lookNotMe},
		{"POST", "/v1/links/not-me/passkey", anybody, (*API).beginNotMePasskey},
		{"POST", "/v1/links/not-me", anybody, (*API).notMe},
		{"POST", "/v1/links/keep/look", anybody, (*API).lookKeep},
		{"POST", "/v1/links/keep", anybody, (*API).keep},

		{"GET", "/v1/session", signedIn, (*API).session},
		{"POST", "/v1/session/prove", signedIn, (*API).prove},
		{"POST", "/v1/session/prove/passkey/begin", signedIn, (*API).beginPasskeyProof},
		{"POST", "/v1/session/prove/passkey", signedIn, (*API).proveByPasskey},
		{"GET", "/v1/session/check", proved, (*API).check},
		{"POST", "/v1/session/check", proved, (*API).sendCheck},
		{"POST", "/v1/session/check/answer", proved, (*API).answerCheck},
		{"POST", "/v1/sign-out", leaving, (*API).signOut},
		{"POST", "/v1/sign-out-everywhere", signedIn, (*API).signOutEverywhere},
	}
}

// ownerRoutes are about the account: how it is reached, what protects it, what
// is held about it.
func ownerRoutes() []route {
	return []route{
		{"GET", "/v1/sessions", proved, (*API).sessions},
		{"DELETE", "/v1/sessions/{session}", signedIn, (*API).revokeSession},
		{"POST", "/v1/password", checked, (*API).changePassword},
		{"GET", "/v1/contact", proved, (*API).contact},
		{"POST", "/v1/email", checked, (*API).changeEmail},
		{"POST", "/v1/phone", checked, (*API).changePhone},
		{"POST", "/v1/phone/remove", checked, (*API).removePhone},
		{"GET", "/v1/changes/{kind}", proved, (*API).waitingChange},
		{"POST", "/v1/changes/{kind}/resend", proved, (*API).resendChange},
		{"POST", "/v1/changes/{kind}/confirm", proved, (*API).confirmChange},

		{"GET", "/v1/factors", proved, (*API).factors},
		{"PUT", "/v1/factors/second", checked, (*API).setSecondFactor},
		{"DELETE", "/v1/factors/reset", proved, (*API).liftFactorReset},
		{"DELETE", "/v1/contact/reset", proved, (*API).liftContactReset},
		{"POST", "/v1/factors/totp", checked, (*API).beginTOTP},
		{"GET", "/v1/factors/totp", checked, (*API).begunTOTP},
		{"POST", "/v1/factors/totp/confirm", checked, (*API).confirmTOTP},
		{"POST", "/v1/factors/totp/remove", checked, (*API).removeTOTP},
		{"POST", "/v1/factors/recovery-codes", checked, (*API).newRecoveryCodes},
		{"POST", "/v1/factors/passkeys/begin", checked, (*API).beginPasskey},
		{"POST", "/v1/factors/passkeys", checked, (*API).addPasskey},
		{"PATCH", "/v1/factors/passkeys/{passkey}", proved, (*API).renamePasskey},
		{"POST", "/v1/factors/passkeys/{passkey}/remove", checked, (*API).removePasskey},

		{"GET", "/v1/preferences", proved, (*API).preferences},
		{"PUT", "/v1/preferences", proved, (*API).setPreferences},
		{"PUT", "/v1/language", proved, (*API).setLanguage},
		{"GET", "/v1/bounces", proved, (*API).bounces},
		{"GET", "/v1/timeline", proved, (*API).timeline},
		{"GET", "/v1/activity", signedIn, (*API).activity}, // locked profiles are left out without a proof
		{"GET", "/v1/activity/streaming", proved, (*API).streaming},

		{"GET", "/v1/hacked", proved, (*API).hacked},
		{"POST", "/v1/hacked", proved, (*API).beginHacked},
		{"POST", "/v1/hacked/looked", proved, (*API).lookedAt},
		{"DELETE", "/v1/hacked", proved, (*API).endHacked},

		{"POST", "/v1/export", proved, (*API).export},
		{"GET", "/v1/erasure", proved, (*API).erasure},
		{"POST", "/v1/erasure", proved, (*API).askErasure},
		{"DELETE", "/v1/erasure", proved, (*API).cancelErasure},
	}
}

// householdRoutes are about profiles and TVs.
func householdRoutes() []route {
	return []route{
		{"GET", "/v1/profiles", signedIn, (*API).profiles}, // the pages' gate shows them too
		{"POST", "/v1/profiles", proved, (*API).createProfile},
		{"PUT", "/v1/profiles/{profile}", proved, (*API).editProfile},
		{"DELETE", "/v1/profiles/{profile}", proved, (*API).deleteProfile},
		{"PUT", "/v1/profiles/{profile}/pin", proved, (*API).setPIN},
		{"POST", "/v1/profiles/{profile}/pin/remove", proved, (*API).removePIN},
		{"POST", "/v1/profiles/{profile}/unlock", proved, (*API).unlockPIN},
		{"GET", "/v1/profiles/{profile}/blocked", proved, (*API).blocked},
		{"PUT", "/v1/profiles/{profile}/blocked/{title}", proved, (*API).block},
		{"DELETE", "/v1/profiles/{profile}/blocked/{title}", proved, (*API).unblock},

		{"GET", "/v1/parental", proved, (*API).parental},
		{"PUT", "/v1/parental", proved, (*API).setParental},
		{"PUT", "/v1/parental/pin", proved, (*API).setPIN},
		{"POST", "/v1/parental/pin/remove", proved, (*API).removePIN},
		{"POST", "/v1/parental/unlock", proved, (*API).unlockPIN},
		{"PUT", "/v1/parental/titles/{title}", proved, (*API).addParentalTitle},
		{"DELETE", "/v1/parental/titles/{title}", proved, (*API).removeParentalTitle},
		{"GET", "/v1/wrong-pins", proved, (*API).wrongPINs},
		{"GET", "/v1/titles", signedIn, (*API).findTitles},

		{"GET", "/v1/devices", proved, (*API).devices},
		{"PATCH", "/v1/devices/{device}", proved, (*API).renameDevice},
		{"POST", "/v1/devices/{device}/sign-out", signedIn, (*API).signOutDevice},
		{"POST", "/v1/devices/{device}/deactivate", proved, (*API).deactivateDevice},
		{"GET", "/v1/devices/{device}/remote", signedIn, (*API).remote},
		{"GET", "/v1/devices/{device}/remotes", proved, (*API).controls},
		{"POST", "/v1/devices/{device}/remotes/pairing", proved, (*API).openPairing},
		{"PUT", "/v1/devices/{device}/remotes/{remote}", proved, (*API).setRemoteRole},
		{"DELETE", "/v1/devices/{device}/remotes/{remote}", signedIn, (*API).forgetRemote},
		{"PUT", "/v1/devices/{device}/end-date", proved, (*API).setEndDate},
		{"DELETE", "/v1/devices/{device}/end-date", proved, (*API).removeEndDate},
		{"POST", "/v1/devices/{device}/stolen", proved, (*API).reportStolen},
		{"GET", "/v1/devices/{device}/reports", proved, (*API).stolenReports},
		{"GET", "/v1/devices/{device}/reports/signed", proved, (*API).signedReports},
		{"POST", "/v1/devices/{device}/finish", proved, (*API).finishStolen},
		{"GET", "/v1/devices/{device}/receipts", proved, (*API).receipts},
		{"GET", "/v1/devices/{device}/receipts/{digest}", proved, (*API).receipt},

		{"POST", "/v1/user-codes/lookup", proved, (*API).lookUpCode},
		{"POST", "/v1/user-codes/approve", proved, (*API).approveCode},
		{"POST", "/v1/user-codes/refuse", signedIn, (*API).refuseCode},
	}
}
