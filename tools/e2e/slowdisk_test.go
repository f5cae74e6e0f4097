package e2e

import (
	"context"
	"errors"
	"syscall"
	"testing"
	"time"

	"github.com/hearthkey/hearthkey/agent/keyseq"
	"github.com/hearthkey/hearthkey/tools/drive"
	"github.com/hearthkey/hearthkey/tools/faultdisk"
	"github.com/hearthkey/hearthkey/tools/household"
)

// slowSync is how long the disk of TestSlowDisk takes for each write that is to last: as
// worn flash does while it moves its blocks.
const slowSync = 2 * time.Second

// TestSlowDisk: a TV's disk takes seconds for each write. Keys that only look around are
// answered meanwhile, and what has to be written is waited for.
func TestSlowDisk(t *testing.T) {
	f := startFaulty(t, nil)
	ctx := patient(t, 3*patience)
	if err := errors.Join(f.signedIn(ctx), household.OpenHome(ctx, f.tv, household.PIN)); err != nil {
		t.Fatal(err)
	}
	writing := make(chan struct{}, 2) // so many are slow
	f.disk.Use(func(op faultdisk.Op) syscall.Errno {
		if op.Kind == faultdisk.Sync {
			select {
			case writing <- struct{}{}:
				time.Sleep(slowSync)
			default:
			}
		}
		return 0
	})
	defer f.disk.Use(nil)
	list, err := f.owner.Profiles(ctx)
	if err != nil {
		t.Fatal(err)
	}
	p := list[len(list)-1]
	p.Name = "Vega"
	if _, err := f.owner.SaveProfile(ctx, p); err != nil { // the TV writes the new household
		t.Fatal(err)
	}
	if err := drive.Poll(ctx, func() error {
		if len(writing) == 0 {
			return errors.New("nothing is written")
		}
		return nil
	}); err != nil {
		t.Fatal(err)
	}
	worst, err := lookAround(ctx, f.tv)
	if err != nil {
		t.Fatal(err)
	}
	t.Logf("the slowest key took %s beside writes of %s each", worst, slowSync)
	if worst >= slowSync {
		t.Errorf("a key took %s while the disk was busy for %s", worst, slowSync)
	}
}

// lookAround presses arrows for a while and returns the longest time that one took.
func lookAround(ctx context.Context, tv *drive.TV) (worst time.Duration, err error) {
	keys := []keyseq.Key{keyseq.Right, keyseq.Left}
	for n := range 20 {
		begun := time.Now()
		if _, err := tv.Press(ctx, keys[n%2]); err != nil {
			return worst, err
		}
		worst = max(worst, time.Since(begun))
	}
	return worst, nil
}
