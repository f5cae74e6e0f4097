package protocol_test

import (
	"errors"
	"strings"
	"testing"

	"github.com/hearthkey/hearthkey/protocol"
)

func TestDecodeRefusesBadAnswersToPlay(t *testing.T) {
	many := strings.Repeat(`"TV",`, protocol.MaxWatching) + `"TV"`
	for name, frame := range map[string]string{
		"a grant without n":           `{"t":"grant","jws":"a.b.c"}`,
		"a grant of nothing":          `{"t":"grant","n":1,"jws":""}`,
		"a grant too long":            `{"t":"grant","n":1,"jws":"` + strings.Repeat("a", protocol.MaxJWS+1) + `"}`,
		"no refusal":                  `{"t":"play_refused","n":1}`,
		"a refusal too long":          `{"t":"play_refused","n":1,"refusal":"` + strings.Repeat("a", 33) + `"}`,
		"a negative wait":             `{"t":"play_refused","n":1,"refusal":"busy","retry_after_ms":-1}`,
		"a wait of years":             `{"t":"play_refused","n":1,"refusal":"busy","retry_after_ms":99999999999}`,
		"too many TVs":                `{"t":"play_refused","n":1,"refusal":"streams","watching":[` + many + `]}`,
		"a TV without a name":         `{"t":"play_refused","n":1,"refusal":"streams","watching":[""]}`,
		"a TV's name with a new line": `{"t":"play_refused","n":1,"refusal":"streams","watching":["a\nb"]}`,
	} {
		if f, err := protocol.DecodeDown([]byte(frame)); !errors.Is(err, protocol.ErrBadFrame) {
			t.Errorf("%s: DecodeDown = %v, %v", name, f, err)
		}
	}
}

func TestGrantClaimsHaveBounds(t *testing.T) {
	good := protocol.GrantClaims{
		Issuer: "https://tv.example", Audience: "cdn", Account: "a", Profile: "p", Device: device, Epoch: 1, Title: "t",
		Issued: 1764093422, Expires: 1764093422 + protocol.MaxGrant, ID: "g",
	}
	if err := good.Check(); err != nil {
		t.Errorf("Check = %v", err)
	}
	for name, change := range map[string]func(*protocol.GrantClaims){
		"no issuer":       func(c *protocol.GrantClaims) { c.Issuer = "" },
		"no account":      func(c *protocol.GrantClaims) { c.Account = "" },
		"no profile":      func(c *protocol.GrantClaims) { c.Profile = "" },
		"no device":       func(c *protocol.GrantClaims) { c.Device = "d-x" },
		"epoch 0":         func(c *protocol.GrantClaims) { c.Epoch = 0 },
		"no title":        func(c *protocol.GrantClaims) { c.Title = "" },
		"a second longer": func(c *protocol.GrantClaims) { c.Expires++ },
		"over at once":    func(c *protocol.GrantClaims) { c.Expires = c.Issued },
		"no time":         func(c *protocol.GrantClaims) { c.Issued = 0 },
		"no id":           func(c *protocol.GrantClaims) { c.ID = "" },
	} {
		c := good
		if change(&c); c.Check() == nil {
			t.Errorf("%s: Check = nil", name)
		}
	}
}
