package main

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"syscall"

	"github.com/hearthkey/hearthkey/agent/cache"
	"github.com/hearthkey/hearthkey/protocol"
)

// kept is how many records the cache holds while it is updated.
const kept = 200

// growing updates a cache of 200 records 10,000 times, each durably, and returns the most
// that lay on the disk at any time, the ballast of 1 MiB included.
func (b *box) growing(ctx context.Context, s *shop) (figures []Figure, err error) {
	dir, err := s.folder()
	if err != nil {
		return nil, err
	}
	c, err := cache.Open(cache.Config{Dir: filepath.Join(dir, "cache"), Key: [32]byte{1}})
	if err != nil {
		return nil, err
	}
	defer func() { err = errors.Join(err, c.Close()) }()
	most := 0.0
	for i := range s.rounds(10_000) + kept {
		item := protocol.ActivityItem{Profile: "p", Title: protocol.TitleID(fmt.Sprint("title-", i)), What: protocol.Started, Length: 5400}
		seq, err := c.Enqueue(item)
		if err == nil {
			err = c.Acknowledge(seq - kept)
		}
		if err = errors.Join(err, ctx.Err()); err != nil {
			return nil, err
		}
		if i%50 == 0 {
			now, err := allocated(dir)
			if err != nil {
				return nil, err
			}
			most = max(most, now)
		}
	}
	return []Figure{{"box.disk_10000_updates", most / 1e6, "MB", 0, Target{atMost, 2}}}, nil
}

// allocated is what the files of a folder take up on the disk, in bytes.
func allocated(dir string) (sum float64, err error) {
	err = filepath.WalkDir(dir, func(path string, d os.DirEntry, err error) error {
		if err != nil {
			return err
		}
		info, err := d.Info()
		if errors.Is(err, os.ErrNotExist) {
			return nil // a table that was merged meanwhile
		}
		if err != nil {
			return err
		}
		if st, ok := info.Sys().(*syscall.Stat_t); ok {
			sum += float64(st.Blocks) * 512
		}
		return nil
	})
	return sum, err
}
