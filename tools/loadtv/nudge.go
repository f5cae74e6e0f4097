package loadtv

import (
	"context"
	"fmt"
	"time"

	"github.com/hearthkey/hearthkey/protocol"
	"github.com/hearthkey/hearthkey/tools/drive"
)

// nudgeTime is how long a change may take to reach a household's TVs.
const nudgeTime = time.Minute

// Nudge is how one change of a household's profile went. All times count from the click.
type Nudge struct {
	TVs    int
	Answer time.Duration   // the owner has the server's answer: it is committed
	Told   []time.Duration // each TV has read the state with the change
}

// heard is a newer state that a TV has read.
type heard struct {
	tv      *tv
	version protocol.Version
	at      time.Time
}

// Nudge renames a profile of a household and waits until its connected TVs know, but
// for those that [Fleet.Slow] holds up.
func (f *Fleet) Nudge(ctx context.Context, household int) (Nudge, error) {
	h := f.homes[household]
	ctx, cancel := drive.Timeout(ctx, nudgeTime)
	defer cancel()
	profile, err := h.profile(ctx)
	if err != nil {
		return Nudge{}, fmt.Errorf("nudge: %w", err)
	}
	waits := h.listen()
	n := Nudge{TVs: len(waits)}
	h.renamed++
	profile.Name = fmt.Sprint("Load ", h.renamed)
	click := time.Now()
	if _, err := h.owner.SaveProfile(ctx, profile); err != nil {
		return n, fmt.Errorf("nudge: %w", err)
	}
	n.Answer = time.Since(click)
	for len(waits) > 0 {
		select {
		case news := <-h.news:
			if before, ok := waits[news.tv]; ok && news.version > before {
				delete(waits, news.tv)
				n.Told = append(n.Told, news.at.Sub(click))
			}
		case <-ctx.Done():
			return n, fmt.Errorf("nudge: %d of %d TVs of %s do not know of a change: %w", len(waits), n.TVs, h.owner.Email, context.Cause(ctx))
		}
	}
	return n, nil
}

// profile is the household's first one.
func (h *household) profile(ctx context.Context) (drive.Profile, error) {
	if h.first.ID != "" {
		return h.first, nil
	}
	list, err := h.owner.Profiles(ctx)
	if err == nil && len(list) == 0 {
		err = fmt.Errorf("%s has no profile", h.owner.Email)
	}
	if err != nil {
		return drive.Profile{}, err
	}
	h.first = list[0]
	return h.first, nil
}

// listen forgets what was heard, and returns the TVs that will be told of a change, with
// the version that each has.
func (h *household) listen() map[*tv]protocol.Version {
	for len(h.news) > 0 {
		<-h.news
	}
	waits := map[*tv]protocol.Version{}
	for _, t := range h.tvs {
		if t.done != nil && t.brake == nil {
			waits[t] = protocol.Version(t.newest.Load())
		}
	}
	return waits
}
