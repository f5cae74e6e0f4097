package server_test

import (
	"encoding/json"
	"fmt"
	"net/http"
	"net/netip"
	"strings"
	"testing"
	"time"

	"github.com/hearthkey/hearthkey/protocol"
	"github.com/hearthkey/hearthkey/server/account"
)

// told is what the API tells of activity.
type told struct {
	Viewings []struct {
		Device, Profile, Title string
		DeviceName             string `json:"device_name"`
		From, To               time.Time
		Position               int64 `json:"position_seconds"`
		Length                 int64 `json:"length_seconds"`
	}
	Streaming []struct {
		Device, Profile, IP, Place string
		DeviceName                 string `json:"device_name"`
		From, To                   time.Time
	}
	Withheld []string
	Older    string
}

func (o *owner) activity(path string) (out told) {
	o.t.Helper()
	o.call("GET", path, nil, &out)
	return out
}

func TestD6_ActivityByTheAPI(t *testing.T) {
	h := newHome(t)
	for i := range 45 {
		h.one.tell(h.item(h.main, protocol.TitleID(fmt.Sprint("film-", i)), protocol.Started, 0))
	}
	h.two.tell(h.item(h.kids, "film-1", protocol.Started, 0), h.item(h.kids, "film-1", protocol.Stopped, 77))

	all := h.o.activity("/v1/activity")
	if len(all.Viewings) != 46 || all.Older != "" || len(all.Withheld) != 0 {
		t.Fatalf("%d viewings, older %q, withheld %v", len(all.Viewings), all.Older, all.Withheld)
	}
	if v := all.Viewings[0]; v.Profile != string(h.kids) || v.DeviceName != "Bedroom" || v.Position != 77 || v.Length != 5400 {
		t.Errorf("the newest = %+v", v)
	}
	var paged []string
	for before, pages := "", 0; ; pages++ {
		page := h.o.activity("/v1/activity?limit=10&before=" + before)
		for _, v := range page.Viewings {
			paged = append(paged, v.Profile+v.Title)
		}
		if before = page.Older; before == "" {
			break
		}
		if len(page.Viewings) != 10 || pages > 9 {
			t.Fatalf("page %d has %d viewings", pages, len(page.Viewings))
		}
	}
	for i, v := range all.Viewings {
		if i >= len(paged) || paged[i] != v.Profile+v.Title {
			t.Fatalf("by pages %v, want %+v at %d", paged, v, i)
		}
	}
	for path, want := range map[string]int{
		"/v1/activity?profile=" + string(h.kids): 1, "/v1/activity?device=" + string(h.one.id): 45,
		"/v1/activity?profile=" + string(h.kids) + "&device=" + string(h.one.id): 0, "/v1/activity?profile=nobody": 0,
	} {
		if got := len(h.o.activity(path).Viewings); got != want {
			t.Errorf("%s: %d viewings, want %d", path, got, want)
		}
	}
	for _, path := range []string{"?limit=0", "?limit=201", "?limit=x", "?before=x", "?before=1.2.3", "?before=-1.d.1.1"} {
		for _, list := range []string{"/v1/activity", "/v1/activity/streaming"} {
			status, body := h.o.try("GET", list+path, nil)
			wantStatus(t, list+path, status, 400, body)
		}
	}
	s := h.o.activity("/v1/activity/streaming").Streaming
	if len(s) != 2 || s[0].DeviceName != "Bedroom" || s[1].Profile != string(h.main) {
		t.Fatalf("streaming = %+v", s)
	}
	if _, err := netip.ParseAddr(s[0].IP); err != nil {
		t.Errorf("streamed from %q", s[0].IP)
	}
}

