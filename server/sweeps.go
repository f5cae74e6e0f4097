package server

import (
	"context"
	"time"
)

// sweep does the sign-outs of everyone that were approved, until ctx ends. Every
// node does: they share one pace.
func (p *parts) sweep(ctx context.Context) {
	for {
		wait, err := p.staff.Sweep(ctx, p.cfg.Now())
		if err != nil && ctx.Err() == nil {
			p.cfg.Log.WarnContext(ctx, "sign-out of everyone waits", "error", err)
		}
		timer := time.NewTimer(wait)
		select {
		case <-ctx.Done():
			timer.Stop()
			return
		case <-p.staff.Woken():
			timer.Stop()
		case <-timer.C:
		}
	}
}
