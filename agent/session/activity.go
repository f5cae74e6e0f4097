package session

import (
	"slices"
	"time"

	"github.com/hearthkey/hearthkey/protocol"
)

const (
	activityWithin = 30 * time.Second // until a batch is taken for lost
	activityBlock  = 256              // numbers reserved with one write to the vault
)

// activity sends a batch, one at a time. Its numbers are reserved in the vault
// first: a queue that is lost with the cache must not use one again.
func (s *step) activity(w ActivityReady) {
	if s.line.stage != live || !s.active() || s.batch.through != 0 || len(w.Items) == 0 {
		return
	}
	f := protocol.Activity{Epoch: s.saved.Epoch, Items: slices.Clone(w.Items)}
	if !s.household() {
		f.Items = slices.DeleteFunc(f.Items, lists)
	}
	if len(f.Items) == 0 { // this server keeps no lists
		s.do(ActivityAcked{w.Items[len(w.Items)-1].Seq})
		return
	}
	if _, err := protocol.Encode(f); err != nil {
		s.log("activity not sent", err)
		return
	}
	last := f.Items[len(f.Items)-1].Seq
	if last >= s.saved.NextActivity {
		s.saved.NextActivity = last + activityBlock
		s.save()
	}
	s.batch = batch{through: last, until: s.now.Running + activityWithin}
	s.send(f)
}

// lists reports what a server of an earlier capability would not take: it is
// dropped there.
func lists(it protocol.ActivityItem) bool {
	return it.What == protocol.Listed || it.What == protocol.Unlisted
}

// activityAcked passes an acknowledgement on, unless it is of what was never
// sent.
func (s *step) activityAcked(through int64) {
	if !s.active() || through >= s.saved.NextActivity {
		s.outOfPlace(protocol.ActivityAck{Through: through})
		return
	}
	if through >= s.batch.through {
		s.batch = batch{}
	}
	s.do(ActivityAcked{through})
}

// lostBatch asks again for a batch that nobody acknowledged.
func (s *step) lostBatch() {
	if s.batch.through != 0 && s.now.Running >= s.batch.until {
		s.batch = batch{}
		s.do(WantActivity{})
	}
}

func (s *step) selected(p protocol.ProfileID) {
	if p == s.profile {
		return
	}
	s.profile = p
	if s.line.stage == live && s.active() {
		s.send(protocol.ProfileSelected{Profile: p})
	}
}
