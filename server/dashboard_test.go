package server_test

import (
	"encoding/json"
	"io"
	"net/http"
	"os"
	"regexp"
	"strings"
	"testing"

	"github.com/hearthkey/hearthkey/server"
)

// scrape returns a server's figures as Prometheus reads them: names of series, labels
// included, and their values.
func scrape(t *testing.T, h *house) map[string]string {
	t.Helper()
	resp, err := http.Get("http://" + h.srv.AdminAddr().String() + "/metrics")
	if err != nil {
		t.Fatal(err)
	}
	defer resp.Body.Close()
	text, err := io.ReadAll(resp.Body)
	if err != nil || resp.StatusCode != 200 {
		t.Fatalf("metrics = %d, %v", resp.StatusCode, err)
	}
	out := map[string]string{}
	for line := range strings.Lines(string(text)) {
		if name, value, ok := strings.Cut(strings.TrimSpace(line), "} "); ok && !strings.HasPrefix(line, "#") {
			out[name+"}"] = value
		} else if name, value, ok := strings.Cut(strings.TrimSpace(line), " "); ok && !strings.HasPrefix(line, "#") {
			out[name] = value
		}
	}
	return out
}

var metricName = regexp.MustCompile(`\b(?:hearthkey|process|go)_[a-z0-9_]+`)
var kindList = regexp.MustCompile(`kind=~?\\?"([a-z_|]+)`)

// O2: a TV's sign-out by itself, another's by one of everything, and their proofs are
// counted, and everything that the
// Grafana dashboard asks for is there, its labels' values too.
func TestO2_DashboardAsksForWhatIsExported(t *testing.T) {
	h := open(t, func(c *server.Config) { c.Admin = "127.0.0.1:0" })
	o := h.signUp("anna@example.com")
	v, w := newTV(h, "Living room"), newTV(h, "Attic")
	v.join(o)
	w.join(o)
	signedOut(t, o, v)
	everywhere(o, []*tv{w})

	var found map[string]string
	eventually(t, "a sign-out and its proof are counted", func() bool { // after the frames that the TV has read
		found = scrape(t, h)
		for name, want := range map[string]string{
			`hearthkey_events_total{kind="device_signed_out"}`:      "1",
			`hearthkey_events_total{kind="signed_out_everywhere"}`:  "1",
			`hearthkey_events_total{kind="device_confirmed"}`:       "2",
			`hearthkey_sign_out_confirmed_seconds_bucket{le="300"}`: "2",
			`hearthkey_events_total{kind="device_stolen"}`:          "0",
		} {
			if found[name] != want {
				return false
			}
		}
		for _, name := range []string{"hearthkey_leases_granted_total", "hearthkey_push_seconds_count", `hearthkey_store_seconds_count{kind="update"}`, `hearthkey_bus_nudges_total{way="heard"}`} {
			if found[name] == "" || found[name] == "0" {
				return false
			}
		}
		return true
	})
	checkDashboard(t, found)
}

func checkDashboard(t *testing.T, found map[string]string) {
	t.Helper()
	data, err := os.ReadFile("../packaging/grafana/hearthkey.json")
	if err != nil {
		t.Fatal(err)
	}
	var board struct {
		Panels []struct {
			Title   string
			Targets []struct{ Expr string }
		}
	}
	if err := json.Unmarshal(data, &board); err != nil {
		t.Fatal(err)
	}
	names := map[string]bool{}
	for series := range found {
		name, _, _ := strings.Cut(series, "{")
		names[name] = true
	}
	asked := map[string]bool{}
	for _, p := range board.Panels {
		for _, target := range p.Targets {
			for _, name := range metricName.FindAllString(target.Expr, -1) {
				asked[strings.TrimSuffix(strings.TrimSuffix(name, "_bucket"), "_count")] = true
				if !names[name] {
					t.Errorf("panel %q asks for %s, which is not exported", p.Title, name)
				}
			}
			for _, kinds := range kindList.FindAllStringSubmatch(target.Expr, -1) {
				for kind := range strings.SplitSeq(kinds[1], "|") {
					if found[`hearthkey_events_total{kind="`+kind+`"}`] == "" {
						t.Errorf("panel %q asks for the kind %s, which there is not", p.Title, kind)
					}
				}
			}
		}
	}
	for name := range names { // everything of ours is on the dashboard
		base := strings.TrimSuffix(strings.TrimSuffix(strings.TrimSuffix(name, "_bucket"), "_count"), "_sum")
		if strings.HasPrefix(name, "hearthkey_") && !asked[base] {
			t.Errorf("%s is on no panel", base)
		}
	}
}
