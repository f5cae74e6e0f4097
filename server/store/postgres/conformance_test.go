package postgres

import (
	"context"
	"sync"
	"testing"

	"go.uber.org/goleak"

	"github.com/hearthkey/hearthkey/server/store"
	"github.com/hearthkey/hearthkey/server/store/postgres/pgcluster"
	"github.com/hearthkey/hearthkey/server/store/storetest"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

func TestConformance(t *testing.T) {
	var mu sync.Mutex // guards urls
	urls := map[string]string{}
	storetest.Run(t, func(ctx context.Context, dir string) (store.Driver, error) {
		mu.Lock()
		url, ok := urls[dir]
		if !ok {
			url = pgcluster.Database(t)
			urls[dir] = url
		}
		mu.Unlock()
		return Open(ctx, Config{URL: url})
	})
}
