package sqlite

import (
	"context"
	"path/filepath"
	"testing"

	"go.uber.org/goleak"

	"github.com/hearthkey/hearthkey/server/store"
	"github.com/hearthkey/hearthkey/server/store/storetest"
)

func TestMain(m *testing.M) {
	runAsChild()
	goleak.VerifyTestMain(m)
}

func TestConformance(t *testing.T) {
	storetest.Run(t, func(ctx context.Context, dir string) (store.Driver, error) {
		return Open(ctx, Config{Path: filepath.Join(dir, "db", "hearthkey.db")})
	})
}
