package loadtv

import (
	"context"
	"errors"
	"fmt"
	"time"
)

// SignOut is how one sign-out everywhere went. All times count from the click.
type SignOut struct {
	TVs    int
	Answer time.Duration // the owner has the server's answer: it is committed
	Told   time.Duration // the last TV has read the state that ends its session
	Acked  time.Duration // the last TV knows that the server has its receipt
}

// SignOutEverywhere ends every session of a household and waits for its TVs.
// Those that are not connected are not waited for.
func (f *Fleet) SignOutEverywhere(ctx context.Context, household int) (SignOut, error) {
	h := f.homes[household]
	click := time.Now()
	if err := h.owner.SignOutEverywhere(ctx); err != nil {
		return SignOut{}, fmt.Errorf("sign out everywhere: %w", err)
	}
	out := SignOut{Answer: time.Since(click)}
	for _, t := range h.tvs {
		if t.done == nil {
			continue
		}
		select {
		case <-t.done:
		case <-ctx.Done():
			return out, fmt.Errorf("%s did not sign out: %w", t.name, context.Cause(ctx))
		}
		t.done = nil
		if t.ended.acked.IsZero() {
			return out, fmt.Errorf("%s did not sign out: %w", t.name, errors.Join(t.lost, errNoReceipt))
		}
		out.TVs++
		out.Told = max(out.Told, t.ended.told.Sub(click))
		out.Acked = max(out.Acked, t.ended.acked.Sub(click))
	}
	return out, nil
}

var errNoReceipt = errors.New("its receipt was not acknowledged")
