package e2e

import (
	"bytes"
	"context"
	"encoding/base64"
	"errors"
	"fmt"
	"io/fs"
	"math/rand/v2"
	"os"
	"path/filepath"
	"strconv"
	"testing"
	"time"

	"github.com/hearthkey/hearthkey/agent/keyseq"
	"github.com/hearthkey/hearthkey/agent/nav"
	"github.com/hearthkey/hearthkey/agent/vault"
	"github.com/hearthkey/hearthkey/protocol"
	"github.com/hearthkey/hearthkey/tools/drive"
	"github.com/hearthkey/hearthkey/tools/household"
)

type family struct {
	*household.Home
	owner *drive.Account
	tv    *drive.TV
	r     *rand.Rand
	pin   string
	tries tries // the highest count seen in the vault
}

const victim = 0 // the TV whose plug is pulled

func startFamily(t *testing.T, agent []string, r *rand.Rand) *family {
	return startFamilyAs(t, agent, r, func(*household.Plan) {})
}

// startFamilyAs is startFamily with a plan that change has had a say in.
func startFamilyAs(t *testing.T, agent []string, r *rand.Rand, change func(*household.Plan)) *family {
	ctx := patient(t, patience)
	plan := household.Plan{Bin: binDir, Agent: agent, Data: t.TempDir(), Log: logFile(t)}
	for _, p := range []*int{&plan.ServerPort, &plan.TVPorts[0], &plan.TVPorts[1]} {
		var err error
		if *p, err = freePort(); err != nil {
			t.Fatal(err)
		}
	}
	change(&plan)
	home, err := household.Start(ctx, plan)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := home.Stop(); err != nil {
			t.Error(err)
		}
	})
	f := &family{Home: home, r: r, pin: household.PIN}
	if f.owner, err = home.NewOwner(ctx); err != nil {
		t.Fatal(err)
	}
	if f.tv, err = drive.Attach(ctx, plan.ScreenAddr(victim)); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { f.tv.Close() })
	return f
}

func (f *family) soon(most time.Duration) <-chan time.Time {
	return time.After(time.Duration(f.r.Int64N(int64(most))))
}

func (f *family) killTV(ctx context.Context, most time.Duration) error {
	<-f.soon(most)
	f.Unplug(victim)
	return f.plugIn(ctx)
}

func (f *family) plugIn(ctx context.Context) (err error) {
	f.tv.Close()
	if err := f.PlugIn(ctx, victim); err != nil {
		return err
	}
	f.tv, err = drive.Attach(ctx, f.Plan.ScreenAddr(victim))
	return err
}

func (f *family) killServer(ctx context.Context, most time.Duration) error {
	<-f.soon(most)
	f.Server.Kill()
	return f.StartServer(ctx)
}

func (f *family) killBoth(ctx context.Context, most time.Duration) error {
	<-f.soon(most)
	f.Unplug(victim)
	return errors.Join(f.killServer(ctx, most), f.plugIn(ctx))
}

type kill func(ctx context.Context, most time.Duration) error

func (f *family) toWelcome(ctx context.Context) error {
	v, err := f.tv.Wait(ctx, "a screen of a TV that is signed out", func(v nav.View) bool {
		return v.Screen == nav.ScreenWelcome || v.Screen == nav.ScreenSignedOut || v.Screen == nav.ScreenCode
	})
	if err != nil {
		return err
	}
	switch v.Screen {
	case nav.ScreenSignedOut:
		_, err = f.tv.Press(ctx, keyseq.OK)
	case nav.ScreenCode:
		_, err = f.tv.Press(ctx, keyseq.Back)
	}
	if err == nil {
		_, err = f.tv.WaitScreen(ctx, nav.ScreenWelcome)
	}
	return err
}

// atGate signs the TV in as a person does who looks at the screen and goes on.
func (f *family) atGate(ctx context.Context) error {
	return drive.Poll(ctx, func() error {
		switch v := f.tv.View(); {
		case v.Screen == nav.ScreenGate:
			return nil
		case v.Screen == nav.ScreenWelcome, v.Screen == nav.ScreenSignedOut, v.Screen == nav.ScreenDeactivated:
			if _, err := f.tv.Press(ctx, keyseq.OK); err != nil {
				return err
			}
		case v.Code != nil && v.Code.Text != "":
			if err := f.owner.Approve(ctx, v.Code.Text); err != nil {
				return err // perhaps the one from before: the next comes
			}
		}
		return errors.New(drive.Describe(f.tv.View()))
	})
}

