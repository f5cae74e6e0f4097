package web

import (
	"html"
	"net/http"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/hearthkey/hearthkey/server/device"
)

var anyLink = regexp.MustCompile(`(?:href|src)="(/[^"#]*)`)

// A program that follows every link of every page, as mail scanners and
// browsers that read ahead do, changes nothing; and no link leads nowhere.
func TestFollowingEveryLinkChangesNothing(t *testing.T) {
	w := newWorld(t)
	p := w.browser()
	p.signUp()
	d, s := p.approve("Living room TV")
	p.approve("Bedroom TV")
	p.moved(p.post("/account/devices/"+string(d.id())+"/sign-out"), "/account/devices")
	d.confirm(s)
	waiting := w.newTV("Waiting TV")
	code := waiting.code()

	seen := map[string]bool{}
	queue := []string{"/", "/tv?code=" + code, "/signin", "/signup", "/profiles", "/proof", "/signout", "/verify"}
	for len(queue) > 0 {
		path := queue[0]
		queue = queue[1:]
		if seen[path] {
			continue
		}
		seen[path] = true
		a := p.get(path)
		if a.status == http.StatusNotFound && path != "/signout" {
			t.Errorf("a link leads to %s, where nothing is", path)
		}
		if a.status >= http.StatusInternalServerError {
			t.Errorf("GET %s = %d", path, a.status)
		}
		for _, m := range anyLink.FindAllStringSubmatch(a.body, -1) {
			queue = append(queue, html.UnescapeString(m[1]))
		}
	}
	if len(seen) < 40 {
		t.Errorf("only %d addresses were found", len(seen))
	}

	body := p.page("/account/devices")
	has(t, body, `Signed in <span class="count">1</span>`, `Signed out <span class="count">1</span>`, "This device")
	if got := len(p.profilePaths()); got != 2 {
		t.Errorf("%d profiles, want 2", got)
	}
	_, err := w.devices.Enrolled(t.Context(), w.clock.Now(), waiting.frame, device.Meta{IP: "127.0.0.1", Node: "n1"})
	if err != device.ErrPending {
		t.Errorf("the TV that waits: %v, want ErrPending", err)
	}
	has(t, p.page("/tv?code="+code), "Waiting TV")
}

// The documented routes answer a GET or a POST, never the same action by both.
// ASVS 14.2.1.
func TestActionsAreNoGets(t *testing.T) {
	w := newWorld(t)
	p := w.browser()
	p.signUp()
	d, _ := p.approve("Bedroom TV")
	for _, path := range []string{
		"/signout", "/verify/resend", "/account/membership/code/resend", "/account/sessions/x/sign-out",
		"/account/devices/" + string(d.id()) + "/sign-out",
	} {
		if a := p.get(path); a.status != http.StatusMethodNotAllowed {
			t.Errorf("GET %s = %d, want 405", path, a.status)
		}
	}
	if !strings.Contains(p.page("/account/devices"), "Bedroom TV") {
		t.Error("the TV is gone")
	}
}

func BenchmarkDevicesPage(b *testing.B) {
	v := testViews(b)
	page := fixturePages()["devices-40"]
	var times []int
	for b.Loop() {
		body, err := v.render(page)
		if err != nil {
			b.Fatal(err)
		}
		times = append(times, len(pack(body)))
	}
	b.ReportMetric(float64(slices.Max(times)), "bytes/page")
}
