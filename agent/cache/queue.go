package cache

import (
	"encoding/binary"
	"encoding/json"
	"errors"
	"fmt"
	"slices"

	"github.com/dgraph-io/badger/v4"

	"github.com/hearthkey/hearthkey/protocol"
)

// MaxQueue bounds the activity that waits for the server, in items.
const MaxQueue = 2000

// Progress items and deletions wait for others, at most this many, and are
// written together: a commit costs about 5 KiB of flash writes.
const (
	maxWaiting  = 16
	maxDeleting = 64
)

// ErrItem means that an activity item breaks the wire's bounds.
var ErrItem = errors.New("cache: activity item is out of bounds")

// Names of records: "q" ‖ number (8 bytes) ‖ kind (1 byte), and "Q".
const (
	itemPrefix   = "q"
	queueCounter = "Q"
)

// queue is the activity in memory: which items there are, the text of those
// that are not on disk yet, and what is still to be deleted from the disk.
type queue struct {
	items   []queued // by number
	waiting int      // of items, those not on disk
	delete  [][]byte // names on disk of items that are gone
	last    int64    // highest number given
	saved   int64    // the same, as the disk has it
	dropped int64    // items lost to the bound or to damage
}

type queued struct {
	seq      int64
	progress bool
	item     *protocol.ActivityItem // nil: on disk
}

type counterRecord struct {
	Last    int64 `json:"last"`
	Dropped int64 `json:"dropped"`
}

func (q queued) name() []byte {
	kind := byte('e')
	if q.progress {
		kind = 'p'
	}
	return append(binary.BigEndian.AppendUint64([]byte(itemPrefix), uint64(q.seq)), kind)
}

func parseItemName(key []byte) (queued, bool) {
	if len(key) != 10 {
		return queued{}, false
	}
	q := queued{seq: int64(binary.BigEndian.Uint64(key[1:])), progress: key[9] == 'p'}
	return q, q.seq > 0
}

// Enqueue numbers an item (its Seq is ignored) and appends it to the queue. A
// full queue drops its oldest Progress item, or else its oldest, and counts it.
//
// Items of any other kind than Progress, and with them all before, are on disk
// when it returns nil. Progress items may wait for [Cache.Flush], Close, or 16 of them:
// pulling the plug loses those. After an error other than [ErrItem] and
// [ErrClosed] the item is in the queue, but only in memory.
func (c *Cache) Enqueue(item protocol.ActivityItem) (seq int64, err error) {
	return c.enqueue(item, item.What == protocol.Progress)
}

// EnqueueWaiting is Enqueue for an item that the server is about to acknowledge: of
// any kind, it waits as Progress items do, and is never written where that comes first.
// Until [Cache.Unwritten] is false, pulling the plug may lose it.
func (c *Cache) EnqueueWaiting(item protocol.ActivityItem) (seq int64, err error) {
	return c.enqueue(item, true)
}

// Unwritten reports whether an item of any other kind than Progress waits.
func (c *Cache) Unwritten() bool {
	c.writing.Lock()
	defer c.writing.Unlock()
	return slices.ContainsFunc(c.queue.items, func(q queued) bool { return q.item != nil && !q.progress })
}

func (c *Cache) enqueue(item protocol.ActivityItem, wait bool) (seq int64, err error) {
	if err := checkItem(item); err != nil {
		return 0, err
	}
	c.writing.Lock()
	defer c.writing.Unlock()
	if c.closed {
		return 0, ErrClosed
	}
	q := &c.queue
	for len(q.items) >= MaxQueue {
		q.remove(q.oldest())
		q.dropped++
	}
	q.last = max(q.last, c.cfg.SeqFloor) + 1
	item.Seq = q.last
	q.items = append(q.items, queued{seq: item.Seq, progress: item.What == protocol.Progress, item: &item})
	q.waiting++
	if wait && q.waiting < maxWaiting {
		return item.Seq, nil
	}
	return item.Seq, c.flush()
}

// checkItem holds the bounds of protocol.Activity.
func checkItem(it protocol.ActivityItem) error {
	if it.Profile == "" || len(it.Profile) > 64 || it.Title == "" || len(it.Title) > 64 ||
		!it.What.Valid() || it.Position < 0 || it.Position > 48*3600 || it.Length < 0 || it.Length > 48*3600 {
		return ErrItem
	}
	return nil
}

// oldest returns the index of the item that a full queue drops.
func (q *queue) oldest() int {
	return max(0, slices.IndexFunc(q.items, func(it queued) bool { return it.progress }))
}

