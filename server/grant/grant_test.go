package grant_test

import (
	"context"
	"crypto/ed25519"
	"crypto/rand"
	"encoding/json"
	"errors"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/go-jose/go-jose/v4"
	"github.com/go-jose/go-jose/v4/jwt"
	"github.com/google/go-cmp/cmp"

	"github.com/hearthkey/hearthkey/protocol"
	"github.com/hearthkey/hearthkey/protocol/parental"
	"github.com/hearthkey/hearthkey/protocol/sign"
	"github.com/hearthkey/hearthkey/server/account"
	"github.com/hearthkey/hearthkey/server/admit"
	"github.com/hearthkey/hearthkey/server/device"
	"github.com/hearthkey/hearthkey/server/grant"
	"github.com/hearthkey/hearthkey/server/keyring"
	"github.com/hearthkey/hearthkey/server/profile"
	"github.com/hearthkey/hearthkey/server/servertest"
	"github.com/hearthkey/hearthkey/server/store"
)

const (
	issuer   = "https://tv.example"
	audience = "tv.example"
)

// fixture is a household on a real database.
type fixture struct {
	*grant.Service
	t          *testing.T
	ctx        context.Context
	clock      *servertest.Clock
	db         *store.DB
	keys       *keyring.Ring
	devices    *device.Service
	profiles   *profile.Service
	who        account.Session
	main, kids protocol.ProfileID
}

func titles(id protocol.TitleID) (parental.Title, bool) {
	all, teen := 0, 14
	t, ok := map[protocol.TitleID]parental.Title{
		"t-hill":    {ID: "t-hill", Age: &all},
		"t-night":   {ID: "t-night", Age: &teen},
		"s-harbour": {ID: "s-harbour", Kind: parental.Series, Age: &all},
		"e-1":       {ID: "e-1", Kind: parental.Episode, Series: "s-harbour", Age: &all},
	}[id]
	return t, ok
}

func newFixture(t *testing.T, streams int) *fixture {
	t.Helper()
	f := &fixture{t: t, ctx: t.Context(), clock: servertest.NewClock(), db: servertest.DB(t), keys: servertest.Keys(t)}
	notify := func(*store.Tx, account.Notice) error { return nil }
	changed := func(protocol.AccountID, protocol.Version) {}
	var err error
	f.profiles, err = profile.New(profile.Config{
		DB: f.db, Keys: f.keys, Gate: admit.New(admit.Config{}), Notify: notify, Changed: changed,
		Title: func(id protocol.TitleID) string { _, _ = titles(id); return string(id) },
	})
	if err != nil {
		t.Fatal(err)
	}
	f.devices, err = device.New(device.Config{
		DB: f.db, Keys: f.keys, Profiles: f.profiles, Server: "tv.example", LinkURL: issuer + "/tv",
		Notify: notify, Changed: changed, Decided: func(protocol.DeviceID) {},
	})
	if err != nil {
		t.Fatal(err)
	}
	f.Service = f.service(streams)
	acc := servertest.Owner(t, f.db, f.now(), "mara@example.org")
	if err := f.db.Update(f.ctx, func(tx *store.Tx) error { return profile.Household(tx, f.now(), acc, "de") }); err != nil {
		t.Fatal(err)
	}
	id, generation := servertest.WebSession(t, f.db, f.now(), acc, "Firefox")
	f.who = account.Session{Account: acc, ID: account.SessionID(id), Generation: generation, Language: "de", Created: f.now(), Proved: f.now()}
	all, err := f.profiles.List(f.ctx, acc)
	if err != nil {
		t.Fatal(err)
	}
	f.main, f.kids = all[0].ID, all[1].ID
	return f
}

// service is another node on the same database.
func (f *fixture) service(streams int) *grant.Service {
	f.t.Helper()
	s, err := grant.New(grant.Config{
		DB: f.db, Keys: f.keys, Devices: f.devices, Profiles: f.profiles, Title: titles,
		Issuer: issuer, Audience: audience, MaxStreams: streams,
	})
	if err != nil {
		f.t.Fatal(err)
	}
	return s
}

