package main

import (
	"bytes"
	"context"
	"io"
	"io/fs"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// ASVS 16.2.3: log lines go to standard error and nowhere else: not to standard
// output, and into no file.
func TestLogsGoToStandardErrorAlone(t *testing.T) {
	ctx, cancel := context.WithCancel(t.Context())
	defer cancel()
	data := t.TempDir()
	r, w := io.Pipe()
	said := make(chan string, 1)
	first := make(chan string, 1)
	go func() {
		line := make([]byte, 256)
		n, _ := r.Read(line)
		first <- string(line[:n])
		rest, _ := io.ReadAll(r)
		said <- string(rest)
	}()
	var stderr bytes.Buffer
	ended := make(chan int, 1)
	go func() {
		ended <- run(ctx, []string{"--listen", "127.0.0.1:0", "--data", data, "--drain", "1ms", "--log-format", "json"},
			func(string) string { return "" }, w, &stderr)
		w.Close()
	}()
	url, _ := strings.CutPrefix(strings.TrimSpace(<-first), "hearthkey-server: ")
	resp, err := http.Get(url + "/signin")
	if err != nil {
		t.Fatal(err)
	}
	resp.Body.Close()
	http.DefaultClient.CloseIdleConnections()
	cancel()
	if status := <-ended; status != 0 {
		t.Fatalf("run = %d: %s", status, &stderr)
	}
	if !strings.Contains(stderr.String(), `"msg":"request"`) {
		t.Errorf("standard error: %s", &stderr)
	}
	if rest := <-said; rest != "" {
		t.Errorf("standard output goes on: %q", rest)
	}
	err = filepath.WalkDir(data, func(path string, d fs.DirEntry, err error) error {
		if err != nil || d.IsDir() {
			return err
		}
		text, err := os.ReadFile(path)
		if bytes.Contains(text, []byte(`"msg":`)) {
			t.Errorf("%s holds log lines", path)
		}
		return err
	})
	if err != nil {
		t.Error(err)
	}
}
