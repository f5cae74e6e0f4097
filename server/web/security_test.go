package web

import (
	"crypto/hmac"
	"crypto/sha1"
	"encoding/base32"
	"encoding/binary"
	"fmt"
	"net/http"
	"os"
	"regexp"
	"strings"
	"testing"
	"time"

	"github.com/hearthkey/hearthkey/protocol"
	"github.com/hearthkey/hearthkey/server/account"
	"github.com/hearthkey/hearthkey/server/timeline"
)

// appCode is what an authenticator app shows: RFC 6238 with SHA-1, 30 s, six
// digits.
func appCode(t *testing.T, secret string, now time.Time) string {
	t.Helper()
	key, err := base32.StdEncoding.WithPadding(base32.NoPadding).DecodeString(strings.ReplaceAll(secret, " ", ""))
	if err != nil {
		t.Fatalf("secret %q: %v", secret, err)
	}
	mac := hmac.New(sha1.New, key)
	mac.Write(binary.BigEndian.AppendUint64(nil, uint64(now.Unix()/30)))
	sum := mac.Sum(nil)
	at := sum[19] & 15
	return fmt.Sprintf("%06d", (binary.BigEndian.Uint32(sum[at:])&0x7fffffff)%1_000_000)
}

var secretText = regexp.MustCompile(`mono secret">([A-Z2-7 ]+)<`)

// beginApp begins an authenticator app and returns its secret.
func (p *person) beginApp() string {
	p.t.Helper()
	p.moved(p.post("/account/security/app/begin"), "/account/security/app")
	m := secretText.FindStringSubmatch(p.page("/account/security/app"))
	if m == nil {
		p.t.Fatal("no secret on the page")
	}
	return m[1]
}

func TestV3_AnAuthenticatorAppIsAddedAndRemoved(t *testing.T) {
	w := newWorld(t)
	p := w.browser()
	p.signUp()
	lacks(t, p.page("/account/security/app"), "otpauth:", `class="qr"`)
	first := p.beginApp()
	body := p.page("/account/security/app")
	has(t, body, `class="qr"`, "otpauth://totp/Hearthkey:mara@example.org?", "secret="+strings.ReplaceAll(first, " ", ""))
	secret := p.beginApp()
	if secret == first {
		t.Error("beginning again keeps the secret")
	}

	right := appCode(t, secret, w.clock.Now())
	for name, code := range map[string]string{
		"wrong": wrongCode(right), "none": "", "letters": "abcdef", "too long": right + "0", "huge": strings.Repeat("1", 3000),
		"of the secret before": appCode(t, first, w.clock.Now()),
	} {
		if code == right {
			continue
		}
		a := p.post("/account/security/app", "code="+code)
		if a.status != http.StatusUnprocessableEntity {
			t.Errorf("code %s: %d, want 422", name, a.status)
		}
		has(t, a.body, "code-error", secret, `class="qr"`)
	}
	lacks(t, p.page("/account/security"), "Your password needs a second factor")

	a := p.post("/account/security/app", "code="+right[:3]+" "+right[3:])
	codes := codeItem.FindAllStringSubmatch(a.body, -1)
	if a.status != http.StatusOK || len(codes) != 10 {
		t.Fatalf("the right code: %d with %d recovery codes, want 200 with 10\n%s", a.status, len(codes), visible(a.body))
	}
	if a.header.Get("Cache-Control") != "no-store" {
		t.Errorf("recovery codes with Cache-Control %q", a.header.Get("Cache-Control"))
	}
	body = p.page("/account/security")
	has(t, body, "Your password needs a second factor", "10 unused", "On since")
	lacks(t, body, codes[0][1])
	body = p.page("/account/security/app")
	has(t, body, "An authenticator app is on")
	lacks(t, body, secret, "otpauth:")
	p.moved(p.post("/account/security/app/begin"), "/account/security/app")
	p.moved(p.post("/account/security/app", "code="+right), "/account/security/codes")
	p.moved(p.post("/account/security/second-factor", "needed=no"), "/account/security")
	has(t, p.page("/account/security"), "That was not possible", "Your password needs a second factor")

	has(t, p.page("/account/security/app/remove"), "The password alone signs in afterwards")
	p.moved(p.post("/account/security/app/remove"), "/account/security")
	has(t, p.page("/account/security"), "The authenticator app is removed", "The password is all that is needed")
	if got := p.get("/account/security/app/remove").status; got != http.StatusNotFound {
		t.Errorf("removing what is not there: %d, want 404", got)
	}
	p.moved(p.post("/account/security/app/remove"), "/account/security")
	has(t, p.page("/account/timeline"), "Authenticator app added", "Authenticator app removed", "The password needs a second factor")
}

