package sqlite

import (
	"os"
	"path/filepath"
	"sync"
	"sync/atomic"
	"testing"
)

// BenchmarkCommit measures durable transactions per second, for one caller
// and for 32, beside the rate of bare fdatasync on the same disk.
func BenchmarkCommit(b *testing.B) {
	for _, bench := range []struct {
		name    string
		callers int
		group   int
	}{{"callers=1", 1, 64}, {"callers=32", 32, 64}, {"callers=32/ungrouped", 32, 1}} {
		b.Run(bench.name, func(b *testing.B) {
			d := mustOpen(b, Config{Path: filepath.Join(b.TempDir(), "x.db"), Group: bench.group})
			mustUpdate(b, d, `CREATE TABLE t (n BIGINT NOT NULL PRIMARY KEY, s TEXT NOT NULL)`)
			var n atomic.Int64
			var wg sync.WaitGroup
			b.ResetTimer()
			for range bench.callers {
				wg.Go(func() {
					for i := n.Add(1); i <= int64(b.N); i = n.Add(1) {
						if err := update(b.Context(), d, `INSERT INTO t (n, s) VALUES ($1, $2)`, i, "some text of a usual length, as in a row"); err != nil {
							b.Error(err)
						}
					}
				})
			}
			wg.Wait()
			b.ReportMetric(float64(b.N)/b.Elapsed().Seconds(), "tx/s")
		})
	}
	b.Run("fdatasync", func(b *testing.B) {
		file, err := os.Create(filepath.Join(b.TempDir(), "x"))
		if err != nil {
			b.Fatal(err)
		}
		defer file.Close()
		page := make([]byte, 4120)
		for b.Loop() {
			if _, err := file.Write(page); err != nil {
				b.Fatal(err)
			}
			if err := syncData(file); err != nil {
				b.Fatal(err)
			}
		}
		b.ReportMetric(float64(b.N)/b.Elapsed().Seconds(), "tx/s")
	})
}
