package web

import (
	"encoding/json"
	"net/http"
	"regexp"
	"strings"
	"testing"
	"time"

	"github.com/hearthkey/hearthkey/protocol"
	"github.com/hearthkey/hearthkey/protocol/sign"
	"github.com/hearthkey/hearthkey/server/account"
	"github.com/hearthkey/hearthkey/server/device"
)

func TestApproveATV(t *testing.T) {
	w := newWorld(t)
	p := w.browser()
	p.signUp()
	d := w.newTV("Bedroom TV")
	code := d.code()
	typed := strings.ToLower(code[:4]) + "+" + strings.ToLower(code[4:])
	for range 3 { // a GET never acts, whoever asks for the QR's address
		has(t, p.page("/tv?code="+typed), "Sign in this TV?", dashed(code), "Bedroom TV", "Vision 43", "same network", "Approve only what you started")
	}
	if _, err := w.devices.Enrolled(t.Context(), w.clock.Now(), d.frame, device.Meta{Node: "n1"}); err == nil {
		t.Fatal("looking at the page signed the TV in")
	}
	p.moved(p.post("/tv", "code="+dashed(code), "do=approve"), "/tv/done?device="+string(d.id()))
	has(t, p.page("/tv/done?device="+string(d.id())), "Bedroom TV")
	has(t, p.page("/account/devices"), "Bedroom TV", "Vision 43")
	has(t, p.page("/account/timeline"), "TV signed in")
	again := p.post("/tv", "code="+code, "do=approve")
	if again.status != http.StatusUnprocessableEntity {
		t.Errorf("a used code: %d, want 422", again.status)
	}
	has(t, again.body, "No TV is waiting with that code")
}

func TestRefuseATV(t *testing.T) {
	w := newWorld(t)
	p := w.browser()
	p.signUp()
	d := w.newTV("Not mine")
	code := d.code()
	p.moved(p.post("/tv", "code="+code, "do=refuse"), "/account/devices")
	body := p.page("/account/devices")
	has(t, body, "The TV was refused")
	lacks(t, body, "Not mine")
	if a := p.post("/tv", "code="+code, "do=dance"); a.status != http.StatusBadRequest {
		t.Errorf("an unknown answer: %d, want 400", a.status)
	}
}

func TestWrongUserCode(t *testing.T) {
	w := newWorld(t)
	p := w.browser()
	p.signUp()
	for _, code := range []string{"BBBB-BBBB", "x", strings.Repeat("B", 500), "%00%ff"} {
		a := p.get("/tv?code=" + code)
		if a.status != http.StatusUnprocessableEntity {
			t.Errorf("code %.20q: %d, want 422", code, a.status)
		}
		has(t, a.body, "No TV is waiting with that code")
	}
	w.clock.Advance(account.ProofAge) // approving is for who gave the password lately
	p.moved(p.get("/tv?code=BBBB-BBBB"), "/proof?next=%2Ftv%3Fcode%3DBBBB-BBBB")
	p.moved(w.browser().get("/tv?code=BBBB-BBBB"), "/signin?next=%2Ftv%3Fcode%3DBBBB-BBBB")
}

func TestSignOutATV(t *testing.T) {
	w := newWorld(t)
	p := w.browser()
	p.signUp()
	d, s := p.approve("Bedroom TV")
	path := "/account/devices/" + string(d.id())
	if a := p.get(path + "/sign-out"); a.status != http.StatusMethodNotAllowed {
		t.Errorf("GET of a sign-out: %d, want 405", a.status)
	}
	p.moved(p.post(path+"/sign-out"), "/account/devices")
	has(t, p.page("/account/devices"), "The TV is signed out", `<h2 class="group">Signed out <span class="count">1</span></h2>`)
	if a := p.get(path + "/receipt"); a.status != http.StatusNotFound {
		t.Errorf("receipt before there is one: %d, want 404", a.status)
	}
	w.clock.Advance(time.Second)
	d.confirm(s)
	has(t, p.page("/account/devices"), "Signed out: confirmed at", "20:00:01 UTC", path+"/receipt")
	has(t, p.page(path+"/receipt"), "The signature matches", "viewing activity and its sign-in", "2 items", "hearthkey verify-receipt receipt-"+string(d.id())+".json")

	a := p.get(path + "/receipt.json")
	var file protocol.ProofFile
	if err := json.Unmarshal([]byte(a.body), &file); err != nil {
		t.Fatal(err)
	}
	claims, err := sign.VerifyReceipt(file.JWS, []byte(file.PublicKey))
	if err != nil || claims.Device != d.id() || claims.Status != protocol.SignedOut {
		t.Errorf("the downloaded receipt says %+v, %v", claims, err)
	}
	if got := a.header.Get("Content-Disposition"); !strings.Contains(got, ".json") {
		t.Errorf("Content-Disposition %q", got)
	}
}

func TestDeactivateAndRename(t *testing.T) {
	w := newWorld(t)
	p := w.browser()
	p.signUp()
	d, _ := p.approve("Bedroom TV")
	path := "/account/devices/" + string(d.id())
	has(t, p.page(path+"/rename"), `value="Bedroom TV"`)
	empty := p.post(path+"/rename", "name= ")
	if empty.status != http.StatusUnprocessableEntity {
		t.Errorf("empty name: %d, want 422", empty.status)
	}
	has(t, empty.body, "name-error")
	p.moved(p.post(path+"/rename", "name=Guest <b>room"), "/account/devices")
	has(t, p.page("/account/devices"), "Guest &lt;b&gt;room")
	has(t, p.page(path+"/deactivate"), "Deactivate", "its identity", "erased")
	w.clock.Advance(account.ProofAge)
	a := p.post(path + "/deactivate")
	if a.status != http.StatusSeeOther || !strings.HasPrefix(a.to, "/proof?next=") {
		t.Errorf("deactivation without a fresh proof: %d to %q", a.status, a.to)
	}
	p.moved(p.post("/proof", "password="+testPassword, "next=/"), "/")
	p.moved(p.post(path+"/deactivate"), "/account/devices")
	has(t, p.page("/account/devices"), "The TV is deactivated")
}

