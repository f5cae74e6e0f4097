package nav

import (
	"strings"
	"time"
)

// changesRemotes reports whether what is one of the words of changeRemotes.
func changesRemotes(what string) bool {
	switch what {
	case "remotes", "relay", "relayed", "ecp", "app", "window", "seen":
		return true
	}
	return false
}

// changeRemotes changes what stories about remotes need:
//
//	remotes="r1:Mara's phone:household:on, r2:Guest:guest:yesterday at 21:40"   or none
//	relay=yes relayed=Mara ecp=yes|no|never app=10.0.0.7:Hub seen=yes|no|hotel
//	window=482913/2m0s/3/guest[/wrongCode]   window=paired/Mara's phone   window=wait/1m0s   window=full   window=none
func (s *story) changeRemotes(what, v string) {
	s.t.Helper()
	r := Remotes{Advertised: true, ECPOffered: true}
	if s.world.Remotes != nil {
		r = *s.world.Remotes
	}
	switch what {
	case "remotes":
		r.Paired = nil
		for _, entry := range strings.Split(v, ",") {
			if part := strings.SplitN(strings.TrimSpace(entry), ":", 4); len(part) == 4 {
				one := Remote{ID: RemoteID(part[0]), Name: part[1], Role: RemoteRole(part[2]), LastUsed: part[3]}
				if part[3] == "on" {
					one.LastUsed, one.Connected = "", true
				}
				r.Paired = append(r.Paired, one)
			}
		}
	case "relay":
		r.RelayAllowed = v == "yes"
	case "relayed":
		r.RelayedBy = v
	case "ecp":
		r.ECP, r.ECPOffered = v == "yes", v != "never"
	case "app":
		id, name, _ := strings.Cut(v, ":")
		r.ECPSource = &ECPSource{ID: id, Name: name}
	case "seen":
		r.Advertised, r.HotelMode = v == "yes", v == "hotel"
	case "window":
		r.Window = s.pairingWindow(v)
	}
	s.world.Remotes = &r
}

func (s *story) pairingWindow(v string) *PairingWindow {
	s.t.Helper()
	part := strings.Split(v, "/")
	switch part[0] {
	case "none":
		return nil
	case "paired":
		return &PairingWindow{Paired: part[1], Role: RemoteRole(part[2])}
	case "wait":
		return &PairingWindow{Problem: PairingWait, Wait: s.duration(part[1])}
	}
	if len(part) == 1 {
		return &PairingWindow{Problem: PairingProblem(part[0])}
	}
	w := &PairingWindow{Code: part[0], QR: []string{"10", "01"}, ExpiresIn: s.duration(part[1]), TriesLeft: s.number(part[2]), Role: RemoteRole(part[3])}
	if len(part) > 4 {
		w.Problem = PairingProblem(part[4])
	}
	return w
}

// hostileRemotes are as many and as odd as nobody would make them.
func hostileRemotes(a, b byte) *Remotes {
	ids := []RemoteID{"a", "b", "a", "", "\x00", RemoteID(strings.Repeat("<", 64)), RemoteID(strings.Repeat("x", 65)), "pair", "relay", "c", "d", "e"}
	roles := []RemoteRole{RoleHousehold, RoleGuest, "", "later"}
	r := &Remotes{ECPOffered: a%5 != 0, ECP: a%2 == 0, RelayAllowed: b%2 == 0, Advertised: b%3 == 0, HotelMode: b%7 == 0}
	for i := range int(b) % 14 {
		r.Paired = append(r.Paired, Remote{
			ID: ids[(i+int(a))%len(ids)], Name: strings.Repeat("<\x00\u2028", i*20), Role: roles[(i+int(b))%4], LastUsed: strings.Repeat("&", i*30), Connected: i%3 == 1,
		})
	}
	if b%4 == 0 {
		r.RelayedBy = strings.Repeat("Mara<", int(a))
	}
	if a%3 == 0 {
		r.ECPSource = &ECPSource{ID: strings.Repeat("h", int(b)), Name: strings.Repeat("\x00<", int(b))}
	}
	if a%7 < 5 {
		r.Window = hostileWindow(a, b)
	}
	return r
}

func hostileWindow(a, b byte) *PairingWindow {
	problems := []PairingProblem{PairingFine, PairingFine, PairingFine, PairingWrongCode, PairingWait, PairingExpired, PairingFull, PairingOff, "later"}
	codes := []string{"482913", "000000", "", "48", "48é913", strings.Repeat("4", 900)}
	w := &PairingWindow{
		Code: codes[int(a)%len(codes)], QR: []string{"10", "0"}, ExpiresIn: time.Duration(int(b)-20) * time.Second, Role: []RemoteRole{RoleGuest, RoleHousehold, "later"}[b%3],
		TriesLeft: int(a)%5 - 1, Problem: problems[int(b)%len(problems)], Wait: time.Duration(int(a)-60) * time.Second,
	}
	if b%11 == 0 {
		w.Paired = strings.Repeat("<\x00", int(a))
	}
	return w
}
