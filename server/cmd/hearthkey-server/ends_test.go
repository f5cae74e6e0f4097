package main

import (
	"fmt"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
	"time"
)

const imported = `{"email":"%s@example.org","passwordHash":"$2b$04$abcdefghijklmnopqrstuuoLnINVHE78q7Ab4j32unTRx/C28zPre"}`

func TestO3_LockAndSignOutByCommand(t *testing.T) {
	d := openDesk(t)
	if status, _, errs := d.ask("import", d.file("a", fmt.Sprintf(imported, "anna")), "--reason", "moved"); status != 0 {
		t.Fatal(errs)
	}
	for _, c := range []struct {
		args   string
		status int
		want   string
	}{
		{"sign-out account anna@example.org", 1, "Say why"},
		{"sign-out account anna@example.org --reason asked", 0, "Everything is signed out of this account."},
		{"sign-out device anna@example.org --reason asked", 1, "Give a device's id"},
		{"sign-out device d-1 --reason asked", 1, "Give a device's id"},
		{"lock anna@example.org", 1, "Say why"},
		{"lock nobody@example.org --reason x", 1, "Nothing was found."},
		{"lock anna@example.org --reason stolen", 0, "The account is locked: everything is signed out, and nobody can sign in."},
		{"lock anna@example.org --reason stolen", 1, "This account is locked already."},
		{"find anna@example.org", 0, "locked since        20"},
		{"unlock anna@example.org --reason seen", 0, "The account is unlocked: its owner can sign in."},
		{"unlock anna@example.org --reason seen", 1, "This account is not locked."},
		{"find --device Bedroom", 1, "Nothing was found."},
		{"find", 1, "Give an email address"},
		{"operator log", 0, "unlock "},
	} {
		status, out, errs := d.ask(strings.Fields(c.args)...)
		if status != c.status || !strings.Contains(out+errs, c.want) {
			t.Errorf("%s = %d %q %q, want %d %q", c.args, status, out, errs, c.status, c.want)
		}
	}
}

func TestO3_SignOutEveryoneByCommand(t *testing.T) {
	second := filepath.Join(t.TempDir(), "bob")
	d := openDeskOf(t, []string{second}, "--dev")
	lines := make([]string, 30)
	for i := range lines {
		lines[i] = fmt.Sprintf(imported, fmt.Sprint("owner", i))
	}
	if status, _, errs := d.ask("import", d.file("a", strings.Join(lines, "\n")), "--reason", "moved"); status != 0 {
		t.Fatal(errs)
	}
	status, out, errs := d.ask("sign-out", "everyone", "ask", "--reason", "keys stolen", "--per-second", "100", "--quiet")
	id := regexp.MustCompile(`approve (\S{36}) `).FindStringSubmatch(out)
	if status != 0 || id == nil {
		t.Fatalf("ask = %d %q %q", status, out, errs)
	}
	if status, _, errs := d.ask("sign-out", "everyone", "approve", id[1], "--reason", "me"); status != 1 || !strings.Contains(errs, "Another operator than the one who asked") {
		t.Errorf("approved alone = %d %q", status, errs)
	}
	if status, _, errs := d.ask("sign-out", "everyone", "ask", "--reason", "x", "--per-second", "0x"); status != wrongSettings {
		t.Errorf("no pace = %d %q", status, errs)
	}
	bob := []string{"--admin-url", "http://" + d.admin, "--token-file", second}
	status, out, errs = d.bare(append([]string{"sign-out", "everyone", "approve", id[1], "--reason", "incident 7"}, bob...)...)
	if status != 0 || !strings.Contains(out, "It has begun: 30 accounts, 100 a second") {
		t.Fatalf("approve = %d %q %q", status, out, errs)
	}
	for end := time.Now().Add(20 * time.Second); !strings.Contains(out, " done "); {
		if status, out, errs = d.ask("sign-out", "everyone", "status"); status != 0 || time.Now().After(end) {
			t.Fatalf("status = %d %q %q", status, out, errs)
		}
	}
	if line := strings.Join(strings.Fields(strings.Split(out, "\n")[1]), " "); !strings.Contains(line, "olga bob 30 0 30 0s") || !strings.HasSuffix(line, "keys stolen") {
		t.Errorf("status = %s", line)
	}
	if status, _, errs := d.ask("sign-out", "everyone", "cancel", id[1], "--reason", "late"); status != 1 || !strings.Contains(errs, "No sign-out of everyone of this id") {
		t.Errorf("cancelled after its end = %d %q", status, errs)
	}
	if status, out, _ := d.ask("operator", "log"); status != 0 || !strings.Contains(out, "finished: 30 signed out, 0 left out; approved by bob") {
		t.Errorf("log = %s", out)
	}
}