// A TV that proved its sign-out has nothing left that a deactivation would erase: it
// may never connect again, and the board does not wait for it.
func TestD4_ASignedOutTVIsDoneWhenDeactivated(t *testing.T) {
	w := newWorld(t)
	p := w.browser()
	p.signUp()
	d, s := p.approve("Bedroom TV")
	path := "/account/devices/" + string(d.id())
	p.moved(p.post(path+"/sign-out"), "/account/devices")
	w.clock.Advance(time.Second)
	d.confirm(s)
	w.clock.Advance(time.Minute)
	p.moved(p.post(path+"/deactivate"), "/account/devices")
	page := p.page("/account/devices")
	has(t, page, "Deactivated, nothing left to do", "It was signed out before, confirmed at", "20:00:01 UTC", "nothing of the account is left on it", path+"/receipt")
	for _, wrong := range []string{"Not reached yet", "Deactivating…", "locks itself"} {
		if strings.Contains(page, wrong) {
			t.Errorf("the board says %q", wrong)
		}
	}
	has(t, p.page(path+"/receipt"), "<b>Signed out</b>, applied at", "The signature matches")
}

func TestSignOutEverywhere(t *testing.T) {
	w := newWorld(t)
	p, other := w.browser(), w.browser()
	p.signUp()
	other.signIn()
	living, s1 := p.approve("Living room TV")
	bedroom, s2 := p.approve("Bedroom TV")
	bedroom.disconnect(s2, w.clock.Now(), w.clock.Now())
	has(t, p.page("/account/devices/everywhere"), "2 devices and 1 other browser", "This browser stays signed in")
	has(t, p.page("/account/devices"), "Living room TV", "Bedroom TV")

	w.clock.Advance(20 * time.Minute) // no password is asked for to take access away
	p.moved(p.post("/account/devices/everywhere"), "/account/devices")
	other.moved(other.get("/account"), "/signin?next=%2Faccount")
	p.moved(p.post("/proof", "password="+testPassword, "next=/account/devices"), "/account/devices")

	body := p.page("/account/devices")
	has(t, body, "0 of 2 confirmed", "Change the password now")
	w.clock.Advance(time.Second)
	living.confirm(s1)
	body = visible(p.page("/account/devices"))
	has(t, body, "1 of 2 confirmed", "Bedroom TV locks itself by 26 Nov 2026, 04:00 UTC if it stays on", "switched off, after at most 8 h of further use")
	w.clock.Advance(time.Minute)
	bedroom.confirm(s2)
	has(t, p.page("/account/devices"), "All 2 devices confirmed that they signed out")

	const next = "purple tractor ballad"
	p.check()
	p.moved(p.post("/account/membership/password", "current="+testPassword, "new="+next, "again="+next), "/account/membership")
	lacks(t, p.page("/account/devices"), "Change the password now")
}

var webForm = regexp.MustCompile(`action="(/account/sessions/[^"]+/sign-out)"`)

// ASVS 7.5.2.
func TestSignOutAnotherBrowser(t *testing.T) {
	w := newWorld(t)
	p, other := w.browser(), w.browser()
	p.signUp()
	w.clock.Advance(time.Minute)
	other.signIn()
	body := p.page("/account/devices")
	has(t, body, "This device", `<h2 class="group">Browsers <span class="count">2</span></h2>`)
	forms := webForm.FindAllStringSubmatch(body, -1)
	if len(forms) != 1 {
		t.Fatalf("%d forms to sign out browsers, want 1: not this one", len(forms))
	}
	p.moved(p.post(forms[0][1]), "/account/devices")
	other.moved(other.get("/account"), "/signin?next=%2Faccount")
	if a := p.post(forms[0][1]); a.status != http.StatusNotFound {
		t.Errorf("signing it out again: %d, want 404", a.status)
	}
}

// Another household's device and profile are not there at all.
func TestOthersAreInvisible(t *testing.T) {
	w := newWorld(t)
	p := w.browser()
	p.signUp()
	d, _ := p.approve("Bedroom TV")
	stranger := w.browser()
	stranger.moved(stranger.post("/signup", "email=otto@example.org", "password="+testPassword), "/verify")
	stranger.moved(stranger.post("/verify", "code="+<-w.codes), "/profiles")
	stranger.choose("/")
	path := "/account/devices/" + string(d.id())
	for _, a := range []answer{
		stranger.get(path + "/rename"), stranger.get(path + "/deactivate"), stranger.get(path + "/receipt"),
		stranger.get(path + "/receipt.json"), stranger.post(path + "/sign-out"), stranger.post(path + "/deactivate"),
		stranger.post(path+"/rename", "name=Mine"), stranger.get("/tv/done?device=" + string(d.id())),
	} {
		if a.status != http.StatusNotFound {
			t.Errorf("a stranger got %d to %q, want 404", a.status, a.to)
		}
	}
	has(t, p.page("/account/devices"), "Bedroom TV")
}