func (f *fixture) now() time.Time { return f.clock.Now() }

// tv signs a TV in.
func (f *fixture) tv(name string) grant.TV {
	f.t.Helper()
	pub, key, err := ed25519.GenerateKey(rand.Reader)
	if err != nil {
		f.t.Fatal(err)
	}
	nonce := make([]byte, 32)
	e := protocol.Enrol{PublicKey: protocol.Bytes(pub), Name: name, Kind: "tv", Cap: protocol.CurrentCapability, Conn: 1, Ask: nonce}
	e.Sig = ed25519.Sign(key, sign.EnrolBytes(nonce, "tv.example", e))
	meta := device.Meta{IP: "192.0.2.7", Node: "n"}
	asked, err := f.devices.Enrol(f.ctx, f.now(), e, nonce, meta)
	if err != nil {
		f.t.Fatal(err)
	}
	if _, err := f.devices.Approve(f.ctx, f.now(), f.who, asked.Code.Code); err != nil {
		f.t.Fatal(err)
	}
	done, err := f.devices.Enrolled(f.ctx, f.now(), e, meta)
	if err != nil {
		f.t.Fatal(err)
	}
	return grant.TV{Account: done.Session.Account, Device: done.Session.Device, Epoch: done.Session.Epoch}
}

func (f *fixture) play(n int64, title protocol.TitleID) protocol.Play {
	return protocol.Play{N: n, Profile: f.main, Title: title, Path: parental.Open}
}

// issued is a grant that must be given.
func (f *fixture) issued(tv grant.TV, p protocol.Play) string {
	f.t.Helper()
	g, err := f.Issue(f.ctx, f.now(), tv, p)
	if err != nil {
		f.t.Fatalf("Issue(%+v) = %v", p, err)
	}
	return g.JWS
}

// refusal is why there was no grant; "" where there was one.
func (f *fixture) refusal(s *grant.Service, tv grant.TV, p protocol.Play) (protocol.PlayRefusal, []string) {
	f.t.Helper()
	_, err := s.Issue(f.ctx, f.now(), tv, p)
	var r *grant.RefusedError
	if err != nil && !errors.As(err, &r) {
		f.t.Fatalf("Issue(%+v) = %v", p, err)
	}
	if r == nil {
		return "", nil
	}
	return r.Refusal, r.Watching
}

func (f *fixture) stands(jws string) bool {
	f.t.Helper()
	_, ok, err := f.Introspect(f.ctx, f.now(), jws)
	if err != nil {
		f.t.Fatal(err)
	}
	return ok
}

func (f *fixture) must(err error) {
	f.t.Helper()
	if err != nil {
		f.t.Fatal(err)
	}
}

// A reader of another make takes the keys of the JWK set and reads the grant.
func TestD14_ForeignReaderChecksAGrant(t *testing.T) {
	f := newFixture(t, 0)
	tv := f.tv("Living room")
	data, err := f.JWKS()
	f.must(err)
	var set jose.JSONWebKeySet
	f.must(json.Unmarshal(data, &set))
	token, err := jwt.ParseSigned(f.issued(tv, f.play(1, "t-hill")), []jose.SignatureAlgorithm{jose.EdDSA})
	f.must(err)
	head := token.Headers[0]
	found := set.Key(head.KeyID)
	if len(found) != 1 || head.ExtraHeaders["typ"] != protocol.TypGrant || found[0].Use != "sig" || !found[0].IsPublic() {
		t.Fatalf("header %+v, keys %+v", head, found)
	}
	var standard jwt.Claims
	var own protocol.GrantClaims
	f.must(token.Claims(found[0], &standard, &own))
	f.must(standard.ValidateWithLeeway(jwt.Expected{Issuer: issuer, AnyAudience: jwt.Audience{audience}, Time: f.now()}, 0))
	want := protocol.GrantClaims{
		Issuer: issuer, Audience: audience, Account: tv.Account, Profile: f.main, Device: tv.Device, Epoch: tv.Epoch, Title: "t-hill",
		Issued: f.now().Unix(), Expires: f.now().Add(5 * time.Minute).Unix(), ID: own.ID,
	}
	if d := cmp.Diff(want, own); d != "" || own.Check() != nil {
		t.Errorf("claims (-want +got):\n%s%v", d, own.Check())
	}
	if err := standard.ValidateWithLeeway(jwt.Expected{Time: f.now().Add(5*time.Minute + time.Second)}, 0); !errors.Is(err, jwt.ErrExpired) {
		t.Errorf("after 5 min: %v", err)
	}
}

