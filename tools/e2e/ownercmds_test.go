package e2e

import (
	"bytes"
	"encoding/base64"
	"encoding/binary"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"time"
	"unicode/utf16"

	"github.com/rogpeppe/go-internal/testscript"

	"github.com/hearthkey/hearthkey/protocol"
	"github.com/hearthkey/hearthkey/tools/drive"
	"github.com/hearthkey/hearthkey/tools/household"
)

// cmdOwner makes another account on a server and goes on as its owner; "household"
// goes back to the demo's.
func cmdOwner(ts *testscript.TestScript, neg bool, args []string) {
	need(ts, !neg && len(args) == 2, "owner URL EMAIL")
	ctx, cancel := waiting()
	defer cancel()
	owner := &drive.Account{URL: args[0], Email: args[1]}
	ts.Check(owner.SignUp(ctx, household.Password))
	sceneOf(ts).owner = owner
}

// cmdDeactivate deactivates a device on the account.
func cmdDeactivate(ts *testscript.TestScript, neg bool, args []string) {
	need(ts, !neg && len(args) == 1, "deactivate NAME")
	ctx, cancel := waiting()
	defer cancel()
	ts.Check(ownerOf(ts).Deactivate(ctx, deviceID(ts, args[0])))
}

// cmdEndDate sets when a device is signed out by itself.
func cmdEndDate(ts *testscript.TestScript, neg bool, args []string) {
	need(ts, !neg && len(args) == 2, "end-date NAME DURATION")
	ctx, cancel := waiting()
	defer cancel()
	in, err := time.ParseDuration(args[1])
	ts.Check(err)
	body := map[string]string{"ends": time.Now().Add(in).UTC().Format(time.RFC3339)}
	ts.Check(ownerOf(ts).Call(ctx, "PUT", "/v1/devices/"+string(deviceID(ts, args[0]))+"/end-date", body, nil))
}

// cmdMailed waits until the owner has had a message of this kind whose words match.
func cmdMailed(ts *testscript.TestScript, neg bool, args []string) {
	need(ts, len(args) == 2, "[!] mailed KIND PATTERN")
	ctx, cancel := waiting()
	defer cancel()
	owner, want := ownerOf(ts), pattern(ts, args[1])
	look := func() error {
		all, err := owner.Outbox(ctx)
		if err != nil {
			return err
		}
		for _, m := range all {
			if m.To == owner.Email && m.Kind == args[0] && want.MatchString(m.Subject+"\n"+m.Text) {
				return nil
			}
		}
		return fmt.Errorf("no mail of kind %s like %s among %d", args[0], want, len(all))
	}
	if neg {
		if look() == nil {
			ts.Fatalf("there is a mail of kind %s like %s", args[0], want)
		}
		return
	}
	ts.Check(drive.Poll(ctx, look))
}

// cmdNames puts what names the owner's account, its profiles and their PINs into a
// variable, for "absent".
func cmdNames(ts *testscript.TestScript, neg bool, args []string) {
	need(ts, !neg && len(args) == 1, "names FILE")
	ctx, cancel := waiting()
	defer cancel()
	owner := ownerOf(ts)
	profiles, err := owner.Profiles(ctx)
	ts.Check(err)
	names := []string{owner.Email}
	for _, p := range profiles {
		names = append(names, p.ID, p.Name)
	}
	ts.Check(os.WriteFile(ts.MkAbs(args[0]), []byte(strings.Join(names, "\n")), 0o600))
}

// cmdAbsent looks for the lines of a file in every file of a folder, raw: as UTF-8,
// as UTF-16 and in base64. None may be there; negated, one must be.
func cmdAbsent(ts *testscript.TestScript, neg bool, args []string) {
	need(ts, len(args) == 2, "[!] absent FOLDER FILE")
	var raw []byte
	err := filepath.WalkDir(ts.MkAbs(args[0]), func(path string, d fs.DirEntry, err error) error {
		if err != nil || !d.Type().IsRegular() {
			return err
		}
		data, err := os.ReadFile(path)
		raw = append(append(raw, data...), 0)
		return err
	})
	ts.Check(err)
	var found []string
	for _, text := range strings.Fields(ts.ReadFile(args[1])) {
		if holds(raw, text) {
			found = append(found, text)
		}
	}
	if (len(found) > 0) != neg {
		ts.Fatalf("%s holds %q of %s", args[0], found, args[1])
	}
}

// shortest is how many bytes in a row are no chance in what is encrypted.
const shortest = 5

// holds reports whether data has text in any of the forms that a file can have it in.
func holds(data []byte, text string) bool {
	forms := [][]byte{[]byte(text), nil}
	for _, u := range utf16.Encode([]rune(text)) {
		forms[1] = binary.LittleEndian.AppendUint16(forms[1], u)
	}
	for shift := range 3 { // base64 of it, wherever in a longer text it stands
		coded := base64.RawURLEncoding.EncodeToString([]byte(strings.Repeat("x", shift) + text))
		from, to := (shift*8+5)/6, (shift+len(text))*8/6
		forms = append(forms, []byte(coded[from:to]))
	}
	for _, f := range forms {
		if len(f) >= shortest && bytes.Contains(data, f) {
			return true
		}
	}
	return false
}

// cmdWaitEpoch waits until a device of the account has signed in as often as this.
func cmdWaitEpoch(ts *testscript.TestScript, neg bool, args []string) {
	need(ts, !neg && len(args) == 2, "epoch NAME NUMBER")
	ctx, cancel := waiting()
	defer cancel()
	_, err := ownerOf(ts).WaitDevice(ctx, args[0], "epoch "+args[1], func(d drive.Device) bool {
		return fmt.Sprint(d.Epoch) == args[1] && d.Status == protocol.Active
	})
	ts.Check(err)
}
