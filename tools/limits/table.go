package main

// Row is a limit that people meet.
type Row struct {
	What    string
	Package string // below the module
	Const   string
	Unit    string // of a plain number; "bytes" and "seconds" are made readable
	Source  string // where it comes from
}

// packages are those whose other limits are listed after the table.
var packages = []string{
	"server", "server/account", "server/profile", "server/device", "server/notify", "server/hub", "server/hub/poller", "server/api",
	"server/web", "server/admin", "server/admit", "server/keyring", "server/operator", "server/store", "server/timeline", "server/catalog", "server/catalog/feed", "server/wordlist",
	"protocol", "protocol/pin", "protocol/sign", "protocol/parental",
	"agent/session", "agent/pinlock", "agent/keyseq", "agent/link", "agent/cache", "agent/vault", "agent/screen",
}

var table = []Row{
	{"Password, at least (operator's setting)", "server/account", "defaultMinPassword", "characters", "A3; NIST §3.1.1.2 asks for 15 where it is the only factor; ASVS 6.2.1"},
	{"Password, at most", "server/account", "MaxPassword", "characters", "A3; NIST §3.1.1.2 and ASVS 6.2.9: 64 or more"},
	{"Password's strength, at least", "server/account", "minScore", "of 4 (zxcvbn)", "A3"},
	{"Refused as the commonest, and as many again of 8 or more characters", "server/wordlist", "Commonest", "passwords", "A3; NIST §3.1.1.2; ASVS 6.2.4: 3,000 that are long enough"},
	{"Common PINs that are warned of", "server/wordlist", "CommonestPINs", "PINs", "P2"},
	{"Access code is valid for", "server/account", "codeLife", "", "V1; NIST §3.1.3.2: at most 10 min; ASVS 6.5.5"},
	{"Tries of an access code", "server/account", "codeTries", "tries", "V1; ASVS 6.6.3"},
	{"Another access code after", "server/account", "resendAfter", "", "V1"},
	{"Access codes an hour, per destination", "server/account", "sendsPerHour", "codes", "V1"},
	{"Of these, on unknown devices; the rest is kept for known ones", "server/account", "sendsUnknown", "codes", "V1"},
	{"Of those, kept for recoveries", "server/account", "recoverySends", "codes", "V1"},
	{"Of those, for the right password and strangers", "server/account", "openSends", "codes", "V1"},
	{"Of those, for strangers; the rest is kept for the password", "server/account", "strangerSends", "codes", "V1"},
	{"Sign-ups an hour of one address", "server/account", "signUpSends", "codes", "V1"},
	{"Sign-ups an hour, per network", "server/account", "signUpsPerIP", "sign-ups", "ASVS 2.4.1"},
	{"Sign-ins an hour that need more than the password, per known device or network", "server/account", "challengesAnHour", "sign-ins", "V5"},
	{"Of them waiting at once, per known device and for all unknown ones", "server/account", "maxWaiting", "sign-ins", "V5"},
	{"Notices of suspicious attempts an hour", "server/account", "suspiciousAnHour", "notices; 1 per network", "V7"},
	{"Wrong passwords before waits begin", "server/account", "freeTries", "failures", "V5"},
	{"First wait, doubling", "server/account", "firstWait", "", "V5"},
	{"Longest wait", "server/account", "longestWait", "", "V5"},
	{"Waits are forgotten after", "server/account", "forgetTries", "", "V5"},
	{"Failures in a row before unknown devices need a code too", "server/account", "codeStreak", "failures", "V5"},
	{"Failures in a row before unknown devices are refused", "server/account", "refuseStreak", "failures", "V5; NIST §3.2.2: at most 100"},
	{"A device stays known without a sign-in for", "server/account", "DeviceLife", "", "V2"},
	{"A second factor or a code may be given within", "server/account", "challengeLife", "", "V2"},
	{"Digits of an authenticator app's code", "server/account", "totpDigits", "digits", "V3; RFC 6238"},
	{"An authenticator app's code changes every", "server/account", "totpStep", "", "V3; RFC 6238 §5.2; ASVS 6.5.5"},
	{"Steps around it that are taken", "server/account", "totpSlack", "before and after", "V3; RFC 6238 §5.2"},
	{"Secret of an authenticator app", "server/account", "totpSecret", "bytes", "RFC 4226 §4: 16 or more"},
	{"A new secret waits for its first code", "server/account", "totpBegun", "", "V3"},
	{"Recovery codes", "server/account", "recoveryCodes", "codes", "V3"},
	{"Random part of a recovery code", "server/account", "recoveryBytes", "bytes", "V3; NIST §4.2.1.1: 64 bits or more"},
	{"Passkeys of an account", "server/account", "maxPasskeys", "passkeys", "V3"},
	{"Sign-ins that a new one is compared with", "server/account", "maxHistory", "sign-ins", "V4"},
	{"A proof of the password lasts for sensitive pages", "server/account", "ProofAge", "", "A8; ASVS 7.5.1"},
	{"Web session ends without use after", "server/account", "IdleLimit", "", "ASVS 7.3.1; NIST §2.1.3 sets none at AAL1, and sensitive pages ask again within its hour of AAL2"},
	{"Web session ends in any case after", "server/account", "SessionLimit", "", "ASVS 7.3.2; NIST §2.1.3: at most 30 days"},
	{"Links in mails work for", "server/account", "linkLife", "", "V8"},
	{"Random part of such a link", "server/account", "linkSecret", "bytes", "V9; ASVS 6.5.4: 20 bits or more"},
	{"Changes of address, phone and second factor can be undone for", "server/account", "chainLife", "", "V8"},
	{"Undoing them asks for a second factor that was set before them by more than", "server/account", "settledFor", "", "V8"},
	{"Wrong second factors at the undoing", "server/account", "undoTries", "tries", "NIST §3.2.2: at most 100"},
	{"Recovery: another code may be asked for within", "server/account", "recoveryLife", "", "V10"},
	{"Recovery: from the code to the new password", "server/account", "newPasswordLife", "", "V10"},
	{"Recoveries an hour, per network", "server/account", "recoveriesPerIP", "recoveries", "ASVS 2.4.1"},
	{"Reminder of the devices, where wanted, every", "server/account", "remindDevicesEvery", "", "A9"},
	{"Reminder of the password, where wanted, after", "server/account", "remindPasswordAfter", "", "A9; NIST §3.1.1.2: no forced change"},
	{"An owner can change their mind about deleting the account for", "server/account", "eraseAfter", "", "A10; GDPR 17"},
	{"Support removes a second factor after (operator's setting)", "server/account", "defaultResetWait", "", "O3; NIST §4.2"},
	{"An operator's token", "server/operator", "tokenBytes", "random bytes", "O3; ASVS 11.5.1: 128 bits or more"},
	{"Wrong operators' tokens an hour from one address", "server/operator", "wrongTokens", "tokens", "O3"},
	{"Accounts that an operator may look for, an hour", "server/operator", "findsPerHour", "accounts", "O3"},
	{"Resets that an operator may begin or stop, a day", "server/operator", "resetsPerDay", "resets", "O3"},
	{"The operators' log is kept for", "server/operator", "logLife", "", "O3"},

	{"SMS an hour, about one account", "server/notify", "SMSPerAccount", "SMS", "V11; ASVS 6.6.3"},
	{"SMS an hour, to numbers that differ in the last four digits", "server/notify", "SMSPerRange", "SMS", "V11; against SMS pumping"},
	{"SMS an hour in all (operator's setting)", "server/notify", "defaultHourly", "SMS", "V11"},
	{"SMS with a code has at most", "server/notify", "oneSMS", "characters", "V1; 3GPP TS 23.040 §9.2.3.24"},
	{"A message is tried for", "server/notify", "usefulFor", "", "V11; RFC 5321 §4.5.4.1: 4 to 5 days; a code until it expires"},
	{"A message that is over is kept for", "server/notify", "keptFor", "", "V11: bounces are shown to the owner"},
	{"RSA key for DKIM, at least", "server/notify", "minRSA", "bits", "RFC 8301 §3.2"},

	{"Profiles per account (operator's setting)", "server/profile", "defaultMax", "profiles", "P1"},
	{"Profile's name", "server/profile", "MaxName", "characters", "P1"},
	{"PIN", "protocol/pin", "Length", "digits", "P2"},
	{"Wrong PINs without a wait", "agent/pinlock", "Free", "tries", "P9; NIST: slowed from the 5th"},
	{"A notice, and an hour each, from wrong PIN number", "agent/pinlock", "AlarmAt", "", "P9"},
	{"A wrong PIN is forgiven every", "agent/pinlock", "Forgive", "", "P9"},
	{"Unrated titles count as", "protocol/parental", "UnratedAge", "years", "P5"},

	{"Devices per account (operator's setting)", "server/device", "defaultMaxDevices", "devices", "D15"},
	{"Code that a TV shows", "protocol", "UserCodeLength", "letters of 20", "D1; RFC 8628 §6.1"},
	{"Code that a TV shows is valid for", "server/device", "codeLife", "", "D1; RFC 8628 §3.2"},
	{"A device works without contact, at most (operator's setting)", "protocol", "MaxLease", "seconds", "D7"},
	{"Charged per start of the device", "agent/session", "BootCharge", "", "D7"},
	{"Activity is kept for (operator's setting)", "server/device", "KeptActivity", "", "D6"},
	{"Its addresses and places are kept for (operator's setting)", "server/device", "KeptAddresses", "", "D6"},
	{"Frame from the server", "protocol", "MaxFrame", "bytes", "docs/protocol.md"},
	{"Frame from a device", "protocol", "MaxDeviceFrame", "bytes", "docs/protocol.md"},
}
