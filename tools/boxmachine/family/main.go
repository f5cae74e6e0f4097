// Command family is who lives in front of the emulated box (tools/boxmachine), and runs in it: it
// presses keys on the screen's socket and reports what a player does over the local API.
//
//	family pins 10   opens the locked profile with its PIN, as often, and leaves it again
//	family plays 12  watches as many titles, for four minutes each, of six seconds
//
// It takes the machine's own time, in which a day passes in minutes. It ends with 0, and 1 where
// the TV was not as it should be. It is tested by what it is for.
package main

import (
	"bufio"
	"context"
	"fmt"
	"net"
	"os"
	"strconv"
	"strings"
	"time"

	"github.com/hearthkey/hearthkey/agent/keyseq"
	"github.com/hearthkey/hearthkey/agent/nav"
	"github.com/hearthkey/hearthkey/tools/drive"
	"github.com/hearthkey/hearthkey/tools/household"
)

// Where the agent of the box is, as init.sh starts it.
const (
	screen = "127.0.0.1:8711"
	socket = "/run/api"
)

// titles are some of the demo catalogue that anybody may watch.
var titles = []string{"otter-post-s1e1", "otter-post-s1e2", "otter-post-s1e3", "gruffin-and-the-pancake-moon"}

func main() {
	if err := run(context.Background(), os.Args[1:]); err != nil {
		fmt.Println("NOTE family:", err)
		os.Exit(1)
	}
}

func run(ctx context.Context, args []string) error {
	do := map[string]func(*family, context.Context, int) error{"pins": (*family).pins, "plays": (*family).plays}
	if len(args) != 2 || do[args[0]] == nil {
		return fmt.Errorf("family pins|plays N, not %q", args)
	}
	n, err := strconv.Atoi(args[1])
	if err != nil {
		return err
	}
	tv, err := drive.Attach(ctx, screen)
	if err != nil {
		return err
	}
	defer tv.Close()
	conn, err := net.Dial("unix", socket)
	if err != nil {
		return err
	}
	defer conn.Close()
	f := &family{tv: tv, api: bufio.NewReadWriter(bufio.NewReader(conn), bufio.NewWriter(conn))}
	return do[args[0]](f, ctx, n)
}

// family is before one TV.
type family struct {
	tv  *drive.TV
	api *bufio.ReadWriter
}

// call makes a call of the local API, whose result is none.
func (f *family) call(method, params string) error {
	fmt.Fprintf(f.api, `{"jsonrpc":"2.0","id":1,"method":%q,"params":%s}`+"\n", method, params)
	if err := f.api.Flush(); err != nil {
		return err
	}
	answer, err := f.api.ReadString('\n')
	if err == nil && strings.Contains(answer, `"error"`) {
		err = fmt.Errorf("%s %s: %s", method, params, answer)
	}
	return err
}

// choose presses OK on a profile of the gate.
func (f *family) choose(ctx context.Context, locked bool) error {
	if err := f.call("resume", "{}"); err != nil {
		return err
	}
	if _, err := f.tv.WaitScreen(ctx, nav.ScreenGate); err != nil {
		return err
	}
	step := keyseq.Right
	if locked {
		step = keyseq.Left
	}
	if err := f.tv.FocusOn(ctx, step, func(it nav.Item) bool { return it.Locked == locked }); err != nil {
		return err
	}
	_, err := f.tv.Press(ctx, keyseq.OK)
	return err
}

func (f *family) pins(ctx context.Context, n int) error {
	for range n {
		if err := f.choose(ctx, true); err != nil {
			return err
		}
		if _, err := f.tv.WaitScreen(ctx, nav.ScreenPIN); err != nil {
			return err
		}
		if _, err := f.tv.Press(ctx, household.Digits(household.PIN)...); err != nil {
			return err
		}
		if _, err := f.tv.WaitScreen(ctx, nav.ScreenHome); err != nil {
			return err
		}
		time.Sleep(time.Second) // init.sh reads the memory then
	}
	return nil
}

// minute is how long a minute of a title takes here: more than its items wait to be written where
// the server does not acknowledge them.
const minute = 6 * time.Second

func (f *family) plays(ctx context.Context, n int) error {
	if err := f.choose(ctx, false); err != nil {
		return err
	}
	if _, err := f.tv.WaitScreen(ctx, nav.ScreenHome); err != nil {
		return err
	}
	for n := range n {
		for i, what := range []string{"started", "progress", "progress", "progress", "stopped"} {
			params := fmt.Sprintf(`{"title":%q,"what":%q,"position":%d,"length":1500}`, titles[n%len(titles)], what, 60*i)
			if err := f.call("report", params); err != nil {
				return err
			}
			time.Sleep(minute)
		}
	}
	return nil
}
