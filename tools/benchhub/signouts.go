//go:build linux

package main

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"sync"
	"time"

	"github.com/hearthkey/hearthkey/tools/drive"
)

// webConns is how many connections the owners share: a server full of TVs has few
// descriptors left.
const webConns = 32

// signOuts ends every session of Count households, one each Spread/Count, and in between
// those of as many without a TV: what such a sign-out takes to be answered is what the
// request and its commit cost.
func (c *crowd) signOuts(ctx context.Context, o order) (report, error) {
	byNumber := make(map[int]*client, len(c.clients))
	for _, v := range c.clients {
		byNumber[v.number] = v
	}
	web := &http.Client{Transport: &http.Transport{
		MaxIdleConnsPerHost: webConns, MaxConnsPerHost: webConns,
		IdleConnTimeout: 3 * time.Second, // the server closes one that was dialled in vain after 10 s, and a request may be on its way then
	}}
	defer web.CloseIdleConnections()
	url := "http://" + o.Address
	r := report{Told: make([]float64, o.Count), After: make([]float64, o.Count), Bare: make([]float64, o.Count)}
	failed := make([]error, 2*o.Count)
	var under sync.WaitGroup
	begun := time.Now()
	each := o.Spread / time.Duration(2*o.Count)
	for i := range 2 * o.Count {
		time.Sleep(time.Until(begun.Add(time.Duration(i) * each)))
		under.Go(func() {
			home := i / 2
			if i%2 == 0 {
				owner := &drive.Account{URL: url, Token: tokenOf(small(o.TVs) + home), Client: web}
				at := time.Now()
				failed[i] = owner.SignOutEverywhere(ctx)
				r.Bare[home] = ms(time.Since(at))
				return
			}
			owner := &drive.Account{URL: url, Token: tokenOf(home), Client: web}
			tvs := make([]*client, smallHome)
			for k := range tvs {
				v := byNumber[o.First+home*smallHome+k]
				if v == nil {
					failed[i] = fmt.Errorf("TV %d is not in this crowd", o.First+home*smallHome+k)
					return
				}
				tvs[k] = v
			}
			r.Told[home], r.After[home], failed[i] = signOut(ctx, owner, tvs)
		})
	}
	under.Wait()
	return r.without(failed)
}

// without leaves out what failed: one in twenty at most, on a machine where others cut
// connections.
func (r report) without(failed []error) (report, error) {
	out := report{}
	for i, err := range failed {
		switch home := i / 2; {
		case err != nil:
			if out.Tries++; out.Tries > int64(len(failed)/20) {
				return r, err // the others are like it
			}
		case i%2 == 0:
			out.Bare = append(out.Bare, r.Bare[home])
		default:
			out.Told, out.After = append(out.Told, r.Told[home]), append(out.After, r.After[home])
		}
	}
	return out, nil
}

// signOut returns how long it takes until the last TV has read of it: from the click, and
// from the answer to that, or 0 where that came later.
func signOut(ctx context.Context, owner *drive.Account, tvs []*client) (told, after float64, err error) {
	heard := make(chan time.Time, len(tvs))
	for _, v := range tvs {
		if err := v.ended.Load(); err != nil {
			return 0, 0, fmt.Errorf("TV %d lost its connection before: %w", v.number, *err)
		}
		v.tv.onOver(heard)
	}
	at := time.Now()
	if err := owner.SignOutEverywhere(ctx); err != nil {
		return 0, 0, err
	}
	answered := time.Since(at)
	var last time.Duration
	for range tvs {
		select {
		case t := <-heard:
			last = max(last, t.Sub(at))
		case <-ctx.Done():
			return 0, 0, errors.New("a TV was not told that it is signed out")
		}
	}
	return ms(last), ms(max(last-answered, 0)), nil
}
