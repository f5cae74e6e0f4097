package local

import (
	"errors"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/gorilla/websocket"
)

func TestWeb(t *testing.T) {
	s := start(t, Config{Web: "127.0.0.1:0", Token: token, Version: "1"})
	conn, _, err := websocket.DefaultDialer.Dial(s.WebURL(), http.Header{"Origin": {"null"}})
	if err != nil {
		t.Fatal(err)
	}
	defer conn.Close()
	for _, tt := range []struct{ say, want string }{
		{`{"jsonrpc":"2.0","id":1,"method":"hello","params":{"token":"` + token + `"}}`, `{"jsonrpc":"2.0","id":1,"result":{"api":1,"agent":"1"}}`},
		{`{"jsonrpc":"2.0","id":2,"method":"press","params":{"key":"OK"}}`, `{"jsonrpc":"2.0","id":2,"result":{}}`},
	} {
		if err := conn.WriteMessage(websocket.TextMessage, []byte(tt.say)); err != nil {
			t.Fatal(err)
		}
		if _, got, err := conn.ReadMessage(); err != nil || string(got) != tt.want {
			t.Errorf("%s: %s, %v; want %s", tt.say, got, err, tt.want)
		}
	}
}

// Without the token nothing is done, and a wrong one costs time and the connection.
func TestToken(t *testing.T) {
	v := &tv{}
	s := start(t, Config{Web: "127.0.0.1:0", Token: token, Do: v.do})
	for _, say := range []string{
		`{"jsonrpc":"2.0","id":1,"method":"press","params":{"key":"OK"}}`,
		`{"jsonrpc":"2.0","id":1,"method":"subscribe","params":{"events":["view"]}}`,
		`{"jsonrpc":"2.0","id":1,"method":"hello"}`,
		`{"jsonrpc":"2.0","id":1,"method":"hello","params":{"token":"` + token[1:] + `"}}`,
	} {
		begun := time.Now()
		conn, _, err := websocket.DefaultDialer.Dial(s.WebURL(), nil)
		if err != nil {
			t.Fatal(err)
		}
		if err := conn.WriteMessage(websocket.TextMessage, []byte(say)); err != nil {
			t.Fatal(err)
		}
		if _, got, err := conn.ReadMessage(); err != nil || !strings.Contains(string(got), `"code":1`) {
			t.Errorf("%s: %s, %v; want code 1", say, got, err)
		}
		if _, _, err := conn.ReadMessage(); err == nil {
			t.Errorf("%s: the connection goes on", say)
		}
		if took := time.Since(begun); strings.Contains(say, "hello") && took < wrongTokenDelay {
			t.Errorf("a wrong token is told within %s", took)
		}
		conn.Close()
	}
	if len(v.calls) > 0 {
		t.Errorf("calls without a token: %v", v.calls)
	}
}

func TestWhoMayAsk(t *testing.T) {
	s := start(t, Config{Web: "127.0.0.1:0", Token: token, Origins: []string{"https://ui.example"}})
	addr := strings.TrimSuffix(strings.TrimPrefix(s.WebURL(), "ws://"), webPath)
	for _, tt := range []struct {
		origin, host, path string
		want               int
	}{
		{"", addr, webPath, http.StatusUpgradeRequired},
		{"null", addr, webPath, http.StatusUpgradeRequired},
		{"http://127.0.0.1:9000", addr, webPath, http.StatusUpgradeRequired},
		{"http://localhost", addr, webPath, http.StatusUpgradeRequired},
		{"app://ui", addr, webPath, http.StatusUpgradeRequired},
		{"https://ui.example", addr, webPath, http.StatusUpgradeRequired},
		{"https://evil.example", addr, webPath, http.StatusForbidden},
		{"http://127.0.0.1.evil.example", addr, webPath, http.StatusForbidden},
		{"", "evil.example", webPath, http.StatusMisdirectedRequest},
		{"", addr, "/", http.StatusNotFound},
	} {
		req, err := http.NewRequest(http.MethodGet, "http://"+addr+tt.path, nil)
		if err != nil {
			t.Fatal(err)
		}
		req.Host = tt.host
		if tt.origin != "" {
			req.Header.Set("Origin", tt.origin)
		}
		resp, err := http.DefaultClient.Do(req)
		if err != nil {
			t.Fatal(err)
		}
		resp.Body.Close()
		if resp.StatusCode != tt.want {
			t.Errorf("origin %q, host %q, path %q: %d, want %d", tt.origin, tt.host, tt.path, resp.StatusCode, tt.want)
		}
	}
	http.DefaultClient.CloseIdleConnections()
}

