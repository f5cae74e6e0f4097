package main

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"time"

	"github.com/gorilla/websocket"

	"github.com/hearthkey/hearthkey/tools/drive"
)

const (
	signOutTVs     = 10
	signOutServers = 7
	signOutRounds  = 6 // at each server: it gives one home 60 user codes an hour
)

// measureSignOut times a sign-out everywhere with ten whole agents, from the
// click until the owner's open page shows that the last receipt is stored. The
// floor sends a frame to ten clients that write 4 KiB twice, durably, and answer.
func measureSignOut(ctx context.Context, s *shop) ([]Figure, error) {
	floor, err := s.newFloor(ctx)
	if err != nil {
		return nil, err
	}
	defer floor.close()
	var ours, bare []float64
	for range s.few(signOutServers) {
		if err := s.signOutBlock(ctx, floor, &ours, &bare); err != nil {
			return nil, err
		}
	}
	return []Figure{
		{"signout.all_receipts_p50", median(ours), "ms", median(bare), Target{}},
		{"signout.all_receipts_p99", quantile(0.99, ours), "ms", quantile(0.99, bare), Target{below, 250}},
	}, nil
}

// signOutBlock does the rounds of one server.
func (s *shop) signOutBlock(ctx context.Context, floor *floor, ours, bare *[]float64) (err error) {
	v, err := s.serve(ctx)
	if err != nil {
		return err
	}
	defer v.proc.Kill()
	owner, err := v.owner(ctx, "everywhere")
	if err != nil {
		return err
	}
	var tvs []*realTV
	defer func() {
		for _, tv := range tvs {
			err = errors.Join(err, tv.Close())
		}
	}()
	for i := range signOutTVs {
		tv, err := s.plugIn(ctx, v.WS, fmt.Sprintf("TV %d", i+1), "", nil)
		if err != nil {
			return err
		}
		tvs = append(tvs, tv)
	}
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	board, err := watchBoard(ctx, owner)
	if err != nil {
		return err
	}
	for range signOutRounds {
		if err := signInAll(ctx, tvs, owner); err != nil {
			return err
		}
		if err := s.settle(ctx, 300*time.Millisecond); err != nil {
			return err
		}
		took, err := signOutOnce(ctx, owner, board)
		if err != nil {
			return err
		}
		*ours = append(*ours, took)
		if took, err = floor.round(); err != nil {
			return err
		}
		*bare = append(*bare, took)
	}
	return nil
}

// signOutOnce clicks and returns when the page showed the last receipt, in ms.
func signOutOnce(ctx context.Context, owner *drive.Account, board <-chan time.Time) (float64, error) {
	for len(board) > 0 {
		<-board // of the round before
	}
	ctx, cancel := drive.Timeout(ctx, 20*time.Second)
	defer cancel()
	begun := time.Now()
	if err := owner.SignOutEverywhere(ctx); err != nil {
		return 0, err
	}
	select {
	case at, ok := <-board:
		if !ok {
			return 0, errors.New("the page's stream ended")
		}
		return ms(at.Sub(begun)), nil
	case <-ctx.Done():
		return 0, fmt.Errorf("the page never showed all receipts: %w", context.Cause(ctx))
	}
}

// watchBoard opens the devices page's stream and returns the times at which it
// says that all receipts are there.
func watchBoard(ctx context.Context, owner *drive.Account) (<-chan time.Time, error) {
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, owner.URL+"/account/devices/live", nil)
	if err != nil {
		return nil, err
	}
	req.AddCookie(&http.Cookie{Name: "hearthkey", Value: owner.Token})
	resp, err := http.DefaultClient.Do(req)
	if err != nil {
		return nil, err
	}
	if resp.StatusCode != http.StatusOK {
		return nil, errors.Join(fmt.Errorf("the page's stream answers %s", resp.Status), resp.Body.Close())
	}
	all := make(chan time.Time, 16)
	done := fmt.Sprintf("All %d devices confirmed", signOutTVs)
	go func() { // ends with the request's context
		defer resp.Body.Close()
		defer close(all)
		lines := bufio.NewScanner(resp.Body)
		lines.Buffer(nil, 4<<20)
		for lines.Scan() {
			if strings.Contains(lines.Text(), done) {
				select {
				case all <- time.Now():
				default:
				}
			}
		}
	}()
	return all, nil
}

// floor is the least that a sign-out everywhere costs with this library on this
// disk.
type floor struct {
	server *httptest.Server
	joined chan *websocket.Conn
	conns  []*websocket.Conn // the server's
	client []*websocket.Conn
	files  []*os.File
}

func (s *shop) newFloor(ctx context.Context) (*floor, error) {
	dir, err := s.folder()
	if err != nil {
		return nil, err
	}
	f := &floor{joined: make(chan *websocket.Conn)}
	up := websocket.Upgrader{}
	f.server = httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if c, err := up.Upgrade(w, r, nil); err == nil {
			f.joined <- c
		}
	}))
	for i := range signOutTVs {
		if err := f.join(ctx, filepath.Join(dir, strconv.Itoa(i))); err != nil {
			f.close()
			return nil, err
		}
	}
	return f, nil
}

func (f *floor) join(ctx context.Context, path string) error {
	file, err := os.Create(path)
	if err != nil {
		return err
	}
	f.files = append(f.files, file)
	c, resp, err := websocket.DefaultDialer.DialContext(ctx, "ws"+strings.TrimPrefix(f.server.URL, "http"), nil)
	if err != nil {
		return err
	}
	_ = resp.Body.Close()
	f.client = append(f.client, c)
	f.conns = append(f.conns, <-f.joined)
	go answer(c, file) // ends with the connection
	return nil
}

// answer writes 4 KiB twice, durably, for each frame, and sends one back.
func answer(c *websocket.Conn, file *os.File) {
	page := make([]byte, 4096)
	for {
		if _, _, err := c.ReadMessage(); err != nil {
			return
		}
		for range 2 {
			if _, err := file.WriteAt(page, 0); err != nil {
				return
			}
			if err := file.Sync(); err != nil {
				return
			}
		}
		if err := c.WriteMessage(websocket.TextMessage, page[:600]); err != nil {
			return
		}
	}
}

// round sends a frame to all and waits for all answers.
func (f *floor) round() (float64, error) {
	frame := make([]byte, 600)
	begun := time.Now()
	for _, c := range f.conns {
		if err := c.WriteMessage(websocket.TextMessage, frame); err != nil {
			return 0, err
		}
	}
	for _, c := range f.conns {
		_ = c.SetReadDeadline(begun.Add(20 * time.Second))
		if _, _, err := c.ReadMessage(); err != nil {
			return 0, err
		}
	}
	return ms(time.Since(begun)), nil
}

func (f *floor) close() {
	for _, c := range append(f.client, f.conns...) {
		_ = c.Close()
	}
	for _, file := range f.files {
		_ = file.Close()
	}
	f.server.Close()
}
