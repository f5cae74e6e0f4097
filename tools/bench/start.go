package main

import (
	"bufio"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os/exec"
	"strings"
	"time"

	"github.com/gorilla/websocket"

	"github.com/hearthkey/hearthkey/agent/nav"
	"github.com/hearthkey/hearthkey/agent/screen"
	"github.com/hearthkey/hearthkey/tools/drive"
)

// nobody is a server that is not there: a start must not wait for one.
const nobody = "ws://127.0.0.1:9"

// measureStart times the agent's process from its start to the first screen,
// without data and signed in, without a server in both cases.
func measureStart(ctx context.Context, s *shop) ([]Figure, error) {
	program, err := s.build(ctx, agentProgram)
	if err != nil {
		return nil, err
	}
	home, err := s.signedInFolder(ctx)
	if err != nil {
		return nil, err
	}
	var cold, warm, bare []float64
	for range s.rounds(30) {
		fresh, err := s.folder()
		if err != nil {
			return nil, err
		}
		for _, start := range []struct {
			dir  string
			want nav.Screen
			to   *[]float64
		}{{fresh, nav.ScreenWelcome, &cold}, {home, nav.ScreenGate, &warm}} {
			took, err := firstScreen(ctx, program, start.dir, start.want)
			if err != nil {
				return nil, err
			}
			*start.to = append(*start.to, took)
		}
		begun := time.Now()
		if err := exec.CommandContext(ctx, program, "-version").Run(); err != nil {
			return nil, err
		}
		bare = append(bare, ms(time.Since(begun)))
	}
	reference := median(bare)
	return []Figure{
		{"start.cold", median(cold), "ms", reference, Target{below, 300}},
		{"start.warm", median(warm), "ms", reference, Target{atMost, 50}},
	}, nil
}

// signedInFolder returns the data of a TV that is signed in.
func (s *shop) signedInFolder(ctx context.Context) (string, error) {
	v, err := s.serve(ctx)
	if err != nil {
		return "", err
	}
	defer v.proc.Kill()
	owner, err := v.owner(ctx, "start")
	if err != nil {
		return "", err
	}
	tv, err := s.plugIn(ctx, v.WS, "Bench TV", "", nil)
	if err != nil {
		return "", err
	}
	return tv.Dir, errors.Join(tv.signIn(ctx, owner), tv.Close())
}

// firstScreen starts an agent, waits for the first view on its page's socket,
// and returns how long that took in ms.
func firstScreen(ctx context.Context, program, dir string, want nav.Screen) (took float64, err error) {
	ctx, cancel := drive.Timeout(ctx, 30*time.Second)
	defer cancel()
	out, in := io.Pipe()
	begun := time.Now()
	p, err := drive.Start("agent", program, []string{"-server", nobody, "-data", dir, "-screen", "127.0.0.1:0"}, nil, in)
	if err != nil {
		return 0, err
	}
	defer func() {
		_ = out.Close()
		err = errors.Join(err, p.Stop(10*time.Second))
	}()
	addr, err := screenAddr(ctx, p, out)
	if err != nil {
		return 0, err
	}
	c, resp, err := websocket.DefaultDialer.DialContext(ctx, "ws://"+addr+"/screen", nil)
	if err != nil {
		return 0, err
	}
	defer c.Close()
	_ = resp.Body.Close()
	_, data, err := c.ReadMessage()
	if err != nil {
		return 0, err
	}
	took = ms(time.Since(begun))
	var m screen.Message
	if err := json.Unmarshal(data, &m); err != nil || m.View == nil || m.View.Screen != want {
		return 0, fmt.Errorf("the first view is %s, want %s (%v)", data, want, err)
	}
	return took, nil
}

// screenAddr reads where an agent says its screen is, and goes on reading what
// it says.
func screenAddr(ctx context.Context, p *drive.Process, out io.Reader) (string, error) {
	found := make(chan string, 1)
	go func() {
		for lines := bufio.NewScanner(out); lines.Scan(); {
			if _, url, ok := strings.Cut(lines.Text(), "screen: http://"); ok {
				found <- strings.TrimSuffix(url, "/")
				_, _ = io.Copy(io.Discard, out)
			}
		}
	}()
	select {
	case addr := <-found:
		return addr, nil
	case <-p.Done():
		return "", p.Ended()
	case <-ctx.Done():
		return "", context.Cause(ctx)
	}
}
