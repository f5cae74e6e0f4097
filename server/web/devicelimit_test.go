package web

import (
	"fmt"
	"net/http"
	"testing"
)

// D15: the page says that there are as many TVs as allowed, and leads to where
// one is signed out.
func TestD15_DeviceLimitOnThePage(t *testing.T) {
	w := newWorld(t)
	p := w.browser()
	p.signUp()
	for n := range 50 {
		p.approve(fmt.Sprintf("TV %d", n))
	}
	d := w.newTV("One too many")
	a := p.post("/tv", "code="+d.code(), "do=approve")
	if a.status != http.StatusUnprocessableEntity {
		t.Errorf("the 51st: %d, want 422", a.status)
	}
	has(t, a.body, "as many TVs signed in as this service allows", `href="/account/devices">See all devices`, "Sign in this TV?")
}
