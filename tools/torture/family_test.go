package torture

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"sync/atomic"
	"testing"
	"time"

	"github.com/hearthkey/hearthkey/protocol"
	"github.com/hearthkey/hearthkey/tools/drive"
)

// homes counts networks of loopback, so that no two families share one's limits.
var homes atomic.Int64

// family is an account with an owner's browser, a second browser, and TVs.
type family struct {
	t       *testing.T
	node    *node
	home    int
	owner   drive.Account
	browser drive.Account
	tvs     []*tv
}

// moveIn makes an account at a server.
func moveIn(ctx context.Context, t *testing.T, n *node, tvs int) *family {
	t.Helper()
	f := &family{t: t, node: n, home: 20_000 + int(homes.Add(1))}
	client := &http.Client{Timeout: time.Minute, Transport: &http.Transport{DialContext: dialHome(f.home)}}
	t.Cleanup(client.CloseIdleConnections)
	f.owner = drive.Account{URL: n.url(), Email: fmt.Sprintf("mara%d@example.org", f.home), Client: client}
	f.must(f.owner.SignUp(ctx, linearPassword))
	f.browser = f.owner
	f.must(f.browser.SignIn(ctx, linearPassword))
	for range tvs {
		f.addTV(ctx)
	}
	return f
}

func (f *family) addTV(ctx context.Context) *tv {
	f.t.Helper()
	screen, err := newTV(home(f.home))
	f.must(err)
	code, err := screen.code(bounded(ctx), f.node.url())
	f.must(err)
	f.must(f.owner.Approve(ctx, code))
	f.tvs = append(f.tvs, screen)
	return screen
}

func (f *family) must(err error) {
	f.t.Helper()
	if err != nil {
		f.t.Fatal(err)
	}
}

// bounded gives one exchange of a TV time, which ends with it or with the test.
func bounded(ctx context.Context) context.Context {
	ctx, cancel := context.WithTimeout(ctx, time.Minute)
	context.AfterFunc(ctx, cancel)
	return ctx
}

// live reports whether a browser is signed in.
func live(ctx context.Context, a drive.Account) (bool, error) {
	err := a.Call(ctx, "GET", "/v1/session", nil, nil)
	var p *drive.Problem
	if errors.As(err, &p) && p.Status == http.StatusUnauthorized {
		return false, nil
	}
	return err == nil, err
}

// holds checks who is signed in, once the server answers.
func (f *family) holds(ctx context.Context, when string, browser bool, tvs ...bool) {
	f.t.Helper()
	ctx, cancel := drive.Timeout(ctx, 30*time.Second)
	defer cancel()
	var got bool
	f.must(drive.Poll(ctx, func() (err error) { got, err = live(ctx, f.browser); return err }))
	if got != browser {
		f.t.Errorf("%s: the browser is signed in: %t, want %t", when, got, browser)
	}
	for i, want := range tvs {
		var status protocol.Status
		f.must(drive.Poll(ctx, func() (err error) { status, err = f.tvs[i].access(ctx, f.node.url()); return err }))
		if (status == protocol.Active) != want {
			f.t.Errorf("%s: TV %d is %s, want active: %t", when, i+1, status, want)
		}
	}
}
