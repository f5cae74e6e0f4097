package main

import (
	"encoding/json"
	"net"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/hearthkey/hearthkey/server/doctor"
)

// examine runs doctor over a desk's folder, and returns what is not OK.
func (d *desk) examine(t *testing.T, flags ...string) (status int, found []string) {
	t.Helper()
	status, out, errs := d.bare(append([]string{"doctor", "--json", "--dev", "--data", d.data, "--admin", "127.0.0.1:1", "--public-url", d.url}, flags...)...)
	var report doctor.Report
	if err := json.Unmarshal([]byte(out), &report); err != nil {
		t.Fatalf("doctor printed %q, %s: %v", out, errs, err)
	}
	for _, f := range report {
		if f.Level != doctor.OK && f.Level != doctor.Skip {
			found = append(found, f.Check+" "+string(f.Level))
		}
	}
	slices.Sort(found)
	return status, found
}

// The doctor looks at a running server and changes nothing; then one thing after the
// other is broken.
func TestDoctor(t *testing.T) {
	d := openDesk(t)
	chmod(t, d.data, 0o700)
	usual := []string{"keys warn", "settings warn"} // the root key is here, and places are not known
	if status, got := d.examine(t, "--connect"); status != 0 || !slices.Equal(got, usual) {
		t.Errorf("a server that runs = %d %q, want %q", status, got, usual)
	}
	closed, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	address := closed.Addr().String()
	closed.Close()
	for _, c := range []struct {
		name   string
		flags  []string
		broken func(dir string)
		want   string
	}{
		{"wrong settings", []string{"--lease", "9h"}, nil, "settings bad"},
		{"the name was changed", []string{"--name", "other"}, nil, "keys bad"},
		{"a proxy that is everybody", []string{"--trusted-proxy", "0.0.0.0/0"}, nil, "settings bad"},
		{"no mail server", []string{"--smtp-url", "smtp://user:hush-hush@" + address + "?tls=none&from=a@b.example", "--connect"}, nil, "mail bad"},
		{"no gateway", []string{"--sms-url", "sms://sid:hush-hush@" + address + "?tls=none&from=%2B15550006789", "--connect"}, nil, "sms bad"},
		{"a broken catalogue", []string{"--catalog", "/dev/null"}, nil, "catalogue bad"},
		{"no PostgreSQL", []string{"--database", "postgres://u:hush-hush@" + address + "/x?sslmode=disable"}, nil, "database bad"},
		{"readable keys", nil, func(dir string) { chmod(t, filepath.Join(dir, "keys", "data.key"), 0o644) }, "keys bad"},
		{"a readable folder", nil, func(dir string) { chmod(t, dir, 0o755) }, "folder bad"},
		{"a damaged database", nil, func(dir string) { scribble(t, filepath.Join(dir, "hearthkey.db")) }, "database bad"},
		{"lost keys", nil, func(dir string) { os.Remove(filepath.Join(dir, "keys", "keys.jws")) }, "keys bad"},
	} {
		copied := *d
		if c.broken != nil {
			copied.data = copyFolder(t, d)
			c.broken(copied.data)
		}
		status, got := copied.examine(t, c.flags...)
		if status != 1 || !slices.Contains(got, c.want) {
			t.Errorf("%s = %d %q, want %q", c.name, status, got, c.want)
		}
		_, text, errs := copied.bare(append([]string{"doctor", "--dev", "--data", copied.data}, c.flags...)...)
		if strings.Contains(text+errs, "hush-hush") || !strings.Contains(text, "bad   ") || !strings.Contains(text, "-> ") {
			t.Errorf("%s is told as %s %s", c.name, text, errs)
		}
	}
	if status, got := d.examine(t); status != 0 || !slices.Equal(got, usual) {
		t.Errorf("the server after all this = %d %q", status, got)
	}
}

func chmod(t *testing.T, path string, mode os.FileMode) {
	t.Helper()
	if err := os.Chmod(path, mode); err != nil {
		t.Fatal(err)
	}
}

// scribble writes over the second half of a file.
func scribble(t *testing.T, path string) {
	t.Helper()
	info, err := os.Stat(path)
	if err != nil {
		t.Fatal(err)
	}
	f, err := os.OpenFile(path, os.O_WRONLY, 0)
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	if _, err := f.WriteAt(make([]byte, info.Size()/2), info.Size()/2); err != nil {
		t.Fatal(err)
	}
}

// copyFolder copies a desk's database, as a backup, and its keys.
func copyFolder(t *testing.T, d *desk) string {
	t.Helper()
	dir := t.TempDir()
	chmod(t, dir, 0o700)
	if status, _, errs := d.bare("backup", filepath.Join(dir, "hearthkey.db"), "--data", d.data); status != 0 {
		t.Fatalf("backup = %s", errs)
	}
	if err := os.CopyFS(filepath.Join(dir, "keys"), os.DirFS(filepath.Join(d.data, "keys"))); err != nil {
		t.Fatal(err)
	}
	keys := filepath.Join(dir, "keys")
	chmod(t, keys, 0o700)
	entries, err := os.ReadDir(keys)
	if err != nil {
		t.Fatal(err)
	}
	for _, e := range entries {
		chmod(t, filepath.Join(keys, e.Name()), 0o600)
	}
	return dir
}