func TestD14_TheServersRulesDecide(t *testing.T) {
	f := newFixture(t, 0)
	tv := f.tv("Living room")
	_, err := f.profiles.SetPIN(f.ctx, f.now(), f.who, f.main, "0412")
	f.must(err)
	teens := parental.OlderKids
	_, err = f.profiles.SetPIN(f.ctx, f.now(), f.who, protocol.ParentalPIN, "7301")
	f.must(err)
	f.must(f.profiles.SetParental(f.ctx, f.now(), f.who, profile.Decision{Above: &teens}))
	f.must(f.profiles.Block(f.ctx, f.now(), f.who, f.main, "s-harbour", ""))
	pin, above := int64(0), int64(0)
	f.must(f.db.View(f.ctx, func(tx *store.Tx) error {
		r, err := f.profiles.RulesIn(tx, f.who.Account, f.main)
		pin, above = r.PIN, r.ParentalPIN
		return err
	}))
	for name, c := range map[string]struct {
		change func(*protocol.Play)
		want   protocol.PlayRefusal
	}{
		"proved":                  {func(p *protocol.Play) {}, ""},
		"no PIN proved":           {func(p *protocol.Play) { p.ProfilePIN = 0 }, protocol.PlayProfilePIN},
		"an earlier PIN":          {func(p *protocol.Play) { p.ProfilePIN-- }, protocol.PlayProfilePIN},
		"no parental PIN":         {func(p *protocol.Play) { p.ParentalPIN = 0 }, protocol.PlayParentalPIN},
		"a later parental PIN":    {func(p *protocol.Play) { p.ParentalPIN++ }, protocol.PlayParentalPIN},
		"blocked by its series":   {func(p *protocol.Play) { p.Title = "e-1" }, protocol.PlayBlocked},
		"above the level":         {func(p *protocol.Play) { p.Profile = f.kids }, protocol.PlayLevel},
		"no such profile":         {func(p *protocol.Play) { p.Profile = "p-none" }, protocol.PlayProfile},
		"the parental PIN's name": {func(p *protocol.Play) { p.Profile = protocol.ParentalPIN }, protocol.PlayProfile},
		"no such title":           {func(p *protocol.Play) { p.Title = "t-none" }, protocol.PlayTitle},
		"a series":                {func(p *protocol.Play) { p.Title = "s-harbour" }, protocol.PlayTitle},
		"no such path":            {func(p *protocol.Play) { p.Path = "backdoor" }, protocol.PlayTitle},
	} {
		p := f.play(1, "t-night")
		p.ProfilePIN, p.ParentalPIN = pin, above
		c.change(&p)
		if got, _ := f.refusal(f.Service, tv, p); got != c.want {
			t.Errorf("%s: refusal %q, want %q", name, got, c.want)
		}
	}
}