// A browser in which a child's profile was chosen needs the owner's proof by the
// API as on the page; a program with a token has no chosen profile.
func TestP10_ChildrenSeeNobodysViewingByTheAPI(t *testing.T) {
	h := newHome(t)
	h.one.tell(h.item(h.main, "film-1", protocol.Started, 0))
	main := h.o.browser()
	kids := main.Clone()
	kids.Set("Cookie", strings.Replace(main.Get("Cookie"), "."+string(h.main), "."+string(h.kids), 1))
	ask := func(header http.Header) (int, string) {
		resp, body := h.raw("GET", "/v1/activity", header, "")
		return resp.StatusCode, body
	}
	if status, body := ask(kids); status != 200 || !strings.Contains(body, "film-1") {
		t.Errorf("with a proof: %d %s", status, body)
	}
	h.skew.Add(int64(account.ProofAge))
	if status, body := ask(kids); status != 403 || !strings.Contains(body, "proof-needed") || strings.Contains(body, "film-1") {
		t.Errorf("a child without a proof: %d %s", status, body)
	}
	if status, body := ask(main); status != 200 || !strings.Contains(body, "film-1") {
		t.Errorf("an adult without a proof: %d %s", status, body)
	}
	if got := h.o.activity("/v1/activity"); len(got.Viewings) != 1 {
		t.Errorf("a program: %+v", got)
	}
}

func TestP10_APIWithholdsLockedTitles(t *testing.T) {
	h := newHome(t)
	h.setPIN(h.main, "4937")
	h.one.tell(h.item(h.main, "film-1", protocol.Started, 0), h.item(h.kids, "film-2", protocol.Started, 0))
	h.skew.Add(int64(account.ProofAge))
	got := h.o.activity("/v1/activity")
	if len(got.Viewings) != 1 || got.Viewings[0].Title != "film-2" || len(got.Withheld) != 1 || got.Withheld[0] != string(h.main) {
		t.Errorf("without a proof: %+v", got)
	}
	if got = h.o.activity("/v1/activity?profile=" + string(h.main)); len(got.Viewings) != 0 || len(got.Withheld) != 1 {
		t.Errorf("the locked one without a proof: %+v", got)
	}
	status, body := h.o.try("GET", "/v1/activity/streaming", nil)
	wantStatus(t, "addresses without a proof", status, 403, body)
	h.o.prove(password)
	if got = h.o.activity("/v1/activity"); len(got.Viewings) != 2 || len(got.Withheld) != 0 {
		t.Errorf("with a proof: %+v", got)
	}
}

// A10: what was watched and listed is in the download.
func TestA10_ExportHasListsAndProgress(t *testing.T) {
	h := newHome(t)
	h.one.tell(h.item(h.main, "film-1", protocol.Started, 0), h.item(h.main, "film-1", protocol.Stopped, 60), h.item(h.kids, "film-2", protocol.Listed, 0))
	status, body := h.o.try("POST", "/v1/export", nil)
	wantStatus(t, "export", status, 200, nil)
	var out struct {
		Activity []struct {
			Title    string `json:"title_id"`
			Position int64
			IP       string
		}
		OwnLists []struct {
			Profile string `json:"profile_id"`
			Title   string `json:"title_id"`
			Listed  bool
		}
		Begun []struct {
			Title    string `json:"title_id"`
			Position int64
		}
	}
	if err := json.Unmarshal(body, &out); err != nil {
		t.Fatal(err)
	}
	if len(out.Activity) != 1 || out.Activity[0].Title != "film-1" || out.Activity[0].Position != 60 || out.Activity[0].IP == "" {
		t.Errorf("activity = %+v", out.Activity)
	}
	if len(out.OwnLists) != 1 || out.OwnLists[0].Title != "film-2" || out.OwnLists[0].Profile != string(h.kids) || !out.OwnLists[0].Listed {
		t.Errorf("own lists = %+v", out.OwnLists)
	}
	if len(out.Begun) != 1 || out.Begun[0].Title != "film-1" || out.Begun[0].Position != 60 {
		t.Errorf("begun = %+v", out.Begun)
	}
}