// A6: every change of a factor offers to sign everything else out.
// ASVS 7.4.3.
func TestA6_AChangeOfFactorsCanSignEverythingElseOut(t *testing.T) {
	for name, change := range map[string]func(p *person) answer{
		"app added": func(p *person) answer {
			return p.post("/account/security/app", "code="+appCode(p.t, p.beginApp(), p.clock.Now()), "everywhere=yes")
		},
		"passkey added": func(p *person) answer { return p.addPasskey(newAuthenticator(p.t), "name=Phone", "everywhere=yes") },
	} {
		t.Run(name, func(t *testing.T) {
			w := newWorld(t)
			p, other := w.browser(), w.browser()
			p.signUp()
			other.signIn()
			a := change(p)
			if a.status != http.StatusOK {
				t.Fatalf("answer %d to %q", a.status, a.to)
			}
			has(t, a.body, "every other browser has to sign in again")
			other.moved(other.get("/account"), "/signin?next=%2Faccount")
			p.page("/account/security")
		})
	}
}

func TestV3_NewRecoveryCodesVoidThoseBefore(t *testing.T) {
	w := newWorld(t)
	p := w.browser()
	p.signUp()
	a := p.addPasskey(newAuthenticator(t), "name=Phone")
	first := codeItem.FindAllStringSubmatch(a.body, -1)
	has(t, p.page("/account/security/codes"), "The 10 unused codes that you have stop working")
	a = p.post("/account/security/codes")
	second := codeItem.FindAllStringSubmatch(a.body, -1)
	if len(first) != 10 || len(second) != 10 || first[0][1] == second[0][1] {
		t.Fatalf("%d codes, then %d", len(first), len(second))
	}
	has(t, a.body, "New recovery codes are made", "shown this once")
	has(t, p.page("/account/security"), "10 unused")
	has(t, p.page("/account/timeline"), "New recovery codes made")
}

func TestV2_SwitchingCodesOffTakesASecondLook(t *testing.T) {
	w := newWorld(t)
	p := w.browser()
	p.signUp()
	on := `name="newcode" value="yes" checked`
	has(t, p.page("/account/security"), on, `name="signinmails" value="yes" checked`)

	a := p.post("/account/security/preferences", "reminddevices=yes")
	if a.status != http.StatusUnprocessableEntity {
		t.Errorf("codes off at once: %d, want 422 with a warning", a.status)
	}
	has(t, a.body, "Nothing is saved yet", "whoever learns your password", `name="reminddevices" value="yes" checked`)
	body := p.page("/account/security")
	has(t, body, on)
	lacks(t, body, `name="reminddevices" value="yes" checked`)

	p.moved(p.post("/account/security/preferences", "reminddevices=yes", "sure=yes"), "/account/security")
	body = p.page("/account/security")
	has(t, body, "Your choices are saved", "Off: the password alone opens the account", `name="reminddevices" value="yes" checked`)
	lacks(t, body, on, `name="signinmails" value="yes" checked`)
	p.moved(p.post("/account/security/preferences", "newcode=yes", "signinmails=yes"), "/account/security")
	body = p.page("/account/security")
	has(t, body, on)
	lacks(t, body, `name="reminddevices" value="yes" checked`, `name="remindpassword" value="yes" checked`)

	bad := p.post("/account/security/preferences", "newcode=yes", "sms=yes", "remindpassword=yes")
	if bad.status != http.StatusUnprocessableEntity {
		t.Errorf("SMS without a number: %d, want 422", bad.status)
	}
	has(t, bad.body, "once a phone number is added", "Nothing was saved")
	lacks(t, p.page("/account/security"), `name="remindpassword" value="yes" checked`)
}

// A9: reminders are off by default.
func TestA9_RemindersAreOffAtFirst(t *testing.T) {
	w := newWorld(t)
	p := w.browser()
	p.signUp()
	lacks(t, p.page("/account/security"), `name="reminddevices" value="yes" checked`, `name="remindpassword" value="yes" checked`)
}

