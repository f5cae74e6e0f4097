package main

import "strings"

// accepted is what scanners tell of and we leave as it is, with the reason.
var accepted = []struct{ scanner, id, text, why string }{
	{"testssl", "engine_problem", "", "about the scanner's own openssl"},
	{"testssl", "TLS_session_ticket", "", "Go renews its ticket keys daily and keeps them for 7 days in memory; TLS 1.3 tickets resume with a fresh key exchange"},
	{"testssl", "cert_revocation", "", "the scan's own authority has no revocation"},
	{"testssl", "cert_chain_of_trust", "", "the scan's own authority"},
	{"testssl", "DNS_CAArecord", "", "localhost has no DNS"},
	{"testssl", "OCSP_stapling", "", "the scan's own authority has no OCSP, and Let's Encrypt none any more"},
	{"testssl", "BREACH", "", "a compressed page holds no secret: tokens are in cookies, forms have none, and are checked by Origin (TestSessionCookie, TestOtherSitesReadNothing)"},
	{"testssl", "cert_expirationStatus", "", "the scan's own certificate is made for 60 days"},
	{"testssl", "cert_notAfter", "", "the scan's own certificate is made for 60 days"},
	{"wapiti", "token in forms", "", "forms have no tokens: one that another site sends is refused by its Origin, which this scan tried for each"},
	{"wapiti", "HTTP Secure Headers", "X-XSS-Protection", "gone from browsers, and a hole where it is not: OWASP says to leave it out; the content security policy does this"},
}

// acceptedAs returns why a finding is left as it is; empty where it is not.
func acceptedAs(f finding) string {
	for _, a := range accepted {
		if a.scanner == f.Scanner && strings.HasPrefix(f.ID, a.id) && strings.Contains(f.Text, a.text) {
			return a.why
		}
	}
	return ""
}
