package main

import (
	"encoding/json"
	"net/http"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/hearthkey/hearthkey/protocol"
)

// keysOf runs a command about the keys of a desk's folder, and fails unless it
// works.
func (d *desk) keysOf(args ...string) string {
	d.t.Helper()
	status, out, errs := d.bare(append(append([]string{"keys"}, args...), "--data", d.data)...)
	if status != 0 {
		d.t.Fatalf("keys %v = %d %s", args, status, errs)
	}
	return out
}

// key returns the name of the key in a state, empty where there is none.
func (d *desk) key(state string) string {
	d.t.Helper()
	for line := range strings.Lines(d.keysOf("list")) {
		if f := strings.Fields(line); len(f) > 2 && f[1] == state {
			return f[0]
		}
	}
	return ""
}

// published are the names of the keys that check play grants, by the server.
func (d *desk) published() (names []string) {
	d.t.Helper()
	res, err := http.Get(d.url + protocol.GrantPath)
	if err != nil {
		d.t.Fatal(err)
	}
	defer res.Body.Close()
	var set struct{ Keys []struct{ Kid string } }
	if err := json.NewDecoder(res.Body).Decode(&set); err != nil {
		d.t.Fatal(err)
	}
	for _, k := range set.Keys {
		names = append(names, k.Kid)
	}
	return names
}

// publishes waits until the running server has taken the keys over.
func (d *desk) publishes(want ...string) {
	d.t.Helper()
	tick := time.NewTicker(50 * time.Millisecond)
	defer tick.Stop()
	var got []string
	for end := time.Now().Add(30 * time.Second); time.Now().Before(end); <-tick.C {
		got = d.published()
		ok := len(got) == len(want)
		for _, name := range want {
			ok = ok && slices.Contains(got, name)
		}
		if ok {
			return
		}
	}
	d.t.Fatalf("the server publishes %v, want %v", got, want)
}

// TestO4_KeysRotateBesideTheServer: a signing key is rotated, one that leaked is
// removed, and the root key changes, without a restart.
func TestO4_KeysRotateBesideTheServer(t *testing.T) {
	d := openDesk(t)
	first := d.key("signs")
	d.publishes(first)

	d.keysOf("add")
	second := d.key("next")
	d.publishes(first, second)
	if status, _, errs := d.bare("keys", "use", "--data", d.data); status != 1 || !strings.Contains(errs, "--at-once") {
		t.Errorf("use without the overlap = %d %s", status, errs)
	}
	d.keysOf("use", "--at-once")
	if d.key("signs") != second || d.key("listed") != first {
		t.Errorf("after use:\n%s", d.keysOf("list"))
	}
	d.keysOf("retire", first)
	d.publishes(second)

	d.keysOf("remove", second)
	third := d.key("signs")
	if third == second || d.key("removed") != second || d.key("retired") != first {
		t.Errorf("after remove:\n%s", d.keysOf("list"))
	}
	d.publishes(third)

	if out := d.keysOf("rotate-root"); !strings.Contains(out, "List ") {
		t.Errorf("rotate-root says %q", out)
	}
	if out := d.keysOf("list"); !strings.Contains(out, "changed 1 times") || !strings.Contains(out, "in this folder") {
		t.Errorf("after rotate-root:\n%s", out)
	}
}