func (q *queue) remove(i int) {
	if it := q.items[i]; it.item != nil {
		q.waiting--
	} else {
		q.delete = append(q.delete, it.name())
	}
	q.items = slices.Delete(q.items, i, i+1)
}

// Pending returns the oldest items, at most most, oldest first. It takes none
// out: [Cache.Acknowledge] does.
func (c *Cache) Pending(most int) ([]protocol.ActivityItem, error) {
	c.writing.Lock()
	defer c.writing.Unlock()
	var items []protocol.ActivityItem
	var damaged []int
	err := c.view(func(r reader) error {
		for i, q := range c.queue.items {
			if len(items) >= most {
				break
			}
			item, err := r.item(q)
			if err != nil {
				damaged = append(damaged, i)
				continue
			}
			items = append(items, item)
		}
		return nil
	})
	if err != nil {
		return nil, err
	}
	for _, i := range slices.Backward(damaged) {
		c.queue.remove(i)
		c.queue.dropped++
	}
	if len(damaged) > 0 {
		c.log.Warn("activity items cannot be read: dropped", "items", len(damaged))
	}
	return items, nil
}

func (r reader) item(q queued) (protocol.ActivityItem, error) {
	if q.item != nil {
		return *q.item, nil
	}
	var item protocol.ActivityItem
	raw, err := r.get(q.name())
	if err != nil {
		return item, err
	}
	if err := json.Unmarshal(raw, &item); err != nil || item.Seq != q.seq || checkItem(item) != nil {
		return item, fmt.Errorf("%w: activity item", ErrDamaged)
	}
	return item, nil
}

// Acknowledge forgets every item up to this number. On disk the deletion may
// wait: after a kill they come back under the same numbers, which the server
// knows.
func (c *Cache) Acknowledge(through int64) error {
	c.writing.Lock()
	defer c.writing.Unlock()
	if c.closed {
		return ErrClosed
	}
	q := &c.queue
	for len(q.items) > 0 && q.items[0].seq <= through {
		q.remove(0)
	}
	if len(q.delete) < maxDeleting {
		return nil
	}
	return c.flush()
}

// Queued returns how many items wait, and how many were dropped since the cache
// was made or last erased.
func (c *Cache) Queued() (pending, dropped int) {
	c.writing.Lock()
	defer c.writing.Unlock()
	return len(c.queue.items), int(c.queue.dropped)
}

// Flush writes what waits: for a slow timer, and before standby.
func (c *Cache) Flush() error {
	c.writing.Lock()
	defer c.writing.Unlock()
	return c.flush()
}

// flush is Flush for a caller that holds writing. What it could not write waits
// on; writing it again changes nothing.
func (c *Cache) flush() error {
	if c.closed {
		return ErrClosed
	}
	q := &c.queue
	if q.waiting == 0 && len(q.delete) == 0 && q.last == q.saved {
		return nil
	}
	counter, err := json.Marshal(counterRecord{Last: q.last, Dropped: q.dropped})
	if err != nil {
		return fmt.Errorf("cache: %w", err)
	}
	changes := []change{{key: []byte(queueCounter), value: counter}}
	for _, it := range q.items {
		if it.item == nil {
			continue
		}
		raw, err := json.Marshal(it.item)
		if err != nil {
			return fmt.Errorf("cache: %w", err)
		}
		changes = append(changes, change{key: it.name(), value: raw})
	}
	for _, name := range q.delete {
		changes = append(changes, change{key: name})
	}
	if err := c.commitAll(changes); err != nil {
		return err
	}
	for i := range q.items {
		q.items[i].item = nil
	}
	q.waiting, q.delete, q.saved = 0, nil, q.last
	return nil
}

// loadQueue finds what an earlier run left. Only names are read: a value that
// is damaged shows when it is asked for.
func (c *Cache) loadQueue(db *badger.DB) error {
	return db.View(func(txn *badger.Txn) error {
		r := reader{txn: txn, keys: c.keys}
		q := queue{last: c.queue.last}
		r.names([]byte(itemPrefix), func(key []byte) {
			if it, ok := parseItemName(key); ok {
				q.items = append(q.items, it)
				q.last = max(q.last, it.seq)
			}
		})
		raw, err := r.get([]byte(queueCounter))
		if err == nil {
			var counter counterRecord
			if err = json.Unmarshal(raw, &counter); err == nil {
				q.last, q.dropped, q.saved = max(q.last, counter.Last), max(0, counter.Dropped), counter.Last
			}
		}
		if err != nil && !errors.Is(err, ErrMissing) {
			c.log.Warn("activity counter cannot be read", "error", err)
		}
		c.queue = q
		return nil
	})
}
