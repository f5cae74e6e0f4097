package store

import (
	"bytes"
	"context"
	"database/sql"
	"embed"
	"fmt"
	"io"
	"io/fs"
	"log/slog"
	"regexp"
	"time"

	"github.com/pressly/goose/v3"
	"github.com/pressly/goose/v3/lock"
)

// migrations holds the numbered steps of the schema. They are never edited
// once released, and go forward only.
//
//go:embed migrations/*.sql
var migrations embed.FS

// migrate brings the schema forward, each step in a transaction of its own.
func migrate(ctx context.Context, driver Driver, log *slog.Logger) error {
	steps, err := fs.Sub(migrations, "migrations")
	if err != nil {
		return err
	}
	return driver.Migrate(ctx, func(db *sql.DB) error {
		return migrateTo(ctx, db, driver.Dialect(), steps, log)
	})
}

func migrateTo(ctx context.Context, db *sql.DB, dialect Dialect, steps fs.FS, log *slog.Logger) error {
	options := []goose.ProviderOption{goose.WithDisableGlobalRegistry(true), goose.WithLogger(goose.NopLogger())}
	if dialect == Postgres {
		locker, err := oneAtATime()
		if err != nil {
			return err
		}
		options = append(options, goose.WithLocker(locker))
	}
	provider, err := goose.NewProvider(goose.Dialect(dialect), db, dialectFS{steps, dialect}, options...)
	if err != nil {
		return fmt.Errorf("read migrations: %w", err)
	}
	has, knows, err := provider.GetVersions(ctx)
	if err != nil {
		return fmt.Errorf("read schema version: %w", err)
	}
	if has > knows {
		return fmt.Errorf("%w: it has schema %d, this program knows up to %d; install the newer version again, or restore a backup made before it",
			ErrNewerSchema, has, knows)
	}
	results, err := provider.Up(ctx)
	if err != nil {
		return fmt.Errorf("migrate from schema %d to %d: %w", has, knows, err)
	}
	for _, r := range results {
		log.InfoContext(ctx, "schema migrated", "version", r.Source.Version, "took", r.Duration)
	}
	return nil
}

// oneAtATime has servers that start together migrate one after the other: by a row
// with a lease, which outlives no process by more than its 15 s.
func oneAtATime() (lock.Locker, error) {
	locker, err := lock.NewPostgresTableLocker(
		lock.WithTableLeaseDuration(15*time.Second),
		lock.WithTableHeartbeatInterval(3*time.Second),
		lock.WithTableLockTimeout(200*time.Millisecond, 1500),
		lock.WithTableUnlockTimeout(200*time.Millisecond, 50),
		lock.WithTableLogger(slog.New(slog.DiscardHandler)))
	if err != nil {
		return nil, fmt.Errorf("lock migrations: %w", err)
	}
	return locker, nil
}

// dialectFS serves the migrations in the words of one dialect. They are
// written with SQLite's BLOB, which PostgreSQL calls BYTEA; all else is common.
type dialectFS struct {
	fs.FS
	dialect Dialect
}

var blobWord = regexp.MustCompile(`\bBLOB\b`)

// Open implements fs.FS.
func (d dialectFS) Open(name string) (fs.File, error) {
	file, err := d.FS.Open(name)
	if err != nil || d.dialect != Postgres {
		return file, err
	}
	info, err := file.Stat()
	if err != nil || info.IsDir() {
		return file, err
	}
	defer file.Close()
	text, err := io.ReadAll(file)
	if err != nil {
		return nil, err
	}
	text = blobWord.ReplaceAll(text, []byte("BYTEA"))
	return &textFile{Reader: bytes.NewReader(text), info: textInfo{info, int64(len(text))}}, nil
}

// ReadDir implements fs.ReadDirFS.
func (d dialectFS) ReadDir(name string) ([]fs.DirEntry, error) { return fs.ReadDir(d.FS, name) }

// textFile is a file whose content is in memory.
type textFile struct {
	*bytes.Reader
	info textInfo
}

func (f *textFile) Stat() (fs.FileInfo, error) { return f.info, nil }
func (f *textFile) Close() error               { return nil }

type textInfo struct {
	fs.FileInfo
	size int64
}

func (i textInfo) Size() int64 { return i.size }
