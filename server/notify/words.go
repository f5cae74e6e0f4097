package notify

import (
	"net/url"
	"strings"

	"github.com/hearthkey/hearthkey/server/account"
)

// letters words each kind of notice. Subjects hold no secrets and nothing that
// anybody else chose. Headings are also what an SMS says.
var letters = map[account.NoticeKind]func(Wording, account.Notice) letter{
	account.NoticeAccessCode:         accessCode,
	account.NoticeHaveAccount:        haveAccount,
	account.NoticeNewSignIn:          newSignIn,
	account.NoticeSuspicious:         suspicious,
	account.NoticeGuessing:           guessing,
	account.NoticePasswordRefused:    passwordRefused,
	account.NoticeFactorChanged:      factorChanged,
	account.NoticeRecoveryCode:       recoveryCodeUsed,
	account.NoticePasswordChanged:    passwordChanged,
	account.NoticeNewDevice:          newDevice,
	account.NoticeDeviceSignedOut:    deviceSignedOut,
	account.NoticeDeviceRemoved:      deviceRemoved,
	account.NoticeDeviceStolen:       deviceStolen,
	account.NoticeDeviceCloned:       deviceCloned,
	account.NoticeEverywhere:         everywhere,
	account.NoticeLockChanged:        lockChanged,
	account.NoticeProfileChanged:     profileChanged,
	account.NoticeParentalChanged:    parentalChanged,
	account.NoticePINGuessing:        pinGuessing,
	account.NoticePINUnlocked:        pinUnlocked,
	account.NoticeEmailChanged:       emailChanged,
	account.NoticeEmailSet:           emailSet,
	account.NoticePhoneChanged:       phoneChanged,
	account.NoticePhoneTaken:         phoneTaken,
	account.NoticeRecovered:          recovered,
	account.NoticeUndone:             undone,
	account.NoticeLessAsked:          lessAsked,
	account.NoticeLanguageChanged:    languageChanged,
	account.NoticeReviewDevices:      reviewDevices,
	account.NoticeRenewPassword:      renewPassword,
	account.NoticeErasureAsked:       erasureAsked,
	account.NoticeErasureCancelled:   erasureCancelled,
	account.NoticeErased:             erased,
	account.NoticeFactorReset:        factorResetAsked,
	account.NoticeFactorResetEnded:   factorResetDone,
	account.NoticeFactorResetLifted:  factorResetLifted,
	account.NoticeContactReset:       contactResetAsked,
	account.NoticeContactResetEnded:  contactResetDone,
	account.NoticeContactResetLifted: contactResetLifted,
	account.NoticeSupportSignOut:     supportSignOut,
	account.NoticeLocked:             locked,
	account.NoticeUnlocked:           unlocked,
}

// The pages that the links of notices lead to, the first three with a token.
// Opening them changes nothing (product rule V9).
const (
	NotMePath = "/not-me" // "It wasn't me"
	KeepPath  = "/keep"   // stops an erasure or a reset
	StopPath  = "/stop"   // stops what a code was asked for
	LinkParam = "link"    // the query's key for the token

	RecoverPath = "/recover" // takes no token
)

// notice adds to l what all security notices share.
func notice(w Wording, n account.Notice, l letter) letter {
	l.Facts = facts(w, n)
	l.Why = w.t("We send it because it concerns the safety of your {service} account.")
	if n.NotMe != "" { // beside what the button does
		l.NotMe = tokenPage(w, "It wasn’t me", NotMePath, n.NotMe)
		return l
	}
	if l.NotMe == nil && n.Link != "" && (l.Button == nil || !strings.Contains(l.Button.URL, n.Link)) {
		l.NotMe = tokenPage(w, "It wasn’t me", NotMePath, n.Link)
		l.Advice = w.t("If it was not you, press “It wasn’t me”. After one confirmation everything is signed out, what was changed is changed back as far as it can be, and you choose a new password.")
	}
	return l
}

// detail puts what changed before when and where.
func detail(w Wording, l letter, label, value string) letter {
	if value = plainDetail(value); value != "" {
		l.Facts = append([]fact{{w.t(label), value}}, l.Facts...)
	}
	return l
}

func page(w Wording, label, path string) *link {
	return &link{w.t(label), strings.TrimRight(w.PublicURL, "/") + path}
}

func tokenPage(w Wording, label, path, token string) *link {
	return page(w, label, path+"?"+url.Values{LinkParam: {token}}.Encode())
}

// t says an English sentence in the reader's language. {service} is filled in by
// itself.
func (w Wording) t(english string, pairs ...string) string {
	return w.speech.Text(english, append(pairs, "service", w.Service)...)
}

// of says a sentence about a TV or profile that has a {name}, or another where
// it has none.
func (w Wording) of(name, without, with string) string {
	if name = plain(name); name == "" {
		return w.t(without)
	}
	return w.t(with, "name", name)
}