// TestRootKeyOnAnotherMachine: nothing of the root key is on the server.
func TestRootKeyOnAnotherMachine(t *testing.T) {
	d := openDesk(t)
	away := t.TempDir()
	root := filepath.Join(away, "root.key")
	if err := os.Rename(filepath.Join(d.data, "keys", "root.key"), root); err != nil {
		t.Fatal(err)
	}
	carry := func(roots ...string) {
		t.Helper()
		args := []string{"keys", "sign", filepath.Join(away, "draft"), "--save", filepath.Join(away, "signed")}
		for _, r := range roots {
			args = append(args, "--root-key", r)
		}
		status, out, errs := d.bare(args...)
		if status != 0 || !strings.Contains(out, "Signed: list") {
			t.Fatalf("sign = %d %s %s", status, out, errs)
		}
		d.keysOf("import", filepath.Join(away, "signed"))
		for _, name := range []string{"draft", "signed"} {
			if err := os.Remove(filepath.Join(away, name)); err != nil {
				t.Fatal(err)
			}
		}
	}
	if status, _, errs := d.bare("keys", "add", "--data", d.data); status != 1 || !strings.Contains(errs, "--root-key") {
		t.Errorf("add without the root key = %d %s", status, errs)
	}
	d.keysOf("add", "--draft", filepath.Join(away, "draft"))
	if d.key("next") != "" {
		t.Error("a draft lists a key")
	}
	carry(root)
	if d.key("next") == "" {
		t.Errorf("after import:\n%s", d.keysOf("list"))
	}
	d.publishes(d.key("signs"), d.key("next"))

	next := filepath.Join(away, "next.key")
	status, public, errs := d.bare("keys", "new-root", next)
	if status != 0 {
		t.Fatalf("new-root = %d %s", status, errs)
	}
	if status, _, _ := d.bare("keys", "new-root", next); status != 1 {
		t.Error("a root key was overwritten")
	}
	d.keysOf("rotate-root", "--to", strings.TrimSpace(public), "--draft", filepath.Join(away, "draft"))
	if status, _, errs := d.bare("keys", "sign", filepath.Join(away, "draft"), "--root-key", root, "--save", filepath.Join(away, "signed")); status != 1 {
		t.Errorf("signed by the old root key alone: %s", errs)
	}
	carry(root, next)
	if status, _, errs := d.bare("keys", "retire", d.key("next"), "--root-key", root, "--data", d.data); status != 1 || !strings.Contains(errs, ". Give the file of this root key, not of one before") {
		t.Errorf("a list by the old root key: %s", errs)
	}
	d.keysOf("retire", d.key("next"), "--root-key", next)
	d.publishes(d.key("signs"))

	lost := filepath.Join(away, "third.key")
	if status, _, errs := d.bare("keys", "new-root", lost); status != 0 {
		t.Fatal(errs)
	}
	if out := d.keysOf("replace-lost-root", "--new-root", lost); !strings.Contains(out, "sign in anew") {
		t.Errorf("replace-lost-root says %q", out)
	}
	d.publishes(d.key("signs"))
}

func TestKeyCommandsExplain(t *testing.T) {
	d := openDesk(t)
	empty := t.TempDir()
	garbage := filepath.Join(empty, "garbage")
	if err := os.WriteFile(garbage, []byte("{}"), 0o600); err != nil {
		t.Fatal(err)
	}
	for _, c := range []struct {
		args []string
		want string
	}{
		{[]string{"list", "--data", empty}, "at its first start"},
		{[]string{"use", "--data", d.data}, "keys add"},
		{[]string{"retire", d.key("signs"), "--data", d.data}, "'keys remove'"},
		{[]string{"retire", "nobody", "--data", d.data}, "'keys list'"},
		{[]string{"remove", "nobody", "--data", d.data}, "'keys list'"},
		{[]string{"add", "--root-key", garbage, "--data", d.data}, "damaged"},
		{[]string{"import", garbage, "--data", d.data}, "malformed"},
		{[]string{"sign", garbage, "--root-key", garbage, "--save", filepath.Join(empty, "s")}, "not a draft"},
		{[]string{"rotate-root", "--draft", filepath.Join(empty, "d"), "--data", d.data}, "--to"},
		{[]string{"replace-lost-root", "--new-root", filepath.Join(d.data, "keys", "root.key"), "--data", d.data}, "not lost"},
	} {
		status, _, errs := d.bare(append([]string{"keys"}, c.args...)...)
		if status != 1 || !strings.Contains(errs, c.want) {
			t.Errorf("keys %v = %d %s, want %q", c.args, status, errs, c.want)
		}
	}
}
