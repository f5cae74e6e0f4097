package web

import (
	"net/http"
	"strings"
	"time"

	"github.com/hearthkey/hearthkey/protocol"
	"github.com/hearthkey/hearthkey/server/timeline"
)

// timelinePage is how many events one page shows.
const timelinePage = 50

func (s *Site) timeline(v *visit) error {
	before := v.r.URL.Query().Get("before")
	if len(before) > 64 {
		return errNotFound
	}
	entries, err := s.c.Timeline(v.ctx(), v.session.Account, before, timelinePage+1)
	if err != nil {
		return err
	}
	page := TimelinePage{Frame: v.frame("Security timeline", "timeline")}
	if len(entries) > timelinePage {
		entries = entries[:timelinePage]
		page.Older = "/account/timeline?before=" + entries[timelinePage-1].ID
	}
	for _, e := range entries {
		page.Events = append(page.Events, eventOf(e))
	}
	return v.show(http.StatusOK, page)
}

// kind says how an entry reads. Subject says that its name follows the text.
type kindWords struct {
	icon, text string
	subject    bool
	grave      bool
}

var kinds = map[timeline.Kind]kindWords{
	timeline.AccountCreated:      {"sparkle", "The account was created", false, false},
	timeline.SignedIn:            {"laptop", "Signed in on the web", false, false},
	timeline.SignedInElsewhere:   {"tv", "Signed in on a TV, with the password", false, false},
	timeline.SignInFailed:        {"alert", "Wrong passwords were tried", false, true},
	timeline.SignInGuessed:       {"alert", "Ten wrong passwords in a row: unknown devices need a code too", false, true},
	timeline.PasswordRefused:     {"alert", "A hundred wrong passwords in a row: unknown devices are turned away", false, true},
	timeline.SignInSuspicious:    {"alert", "A suspicious sign-in: the password was right, more was asked for", false, true},
	timeline.CodeAsked:           {"laptop", "A sign-in was begun: the password was right, more was asked for", false, false},
	timeline.AttemptStopped:      {"shield", "“It wasn’t me” was chosen in a mail with a code", false, true},
	timeline.FactorFailed:        {"alert", "Five wrong codes were given", false, true},
	timeline.SecondFactorOn:      {"shield", "The password needs a second factor", false, false},
	timeline.SecondFactorOff:     {"shield", "The password needs no second factor any more", false, true},
	timeline.TOTPAdded:           {"phone", "Authenticator app added", false, true},
	timeline.TOTPRemoved:         {"phone", "Authenticator app removed", false, true},
	timeline.PasskeyAdded:        {"key", "Passkey added", true, true},
	timeline.PasskeyRenamed:      {"pencil", "Passkey renamed", true, false},
	timeline.PasskeyRemoved:      {"key", "Passkey removed", true, true},
	timeline.PasskeyRegressed:    {"alert", "A passkey may have been copied", true, true},
	timeline.RecoveryCodesMade:   {"list", "New recovery codes made", false, true},
	timeline.RecoveryCodeUsed:    {"list", "A recovery code was used", false, true},
	timeline.SignedOut:           {"out", "Signed out on the web", false, false},
	timeline.SessionRevoked:      {"out", "A browser was signed out", true, false},
	timeline.PasswordChanged:     {"key", "The password was changed", false, true},
	timeline.SignedOutEverywhere: {"out", "Signed out everywhere", false, true},
	timeline.EmailChanged:        {"mail", "Email address changed", true, true},
	timeline.PhoneChanged:        {"phone", "Phone number saved", true, true},
	timeline.PhoneRemoved:        {"phone", "Phone number removed", false, true},
	timeline.PasswordRecovered:   {"key", "The password was set anew with a code", false, true},
	timeline.ChangesUndone:       {"back", "Changes were undone by “It wasn’t me”", false, true},
	timeline.NotMe:               {"alert", "“It wasn’t me” was chosen in a mail", false, true},
	timeline.PreferencesChanged:  {"list", "Choices for codes and notices saved", false, false},
	timeline.LanguageChanged:     {"globe", "Language of the account changed", true, true},
	timeline.DataExported:        {"down", "The account’s data was downloaded", false, true},
	timeline.ErasureAsked:        {"trash", "Deleting the account was asked for", false, true},
	timeline.ErasureCancelled:    {"check", "The account stays", false, true},
	timeline.FactorResetAsked:    {"alert", "Support was asked to remove the second factor", true, true},
	timeline.FactorResetDone:     {"alert", "The second factor was removed by support", false, true},
	timeline.AccountLocked:       {"lock", "Support locked the account", true, true},
	timeline.AccountUnlocked:     {"check", "Support unlocked the account", true, true},
	timeline.FactorResetLifted:   {"check", "Removing the second factor was stopped", true, true},
	timeline.ContactResetAsked:   {"alert", "Support was asked to give the account another address", true, true},
	timeline.ContactResetDone:    {"alert", "Support gave the account another address, without phone and second factor", false, true},
	timeline.ContactResetLifted:  {"check", "Giving the account another address was stopped", true, true},
	timeline.HackedBegun:         {"shield", "“My account was hacked” was begun", false, true},
	timeline.AccountImported:     {"sparkle", "The account was brought over", true, false},
	timeline.ProfileAdded:        {"users", "Profile added", true, false},
	timeline.ProfileChanged:      {"users", "Profile changed", true, false},
	timeline.ProfileRemoved:      {"users", "Profile deleted", true, false},
	timeline.LockSet:             {"lock", "Profile lock set", true, false},
	timeline.LockRemoved:         {"lock", "Profile lock removed", true, false},
	timeline.BlockedChanged:      {"lock", "Blocked titles changed", true, false},
	timeline.ParentalPINSet:      {"lock", "Parental PIN set", false, false},
	timeline.ParentalPINRemoved:  {"lock", "Parental PIN removed", false, false},
	timeline.ParentalChanged:     {"lock", "Parental control changed", false, false},
	timeline.PINGuessed:          {"alert", "Ten wrong PINs", true, true},
	timeline.PINUnlocked:         {"lock", "Wrong PINs forgiven", true, false},
	timeline.DeviceAdded:         {"tv", "TV signed in", true, false},
	timeline.DeviceRefused:       {"tv", "A TV that asked was refused", true, false},
	timeline.DeviceRenamed:       {"pencil", "TV renamed", true, false},
	timeline.DeviceSignedOut:     {"out", "TV signed out", true, false},
	timeline.DeviceLeft:          {"out", "Signed out or reset at the TV", true, false},
	timeline.DeviceMoved:         {"tv", "TV signed in to another account", true, true},
	timeline.DeviceDeactivated:   {"trash", "TV deactivated", true, false},
	timeline.DeviceEndDate:       {"clock", "End date of a TV saved", true, false},
	timeline.DeviceEnded:         {"out", "TV signed out at its end date", true, false},
	timeline.DeviceStolen:        {"alert", "TV reported stolen", true, true},
	timeline.DeviceFinished:      {"trash", "Stolen TV finished: deactivated, its reports deleted", true, true},
	timeline.DeviceConfirmed:     {"check", "TV confirmed with a signed receipt", true, false},
	timeline.DeviceCloned:        {"alert", "Two TVs used one identity: both are locked", true, true},
	timeline.DeviceControlled:    {"phone", "Controlled from the account page", true, false},
	timeline.PairingOpened:       {"phone", "Pairing of remotes opened on a TV", true, false},
	timeline.RemotePaired:        {"phone", "Remote paired with a TV", true, false},
	timeline.RemoteRole:          {"phone", "A remote may do something else", true, false},
	timeline.RemoteForgotten:     {"trash", "Remote forgotten", true, false},
	timeline.DatabaseRestored:    {"alert", "The service restored a backup; newer sign-outs were kept", true, true},
}

