package store_test

import (
	"errors"
	"testing"
	"time"

	"github.com/hearthkey/hearthkey/server/store"
)

// A job has one node at a time; who dies loses it after its time, who leaves at once.
func TestJobsHaveOneNode(t *testing.T) {
	db := openEngine(t)
	for _, step := range []struct {
		second int
		node   string // leaves where it begins with "-"
		want   error
	}{
		{0, "a", nil}, {1, "b", store.ErrNotFound}, {20, "a", nil}, {31, "b", store.ErrNotFound}, {49, "b", store.ErrNotFound},
		{50, "b", nil}, {51, "a", store.ErrNotFound}, {52, "-a", nil}, {53, "a", store.ErrNotFound}, {54, "-b", nil}, {55, "a", nil},
	} {
		now := noon.Add(time.Duration(step.second) * time.Second)
		err := db.Update(t.Context(), func(tx *store.Tx) error {
			if step.node[0] == '-' {
				return tx.LeaveJob("tidy", step.node[1:])
			}
			if err := tx.TakeJob("other "+step.node, step.node, now, now.Add(time.Hour)); err != nil {
				t.Errorf("another job: %v", err)
			}
			return tx.TakeJob("tidy", step.node, now, now.Add(30*time.Second))
		})
		if !errors.Is(err, step.want) || step.want == nil && err != nil {
			t.Errorf("second %d, %s: %v, want %v", step.second, step.node, err, step.want)
		}
	}
}
