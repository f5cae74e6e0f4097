package main

import "regexp"

// Sources that are not of this world: what nobody outside prescribes.
const (
	ourBound = "ours: bounds memory and work"
	ourTime  = "ours: a time-out or an interval"
)

// named is a source in a comment: a rule of the product, or a standard.
var named = regexp.MustCompile(`\b(RFC \d{4}(?:,? (?:section |§)[\d.]*\d)?|NIST SP 800-63B-4 §[\d.]*\d|ASVS [\d.]*\d|TS 23\.040 §[\d.]*\d|WebAuthn Level 3 §[\d.]*\d|Badger|[ADPVO]\d{1,2})\b`)

// sources are of constants whose comments name none.
var sources = map[string]string{
	"server/account.CodeTries": "V1", "server/account.CheckAge": "V2; as long as a proof, A8", "server/account.closedFor": "A10, D7: as long as a lease",
	"server/account.maxKnownDevices": "V2", "server/account.minLocal": "A3", "server/account.maxSessions": "ASVS 7.1.2; ours",
	"server/account.touchEvery": "D2", "server/account.attemptLife": "V1", "server/account.MaxReason": "O3",
	"server/profile.MaxBlocked": "P6", "server/profile.MaxParentalTitles": "P7", "server/profile.freeTries": "P9", "server/profile.firstWait": "P9", "server/profile.longWait": "P9",
	"server/profile.forgive": "P9", "server/profile.maxTold": "P9",
	"server/device.staleGrant": "D5, D7", "server/device.silence": "D5", "server/device.maxListed": "D2", "server/device.keptNodes": "O2", "server/device.keptReceipts": "D4", "server/device.proofsPerTV": "D4",
	"server/notify.maxHost": "V1: the last line of an SMS", "server/notify.maxService": "V1: 160 characters", "server/notify.maxSubject": "RFC 5322 §2.1.1",
	"server/web.mindTime": "A10", "server/web.walkAge": "V10", "server/web.sessionAge": "as the session: ASVS 7.3.2",
	"server/web.roundShown": "D3", "server/api.activityBurst": "D13",
	"server/api.Beat": "V6", "server/operator.MaxBatch": "O3", "server/admin.maxBatch": "O3",
	"server/catalog.maxAge": "P5", "agent/keyseq.MaxGap": "D9", "agent/session.maxLease": "D7", "agent/pinlock.maxWrong": "P9",
	"agent/cache.MaxVerifiers": "P2", "protocol.MaxPINCounts": "P9", "protocol.MaxWrong": "P9", "protocol.MaxActivity": "docs/protocol.md",
	"protocol.MaxSnapshot": "docs/protocol.md", "protocol.MaxCatalog": "docs/protocol.md", "protocol.MaxPart": "docs/protocol.md", "protocol.MaxJWS": "docs/protocol.md",
}

// sourceOf says where a limit comes from that is not in the table.
func sourceOf(folder string, c Constant) string {
	if s, ok := sources[folder+"."+c.Name]; ok {
		return s
	}
	if s := named.FindString(c.Comment); s != "" {
		return s
	}
	if folder == "server/risk" {
		return "V4; docs/risk.md"
	}
	if c.Time {
		return ourTime
	}
	return ourBound
}