func (f *family) signedIn(ctx context.Context) error {
	if err := f.atGate(ctx); err != nil {
		return err
	}
	if _, err := f.device(ctx, "online and active", func(d drive.Device) bool { return d.Online && d.Status == protocol.Active }); err != nil {
		return err
	}
	return f.listedOnce(ctx)
}

func (f *family) device(ctx context.Context, what string, ok func(drive.Device) bool) (drive.Device, error) {
	return f.owner.WaitDevice(ctx, household.Names[victim], what, ok)
}

func (f *family) listedOnce(ctx context.Context) error {
	list, err := f.owner.Devices(ctx)
	n := 0
	for _, d := range list {
		if d.Name == household.Names[victim] {
			n++
		}
	}
	if err == nil && n != 1 {
		err = fmt.Errorf("the TV is listed %d times: %+v", n, list)
	}
	return err
}

func (f *family) folder() string { return filepath.Join(f.Plan.Data, "tv"+strconv.Itoa(victim+1)) }

func (f *family) secrets() ([][]byte, error) {
	data, err := os.ReadFile(filepath.Join(f.folder(), "vault"))
	if err != nil {
		return nil, err
	}
	var keys [][]byte
	for _, name := range []string{`"secret":"`, `"dataKey":"`} {
		for _, part := range bytes.Split(data, []byte(name))[1:] {
			text, _, _ := bytes.Cut(part, []byte(`"`))
			if raw, err := base64.StdEncoding.DecodeString(string(text)); err == nil && len(raw) == 32 {
				keys = append(keys, text, raw)
			}
		}
	}
	if len(keys) < 4 {
		return nil, errors.New("the vault's keys were not found: this test looks for the wrong thing")
	}
	return keys, nil
}

func (f *family) nothingReadable(secrets [][]byte) error {
	for _, word := range []string{household.Email, "Robin", "Sasha", "The "} {
		secrets = append(secrets, []byte(word))
	}
	return filepath.WalkDir(f.folder(), func(path string, d fs.DirEntry, err error) error {
		if err != nil || d.IsDir() {
			if errors.Is(err, fs.ErrNotExist) { // the cache is busy with its files
				return nil
			}
			return err
		}
		data, err := os.ReadFile(path)
		if err != nil && !errors.Is(err, fs.ErrNotExist) {
			return err
		}
		for _, s := range secrets {
			if bytes.Contains(data, s) {
				return fmt.Errorf("%s still holds %q", path, s)
			}
		}
		return nil
	})
}

type tries struct {
	Version int64
	Wrong   int
}

func (a tries) less(b tries) bool {
	return a.Version < b.Version || a.Version == b.Version && a.Wrong < b.Wrong
}

func (f *family) counted() (tries, error) {
	type record struct {
		PINs map[string]struct {
			Version int64
			Counter struct{ Wrong int }
		} `json:"pins"`
	}
	v, err := vault.Open[record](filepath.Join(f.folder(), "vault"), nil)
	if err != nil {
		return tries{}, err
	}
	defer v.Close()
	var most tries
	for _, n := range v.Load().PINs {
		if got := (tries{n.Version, n.Counter.Wrong}); most.less(got) {
			most = got
		}
	}
	return most, nil
}

func (f *family) newPIN(ctx context.Context) error {
	list, err := f.owner.Profiles(ctx)
	if err != nil {
		return err
	}
	f.pin = strconv.Itoa(1000 + f.r.IntN(8000))
	if err := f.owner.SetPIN(ctx, list[0].ID, f.pin); err != nil {
		return err
	}
	err = drive.Poll(ctx, func() error {
		ctx, cancel := drive.Timeout(ctx, 2*time.Second) // the change may empty an entry, which no answer follows
		defer cancel()
		if err := household.EnterPIN(ctx, f.tv, f.pin); err != nil {
			return err
		}
		v, err := f.tv.Wait(ctx, "an answer to the PIN", func(v nav.View) bool {
			return v.Screen != nav.ScreenPIN || v.PIN != nil && !v.PIN.Checking && v.PIN.Entered == 0
		})
		if err == nil && v.Screen != nav.ScreenHome {
			err = errors.New(drive.Describe(v))
		}
		return err
	})
	if err != nil {
		return err
	}
	f.tries = tries{Version: f.tries.Version + 1}
	if err := household.SequenceChoice(ctx, f.tv, "Start over"); err != nil {
		return err
	}
	_, err = f.tv.WaitScreen(ctx, nav.ScreenGate)
	return err
}
