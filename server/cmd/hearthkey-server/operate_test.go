package main

import (
	"bytes"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// operate runs a command on a data folder and returns what it says.
func operate(t *testing.T, data string, args ...string) (status int, stdout, stderr string) {
	t.Helper()
	var out, errs bytes.Buffer
	args = append(args, "--data", data, "--name", "tv.example")
	status = run(t.Context(), args, func(string) string { return "" }, &out, &errs)
	return status, out.String(), errs.String()
}

func TestO3_ImportAndFactorReset(t *testing.T) {
	data := t.TempDir()
	file := filepath.Join(t.TempDir(), "accounts.jsonl")
	lines := strings.Join([]string{
		`{"email":"anna@example.org","passwordHash":"$2b$04$abcdefghijklmnopqrstuuoLnINVHE78q7Ab4j32unTRx/C28zPre","language":"de","phone":"+4915123456789"}`,
		``,
		`{"email":"berta@example.org","passwordHash":"plain"}`,
		`not JSON`,
		`{"email":"carla@example.org","pasword":"x"}`,
		`{"email":"dora@example.org","passwordHash":"pbkdf2_sha1$1000$NaClNaCl$s5SpkkaSjws0z4VQlJWRCc/fG80="}`,
	}, "\n")
	if err := os.WriteFile(file, []byte(lines), 0o600); err != nil {
		t.Fatal(err)
	}
	status, out, errs := operate(t, data, "import", file)
	if status != 0 || out != "2 accounts added, 3 lines left out\n" {
		t.Fatalf("import = %d %q %q", status, out, errs)
	}
	for _, want := range []string{"line 3 left out", "line 4 left out", "line 5 left out"} {
		if !strings.Contains(errs, want) {
			t.Errorf("stderr lacks %q: %s", want, errs)
		}
	}
	if status, out, _ := operate(t, data, "import", file); status != 0 || out != "0 accounts added, 5 lines left out\n" {
		t.Errorf("import again = %d %q", status, out)
	}
	for _, c := range []struct {
		args []string
		want string
	}{
		{[]string{"import", filepath.Join(data, "none")}, "cannot be read"},
		{[]string{"factor-reset", "nobody@example.org", "--operator", "olga", "--reason", "lost phone"}, "No account"},
		{[]string{"factor-reset", "anna@example.org", "--operator", "olga", "--reason", "lost phone"}, "has no second factor"},
		{[]string{"factor-reset", "anna@example.org"}, "Say who you are"},
	} {
		if status, _, errs := operate(t, data, c.args...); status != 1 || !strings.Contains(errs, c.want) {
			t.Errorf("%v = %d %q, want %q", c.args, status, errs, c.want)
		}
	}
	long := filepath.Join(t.TempDir(), "long.jsonl")
	if err := os.WriteFile(long, bytes.Repeat([]byte("x"), 1<<20), 0o600); err != nil {
		t.Fatal(err)
	}
	if status, _, errs := operate(t, data, "import", long); status != 1 || !strings.Contains(errs, "at most 16384 bytes") {
		t.Errorf("a huge line = %d %q", status, errs)
	}
}
