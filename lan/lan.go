// Package lan is Hearthkey on the home network: TVs and an operator's own server make
// themselves known there, and are found, by mDNS and DNS-SD.
//
//	a, err := lan.Advertise(lan.Settings{}, lan.Announcement{
//		Type: lan.TV, Port: 8712, About: lan.About{ID: id, Name: "Living room", …},
//	})
//	defer a.Close() // says goodbye
//
//	peers, err := lan.Browse(ctx, lan.Settings{}, lan.TV, 2*time.Second)
//
// # What is told
//
// Whatever stands in [About], and no more: no account, address of mail, serial number
// or hardware address, and not whether somebody is signed in. The id and the key that
// the fingerprint is of are random, and made anew when a TV's data is erased.
//
// # What may be believed
//
// Nothing. Anybody on the network can say to be any TV or server. What is found is a
// place to try; who is there, the TLS key proves, which its finder must know already
// (package remote, and the agent's pinned server). Of two peers that claim one id both
// are told, since they differ in the fingerprint.
//
// # Concurrency
//
// An [Advertiser] and a [Watcher] may be used by several goroutines, each has a few
// goroutines of its own, and Close waits for them. Both follow the network: cables,
// addresses and interfaces may come and go.
//
// # Tests
//
// In network namespaces (tools/lanlab) with avahi, python3-zeroconf, Node's
// bonjour-service and ciao, and Go's grandcat/zeroconf: each finds ours and is found,
// names conflict both ways, and TVs leave by goodbye and by kill. The text is fuzzed.
// The protocol itself is package mdns, tested in made-up time.
package lan

import (
	"errors"
	"fmt"
	"log/slog"

	"github.com/hearthkey/hearthkey/lan/mdns"
)

// Type is a kind of service on the home network.
type Type string

// The types of Hearthkey's services.
const (
	TV     Type = "_hearthkey-tv._tcp"   // takes remote controls: package remote
	Server Type = "_hearthkey-sync._tcp" // an operator's own, on the same network
)

// ErrSettings is wrapped for what cannot be made known.
var ErrSettings = errors.New("lan: settings")

// Settings are the same for all that is done on the network.
type Settings struct {
	Interfaces []string     // by name; empty: all but loopbacks that can send to all
	Loopback   bool         // beside all of them, this machine's loopback: what is made known there nobody else hears
	Log        *slog.Logger // nil: nothing is logged
}

// Announcement is a service to be made known.
type Announcement struct {
	Type Type
	Port uint16
	About
}

// Advertiser makes a service known until Close.
type Advertiser struct {
	kind Type
	node *mdns.Node
}

// Advertise makes a service known, as soon as its name is known to be free on the
// network: about a second after it begins, and again wherever a cable is put in. Where
// the name is taken it gets a number. Errors wrap [ErrSettings] or [mdns.ErrNoSocket].
func Advertise(s Settings, a Announcement) (*Advertiser, error) {
	service, err := a.service()
	if err != nil {
		return nil, err
	}
	return start(s, a.Type, service)
}

// Hidden is an Advertiser of a type that makes nothing known yet: Update does.
func Hidden(s Settings, t Type) (*Advertiser, error) { return start(s, t, nil) }

func start(s Settings, t Type, service *mdns.Service) (*Advertiser, error) {
	log := s.Log
	if log == nil {
		log = slog.New(slog.DiscardHandler)
	}
	node, err := mdns.Start(mdns.Config{
		Interfaces: s.Interfaces, Loopback: s.Loopback, Service: service, Log: log,
		Announced: func(name string) { log.Info("known on the home network", "name", name, "type", string(t)) },
	})
	if err != nil {
		return nil, fmt.Errorf("lan: advertise: %w", err)
	}
	return &Advertiser{kind: t, node: node}, nil
}

// Update changes what is made known. Errors wrap [ErrSettings].
func (a *Advertiser) Update(to Announcement) error {
	to.Type = a.kind
	service, err := to.service()
	if err != nil {
		return err
	}
	a.node.Update(service)
	return nil
}

// Hide says goodbye, until the next Update.
func (a *Advertiser) Hide() { a.node.Update(nil) }

// Close says goodbye and ends.
func (a *Advertiser) Close() error { return a.node.Close() }

// service checks an announcement and puts it into DNS-SD's words.
func (a *Announcement) service() (*mdns.Service, error) {
	if a.Type != TV && a.Type != Server {
		return nil, fmt.Errorf("%w: type %q", ErrSettings, a.Type)
	}
	if a.Port == 0 {
		return nil, fmt.Errorf("%w: no port", ErrSettings)
	}
	text, err := a.text()
	if err != nil {
		return nil, err
	}
	return &mdns.Service{Instance: a.Name, Type: string(a.Type), Host: "hearthkey-" + a.ID, Port: a.Port, Text: text}, nil
}