// What ends a grant, at once, for whoever asks the server.
func TestD14_RevokedAtOnce(t *testing.T) {
	for name, revoke := range map[string]func(*fixture, grant.TV) error{
		"signed out": func(f *fixture, tv grant.TV) error { return f.devices.SignOut(f.ctx, f.now(), f.who, tv.Device) },
		"signed out everywhere": func(f *fixture, _ grant.TV) error {
			_, err := f.devices.SignOutEverywhere(f.ctx, f.now(), f.who)
			return err
		},
		"the title blocked": func(f *fixture, _ grant.TV) error {
			return f.profiles.Block(f.ctx, f.now(), f.who, f.main, "t-night", "")
		},
		"the level lowered": func(f *fixture, _ grant.TV) error {
			_, err := f.profiles.Edit(f.ctx, f.now(), f.who, f.main, profile.Edit{Name: "M", Avatar: "kite", Level: parental.LittleKids})
			return err
		},
		"the end of the play": func(f *fixture, tv grant.TV) error { return f.End(f.ctx, tv, 1) },
		"another title": func(f *fixture, tv grant.TV) error {
			_, err := f.Issue(f.ctx, f.now(), tv, f.play(2, "t-hill"))
			return err
		},
		"its time": func(f *fixture, _ grant.TV) error { f.clock.Advance(5 * time.Minute); return nil },
	} {
		f := newFixture(t, 0)
		tv := f.tv("Living room")
		jws := f.issued(tv, f.play(1, "t-night"))
		if !f.stands(jws) {
			t.Fatalf("%s: a fresh grant does not stand", name)
		}
		f.must(revoke(f, tv))
		if f.stands(jws) {
			t.Errorf("%s: the grant stands", name)
		}
	}
}

func TestD14_NoGrantAfterTheSignIn(t *testing.T) {
	f := newFixture(t, 0)
	tv := f.tv("Living room")
	f.must(f.devices.SignOut(f.ctx, f.now(), f.who, tv.Device))
	if got, _ := f.refusal(f.Service, tv, f.play(1, "t-hill")); got != protocol.PlayAccess {
		t.Errorf("signed out: %q", got)
	}
	later := tv
	later.Epoch++
	if _, err := f.Issue(f.ctx, f.now(), later, f.play(1, "t-hill")); !errors.Is(err, device.ErrUnknown) {
		t.Errorf("a sign-in that was not: %v", err)
	}
}

// Only a grant of this server's, in its own time, stands; nothing is an error.
func TestD14_WhatIsNoGrant(t *testing.T) {
	f := newFixture(t, 0)
	tv := f.tv("Living room")
	jws := f.issued(tv, f.play(1, "t-hill"))
	var c protocol.GrantClaims
	f.must(f.keys.Verify(jws, protocol.TypGrant, &c))
	signed := func(typ string, change func(*protocol.GrantClaims)) string {
		other := c
		change(&other)
		out, err := f.keys.Sign(typ, other)
		f.must(err)
		return out
	}
	for name, token := range map[string]string{
		"nothing":         "",
		"words":           "a.b.c",
		"too long":        strings.Repeat("a", protocol.MaxJWS+1),
		"a flipped bit":   jws[:len(jws)-4] + "AAAA",
		"another kind":    signed(protocol.TypState, func(*protocol.GrantClaims) {}),
		"another issuer":  signed(protocol.TypGrant, func(c *protocol.GrantClaims) { c.Issuer = "https://other.example" }),
		"for others":      signed(protocol.TypGrant, func(c *protocol.GrantClaims) { c.Audience = "other" }),
		"an earlier":      signed(protocol.TypGrant, func(c *protocol.GrantClaims) { c.Epoch++ }),
		"another account": signed(protocol.TypGrant, func(c *protocol.GrantClaims) { c.Account = "a-none" }),
		"an hour":         signed(protocol.TypGrant, func(c *protocol.GrantClaims) { c.Expires = c.Issued + 3600 }),
		"another profile": signed(protocol.TypGrant, func(c *protocol.GrantClaims) { c.Profile = f.kids }),
	} {
		if f.stands(token) {
			t.Errorf("%s stands", name)
		}
	}
	if !f.stands(signed(protocol.TypGrant, func(*protocol.GrantClaims) {})) {
		t.Error("the same again does not stand")
	}
}

