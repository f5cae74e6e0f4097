//go:build linux

package main

import (
	"bytes"
	"encoding/json"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// The test's own program is the servers too.
func TestMain(m *testing.M) {
	if os.Getenv(childEnv) != "" {
		main()
	}
	os.Exit(m.Run())
}

// Every server does all of the work.
func TestSmoke(t *testing.T) {
	var out, errOut bytes.Buffer
	if code := run(t.Context(), []string{"-n", "50", "-settle", "1ms", "-json"}, strings.NewReader(""), &out, &errOut); code != 0 {
		t.Fatalf("benchhub = %d\n%s", code, &errOut)
	}
	var figures []figure
	if err := json.Unmarshal(out.Bytes(), &figures); err != nil {
		t.Fatal(err)
	}
	if got, want := len(figures), 7*len(names); got != want {
		t.Errorf("%d figures, want %d", got, want)
	}
	file := filepath.Join(t.TempDir(), "50.json")
	if err := os.WriteFile(file, out.Bytes(), 0o600); err != nil {
		t.Fatal(err)
	}
	out.Reset()
	if code := run(t.Context(), []string{"-plot", "one_p50", file}, strings.NewReader(""), &out, &errOut); code != 0 || !strings.Contains(out.String(), ">ours</text>") {
		t.Errorf("benchhub -plot = %d\n%s%s", code, &errOut, &out)
	}
	for _, f := range figures {
		if strings.Contains(f.Name, ".one_") && f.Value <= 0 {
			t.Errorf("%s = %g, want more than nothing", f.Name, f.Value)
		}
	}
}

func TestRefuses(t *testing.T) {
	for _, args := range [][]string{{"-n", "0"}, {"-n", "20001"}, {"-only", "nobody"}} {
		var out, errOut bytes.Buffer
		if code := run(t.Context(), args, strings.NewReader(""), &out, &errOut); code != 1 {
			t.Errorf("benchhub %q = %d, want 1", args, code)
		}
	}
}
