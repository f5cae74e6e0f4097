package flash

import (
	"bytes"
	"flag"
	"fmt"
	"io/fs"
	"math/rand/v2"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"
)

var damagesFlag = flag.Int("damages", 20, "`number` of damaged folders of TestR8_Damage")

// tree is what a folder holds, by path below it.
type tree map[string][]byte

func readTree(t *testing.T, dir string) tree {
	t.Helper()
	all := tree{}
	err := filepath.WalkDir(dir, func(path string, e fs.DirEntry, err error) error {
		if err != nil || e.IsDir() {
			return err
		}
		name, err := filepath.Rel(dir, path)
		if err != nil {
			return err
		}
		all[name], err = os.ReadFile(path)
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	return all
}

func (tr tree) write(t *testing.T, dir string) {
	t.Helper()
	for name, data := range tr {
		path := filepath.Join(dir, name)
		if err := os.MkdirAll(filepath.Dir(path), 0o700); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(path, data, 0o600); err != nil {
			t.Fatal(err)
		}
	}
}

// names are the files that hold anything.
func (tr tree) names() (list []string) {
	for name, data := range tr {
		if len(data) > 0 && !strings.HasSuffix(name, ".ballast") {
			list = append(list, name)
		}
	}
	slices.Sort(list)
	return list
}

// spoiled is a copy of new with one file damaged, and says how. old is the same folder
// of an earlier time.
func spoiled(now, old tree, dice *rand.Rand) (tree, string) {
	out := tree{}
	for name, data := range now {
		out[name] = data
	}
	names := now.names()
	name := names[dice.IntN(len(names))]
	data := bytes.Clone(now[name])
	at := dice.IntN(len(data))
	what := ""
	switch dice.IntN(7) {
	case 0:
		data[at] ^= 1 << dice.IntN(8)
		what = fmt.Sprintf("a bit of byte %d", at)
	case 1:
		data, what = data[:at], fmt.Sprintf("cut at %d", at)
	case 2:
		page := at / 4096 * 4096
		clear(data[page:min(page+4096, len(data))])
		what = fmt.Sprintf("zeroes from %d", page)
	case 3:
		page := at / 512 * 512
		for i := page; i < min(page+512, len(data)); i++ {
			data[i] = byte(dice.Uint32())
		}
		what = fmt.Sprintf("garbage from %d", page)
	case 4:
		other := names[dice.IntN(len(names))]
		out[other], data = data, bytes.Clone(now[other])
		what = "swapped with " + other
	case 5:
		data, what = bytes.Clone(old[name]), "of an earlier time"
	case 6:
		delete(out, name)
		return out, name + ": gone"
	}
	out[name] = data
	return out, name + ": " + what
}

// TestR8_Damage damages one file of many, as worn flash and strangers do. Both stores
// open all the same, at the third start at the latest, and nothing wrong is served.
func TestR8_Damage(t *testing.T) {
	t.Parallel()
	dir := scratch(t)
	seed := uint64(time.Now().UnixNano())
	t.Logf("seed %d", seed)
	dice := rand.New(rand.NewPCG(seed, 8))
	live := filepath.Join(dir, "live")
	if err := os.Mkdir(live, 0o700); err != nil {
		t.Fatal(err)
	}
	var trees []tree
	for round := range int64(3) {
		w := startWriter(t, "write", live)
		if err := w.until(10 * (round + 1)); err != nil {
			t.Fatal(err)
		}
		w.kill()
		trees = append(trees, readTree(t, live))
	}
	old, now := trees[1], trees[2]
	rebuilt, crashed := 0, 0
	for n := range *damagesFlag {
		bad, how := spoiled(now, old, dice)
		at := filepath.Join(dir, fmt.Sprint("damaged", n))
		bad.write(t, at)
		f, crashes, err := look(at)
		if err == nil && f.Wrong != "" && !strings.Contains(f.Wrong, "no document") { // what is missing is fetched again
			err = fmt.Errorf("served as good: %s", f.Wrong)
		}
		if err != nil {
			t.Errorf("%s: %v", how, err)
		}
		if f.Rebuilt != "" || f.Memory {
			rebuilt++
		}
		crashed += crashes
		os.RemoveAll(at)
	}
	t.Logf("%d damaged folders: the cache was built anew in %d, the process ended %d times", *damagesFlag, rebuilt, crashed)
}
