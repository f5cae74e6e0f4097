package main

import (
	"flag"
	"strings"

	"github.com/hearthkey/hearthkey/agent"
)

// addLAN adds the flags of the home network.
func addLAN(flags *flag.FlagSet, a *agent.Agent) {
	flags.StringVar(&a.LAN.Listen, "lan", "", "`host:port` where remote controls on the home network are served, as :8713; none if empty")
	flags.Func("lan-interfaces", "`names` of the home network's interfaces, with commas between; all if empty", func(v string) error {
		a.LAN.Interfaces = nil
		for _, name := range strings.Split(v, ",") {
			if name = strings.TrimSpace(name); name != "" {
				a.LAN.Interfaces = append(a.LAN.Interfaces, name)
			}
		}
		return nil
	})
	flags.BoolVar(&a.LAN.HotelMode, "hotel", false, "let this TV be found on the home network only while a remote is being paired")
	flags.StringVar(&a.LAN.ECP, "lan-ecp", "", "`host:port` of the External Control Protocol, as :8060, which the person may switch on where -lan is given too; never offered if empty")
	flags.StringVar(&a.LAN.ServerPin, "server-pin", "", "SHA-256 of the public `key` of an operator's own server, 64 hex digits: it is found on the home network, and no other is spoken to; -server is then where it can be reached from elsewhere, or left out")
	flags.IntVar(&a.LAN.KeysPerSecond, "lan-keys", 0, "keys a second that one remote may send; 50 if 0")
}
