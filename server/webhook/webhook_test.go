package webhook

import (
	"crypto/sha256"
	"encoding/base64"
	"encoding/json"
	"fmt"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/hearthkey/hearthkey/protocol"
	"github.com/hearthkey/hearthkey/server/keyring"
	"github.com/hearthkey/hearthkey/server/store"
	"github.com/hearthkey/hearthkey/server/timeline"
)

var secret = []byte("0123456789abcdef0123456789abcdef")

// foreign is HMAC-SHA-256 by its definition (RFC 2104 §2), so that what signs is
// not what checks.
func foreign(key []byte, text string) string {
	var inner, outer [64]byte
	if len(key) > 64 {
		sum := sha256.Sum256(key)
		key = sum[:]
	}
	copy(inner[:], key)
	copy(outer[:], key)
	for i := range inner {
		inner[i] ^= 0x36
		outer[i] ^= 0x5c
	}
	first := sha256.Sum256(append(inner[:], text...))
	second := sha256.Sum256(append(outer[:], first[:]...))
	return base64.StdEncoding.EncodeToString(second[:])
}

// signatures checks a delivery as a receiver does, and returns by which of the
// keys it is signed.
func signatures(t *testing.T, d delivery, keys ...[]byte) (by []int) {
	t.Helper()
	text := d.header.Get("webhook-id") + "." + d.header.Get("webhook-timestamp") + "." + d.body
	for _, s := range strings.Fields(d.header.Get("webhook-signature")) {
		version, value, _ := strings.Cut(s, ",")
		if version != "v1" {
			t.Errorf("signature %q", s)
		}
		for i, key := range keys {
			if value == foreign(key, text) {
				by = append(by, i)
			}
		}
	}
	return by
}

// The example of the specification's libraries.
func TestO3_SignatureOfTheSpecification(t *testing.T) {
	key, err := base64.StdEncoding.DecodeString("MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw")
	if err != nil {
		t.Fatal(err)
	}
	got := Sign([][]byte{key}, "msg_p5jXN8AQM9LWM0D4loKWxJek", time.Unix(1614265330, 0), `{"test": 2432232314}`)
	if want := "v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE="; got != want {
		t.Errorf("Sign = %s, want %s", got, want)
	}
}

// O3: an event arrives signed, and says who and what by ids alone.
func TestO3_WebhookDelivers(t *testing.T) {
	o, d := newOffice(t), newDesk(t, nil)
	hook := o.hook(d.URL+"/hooks?for=us", "", secret)
	o.hook(newDesk(t, func(int, delivery, http.ResponseWriter) { t.Error("an event that was not asked for") }).URL, " password_changed ", secret)
	o.happens("acc-1", timeline.DeviceAdded)
	o.once()
	got := d.all()
	if len(got) != 1 || len(signatures(t, got[0], secret)) != 1 {
		t.Fatalf("%+v", got)
	}
	if h := got[0].header; h.Get("Content-Type") != "application/json" || h.Get("webhook-timestamp") != fmt.Sprint(o.clock.Now().Unix()) || strings.Contains(got[0].id(), ".") {
		t.Errorf("header %v", h)
	}
	var body struct {
		Type      string
		Timestamp time.Time
		Data      map[string]string
	}
	o.must(json.Unmarshal([]byte(got[0].body), &body))
	want := map[string]string{"event": got[0].id(), "account": "acc-1", "actor": "owner", "device": "d-1"}
	if diff := cmp.Diff(want, body.Data); diff != "" || body.Type != "security.device_added" || !body.Timestamp.Equal(o.clock.Now()) {
		t.Errorf("%s (-want +got):\n%s", got[0].body, diff)
	}
	for _, private := range []string{"Mia", "secret", "192.0.2", "Lyon", "Firefox"} {
		if strings.Contains(got[0].body, private) {
			t.Errorf("it says %s: %s", private, got[0].body)
		}
	}
	o.once()
	row, count := o.state(hook)
	if len(d.all()) != 1 || row.Delivered != 1 || !row.LastOK.Equal(o.clock.Now()) || count != (store.WebhookCount{}) {
		t.Errorf("%d came; %+v, %+v", len(d.all()), row, count)
	}
}

