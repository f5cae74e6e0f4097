package cache

import (
	"errors"
	"fmt"
	"io/fs"
	"math"
	"os"
	"path/filepath"
	"strconv"
	"strings"

	"github.com/dgraph-io/badger/v4"
	"github.com/dgraph-io/badger/v4/options"
)

// maxFile bounds every file of the folder, in bytes: a table is at most about
// 700 KiB, a log 512 KiB, the value log 2 MiB (and sparse).
const maxFile = 4 << 20

// folder is what inspect found: names of files by kind.
type folder struct {
	dir      string
	tables   map[uint64]string // *.sst by number
	logs     []string          // *.mem
	manifest bool
	registry bool
}

// inspect reads every file the way Badger will, within bounds, and returns
// [ErrDamaged] for what would make it end the process, open empty, or take
// memory without bound; errOtherKey for a folder under another key. It first
// removes what a kill leaves and Badger stumbles over: empty logs, and value
// logs, which hold nothing because every value stays below their threshold.
func inspect(dir string, key []byte) error {
	return guard("inspect", func() error {
		f, err := list(dir)
		if err != nil {
			return err
		}
		if !f.manifest && !f.registry && len(f.tables) == 0 && len(f.logs) == 0 {
			return nil // new
		}
		if f.registry {
			// Told apart first: another key makes everything else unreadable.
			if err := checkRegistry(dir, key); err != nil {
				return err
			}
		}
		if (len(f.tables) > 0 || len(f.logs) > 0) && !(f.manifest && f.registry) {
			return fmt.Errorf("%w: MANIFEST or KEYREGISTRY is gone", ErrDamaged)
		}
		return f.check(key)
	})
}

func list(dir string) (folder, error) {
	f := folder{dir: dir, tables: map[uint64]string{}}
	entries, err := os.ReadDir(dir)
	if err != nil {
		return f, fmt.Errorf("cache: %w", err)
	}
	for _, e := range entries {
		if err := f.add(e); err != nil {
			return f, err
		}
	}
	return f, nil
}

func (f *folder) add(e fs.DirEntry) error {
	path := filepath.Join(f.dir, e.Name())
	info, err := e.Info()
	if err != nil {
		return fmt.Errorf("cache: %w", err)
	}
	switch ext := filepath.Ext(e.Name()); {
	case !info.Mode().IsRegular():
		return fmt.Errorf("%w: %s is not a file", ErrDamaged, e.Name())
	case ext == ".vlog" || e.Name() == "DISCARD", ext == ".mem" && info.Size() == 0:
		return os.Remove(path)
	case info.Size() > maxFile:
		return fmt.Errorf("%w: %s has %d bytes", ErrDamaged, e.Name(), info.Size())
	case ext == ".sst" || ext == ".mem":
		id, err := strconv.ParseUint(strings.TrimSuffix(e.Name(), ext), 10, 32)
		if err != nil || id >= math.MaxInt32 {
			return fmt.Errorf("%w: %s has no number", ErrDamaged, e.Name())
		}
		if ext == ".mem" {
			f.logs = append(f.logs, path)
		} else {
			f.tables[id] = path
		}
	case e.Name() == badger.ManifestFilename:
		f.manifest = true
	case e.Name() == badger.KeyRegistryFileName:
		f.registry = true
	}
	return nil
}

// checkRegistry reads the registry and returns errOtherKey where key is not the
// one that it was made with.
func checkRegistry(dir string, key []byte) error {
	_, err := openRegistry(dir, key)
	if errors.Is(err, badger.ErrEncryptionKeyMismatch) {
		return errOtherKey
	}
	return err
}

func openRegistry(dir string, key []byte) (*badger.KeyRegistry, error) {
	path := filepath.Join(dir, badger.KeyRegistryFileName)
	if err := checkRegistryLengths(path); err != nil {
		return nil, err
	}
	registry, err := badger.OpenKeyRegistry(badger.KeyRegistryOptions{Dir: dir, ReadOnly: true, EncryptionKey: key})
	if errors.Is(err, badger.ErrEncryptionKeyMismatch) {
		return nil, err
	}
	if err != nil {
		return nil, fmt.Errorf("%w: KEYREGISTRY: %w", ErrDamaged, err)
	}
	return registry, nil
}

// check reads the manifest, then every table that it names, then the logs.
func (f folder) check(key []byte) error {
	if !f.manifest {
		return nil // killed before the first manifest was in place
	}
	tables, err := readManifest(f.dir, key)
	if err != nil {
		return err
	}
	registry := &badger.KeyRegistry{}
	if f.registry {
		if registry, err = openRegistry(f.dir, key); err != nil {
			return err
		}
	}
	for id, table := range tables {
		if err := f.checkTable(id, table, registry); err != nil {
			return err
		}
	}
	for _, path := range f.logs {
		if err := checkLog(path, registry); err != nil {
			return err
		}
	}
	return nil
}

func readManifest(dir string, key []byte) (map[uint64]badger.TableManifest, error) {
	file, err := os.Open(filepath.Join(dir, badger.ManifestFilename))
	if err != nil {
		return nil, fmt.Errorf("cache: %w", err)
	}
	defer file.Close()
	manifest, _, err := badger.ReplayManifestFile(file, 0, badgerOptions(dir, key))
	if err != nil {
		return nil, fmt.Errorf("%w: MANIFEST: %w", ErrDamaged, err)
	}
	return manifest.Tables, nil
}

func (f folder) checkTable(id uint64, table badger.TableManifest, registry *badger.KeyRegistry) error {
	path, ok := f.tables[id]
	if !ok {
		return fmt.Errorf("%w: table %d is gone", ErrDamaged, id)
	}
	if table.Compression != options.None || int(table.Level) >= maxLevels || table.KeyID == 0 {
		return fmt.Errorf("%w: MANIFEST: table %d is not one of ours", ErrDamaged, id)
	}
	key, err := registry.DataKey(table.KeyID)
	if err != nil {
		return fmt.Errorf("%w: table %d: %w", ErrDamaged, id, err)
	}
	if err := checkTableFile(path, key.Data); err != nil {
		return fmt.Errorf("%w: table %d: %w", ErrDamaged, id, err)
	}
	return nil
}
