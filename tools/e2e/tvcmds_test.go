package e2e

import (
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/rogpeppe/go-internal/testscript"

	"github.com/hearthkey/hearthkey/agent/keyseq"
	"github.com/hearthkey/hearthkey/agent/nav"
	"github.com/hearthkey/hearthkey/protocol"
	"github.com/hearthkey/hearthkey/tools/drive"
	"github.com/hearthkey/hearthkey/tools/household"
)

// cmdHousehold makes the demo account on a server, or signs in to it.
func cmdHousehold(ts *testscript.TestScript, neg bool, args []string) {
	need(ts, !neg && len(args) == 1, "household URL")
	ctx, cancel := waiting()
	defer cancel()
	s := sceneOf(ts)
	owner := &drive.Account{URL: args[0], Email: household.Email}
	if err := owner.SignIn(ctx, household.Password); err == nil {
		s.owner = owner
		return
	}
	port, err := strconv.Atoi(args[0][strings.LastIndex(args[0], ":")+1:])
	ts.Check(err)
	s.owner, err = (&household.Home{Plan: household.Plan{ServerPort: port}}).NewOwner(ctx)
	ts.Check(err)
}

func ownerOf(ts *testscript.TestScript) *drive.Account {
	o := sceneOf(ts).owner
	if o == nil {
		ts.Fatalf("no household yet")
	}
	return o
}

// cmdTV takes the remote control of the TV whose screen is at an address.
func cmdTV(ts *testscript.TestScript, neg bool, args []string) {
	need(ts, !neg && len(args) == 2, "tv NAME HOST:PORT")
	ctx, cancel := waiting()
	defer cancel()
	s := sceneOf(ts)
	if old := s.tvs[args[0]]; old != nil {
		old.Close()
		delete(s.tvs, args[0])
	}
	tv, err := drive.Attach(ctx, args[1])
	ts.Check(err)
	s.tvs[args[0]] = tv
}

func tvOf(ts *testscript.TestScript, name string) *drive.TV {
	tv := sceneOf(ts).tvs[name]
	if tv == nil {
		ts.Fatalf("no TV %q", name)
	}
	return tv
}

// cmdPress presses keys by their names; "sequence" is the key sequence.
func cmdPress(ts *testscript.TestScript, neg bool, args []string) {
	need(ts, !neg && len(args) > 1, "press TV KEY…")
	ctx, cancel := waiting()
	defer cancel()
	for _, name := range args[1:] {
		keys := household.Sequence
		if name != "sequence" {
			k, err := keyseq.Parse(name)
			ts.Check(err)
			keys = []keyseq.Key{k}
		}
		_, err := tvOf(ts, args[0]).Press(ctx, keys...)
		ts.Check(err)
	}
}

// cmdDigits types a PIN.
func cmdDigits(ts *testscript.TestScript, neg bool, args []string) {
	need(ts, !neg && len(args) == 2, "digits TV 1234")
	ctx, cancel := waiting()
	defer cancel()
	_, err := tvOf(ts, args[0]).Press(ctx, household.Digits(args[1])...)
	ts.Check(err)
}

// cmdShows waits until the view, as JSON, matches all patterns. Negated, it
// looks at once.
func cmdShows(ts *testscript.TestScript, neg bool, args []string) {
	need(ts, len(args) > 1, "[!] shows TV PATTERN…")
	tv := tvOf(ts, args[0])
	matches := func(v nav.View) bool {
		data, err := json.Marshal(v)
		ts.Check(err)
		for _, p := range args[1:] {
			if !pattern(ts, p).Match(data) {
				return false
			}
		}
		return true
	}
	if neg {
		if v := tv.View(); matches(v) {
			ts.Fatalf("the TV shows %s", drive.Describe(v))
		}
		return
	}
	ctx, cancel := waiting()
	defer cancel()
	_, err := tv.Wait(ctx, strings.Join(args[1:], " and "), matches)
	ts.Check(err)
}

