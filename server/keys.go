package server

import (
	"context"
	"time"

	"github.com/hearthkey/hearthkey/protocol"
)

// keysEvery is how often the folder of keys is looked at.
const keysEvery = time.Second

// watchKeys takes over what operators change in the folder of keys, until ctx
// ends. A folder that cannot be used changes nothing, and is told of once.
func (p *parts) watchKeys(ctx context.Context) {
	tick := time.NewTicker(keysEvery)
	defer tick.Stop()
	failures := 0
	for {
		select {
		case <-ctx.Done():
			return
		case <-tick.C:
		}
		changed, err := p.keys.Reload()
		switch {
		case err != nil:
			if failures++; failures == 2 { // once may be in the middle of a change
				p.cfg.Log.Error("changed keys not used: those before stay in use", "error", err)
			}
			continue
		case changed:
			p.cfg.Log.Warn("keys changed", "list", p.keys.Number(), "signs", p.keys.InUse(), "listed", len(p.keys.Public()))
			p.nudgeAll(ctx)
			if err := p.noteKeys(ctx); err != nil && ctx.Err() == nil {
				p.cfg.Log.Error("changed keys are not in the audit log", "error", err)
			}
		}
		failures = 0
	}
}

// nudgeAll brings every connected device what all share: the catalogue and the
// key list. The sum of their editions grows with either.
func (p *parts) nudgeAll(ctx context.Context) {
	_, _, edition := p.titles.Document()
	p.hub.NudgeAll(ctx, edition+p.keys.Edition())
}

// ahead raises the alarm, once, that a device has a newer key list than this
// server: the folder of keys is an old copy.
func (p *parts) ahead(d protocol.DeviceID, number int64) {
	if p.older.Add(1) == 1 {
		p.cfg.Log.Error("key list is older than a device's: restore the newest copy of the folder of keys", "device", d, "has", number, "list", p.keys.Number())
	}
}