// O3: while one secret replaces another both sign.
func TestO3_WebhookSecretsRotate(t *testing.T) {
	o, d := newOffice(t), newDesk(t, nil)
	hook := o.hook(d.URL, "", secret)
	next := []byte("another-another-another-another-")
	sealed, err := o.keys.Seal(keyring.Webhooks, next, hook)
	o.must(err)
	o.update(func(tx *store.Tx) error { return tx.RotateWebhook(hook, sealed, o.clock.Now().Add(time.Hour)) })
	o.happens("acc-1", timeline.SignedIn)
	o.once()
	o.clock.Advance(time.Hour)
	o.happens("acc-1", timeline.SignedOut)
	o.once()
	got := d.all()
	if len(got) != 2 {
		t.Fatalf("%+v", got)
	}
	for i, want := range [][]int{{1, 0}, {1}} {
		if diff := cmp.Diff(want, signatures(t, got[i], secret, next)); diff != "" {
			t.Errorf("delivery %d is signed by (-want +got):\n%s", i, diff)
		}
	}
}

// O3: an address that fails is tried for three days with growing waits; what an
// account did comes in order or is set aside; then an operator can have it tried
// again.
func TestO3_WebhookFailsAndIsSetAside(t *testing.T) {
	var mended atomic.Bool
	o := newOffice(t)
	d := newDesk(t, func(_ int, _ delivery, w http.ResponseWriter) {
		if !mended.Load() {
			w.WriteHeader(http.StatusBadRequest)
		}
	})
	hook := o.hook(d.URL, "", secret)
	o.happens("acc-1", timeline.SignedIn, timeline.PasswordChanged)
	begun := o.clock.Now()
	for range 4 * 24 * 60 {
		o.once()
		if _, count := o.state(hook); count.SetAside == 1 {
			break
		}
		o.clock.Advance(time.Minute)
	}
	took := o.clock.Now().Sub(begun)
	if got := d.all(); len(got) != 11 || took < 75*time.Hour || took > 84*time.Hour { // ten tries, and the first of the next event
		t.Fatalf("%d attempts in %s", len(got), took)
	}
	for i, one := range d.all()[:10] {
		if one.id() != d.all()[0].id() || one.body != d.all()[0].body || len(signatures(t, one, secret)) != 1 {
			t.Errorf("attempt %d differs: %+v", i, one)
		}
	}
	var failed []store.WebhookEvent
	o.must(o.db.View(t.Context(), func(tx *store.Tx) (err error) {
		failed, err = tx.FailedWebhookEvents(10)
		return err
	}))
	if len(failed) != 1 || failed[0].Kind != "signed_in" || failed[0].Attempts != 10 || failed[0].LastError != "400" {
		t.Errorf("set aside: %+v", failed)
	}
	if !strings.Contains(o.logs.String(), "webhook event set aside") {
		t.Error("the log does not say so")
	}
	mended.Store(true)
	before := len(d.all())
	o.update(func(tx *store.Tx) error {
		_, err := tx.EnableWebhook(hook, o.clock.Now())
		return err
	})
	o.once()
	if diff := cmp.Diff([]string{"signed_in", "password_changed"}, d.kinds()[before:]); diff != "" {
		t.Errorf("after it was mended (-want +got):\n%s", diff)
	}
}

// O3: one account's event that an address refuses holds up no other account's.
func TestO3_WebhookKeepsTheOrderOfAnAccountAlone(t *testing.T) {
	o := newOffice(t)
	d := newDesk(t, func(_ int, one delivery, w http.ResponseWriter) {
		if strings.Contains(one.body, "security.signed_in") {
			w.WriteHeader(http.StatusUnprocessableEntity)
		}
	})
	hook := o.hook(d.URL, "", secret)
	o.happens("acc-1", timeline.SignedIn, timeline.SignedOut)
	for i := range 20 {
		o.happens(protocol.AccountID(fmt.Sprint("acc-", i+2)), timeline.LockSet, timeline.LockRemoved)
	}
	o.once()
	last := map[string]string{}
	for i, one := range d.all() {
		_, rest, _ := strings.Cut(one.body, `"account":"`)
		account, _, _ := strings.Cut(rest, `"`)
		if last[account] > one.id() {
			t.Errorf("%s out of order at %d", account, i)
		}
		last[account] = one.id()
	}
	if _, count := o.state(hook); len(d.all()) != 41 || count.Waiting != 2 {
		t.Errorf("%d came, %+v", len(d.all()), count)
	}
}

