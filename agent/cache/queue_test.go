package cache

import (
	"errors"
	"fmt"
	"slices"
	"strings"
	"testing"

	"pgregory.net/rapid"

	"github.com/hearthkey/hearthkey/protocol"
)

func item(title string, what protocol.ActivityKind) protocol.ActivityItem {
	return protocol.ActivityItem{Profile: "p", Title: protocol.TitleID(title), What: what, At: 1700000000000, Position: 60}
}

func enqueue(t *testing.T, c *Cache, what protocol.ActivityKind) int64 {
	t.Helper()
	seq, err := c.Enqueue(item("title", what))
	if err != nil {
		t.Fatalf("Enqueue: %v", err)
	}
	return seq
}

func seqs(t *testing.T, c *Cache) (all []int64) {
	t.Helper()
	items, err := c.Pending(MaxQueue + 1)
	if err != nil {
		t.Fatalf("Pending: %v", err)
	}
	for _, it := range items {
		all = append(all, it.Seq)
	}
	return all
}

func TestQueue(t *testing.T) {
	both(t, func(t *testing.T, cfg Config) {
		cfg.SeqFloor = 100
		c := open(t, cfg)
		for _, what := range []protocol.ActivityKind{protocol.Started, protocol.Progress, protocol.Stopped, protocol.Progress} {
			enqueue(t, c, what)
		}
		if !cfg.InMemory {
			c = reopen(t, c) // Close writes the last one
		}
		if got := seqs(t, c); !slices.Equal(got, []int64{101, 102, 103, 104}) {
			t.Errorf("numbers %v, want 101 to 104", got)
		}
		items, err := c.Pending(2)
		want := item("title", protocol.Started)
		want.Seq = 101
		if err != nil || len(items) != 2 || items[0] != want {
			t.Errorf("Pending(2) = %+v, %v", items, err)
		}
		if err := c.Acknowledge(103); err != nil {
			t.Fatal(err)
		}
		if got := seqs(t, c); !slices.Equal(got, []int64{104}) {
			t.Errorf("after Acknowledge(103): %v", got)
		}
		if err := c.Acknowledge(999); err != nil {
			t.Fatal(err)
		}
		if pending, dropped := c.Queued(); pending != 0 || dropped != 0 {
			t.Errorf("Queued() = %d, %d; want nothing", pending, dropped)
		}
		if got := enqueue(t, c, protocol.Started); got != 105 {
			t.Errorf("number after all were acknowledged: %d, want 105", got)
		}
	})
}

func TestEnqueueBounds(t *testing.T) {
	c := open(t, Config{InMemory: true})
	long := strings.Repeat("x", 65)
	for name, it := range map[string]protocol.ActivityItem{
		"no profile":   {Title: "t", What: protocol.Started},
		"no title":     {Profile: "p", What: protocol.Started},
		"no kind":      {Profile: "p", Title: "t"},
		"long title":   {Profile: "p", Title: protocol.TitleID(long), What: protocol.Started},
		"long profile": {Profile: protocol.ProfileID(long), Title: "t", What: protocol.Started},
		"position":     {Profile: "p", Title: "t", What: protocol.Started, Position: -1},
		"length":       {Profile: "p", Title: "t", What: protocol.Started, Length: 48*3600 + 1},
	} {
		if _, err := c.Enqueue(it); !errors.Is(err, ErrItem) {
			t.Errorf("%s: Enqueue = %v, want ErrItem", name, err)
		}
	}
	if pending, _ := c.Queued(); pending != 0 {
		t.Errorf("%d refused items are in the queue", pending)
	}
}

func TestFullQueueDropsProgressFirst(t *testing.T) {
	c := open(t, config(t))
	for i := range MaxQueue {
		what := protocol.Progress
		if i%(MaxQueue/2) == 0 {
			what = protocol.Started // number 1 and 1001
		}
		enqueue(t, c, what)
	}
	for range 3 {
		enqueue(t, c, protocol.Started)
	}
	c = reopen(t, c)
	if pending, dropped := c.Queued(); pending != MaxQueue || dropped != 3 {
		t.Errorf("Queued() = %d, %d; want %d, 3", pending, dropped, MaxQueue)
	}
	if got := seqs(t, c)[:3]; !slices.Equal(got, []int64{1, 5, 6}) {
		t.Errorf("the first numbers are %v, want 1, 5, 6", got)
	}
}

