package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"sync"
	"time"

	"github.com/hearthkey/hearthkey/tools/boxbuild"
	"github.com/hearthkey/hearthkey/tools/drive"
)

// module is the path of the programs' module.
const module = "github.com/hearthkey/hearthkey/"

// shop is where measurements work: a folder, and programs built into it.
type shop struct {
	dir   string
	quick bool
	dirs  int
	built map[string]string // path of a program by what was built
	procs []*drive.Process
}

func newShop(quick bool) (*shop, error) {
	dir, err := os.MkdirTemp("", "hearthkey-bench-")
	if err != nil {
		return nil, err
	}
	return &shop{dir: dir, quick: quick, built: map[string]string{}}, nil
}

// close ends what was started and removes the folder.
func (s *shop) close() error {
	for _, p := range s.procs {
		p.Kill()
	}
	return os.RemoveAll(s.dir)
}

// rounds returns how often to do something: few in a quick run.
func (s *shop) rounds(n int) int {
	if s.quick {
		return max(n/20, 1)
	}
	return n
}

// few returns n, or 1 in a quick run: for rounds that are whole runs.
func (s *shop) few(n int) int {
	if s.quick {
		return 1
	}
	return n
}

// folder returns a new folder.
func (s *shop) folder() (string, error) {
	s.dirs++
	dir := filepath.Join(s.dir, strconv.Itoa(s.dirs))
	return dir, os.Mkdir(dir, 0o700)
}

// build returns the path of a program as it is shipped: stripped, without cgo.
// env chooses another machine than this.
func (s *shop) build(ctx context.Context, pkg string, env ...string) (string, error) {
	key := fmt.Sprint(pkg, env)
	if path := s.built[key]; path != "" {
		return path, nil
	}
	dir, err := s.folder()
	if err != nil {
		return "", err
	}
	path := filepath.Join(dir, filepath.Base(pkg))
	if arch, ok := boxOf(pkg, env); ok {
		p := boxbuild.Program{Package: module + pkg, Arch: arch, Out: path, Symbols: pkg == pinCostProgram}
		if p.Module, err = boxbuild.Root(ctx); err == nil {
			err = boxbuild.Build(ctx, p)
		}
		if err != nil {
			return "", err
		}
		s.built[key] = path
		return path, nil
	}
	cmd := exec.CommandContext(ctx, "go", "build", "-trimpath", "-ldflags", "-s -w", "-o", path, module+pkg)
	cmd.Env = append(append(os.Environ(), "CGO_ENABLED=0"), env...)
	if out, err := cmd.CombinedOutput(); err != nil {
		return "", fmt.Errorf("build %s: %w\n%s", pkg, err, out)
	}
	s.built[key] = path
	return path, nil
}

// boxOf says for which processor of a box a program is built as boxes get it: the
// agent, and what is built for another processor than this; not ok for the rest.
func boxOf(pkg string, env []string) (boxbuild.Arch, bool) {
	for _, v := range env {
		switch arch, _ := strings.CutPrefix(v, "GOARCH="); arch {
		case "arm":
			return boxbuild.ARMv7, true
		case "arm64", "amd64", "386":
			return boxbuild.Arch(arch), true
		}
	}
	return boxbuild.Native(), pkg == agentProgram
}

const (
	serverProgram = "server/cmd/hearthkey-server"
	agentProgram  = "agent/cmd/hearthkey-agent"

	pinCostProgram = "tools/pincost" // whose functions are counted by their names
)

// serving is a server that runs as a process of its own.
type serving struct {
	URL, WS, Admin string
	proc           *drive.Process
	args           []string
	program        string
}

// serve starts a server on a new folder.
func (s *shop) serve(ctx context.Context) (*serving, error) {
	program, err := s.build(ctx, serverProgram)
	if err != nil {
		return nil, err
	}
	dir, err := s.folder()
	if err != nil {
		return nil, err
	}
	port, err := drive.FreePort(28700)
	if err != nil {
		return nil, err
	}
	admin, err := drive.FreePort(port + 1)
	if err != nil {
		return nil, err
	}
	listen := "127.0.0.1:" + strconv.Itoa(port)
	v := &serving{URL: "http://" + listen, WS: "ws://" + listen, Admin: "127.0.0.1:" + strconv.Itoa(admin), program: program}
	v.args = []string{"--listen", listen, "--admin", v.Admin, "--data", dir, "--name", "hearthkey.bench", "--dev", "--log-level", "warn"}
	return v, s.restart(ctx, v)
}

// restart starts a server again, which must not run, and waits for it.
func (s *shop) restart(ctx context.Context, v *serving) (err error) {
	if v.proc, err = drive.Start("server", v.program, v.args, nil, io.Discard); err != nil {
		return err
	}
	s.procs = append(s.procs, v.proc)
	ctx, cancel := drive.Timeout(ctx, 30*time.Second)
	defer cancel()
	err = drive.Poll(ctx, func() error {
		select {
		case <-v.proc.Done():
			cancel()
			return v.proc.Ended()
		default:
		}
		return answers(ctx, v.URL+"/readyz")
	})
	return err
}

func answers(ctx context.Context, url string) error {
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, url, nil)
	if err != nil {
		return err
	}
	resp, err := http.DefaultClient.Do(req)
	if err != nil {
		return err
	}
	_, err = io.Copy(io.Discard, resp.Body)
	if err = errors.Join(err, resp.Body.Close()); err == nil && resp.StatusCode != http.StatusOK {
		err = fmt.Errorf("%s answers %s", url, resp.Status)
	}
	return err
}

// owner signs an account up at the server.
func (v *serving) owner(ctx context.Context, name string) (*drive.Account, error) {
	a := &drive.Account{URL: v.URL, Email: name + "@example.com"}
	return a, a.SignUp(ctx, ownerPassword)
}

const ownerPassword = "nine slow rivers bend"

// together runs n callers of do for d and returns how many calls a second were
// completed in all.
func together(ctx context.Context, n int, d time.Duration, do func(context.Context, int) error) (float64, error) {
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	var (
		mu    sync.Mutex
		calls int
		first error
		all   sync.WaitGroup
	)
	begun := time.Now()
	for caller := range n {
		all.Go(func() {
			mine := 0
			var err error
			for err == nil && time.Since(begun) < d {
				if err = do(ctx, caller); err == nil {
					mine++
				}
			}
			mu.Lock()
			defer mu.Unlock()
			calls += mine
			if err != nil && first == nil {
				first = err
				cancel()
			}
		})
	}
	all.Wait()
	return float64(calls) / time.Since(begun).Seconds(), first
}
