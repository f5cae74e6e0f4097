package nav

import "time"

// endDate is when the owner has this TV signed out by itself (product rule D1).
type endDate struct {
	at time.Duration // running time; 0: never, or long past
}

// takeEndDate takes the end date out of the world.
func (s *stepper) takeEndDate(w World) {
	if s.end = (endDate{}); w.Ends != "" {
		s.end.at = s.now + max(w.EndsIn, 1)
	}
}

// endsFirst reports whether the end date is what the lease ends by.
func (m *Model) endsFirst() bool { return m.end.at > 0 && m.end.at <= m.leaseEnds+time.Second }

// endsSoon reports whether the end date comes within ten minutes, as the lease's end
// is warned of (product rule D14).
func (m *Model) endsSoon() bool {
	return m.phase() == Active && m.endsFirst() && m.end.at-m.now <= warnBefore
}

// endBanner warns of it.
func (m *Model) endBanner() *Banner {
	minutes := int(ceil(max(m.end.at-m.now, 1), time.Minute))
	return &Banner{Kind: "warning", Text: text(msgBannerEndsMinutes, "n", itoa(minutes))}
}

// over reports whether the date has come, and the TV waits for a moment whether it
// was made later.
func (m *Model) over() bool { return m.world.Over || m.leaseOver && m.endsFirst() }

// viewLeaseEnded says why nothing is on offer.
func (m Model) viewLeaseEnded(v *View) {
	if m.over() {
		v.Title, v.Text = text(msgEnded), []string{text(msgEndedText)}
		return
	}
	v.Title, v.Text = text(msgLeaseEnded), []string{text(msgLeaseEndedText)}
	if m.world.Storage == StorageStuck {
		v.Title, v.Text = text(msgStuck), []string{text(msgStuckText)}
	}
}