// O3: an address that is out of order is left alone, longer each time, and what
// waits goes at once when it is back.
func TestO3_WebhookHoldsAnAddressThatIsDown(t *testing.T) {
	var up atomic.Bool
	o := newOffice(t)
	d := newDesk(t, func(_ int, _ delivery, w http.ResponseWriter) {
		if !up.Load() {
			w.Header().Set("Retry-After", "2")
			w.WriteHeader(http.StatusServiceUnavailable)
		}
	})
	hook := o.hook(d.URL, "", secret)
	for i := range 30 {
		o.happens(protocol.AccountID(fmt.Sprint("acc-", i)), timeline.SignedIn)
	}
	for range 30 * 60 {
		o.once()
		o.clock.Advance(time.Second)
	}
	row, _ := o.state(hook)
	if got := len(d.all()); got > 30*together || row.Failures < outage || row.LastError != "503" {
		t.Errorf("%d attempts in half an hour, %+v", got, row)
	}
	up.Store(true)
	for range 10 * 60 {
		o.once()
		o.clock.Advance(time.Second)
	}
	row, count := o.state(hook)
	if row.Delivered != 30 || row.Failures != 0 || row.LastError != "" || count.Waiting != 0 {
		t.Errorf("ten minutes later: %+v, %+v", row, count)
	}
}

// O3: addresses that are slow, lie, redirect or are gone.
func TestO3_WebhookMeetsStrangeServers(t *testing.T) {
	elsewhere := newDesk(t, func(int, delivery, http.ResponseWriter) { t.Error("a redirect was followed") })
	var stuck chan struct{}
	for name, c := range map[string]struct {
		answer func(int, delivery, http.ResponseWriter)
		code   string
		arrive bool
	}{
		"slow": {func(int, delivery, http.ResponseWriter) { <-stuck }, "timeout", false},
		"redirects": {func(_ int, _ delivery, w http.ResponseWriter) {
			w.Header().Set("Location", elsewhere.URL)
			w.WriteHeader(307)
		}, "", false},
		"endless": {func(_ int, _ delivery, w http.ResponseWriter) {
			w.WriteHeader(200)
			w.(http.Flusher).Flush()
			<-stuck
		}, "", true},
		"huge":     {func(_ int, _ delivery, w http.ResponseWriter) { _, _ = w.Write(make([]byte, 1<<20)) }, "", true},
		"cuts off": {func(_ int, _ delivery, _ http.ResponseWriter) { panic(http.ErrAbortHandler) }, "no answer", false},
		"asks to wait": {func(_ int, _ delivery, w http.ResponseWriter) {
			w.Header().Set("Retry-After", "600")
			w.WriteHeader(429)
		}, "429", false},
		"created":   {func(_ int, _ delivery, w http.ResponseWriter) { w.WriteHeader(201) }, "", true},
		"no status": {func(_ int, _ delivery, w http.ResponseWriter) { w.WriteHeader(299) }, "", true},
	} {
		t.Run(strings.ReplaceAll(name, " ", "_"), func(t *testing.T) {
			o := newOffice(t)
			stuck = make(chan struct{})
			hook, good := o.hook(newDesk(t, c.answer).URL, "", secret), newDesk(t, nil)
			defer close(stuck)
			o.hook(good.URL, "", secret)
			o.happens("acc-1", timeline.SignedIn)
			o.once()
			row, count := o.state(hook)
			if (row.Delivered == 1) != c.arrive || (count.Waiting == 0) != c.arrive || row.LastError != c.code {
				t.Errorf("%+v, %+v", row, count)
			}
			if len(good.all()) != 1 {
				t.Error("another address was held up")
			}
			if name == "asks to wait" && row.Hold.Sub(o.clock.Now()) != 10*time.Minute {
				t.Errorf("held until %s", row.Hold)
			}
		})
	}
}

// O3: 410 ends it, until an operator says otherwise.
func TestO3_WebhookGone(t *testing.T) {
	o := newOffice(t)
	d := newDesk(t, func(n int, _ delivery, w http.ResponseWriter) {
		if n == 0 {
			w.WriteHeader(http.StatusGone)
		}
	})
	hook := o.hook(d.URL, "", secret)
	o.happens("acc-1", timeline.SignedIn)
	o.once()
	o.happens("acc-1", timeline.SignedOut)
	o.clock.Advance(48 * time.Hour)
	o.once()
	if row, count := o.state(hook); row.Disabled.IsZero() || len(d.all()) != 1 || count.Waiting != 1 {
		t.Errorf("%+v, %+v, %d came", row, count, len(d.all()))
	}
	o.update(func(tx *store.Tx) error {
		_, err := tx.EnableWebhook(hook, o.clock.Now())
		return err
	})
	o.once()
	if diff := cmp.Diff([]string{"signed_in", "signed_in"}, d.kinds()); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
}

