package main

import (
	"bufio"
	"bytes"
	"context"
	"io"
	"net"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"
)

// desk is a running server with an admin.
type desk struct {
	t     *testing.T
	data  string
	admin string // its address
	token string // file
	url   string // what it says when it is ready
}

// openDesk makes the first operator in the folder, then starts the server.
func openDesk(t *testing.T) *desk { return openDeskWith(t, "--dev") }

func openDeskWith(t *testing.T, flags ...string) *desk { return openDeskOf(t, nil, flags...) }

// openDeskOf makes more admins in the folder, each with a token file of that name.
func openDeskOf(t *testing.T, others []string, flags ...string) *desk {
	t.Helper()
	d := &desk{t: t, data: t.TempDir(), token: filepath.Join(t.TempDir(), "olga")}
	if status, out, errs := d.bare("operator", "add", "olga", "--role", "admin", "--data", d.data, "--save", d.token); status != 0 || out != "" {
		t.Fatalf("the first operator = %d %q %q", status, out, errs)
	}
	for _, file := range others {
		if status, _, errs := d.bare("operator", "add", filepath.Base(file), "--role", "admin", "--data", d.data, "--save", file); status != 0 {
			t.Fatalf("another operator = %d %q", status, errs)
		}
	}
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	d.admin = l.Addr().String()
	l.Close()
	ctx, cancel := context.WithCancel(context.Background())
	r, w := io.Pipe()
	ended := make(chan int, 1)
	go func() {
		ended <- run(ctx, append([]string{"--listen", "127.0.0.1:0", "--admin", d.admin, "--data", d.data, "--drain", "1ms", "--log-level", "error"}, flags...),
			func(string) string { return "" }, w, io.Discard)
		w.Close()
	}()
	t.Cleanup(func() {
		cancel()
		if status := <-ended; status != 0 {
			t.Errorf("the server ended with %d", status)
		}
	})
	ready, err := bufio.NewReader(r).ReadString('\n')
	if err != nil {
		t.Fatal(err)
	}
	d.url = strings.TrimSpace(ready[strings.Index(ready, "http://"):])
	return d
}

// bare runs a command with nothing but its arguments.
func (d *desk) bare(args ...string) (status int, stdout, stderr string) {
	return d.with(nil, args...)
}

func (d *desk) with(env map[string]string, args ...string) (status int, stdout, stderr string) {
	d.t.Helper()
	ctx, cancel := context.WithTimeout(d.t.Context(), time.Minute)
	defer cancel()
	var out, errs bytes.Buffer
	status = run(ctx, args, func(name string) string { return env[name] }, &out, &errs)
	return status, out.String(), errs.String()
}

// ask runs a command as olga.
func (d *desk) ask(args ...string) (status int, stdout, stderr string) {
	d.t.Helper()
	return d.bare(append(args, "--admin-url", "http://"+d.admin, "--token-file", d.token)...)
}

func (d *desk) file(name, text string) string {
	d.t.Helper()
	path := filepath.Join(d.t.TempDir(), name)
	if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
		d.t.Fatal(err)
	}
	return path
}

func TestO3_Import(t *testing.T) {
	d := openDesk(t)
	file := d.file("accounts.jsonl", strings.Join([]string{
		`{"email":"anna@example.org","passwordHash":"$2b$04$abcdefghijklmnopqrstuuoLnINVHE78q7Ab4j32unTRx/C28zPre","language":"de","phone":"+4915123456789"}`,
		``,
		`{"email":"berta@example.org","passwordHash":"plain"}`,
		`not JSON`,
		`{"email":"carla@example.org","pasword":"x"}`,
		`{"email":"` + strings.Repeat("x", 1<<20) + `"}`,
		"{\"email\":\"\xff@example.org\"}",
		`{"email":"dora@example.org","passwordHash":"pbkdf2_sha1$1000$NaClNaCl$s5SpkkaSjws0z4VQlJWRCc/fG80="}`,
	}, "\n"))
	status, out, errs := d.ask("import", file, "--reason", "moved from Acme TV")
	if status != 0 || out != "2 accounts added, 5 lines left out\n" {
		t.Fatalf("import = %d %q %q", status, out, errs)
	}
	for _, want := range []string{
		"line 3 left out: not a password hash that is known here", "line 4 left out: not JSON", "line 5 left out: not a JSON object with",
		"line 6 left out: longer than 16384 bytes", "line 7 left out: not JSON",
	} {
		if !strings.Contains(errs, want) {
			t.Errorf("stderr lacks %q: %s", want, errs)
		}
	}
	if status, out, _ := d.ask("import", file, "--reason", "again"); status != 0 || out != "0 accounts added, 7 lines left out\n" {
		t.Errorf("import again = %d %q", status, out)
	}
	if status, out, errs := d.ask("find", "+49 1512 3456789"); status != 0 || !strings.Contains(out, "anna@example.org") || strings.Contains(out, "15123456789") {
		t.Errorf("find = %d %s %s", status, out, errs)
	}
	if status, out, _ := d.ask("operator", "log"); status != 0 || !strings.Contains(out, "2 added, 2 left out") || !strings.Contains(out, "moved from Acme TV") {
		t.Errorf("operator log = %d %s", status, out)
	}
}

