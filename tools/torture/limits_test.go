package torture

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"io"
	"net"
	"net/http"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/hearthkey/hearthkey/protocol"
	"github.com/hearthkey/hearthkey/tools/drive"
)

var connects = flag.Int("connects", 400, "connections that TestR11_Connects makes and ends")

// files is how many descriptors a process has open.
func files(t *testing.T, pid int) int {
	t.Helper()
	list, err := os.ReadDir(fmt.Sprintf("/proc/%d/fd", pid))
	if err != nil {
		t.Skipf("NOT TESTED on this machine: %v", err)
	}
	return len(list)
}

// figure reads one of the server's own figures.
func figure(ctx context.Context, n *node, name string) (float64, error) {
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, "http://"+n.plan.Admin+"/metrics", nil)
	if err != nil {
		return 0, err
	}
	client := http.Client{Transport: &http.Transport{DisableKeepAlives: true}}
	resp, err := client.Do(req)
	if err != nil {
		return 0, err
	}
	defer resp.Body.Close()
	text, err := io.ReadAll(io.LimitReader(resp.Body, 4<<20))
	if err != nil {
		return 0, err
	}
	for line := range strings.Lines(string(text)) {
		if value, ok := strings.CutPrefix(line, name+" "); ok {
			return strconv.ParseFloat(strings.TrimSpace(value), 64)
		}
	}
	return 0, fmt.Errorf("there is no figure %s", name)
}

// R11: after many connections, which end in every way at every stage, the server has
// as many goroutines and descriptors as before.
func TestR11_Connects(t *testing.T) {
	ctx := patient(t, time.Minute+time.Duration(*connects)*20*time.Millisecond)
	n := lone(t, filepath.Join(t.TempDir(), "server"))
	n.plan.Admin = "127.0.0.1:" + strconv.Itoa(freePort(t))
	if err := n.start(ctx); err != nil {
		t.Fatal(err)
	}
	f := moveIn(ctx, t, n, 8)
	for i := range 16 { // what is made once is made by then
		f.comeAndGo(ctx, i%8, i)
	}
	f.owner.Client.CloseIdleConnections()
	goroutines, err := figure(ctx, n, "go_goroutines")
	f.must(err)
	open := files(t, n.process.PID())
	var left atomic.Int64
	left.Store(int64(*connects))
	var all sync.WaitGroup
	for who := range len(f.tvs) {
		all.Go(func() {
			for i := left.Add(-1); i >= 0 && ctx.Err() == nil; i = left.Add(-1) {
				f.comeAndGo(ctx, who, int(i))
			}
		})
	}
	all.Wait()
	ctx, cancel := drive.Timeout(ctx, 30*time.Second)
	defer cancel()
	f.must(drive.Poll(ctx, func() error {
		now, err := figure(ctx, n, "go_goroutines")
		if err != nil {
			return err
		}
		if files := files(t, n.process.PID()); now > goroutines+5 || files > open+5 {
			return fmt.Errorf("%.0f goroutines and %d descriptors after %d connections; there were %.0f and %d", now, files, *connects, goroutines, open)
		}
		return nil
	}))
}

// comeAndGo is one connection, which ends in one of five ways.
func (f *family) comeAndGo(ctx context.Context, who, way int) {
	ctx, cancel := context.WithTimeout(ctx, time.Minute)
	defer cancel()
	screen := f.tvs[who]
	screen.mu.Lock()
	defer screen.mu.Unlock()
	switch way % 5 {
	case 0: // nothing but TCP
		c, err := screen.from.DialContext(ctx, "tcp", f.node.plan.Listen)
		if err == nil {
			c.Close()
		}
		return
	case 1: // half a request
		c, err := screen.from.DialContext(ctx, "tcp", f.node.plan.Listen)
		if err == nil {
			_, _ = c.Write([]byte("GET /v1/device HTTP/1.1\r\nHost: "))
			c.Close()
		}
		return
	case 2: // greeted, and silent
		w, err := screen.dial(ctx, f.node.url())
		if err == nil {
			w.Close()
		}
		return
	}
	w, err := screen.connect(ctx, f.node.url())
	if err != nil {
		return
	}
	defer w.Close()
	if _, err := w.status(); err == nil && way%5 == 4 { // cut off, without a word
		_ = w.NetConn().(*net.TCPConn).SetLinger(0)
		_ = w.NetConn().Close()
	}
}