// O3: an attempt whose process died is made again, with the same id.
func TestO3_WebhookAtLeastOnceOverACrash(t *testing.T) {
	o, d := newOffice(t), newDesk(t, nil)
	hook := o.hook(d.URL, "", secret)
	o.happens("acc-1", timeline.SignedIn, timeline.SignedOut)
	var due []store.WebhookEvent
	o.update(func(tx *store.Tx) (err error) {
		if due, err = tx.DueWebhookEvents(hook, o.clock.Now(), 10); err != nil {
			return err
		}
		return tx.ClaimWebhookEvent(due[0], o.clock.Now().Add(claimFor))
	})
	o.once()
	if len(due) != 1 || len(d.all()) != 0 {
		t.Fatalf("%d were due, %d came beside one under way", len(due), len(d.all()))
	}
	o.clock.Advance(claimFor)
	o.once()
	if diff := cmp.Diff([]string{"signed_in", "signed_out"}, d.kinds()); diff != "" || d.all()[0].id() != due[0].ID {
		t.Errorf("(-want +got):\n%s", diff)
	}
}

// O3: what a name resolves to is checked where the connection is made.
func TestO3_WebhookAddresses(t *testing.T) {
	for address, want := range map[string]string{ // of public, private and loopback: who may
		"192.0.2.1:443": "yes yes no", "[2001:db8::1]:443": "yes yes no", "93.184.216.34:443": "yes yes no",
		"10.1.2.3:443": "no yes no", "172.16.0.1:443": "no yes no", "192.168.1.1:443": "no yes no", "[fd00::1]:443": "no yes no", "100.64.0.1:443": "no yes no",
		"127.0.0.1:80": "no no yes", "[::1]:80": "no no yes", "[::ffff:127.0.0.1]:80": "no no yes", "[::ffff:10.0.0.1]:443": "no yes no",
		"169.254.169.254:80": "no no no", "[fe80::1%eth0]:443": "no no no", "0.0.0.0:80": "no no no", "[::]:80": "no no no", "0.1.2.3:80": "no no no",
		"224.0.0.1:443": "no no no", "255.255.255.255:443": "no no no", "[64:ff9b::a9fe:a9fe]:80": "no no no", "[2002:7f00:1::]:80": "no no no",
		"198.18.0.1:443": "no no no", "nonsense": "no no no",
	} {
		var got []string
		for _, c := range []class{public, private, loopback} {
			word := "yes"
			if c.allows(address) != nil {
				word = "no"
			}
			got = append(got, word)
		}
		if strings.Join(got, " ") != want {
			t.Errorf("%s = %q, want %q", address, got, want)
		}
	}
}

// A name that leads inside is refused, whoever listens there.
func TestO3_WebhookDoesNotReachInside(t *testing.T) {
	inside := httptest.NewServer(http.HandlerFunc(func(http.ResponseWriter, *http.Request) { t.Error("it was reached") }))
	defer inside.Close()
	clients := newClients(time.Second)
	defer clients.close()
	for _, h := range []store.WebhookRow{{URL: "https://hooks.example/"}, {URL: "https://hooks.example/", Private: true}} {
		resp, err := clients.of(h).Get(inside.URL) // what hooks.example could resolve to
		if err == nil {
			resp.Body.Close()
		}
		if err == nil || say(err) != "address not allowed" {
			t.Errorf("%+v = %v", h, err)
		}
	}
}

func TestO3_WebhookRetryAfter(t *testing.T) {
	now := time.Date(2026, 11, 25, 20, 0, 0, 0, time.UTC)
	for text, want := range map[string]time.Duration{
		"": 0, "7": 7 * time.Second, "0": 0, "-7": 0, "999999": maxWait, "99999999999999999999": 0, "soon": 0,
		"Wed, 25 Nov 2026 20:01:00 GMT": time.Minute, "Wed, 25 Nov 2026 19:00:00 GMT": 0, "Fri, 25 Dec 2026 19:00:00 GMT": maxWait,
	} {
		if got := retryAfter(text, now); got != want {
			t.Errorf("%q = %s, want %s", text, got, want)
		}
	}
}
