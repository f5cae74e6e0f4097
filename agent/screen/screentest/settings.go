package screentest

import (
	"strings"
	"time"

	"github.com/hearthkey/hearthkey/agent/keyseq"
	"github.com/hearthkey/hearthkey/agent/nav"
	"github.com/hearthkey/hearthkey/protocol"
	"github.com/hearthkey/hearthkey/protocol/parental"
)

// settings are its screens, as nav makes them, and the network check.
func settings() []Named {
	r := &remote{world: nav.World{
		Phase: nav.Active, Online: true, Owner: "alma@example.com", AccountURL: "tv.example.com/account", LeaseLeft: 7*time.Hour + 41*time.Minute,
		TV:       nav.TV{Name: "Living room", Model: "Hearthkey Demo TV", Version: "1.0.0", Server: "tv.example.com"},
		Profiles: []protocol.Profile{{ID: "p1", Name: "Alma", Avatar: "fox", Level: parental.Teens, Main: true}},
		Account:  &nav.Help{URI: "tv.example.com/account", QR: QR("https://tv.example.com/account")},
	}}
	r.step(r.world)
	r.keys(keyseq.OK, keyseq.Menu)
	r.choose("settings")
	r.show("settings")
	for _, section := range []string{"account", "thisTV", "look", "language", "about"} {
		r.choose(section)
		r.show(section)
		r.keys(keyseq.Back)
	}
	r.choose("about")
	r.choose("licences")
	r.step(nav.Licences{List: somebodys()})
	r.keys(keyseq.Up, keyseq.Up, keyseq.Up)
	r.show("licences")
	r.keys(keyseq.OK, keyseq.Right)
	r.show("licence")
	r.keys(keyseq.Back, keyseq.Back, keyseq.Back)
	r.choose("signOutHere")
	r.show("settings-sign-out")
	return append(r.out, append(services(), checked())...)
}

// choose moves down to an item and takes it.
func (r *remote) choose(id string) {
	for range 40 {
		if r.model.View().Focus == id {
			break
		}
		r.keys(keyseq.Down)
	}
	r.keys(keyseq.OK)
}

// somebodys are licences like those of real software.
func somebodys() []nav.Licence {
	text := "Redistribution and use in source and binary forms, with or without modification, are permitted provided that the " +
		"following conditions are met:\n\n   * Redistributions of source code must retain the above copyright notice.\n"
	var out []nav.Licence
	for _, name := range []string{"The Go standard library", "github.com/dgraph-io/badger/v4 v4.9.6", "github.com/dustin/go-humanize v1.1.0",
		"github.com/google/flatbuffers v25.2.10+incompatible", "github.com/gorilla/websocket v1.5.3", "github.com/klauspost/compress v1.20.1",
		"go.opentelemetry.io/otel v1.41.0", "golang.org/x/crypto v0.59.0", "golang.org/x/sys v0.50.0", "rsc.io/qr v0.2.0"} {
		out = append(out, nav.Licence{Name: name, Kind: "BSD-3-Clause", Text: "Copyright 2009 The Authors.\n\n" + strings.Repeat(text, 8)})
	}
	return out
}

// services are the welcome screen of a box that is sold for several, and its
// choice.
func services() []Named {
	r := &remote{world: nav.World{Phase: nav.SignedOut, Service: "north", Services: []nav.Service{
		{ID: "north", Name: "Northlight"}, {ID: "kino", Name: "Kino am Dienstag"}, {ID: "mare", Name: "Mare TV"}}}}
	r.step(r.world)
	r.show("welcome-services")
	r.choose("service")
	r.show("services")
	r.keys(keyseq.Back)
	r.choose("settings")
	r.show("settings-signed-out")
	return r.out
}

// checked is a network check that found a problem.
func checked() Named {
	who := Profiles()[0]
	return Named{"network", nav.View{Screen: nav.ScreenNetwork, Title: "There is a problem", Focus: "again", Who: &who,
		Text: []string{"Check the cable or Wi-Fi, restart your router, then check again."},
		Items: []nav.Item{
			{ID: "address", Label: "This TV is on your network", Detail: "192.168.1.23", Badge: "✓", Info: true},
			{ID: "name", Label: "The service was found", Detail: "tv.example.com", Badge: "✓", Info: true},
			{ID: "reach", Label: "The service can't be reached", Badge: "!", Info: true},
			{ID: "again", Label: "Check again"}, {ID: "done", Label: "Done"}}}}
}
