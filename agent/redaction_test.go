package agent

import (
	"encoding/base64"
	"encoding/hex"
	"log/slog"
	"slices"
	"strings"
	"testing"

	"github.com/hearthkey/hearthkey/agent/keyseq"
	"github.com/hearthkey/hearthkey/agent/nav"
)

// ASVS 16.2.5: an agent at its most talkative: a phone is paired and types an address
// and a password, a code is entered, PINs are guessed, the account page types, a title
// plays, and everything ends. Its log tells none of it, nor the keys that it holds. The
// controls show that it would be found.
func TestNoFlowTellsSecretsToTheAgentsLog(t *testing.T) {
	s := newFakeServer(t)
	s.asks = true
	log, heard := &quietLog{}, &grants{}
	v := plugInAs(t, &Agent{
		Server: s.url(), Dir: t.TempDir(), Name: "Test TV", OnGrant: heard.add, LAN: LAN{Listen: "127.0.0.1:0", KeysPerSecond: 10_000},
		Log: slog.New(slog.NewTextHandler(log, &slog.HandlerOptions{Level: slog.LevelDebug})),
	})
	v.waitScreen(nav.ScreenWelcome)
	secrets := map[string]string{"address": "robin@example.com", "password": "correct horse", "wrong password": "tr0ub4dor", "code": "123456", "relayed text": "otter-in-the-lantern"}
	p := v.pair(nav.RoleHousehold)
	secrets["pairing code"] = v.window(nav.RoleHousehold).Code
	v.inCore(func(c *core) { c.screenEffect(nav.ClosePairing{}) })
	types := func(text string) {
		t.Helper()
		if seq, err := p.Type(text); err != nil || p.ack(seq) != "" {
			t.Fatalf("typing from the phone: %v", err)
		}
	}
	p.press("Down", "OK")
	v.waitScreen(nav.ScreenEmail)
	types(secrets["address"])
	p.press("OK")
	v.waitScreen(nav.ScreenPassword)
	types(secrets["wrong password"])
	v.waitConnected()
	p.press("OK")
	v.wait("refusal", func(view nav.View) bool {
		return view.Screen == nav.ScreenPassword && !view.Keyboard.Checking && view.Keyboard.Message != ""
	})
	types(secrets["password"])
	p.press("OK")
	v.waitScreen(nav.ScreenAccessCode)
	p.press("Left", "Left", "Left", "Down", "OK") // by SMS
	v.wait("code by SMS", func(view nav.View) bool { return strings.Contains(strings.Join(view.Text, " "), "67") })
	types("123450")
	v.wait("refusal of a wrong code", func(view nav.View) bool {
		return view.Screen == nav.ScreenAccessCode && strings.Contains(view.Keyboard.Message, "4 more tries")
	})
	types(secrets["code"])
	v.waitScreen(nav.ScreenGate)
	next(t, s.receipts)
	v.press(keyseq.OK)
	v.enter("9173")
	v.wait("refusal of a wrong PIN", func(view nav.View) bool {
		return view.Screen == nav.ScreenPIN && view.PIN != nil && !view.PIN.Checking && view.PIN.Message != ""
	})
	v.press(keyseq.Back)
	v.waitScreen(nav.ScreenGate)
	page := s.opens(t, 1)
	page.types(secrets["relayed text"])
	kidsPlay(t, v)
	v.until("granted", func(*core) bool { return len(heard.tokens()) > 0 })
	for token := range heard.tokens() {
		secrets["grant"] = token
	}
	v.inCore(func(c *core) {
		for name, key := range map[string][]byte{"identity": c.rec.Identity, "device secret": c.rec.Secret, "data key": c.rec.DataKey} {
			secrets[name] = base64.StdEncoding.EncodeToString(key)
			secrets[name+" in URLs"] = base64.RawURLEncoding.EncodeToString(key)
			secrets[name+" in hex"] = hex.EncodeToString(key)
		}
	})
	secrets["user code"] = "BCDFGHJK"
	v.unplug()
	told := func(log string) (out []string) {
		for name, secret := range secrets {
			if strings.Contains(log, secret) {
				out = append(out, name)
			}
		}
		if strings.Contains(log, "=9173") || strings.Contains(log, `"9173"`) {
			out = append(out, "PIN")
		}
		slices.Sort(out)
		return out
	}
	text := log.String()
	if out := told(text); len(out) > 0 {
		t.Errorf("the log tells %v:\n%s", out, text)
	}
	if text == "" {
		t.Error("the log is empty")
	}
	out := told(text + " pin=9173 x=" + secrets["code"] + secrets["identity"])
	for _, planted := range []string{"PIN", "code", "identity"} {
		if !slices.Contains(out, planted) {
			t.Errorf("a planted %s is not found", planted)
		}
	}
}
