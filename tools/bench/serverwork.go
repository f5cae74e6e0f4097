package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net/http"
	"net/http/httptest"
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
// hashes on all cores, and beside a server that does nothing but hash: what of the
// difference is HTTP and the clients, on the same machine here.
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
	plain := plainHashes()
	defer plain.Close()
	there := &drive.Account{URL: plain.URL}
	var ours, bare, web []float64
	for range max(s.rounds(6), 1) {
		for _, side := range []struct {
			callers int
			do      func(context.Context, int) error
			to      *[]float64
		}{
			{callers, func(ctx context.Context, caller int) error { return owners[caller].SignIn(ctx, ownerPassword) }, &ours},
			{runtime.GOMAXPROCS(0), func(context.Context, int) error { hash(ownerPassword); return nil }, &bare},
			{callers, func(ctx context.Context, _ int) error {
				return there.Call(ctx, "POST", "/", map[string]string{"password": ownerPassword}, nil)
			}, &web},
		} {
			rate, err := together(ctx, side.callers, 800*time.Millisecond, side.do)
			if err != nil {
				return nil, err
			}
			*side.to = append(*side.to, rate)
		}
	}
	return []Figure{
		{"passwords.sign_ins", median(ours), "1/s", median(bare), Target{ratioAtLeast, 0.9}},
		{"passwords.to_hash_by_http", median(ours), "1/s", median(web), Target{}},
	}, nil
}

var hashSalt = make([]byte, 16)

func hash(password string) []byte {
	return argon2.IDKey([]byte(password), hashSalt, hashPasses, hashMemory, 1, 32)
}

// plainHashes is a server that does nothing but hash, as many at a time as there
// are cores.
func plainHashes() *httptest.Server {
	slots := make(chan struct{}, runtime.GOMAXPROCS(0))
	return httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		var in struct {
			Password string `json:"password"`
		}
		if err := json.NewDecoder(io.LimitReader(r.Body, 4096)).Decode(&in); err != nil {
			http.Error(w, "no JSON", http.StatusBadRequest)
			return
		}
		slots <- struct{}{}
		sum := hash(in.Password)
		<-slots
		_, _ = fmt.Fprintf(w, "{\"hash\":\"%x\"}", sum)
	}))
}