// As many TVs as the operator allows play; the next is told which ones do. A
// renewal keeps its place, and a place is free at once after an end or a sign-out,
// and five minutes after the last word of a TV.
func TestD15_StreamsAreCounted(t *testing.T) {
	f := newFixture(t, 2)
	one, two, three := f.tv("Living room"), f.tv("Bedroom"), f.tv("Kitchen")
	f.issued(one, f.play(1, "t-hill"))
	f.clock.Advance(time.Second)
	f.issued(two, f.play(1, "t-hill"))
	want := func(what string, tv grant.TV, refusal protocol.PlayRefusal, watching ...string) {
		t.Helper()
		f.clock.Advance(time.Second)
		if got, by := f.refusal(f.Service, tv, f.play(1, "t-hill")); got != refusal || !slices.Equal(by, watching) {
			t.Errorf("%s: %q by %q, want %q by %q", what, got, by, refusal, watching)
		}
	}
	want("the third", three, protocol.PlayStreams, "Living room", "Bedroom")
	want("the first renews", one, "")
	want("the second renews", two, "")
	f.must(f.End(f.ctx, two, 9)) // of another play: nothing
	want("still taken", three, protocol.PlayStreams, "Living room", "Bedroom")
	f.must(f.End(f.ctx, two, 1))
	want("after an end", three, "")
	want("now the second is told", two, protocol.PlayStreams, "Living room", "Kitchen")
	f.must(f.devices.SignOut(f.ctx, f.now(), f.who, one.Device))
	want("after a sign-out", two, "")
	f.clock.Advance(4 * time.Minute)
	want("one goes on", two, "")
	f.clock.Advance(time.Minute)
	f.must(f.Tidy(f.ctx, f.now()))
	four := f.tv("Attic")
	want("five minutes after the kitchen's last word", four, "")
	if got, _ := f.refusal(f.service(1), four, f.play(1, "t-hill")); got != protocol.PlayStreams {
		t.Errorf("the limit was lowered: the one that began last goes on (%q)", got)
	}
	if got, _ := f.refusal(f.service(1), two, f.play(1, "t-hill")); got != "" {
		t.Errorf("the limit was lowered: the first stops (%q)", got)
	}
}

// A place is free at once at an end date that was brought forward, also before
// anybody has dealt with it.
func TestD15_AnEndDateFreesItsPlace(t *testing.T) {
	f := newFixture(t, 1)
	guest, other := f.tv("Guest room"), f.tv("Kitchen")
	f.issued(guest, f.play(1, "t-hill"))
	ends := f.now().Add(2 * time.Minute).Truncate(time.Second)
	f.must(f.devices.SetEndDate(f.ctx, f.now(), f.who, guest.Device, ends))
	for _, c := range []struct {
		at   time.Time
		want protocol.PlayRefusal
	}{{ends.Add(-time.Millisecond), protocol.PlayStreams}, {ends, ""}} {
		f.clock.Advance(c.at.Sub(f.now()))
		if got, by := f.refusal(f.Service, other, f.play(1, "t-hill")); got != c.want {
			t.Errorf("%s before the end date: %q by %q, want %q", ends.Sub(f.now()), got, by, c.want)
		}
	}
}

// Many TVs start at the same moment, at two nodes: never more than allowed play.
func TestD15_StreamsRace(t *testing.T) {
	f := newFixture(t, 3)
	nodes := []*grant.Service{f.Service, f.service(3)}
	tvs := make([]grant.TV, 12)
	for i := range tvs {
		tvs[i] = f.tv("TV")
	}
	var given sync.Map
	var group sync.WaitGroup
	for i, tv := range tvs {
		group.Go(func() {
			if _, err := nodes[i%2].Issue(f.ctx, f.now(), tv, f.play(1, "t-hill")); err == nil {
				given.Store(i, true)
			}
		})
	}
	group.Wait()
	n := 0
	given.Range(func(any, any) bool { n++; return true })
	if n != 3 {
		t.Errorf("%d TVs play, want 3", n)
	}
}

