package web

import (
	"fmt"
	"net/url"
	"regexp"
	"strings"
	"testing"
	"time"

	"github.com/hearthkey/hearthkey/protocol"
	"github.com/hearthkey/hearthkey/server/account"
	"github.com/hearthkey/hearthkey/server/device"
)

// viewer is a person with a TV that tells what is watched.
type viewer struct {
	*person
	tv         *tv
	sess       device.Session
	main, kids protocol.ProfileID
	seq        int64
}

func newViewer(t *testing.T) *viewer {
	t.Helper()
	v := &viewer{person: newWorld(t).browser()}
	v.signUp()
	v.tv, v.sess = v.approve("Bedroom TV")
	m := profileButton.FindAllStringSubmatch(v.page("/profiles"), -1)
	v.main, v.kids = protocol.ProfileID(m[0][1]), protocol.ProfileID(m[1][1])
	return v
}

// watches has p watch a title until now.
func (v *viewer) watches(p protocol.ProfileID, title protocol.TitleID, lasting time.Duration) {
	v.t.Helper()
	now := v.clock.Now()
	items := []protocol.ActivityItem{
		{Seq: v.seq + 1, Profile: p, Title: title, What: protocol.Started, At: protocol.MillisOf(now.Add(-lasting))},
		{Seq: v.seq + 2, Profile: p, Title: title, What: protocol.Stopped, At: protocol.MillisOf(now)},
	}
	v.seq += 2
	_, err := v.devices.Activity(v.t.Context(), now, v.sess, protocol.Activity{Epoch: v.sess.Epoch, Items: items})
	v.must(err)
}

func TestD6_ViewingIsListed(t *testing.T) {
	v := newViewer(t)
	has(t, v.page("/account/activity"), "Nothing was watched yet")
	has(t, v.page("/account/activity/streaming"), "Nothing was streamed yet")
	v.clock.Advance(8 * time.Minute)
	v.watches(v.main, "gone", time.Minute)
	v.watches(v.main, "moon", 5*time.Minute)
	has(t, v.page("/account/activity"), "<bdi>Moon &amp; Sea</bdi>", "A title that is not on offer any more", "Bedroom TV", "Main", "5 min", "Kept for 1 year")
	streaming := v.page("/account/activity/streaming")
	has(t, streaming, "Bedroom TV", "Main", "127.0.0.1", "Places are approximate", "90 days")
	lacks(t, streaming, "Moon &amp; Sea")
	p := "/account/activity?profile=" + string(v.kids)
	has(t, v.page(p), "What <bdi>Kids</bdi> watched", "Nothing that fits was watched", "Show everything")
	has(t, v.page("/account/activity?device="+string(v.tv.id())+"&profile="+string(v.main)), "Moon &amp; Sea")
	for _, path := range []string{"/account/activity?profile=nobody", "/account/activity?device=d-x", "/account/activity?before=x", "/account/activity/streaming?before=1.2", "/account/activity/streaming?profile=nobody"} {
		if a := v.get(path); a.status != 404 {
			t.Errorf("GET %s = %d, want 404", path, a.status)
		}
	}
}

func TestP10_LockedTitlesShowAfterAProof(t *testing.T) {
	v := newViewer(t)
	v.moved(v.post("/account/profiles/"+string(v.main)+"/lock", "action=set", "password="+testPassword, "pin=4071"), "/account/profiles")
	v.watches(v.main, "moon", 0)
	v.watches(v.kids, "salt", 0)
	has(t, v.page("/account/activity"), "Moon &amp; Sea", "Salt")

	v.clock.Advance(account.ProofAge)
	body := v.page("/account/activity")
	has(t, body, "Salt", "<bdi>Main</bdi></b> watched is behind a profile lock", `href="/proof?next=%2Faccount%2Factivity"`)
	lacks(t, body, "Moon &amp; Sea")
	own := "/account/activity?profile=" + string(v.main)
	body = v.page(own)
	has(t, body, "behind a profile lock", "Nothing that fits was watched", "/proof?next="+url.QueryEscape(own))
	lacks(t, body, "Moon &amp; Sea")
	v.moved(v.get("/account/activity/streaming"), "/proof?next=%2Faccount%2Factivity%2Fstreaming")
	v.moved(v.post("/proof", "password="+testPassword, "next="+own), own)
	has(t, v.page(own), "Moon &amp; Sea")
}

