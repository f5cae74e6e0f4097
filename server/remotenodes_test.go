package server_test

import (
	"net/http"
	"path/filepath"
	"testing"

	"github.com/hearthkey/hearthkey/protocol"
	"github.com/hearthkey/hearthkey/protocol/tvremote"
	"github.com/hearthkey/hearthkey/server"
	"github.com/hearthkey/hearthkey/server/api"
	"github.com/hearthkey/hearthkey/server/bus/natsbus/natstest"
	"github.com/hearthkey/hearthkey/server/store/postgres/pgcluster"
)

// D11, D5: the phone may be at another node than the TV: keys and screens cross, and a
// session that ends at a third request's node ends the control. PostgreSQL and NATS are
// real.
func TestD11_ControlCrossesNodes(t *testing.T) {
	nats, data := natstest.Start(t, 1), t.TempDir()
	databases.Store(data, pgcluster.Database(t))
	node := func(name string) *house {
		return open(t, func(c *server.Config) {
			c.Bus, c.Data, c.PublicURL = nats.URL(0), data, "http://127.0.0.1"
			c.Deletions = filepath.Join(t.TempDir(), name)
		})
	}
	one, two := node("one"), node("two")
	o, v := controlled(t, one) // the TV is at the first
	ws, _, err := two.remote(v, http.Header{"Authorization": {"Bearer " + o.token}})
	if err != nil {
		t.Fatal(err)
	}
	defer ws.Close()
	p := &phone{t, ws}
	id := v.begins(p)
	for range 20 {
		p.send(`{"t":"key","seq":1,"key":"Up","action":"press"}`)
		if r := expect[protocol.Relay](v); r.ID != id || string(r.Frame) != `{"t":"key","seq":1,"key":"Up","action":"press"}` {
			t.Fatalf("the TV reads %q", string(r.Frame))
		}
		v.says(id, tvremote.Ack{Seq: 1})
		p.expect(`{"t":"ack","seq":1}`)
	}
	o.call("POST", "/v1/sign-out", nil, nil) // at the first
	if got := p.closed(); got != api.RemoteEnded {
		t.Errorf("closed with %d, want that the session has ended", got)
	}
	for r := expect[protocol.Relay](v); !r.End; r = expect[protocol.Relay](v) {
	}
}
