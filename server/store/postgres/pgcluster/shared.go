package pgcluster

import (
	"context"
	"fmt"
	"sync"
	"sync/atomic"
	"testing"
)

// shared is the cluster of this process's tests.
var shared struct {
	sync.Mutex
	cluster   *Cluster
	err       error
	templates map[string]error
	names     atomic.Int64
}

// Shared returns the cluster that all tests of this process share. It is started by
// the first that asks, with [Fast], and ends with the process.
func Shared(tb testing.TB) *Cluster {
	tb.Helper()
	shared.Lock()
	defer shared.Unlock()
	if shared.cluster == nil && shared.err == nil {
		shared.cluster, shared.err = Start(context.Background(), Fast)
	}
	if shared.err != nil {
		tb.Fatal(shared.err)
	}
	return shared.cluster
}

// Database makes a new database in the shared cluster and returns its address. It is
// dropped when the test ends.
func Database(tb testing.TB) string {
	tb.Helper()
	return database(tb, "template0")
}

// Copy is [Database], with what fill has put into it: fill runs once in a process for
// each name.
func Copy(tb testing.TB, name string, fill func(url string) error) string {
	tb.Helper()
	c := Shared(tb)
	name = "template_" + name
	shared.Lock()
	err, there := shared.templates[name]
	if !there {
		err = c.Do(context.Background(), "postgres", "CREATE DATABASE "+name+" TEMPLATE template0")
		if err == nil {
			err = fill(c.URL(name))
		}
		if shared.templates == nil {
			shared.templates = map[string]error{}
		}
		shared.templates[name] = err
	}
	shared.Unlock()
	if err != nil {
		tb.Fatal(err)
	}
	return database(tb, name)
}

func database(tb testing.TB, template string) string {
	tb.Helper()
	c := Shared(tb)
	name := fmt.Sprint("test_", shared.names.Add(1))
	if err := c.Do(context.Background(), "postgres", "CREATE DATABASE "+name+" TEMPLATE "+template); err != nil {
		tb.Fatal(err)
	}
	tb.Cleanup(func() {
		if err := c.Do(context.Background(), "postgres", "DROP DATABASE "+name+" WITH (FORCE)"); err != nil {
			tb.Error(err)
		}
	})
	return c.URL(name)
}
