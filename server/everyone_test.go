package server_test

import (
	"fmt"
	"net/http"
	"testing"
	"time"

	"github.com/hearthkey/hearthkey/protocol"
	"github.com/hearthkey/hearthkey/server"
	"github.com/hearthkey/hearthkey/server/admin"
	"github.com/hearthkey/hearthkey/server/operator"
)

// staffed is a server whose operators olga and bob are both admins.
type staffed struct {
	*house
	cfg       server.Config
	olga, bob operator.Token
}

func openStaffed(t *testing.T) *staffed {
	t.Helper()
	s := &staffed{}
	data := t.TempDir()
	for name, token := range map[string]*operator.Token{"olga": &s.olga, "bob": &s.bob} {
		var err error
		if *token, err = server.AddOperator(t.Context(), server.Config{Data: data, Database: databaseOf(t, data)}, name, operator.Admin); err != nil {
			t.Fatal(err)
		}
	}
	s.house = open(t, func(c *server.Config) {
		c.Data, c.Admin = data, "127.0.0.1:0"
		s.cfg = *c
	})
	return s
}

// as returns the admin interface for one of them.
func (s *staffed) as(token operator.Token) *admin.Client {
	s.t.Helper()
	c, err := admin.NewClient("http://"+s.srv.AdminAddr().String(), token)
	if err != nil {
		s.t.Fatal(err)
	}
	s.t.Cleanup(c.Close)
	return c
}

// crowd imports accounts.
func (s *staffed) crowd(n int) {
	s.t.Helper()
	lines := make([]string, n)
	for i := range lines {
		lines[i] = fmt.Sprintf(`{"email":"crowd%d@example.org","passwordHash":"$2b$04$abcdefghijklmnopqrstuuoLnINVHE78q7Ab4j32unTRx/C28zPre"}`, i)
	}
	got, err := s.as(s.olga).Import(s.t.Context(), "load", lines)
	if err != nil || got.Added != n {
		s.t.Fatalf("import = %+v, %v", got, err)
	}
}

func (s *staffed) sweep() admin.Sweep {
	s.t.Helper()
	list, err := s.as(s.olga).Sweeps(s.t.Context())
	if err != nil || len(list) != 1 {
		s.t.Fatalf("sweeps = %+v, %v", list, err)
	}
	return list[0]
}

// O3: everyone is signed out, a restart in the middle included, while the
// server goes on to answer at once.
func TestO3_SignOutEveryoneOverARestart(t *testing.T) {
	s := openStaffed(t)
	s.crowd(400)
	o, tvs := family(s.house, "mara@example.org", 1)
	ask, err := s.as(s.olga).AskSweep(t.Context(), "signing key stolen", 200, false)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := s.as(s.olga).ApproveSweep(t.Context(), ask.ID, "me again"); err == nil {
		t.Fatal("olga approved what she asked for")
	}
	if d := o.device(string(tvs[0].id)); d.Status != "active" {
		t.Fatalf("before the approval: %+v", d)
	}
	begun, err := s.as(s.bob).ApproveSweep(t.Context(), ask.ID, "incident 7")
	if err != nil || begun.Total != 401 || begun.State != "running" {
		t.Fatalf("approve = %+v, %v", begun, err)
	}
	slowest := time.Duration(0)
	eventually(t, "a quarter", func() bool {
		asked := time.Now()
		if status, _, _ := s.do("GET", "/v1/session", nil, nil); status != http.StatusUnauthorized {
			t.Errorf("meanwhile = %d", status)
		}
		slowest = max(slowest, time.Since(asked))
		return s.sweep().Done >= 100
	})
	if got := s.sweep(); got.State != "running" || slowest > 500*time.Millisecond {
		t.Errorf("%+v; the slowest answer took %s", got, slowest)
	}
	if err := s.stop(); err != nil {
		t.Fatal(err)
	}
	tvs[0].hangUp()
	s.start(s.cfg)
	eventually(t, "everyone", func() bool { return s.sweep().State == "done" })
	if got := s.sweep(); got.Done != 401 || got.Failed != 0 || got.ApprovedBy != "bob" {
		t.Errorf("%+v", got)
	}
	again := &owner{house: s.house, email: o.email}
	again.signIn()
	if d := again.device(string(tvs[0].id)); d.Status != "signed_out" || d.By != string(protocol.ByOperator) {
		t.Errorf("the TV: %+v", d)
	}
	found, err := s.as(s.olga).Find(t.Context(), "crowd7@example.org")
	if err != nil {
		t.Fatal(err)
	}
	if found.ID == "" {
		t.Error("an account is gone")
	}
}

// O3: one TV, found by its name and signed out by support, hears of it at once;
// a locked account keeps its owner out.
func TestO3_SupportAtWork(t *testing.T) {
	s := openStaffed(t)
	o, tvs := family(s.house, "mara@example.org", 2)
	list, err := s.as(s.olga).FindDevices(t.Context(), "tv 1")
	if err != nil || len(list) != 1 || list[0].ID != string(tvs[0].id) || list[0].Status != "active" {
		t.Fatalf("find by name = %+v, %v", list, err)
	}
	for _, want := range []bool{true, false} {
		if was, err := s.as(s.olga).SignOutDevice(t.Context(), list[0].ID, "sold on a market"); err != nil || was != want {
			t.Errorf("sign out = %t, %v; want %t", was, err, want)
		}
	}
	for tvs[0].state.Status == protocol.Active {
		f, err := tvs[0].read()
		if err != nil {
			t.Fatal(err)
		}
		tvs[0].take(f)
	}
	if tvs[0].state.Status != protocol.SignedOut || tvs[0].state.Cause.By != protocol.ByOperator {
		t.Errorf("the TV was told %+v", tvs[0].state)
	}
	if d := o.device(string(tvs[1].id)); d.Status != "active" {
		t.Errorf("the other TV: %+v", d)
	}
	if list, err = s.as(s.olga).FindDevices(t.Context(), "TV 1"); err != nil || list[0].Status != "signed_out" {
		t.Errorf("find by name = %+v, %v", list, err)
	}
	if err := s.as(s.bob).Lock(t.Context(), o.email, "taken over"); err != nil {
		t.Fatal(err)
	}
	status, body := o.try("GET", "/v1/session", nil)
	wantStatus(t, "the owner's session", status, 401, body)
	found, err := s.as(s.bob).Find(t.Context(), o.email)
	if err != nil || found.Locked.IsZero() {
		t.Errorf("find = %+v, %v", found, err)
	}
	for _, d := range found.Devices {
		if d.Status != "signed_out" {
			t.Errorf("%+v", d)
		}
	}
	if err := s.as(s.bob).Unlock(t.Context(), o.email, "owner seen in the shop"); err != nil {
		t.Fatal(err)
	}
	o.signIn()
}
