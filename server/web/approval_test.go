package web

import (
	"errors"
	"net/http"
	"net/netip"
	"strings"
	"testing"
	"time"

	"github.com/hearthkey/hearthkey/server/account"
	"github.com/hearthkey/hearthkey/server/api"
	"github.com/hearthkey/hearthkey/server/device"
)

// Where things are in these tests.
const (
	homeAddress  = "203.0.113.24"
	thiefAddress = "198.51.100.66"
)

// placed is a world whose browsers are at home in France, and in which addresses
// have countries.
func placed(t *testing.T) *world {
	t.Helper()
	w := newWorld(t)
	countries := map[string]string{homeAddress: "FR", "203.0.113.99": "FR", thiefAddress: "NL"}
	w.open(func(_ *account.Config, c *Config) {
		c.Origins = api.Origins{
			Trusted: []netip.Prefix{netip.MustParsePrefix("127.0.0.0/8")},
			Place:   func(netip.Addr) string { return "Lyon, France" },
		}
		c.Country = func(a netip.Addr) string { return countries[a.String()] }
	})
	return w
}

// at is a browser at an address.
func (p *person) at(address string) *person {
	p.client.Transport = forwarded{address}
	return p
}

type forwarded struct{ address string }

func (f forwarded) RoundTrip(r *http.Request) (*http.Response, error) {
	r = r.Clone(r.Context())
	r.Header.Set("X-Forwarded-For", f.address)
	return http.DefaultTransport.RoundTrip(r)
}

// A thief shows a TV of their own and sends its link to the owner. What the page
// says makes it plain, one press of the button does nothing, and a refusal reaches
// the thief's TV.
// RFC 8628 §5.4.
func TestD1_AThiefsLinkIsPlain(t *testing.T) {
	w := placed(t)
	p := w.browser().at(homeAddress)
	p.signUp()
	thief := w.newTV("Living room TV") // named as the owner's own
	code := thief.codeFrom(thiefAddress, "Rotterdam, Netherlands")
	body := p.page("/tv?code=" + code)
	text := visible(body)
	has(t, text, "Is this the code on the screen of the TV in front of you?", dashed(code), "It calls itself Living room TV Vision 43 , TV",
		"Its network "+thiefAddress+" Rotterdam, Netherlands (approximate)", "Your network "+homeAddress+" Lyon, France (approximate)",
		"The TV is in another country than you seem to be. If somebody sent you this link or code, they are trying to get into your account",
		"I am in front of this TV, and it shows "+dashed(code), "It’s not mine")
	lacks(t, text, "same network")

	hasty := p.post("/tv", "code="+code, "do=approve")
	if hasty.status != http.StatusUnprocessableEntity {
		t.Errorf("approved from another country without a look: %d to %q, want 422", hasty.status, hasty.to)
	}
	has(t, visible(hasty.body), "Nothing was done. Tick this only if you see the code on a TV yourself.")
	if _, err := thief.enrolled(); !errors.Is(err, device.ErrPending) {
		t.Fatalf("the thief's TV: %v, want ErrPending", err)
	}
	p.moved(p.post("/tv", "code="+code, "do=refuse"), "/account/devices")
	if _, err := thief.enrolled(); !errors.Is(err, device.ErrRefused) {
		t.Errorf("the thief's TV: %v, want ErrRefused", err)
	}
	again := p.post("/tv", "code="+code, "do=approve", "seen=yes")
	if again.status != http.StatusUnprocessableEntity {
		t.Errorf("a refused code: %d, want 422", again.status)
	}
	has(t, p.page("/account/timeline"), "refused")
}

// enrolled tells what became of the TV's request.
func (d *tv) enrolled() (device.Enrolment, error) {
	return d.devices.Enrolled(d.t.Context(), d.clock.Now(), d.frame, device.Meta{IP: "127.0.0.1", Node: "n1"})
}

