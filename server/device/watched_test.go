package device

import (
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/hearthkey/hearthkey/protocol"
	"github.com/hearthkey/hearthkey/server/store"
)

func TestA5_ItemsBecomeViewings(t *testing.T) {
	began := time.Date(2026, 11, 25, 20, 0, 0, 0, time.UTC)
	at := func(minute int) time.Time { return began.Add(time.Duration(minute) * time.Minute) }
	item := func(minute int, device protocol.DeviceID, profile protocol.ProfileID, title protocol.TitleID) store.ActivityRow {
		return store.ActivityRow{Device: device, ActivityItem: protocol.ActivityItem{
			Profile: profile, Title: title, At: protocol.MillisOf(at(minute)), Position: int64(60 * minute),
		}}
	}
	items := []store.ActivityRow{
		item(50, "tv1", "p1", "moon"), item(45, "tv2", "p2", "sea"), item(40, "tv1", "p1", "moon"), // another device's is between
		item(30, "tv1", "p1", "sea"), item(20, "tv1", "p1", "moon"), item(10, "tv1", "p2", "moon"), item(5, "tv2", "p2", "sea"),
	}
	all := []Viewing{
		{Device: "tv1", Profile: "p1", Title: "moon", From: at(40), To: at(50), Position: 3000},
		{Device: "tv2", Profile: "p2", Title: "sea", From: at(5), To: at(45), Position: 2700},
		{Device: "tv1", Profile: "p1", Title: "sea", From: at(30), To: at(30), Position: 1800},
		{Device: "tv1", Profile: "p1", Title: "moon", From: at(20), To: at(20), Position: 1200},
		{Device: "tv1", Profile: "p2", Title: "moon", From: at(10), To: at(10), Position: 600},
	}
	for n := 1; n <= len(all)+1; n++ {
		if diff := cmp.Diff(all[:min(n, len(all))], viewings(items, n)); diff != "" {
			t.Errorf("viewings(items, %d) (-want +got):\n%s", n, diff)
		}
	}
	if got := viewings(nil, 10); len(got) != 0 {
		t.Errorf("viewings of nothing = %v", got)
	}
}
