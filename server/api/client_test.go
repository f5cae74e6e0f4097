package api

import (
	"net/http/httptest"
	"net/netip"
	"strings"
	"testing"
)

func TestClientSaysWhatKindOfDevice(t *testing.T) {
	const mozilla = "Mozilla/5.0 "
	tests := map[string]string{
		mozilla + "(X11; Linux x86_64; rv:140.0) Gecko/20100101 Firefox/140.0":                                                         "desktop",
		mozilla + "(Windows NT 10.0; Win64; x64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/140.0.0.0 Safari/537.36":                "desktop",
		mozilla + "(Linux; Android 15; Pixel 9) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/140.0.0.0 Mobile Safari/537.36":          "mobile",
		mozilla + "(iPad; CPU OS 18_0 like Mac OS X) AppleWebKit/605.1.15 (KHTML, like Gecko) Version/18.0 Mobile/15E148 Safari/604.1": "tablet",
		"Go-http-client/1.1": "", "": "", strings.Repeat("Firefox ", 10_000): "",
	}
	for agent, want := range tests {
		if got := deviceKind(agent); got != want {
			t.Errorf("deviceKind(%.60q) = %q, want %q", agent, got, want)
		}
	}
}

func TestClientHasItsPlace(t *testing.T) {
	r := httptest.NewRequest("GET", "/", nil)
	r.RemoteAddr = "192.0.2.7:4711"
	o := Origins{Place: func(a netip.Addr) string { return "near " + a.String() }}
	if c := o.Client(r); c.Place != "near 192.0.2.7" || c.IP != "192.0.2.7" {
		t.Errorf("Client = %+v", c)
	}
	if c := (Origins{}).Client(r); c.Place != "" {
		t.Errorf("without places: %+v", c)
	}
}
