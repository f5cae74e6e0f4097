package main

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"os"
	"path/filepath"
	"runtime"
	"strconv"
	"time"

	"golang.org/x/crypto/argon2"
	"golang.org/x/sys/unix"

	"github.com/hearthkey/hearthkey/server/store"
	"github.com/hearthkey/hearthkey/server/store/sqlite"
	"github.com/hearthkey/hearthkey/tools/drive"
)

// commitCallers is how many write at the same time.
const commitCallers = 32

// measureCommits counts durable transactions of the store beside durable
// appends of a page to a file on the same disk, one after another.
func measureCommits(ctx context.Context, s *shop) (_ []Figure, err error) {
	dir, err := s.folder()
	if err != nil {
		return nil, err
	}
	driver, err := sqlite.Open(ctx, sqlite.Config{Path: filepath.Join(dir, "bench.db")})
	if err != nil {
		return nil, err
	}
	db, err := store.Open(ctx, driver, slog.New(slog.DiscardHandler))
	if err != nil {
		return nil, errors.Join(err, driver.Close())
	}
	defer func() { err = errors.Join(err, db.Close()) }()
	file, err := os.Create(filepath.Join(dir, "floor"))
	if err != nil {
		return nil, err
	}
	defer file.Close()

	n := make([]int, commitCallers)
	page := make([]byte, 4096)
	var ours, bare []float64
	for range max(s.rounds(10), 2) {
		rate, err := together(ctx, commitCallers, 400*time.Millisecond, func(ctx context.Context, caller int) error {
			n[caller]++
			row := store.ThrottleRow{Scope: "bench", Subject: []byte(strconv.Itoa(caller)), Count: n[caller], Since: time.Now()}
			return db.Update(ctx, func(tx *store.Tx) error { return tx.SetThrottle(row) })
		})
		if err != nil {
			return nil, err
		}
		ours = append(ours, rate)
		rate, err = together(ctx, 1, 300*time.Millisecond, func(context.Context, int) error {
			if _, err := file.Write(page); err != nil {
				return err
			}
			return unix.Fdatasync(int(file.Fd()))
		})
		if err != nil {
			return nil, err
		}
		bare = append(bare, rate)
	}
	return []Figure{{"commits.32_callers", median(ours), "1/s", median(bare), Target{ratioAtLeast, 2}}}, nil
}

// The cost of a password's hash: the second choice of the OWASP Password
// Storage Cheat Sheet, which package account uses.
const (
	hashMemory = 19456 // KiB
	hashPasses = 2
)

// measurePasswords counts sign-ins by password at a real server beside bare
// hashes on all cores.
func measurePasswords(ctx context.Context, s *shop) ([]Figure, error) {
	v, err := s.serve(ctx)
	if err != nil {
		return nil, err
	}
	defer v.proc.Kill()
	const callers = 4
	var owners []*drive.Account
	for i := range callers {
		a, err := v.owner(ctx, fmt.Sprintf("password%d", i))
		if err != nil {
			return nil, err
		}
		owners = append(owners, a)
	}
	salt := make([]byte, 16)
	var ours, bare []float64
	for range max(s.rounds(8), 1) {
		rate, err := together(ctx, callers, 800*time.Millisecond, func(ctx context.Context, caller int) error {
			return owners[caller].SignIn(ctx, ownerPassword)
		})
		if err != nil {
			return nil, err
		}
		ours = append(ours, rate)
		rate, err = together(ctx, runtime.GOMAXPROCS(0), 800*time.Millisecond, func(context.Context, int) error {
			argon2.IDKey([]byte(ownerPassword), salt, hashPasses, hashMemory, 1, 32)
			return nil
		})
		if err != nil {
			return nil, err
		}
		bare = append(bare, rate)
	}
	return []Figure{{"passwords.sign_ins", median(ours), "1/s", median(bare), Target{ratioAtLeast, 0.9}}}, nil
}
