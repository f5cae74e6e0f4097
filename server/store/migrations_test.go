package store_test

import (
	"fmt"
	"os"
	"strings"
	"testing"
)

// TestMigrationsHaveNoGap: a number that is added below the newest would never
// run on a database that is past it.
func TestMigrationsHaveNoGap(t *testing.T) {
	files, err := os.ReadDir("migrations")
	if err != nil || len(files) == 0 {
		t.Fatal("no migrations", err)
	}
	for i, f := range files {
		if want := fmt.Sprintf("%05d_", i+1); !strings.HasPrefix(f.Name(), want) {
			t.Errorf("migration %d is called %s, want %s…", i+1, f.Name(), want)
		}
	}
}