// Whoever uses the browser as a child needs the owner's proof.
func TestP10_ChildrenSeeNobodysViewing(t *testing.T) {
	v := newViewer(t)
	v.watches(v.main, "moon", 0)
	v.moved(v.post("/profiles", "profile="+string(v.kids), "next=/"), "/")
	v.clock.Advance(account.ProofAge)
	v.moved(v.get("/account/activity"), "/proof?next=%2Faccount%2Factivity")
	v.moved(v.post("/profiles", "profile="+string(v.main), "next=/"), "/")
	has(t, v.page("/account/activity"), "Moon &amp; Sea")
}

func TestP11_ParentsSeeWhatKidsWatched(t *testing.T) {
	v := newViewer(t)
	v.clock.Advance(9 * time.Minute)
	for _, title := range []protocol.TitleID{"moon", "salt", "otter", "orbit-1"} {
		v.watches(v.kids, title, 2*time.Minute)
	}
	v.watches(v.kids, "moon", 5*time.Second) // the same title once more
	v.watches(v.main, "salt-and-iron", 2*time.Minute)
	body := v.page("/account/activity")
	card, _, _ := strings.Cut(body[strings.Index(body, `class="tag">Kids`):], "</section>")
	has(t, card, "In the last 7 days: 4 titles, 8 min", "The Otter Post", "Moon &amp; Sea", "Low Orbit", "Bedroom TV", "2 min", "under a minute", `href="/account/activity?profile=`+string(v.kids)+`"`)
	lacks(t, card, "Salt and Iron")
	v.clock.Advance(8 * 24 * time.Hour)
	has(t, v.page("/account/activity"), "Nothing in the last 7 days", "The Otter Post")
	lacks(t, v.page("/account/activity?profile="+string(v.kids)), `class="tag">Kids`) // a list of one has no cards
}

func TestD6_ViewingHasPages(t *testing.T) {
	v := newViewer(t)
	for range activityShown + 5 {
		v.clock.Advance(time.Second)
		v.watches(v.main, "moon", 0)
	}
	next := regexp.MustCompile(`href="([^"]+)" rel="next"`)
	for _, path := range []string{"/account/activity", "/account/activity?profile=" + string(v.main)} {
		first := v.page(path)
		m := next.FindStringSubmatch(first)
		if m == nil || strings.Count(first, "<bdi>Moon &amp; Sea</bdi>") != activityShown || strings.Contains(first, "Back to the newest") {
			t.Fatalf("%s: the first page has no next, or not %d rows:\n%s", path, activityShown, visible(first))
		}
		second := v.page(strings.ReplaceAll(m[1], "&amp;", "&"))
		if n := strings.Count(second, "<bdi>Moon &amp; Sea</bdi>"); n != 5 || next.MatchString(second) {
			t.Errorf("%s: the second page has %d rows, want 5 and no next", path, n)
		}
		has(t, second, "Back to the newest")
	}
}

func TestKeptInWords(t *testing.T) {
	for hours, want := range map[int]string{24: "1 day", 48: "2 days", 90 * 24: "90 days", 364 * 24: "364 days", 365 * 24: "1 year", 3 * 365 * 24: "3 years"} {
		if got := days(time.Duration(hours) * time.Hour); got != want {
			t.Errorf("days(%d h) = %q, want %q", hours, got, want)
		}
	}
	if got := fmt.Sprint(ViewingRow{}.Lasting(), SittingRow{}.Lasting()); got != "0s 0s" {
		t.Errorf("of nothing: %s", got)
	}
}