// cmdAskPIN goes from the gate to the PIN of the locked profile.
func cmdAskPIN(ts *testscript.TestScript, neg bool, args []string) {
	need(ts, !neg && len(args) == 1, "ask-pin TV")
	ctx, cancel := waiting()
	defer cancel()
	ts.Check(household.AskPIN(ctx, tvOf(ts, args[0])))
}

// cmdSignIn goes from the welcome screen to the gate.
func cmdSignIn(ts *testscript.TestScript, neg bool, args []string) {
	need(ts, !neg && len(args) == 1, "sign-in TV")
	ctx, cancel := waiting()
	defer cancel()
	ts.Check(household.SignInByCode(ctx, tvOf(ts, args[0]), ownerOf(ts)))
}

// cmdCode asks a TV at its welcome screen for a user code and puts it into a
// variable.
func cmdCode(ts *testscript.TestScript, neg bool, args []string) {
	need(ts, !neg && len(args) == 2, "code TV VARIABLE")
	ctx, cancel := waiting()
	defer cancel()
	tv := tvOf(ts, args[0])
	if tv.View().Screen == nav.ScreenWelcome {
		_, err := tv.Press(ctx, keyseq.OK)
		ts.Check(err)
	}
	v, err := tv.Wait(ctx, "a user code", func(v nav.View) bool { return v.Code != nil && v.Code.Text != "" })
	ts.Check(err)
	ts.Setenv(args[1], v.Code.Text)
}

// cmdApprove approves a user code. Negated, the server must refuse with a
// status and words that match.
func cmdApprove(ts *testscript.TestScript, neg bool, args []string) {
	need(ts, len(args) == 1 && !neg || len(args) == 3 && neg, "approve CODE, or ! approve CODE STATUS PATTERN")
	ctx, cancel := waiting()
	defer cancel()
	err := ownerOf(ts).Approve(ctx, args[0])
	if neg {
		refused(ts, err, args[1], args[2])
		return
	}
	ts.Check(err)
}

// refused checks a refusal of the API.
func refused(ts *testscript.TestScript, err error, status, text string) {
	var p *drive.Problem
	if !errors.As(err, &p) {
		ts.Fatalf("not refused: %v", err)
	}
	if strconv.Itoa(p.Status) != status || !pattern(ts, text).MatchString(p.Error()) {
		ts.Fatalf("refused with %v, want %s and %s", p, status, text)
	}
}

// cmdDevice waits until the device of a name is as wanted: its status, or
// online, offline, confirmed, bound.
func cmdDevice(ts *testscript.TestScript, neg bool, args []string) {
	need(ts, !neg && len(args) > 1, "device NAME WANTED…")
	ctx, cancel := waiting()
	defer cancel()
	_, err := ownerOf(ts).WaitDevice(ctx, args[0], strings.Join(args[1:], " and "), func(d drive.Device) bool {
		for _, want := range args[1:] {
			is := map[string]bool{
				"online": d.Online, "offline": !d.Online, "confirmed": !d.Confirmed.IsZero(), "bound": d.Bound != nil,
			}
			if ok, known := is[want]; known && !ok || !known && string(d.Status) != want {
				return false
			}
		}
		return true
	})
	ts.Check(err)
}

// cmdDevices writes the devices with their ids and epochs to a file.
func cmdDevices(ts *testscript.TestScript, neg bool, args []string) {
	need(ts, !neg && len(args) == 1, "devices FILE")
	ctx, cancel := waiting()
	defer cancel()
	list, err := ownerOf(ts).Devices(ctx)
	ts.Check(err)
	var lines []string
	for _, d := range list {
		lines = append(lines, fmt.Sprintf("%s %s epoch %d, %s\n", d.ID, d.Name, d.Epoch, d.Status))
	}
	slices.Sort(lines)
	ts.Check(os.WriteFile(ts.MkAbs(args[0]), []byte(strings.Join(lines, "")), 0o600))
}

func deviceID(ts *testscript.TestScript, name string) protocol.DeviceID {
	ctx, cancel := waiting()
	defer cancel()
	d, err := ownerOf(ts).WaitDevice(ctx, name, "there", func(drive.Device) bool { return true })
	ts.Check(err)
	return d.ID
}

