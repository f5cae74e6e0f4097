package journal

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/hearthkey/hearthkey/server/store"
)

var at = time.Date(2026, 11, 26, 20, 0, 0, 123e6, time.UTC)

var three = []store.Deletion{
	{Kind: store.DeletedDevice, Account: "a-1", Device: "d-1", Epoch: 3, At: at},
	{Kind: store.ClosedAccount, Account: "a-2", At: at},
	{Kind: store.ErasedAccount, Account: "a-2", At: at.Add(8 * time.Hour)},
}

func write(t *testing.T, path string, lists ...[]store.Deletion) {
	t.Helper()
	j, err := Open(path)
	if err != nil {
		t.Fatal(err)
	}
	for _, list := range lists {
		if err := j.Append(list); err != nil {
			t.Fatal(err)
		}
	}
	if err := j.Close(); err != nil {
		t.Fatal(err)
	}
}

func readAll(path string) (got []store.Deletion, err error) {
	err = Read(path, func(d store.Deletion) error { got = append(got, d); return nil })
	return got, err
}

func TestJournal(t *testing.T) {
	path := filepath.Join(t.TempDir(), "deletions.log")
	write(t, path, three[:1], three[1:])
	write(t, path, three[:1]) // opened again, it goes on
	got, err := readAll(path)
	if diff := cmp.Diff(append(three[:3:3], three[0]), got); diff != "" || err != nil {
		t.Errorf("read %v (-want +got):\n%s", err, diff)
	}
	if info, err := os.Stat(path); err != nil || info.Mode().Perm() != 0o600 {
		t.Errorf("the file: %v, %v, want one of this user only", info, err)
	}
	if _, err := readAll(path + "x"); !errors.Is(err, fs.ErrNotExist) {
		t.Errorf("no file = %v", err)
	}
}

// A process is killed after any byte that it wrote: the lines before are read, and
// the next start writes after the last whole one.
func TestJournalIsCutAnywhere(t *testing.T) {
	whole := filepath.Join(t.TempDir(), "whole")
	write(t, whole, three)
	text, err := os.ReadFile(whole)
	if err != nil {
		t.Fatal(err)
	}
	path := filepath.Join(t.TempDir(), "cut")
	for n := range len(text) + 1 {
		if err := os.WriteFile(path, text[:n], 0o600); err != nil {
			t.Fatal(err)
		}
		lines := strings.Count(string(text[:n]), "\n")
		if got, err := readAll(path); err != nil || len(got) != lines {
			t.Fatalf("cut at %d: %d lines, %v, want %d", n, len(got), err, lines)
		}
		write(t, path, three[2:])
		got, err := readAll(path)
		if diff := cmp.Diff(append(three[:lines:lines], three[2]), got); err != nil || diff != "" {
			t.Fatalf("cut at %d and gone on: %v\n%s", n, err, diff)
		}
	}
}

func TestDamagedJournal(t *testing.T) {
	line, err := encode(three[0])
	if err != nil {
		t.Fatal(err)
	}
	sum := func(text string) string { return fmt.Sprintf("%s %08x\n", text, checksum(text)) }
	for name, text := range map[string]string{
		"another letter":    strings.Replace(line, "a-1", "a-2", 1),
		"zeros":             strings.Repeat("\x00", 50) + "\n",
		"an empty line":     "\n",
		"a long line":       strings.Repeat("x", maxLine) + "\n",
		"another version":   sum("2 2026-11-26T20:00:00.123Z device a-1 d-1 3"),
		"an unknown kind":   sum("1 2026-11-26T20:00:00.123Z profile a-1 d-1 3"),
		"no time":           sum("1 yesterday device a-1 d-1 3"),
		"no device":         sum("1 2026-11-26T20:00:00.123Z device a-1 - 3"),
		"no sign-in":        sum("1 2026-11-26T20:00:00.123Z device a-1 d-1 0"),
		"a negative one":    sum("1 2026-11-26T20:00:00.123Z device a-1 d-1 -3"),
		"a device too many": sum("1 2026-11-26T20:00:00.123Z account_erased a-1 d-1 3"),
		"no account":        sum("1 2026-11-26T20:00:00.123Z account_erased  - 0"),
		"a long id":         sum("1 2026-11-26T20:00:00.123Z account_erased " + strings.Repeat("a", maxID+1) + " - 0"),
	} {
		path := filepath.Join(t.TempDir(), "j")
		if err := os.WriteFile(path, []byte(line+text+line), 0o600); err != nil {
			t.Fatal(err)
		}
		if _, err := readAll(path); !errors.Is(err, ErrDamaged) || !strings.Contains(err.Error(), "line 2") {
			t.Errorf("%s: %v, want line 2 refused", name, err)
		}
	}
	path := filepath.Join(t.TempDir(), "garbage")
	if err := os.WriteFile(path, []byte(strings.Repeat("x", 2*maxLine)), 0o600); err != nil {
		t.Fatal(err)
	}
	if _, err := Open(path); !errors.Is(err, ErrDamaged) {
		t.Errorf("Open of garbage = %v: it would be cut off", err)
	}
	for _, d := range []store.Deletion{
		{Kind: "device", Account: "a b", Device: "d", Epoch: 1, At: at},
		{Kind: "device", Account: "a", Device: "d\n", Epoch: 1, At: at},
		{Kind: "device", Account: "a", Device: "d", At: at},
	} {
		if line, err := encode(d); err == nil {
			t.Errorf("%+v is written as %q", d, line)
		}
	}
}

func FuzzRead(f *testing.F) {
	for _, d := range three {
		line, err := encode(d)
		if err != nil {
			f.Fatal(err)
		}
		f.Add(line)
	}
	f.Fuzz(func(t *testing.T, text string) {
		var out strings.Builder
		err := read(strings.NewReader(text), func(d store.Deletion) error {
			line, err := encode(d)
			out.WriteString(line)
			return err
		})
		if err == nil && !strings.HasPrefix(text, out.String()) {
			t.Errorf("read %q as %q", text, out.String())
		}
	})
}
