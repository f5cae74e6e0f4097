package main

// Row is a clause of a standard, and the tests that would fail without what it
// asks for.
type Row struct {
	Standard string // as comments name it
	Clause   string // its number, as comments name it
	Asks     string // in our words
	Tests    []string
	Rest     string // what is not met, or comes later; empty: nothing
}

const (
	asvs     = "ASVS"
	nist     = "NIST SP 800-63B-4"
	totp     = "RFC 6238"
	flow     = "RFC 8628"
	webauthn = "WebAuthn L3"
	argon    = "RFC 9106"
	problem  = "RFC 9457"
	retry    = "RFC 6585"
	gdpr     = "GDPR"
	wcag     = "WCAG 2.2"
)

// table holds what the product holds itself to. A test is named by its package's
// folder and its name.
var table = []Row{
	{asvs, "2.4.1", "calls that cost are bounded", []string{"server/account.TestV1_Budgets", "server/notify.TestSMSBudgets", "server/admit.TestGate", "server.TestCompressedBombsStayPacked"}, ""},
	{asvs, "3.3.1", "cookies are Secure", []string{"server/web.TestSessionCookie"}, ""},
	{asvs, "3.3.2", "cookies have a fitting SameSite", []string{"server/web.TestSessionCookie"}, ""},
	{asvs, "3.3.3", "cookies begin with `__Host-`", []string{"server/web.TestSessionCookie"}, ""},
	{asvs, "3.3.4", "scripts cannot read tokens, which come as cookies only", []string{"server/web.TestSessionCookie", "server.TestBrowsersGetTokensAsCookiesOnly"}, ""},
	{asvs, "3.3.5", "cookies have at most 4096 bytes", []string{"server/web.TestCookiesAreSmall"}, ""},
	{asvs, "3.4.1", "browsers stay with TLS, a year or more, subdomains too", []string{"server.TestEveryAnswerKeepsToTLS", "server/web.TestHeadersOfEveryAnswer"}, ""},
	{asvs, "3.4.2", "no CORS beyond what is public", []string{"server.TestOtherSitesReadNothing"}, ""},
	{asvs, "3.4.3", "a content security policy", []string{"server/web.TestHeadersOfEveryAnswer", "server/web.TestEveryAnswerIsGuarded"}, ""},
	{asvs, "3.4.4", "no sniffing of types", []string{"server/web.TestHeadersOfEveryAnswer"}, ""},
	{asvs, "3.4.5", "no referrer leaves", []string{"server/web.TestHeadersOfEveryAnswer"}, ""},
	{asvs, "3.4.6", "no framing", []string{"server/web.TestHeadersOfEveryAnswer"}, ""},
	{asvs, "3.4.7", "breaches of the policy are reported", []string{"server/web.TestBreachesOfThePolicyAreReported"}, ""},
	{asvs, "3.4.8", "no window is shared with other origins", []string{"server/web.TestHeadersOfEveryAnswer"}, ""},
	{asvs, "4.1.3", "headers of a proxy cannot be made by others", []string{"server.TestHostsOfStrangersAreRepeatedNowhere"}, ""},
	{asvs, "4.2.1", "where a request ends is nobody's to choose", []string{"server.TestSmuggledRequestsAreRefused"}, "HTTP/1.1 only: no h2, no h2c"},
	{asvs, "4.4.1", "sockets use TLS", []string{"agent/link.TestServerURL", "server.TestTLS"}, "plain sockets on loopback only"},
	{asvs, "4.4.2", "sockets check the origin", []string{"server.TestSocketsOfOtherSitesAreRefused"}, ""},
	{asvs, "4.4.3", "sockets without the session's cookie have tokens of their own", []string{"server.TestNoncesOfSockets", "server.TestHostileFrames"}, ""},
	{asvs, "4.4.4", "such tokens come through the session that was signed in", []string{"server.TestUserCodes"}, "a TV's key is approved in a signed-in session; no web session moves to a socket"},
	{asvs, "6.1.1", "throttles are documented", []string{"tools/limits.TestDocumentIsCurrent"}, ""},
	{asvs, "6.2.1", "passwords have 8 characters or more", []string{"server/account.TestPasswordRules"}, ""},
	{asvs, "6.2.2", "people can change their password", []string{"server/account.TestChangePassword", "server/web.TestChangePassword"}, ""},
	{asvs, "6.2.3", "and give the current one", []string{"server/account.TestChangePassword", "server/web.TestChangePassword"}, ""},
	{asvs, "6.2.4", "the 3,000 commonest are refused", []string{"server/account.TestPasswordRules", "server/wordlist.TestLists"}, ""},
	{asvs, "6.2.5", "no rules of composition", []string{"server/account.TestPasswordRules"}, ""},
	{asvs, "6.2.6", "fields mask passwords", []string{"server/web.TestPasswordFields"}, ""},
	{asvs, "6.2.7", "paste and password managers work", []string{"server/web.TestPasswordFields"}, ""},
	{asvs, "6.2.8", "the password is checked as it was typed", []string{"server/account.TestPasswordHashes", "server/account.TestPasswordNormalisation"}, "after NFC, as NIST §3.1.1.2 asks"},
	{asvs, "6.2.9", "64 characters and more are taken", []string{"server/account.TestPasswordRules", "server/account.TestPasswordHashes"}, ""},
	{asvs, "6.2.10", "no forced rotation", []string{"server/account.TestOldPasswordsStayValid"}, ""},
	{asvs, "6.3.1", "guessing and stuffing are stopped", []string{"server/account.TestV5_HundredFailuresRefuseUnknownDevices", "server/account.TestV5_TenFailuresAskForACode", "server/account.TestV5_BackOffTable"}, ""},
	{asvs, "6.3.4", "every way in is documented and as strong", []string{"server.TestA8_OneRuleForPagesAndAPI", "server/api.TestDocumentMatchesRoutes", "server.TestV5_TVAndWebShareThrottles"}, ""},
	{asvs, "6.3.5", "people hear of suspicious attempts", []string{"server/account.TestV4_SuspiciousNeedsACodeAndSaysWhy", "server/account.TestV5_TenFailuresAskForACode"}, ""},
	{asvs, "6.3.7", "people hear of changes to how they sign in", []string{"server/account.TestChangePassword", "server/account.TestV10_RecoveryByMailAndBySMS", "server/account.TestV7_OnlySignInMailsCanBeSwitchedOff"}, ""},
	{asvs, "6.3.8", "answers and their time do not tell who is here", []string{"server/web.TestV6_KnownAndUnknownAccountsLookAlike", "server.TestV6_KnownAndUnknownAreAnsweredAlike", "server/account.TestV6_RecoveryDoesTheSameWorkForNobody", "server/account.TestV6_OverTheGatewaysBudget", "server/notify.TestV6_DecoysAreNeverSent", "server.TestV6_RecoveryTellsNotWhatBelongsTogether", "server/api.TestV6_OnBeat", "server/web.TestV6_AnswersAboutAccountsLeaveOnTheBeat"}, "the time is measured by `make bench-security`"},
	{asvs, "6.4.2", "no hints, no secret questions", []string{"server/web.TestPasswordFields"}, ""},
	{asvs, "6.4.3", "recovery keeps the second factor", []string{"server/account.TestV10_RecoveryKeepsTheSecondFactor", "server/web.TestV10_RecoveryKeepsTheSecondFactor"}, ""},
	{asvs, "6.5.1", "codes work once", []string{"server/account.TestV1_SignInCodeOnceInParallel", "server/account.TestV3_TOTPOnceInParallel", "server/account.TestV3_RecoveryCodes"}, ""},
	{asvs, "6.5.2", "recovery codes are stored as hashes", []string{"server/account.TestRecoveryCodesAreStoredAsKeyedHashes", "server/account.TestV1_OnlyAKeyedHashIsStored", "server/store.TestA10_ExportLeavesSecretsOut"}, "a deviation: 80 random bits as HMAC with a key outside the database and the account in it, no slow salted hash"},
	{asvs, "6.5.3", "codes come from a CSPRNG", []string{"server/account.TestSecretsComeFromTheGenerator"}, ""},
	{asvs, "6.5.4", "codes have 20 bits or more", []string{"server/account.TestSecretsComeFromTheGenerator", "server/account.TestV3_RecoveryCodes"}, "access codes: 19.9 bits, the six digits that the clause names"},
	{asvs, "6.5.5", "codes live 10 minutes, TOTP 30 s", []string{"server/account.TestV1_TriesAndTime", "server/account.TestV3_TOTPAtSignIn"}, "one step of 30 s before and after is taken, as RFC 6238 §5.2 allows"},
	{asvs, "6.5.8", "TOTP goes by the server's clock", []string{"server/account.TestV3_TOTPAtSignIn"}, "no request carries a time"},
	{asvs, "6.6.1", "SMS only to proved numbers, beside stronger ways", []string{"server/account.TestA7_AddChangeAndRemoveAPhone", "server/web.TestPhonePageTellsTheRisk"}, "level 2; level 3 wants no SMS at all"},
	{asvs, "6.6.2", "a code is bound to what asked for it", []string{"server/account.TestV1_CodeIsBoundToItsAttempt"}, ""},
	{asvs, "6.6.3", "tries of a code are bounded", []string{"server/account.TestV1_TriesAndTime", "server/web.TestV1_TriesOfACodeRunOut"}, ""},
	{asvs, "6.6.4", "no bombing with requests", []string{"server/account.TestV1_Budgets"}, "there are no push notifications; codes have budgets"},
	{asvs, "6.7.2", "challenges have 64 bits or more and are unique", []string{"server/account.TestChallengesAreNonces", "server.TestNoncesOfSockets"}, ""},
	{asvs, "7.1.2", "how many sessions at once is documented and held", []string{"server/account.TestSessionsAreBounded", "tools/limits.TestDocumentIsCurrent"}, ""},
	{asvs, "7.2.3", "tokens have 128 random bits or more", []string{"server/account.TestSecretsComeFromTheGenerator", "server/account.TestTokens"}, ""},
	{asvs, "7.2.4", "signing in and proving make a new token, and end the old", []string{"server/account.TestProve", "server/web.TestASignInReplacesTheOneBefore"}, ""},
	{asvs, "7.3.1", "idle sessions end", []string{"server/account.TestSessionLifetimes"}, ""},
	{asvs, "7.3.2", "all sessions end", []string{"server/account.TestSessionLifetimes"}, ""},
	{asvs, "7.4.1", "a session that ended is of no use", []string{"server/account.TestSessionsEnd", "server/web.TestSignOutEndsTheSession"}, ""},
	{asvs, "7.4.2", "deleting the account ends its sessions", []string{"server/account.TestA10_SevenDaysToChangeOnesMind"}, ""},
	{asvs, "7.4.3", "changes of factors offer to end all others", []string{"server/account.TestA6_ChangesSignOutEverywhereWhereAsked", "server/web.TestA6_AChangeOfFactorsCanSignEverythingElseOut"}, ""},
	{asvs, "7.5.1", "sensitive changes ask for a fresh proof", []string{"server.TestA8_AStaleProofIsRefused", "server/web.TestA8_OwnersPagesAskForAProof"}, "a fresh sign-in of 10 minutes counts"},
	{asvs, "7.5.2", "people see and end their sessions", []string{"server/web.TestSignOutAnotherBrowser", "server.TestAccountByAPI"}, "ending one asks for no proof: it only takes access away"},
	{asvs, "12.1.1", "TLS 1.2 and 1.3 alone", []string{"server.TestTLS"}, "ciphers are looked at by `make scan`"},
	{asvs, "13.3.1", "secrets of the service are kept apart from what they protect", []string{"server.TestV1_AStolenDatabaseTellsNoSecret", "server/store.TestSealedColumnsAreKnown"}, "in files of mode 0600, not in a vault of hardware: level 3 asks for that"},
	{asvs, "14.2.1", "no secrets in addresses", []string{"server/web.TestNoFormPutsSecretsIntoAddresses", "server/web.TestActionsAreNoGets", "server.TestLogTellsRequestsWithoutSecrets"}, "but links of mails, each of use once, after a click, and never logged"},
	{asvs, "14.2.7", "what is not needed is deleted on time", []string{"server/account.TestTidyEndsWhatIsOver", "server/account.TestV4_HistoryIsBounded", "server/notify.TestPrune", "server/device.TestD6_AddressesAreKeptForSoLong"}, "the last address of a TV that is still in the account stays"},
	{asvs, "14.3.1", "signing out clears the browser", []string{"server/web.TestSignOutClearsTheBrowser", "server/web.TestStreamEndsWithItsSession"}, ""},
	{asvs, "14.3.2", "browsers keep no sensitive answer", []string{"server/web.TestHeadersOfEveryAnswer", "server/web.TestEveryAnswerIsGuarded"}, ""},
	{asvs, "16.2.1", "log lines tell when, where from and what", []string{"server.TestLogTellsRequestsWithoutSecrets", "server/timeline.TestTimeline"}, "who did it is in the account's timeline, not in the log"},
	{asvs, "16.2.2", "times have their zone", []string{"server.TestLogTellsRequestsWithoutSecrets"}, ""},
	{asvs, "16.2.3", "logs go to standard error alone", []string{"server/cmd/hearthkey-server.TestLogsGoToStandardErrorAlone"}, ""},
	{asvs, "16.2.4", "logs can be read by machines", []string{"server.TestLogTellsRequestsWithoutSecrets", "server/cmd/hearthkey-server.TestServes"}, ""},
	{asvs, "16.2.5", "logs hold no secrets", []string{"server.TestLogTellsRequestsWithoutSecrets", "server.TestNoFlowTellsSecretsToTheLog", "agent.TestNoFlowTellsSecretsToTheAgentsLog", "server/notify.TestLogsNoSecrets"}, ""},
	{asvs, "16.3.1", "every sign-in, right or wrong, is logged", []string{"server.TestLogTellsRequestsWithoutSecrets"}, "by route and status; factors are in the account's timeline"},
	{asvs, "16.3.2", "refused access is logged", []string{"server.TestLogTellsRequestsWithoutSecrets"}, ""},
	{asvs, "16.3.3", "refusals by throttles and checks are logged", []string{"server.TestLogTellsRequestsWithoutSecrets"}, ""},
	{asvs, "16.3.4", "failures inside are logged", []string{"server/api.TestWriteProblem", "server.TestPanics"}, ""},
	{asvs, "16.4.1", "what is logged cannot be taken for other lines", []string{"server.TestNamesActOnNothing"}, ""},
	{asvs, "16.4.2", "logs cannot be changed unseen", []string{"server/audit.TestO3_TamperingIsSeenWhereItIs", "server/audit.TestO3_AChainMadeAnewHasNoSeals", "server/audit.TestO3_RetentionKeepsTheChain"}, "the audit log; what the process prints is the log system's"},
	{asvs, "16.4.3", "logs are also elsewhere", []string{"server/cmd/hearthkey-server.TestO3_AuditByCommands"}, "every audit entry's number and hash is printed; sending the printed log on is the operator's"},

	{nist, "§3.2.2", "at most 100 failures in a row", []string{"server/account.TestV5_HundredFailuresRefuseUnknownDevices"}, ""},
	{nist, "§3.1.3.2", "codes: 6 digits or more, 10 minutes, once", []string{"server/account.TestV1_TriesAndTime", "server/account.TestV1_SignInCodeOnceInParallel", "server/account.TestSecretsComeFromTheGenerator"}, ""},
	{nist, "§4.6", "recovery sends notices", []string{"server/account.TestV10_RecoveryByMailAndBySMS"}, ""},
	{nist, "§4.2.1.1", "saved codes: 64 bits or more", []string{"server/account.TestV3_RecoveryCodes"}, ""},
	{nist, "§4.2.1.2", "recovery codes by mail: 24 hours or less", []string{"server/account.TestV7_AfterADayItWasntMeNeedsAFreshCode"}, ""},
	{nist, "§3.2.10", "the local PIN: slower from the 5th wrong try, an hour each from the 10th", []string{"agent/pinlock.TestWaitsAndAlarm", "agent/pinlock.TestGuessingTakesOverAYear"}, ""},
	{totp, "Appendix B", "the test vectors of SHA-1", []string{"server/account.TestV3_TOTPVectors"}, ""},
	{flow, "§5", "user codes cannot be searched, are approved knowingly, once", []string{"server/device.TestFlooding", "server/device.TestCodeOnceInParallel", "server.TestUserCodes"}, ""},
	{flow, "§5.4", "the page shows what would be approved and from where, and warns of what is elsewhere", []string{"server/web.TestD1_AThiefsLinkIsPlain", "server/web.TestD1_TheNetworkOfATVIsToldApart"}, ""},
	{flow, "§6.1", "user codes: 20 letters without vowels, typed in any case", []string{"server/device.FuzzReadCode", "server/device.TestFlooding"}, ""},
	{webauthn, "§7", "registrations and assertions are verified", []string{"server/account.TestV3_PasskeyCeremonies", "server/account.TestV3_PasskeyRegistrations", "server/account.TestV3_PasskeyCountGoesBack", "server/account.TestChallengesAreNonces"}, ""},
	{argon, "§4", "the cost of password and PIN hashes", []string{"server/account.TestPasswordHashes", "protocol/pin.TestDeriveAgainstReference"}, "19 MiB and 2 passes, less than the RFC's second choice (64 MiB, 3): the second of OWASP's cheat sheet"},
	{problem, "§3", "errors are problem documents", []string{"server/api.TestWriteProblem", "server/api.TestExplanationsAreComplete"}, ""},
	{retry, "§4", "429 comes with Retry-After", []string{"server/api.TestWriteProblem"}, ""},
	{gdpr, "15", "access: everything held about the account", []string{"server/account.TestA10_ExportIsOneDocumentWithoutSecrets", "server/store.TestA10_ExportKnowsEveryColumn"}, ""},
	{gdpr, "17", "erasure", []string{"server/account.TestA10_ErasedFromTheFile", "server/store.TestA10_ErasureKnowsEveryTable"}, "backups and what operators log elsewhere are theirs"},
	{gdpr, "20", "portability: in one document that machines read", []string{"server/account.TestA10_ExportIsOneDocumentWithoutSecrets"}, ""},
	{wcag, "AA", "contrast by computation, the rest as far as axe finds it", []string{"server/web.TestContrast", "tools/e2e.TestBrowser"}, "axe finds a part of what the guidelines ask; nobody with assistive technology has tried it yet"},
}
