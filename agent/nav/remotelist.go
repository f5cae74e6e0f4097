package nav

import (
	"slices"
	"strings"
)

// Bounds of what is shown of remotes.
const (
	maxRemotes = 8 // that can be paired
	pairDigits = 6
)

// remotePrefix begins the id of every paired remote's item; the rest is its own.
const remotePrefix = "remote-"

// remotes are those that can be shown: with an id of their own.
func (m *Model) remotes() []Remote {
	if m.world.Remotes == nil {
		return nil
	}
	var out []Remote
	for _, r := range m.world.Remotes.Paired {
		double := slices.ContainsFunc(out, func(o Remote) bool { return o.ID == r.ID })
		if double || !soundID(string(r.ID)) || len(out) == maxRemotes {
			continue
		}
		if r.Name = clean(r.Name, maxLabel); r.Name == "" {
			r.Name = text(msgRemoteUnnamed)
		}
		out = append(out, r)
	}
	return out
}

// remote is the one whose screen is open.
func (m *Model) remote() Remote {
	for _, r := range m.remotes() {
		if r.ID == m.settings.remote {
			return r
		}
	}
	return Remote{}
}

// changeRemotes changes what is shown at once; who carries out the effect says the
// same in the next World. What the World pointed to stays as it was.
func (s *stepper) changeRemotes(change func(*Remotes)) {
	if s.world.Remotes == nil {
		return
	}
	r := *s.world.Remotes
	change(&r)
	s.world.Remotes = &r
}

// guarded reports whether the screen is one that takes no keys from a source that
// is not trusted: the list of remotes, one of them, and a pairing.
func (m *Model) guarded() bool {
	if m.dialog != noDialog || m.network.open {
		return false
	}
	return m.pairing.stage != noPairing || m.inSettings() && (m.settings.section == allRemotes || m.settings.section == oneRemote)
}

// takeRemotes takes over what has changed since the World before.
func (s *stepper) takeRemotes(old *Remotes) {
	problem := PairingFine
	if old != nil && old.Window != nil {
		problem = old.Window.Problem
	}
	s.takeWindow(problem)
	s.takeSource()
	switch {
	case s.world.Remotes == nil && (s.settings.section == allRemotes || s.settings.section == oneRemote):
		s.settings.section = allSettings
	case s.settings.section == oneRemote && s.remote().ID == "":
		s.settings.section = allRemotes
	}
	if s.dialog == forgetDialog && s.settings.section != oneRemote || s.dialog == ecpDialog && s.settings.section != allRemotes {
		s.dialog = noDialog
	}
}

// remotesItem opens the list; none where this TV has no such thing.
func (m Model) remotesItem() (Item, bool) {
	it := Item{ID: "remotes", Label: text(msgRemotes)}
	if n := len(m.remotes()); n > 0 {
		it.Detail = text(msgRemotesCount, "n", itoa(n))
	}
	return it, m.servesRemotes() || m.world.Remotes != nil && m.signedIn()
}

func (m Model) remotesItems() []Item {
	r := m.world.Remotes
	var items []Item
	if m.servesRemotes() {
		items = append(items, Item{ID: "pair", Label: text(msgPair)})
	}
	for _, r := range m.remotes() {
		items = append(items, Item{ID: remotePrefix + string(r.ID), Label: r.Name, Detail: joined(roleName(r), r.state())})
	}
	if m.signedIn() {
		items = append(items, Item{ID: "relay", Label: text(msgRelay), Switch: true, Chosen: r.RelayAllowed})
	}
	if r.ECPOffered {
		items = append(items, Item{ID: "ecp", Label: text(msgECP), Detail: text(msgECPText), Switch: true, Chosen: r.ECP})
	}
	return append(items, Item{ID: "back", Label: text(msgBack)})
}

// roleName is said of a guest only: the others are as one expects.
func roleName(r Remote) string {
	if r.Role == RoleHousehold {
		return ""
	}
	return text(msgRoleGuest)
}

func (r Remote) state() string {
	switch {
	case r.Connected:
		return text(msgRemoteConnected)
	case r.LastUsed != "":
		return text(msgRemoteUsed, "when", moment(r.LastUsed))
	}
	return text(msgRemoteUnused)
}