// cmdSignOut signs a device out on the account, or "everywhere".
func cmdSignOut(ts *testscript.TestScript, neg bool, args []string) {
	need(ts, !neg && len(args) == 1, "sign-out NAME, or sign-out everywhere")
	ctx, cancel := waiting()
	defer cancel()
	if args[0] == "everywhere" {
		ts.Check(ownerOf(ts).SignOutEverywhere(ctx))
		return
	}
	ts.Check(ownerOf(ts).SignOutDevice(ctx, deviceID(ts, args[0])))
}

// cmdSetPIN gives the locked profile another PIN.
func cmdSetPIN(ts *testscript.TestScript, neg bool, args []string) {
	need(ts, !neg && len(args) == 1, "set-pin 1234")
	ctx, cancel := waiting()
	defer cancel()
	list, err := ownerOf(ts).Profiles(ctx)
	ts.Check(err)
	ts.Check(ownerOf(ts).SetPIN(ctx, list[0].ID, args[0]))
}

// cmdRenameOne gives the newest profile another name, over and over until the
// server refuses where it is negated.
func cmdRenameOne(ts *testscript.TestScript, neg bool, args []string) {
	need(ts, len(args) == 1 && !neg || len(args) == 3 && neg, "rename-one NAME, or ! rename-one NAME STATUS PATTERN")
	ctx, cancel := waiting()
	defer cancel()
	list, err := ownerOf(ts).Profiles(ctx)
	ts.Check(err)
	p := list[len(list)-1]
	if !neg {
		p.Name = args[0]
		_, err = ownerOf(ts).SaveProfile(ctx, p)
		ts.Check(err)
		return
	}
	ts.Check(drive.Poll(ctx, func() error {
		p.Name = args[0] + " " + strconv.FormatInt(time.Now().UnixMilli()%1e6, 10)
		if _, err = ownerOf(ts).SaveProfile(ctx, p); err == nil {
			return errors.New("still not refused")
		}
		return nil
	}))
	refused(ts, err, args[1], args[2])
}

// cmdProof writes a device's newest proof to a file.
func cmdProof(ts *testscript.TestScript, neg bool, args []string) {
	need(ts, !neg && len(args) == 2, "proof NAME FILE")
	ctx, cancel := waiting()
	defer cancel()
	proofs, err := ownerOf(ts).Proofs(ctx, deviceID(ts, args[0]))
	ts.Check(err)
	if len(proofs) == 0 {
		ts.Fatalf("%s has no proof", args[0])
	}
	data, err := json.Marshal(proofs[0])
	ts.Check(err)
	ts.Check(os.WriteFile(ts.MkAbs(args[1]), data, 0o600))
}

// forgeries are what cmdForge does to a proof.
var forgeries = map[string]func(f *protocol.ProofFile){
	"signature": func(f *protocol.ProofFile) { f.JWS = f.JWS[:len(f.JWS)-10] + "AAAAAAAAAA" },
	"truncated": func(f *protocol.ProofFile) { f.JWS = f.JWS[:len(f.JWS)/2] },
	"key":       func(f *protocol.ProofFile) { f.PublicKey = slices.Clone(f.PublicKey); f.PublicKey[5] ^= 1 },
	"short-key": func(f *protocol.ProofFile) { f.PublicKey = f.PublicKey[:31] },
	"state":     func(f *protocol.ProofFile) { f.State = "eyJhbGciOiJFZERTQSJ9.e30.AA" },
}

// cmdForge changes a proof.
func cmdForge(ts *testscript.TestScript, neg bool, args []string) {
	need(ts, !neg && len(args) == 3, "forge KIND FROM TO")
	var f protocol.ProofFile
	ts.Check(json.Unmarshal([]byte(ts.ReadFile(args[1])), &f))
	change, ok := forgeries[args[0]]
	need(ts, ok, "forge signature|truncated|key|short-key|state FROM TO")
	change(&f)
	data, err := json.Marshal(f)
	ts.Check(err)
	ts.Check(os.WriteFile(ts.MkAbs(args[2]), data, 0o600))
}
