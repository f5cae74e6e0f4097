package loadtv

import (
	"context"
	"crypto/rand"
	"encoding/hex"
	"fmt"
	"net"
	"net/http"

	"github.com/hearthkey/hearthkey/tools/drive"
)

// Password is that of every household: they exist on this machine alone, for minutes.
const Password = "seven brass lanterns drift"

// household is one account and its TVs, in a network of its own.
type household struct {
	target target
	from   net.IP
	dial   func(ctx context.Context, network, address string) (net.Conn, error)
	owner  *drive.Account
	tvs    []*tv

	news    chan heard // newer states, for who waits for them
	first   drive.Profile
	renamed int // times that it was
}

func newHousehold(at target, network, size int, c *counters) (*household, error) {
	var name [8]byte
	if _, err := rand.Read(name[:]); err != nil {
		return nil, err
	}
	from := source(network)
	h := &household{target: at, from: from, dial: dialer(from), news: make(chan heard, 8*size)}
	h.owner = &drive.Account{
		URL: "http://" + at.host, Email: "load-" + hex.EncodeToString(name[:]) + "@example.com",
		Client: &http.Client{Transport: &http.Transport{DialContext: h.dial, MaxIdleConnsPerHost: 4}},
	}
	for i := range size {
		t, err := newTV(h, fmt.Sprintf("TV %02d", i+1), c)
		if err != nil {
			return nil, err
		}
		h.tvs = append(h.tvs, t)
	}
	return h, nil
}

// signUp makes the account.
func (h *household) signUp(ctx context.Context) error {
	if err := h.owner.SignUp(ctx, Password); err != nil {
		return fmt.Errorf("sign up: %w", err)
	}
	return nil
}

func (h *household) close() {
	h.owner.Client.CloseIdleConnections()
}
