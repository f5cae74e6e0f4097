package cache

// Mark is what the caller keeps in its vault about the openings of its cache:
// the part of crash safety that cannot live in what may crash.
//
//	next, inMemory := mark.Begin()
//	vault.Save(… next …)                  // before Open
//	if inMemory { cache.SetAside(dir) }
//	c, err := cache.Open(cache.Config{…, InMemory: inMemory, SeqFloor: next.SeqFloor()})
//	mark = next.Opened()                  // saved with whatever is saved next
//
// The zero Mark is that of a new device.
type Mark struct {
	Boots   int64 `json:"boots"`             // openings so far
	Opening bool  `json:"opening,omitempty"` // an opening began and has not ended
	Crashes int   `json:"crashes,omitempty"` // openings in a row that never ended
}

// maxCrashes is the number of crashes in a row after which a run is in memory.
const maxCrashes = 2

// Begin returns the mark to save before [Open], and whether this run must be in
// memory, after the folder was set aside. The run after that tries the disk
// again, so a bad folder costs two crashes and a bad disk no crash loop.
func (m Mark) Begin() (next Mark, inMemory bool) {
	if m.Opening {
		m.Crashes++
	}
	m.Boots++
	if m.Crashes >= maxCrashes {
		return Mark{Boots: m.Boots}, true
	}
	m.Opening = true
	return m, false
}

// Opened returns the mark after Open returned, with an error or without.
func (m Mark) Opened() Mark { return Mark{Boots: m.Boots} }

// SeqFloor returns the number above which this run numbers activity, so that
// no number is ever given twice within an epoch, even when the cache is lost.
// A run has room for 2^20 items, and the numbers stay below 2^53 for 2^33 boots.
func (m Mark) SeqFloor() int64 { return m.Boots << 20 }
