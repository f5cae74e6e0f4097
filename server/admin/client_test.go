package admin

import (
	"errors"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/hearthkey/hearthkey/server/operator"
)

// A day at the desk, through the client.
func TestO3_Client(t *testing.T) {
	d := newDesk(t)
	id := d.owner("anna@example.org")
	ctx, admin, support := t.Context(), d.client(operator.Admin), d.client(operator.Support)

	got, err := support.Find(ctx, "anna@example.org")
	d.must(err)
	want := Account{
		ID: string(id), Email: "anna@example.org", Language: "de", Created: d.clock.Now(), SecondFactor: true,
		Devices: []Device{{ID: "d-1", Name: "Kitchen TV", Model: "Demo", Status: "active"}},
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("Find (-want +got):\n%s", diff)
	}
	due, err := support.ResetFactor(ctx, "anna@example.org", "identity card seen")
	if err != nil || !due.Equal(d.clock.Now().Add(72*time.Hour)) {
		t.Errorf("ResetFactor = %s, %v", due, err)
	}
	if got, err := support.Find(ctx, string(id)); err != nil || !got.Reset.Equal(due) {
		t.Errorf("Find = %+v, %v", got, err)
	}
	d.must(support.LiftFactorReset(ctx, string(id), "the owner called"))
	var refused *ProblemError
	if _, err := support.ResetContact(ctx, string(id), "lost everything", "anna@new.example"); !errors.As(err, &refused) || refused.Problem.Status != 403 {
		t.Errorf("ResetContact as support = %v", err)
	}
	due, err = admin.ResetContact(ctx, string(id), "lost everything", "anna@new.example")
	if err != nil || !due.Equal(d.clock.Now().Add(7*24*time.Hour)) {
		t.Errorf("ResetContact = %s, %v", due, err)
	}
	if got, err := support.Find(ctx, string(id)); err != nil || !got.Moved.Equal(due) {
		t.Errorf("Find = %+v, %v", got, err)
	}
	d.must(support.LiftContactReset(ctx, string(id), "the owner called"))
	token, err := admin.AddOperator(ctx, "sam", operator.Viewer, "on call")
	d.must(err)
	d.tokens["sam"] = token
	sam := d.client("sam")
	if _, err := sam.Operators(ctx); !errors.As(err, &refused) || err.Error() != "This needs the role admin; yours is viewer." {
		t.Errorf("Operators as viewer = %v", err)
	}
	if _, err := sam.Find(ctx, "nobody@example.org"); !errors.As(err, &refused) || refused.Problem.Status != 404 {
		t.Errorf("Find of nobody = %v", err)
	}
	d.must(admin.DisableOperator(ctx, "sam", "left"))
	if _, err := sam.Find(ctx, "anna@example.org"); !errors.As(err, &refused) || refused.Problem.Status != 401 {
		t.Errorf("Find by one who was disabled = %v", err)
	}
	list, err := admin.Operators(ctx)
	if err != nil || len(list) != 4 || list[0].Name != "sam" || list[0].CreatedBy != "the-admin" || list[0].Disabled.IsZero() {
		t.Errorf("Operators = %+v, %v", list, err)
	}
	done, err := admin.Import(ctx, "moved", []string{`{"email":"x"}`, `{"email":"c@example.org","passwordHash":"plain"}`})
	if diff := cmp.Diff(Imported{Left: []Left{{0, "not an email address"}, {1, "not a password hash that is known here, or one that takes over a second to check"}}}, done); err != nil || diff != "" {
		t.Errorf("Import: %v (-want +got):\n%s", err, diff)
	}
	entries, err := admin.Log(ctx, 11)
	d.must(err)
	acts := ""
	for _, e := range entries {
		acts += e.Operator + " " + e.Act + "; "
	}
	const day = "the-admin import; the-admin operator-disable; sam find; the-admin operator-add; the-support contact-reset-lift; the-support find; the-admin contact-reset; the-support factor-reset-lift; the-support find; the-support factor-reset; the-support find; "
	if acts != day {
		t.Errorf("the log = %s", acts)
	}
}

func TestO3_TokensTravelSafely(t *testing.T) {
	for address, ok := range map[string]bool{
		"http://127.0.0.1:8701": true, "http://[::1]:8701/": true, "http://localhost:8701": true, "https://admin.example": true,
		"http://admin.example": false, "http://192.0.2.1:8701": false, "http://localhost.example": false, "127.0.0.1:8701": false, "": false,
		"ftp://127.0.0.1": false, "https://a:b@admin.example": false, "https://admin.example/x": false, "https://admin.example?x": false,
	} {
		if _, err := NewClient(address, "hko_x"); (err == nil) != ok {
			t.Errorf("NewClient(%q) = %v", address, err)
		}
	}
	elsewhere := httptest.NewServer(http.HandlerFunc(func(http.ResponseWriter, *http.Request) { t.Error("the token was sent on") }))
	defer elsewhere.Close()
	here := httptest.NewServer(http.RedirectHandler(elsewhere.URL, http.StatusTemporaryRedirect))
	defer here.Close()
	c, err := NewClient(here.URL, "hko_x")
	if err != nil {
		t.Fatal(err)
	}
	defer c.Close()
	if _, err := c.Operators(t.Context()); err == nil || !strings.Contains(err.Error(), "not the admin address") {
		t.Errorf("a redirect = %v", err)
	}
	nonsense := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) { _, _ = w.Write([]byte("<html>")) }))
	defer nonsense.Close()
	n, err := NewClient(nonsense.URL, "hko_x")
	if err != nil {
		t.Fatal(err)
	}
	defer n.Close()
	if _, err := n.Operators(t.Context()); err == nil || !strings.Contains(err.Error(), "cannot be read") {
		t.Errorf("a page = %v", err)
	}
}