func TestSettings(t *testing.T) {
	taken := start(t, Config{Web: "127.0.0.1:0", Token: token}).web.Addr().String()
	for _, tt := range []struct {
		cfg  Config
		want error
	}{
		{Config{Web: "0.0.0.0:0", Token: token}, ErrConfig},
		{Config{Web: "192.0.2.1:1", Token: token}, ErrConfig},
		{Config{Web: "example.org:1", Token: token}, ErrConfig},
		{Config{Web: "127.0.0.1:0", Token: token[1:]}, ErrConfig},
		{Config{Web: taken, Token: token}, ErrInUse},
	} {
		tt.cfg.Do = (&tv{}).do
		if _, err := Start(tt.cfg); !errors.Is(err, tt.want) {
			t.Errorf("Start(%q, a token of %d) = %v, want %v", tt.cfg.Web, len(tt.cfg.Token), err, tt.want)
		}
	}
	if _, err := Start(Config{}); !errors.Is(err, ErrConfig) {
		t.Errorf("Start without Do = %v, want ErrConfig", err)
	}
}

func TestTokenFile(t *testing.T) {
	path := filepath.Join(t.TempDir(), "token")
	made, err := TokenFile(path)
	if err != nil || len(made) != 64 {
		t.Fatalf("TokenFile = %q, %v", made, err)
	}
	if info, err := os.Stat(path); err != nil || info.Mode().Perm() != 0o600 {
		t.Errorf("the file: %v, %v; want mode 0600", info, err)
	}
	if again, err := TokenFile(path); err != nil || again != made {
		t.Errorf("read again = %q, %v, want %q", again, err, made)
	}
	if err := os.Truncate(path, 0); err != nil {
		t.Fatal(err)
	}
	made, err = TokenFile(path)
	if again, errAgain := TokenFile(path); err != nil || errAgain != nil || len(made) != 64 || again != made {
		t.Errorf("after a pulled plug = %q, %v, then %q, %v; want one that was made anew", made, err, again, errAgain)
	}
	for content, mode := range map[string]os.FileMode{token: 0o644, "short": 0o600, strings.Repeat("x", 300): 0o600, " ": 0o600} {
		file := filepath.Join(t.TempDir(), "token")
		if err := os.WriteFile(file, []byte(content), mode); err != nil {
			t.Fatal(err)
		}
		if err := os.Chmod(file, mode); err != nil {
			t.Fatal(err)
		}
		if got, err := TokenFile(file); !errors.Is(err, ErrConfig) {
			t.Errorf("%.20q with mode %v = %q, %v; want ErrConfig", content, mode, got, err)
		}
	}
}

// Who holds connections without the token keeps nobody out who has it, and no more of
// them are kept than there is room for.
func TestStrangersMakeRoom(t *testing.T) {
	s := start(t, Config{Web: "127.0.0.1:0", Token: token})
	open := func() *websocket.Conn {
		conn, _, err := websocket.DefaultDialer.Dial(s.WebURL(), nil)
		if err != nil {
			t.Fatal(err)
		}
		t.Cleanup(func() { conn.Close() })
		_ = conn.SetReadDeadline(time.Now().Add(20 * time.Second))
		return conn
	}
	hello := func(conn *websocket.Conn) string {
		if err := conn.WriteMessage(websocket.TextMessage, []byte(`{"jsonrpc":"2.0","id":1,"method":"hello","params":{"token":"`+token+`"}}`)); err != nil {
			t.Fatal(err)
		}
		_, got, err := conn.ReadMessage()
		if err != nil {
			t.Fatal(err)
		}
		return string(got)
	}
	for n := range maxClients {
		strangers := []*websocket.Conn{}
		for range maxStrangers + 3 {
			strangers = append(strangers, open())
		}
		if got := hello(open()); !strings.Contains(got, `"api":1`) {
			t.Fatalf("client %d, beside strangers: %s", n, got)
		}
		if _, _, err := strangers[0].ReadMessage(); err == nil {
			t.Error("the oldest stranger was spoken to")
		}
	}
	if got := hello(open()); !strings.Contains(got, `"code":4`) {
		t.Errorf("client %d: %s, want code 4", maxClients+1, got)
	}
}
