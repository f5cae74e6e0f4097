//go:build linux

package main

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"time"

	"golang.org/x/sync/errgroup"
)

// herd is N clients of one kind of server, in as many pairs of processes as the limit of
// open files asks for.
type herd struct {
	ctx   context.Context
	kind  string // of server
	n     int
	dir   string // of the data of whole servers; it is the herd's own
	pairs []*pair
}

// pair is one server and its clients.
type pair struct {
	server, crowd *child
	data          string
	first, n      int
	before        float64 // resident memory of the empty server, KiB
}

// newHerd starts the servers. They hold no client yet.
func newHerd(ctx context.Context, kind string, n, each int) (h *herd, err error) {
	h = &herd{ctx: ctx, kind: kind, n: n}
	if h.dir, err = os.MkdirTemp("", "benchhub-"); err != nil {
		return nil, err
	}
	k := (n + each - 1) / each
	for i := range k {
		p := &pair{first: i * n / k, n: (i+1)*n/k - i*n/k, data: filepath.Join(h.dir, strconv.Itoa(i))}
		h.pairs = append(h.pairs, p)
	}
	err = h.each(func(p *pair) (err error) {
		if h.whole() {
			err = seed(ctx, p.data, p.first, p.n)
		}
		if err == nil && kind == "tls" {
			err = certify(p.data)
		}
		if err == nil {
			err = h.serve(p)
		}
		if err == nil {
			p.crowd, err = start(ctx, "crowd", "")
		}
		return err
	})
	if err != nil {
		h.close()
		return nil, err
	}
	return h, nil
}

// whole says that the server is the whole one, and its clients TVs.
func (h *herd) whole() bool { return h.kind == "whole" || h.kind == "tls" }

func (h *herd) serve(p *pair) (err error) {
	if p.server, err = start(h.ctx, h.kind, p.data); err != nil {
		return err
	}
	if err = p.server.collect(); err == nil {
		p.before, err = p.server.memory("VmRSS")
	}
	if err == nil {
		err = p.server.forgetPeak()
	}
	return err
}

// each does something with all pairs at the same time.
func (h *herd) each(do func(*pair) error) error {
	var g errgroup.Group
	for _, p := range h.pairs {
		g.Go(func() error { return do(p) })
	}
	return g.Wait()
}

func (h *herd) close() {
	for _, p := range h.pairs {
		for _, c := range []*child{p.crowd, p.server} {
			if c != nil {
				c.stop()
			}
		}
	}
	_ = os.RemoveAll(h.dir)
}

// connect brings all clients, and returns how long it took.
func (h *herd) connect() (time.Duration, error) {
	kind := map[string]string{"usual": "plain", "portable": "plain", "floor": "plain", "ours": "proof", "nats": "nats", "whole": "tv", "tls": "tls"}[h.kind]
	return h.timed(func(p *pair) (report, error) {
		return p.crowd.tell(order{Do: "dial", Kind: kind, Address: p.server.address, First: p.first, Count: p.n})
	})
}

// timed returns how long it took until the last of all reports' last.
func (h *herd) timed(do func(*pair) (report, error)) (time.Duration, error) {
	begun := time.Now()
	lasts := make([]int64, len(h.pairs))
	err := h.each(func(p *pair) error {
		r, err := do(p)
		lasts[slices.Index(h.pairs, p)] = r.Last
		return err
	})
	return time.Unix(0, slices.Max(lasts)).Sub(begun), err
}

// sum adds something of all servers.
func (h *herd) sum(of func(*child) (float64, error)) (total float64, err error) {
	for _, p := range h.pairs {
		v, e := of(p.server)
		total, err = total+v, errors.Join(err, e)
	}
	return total, err
}

func resident(c *child) (float64, error) { return c.memory("VmRSS") }

// growth is what the clients added to the servers' memory, in KiB a client.
func (h *herd) growth() (float64, error) {
	now, err := h.sum(resident)
	for _, p := range h.pairs {
		now -= p.before
	}
	return now / float64(h.n), err
}

// memory measures settled and collected memory, and the sum of all servers' in MiB.
func (h *herd) memory() ([]figure, error) {
	settled, err := h.growth()
	if err != nil {
		return nil, err
	}
	if err := h.each(func(p *pair) error { return p.server.collect() }); err != nil {
		return nil, err
	}
	collected, err := h.growth()
	if err != nil {
		return nil, err
	}
	sum, err := h.sum(func(c *child) (float64, error) { return c.memory("RssAnon") }) // the program's file is shared
	return []figure{
		{Name: "settled", Value: settled, Unit: "KiB"}, {Name: "collected", Value: collected, Unit: "KiB"},
		{Name: "sum", Value: sum / 1024, Unit: "MiB"},
	}, err
}

// idle lets them all be for a while, and returns the servers' CPU time for one client
// and second, in µs, of the last two thirds of it.
func (h *herd) idle(d time.Duration) (float64, error) {
	time.Sleep(d / 3)
	before, err := h.sum((*child).cpu)
	if err != nil {
		return 0, err
	}
	begun := time.Now()
	time.Sleep(d * 2 / 3)
	after, err := h.sum((*child).cpu)
	return (after - before) * 1e6 / float64(h.n) / time.Since(begun).Seconds(), err
}

// storm kills the servers, starts them again, and times how long all clients take to be
// back from the moment that they listen. The clients come within spread. It returns as
// well the highest resident memory of the servers, without their program's file.
func (h *herd) storm(spread time.Duration) (time.Duration, float64, error) {
	err := h.each(func(p *pair) error {
		p.server.kill()
		if _, err := p.crowd.tell(order{Do: "lost"}); err != nil {
			return err
		}
		return h.serve(p)
	})
	if err != nil {
		return 0, 0, err
	}
	took, err := h.timed(func(p *pair) (report, error) {
		return p.crowd.tell(order{Do: "again", Address: p.server.address, Spread: spread})
	})
	if err != nil {
		return 0, 0, err
	}
	peak, err := h.sum(func(c *child) (float64, error) { return c.memory("VmHWM") })
	if err != nil {
		return 0, 0, err
	}
	program, err := h.sum(func(c *child) (float64, error) { return c.memory("RssFile") })
	return took, peak - program, err
}

// stage names what failed.
func (h *herd) stage(what string, err error) error {
	if err != nil {
		return fmt.Errorf("%s with %d clients: %s: %w", h.kind, h.n, what, err)
	}
	return nil
}
