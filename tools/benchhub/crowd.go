//go:build linux

package main

import (
	"bufio"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"math/rand/v2"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"time"
)

const (
	patience = 3 * time.Minute      // for one order
	atOnce   = 1024                 // clients of a process that shake hands at the same time
	again    = 5 * time.Millisecond // until a refused client tries again
)

// orders are what the parent has a crowd do, one JSON object a line. Each is answered by
// one [report].
type order struct {
	Do      string        // dial, again, await, lost, signouts
	Kind    string        // of the clients: plain, nats, tv, tls
	Address string        // of the server
	First   int           // number of the first client, or household
	Count   int           // clients, messages or households
	Spread  time.Duration // over which they begin
	TVs     int           // with signouts: of all on this server
}

// report answers an order. Times are Unix nanoseconds, which all processes here share.
type report struct {
	Error string    `json:",omitempty"`
	Last  int64     // when the last of them was done
	Tries int64     // that failed
	Told  []float64 `json:",omitempty"` // ms from a sign-out until its last TV had read of it
	After []float64 `json:",omitempty"` // the same from the owner's answer on
	Bare  []float64 `json:",omitempty"` // ms that the same took to be answered, without TVs
}

// crowd is many clients in one process: a goroutine each that reads.
type crowd struct {
	clients []*client
	reading sync.WaitGroup
	arrived atomic.Int64  // messages since the last await
	last    atomic.Int64  // when the newest of them came
	ring    chan struct{} // somebody's message came
}

// beCrowd takes orders until its input ends.
func beCrowd(ctx context.Context, in io.Reader, out io.Writer) error {
	c := &crowd{ring: make(chan struct{}, 1)}
	defer c.close()
	lines, answers := bufio.NewScanner(in), json.NewEncoder(out)
	if err := answers.Encode(report{}); err != nil {
		return err
	}
	for lines.Scan() {
		var o order
		if err := json.Unmarshal(lines.Bytes(), &o); err != nil {
			return err
		}
		within, cancel := context.WithTimeout(ctx, patience)
		r, err := c.obey(within, o)
		cancel()
		if err != nil {
			r.Error = err.Error()
		}
		if err := answers.Encode(r); err != nil {
			return err
		}
	}
	return lines.Err()
}

func (c *crowd) obey(ctx context.Context, o order) (report, error) {
	switch o.Do {
	case "dial":
		fresh, err := newClients(c, o)
		if err != nil {
			return report{}, err
		}
		c.clients = append(c.clients, fresh...)
		return c.connect(ctx, fresh, o)
	case "again":
		for _, v := range c.clients {
			v.address = o.Address
		}
		return c.connect(ctx, c.clients, o)
	case "await":
		return c.await(ctx, int64(o.Count))
	case "lost":
		c.reading.Wait()
		return report{}, nil
	case "signouts":
		return c.signOuts(ctx, o)
	}
	return report{}, fmt.Errorf("no such order: %q", o.Do)
}

// connect has clients shake hands, at most atOnce of them at a time, each again until it
// has.
func (c *crowd) connect(ctx context.Context, clients []*client, o order) (report, error) {
	var tries atomic.Int64
	var done sync.WaitGroup
	var failed atomic.Pointer[error]
	places := make(chan struct{}, atOnce)
	begun := time.Now()
	for _, v := range shuffled(clients, o.Spread) {
		if o.Spread > 0 { // they are as many as the spread, in order: see shuffled
			time.Sleep(time.Until(begun.Add(v.delay)))
		}
		places <- struct{}{}
		done.Go(func() {
			defer func() { <-places }()
			for {
				err := v.connect(ctx)
				if err == nil {
					return
				}
				tries.Add(1)
				if ctx.Err() != nil {
					failed.Store(&err)
					return
				}
				time.Sleep(again + rand.N(again))
			}
		})
	}
	done.Wait()
	r := report{Last: time.Now().UnixNano(), Tries: tries.Load()}
	if err := failed.Load(); err != nil {
		return r, *err
	}
	for _, v := range clients {
		c.reading.Go(v.read)
	}
	return r, nil
}

// shuffled gives each client a moment within the spread, and returns them in the order of
// those.
func shuffled(clients []*client, spread time.Duration) []*client {
	out := slices.Clone(clients)
	if spread <= 0 {
		return out
	}
	for _, v := range out {
		v.delay = rand.N(spread)
	}
	slices.SortFunc(out, func(a, b *client) int { return int(a.delay - b.delay) })
	return out
}

// heard notes a message.
func (c *crowd) heard() {
	c.last.Store(time.Now().UnixNano())
	c.arrived.Add(1)
	select {
	case c.ring <- struct{}{}:
	default:
	}
}

// await waits for n messages.
func (c *crowd) await(ctx context.Context, n int64) (report, error) {
	for c.arrived.Load() < n {
		select {
		case <-c.ring:
		case <-ctx.Done():
			return report{}, fmt.Errorf("%d of %d messages arrived", c.arrived.Load(), n)
		}
	}
	c.arrived.Add(-n)
	return report{Last: c.last.Load()}, nil
}

func (c *crowd) close() {
	for _, v := range c.clients {
		v.hangUp()
	}
	c.reading.Wait()
}

// mark is what each message has within it: @M and ten digits, up to the next @.
func mark(n int) string { return fmt.Sprintf("@M%010d@", n) }

// marked counts the marks in a message.
func marked(data string) int { return strings.Count(data, "@M") }