// V4: the timeline says why a sign-in looked suspicious.
func TestV4_ReasonsAreShown(t *testing.T) {
	e := timeline.Entry{Kind: timeline.SignInSuspicious, Subject: "Chrome on Windows", Detail: "A new country.\n\nAn unusual hour."}
	if got := why(e); len(got) != 2 || got[0] != "A new country." || got[1] != "An unusual hour." {
		t.Errorf("why(%q) = %q", e.Detail, got)
	}
	if got := why(timeline.Entry{Kind: timeline.DeviceRenamed, Detail: "internal"}); got != nil {
		t.Errorf("why of another entry = %q, want nothing", got)
	}
	if got := why(timeline.Entry{Kind: timeline.SignedIn, Detail: strings.Repeat("x\n", 500)}); len(got) != maxWhy {
		t.Errorf("%d reasons are shown, want %d at most", len(got), maxWhy)
	}
}

// V4, O3: the timeline says with what and from where, how often strangers tried,
// and what support gave as the reason.
func TestV4_EntriesSayWithWhatAndWhy(t *testing.T) {
	e := eventOf(timeline.Entry{Kind: timeline.PasswordChanged, Agent: "Firefox on Linux", IP: "91.10.20.30", Place: "Germany"})
	if e.From != "with Firefox on Linux · address 91.10.20.30 · Germany (approximate place)" {
		t.Errorf("from %q", e.From)
	}
	e = eventOf(timeline.Entry{Kind: timeline.SignInFailed, Times: 61})
	if len(e.Why) != 1 || !strings.Contains(e.Why[0], "61 devices or networks") {
		t.Errorf("why %q", e.Why)
	}
	for _, kind := range []timeline.Kind{timeline.FactorResetAsked, timeline.FactorResetLifted, timeline.AccountImported} {
		e = eventOf(timeline.Entry{Kind: kind, Actor: protocol.ByOperator, Subject: "olga: identity card seen"})
		if e.Subject != "olga: identity card seen" || e.From != "by support" {
			t.Errorf("%s: %+v", kind, e)
		}
	}
}

// O3: the owner sees on the page that support is to remove the second factor, and
// stops it there, also on the way through a hacked account.
func TestO3_ThePageStopsARemovalBySupport(t *testing.T) {
	w := newWorld(t)
	p := w.browser()
	p.signUp()
	p.addApp()
	id := w.notice(account.NoticeFactorChanged, testEmail).Account
	for _, path := range []string{"/account/security", "/account/hacked"} {
		lacks(t, p.page(path), "Keep the second factor")
		_, err := w.site.c.Accounts.AskFactorReset(t.Context(), w.clock.Now(), id, "support desk", "lost phone")
		w.must(err)
		has(t, p.page("/account"), "Support removes the second factor on", `href="/account/security"`)
		lacks(t, p.page(path), "Support removes the second factor on")
		has(t, p.page(path), "Support will remove your second factor", "Keep the second factor", `action="/account/security/keep-factor"`)
		p.moved(p.post("/account/security/keep-factor"), "/account/security")
		has(t, p.page("/account/security"), "Your second factor stays")
		lacks(t, p.page(path), "Keep the second factor")
		has(t, p.page("/account/timeline"), "support desk: lost phone", "Removing the second factor was stopped")
	}
	p.moved(p.post("/account/security/keep-factor"), "/account/security") // nothing to stop any more
	has(t, p.page("/account/security"), "That was not possible any more")
	stranger := w.browser()
	stranger.moved(stranger.post("/account/security/keep-factor"), "/signin?next=%2F")
}

// Every kind of entry has words of its own.
func TestEveryEntryHasWords(t *testing.T) {
	source, err := os.ReadFile("../timeline/timeline.go")
	if err != nil {
		t.Fatal(err)
	}
	all := regexp.MustCompile(`(?m)^\t\w+ +Kind = "(\w+)"`).FindAllSubmatch(source, -1)
	if len(all) < 40 {
		t.Fatalf("%d kinds, want 40 at least", len(all))
	}
	for _, m := range all {
		if kinds[timeline.Kind(m[1])].text == "" {
			t.Errorf("%s has no words", m[1])
		}
	}
	if got := eventOf(timeline.Entry{Kind: "from_the_future"}); got.Text == "" || got.Icon == "" {
		t.Errorf("an unknown entry reads %+v", got)
	}
}
