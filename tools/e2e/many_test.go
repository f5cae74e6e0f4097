package e2e

import (
	"fmt"
	"testing"
	"time"

	"github.com/hearthkey/hearthkey/tools/loadtv"
)

// TestManyTVs takes the devices page of a household of forty TVs through
// tools/browser/many.mjs.
func TestManyTVs(t *testing.T) {
	if *screenshots != "" {
		t.Skip("TestScreenshots goes the same way")
	}
	manyTVs(t, "")
}

func manyTVs(t *testing.T, shots string) {
	ctx := patient(t, 2*time.Minute)
	s := here(ctx, t, time.Now)
	fleet, err := loadtv.New(loadtv.Config{URL: "http://" + s.Addr().String(), Sizes: []int{40}})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(fleet.Close)
	for _, step := range []func() error{
		func() error { return fleet.SignUp(ctx) },
		func() error { return fleet.Enrol(ctx) },
		func() error { _, err := fleet.Connect(ctx); return err },
	} {
		if err := step(); err != nil {
			t.Fatal(err)
		}
	}
	drives(ctx, t, "many.mjs", map[string]string{
		"server": s.URL(), "shots": shots, "email": fleet.Owner(0).Email, "password": loadtv.Password,
	}, func(order string) error { return fmt.Errorf("unknown order %q", order) })
}
