package hub

import (
	"testing"
	"time"
)

// Memory is given back once after a flood of connections, and not for a trickle.
func TestTide(t *testing.T) {
	for _, tt := range []struct {
		name string
		come []int64 // in each second
		want int
	}{
		{"nobody", []int64{0, 0, 0, 0, 0, 0, 0}, 0},
		{"a trickle", []int64{20, 20, 20, 20, 20, 20, 20, 20, 20, 20}, 0},
		{"a flood that goes on", []int64{500, 500, 500, 500, 500, 500}, 0},
		{"a flood and its end", []int64{500, 2000, 500, 0, 0, 0, 0, 0}, 1},
		{"stragglers", []int64{3000, 5, 5, 5, 0, 0, 0}, 1},
		{"two floods", []int64{3000, 0, 0, 0, 0, 3000, 0, 0, 0, 0}, 2},
	} {
		freed, total, now := 0, int64(0), time.Unix(0, 0)
		w := tide{free: func() { freed++ }}
		for _, n := range tt.come {
			total += n
			w.look(now, total)
			now = now.Add(time.Second)
		}
		if freed != tt.want {
			t.Errorf("%s: given back %d times, want %d", tt.name, freed, tt.want)
		}
	}
}