// A server that has no descriptor left refuses newcomers, keeps whom it has, and is
// itself again when some are free.
func TestOutOfFiles(t *testing.T) {
	ctx := patient(t, 2*time.Minute)
	n := lone(t, filepath.Join(t.TempDir(), "server"))
	n.plan.Files = 96
	if err := n.start(ctx); err != nil {
		t.Fatal(err)
	}
	f := moveIn(ctx, t, n, 2)
	f.tvs[0].mu.Lock()
	kept, err := f.tvs[0].connect(bounded(ctx), n.url())
	f.tvs[0].mu.Unlock()
	f.must(err)
	defer kept.Close()
	if status, err := kept.status(); err != nil || status != protocol.Active {
		t.Fatalf("before: %s, %v", status, err)
	}
	f.must(f.owner.Call(ctx, "GET", "/v1/session", nil, nil)) // and stays connected
	crowd := occupy(t, n.plan.Listen, 300)
	f.must(f.owner.SignOutDevice(ctx, f.tvs[0].id))
	for { // whatever comes before
		status, err := kept.status()
		if err != nil {
			t.Fatalf("a connected TV does not hear of its sign-out: %v", err)
		}
		if status == protocol.SignedOut {
			break
		}
	}
	for _, c := range crowd {
		c.Close()
	}
	f.must(n.ready(ctx))
	f.holds(ctx, "with descriptors again", true, false, true)
	select {
	case <-n.process.Done():
		t.Errorf("the server ended: %v", n.process.Ended())
	default:
	}
}

// occupy connects so often, and says nothing.
func occupy(t *testing.T, address string, n int) (out []net.Conn) {
	t.Helper()
	for range n {
		c, err := net.DialTimeout("tcp", address, 5*time.Second)
		if err != nil {
			break // the queue of those who wait is full too
		}
		out = append(out, c)
	}
	t.Cleanup(func() {
		for _, c := range out {
			c.Close()
		}
	})
	return out
}

// memory makes a control group with a bound, of either version of the kernel's interface.
func memory(t *testing.T, bound int) string {
	t.Helper()
	for _, v := range []struct{ base, limit string }{{"/sys/fs/cgroup/memory", "memory.limit_in_bytes"}, {"/sys/fs/cgroup", "memory.max"}} {
		dir := filepath.Join(v.base, "hearthkey-torture-"+strconv.Itoa(os.Getpid()))
		if err := os.Mkdir(dir, 0o755); err != nil {
			continue
		}
		t.Cleanup(func() { _ = os.Remove(dir) })
		if err := os.WriteFile(filepath.Join(dir, v.limit), []byte(strconv.Itoa(bound)), 0o600); err == nil {
			return dir
		}
	}
	t.Skip("NOT TESTED on this machine, since it needs root and a memory controller: bounds of memory")
	return ""
}

// littleMemory is less than ten passwords take that are checked at the same time, beside
// what a server takes by itself.
const littleMemory = 192 << 20

// A server in 192 MB, where sixty people sign in at once: nobody brings it down.
func TestLittleMemory(t *testing.T) {
	group := memory(t, littleMemory)
	ctx := patient(t, 2*time.Minute)
	n := lone(t, filepath.Join(t.TempDir(), "server"))
	n.plan.Group = group
	t.Cleanup(n.kill) // before the group goes
	if err := n.start(ctx); err != nil {
		t.Fatal(err)
	}
	f := moveIn(ctx, t, n, 1)
	var in, off atomic.Int64
	var crowd sync.WaitGroup
	for range 60 {
		crowd.Go(func() {
			a := drive.Account{URL: n.url(), Email: f.owner.Email, Device: f.owner.Device, Client: f.owner.Client}
			err := a.SignIn(ctx, linearPassword)
			var p *drive.Problem
			switch {
			case err == nil:
				in.Add(1)
			case errors.As(err, &p) && (p.Status == http.StatusTooManyRequests || p.Status == http.StatusServiceUnavailable):
				off.Add(1)
			default:
				t.Errorf("sign in: %v", err)
			}
		})
	}
	crowd.Wait()
	if t.Logf("%d signed in, %d were told to come later", in.Load(), off.Load()); in.Load() == 0 {
		t.Error("nobody gets in")
	}
	f.must(f.owner.SignOutDevice(ctx, f.tvs[0].id))
	select {
	case <-n.process.Done():
		t.Fatalf("the server ended: %v", n.process.Ended())
	default:
	}
}
