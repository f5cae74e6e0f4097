package loadtv

import (
	"context"
	"errors"
	"slices"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"go.uber.org/goleak"

	"github.com/hearthkey/hearthkey/protocol"
	"github.com/hearthkey/hearthkey/server"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// start runs a server of this process until the test ends. It pings each TV so often.
func start(t *testing.T, ping time.Duration) string {
	t.Helper()
	ctx, stop := context.WithCancel(context.Background())
	srv, err := server.New(ctx, server.Config{Listen: "127.0.0.1:0", Data: t.TempDir(), Name: "load.test", Dev: true, Drain: time.Millisecond, Ping: ping})
	if err != nil {
		t.Fatal(err)
	}
	ended := make(chan error, 1)
	go func() { ended <- srv.Run(ctx) }()
	t.Cleanup(func() {
		stop()
		if err := <-ended; err != nil {
			t.Errorf("Run = %v", err)
		}
	})
	return srv.URL()
}

// A fleet goes through everything that it can do.
func TestFleet(t *testing.T) {
	f, err := New(Config{URL: start(t, time.Second), Sizes: []int{3, 1}})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(f.Close)
	ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
	defer cancel()
	step := func(what string, err error) {
		t.Helper()
		if err != nil {
			t.Fatalf("%s: %v", what, err)
		}
	}
	step("sign up", f.SignUp(ctx))
	step("enrol", f.Enrol(ctx))
	storm, err := f.Connect(ctx)
	step("connect", err)
	if storm.TVs != 4 || storm.All <= 0 || slices.Min(storm.Each) <= 0 {
		t.Errorf("Connect = %+v", storm)
	}
	step("idle", f.Idle(ctx, 1100*time.Millisecond))
	if c := f.Counts(); c.Pings == 0 || c.Frames == 0 || c.Lost != 0 {
		t.Errorf("Counts = %+v", c)
	}
	f.HangUp()
	_, err = f.Connect(ctx)
	step("connect again", err)
	for range 2 {
		n, err := f.Nudge(ctx, 0)
		step("nudge", err)
		if n.TVs != 3 || len(n.Told) != 3 || n.Answer <= 0 || slices.Min(n.Told) <= 0 {
			t.Errorf("Nudge = %+v", n)
		}
	}

	for range 2 {
		out, err := f.SignOutEverywhere(ctx, 0)
		step("sign out", err)
		if out.TVs != 3 || out.Told <= 0 || out.Acked < out.Told || out.Answer <= 0 {
			t.Errorf("SignOutEverywhere = %+v", out)
		}
		step("enrol again", f.EnrolAgain(ctx, 0))
		_, err = f.ConnectHousehold(ctx, 0)
		step("connect the household", err)
	}
	devices, err := f.Owner(0).Devices(ctx)
	step("devices", err)
	for _, d := range devices {
		if d.Status != protocol.Active || d.Epoch != 3 || !d.Online {
			t.Errorf("after two sign-outs a device is %+v", d)
		}
	}
	if len(devices) != 3 {
		t.Errorf("%d devices, want 3", len(devices))
	}
	if c := f.Counts(); c.Lost != 0 {
		t.Errorf("%d connections were lost", c.Lost)
	}
}

// Hostile clients are got rid of, whatever they do, and the TVs do not notice.
func TestHostile(t *testing.T) {
	f, err := New(Config{URL: start(t, time.Second), Sizes: []int{1}})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(f.Close)
	// What says nothing is left out here: the server has 20 s of patience with it.
	h, err := f.hostile(t.Context(), 15, evils[:5])
	if err != nil {
		t.Fatal(err)
	}
	if h.Refused != 0 || h.Closed+h.Cut != int64(h.Clients) || h.Closed < int64(h.Clients)/2 || len(h.Each) != h.Clients {
		t.Errorf("Hostile = %+v, want all of them gone, most with a reason", h)
	}
}

// The others of a home hear of each change while TVs read nothing or little. What ends
// one that reads nothing is seen, and all are connected again in the end.
func TestSlow(t *testing.T) {
	var f *Fleet
	ends := func(stage string, done, _ int) {
		if stage == "slow" && done == 1 { // that crawls is no matter, and the mute one is waited for
			_ = f.homes[0].tvs[0].ws.NetConn().Close() // as the server does after its patience
		}
	}
	f, err := New(Config{URL: start(t, time.Minute), Sizes: []int{4, 1}, Progress: ends})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(f.Close)
	for _, stage := range []func(context.Context) error{f.SignUp, f.Enrol, func(ctx context.Context) error { _, err := f.Connect(ctx); return err }} {
		if err := stage(t.Context()); err != nil {
			t.Fatal(err)
		}
	}
	for _, n := range []int{0, 3} {
		if _, err := f.Slow(t.Context(), n); !errors.Is(err, ErrBounds) {
			t.Errorf("Slow(%d of 5, of which 4 have a home together) = %v, want %v", n, err, ErrBounds)
		}
	}
	s, err := f.slow(t.Context(), 2, []pace{mute, crawls})
	if err != nil || s.TVs != 2 || len(s.Dropped) != 1 || s.Kept != 1 || len(s.Before) != slowRounds || len(s.Meanwhile) < 2 {
		t.Errorf("slow = %+v, %v", s, err)
	}
	list, err := f.Owner(0).Devices(t.Context())
	if err != nil || len(list) != 4 {
		t.Fatalf("Devices = %+v, %v", list, err)
	}
	for _, d := range list {
		if !d.Online {
			t.Errorf("%s is not connected in the end", d.Name)
		}
	}
	if c := f.Counts(); c.Lost != 0 {
		t.Errorf("%d connections were lost", c.Lost)
	}
}

func TestRefuses(t *testing.T) {
	for _, tt := range []struct {
		url   string
		sizes []int
		want  error
	}{
		{"ws://127.0.0.1:8700", []int{1}, nil},
		{"http://localhost:8700/", []int{50, 1}, nil},
		{"ws://127.3.2.1:1", []int{1}, nil},
		{"ws://192.0.2.1:8700", []int{1}, ErrNotHere},
		{"ws://tv.example:8700", []int{1}, ErrNotHere},
		{"wss://127.0.0.1:8700", []int{1}, ErrNotHere},
		{"ws://[::1]:8700", []int{1}, ErrNotHere},
		{"ws://0.0.0.0:8700", []int{1}, ErrNotHere},
		{"ws://127.0.0.1", []int{1}, ErrNotHere},
		{"ws://127.0.0.1.example:8700", []int{1}, ErrNotHere},
		{"ws://127.0.0.1:8700", nil, ErrBounds},
		{"ws://127.0.0.1:8700", []int{0}, ErrBounds},
		{"ws://127.0.0.1:8700", []int{51}, ErrBounds},
		{"ws://127.0.0.1:8700", slices.Repeat([]int{50}, 401), ErrBounds},
	} {
		if _, err := New(Config{URL: tt.url, Sizes: tt.sizes}); !errors.Is(err, tt.want) || (err == nil) != (tt.want == nil) {
			t.Errorf("New(%q, %d households) = %v, want %v", tt.url, len(tt.sizes), err, tt.want)
		}
	}
	if _, err := dialer(source(0))(t.Context(), "tcp", "192.0.2.1:9"); err == nil {
		t.Error("a loopback source reached another network")
	}
}

func TestEven(t *testing.T) {
	for _, tt := range []struct {
		n, k int
		want []int
	}{
		{0, 0, nil}, {5, 6, nil}, {5, -1, nil},
		{1, 0, []int{1}}, {41, 0, []int{21, 20}}, {10, 3, []int{4, 3, 3}},
	} {
		if diff := cmp.Diff(tt.want, Even(tt.n, tt.k)); diff != "" {
			t.Errorf("Even(%d, %d) (-want +got):\n%s", tt.n, tt.k, diff)
		}
	}
}

func TestSource(t *testing.T) {
	for n, want := range map[int]string{0: "127.1.0.1", 255: "127.1.255.1", 256: "127.2.0.1", networks - 1: "127.254.255.1", networks: "127.1.0.1"} {
		if got := source(n).String(); got != want {
			t.Errorf("source(%d) = %s, want %s", n, got, want)
		}
	}
}
