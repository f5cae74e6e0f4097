package main

import (
	"bytes"
	"context"
	"io"
	"net"
	"net/http"
	"strings"
	"testing"

	"go.uber.org/goleak"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

func TestRun(t *testing.T) {
	taken, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer taken.Close()
	for _, tt := range []struct {
		name   string
		args   []string
		env    map[string]string
		status int
		stdout string
		stderr string
	}{
		{"version", []string{"version"}, nil, 0, "hearthkey-server dev go", ""},
		{"help", []string{"--help"}, nil, 0, "Run the server (the default).", ""},
		{"help of serve", []string{"serve", "--help"}, nil, 0, "--trusted-proxy", ""},
		{"an unknown flag", []string{"--colour"}, nil, wrongSettings, "", "unknown flag --colour"},
		{"an unknown command", []string{"destroy"}, nil, wrongSettings, "", "unexpected argument destroy"},
		{"a flag with a bad value", []string{"--lease", "forever"}, nil, wrongSettings, "", "--lease"},
		{"a port in use", []string{"--listen", taken.Addr().String()}, nil, 1, "", "Another program listens on"},
		{"a port in use, by the environment", nil, map[string]string{"HEARTHKEY_LISTEN": taken.Addr().String()}, 1, "", "Another program listens on"},
		{"a bad value in the environment", nil, map[string]string{"HEARTHKEY_DRAIN": "soon"}, wrongSettings, "", "drain"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			var stdout, stderr bytes.Buffer
			getenv := func(name string) string { return tt.env[name] }
			status := run(t.Context(), tt.args, getenv, &stdout, &stderr)
			if status != tt.status || !strings.Contains(stdout.String(), tt.stdout) || !strings.Contains(stderr.String(), tt.stderr) {
				t.Errorf("run(%q) = %d\nstdout: %s\nstderr: %s\nwant %d, %q, %q", tt.args, status, &stdout, &stderr, tt.status, tt.stdout, tt.stderr)
			}
		})
	}
}

// The program says where it serves, serves, and ends cleanly when it is told to.
// ASVS 16.2.3, 16.2.4.
func TestServes(t *testing.T) {
	ctx, cancel := context.WithCancel(t.Context())
	defer cancel()
	r, w := io.Pipe()
	ended := make(chan int, 1)
	var stderr bytes.Buffer
	go func() {
		ended <- run(ctx, []string{"--listen", "127.0.0.1:0", "--data", t.TempDir(), "--drain", "1ms", "--log-format", "json"},
			func(string) string { return "" }, w, &stderr)
	}()
	line := make([]byte, 256)
	n, err := r.Read(line)
	if err != nil {
		t.Fatal(err)
	}
	url, ok := strings.CutPrefix(strings.TrimSpace(string(line[:n])), "hearthkey-server: ")
	if !ok {
		t.Fatalf("it says %q", line[:n])
	}
	resp, err := http.Get(url + "/healthz")
	if err != nil {
		t.Fatal(err)
	}
	resp.Body.Close()
	http.DefaultClient.CloseIdleConnections()
	if resp.StatusCode != http.StatusOK {
		t.Errorf("healthz = %d", resp.StatusCode)
	}
	cancel()
	if status := <-ended; status != 0 {
		t.Errorf("run = %d: %s", status, &stderr)
	}
	if !strings.Contains(stderr.String(), `"msg":"draining"`) {
		t.Errorf("log: %s", &stderr)
	}
}