func eventOf(e timeline.Entry) Event {
	k, ok := kinds[e.Kind]
	if !ok {
		k = kindWords{icon: "list", text: "Something changed", subject: true}
	}
	out := Event{Icon: k.icon, Text: k.text, At: e.At, Grave: k.grave}
	if k.subject {
		out.Subject = e.Subject
	}
	if e.Kind == timeline.DeviceConfirmed {
		out.Receipt = "/account/devices/" + string(e.Device) + "/receipt"
	}
	out.Why = why(e)
	out.From = from(e)
	return out
}

// from says who did it, with what and from where.
func from(e timeline.Entry) string {
	var parts []string
	if e.Actor == protocol.ByOperator {
		parts = append(parts, "by support")
	}
	if e.Agent != "" {
		parts = append(parts, "with "+e.Agent)
	}
	if e.IP != "" {
		parts = append(parts, "address "+e.IP)
	}
	if e.Place != "" {
		parts = append(parts, e.Place+" (approximate place)")
	}
	return strings.Join(parts, " · ")
}

// maxWhy bounds the reasons that are shown.
const maxWhy = 12

// why returns what an entry says beyond its sentence.
func why(e timeline.Entry) []string {
	switch e.Kind {
	case timeline.SignInFailed:
		if e.Detail != "" { // in a session
			return []string{e.Detail}
		}
		if e.Times > 1 {
			return []string{"From " + count(e.Times, "device or network", "devices or networks") + " within an hour. The first of them is named here."}
		}
	case timeline.DeviceEndDate, timeline.DeviceAdded:
		return untilWords(e)
	case timeline.RemotePaired, timeline.RemoteRole, timeline.RemoteForgotten:
		return []string{"TV: " + e.Detail}
	case timeline.RecoveryCodeUsed:
		if e.Detail != "" {
			return []string{e.Detail + " left."}
		}
	case timeline.DeviceSignedOut, timeline.SignedOutEverywhere: // by support: who and why
		if e.Actor == protocol.ByOperator && e.Detail != "" {
			return []string{e.Detail}
		}
	case timeline.SignedIn, timeline.SignedInElsewhere, timeline.SignInSuspicious, timeline.CodeAsked, timeline.AttemptStopped, timeline.FactorFailed, timeline.FactorResetAsked,
		timeline.ContactResetAsked, timeline.ContactResetDone,
		timeline.ProfileAdded, timeline.ProfileChanged, timeline.BlockedChanged, timeline.ParentalChanged, timeline.PINGuessed:
		lines := strings.FieldsFunc(e.Detail, func(r rune) bool { return r == '\n' })
		return lines[:min(len(lines), maxWhy)]
	}
	return nil
}

// untilWords says the end date of a TV.
func untilWords(e timeline.Entry) []string {
	t, err := time.Parse(time.RFC3339, e.Detail)
	switch {
	case err == nil:
		return []string{"Until " + t.UTC().Format(layoutDay+", 15:04 MST") + "."}
	case e.Kind == timeline.DeviceEndDate:
		return []string{"It has none any more."}
	}
	return nil
}
