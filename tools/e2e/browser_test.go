package e2e

import (
	"bufio"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"rsc.io/qr"

	"github.com/hearthkey/hearthkey/agent/nav"
	"github.com/hearthkey/hearthkey/tools/drive"
	"github.com/hearthkey/hearthkey/tools/household"
)

// TestBrowser takes pages and screens through tools/browser/tour.mjs.
// WCAG 2.2 AA.
func TestBrowser(t *testing.T) {
	if *screenshots != "" {
		t.Skip("TestScreenshots goes the same way")
	}
	browse(t, "")
}

// TestScreenshots draws every page and screen that the browser's programs look
// at, as people who read the documentation see them.
func TestScreenshots(t *testing.T) {
	if *screenshots == "" {
		t.Skip("draws only with -screenshots FOLDER")
	}
	dir, err := filepath.Abs(*screenshots)
	if err != nil {
		t.Fatal(err)
	}
	if err := os.MkdirAll(dir, 0o755); err != nil {
		t.Fatal(err)
	}
	t.Run("states", func(t *testing.T) { drawStates(t, dir) })
	t.Run("languages", func(t *testing.T) { drawLanguages(t, dir) })
	t.Run("household", func(t *testing.T) { browse(t, dir) })
	t.Run("owner", func(t *testing.T) { owner(t, "owner.mjs", dir) })
	t.Run("passkeys", func(t *testing.T) { owner(t, "passkeys.mjs", dir) })
	t.Run("many", func(t *testing.T) { manyTVs(t, dir) })
	t.Run("remote", func(t *testing.T) { remotePage(t, dir) })
	pictures, err := filepath.Glob(filepath.Join(dir, "*.png"))
	if err != nil || len(pictures) == 0 {
		t.Fatalf("no pictures: %v", err)
	}
	for _, path := range pictures {
		if err := shrink(path); err != nil {
			t.Errorf("%s: %v", path, err)
		}
	}
}

// tour is what the browser's program is told.
type tour struct {
	Server string   `json:"server"`
	TVs    []string `json:"tvs"`
	Shots  string   `json:"shots"`
	Temp   string   `json:"temp"`
}

func browse(t *testing.T, shots string) {
	ctx := patient(t, 5*time.Minute)
	plan := household.Plan{
		Bin: binDir, Data: t.TempDir(), Log: logFile(t),
		ServerArgs: []string{"--trusted-proxy", "127.0.0.1"}, // the tour says of some browsers where they are
	}
	for _, p := range []*int{&plan.ServerPort, &plan.TVPorts[0], &plan.TVPorts[1]} {
		var err error
		if *p, err = freePort(); err != nil {
			t.Fatal(err)
		}
	}
	home, err := household.Start(ctx, plan)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := home.Stop(); err != nil {
			t.Error(err)
		}
	})
	settings, err := json.Marshal(tour{
		Server: plan.URL(), Shots: shots, Temp: t.TempDir(),
		TVs: []string{"http://" + plan.ScreenAddr(0) + "/", "http://" + plan.ScreenAddr(1) + "/"},
	})
	if err != nil {
		t.Fatal(err)
	}
	if err := runTour(ctx, t, home, string(settings)); err != nil {
		t.Error(err)
	}
}

// runTour runs the program, shows what it says and does what it asks for.
func runTour(ctx context.Context, t *testing.T, home *household.Home, settings string) error {
	node := exec.CommandContext(ctx, "node", "tour.mjs", settings)
	node.Dir, node.Stderr = filepath.Join(root, "tools", "browser"), os.Stderr
	in, err := node.StdinPipe()
	if err != nil {
		return err
	}
	out, err := node.StdoutPipe()
	if err != nil {
		return err
	}
	if err := node.Start(); err != nil {
		return err
	}
	for lines := bufio.NewScanner(out); lines.Scan(); {
		order, ok := strings.CutPrefix(lines.Text(), "@")
		if !ok {
			t.Log(lines.Text())
			continue
		}
		answer := "ok"
		if err := obey(ctx, home, strings.Fields(order)); err != nil {
			answer = strings.ReplaceAll(err.Error(), "\n", " ")
		}
		if _, err := fmt.Fprintln(in, answer); err != nil {
			return errors.Join(err, node.Wait())
		}
	}
	return node.Wait()
}

// obey does what the browser's program cannot.
func obey(ctx context.Context, home *household.Home, order []string) error {
	switch order[0] {
	case "unplug", "plug", "qr":
		tv, err := strconv.Atoi(order[1])
		if err != nil {
			return err
		}
		switch order[0] {
		case "unplug":
			home.Unplug(tv - 1)
			return nil
		case "plug":
			return home.PlugIn(ctx, tv-1)
		}
		return picture(ctx, home.Plan.ScreenAddr(tv-1), order[2])
	case "verify-receipt", "verify-reports":
		out, err := exec.CommandContext(ctx, program("hearthkey"), order...).CombinedOutput()
		if err != nil {
			return fmt.Errorf("%s: %w: %s", order[0], err, out)
		}
		return nil
	}
	return fmt.Errorf("unknown order %q", order[0])
}

// picture checks that the picture beside a TV's user code is this link.
func picture(ctx context.Context, screen, link string) error {
	tv, err := drive.Attach(ctx, screen)
	if err != nil {
		return err
	}
	defer tv.Close()
	v, err := tv.Wait(ctx, "a user code", func(v nav.View) bool { return v.Code != nil && len(v.Code.QR) > 0 })
	if err != nil {
		return err
	}
	want, err := qr.Encode(link, qr.M)
	if err != nil {
		return err
	}
	var rows []string
	for y := range want.Size {
		row := make([]byte, want.Size)
		for x := range row {
			row[x] = '0'
			if want.Black(x, y) {
				row[x] = '1'
			}
		}
		rows = append(rows, string(row))
	}
	if !slices.Equal(rows, v.Code.QR) {
		return fmt.Errorf("the TV's picture is not of %s", link)
	}
	return nil
}