func TestO3_Operators(t *testing.T) {
	d := openDesk(t)
	status, out, errs := d.ask("operator", "add", "sam", "--role", "support", "--reason", "on call")
	token := strings.TrimSpace(out)
	if status != 0 || !strings.HasPrefix(token, "hko_") {
		t.Fatalf("operator add = %d %q %q", status, out, errs)
	}
	sam := map[string]string{"HEARTHKEY_OPERATOR_TOKEN": token, "HEARTHKEY_ADMIN_URL": "http://" + d.admin}
	for _, c := range []struct {
		args []string
		want string
	}{
		{[]string{"operator", "list"}, "This needs the role admin; yours is support."},
		{[]string{"find", "nobody@example.org"}, "Nothing was found."},
		{[]string{"factor-reset", "nobody@example.org", "--reason", "lost phone"}, "Nothing was found."},
		{[]string{"factor-reset", "nobody@example.org"}, "Say why"},
		{[]string{"contact-reset", "nobody@example.org", "--email", "a@new.example", "--reason", "lost everything"}, "This needs the role admin; yours is support."},
		{[]string{"contact-reset", "nobody@example.org", "--lift", "--reason", "found it"}, "Nothing was found."},
		{[]string{"factor-reset", "nobody@example.org", "--lift", "--reason", "found it"}, "Nothing was found."},
	} {
		if status, _, errs := d.with(sam, c.args...); status != 1 || !strings.Contains(errs, c.want) {
			t.Errorf("%v as sam = %d %q, want %q", c.args, status, errs, c.want)
		}
	}
	if status, out, errs := d.ask("operator", "disable", "sam", "--reason", "left"); status != 0 || out != "sam can do nothing any more.\n" {
		t.Errorf("operator disable = %d %q %q", status, out, errs)
	}
	if status, _, errs := d.with(sam, "find", "anna@example.org"); status != 1 || !strings.Contains(errs, "not valid, or its operator was disabled") {
		t.Errorf("find by one who was disabled = %d %q", status, errs)
	}
	status, out, _ = d.ask("operator", "list")
	if lines := strings.Split(out, "\n"); status != 0 || len(lines) != 4 || !strings.HasPrefix(lines[1], "olga  admin    (data folder)") {
		t.Errorf("operator list = %d\n%s", status, out)
	}
	if info, err := os.Stat(d.token); err != nil || info.Mode().Perm() != 0o600 {
		t.Errorf("the saved token: %v, %v", info, err)
	}
}

func TestO3_BadCommands(t *testing.T) {
	d := openDesk(t)
	open := d.file("open", "hko_x")
	if err := os.Chmod(open, 0o644); err != nil {
		t.Fatal(err)
	}
	saved := filepath.Join(t.TempDir(), "new")
	for _, c := range []struct {
		name   string
		args   []string
		status int
		want   string
	}{
		{"nobody", []string{"find", "anna@example.org"}, 1, "who are you?"},
		{"a token that others can read", []string{"find", "x", "--token-file", open}, 1, "chmod 600"},
		{"no such file", []string{"find", "x", "--token-file", open + "1"}, 1, "cannot be read"},
		{"a wrong token", []string{"find", "x", "--token-file", d.file("w", "hko_x"), "--admin-url", "http://" + d.admin}, 1, "not valid"},
		{"in the clear", []string{"find", "x", "--token-file", d.token, "--admin-url", "http://192.0.2.1"}, 1, "in the clear"},
		{"nobody there", []string{"find", "x", "--token-file", d.token, "--admin-url", "http://127.0.0.1:1"}, 1, "does not answer"},
		{"beside a running server", []string{"operator", "add", "eve", "--role", "admin", "--data", d.data, "--save", saved}, 1, "has the database"},
		{"over a file", []string{"operator", "add", "eve", "--role", "admin", "--data", t.TempDir(), "--save", open}, 1, "is not overwritten"},
		{"no name", []string{"operator", "add", "Eve!", "--role", "admin", "--data", t.TempDir()}, 1, "A name has"},
		{"no role", []string{"operator", "add", "eve", "--data", t.TempDir()}, wrongSettings, "--role"},
		{"an invented role", []string{"operator", "add", "eve", "--role", "root", "--data", t.TempDir()}, wrongSettings, "--role"},
		{"no file to import", []string{"import", open + "1", "--reason", "x", "--token-file", d.token}, 1, "cannot be read"},
		{"no reason to import", []string{"import", open, "--token-file", d.token}, wrongSettings, "--reason"},
		{"a token as an argument", []string{"find", "x", "--token", "hko_x"}, wrongSettings, "unknown flag"},
		{"no such act", []string{"operator", "promote", "eve"}, wrongSettings, "promote"},
	} {
		if status, _, errs := d.bare(c.args...); status != c.status || !strings.Contains(errs, c.want) {
			t.Errorf("%s = %d %q, want %d %q", c.name, status, errs, c.status, c.want)
		}
	}
	if _, err := os.Stat(saved); err == nil {
		t.Error("a file for a token that was not made stays")
	}
	if status, out, _ := d.ask("operator", "list"); status != 0 || strings.Contains(out, "eve") {
		t.Errorf("operator list = %d %s", status, out)
	}
}
