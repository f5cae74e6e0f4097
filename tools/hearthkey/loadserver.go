package main

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"time"

	"github.com/hearthkey/hearthkey/tools/drive"
	"github.com/hearthkey/hearthkey/tools/loadtv"
)

// Bounds of a server of a load test's own.
const (
	ownPort      = 8740             // or the next free one
	ownStartTime = 30 * time.Second // until it is ready
	ownStopTime  = 30 * time.Second // until it has ended
	maxMetrics   = 4 << 20          // bytes of its figures
)

// ownServer is a hearthkey-server that runs for a load test, in a folder that is gone
// after it.
type ownServer struct {
	process    *drive.Process
	dir        string
	url, admin string
	notes      []usage
}

// usage is what the server's process took.
type usage struct{ resident, cpu float64 } // bytes, seconds

// startOwn starts the hearthkey-server that lies beside this program. A ping of zero is
// the server's own.
func startOwn(ctx context.Context, ping time.Duration) (_ *ownServer, err error) {
	self, err := os.Executable()
	if err != nil {
		return nil, fmt.Errorf("find the server: %w", err)
	}
	path := filepath.Join(filepath.Dir(self), "hearthkey-server")
	if _, err := os.Stat(path); err != nil {
		return nil, fmt.Errorf("hearthkey-server is not beside this program: run make build, or name a running one with --url (%w)", err)
	}
	s := &ownServer{}
	if s.dir, err = os.MkdirTemp("", "hearthkey-loadtest-"); err != nil {
		return nil, err
	}
	if err := s.start(ctx, path, ping); err != nil {
		return nil, errors.Join(err, s.stop())
	}
	return s, nil
}

func (s *ownServer) start(ctx context.Context, path string, ping time.Duration) error {
	port, err := drive.FreePort(ownPort)
	if err != nil {
		return err
	}
	admin, err := drive.FreePort(port + 1)
	if err != nil {
		return err
	}
	at := "127.0.0.1:" + strconv.Itoa(port)
	s.url, s.admin = "ws://"+at, "http://127.0.0.1:"+strconv.Itoa(admin)
	args := []string{"serve", "--dev", "--listen", at, "--admin", strings.TrimPrefix(s.admin, "http://"), "--name", "load.test", "--data", s.dir, "--log-level", "warn"}
	if ping > 0 {
		args = append(args, "--ping", ping.String())
	}
	if s.process, err = drive.Start("server", path, args, nil, io.Discard); err != nil {
		return err
	}
	ctx, cancel := drive.Timeout(ctx, ownStartTime)
	defer cancel()
	err = drive.Poll(ctx, func() error {
		select {
		case <-s.process.Done():
			return nil // said below
		default:
		}
		_, err := s.usage(ctx)
		return err
	})
	select {
	case <-s.process.Done():
		return s.process.Ended()
	default:
		return err
	}
}

// note notes what the server took until now.
func (s *ownServer) note(ctx context.Context, _ *loadtv.Fleet, _ *loadReport) error {
	u, err := s.usage(ctx)
	s.notes = append(s.notes, u)
	return err
}

// sum tells what it took to connect and to idle: it is called after idling, with a note
// from before connecting and one from before idling.
func (s *ownServer) sum(ctx context.Context, f *loadtv.Fleet, r *loadReport) error {
	now, err := s.usage(ctx)
	if err != nil {
		return err
	}
	const mib = 1 << 20
	alone, connected, tvs := s.notes[0], s.notes[1], float64(f.TVs())
	connect := millis((connected.cpu - alone.cpu) * float64(time.Second))
	r.Server = &loadServer{
		Before: alone.resident / mib, Idle: now.resident / mib,
		Connect: connect, PerTV: connect / millis(f.TVs()),
	}
	if idle := r.Idle.ms() / 1000; idle > 0 {
		r.Server.CPUIdle = (now.cpu - connected.cpu) * 1e6 / idle / tvs
	}
	return nil
}

// usage asks the server for its figures.
func (s *ownServer) usage(ctx context.Context) (u usage, err error) {
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, s.admin+"/metrics", nil)
	if err != nil {
		return u, err
	}
	resp, err := http.DefaultClient.Do(req)
	if err != nil {
		return u, err
	}
	defer resp.Body.Close()
	return parseUsage(io.LimitReader(resp.Body, maxMetrics))
}

// parseUsage reads two figures of Prometheus's text.
func parseUsage(r io.Reader) (u usage, err error) {
	found := 0
	lines := bufio.NewScanner(r)
	for lines.Scan() {
		name, value, _ := strings.Cut(lines.Text(), " ")
		into := map[string]*float64{"process_resident_memory_bytes": &u.resident, "process_cpu_seconds_total": &u.cpu}[name]
		if into == nil {
			continue
		}
		if *into, err = strconv.ParseFloat(value, 64); err != nil {
			return u, fmt.Errorf("the server's figures: %w", err)
		}
		found++
	}
	if found < 2 {
		return u, errors.Join(errors.New("the server's figures lack its memory or CPU"), lines.Err())
	}
	return u, nil
}

// stop ends the server and deletes its folder.
func (s *ownServer) stop() error {
	var err error
	if s.process != nil {
		select {
		case <-s.process.Done():
			err = s.process.Ended()
		default:
			err = s.process.Stop(ownStopTime)
		}
	}
	return errors.Join(err, os.RemoveAll(s.dir))
}