// The page compares addresses and countries, and asks for a look where they differ.
// RFC 8628 §5.4.
func TestD1_TheNetworkOfATVIsToldApart(t *testing.T) {
	for name, at := range map[string]struct {
		tv, says string
		tick     bool
	}{
		"home":            {homeAddress, "The TV is on the same network as this browser.", false},
		"another network": {"203.0.113.99", "The TV is on another network than this browser. That is normal on mobile data.", true},
		"no country":      {"192.0.2.1", "The TV is on another network than this browser. That is normal on mobile data.", true},
		"another country": {thiefAddress, "The TV is in another country than you seem to be.", true},
		"as IPv6":         {"::ffff:" + thiefAddress, "The TV is in another country than you seem to be.", true},
	} {
		t.Run(name, func(t *testing.T) {
			w := placed(t)
			p := w.browser().at(homeAddress)
			p.signUp()
			d := w.newTV("Den")
			code := d.codeFrom(at.tv, "")
			body := p.page("/tv?code=" + code)
			has(t, visible(body), at.says)
			if got := strings.Contains(body, `name="seen"`); got != at.tick {
				t.Errorf("asks whether the TV is seen: %t, want %t", got, at.tick)
			}
			values := []string{"code=" + code, "do=approve"}
			if at.tick {
				values = append(values, "seen=yes")
			}
			p.moved(p.post("/tv", values...), "/tv/done?device="+string(d.id()))
			d.session()
		})
	}
}

// The approval asks for a fresh proof; a refusal, which gives nothing away, for none.
func TestA8_ApprovingNeedsAProofRefusingNone(t *testing.T) {
	w := newWorld(t)
	p := w.browser()
	p.signUp()
	d := w.newTV("Den")
	code := d.code()
	w.clock.Advance(account.ProofAge)
	p.moved(p.get("/tv?code="+code), "/proof?next=%2Ftv%3Fcode%3D"+code)
	p.moved(p.post("/tv", "code="+code, "do=approve"), "/proof?next=%2F")
	if _, err := d.enrolled(); !errors.Is(err, device.ErrPending) {
		t.Errorf("approved without a proof: %v", err)
	}
	p.moved(p.post("/tv", "code="+code, "do=refuse"), "/account/devices")
	if _, err := d.enrolled(); !errors.Is(err, device.ErrRefused) {
		t.Errorf("refused without a proof: %v, want ErrRefused", err)
	}
}

// A code that ran out is said so, and how long it still works is on the page.
func TestD1_ACodeRunsOut(t *testing.T) {
	w := newWorld(t)
	p := w.browser()
	p.signUp()
	d := w.newTV("Den")
	code := d.code()
	w.clock.Advance(5 * time.Minute)
	has(t, p.page("/tv?code="+code), `data-left="600"`, "20:15 UTC")
	w.clock.Advance(10*time.Minute - time.Second)
	p.moved(p.post("/proof", "password="+testPassword, "next=/"), "/")
	has(t, p.page("/tv?code="+code), `data-left="1"`)
	w.clock.Advance(time.Second)
	for _, a := range []answer{p.get("/tv?code=" + code), p.post("/tv", "code="+code, "do=approve"), p.post("/tv", "code="+code, "do=refuse")} {
		if a.status != http.StatusUnprocessableEntity {
			t.Errorf("a code that ran out: %d, want 422", a.status)
		}
		has(t, a.body, "No TV is waiting with that code. Check each letter; if it ran out, the TV shows a new one.")
	}
}

// Whoever types made-up codes is stopped, and told for how long.
// RFC 8628 §5.1.
func TestD1_MadeUpCodesAreBounded(t *testing.T) {
	w := newWorld(t)
	p := w.browser()
	p.signUp()
	d := w.newTV("Den")
	code := d.code()
	for range 10 {
		p.get("/tv?code=BBBB-BBBB")
	}
	for _, a := range []answer{p.get("/tv?code=" + code), p.post("/tv", "code="+code, "do=approve")} {
		if a.status != http.StatusTooManyRequests || a.header.Get("Retry-After") != "3600" {
			t.Errorf("after ten made-up codes: %d, Retry-After %q; want 429 and 3600", a.status, a.header.Get("Retry-After"))
		}
		has(t, visible(a.body), "Too many codes that no TV shows were typed. For safety none is looked at for 1 h, not even a right one.")
	}
	w.clock.Advance(time.Hour)
	p.moved(p.post("/proof", "password="+testPassword, "next=/"), "/")
	next := w.newTV("Study").code()
	has(t, p.page("/tv?code="+next), "Sign in this TV?")
}
