package web

import (
	"encoding/json"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/hearthkey/hearthkey/protocol"
	"github.com/hearthkey/hearthkey/protocol/sign"
	"github.com/hearthkey/hearthkey/server/account"
)

// D3, D4: reporting stolen says what it does, needs a fresh proof and one
// confirmation, shows the lock's receipt and where the TV reports from, and is
// finished by deactivating.
func TestD4_ReportStolenOnThePages(t *testing.T) {
	w := newWorld(t)
	p := w.browser()
	p.signUp()
	d, s := p.approve("Bedroom TV")
	path := "/account/devices/" + string(d.id())
	has(t, p.page("/account/devices"), path+"/stolen")
	has(t, p.page(path+"/stolen"), "Report <bdi>Bedroom TV</bdi> stolen?", "locks its screen", "keeps telling us where it connects from", "cannot be taken back")
	for _, address := range []string{"/finish", "/reports.json"} {
		if a := p.get(path + address); a.status != http.StatusNotFound {
			t.Errorf("GET %s of a TV that is not stolen: %d, want 404", address, a.status)
		}
	}
	w.clock.Advance(account.ProofAge)
	if a := p.post(path + "/stolen"); a.status != http.StatusSeeOther || !strings.HasPrefix(a.to, "/proof?next=") {
		t.Errorf("without a fresh proof: %d to %q", a.status, a.to)
	}
	p.moved(p.post("/proof", "password="+testPassword, "next=/"), "/")
	p.moved(p.post(path+"/stolen"), "/account/devices")
	has(t, p.page("/account/devices"), "The TV is reported stolen", `<h2 class="group">Reported stolen <span class="count">1</span></h2>`, path+"/finish")

	w.clock.Advance(time.Second)
	d.confirm(s)
	board := p.page("/account/devices")
	has(t, board, "Locked as stolen: confirmed at")
	lacks(t, board, "/deactivate", "/sign-out\"><button class=\"button plain\" id=\"out-")
	has(t, p.page(path+"/stolen"), "Reports of <bdi>Bedroom TV</bdi>", "Last heard before you reported it", "each for 90 days", "hearthkey verify-reports reports-"+string(d.id())+".json")
	has(t, p.page("/account/timeline"), "TV reported stolen")

	var file protocol.ReportsFile
	a := p.get(path + "/reports.json")
	if err := json.Unmarshal([]byte(a.body), &file); err != nil {
		t.Fatal(err)
	}
	c, err := sign.VerifyReports(file)
	if err != nil || c.Device != d.id() || len(c.Reports) == 0 || c.Confirmed == 0 {
		t.Errorf("the download says %+v, %v", c, err)
	}

	has(t, p.page(path+"/finish"), "Finish <bdi>Bedroom TV</bdi>?", "deleted here")
	p.moved(p.post(path+"/finish"), "/account/devices")
	board = p.page("/account/devices")
	has(t, board, "The stolen TV is finished")
	lacks(t, board, "Reported stolen <span")
	if a := p.get(path + "/stolen"); a.status != http.StatusNotFound {
		t.Errorf("the reports of a finished TV: %d, want 404", a.status)
	}
}