func (m Model) remoteItems() []Item {
	items := roleItems()
	for i := range items {
		items[i].Choice = true
		items[i].Chosen = (items[i].ID == string(RoleHousehold)) == (m.remote().Role == RoleHousehold)
	}
	return append(items, Item{ID: "forget", Label: text(msgRemoteForget), Danger: true}, Item{ID: "back", Label: text(msgBack)})
}

// remotesChoice does what was chosen in the list, or for one remote. Its source is
// trusted: see guarded.
func (s *stepper) remotesChoice(id string, from Source) {
	name, isRemote := strings.CutPrefix(id, remotePrefix)
	switch {
	case s.settings.section == oneRemote:
		s.remoteChoice(id)
	case id == "pair":
		s.askRole(from)
	case id == "relay":
		s.allowRelay(!s.world.Remotes.RelayAllowed)
	case id == "ecp" && s.world.Remotes.ECP:
		s.setECP(false)
	case id == "ecp":
		s.dialog, s.dialogAt = ecpDialog, "no"
	case isRemote:
		s.settings.section, s.settings.remote = oneRemote, RemoteID(name)
	}
}

func (s *stepper) remoteChoice(id string) {
	switch role := RemoteRole(id); {
	case id == "forget":
		s.dialog, s.dialogAt = forgetDialog, "no"
	case (role == RoleHousehold || role == RoleGuest) && role != s.remote().Role:
		s.setRole(s.settings.remote, role)
	}
}

func (s *stepper) setRole(id RemoteID, role RemoteRole) {
	s.changePaired(func(r Remote) (Remote, bool) {
		if r.ID == id {
			r.Role = role
		}
		return r, true
	})
	s.emit(SetRemoteRole{ID: id, Role: role})
}

// forget unpairs the remote whose screen is open.
func (s *stepper) forget() {
	was := s.remote()
	s.changePaired(func(r Remote) (Remote, bool) { return r, r.ID != was.ID })
	s.emit(ForgetRemote{ID: was.ID})
	s.say(msgForgotten, "name", was.Name)
	s.settings.section = allRemotes
}

// changePaired changes the paired remotes, and keeps those that change says.
func (s *stepper) changePaired(change func(Remote) (Remote, bool)) {
	s.changeRemotes(func(r *Remotes) {
		var list []Remote
		for _, one := range r.Paired {
			if one, keep := change(one); keep {
				list = append(list, one)
			}
		}
		r.Paired = list
	})
}

func (s *stepper) allowRelay(allowed bool) {
	s.changeRemotes(func(r *Remotes) {
		if r.RelayAllowed = allowed; !allowed {
			r.RelayedBy = ""
		}
	})
	s.emit(AllowRelay{Allowed: allowed})
}

func (s *stepper) setECP(on bool) {
	s.changeRemotes(func(r *Remotes) { r.ECP = on })
	s.blocking, s.told = blocking{}, nil
	s.emit(SetECP{On: on})
}

// viewRemotes describes the list.
func (m Model) viewRemotes(v *View) {
	v.Title = text(msgRemotes)
	if m.servesRemotes() {
		v.Text = append(v.Text, text(msgRemotesText))
	}
	if m.signedIn() {
		v.Text = append(v.Text, text(msgRelayText))
	}
	switch r := m.world.Remotes; {
	case r.Unserved:
	case r.HotelMode:
		v.Text = append(v.Text, text(msgRemotesHotel))
	case !r.Advertised:
		v.Text = append(v.Text, text(msgRemotesUnseen))
	}
}

// viewRemote describes one remote.
func (m Model) viewRemote(v *View) {
	r := m.remote()
	v.Title, v.Text = r.Name, []string{r.state()}
}

// phoneItems are beside the keyboard of a sign-in: a phone types better. One that
// is connected types already.
func (m Model) phoneItems() []Item {
	if !m.servesRemotes() || slices.ContainsFunc(m.remotes(), func(r Remote) bool { return r.Connected }) {
		return nil
	}
	return []Item{{ID: "pair", Label: text(msgPairToType)}}
}
