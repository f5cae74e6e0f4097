package server

import (
	"context"
	"time"
)

// endDatesEvery is how often devices are looked for whose end date has come (D5:
// within 5 s). Their leases end by then in any case, and pages say so at once.
const endDatesEvery = 5 * time.Second

// endDates signs out, until ctx ends, the devices whose end date has come.
func (p *parts) endDates(ctx context.Context) {
	tick := time.NewTicker(endDatesEvery)
	defer tick.Stop()
	j := job{p: p, name: "end-dates"}
	defer j.leave(ctx)
	for {
		if j.mine(ctx, time.Now()) {
			if err := p.devices.EndDue(ctx, p.cfg.Now()); err != nil && ctx.Err() == nil {
				p.cfg.Log.Error("not signed out at end dates", "error", err)
			}
		}
		select {
		case <-ctx.Done():
			return
		case <-tick.C:
		}
	}
}
