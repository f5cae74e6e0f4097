package notify

import (
	"net/url"
	"slices"
	"strings"

	"github.com/hearthkey/hearthkey/server/account"
)

// maxService is how much of the service's name an SMS has room for, in
// characters.
const maxService = 24

// shortText words a letter as an SMS: a code in one, anything else in two at
// most. Where the mail beside it has a link of its own, a disputable one says
// where to go without.
func shortText(w Wording, n account.Notice, l letter, disputable bool) string {
	service := gsm(w.Service, maxService)
	if n.Kind == account.NoticeAccessCode {
		return codeText(w, service, n)
	}
	text := gsm(l.Heading, 100) + "."
	if service != "" {
		text = service + ": " + text
	}
	for _, rest := range endings(w, n.Kind, l, disputable) {
		for _, seen := range circumstances(n) {
			if places, ok := gsmLength(text + seen + rest); ok && places <= twoSMS {
				return text + seen + rest
			}
		}
	}
	return text
}

// circumstances are ways to say when, where and by which device (product rule
// V7), the most telling first, nothing last.
func circumstances(n account.Notice) []string {
	when, where := n.At.UTC().Format("2 Jan 15:04 UTC"), gsm(n.Client.IP, 40)
	if place := gsm(n.Client.Place, 40); place != "" {
		where = place
	}
	with := gsm(n.Client.Agent, 40)
	if device := gsm(n.Device, 40); device != "" {
		with = "TV " + device
	}
	var out []string
	for _, parts := range [][]string{{when, where, with}, {when, where}, {when}} {
		parts = slices.DeleteFunc(parts, func(s string) bool { return s == "" })
		out = append(out, " "+strings.Join(parts, ", ")+".")
	}
	return append(out, "")
}

// stops are pages that stop what a notice is about, for whoever has no mail at
// hand: a recovery would leave it running.
var stops = map[account.NoticeKind]string{
	account.NoticeErasureAsked: "/account",
	account.NoticeFactorReset:  "/account/security",
}

// endings are ways to end an SMS, the best first, for the first that fits. None
// holds a token.
func endings(w Wording, kind account.NoticeKind, l letter, disputable bool) []string {
	var all []string
	switch {
	case stops[kind] != "":
		all = append(all, " Not you? Stop it: "+page(w, "", stops[kind]).URL)
	case disputable:
		all = append(all, " Not you? "+page(w, "", RecoverPath).URL)
	case l.Button != nil:
		all = append(all, " "+l.Button.Label+": "+l.Button.URL)
	}
	return append(all, " "+strings.TrimRight(w.PublicURL, "/"))
}

// codeText ends with a line by which phones and browsers offer the code at
// this origin only: origin-bound one-time codes,
// https://wicg.github.io/sms-one-time-codes/ (also draft-wells-origin-bound-one-time-codes-00).
func codeText(w Wording, service string, n account.Notice) string {
	code := n.Code
	host := ""
	if u, err := url.Parse(w.PublicURL); err == nil {
		host = u.Hostname()
	}
	last := "\n\n@" + host + " #" + code
	what := code + " is your access code."
	if service != "" {
		what = code + " is your " + service + " code."
	}
	to := strings.TrimSuffix(what, ".") + " " + purpose(n.Purpose) + "."
	for _, text := range []string{to + " Nobody at " + service + " will ask you for it.", to + " Tell it nobody.", what + " Nobody at " + service + " will ask you for it.", what + " Tell it nobody.", what} {
		if places, ok := gsmLength(text + last); ok && places <= oneSMS && (service != "" || !strings.Contains(text, " at ")) {
			return text + last
		}
	}
	return code + last
}
