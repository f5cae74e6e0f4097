package natsbus

import (
	"errors"
	"fmt"
	"net/netip"
	"net/url"
	"os"
	"strings"

	"github.com/nats-io/nats.go"
)

var (
	// ErrAddress: the address cannot be used. The text says why, without a secret.
	ErrAddress = errors.New("natsbus: address not understood")
	// ErrPlain: the link to another machine would not be protected.
	ErrPlain = errors.New("natsbus: link to another machine without TLS")
)

const (
	maxAddress    = 4096 // bytes
	maxServers    = 32   // addresses of one bus
	maxName       = 64   // bytes of a node's name, and of the prefix
	defaultPrefix = "hearthkey"
)

// address is one that was read.
type address struct {
	servers string
	prefix  string
	options []nats.Option
}

// parse reads tls://user:password@host:4222,tls://host:4222?creds=FILE&ca=FILE&cert=FILE&key=FILE&subject=NAME.
// tls=none allows a link in the clear to other machines.
func parse(text string) (address, error) {
	servers, settings, _ := strings.Cut(text, "?")
	query, err := url.ParseQuery(settings)
	list := strings.Split(servers, ",")
	if err != nil || len(text) > maxAddress || len(list) > maxServers {
		return address{}, fmt.Errorf("%w: it does not read nats://host:4222", ErrAddress)
	}
	a := address{servers: servers, prefix: defaultPrefix}
	for _, server := range list {
		u, err := url.Parse(strings.TrimSpace(server))
		if err != nil || u.Host == "" || u.Path != "" || u.Scheme != "nats" && u.Scheme != "tls" {
			return address{}, fmt.Errorf("%w: each server reads nats://host:4222 or tls://host:4222", ErrAddress)
		}
		if u.Scheme == "nats" && query.Get("tls") != "none" && !here(u.Hostname()) {
			return address{}, fmt.Errorf("%w: %s", ErrPlain, u.Host)
		}
	}
	return a, a.set(query)
}

func (a *address) set(query url.Values) error {
	for name := range query {
		value := query.Get(name)
		switch name {
		case "tls":
			if value != "none" {
				return fmt.Errorf("%w: tls is none, or left out", ErrAddress)
			}
		case "subject":
			if !named(value) {
				return fmt.Errorf("%w: subject has letters, digits and dashes, at most %d", ErrAddress, maxName)
			}
			a.prefix = value
		case "creds":
			a.options = append(a.options, nats.UserCredentials(value))
		case "ca":
			a.options = append(a.options, nats.RootCAs(value))
		case "cert":
			a.options = append(a.options, nats.ClientCert(value, query.Get("key")))
		case "key": // belongs to cert
		default:
			return fmt.Errorf("%w: %q is no setting", ErrAddress, name)
		}
		if name == "creds" || name == "ca" || name == "cert" || name == "key" {
			if _, err := os.Stat(value); err != nil {
				return fmt.Errorf("%w: the file of %s cannot be read", ErrAddress, name)
			}
		}
	}
	if query.Has("cert") != query.Has("key") {
		return fmt.Errorf("%w: cert and key belong together", ErrAddress)
	}
	return nil
}

// here reports whether a host is this machine.
func here(host string) bool {
	addr, err := netip.ParseAddr(host)
	return host == "localhost" || err == nil && addr.IsLoopback()
}

// named reports whether a text can stand in a subject as one word.
func named(text string) bool {
	for _, c := range text {
		if c != '-' && (c < '0' || c > '9') && (c < 'a' || c > 'z') && (c < 'A' || c > 'Z') {
			return false
		}
	}
	return text != "" && len(text) <= maxName
}