// A grant that races a sign-out everywhere is refused, or does not stand.
func TestD5_GrantsRacingASignOut(t *testing.T) {
	f := newFixture(t, 0)
	tvs := make([]grant.TV, 8)
	for i := range tvs {
		tvs[i] = f.tv("TV")
	}
	var given sync.Map
	var group sync.WaitGroup
	for i, tv := range tvs {
		group.Go(func() {
			for n := int64(1); n <= 20; n++ {
				if g, err := f.Issue(f.ctx, f.now(), tv, f.play(n, "t-hill")); err == nil {
					given.Store(g.JWS, i)
				}
			}
		})
	}
	group.Go(func() {
		if _, err := f.devices.SignOutEverywhere(f.ctx, f.now(), f.who); err != nil {
			t.Error(err)
		}
	})
	group.Wait()
	given.Range(func(jws, i any) bool {
		if f.stands(jws.(string)) {
			t.Errorf("a grant of TV %d stands after the sign-out", i)
		}
		return true
	})
	for _, tv := range tvs {
		if got, _ := f.refusal(f.Service, tv, f.play(99, "t-hill")); got != protocol.PlayAccess {
			t.Errorf("after the sign-out: %q", got)
		}
	}
}

func TestNewRefuses(t *testing.T) {
	f := newFixture(t, 0)
	good := grant.Config{DB: f.db, Keys: f.keys, Devices: f.devices, Profiles: f.profiles, Title: titles, Issuer: issuer, Audience: audience}
	for name, change := range map[string]func(*grant.Config){
		"no database":      func(c *grant.Config) { c.DB = nil },
		"no titles":        func(c *grant.Config) { c.Title = nil },
		"a relative URL":   func(c *grant.Config) { c.Issuer = "tv.example" },
		"a path":           func(c *grant.Config) { c.Issuer += "/x" },
		"no audience":      func(c *grant.Config) { c.Audience = "" },
		"a long audience":  func(c *grant.Config) { c.Audience = strings.Repeat("a", 256) },
		"negative streams": func(c *grant.Config) { c.MaxStreams = -1 },
		"many streams":     func(c *grant.Config) { c.MaxStreams = 1001 },
	} {
		c := good
		change(&c)
		if _, err := grant.New(c); err == nil {
			t.Errorf("%s: New takes it", name)
		}
	}
}

// D1, D14: no grant outlives the end date that the owner set for the TV, and in its
// last second there is none.
func TestD14_NoGrantBeyondTheEndDate(t *testing.T) {
	for _, c := range []struct {
		name string
		left time.Duration // until the end date, at the question
		want time.Duration // that the grant lives; 0: refused
	}{
		{"far away", time.Hour, protocol.MaxGrant * time.Second},
		{"just as long as a grant", protocol.MaxGrant * time.Second, protocol.MaxGrant * time.Second},
		{"a second less", protocol.MaxGrant*time.Second - time.Second, protocol.MaxGrant*time.Second - time.Second},
		{"a minute", time.Minute, time.Minute},
		{"a second", time.Second, time.Second},
		{"half a second", 500 * time.Millisecond, 0},
		{"over", 0, 0},
	} {
		f := newFixture(t, 0)
		tv := f.tv("Hotel TV")
		ends := f.now().Truncate(time.Second).Add(2 * time.Hour)
		f.must(f.devices.SetEndDate(f.ctx, f.now(), f.who, tv.Device, ends))
		f.clock.Advance(ends.Add(-c.left).Sub(f.now()))
		if c.want == 0 {
			if got, _ := f.refusal(f.Service, tv, f.play(1, "t-night")); got != protocol.PlayAccess {
				t.Errorf("%s: refusal %q, want %q", c.name, got, protocol.PlayAccess)
			}
			continue
		}
		var claims protocol.GrantClaims
		f.must(f.keys.Verify(f.issued(tv, f.play(1, "t-night")), protocol.TypGrant, &claims))
		if got := time.Duration(claims.Expires-claims.Issued) * time.Second; got != c.want || claims.Expires > ends.Unix() {
			t.Errorf("%s: a grant of %s until %d, want %s, by %d", c.name, got, claims.Expires, c.want, ends.Unix())
		}
	}
}
