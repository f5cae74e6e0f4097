package server_test

import (
	"io"
	"net/http"
	"strings"
	"testing"

	"github.com/hearthkey/hearthkey/server"
	"github.com/hearthkey/hearthkey/server/operator"
)

// O2: what the process does is shown to admins on the admin listener, to nobody else, and
// on the public listener there is nothing of it.
func TestO2_ProfilesAreForAdmins(t *testing.T) {
	data := t.TempDir()
	tokens := map[operator.Role]operator.Token{}
	for _, role := range []operator.Role{operator.Admin, operator.Support} {
		token, err := server.AddOperator(t.Context(), server.Config{Data: data, Database: databaseOf(t, data)}, string(role), role)
		if err != nil {
			t.Fatal(err)
		}
		tokens[role] = token
	}
	h := open(t, func(c *server.Config) { c.Data, c.Admin = data, "127.0.0.1:0" })
	public, ops := h.srv.Addr().String(), h.srv.AdminAddr().String()
	for _, tt := range []struct {
		host, path string
		token      operator.Token
		want       int
		says       string
	}{
		{ops, "/debug/pprof/heap?debug=1", tokens[operator.Admin], 200, "heap profile"},
		{ops, "/debug/pprof/goroutine?debug=1", tokens[operator.Admin], 200, "goroutine profile"},
		{ops, "/debug/pprof/", tokens[operator.Admin], 200, "goroutine"},
		{ops, "/debug/pprof/nothing", tokens[operator.Admin], 404, ""},
		{ops, "/debug/pprof/cmdline", tokens[operator.Admin], 404, ""},
		{ops, "/debug/pprof/heap", tokens[operator.Support], 403, ""},
		{ops, "/debug/pprof/heap", "", 401, ""},
		{ops, "/debug/pprof/", "", 401, ""},
		{ops, "/debug/pprof/profile", "", 401, ""},
		{ops, "/debug/pprof/trace", "guessed", 401, ""},
		{ops, "/debug/pprof/cmdline", "", 401, ""},
		{public, "/debug/pprof/", tokens[operator.Admin], 404, ""},
		{public, "/debug/pprof/heap", tokens[operator.Admin], 404, ""},
	} {
		req, err := http.NewRequestWithContext(t.Context(), http.MethodGet, "http://"+tt.host+tt.path, nil)
		if err != nil {
			t.Fatal(err)
		}
		if tt.token != "" {
			req.Header.Set("Authorization", "Bearer "+string(tt.token))
		}
		resp, err := http.DefaultClient.Do(req)
		if err != nil {
			t.Fatal(err)
		}
		text, err := io.ReadAll(resp.Body)
		resp.Body.Close()
		if err != nil {
			t.Fatal(err)
		}
		body := string(text)
		if resp.StatusCode != tt.want || !strings.Contains(body, tt.says) || tt.want != 200 && strings.Contains(body, "goroutine") {
			t.Errorf("GET %s with %q = %d, %.200q, want %d", tt.path, tt.token, resp.StatusCode, body, tt.want)
		}
	}
}