func TestFullQueueWithoutProgressDropsOldest(t *testing.T) {
	q := queue{}
	for i := range MaxQueue {
		q.items = append(q.items, queued{seq: int64(i + 1)})
	}
	if got := q.oldest(); got != 0 {
		t.Errorf("oldest() = %d, want 0", got)
	}
}

// TestDamagedItemIsDropped plants an item that does not open.
func TestDamagedItemIsDropped(t *testing.T) {
	c := open(t, config(t))
	enqueue(t, c, protocol.Started)
	second := enqueue(t, c, protocol.Started)
	if err := c.commit(change{key: queued{seq: second}.name(), value: []byte(`{"seq":1}`)}); err != nil {
		t.Fatal(err)
	}
	if got := seqs(t, c); !slices.Equal(got, []int64{1}) {
		t.Errorf("Pending = %v, want 1 alone", got)
	}
	if pending, dropped := c.Queued(); pending != 1 || dropped != 1 {
		t.Errorf("Queued() = %d, %d; want 1, 1", pending, dropped)
	}
}

// TestQueueModel compares the queue with a slice, through restarts.
// What is acknowledged before it had to be written never is; what waits is on the disk
// after a Flush, or a Close.
func TestWhatWaitsForTheServerIsNotWritten(t *testing.T) {
	c := open(t, config(t))
	wait := func() int64 {
		t.Helper()
		seq, err := c.EnqueueWaiting(item("title", protocol.Started))
		if err != nil || !c.Unwritten() {
			t.Fatalf("EnqueueWaiting = %v, waits %v", err, c.Unwritten())
		}
		return seq
	}
	if err := c.Acknowledge(wait()); err != nil || c.Unwritten() || c.queue.saved != 0 || len(c.queue.delete) != 0 {
		t.Errorf("acknowledged before it was written: %v, %+v", err, c.queue)
	}
	second := wait()
	if err := c.Flush(); err != nil || c.Unwritten() {
		t.Errorf("Flush = %v, waits %v", err, c.Unwritten())
	}
	third := wait()
	c = reopen(t, c)
	if got := seqs(t, c); !slices.Equal(got, []int64{second, third}) || c.Unwritten() {
		t.Errorf("numbers %v, want %d and %d", got, second, third)
	}
}

func TestQueueModel(t *testing.T) {
	dir := t.TempDir()
	run := 0
	rapid.Check(t, func(t *rapid.T) {
		run++
		cfg := Config{Dir: fmt.Sprintf("%s/%d", dir, run), Key: testKey}
		c, err := Open(cfg)
		if err != nil {
			t.Fatal(err)
		}
		defer func() { c.Close() }()
		var model []int64
		last := int64(0)
		steps := rapid.SliceOfN(rapid.SampledFrom([]string{"started", "waiting", "progress", "ack", "restart"}), 1, 40).Draw(t, "steps")
		for _, step := range steps {
			switch step {
			case "started", "progress":
				seq, err := c.Enqueue(item("t", protocol.ActivityKind(step)))
				if err != nil || seq <= last {
					t.Fatalf("Enqueue = %d, %v; want a number above %d", seq, err, last)
				}
				last, model = seq, append(model, seq)
			case "waiting":
				seq, err := c.EnqueueWaiting(item("t", protocol.Stopped))
				if err != nil || seq <= last {
					t.Fatalf("EnqueueWaiting = %d, %v; want a number above %d", seq, err, last)
				}
				last, model = seq, append(model, seq)
			case "ack":
				through := rapid.Int64Range(0, last+1).Draw(t, "through")
				if err := c.Acknowledge(through); err != nil {
					t.Fatal(err)
				}
				model = slices.DeleteFunc(model, func(seq int64) bool { return seq <= through })
			case "restart":
				if err := c.Close(); err != nil {
					t.Fatal(err)
				}
				if c, err = Open(cfg); err != nil {
					t.Fatal(err)
				}
			}
			items, err := c.Pending(100)
			if err != nil || !slices.EqualFunc(items, model, func(it protocol.ActivityItem, seq int64) bool { return it.Seq == seq }) {
				t.Fatalf("after %s: Pending = %v, %v; want %v", step, items, err, model)
			}
		}
	})
}
