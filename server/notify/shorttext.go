package notify

import (
	"net/url"
	"slices"
	"strings"

	"github.com/hearthkey/hearthkey/protocol/words"
	"github.com/hearthkey/hearthkey/server/account"
)

// maxService is how much of the service's name an SMS has room for, in
// characters.
const maxService = 24

// shortText words a letter as an SMS: a code in one, anything else in two at
// most. Where the mail beside it has a link of its own, a disputable one says
// where to go without. It is not whole where there was no room for that.
func shortText(w Wording, n account.Notice, l letter, disputable bool) (text string, whole bool) {
	w.Service = w.short(w.Service, maxService)
	if n.Kind == account.NoticeAccessCode {
		return codeText(w, n), true
	}
	text = w.short(l.Heading, 100)
	if !strings.HasSuffix(text, "?") && !strings.HasSuffix(text, "؟") {
		text += "."
	}
	if w.Service != "" {
		text = w.Service + ": " + text
	}
	for _, rest := range endings(w, n.Kind, l, disputable) {
		for _, seen := range circumstances(w, n) {
			if fits(text+seen+rest, 2) {
				return text + seen + rest, true
			}
		}
	}
	return text, false
}

// short makes a text or a name fit for an SMS, n characters at most: in the
// alphabet of an SMS where the language can be written in it without loss of
// more than accents, and without signs that only turn the direction.
func (w Wording) short(s string, n int) string {
	if w.speech.Language() != words.Arabic {
		return gsm(s, n)
	}
	return strings.TrimSpace(cutTo(plain(s), n))
}

// circumstances are ways to say when, where and by which device (product rule
// V7), the most telling first, nothing last.
func circumstances(w Wording, n account.Notice) []string {
	when, where := w.short(w.speech.Format(n.At.UTC(), "2 Jan 15:04 UTC"), 40), w.short(n.Client.IP, 40)
	if place := w.short(n.Client.Place, 40); place != "" {
		where = place
	}
	with := w.short(n.Client.Agent, 40)
	if device := w.short(n.Device, 40); device != "" {
		with = w.t("TV") + " " + device
	}
	var out []string
	for _, parts := range [][]string{{when, where, with}, {when, where}, {when}} {
		parts = slices.DeleteFunc(parts, func(s string) bool { return s == "" })
		out = append(out, " "+strings.Join(parts, w.comma())+".")
	}
	return append(out, "")
}

// stops are pages that stop what a notice is about, for whoever has no mail at
// hand: a recovery would leave it running.
var stops = map[account.NoticeKind]string{
	account.NoticeErasureAsked: "/account",
	account.NoticeFactorReset:  "/account/security",
	account.NoticeContactReset: "/account/security",
}

// endings are ways to end an SMS, the best first, for the first that fits. None
// holds a token.
func endings(w Wording, kind account.NoticeKind, l letter, disputable bool) []string {
	var all []string
	switch {
	case stops[kind] != "":
		all = append(all, " "+w.short(w.t("Not you? Stop it:"), 100)+" "+page(w, "", stops[kind]).URL)
	case disputable:
		all = append(all, " "+w.short(w.t("Not you?"), 100)+" "+page(w, "", RecoverPath).URL)
	case l.Button != nil:
		all = append(all, " "+w.short(l.Button.Label, 100)+": "+l.Button.URL)
	}
	return append(all, " "+strings.TrimRight(w.PublicURL, "/"))
}

// codeText ends with a line by which phones and browsers offer the code at
// this origin only: origin-bound one-time codes,
// https://wicg.github.io/sms-one-time-codes/ (also draft-wells-origin-bound-one-time-codes-00).
func codeText(w Wording, n account.Notice) string {
	host := ""
	if u, err := url.Parse(w.PublicURL); err == nil {
		host = u.Hostname()
	}
	last := "\n\n@" + host + " #" + n.Code
	english := w
	english.speech = words.Catalogue{}
	for _, in := range []Wording{w, english} { // 160 characters of English may be more than 70 of another script
		for _, text := range in.codeTexts(n) {
			if fits(text+last, 1) {
				return text + last
			}
		}
	}
	return n.Code + last
}

// codeTexts are ways to word a code, the most telling first.
func (w Wording) codeTexts(n account.Notice) []string {
	say := func(english string, pairs ...string) string {
		return w.short(w.t(english, append(pairs, "code", n.Code)...), oneSMS)
	}
	what, to := say("{code} is your access code."), say("{code} is your access code {purpose}.", "purpose", w.purpose(n.Purpose))
	nobody := ""
	if w.Service != "" {
		what, to = say("{code} is your {service} code."), say("{code} is your {service} code {purpose}.", "purpose", w.purpose(n.Purpose))
		nobody = " " + say("Nobody at {service} will ask you for it.")
	}
	all := []string{to + nobody, to + " " + say("Tell it nobody."), what + nobody, what + " " + say("Tell it nobody."), what}
	if nobody == "" {
		all = slices.Delete(all, 2, 3)[1:]
	}
	return all
}

// comma is what stands between the parts of a list.
func (w Wording) comma() string {
	if w.speech.Language() == words.Arabic {
		return "، "
	}
	return ", "
}
