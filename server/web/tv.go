package web

import (
	"net/http"
	"net/netip"

	"github.com/hearthkey/hearthkey/protocol"
	"github.com/hearthkey/hearthkey/server/timeline"
)

// tv takes a user code by hand, or shows what a code would approve. It never
// acts: the QR code on a TV leads here too.
func (s *Site) tv(v *visit) error {
	typed := v.r.URL.Query().Get("code")
	if len(typed) > 64 {
		typed = typed[:64]
	}
	if tidy(typed) == "" {
		return s.showTV(v, http.StatusOK, "", nil)
	}
	return s.showRequest(v, http.StatusOK, typed, nil)
}

func (s *Site) showTV(v *visit, status int, code string, problem *Problem) error {
	page := TVPage{Frame: v.frame("Sign in a TV", ""), Code: Field{
		Name: "code", Label: "Code on the TV", Value: code, Autocomplete: "off", Class: "code-input letters",
		Hint: "Eight letters, in two groups.", Placeholder: "BCDF-GHJK", MaxLength: 16, Required: true, Focus: true,
	}}
	if problem != nil && !page.Code.mark(*problem) {
		page.Problems = []Problem{*problem}
	}
	return v.show(status, page)
}

// showRequest shows the TV that waits with a code.
func (s *Site) showRequest(v *visit, status int, code string, problem *Problem) error {
	req, err := s.c.Devices.Pending(v.ctx(), v.now, v.session, code)
	if err != nil {
		p, status, err := v.rejected(err)
		if err != nil {
			return err
		}
		return s.showTV(v, status, code, &p)
	}
	page := TVApprovePage{
		Frame: v.frame("Sign in this TV?", ""), Code: dashed(req.Code), Name: req.Name, Model: req.Model,
		Address: req.IP, Place: req.Place, SameNetwork: sameNetwork(req.IP, s.c.Origins.Addr(v.r).String()),
		Asked: req.Asked, Expires: req.Until,
	}
	if problem != nil {
		page.Problems = []Problem{{Text: problem.Text}}
	}
	return v.show(status, page)
}

// sameNetwork reports whether two addresses are likely of one home: the same
// public IPv4 address, the same IPv6 /64, or both of this machine.
func sameNetwork(a, b string) bool {
	x, err1 := netip.ParseAddr(a)
	y, err2 := netip.ParseAddr(b)
	if err1 != nil || err2 != nil {
		return false
	}
	x, y = x.Unmap().WithZone(""), y.Unmap().WithZone("")
	if x.IsLoopback() && y.IsLoopback() {
		return true
	}
	if x.Is6() && y.Is6() {
		p, err := x.Prefix(64)
		return err == nil && p.Contains(y)
	}
	if x.IsPrivate() && y.IsPrivate() { // a server at home sees the home's own addresses
		p, err := x.Prefix(24)
		return err == nil && p.Contains(y)
	}
	return x == y
}

func (s *Site) tvDecide(v *visit) error {
	code := tidy(v.form("code"))
	switch v.form("do") {
	case "approve":
		return s.approve(v, code)
	case "refuse":
		if err := s.c.Devices.Refuse(v.ctx(), v.now, v.session, code); err != nil {
			return s.tvRejected(v, code, err)
		}
		return v.done("refused", "/account/devices")
	}
	return errBadForm
}

func (s *Site) approve(v *visit, code string) error {
	id, err := s.c.Devices.Approve(v.ctx(), v.now, v.session, code)
	if err != nil {
		return s.tvRejected(v, code, err)
	}
	s.Changed(v.session.Account)
	v.redirect("/tv/done?device=" + string(id))
	return nil
}

func (s *Site) tvRejected(v *visit, code string, err error) error {
	p, status, err := v.rejected(err)
	if err != nil {
		return err
	}
	if p.Field == "code" || status == http.StatusTooManyRequests {
		return s.showTV(v, status, code, &p)
	}
	return s.showRequest(v, status, code, &p)
}

// tvDone says that the TV is signed in.
func (s *Site) tvDone(v *visit) error {
	v.r.SetPathValue("device", v.r.URL.Query().Get("device"))
	d, err := s.card(v)
	if err != nil {
		return err
	}
	return v.show(http.StatusOK, TVDonePage{Frame: v.frame("Signed in", ""), Name: d.Name})
}

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
	timeline.SignInFailed:        {"alert", "A sign-in with a wrong password", false, true},
	timeline.SignedOut:           {"out", "Signed out on the web", false, false},
	timeline.SessionRevoked:      {"out", "A browser was signed out", true, false},
	timeline.PasswordChanged:     {"key", "The password was changed", false, true},
	timeline.SignedOutEverywhere: {"out", "Signed out everywhere", false, true},
	timeline.ProfileAdded:        {"users", "Profile added", true, false},
	timeline.ProfileChanged:      {"users", "Profile changed", true, false},
	timeline.ProfileRemoved:      {"users", "Profile deleted", true, false},
	timeline.LockSet:             {"lock", "Profile lock set", true, false},
	timeline.LockRemoved:         {"lock", "Profile lock removed", true, false},
	timeline.DeviceAdded:         {"tv", "TV signed in", true, false},
	timeline.DeviceRefused:       {"tv", "A TV that asked was refused", true, false},
	timeline.DeviceRenamed:       {"pencil", "TV renamed", true, false},
	timeline.DeviceSignedOut:     {"out", "TV signed out", true, false},
	timeline.DeviceLeft:          {"out", "TV signed out with its remote", true, false},
	timeline.DeviceMoved:         {"tv", "TV signed in to another account", true, true},
	timeline.DeviceDeactivated:   {"trash", "TV deactivated", true, false},
	timeline.DeviceConfirmed:     {"check", "TV confirmed with a signed receipt", true, false},
	timeline.DeviceCloned:        {"alert", "Two TVs used one identity: both are locked", true, true},
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
	var from []string
	if e.Actor == protocol.ByOperator {
		from = append(from, "by support")
	}
	if e.IP != "" {
		from = append(from, e.IP)
	}
	if e.Place != "" {
		from = append(from, e.Place)
	}
	out.From = and(from)
	return out
}
