package protocol_test

import (
	"bytes"
	"encoding/base64"
	"errors"
	"fmt"
	"log/slog"
	"path/filepath"
	"reflect"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"

	"github.com/hearthkey/hearthkey/protocol"
	"github.com/hearthkey/hearthkey/protocol/goldentest"
	"github.com/hearthkey/hearthkey/protocol/parental"
)

// fill returns n bytes that count up from start.
func fill(start byte, n int) protocol.Bytes {
	b := make(protocol.Bytes, n)
	for i := range b {
		b[i] = start + byte(i)
	}
	return b
}

var (
	device = protocol.DeviceIDOf([]byte(fill(0, 32)))
	digest = protocol.DigestOf([]byte("a document"))
	relay  = protocol.RelayID("AAECAwQFBgcICQoLDA0ODw")
	jws    = "eyJhbGciOiJFZERTQSJ9.e30.c2ln"
	have   = protocol.Have{
		Epoch: 3, Version: 41, Status: protocol.Active,
		Snapshot: digest, Catalog: digest, Pins: 5, Keys: 1,
	}
)

// golden holds one frame of each type, with every member present.
var golden = map[string]protocol.Frame{ // by the name of its file
	"down-hello":         protocol.Hello{Nonce: fill(1, 32), Time: 1764093422000, Cap: 1, Server: "tv.example"},
	"down-user_code":     protocol.UserCode{Code: "BCDFGHJK", URI: "https://tv.example/tv", FullURI: "https://tv.example/tv?code=BCDFGHJK", ExpiresIn: 900},
	"down-enrolled":      protocol.Enrolled{Device: device, Account: "0190a1b2-0000-7000-8000-000000000001", Epoch: 1, Root: fill(9, 32), Keys: jws},
	"down-state":         protocol.State{JWS: jws},
	"down-still":         protocol.Still{JWS: jws},
	"down-part":          protocol.Part{Digest: digest, Offset: 24576, Total: 24580, Data: fill(7, 4)},
	"down-pins":          protocol.Pins{JWS: jws},
	"down-keys":          protocol.Keys{JWS: jws},
	"down-receipt_ack":   protocol.ReceiptAck{Digest: digest},
	"down-activity_ack":  protocol.ActivityAck{Through: 12},
	"down-error":         protocol.Error{Code: protocol.CodeBusy, RetryAfter: 1500, Ref: "01J0"},
	"up-enrol":           protocol.Enrol{PublicKey: fill(0, 32), Name: "Living room TV", Model: "HK-1", Kind: "tv", Cap: 1, Conn: 1, Ask: fill(2, 32), Sig: fill(3, 64)},
	"up-auth":            protocol.Auth{Device: device, Cap: 1, Conn: 7, Have: have, Ask: fill(2, 32), Sig: fill(3, 64)},
	"up-have":            protocol.Have{Epoch: 3, Version: 41, Status: protocol.SignedOut, State: jws},
	"up-ask":             protocol.Ask{Nonce: fill(2, 32)},
	"up-receipt":         protocol.Receipt{JWS: jws},
	"up-signed_out_here": protocol.SignedOutHere{JWS: jws},
	"up-activity": protocol.Activity{Epoch: 3, Items: []protocol.ActivityItem{
		{Seq: 1, Profile: "p1", Title: "t1", What: protocol.Started, At: 1764093422000},
		{Seq: 2, Profile: "p1", Title: "t1", What: protocol.Stopped, At: 1764093482000, Position: 60},
	}},
	"up-profile_selected": protocol.ProfileSelected{Profile: "p1"},
	"up-sign_in":          protocol.SignIn{Login: "anna@example.com", Password: "correct \"horse\" ☕"},
	"up-send_code":        protocol.SendCode{Challenge: "c-1", Channel: protocol.ChannelSMS},
	"up-code":             protocol.EnterCode{Challenge: "c-1", Channel: protocol.ChannelMail, Code: "012345"},
	"down-code_needed": protocol.CodeNeeded{
		Challenge: "c-1", Channels: []protocol.Channel{{Kind: protocol.ChannelMail, To: "a•••@example.com"}, {Kind: protocol.ChannelTOTP}},
		Sent: protocol.ChannelMail, RetryIn: 30, TriesLeft: 5, ExpiresIn: 3600,
	},
	"up-pin_tries":        protocol.PINTries{Epoch: 3, Tries: []protocol.PINTry{{Profile: "p1", PIN: 5, Wrong: 4, At: 1764093422000}}},
	"down-pin_counts":     protocol.PINCounts{Number: 7, Counts: []protocol.PINTry{{Profile: protocol.ParentalPIN, PIN: 2, Wrong: 9}}},
	"up-add_profile":      protocol.AddProfile{N: 1, Name: "Mia", Avatar: "kite", Level: parental.OlderKids, Kids: true, PIN: "0412", Password: "correct horse"},
	"up-edit_profile":     protocol.EditProfile{N: 2, Profile: "p1", Name: "Mia", Avatar: "kite"},
	"down-profile_answer": protocol.ProfileAnswer{N: 1, Refusal: protocol.ProfileWait, RetryAfter: 60000},
	"down-library": protocol.Library{
		Number: 12, Profile: "p1", List: []protocol.TitleID{"t1"},
		Watched: []protocol.Watched{{Title: "t2", Position: 60, Length: 5400, At: 1764093422000}}, Last: true,
	},
	"up-play":           protocol.Play{N: 3, Profile: "p1", Title: "t1", Path: parental.Open, ProfilePIN: 5, ParentalPIN: 2},
	"up-play_end":       protocol.PlayEnd{N: 3},
	"down-grant":        protocol.Grant{N: 3, JWS: jws},
	"down-play_refused": protocol.PlayRefused{N: 3, Refusal: protocol.PlayStreams, RetryAfter: 60000, Watching: []string{"Bedroom", "Salón"}},
	"up-remotes": protocol.Remotes{
		Epoch: 3, Number: 2<<20 + 1, Control: true, Window: 118, Wishes: 4,
		Remotes: []protocol.Remote{
			{ID: "r-1", Name: "Mara’s phone", Role: protocol.RemoteHousehold, Paired: 1764093422000, Used: 1764028800000},
			{ID: "r-2", Name: "Gast", Role: protocol.RemoteGuest, Paired: 1764093423000},
		},
	},
	"up-relay_state":       protocol.RelayState{ID: relay, Frame: `{"t":"ack","seq":7}`, End: protocol.RelayRefused},
	"down-remote_wishes":   protocol.RemoteWishes{JWS: jws},
	"down-relay":           protocol.Relay{ID: relay, By: "Mara", Frame: `{"t":"key","seq":7,"key":"up","action":"press"}`, End: true},
	"down-sign_in_refused": protocol.SignInRefused{Reason: protocol.RefusalCode, RetryAfter: 1500, TriesLeft: 4},
}

var wire = goldentest.Wire[protocol.Frame]{Encode: protocol.Encode, Up: protocol.DecodeUp, Down: protocol.DecodeDown}

func TestGoldenFrames(t *testing.T) { wire.Check(t, golden) }

// TestGoldenIsWhole fails when a frame type has no golden file, or a golden
// file no frame type.
func TestGoldenIsWhole(t *testing.T) {
	files, err := filepath.Glob("testdata/v1/*.json")
	if err != nil || len(files) != len(golden) {
		t.Errorf("%d golden files for %d frame types (%v)", len(files), len(golden), err)
	}
	if got := len(protocol.FrameTypes()); got != len(golden) {
		t.Errorf("%d frame types, %d golden frames", got, len(golden))
	}
}

func TestDecodeIgnoresWhatItDoesNotKnow(t *testing.T) {
	f, err := protocol.DecodeUp([]byte(`{"t":"from_the_future","x":1}`))
	if err != nil || f != (protocol.Unknown{T: "from_the_future"}) {
		t.Errorf("DecodeUp = %v, %v", f, err)
	}
	f, err = protocol.DecodeUp([]byte(`{"t":"profile_selected","profile":"p","later":[1,{}]}`))
	if err != nil || f != (protocol.ProfileSelected{Profile: "p"}) {
		t.Errorf("DecodeUp = %v, %v", f, err)
	}
	// A frame that only the other side may send is unknown here.
	f, err = protocol.DecodeUp([]byte(`{"t":"state","jws":"x"}`))
	if err != nil || reflect.TypeOf(f) != reflect.TypeOf(protocol.Unknown{}) {
		t.Errorf("DecodeUp = %v, %v", f, err)
	}
}

func TestDecodeRefuses(t *testing.T) {
	long := strings.Repeat("x", protocol.MaxDeviceFrame)
	for _, c := range []struct {
		name, frame string
		want        error
	}{
		{"nothing", ``, protocol.ErrBadFrame},
		{"not json", `hello`, protocol.ErrBadFrame},
		{"an array", `[]`, protocol.ErrBadFrame},
		{"no type", `{}`, protocol.ErrBadFrame},
		{"a type that is no string", `{"t":7}`, protocol.ErrBadFrame},
		{"a type too long", `{"t":"` + strings.Repeat("a", 65) + `"}`, protocol.ErrBadFrame},
		{"two documents", `{"t":"ask","n":""}{}`, protocol.ErrBadFrame},
		{"too large", `{"t":"ask","n":"` + long + `"}`, protocol.ErrTooLarge},
		{"a short nonce", `{"t":"ask","n":"AAAA"}`, protocol.ErrBadFrame},
		{"padded base64", `{"t":"ask","n":"AAA="}`, protocol.ErrBadFrame},
		{"a wrong kind of member", `{"t":"profile_selected","profile":1}`, protocol.ErrBadFrame},
		{"an empty receipt", `{"t":"receipt"}`, protocol.ErrBadFrame},
		{"no items", `{"t":"activity","epoch":1,"items":[]}`, protocol.ErrBadFrame},
		{"items out of order", `{"t":"activity","epoch":1,"items":[{"seq":2,"profile":"p","title":"t","what":"started","at":1,"position":0},{"seq":1,"profile":"p","title":"t","what":"stopped","at":1,"position":0}]}`, protocol.ErrBadFrame},
		{"a title with a space", activityOf("no such"), protocol.ErrBadFrame},
		{"a title that turns the text round", activityOf("a\u202eb"), protocol.ErrBadFrame},
		{"a title with a bell", activityOf(`a\u0007b`), protocol.ErrBadFrame},
		{"no title", activityOf(""), protocol.ErrBadFrame},
		{"a title too long", activityOf(strings.Repeat("a", 65)), protocol.ErrBadFrame},
		{"a title of 64", activityOf(strings.Repeat("~", 64)), nil},
		{"a title with a space to play", `{"t":"play","n":1,"profile":"p","title":"no such","path":"home"}`, protocol.ErrBadFrame},
		{"an unknown status", `{"t":"have","epoch":1,"version":1,"status":"fine","pins":0,"keys":0}`, protocol.ErrBadFrame},
		{"no login", `{"t":"sign_in","login":"","password":"x"}`, protocol.ErrBadFrame},
		{"a login too long", `{"t":"sign_in","login":"` + strings.Repeat("a", protocol.MaxLogin+1) + `","password":"x"}`, protocol.ErrBadFrame},
		{"a login of two lines", `{"t":"sign_in","login":"a\nb","password":"x"}`, protocol.ErrBadFrame},
		{"no password", `{"t":"sign_in","login":"a@b.c"}`, protocol.ErrBadFrame},
		{"a password too long", `{"t":"sign_in","login":"a@b.c","password":"` + strings.Repeat("é", protocol.MaxPassword/2+1) + `"}`, protocol.ErrBadFrame},
		{"a password that is a number", `{"t":"sign_in","login":"a@b.c","password":12345678}`, protocol.ErrBadFrame},
		{"no challenge", `{"t":"code","channel":"mail","code":"123456"}`, protocol.ErrBadFrame},
		{"a challenge with a space", `{"t":"send_code","challenge":"c 1","channel":"mail"}`, protocol.ErrBadFrame},
		{"no channel", `{"t":"code","challenge":"c","code":"123456"}`, protocol.ErrBadFrame},
		{"a code too long", `{"t":"code","challenge":"c","channel":"mail","code":"` + strings.Repeat("1", protocol.MaxCode+1) + `"}`, protocol.ErrBadFrame},
		{"a play without n", `{"t":"play","profile":"p","title":"t","path":"open"}`, protocol.ErrBadFrame},
		{"a play without a profile", `{"t":"play","n":1,"title":"t","path":"open"}`, protocol.ErrBadFrame},
		{"a play without a title", `{"t":"play","n":1,"profile":"p","path":"open"}`, protocol.ErrBadFrame},
		{"a play without a path", `{"t":"play","n":1,"profile":"p","title":"t"}`, protocol.ErrBadFrame},
		{"a play of a long title", `{"t":"play","n":1,"profile":"p","title":"` + strings.Repeat("t", 65) + `","path":"open"}`, protocol.ErrBadFrame},
		{"a play with a PIN in place of its version", `{"t":"play","n":1,"profile":"p","title":"t","path":"open","profile_pin":"0412"}`, protocol.ErrBadFrame},
		{"a play with a version below 0", `{"t":"play","n":1,"profile":"p","title":"t","path":"open","parental_pin":-1}`, protocol.ErrBadFrame},
		{"an end of no play", `{"t":"play_end","n":0}`, protocol.ErrBadFrame},
		{"an epoch below 0 to enrol", enrolOf(-1), protocol.ErrBadFrame},
		{"the highest epoch to enrol", enrolOf(protocol.MaxEpoch), nil},
		{"an epoch too high to enrol", enrolOf(protocol.MaxEpoch + 1), protocol.ErrBadFrame},
		{"too many remotes", remotesOf(strings.Repeat(`{"id":"r","name":"n","role":"guest","paired":1},`, 9)), protocol.ErrBadFrame},
		{"a remote twice", remotesOf(strings.Repeat(`{"id":"r","name":"n","role":"guest","paired":1},`, 2)), protocol.ErrBadFrame},
		{"a remote of a role to come", remotesOf(`{"id":"r","name":"n","role":"child","paired":1},`), nil},
		{"a remote without a name", remotesOf(`{"id":"r","name":"\u200b","role":"guest","paired":1},`), protocol.ErrBadFrame},
		{"a remote whose id has a space", remotesOf(`{"id":"r 1","name":"n","role":"guest","paired":1},`), protocol.ErrBadFrame},
		{"remotes without a number", `{"t":"remotes","epoch":1,"number":0}`, protocol.ErrBadFrame},
		{"a pairing window too long", `{"t":"remotes","epoch":1,"number":1,"window":121}`, protocol.ErrBadFrame},
		{"a relay's state without its id", `{"t":"relay_state","frame":"{}"}`, protocol.ErrBadFrame},
		{"a relay's state too long", `{"t":"relay_state","relay":"AAECAwQFBgcICQoLDA0ODw","frame":"` + strings.Repeat("x", protocol.MaxRelayed+1) + `"}`, protocol.ErrBadFrame},
		{"epoch 0", `{"t":"have","epoch":0,"version":1,"status":"active","pins":0,"keys":0}`, protocol.ErrBadFrame},
	} {
		if f, err := protocol.DecodeUp([]byte(c.frame)); !errors.Is(err, c.want) {
			t.Errorf("%s: DecodeUp = %v, %v; want %v", c.name, f, err, c.want)
		}
	}
}

func TestEncodeRefusesWhatDecodeWould(t *testing.T) {
	if _, err := protocol.Encode(protocol.Ask{Nonce: fill(0, 5)}); err == nil {
		t.Error("Encode took a nonce of 5 bytes")
	}
	if _, err := protocol.Encode(protocol.Enrol{PublicKey: fill(0, 32), Name: "a\x00b", Cap: 1, Conn: 1, Ask: fill(0, 32), Sig: fill(0, 64)}); err == nil {
		t.Error("Encode took a control character in a name")
	}
}

func FuzzDecodeUp(f *testing.F) {
	seed(f, "up-")
	f.Fuzz(func(t *testing.T, data []byte) { roundTrip(t, data, protocol.DecodeUp) })
}

func FuzzDecodeDown(f *testing.F) {
	seed(f, "down-")
	f.Fuzz(func(t *testing.T, data []byte) { roundTrip(t, data, protocol.DecodeDown) })
}

func seed(f *testing.F, prefix string) {
	for file, frame := range golden {
		if strings.HasPrefix(file, prefix) {
			data, err := protocol.Encode(frame)
			if err != nil {
				f.Fatal(err)
			}
			f.Add(data)
		}
	}
	f.Add([]byte(`{"t":"x"}`))
	f.Add([]byte(`{"t":`))
}

// roundTrip checks that whatever decodes also encodes, and to the same frame.
func roundTrip(t *testing.T, data []byte, decode func([]byte) (protocol.Frame, error)) {
	frame, err := decode(data)
	if err != nil {
		if !errors.Is(err, protocol.ErrBadFrame) && !errors.Is(err, protocol.ErrTooLarge) {
			t.Fatalf("error of no kind: %v", err)
		}
		return
	}
	if _, ok := frame.(protocol.Unknown); ok {
		return
	}
	out, err := protocol.Encode(frame)
	if err != nil {
		t.Fatalf("%v decoded, but does not encode: %v", frame, err)
	}
	again, err := decode(out)
	if err != nil || !cmp.Equal(frame, again, cmpopts.EquateEmpty()) { // an empty list is left out
		t.Fatalf("%v came back as %v, %v", frame, again, err)
	}
}

// A secret shows in JSON, where it has to, and nowhere else.
func TestSecretsHide(t *testing.T) {
	f := protocol.SignIn{Login: "anna@example.com", Password: "correct horse"}
	var log bytes.Buffer
	slog.New(slog.NewTextHandler(&log, nil)).Info("x", "frame", f, "password", f.Password)
	slog.New(slog.NewJSONHandler(&log, nil)).Info("x", "password", f.Password, "frame", f, "code", protocol.EnterCode{Code: "horse"})
	for _, s := range []string{
		fmt.Sprint(f), fmt.Sprintf("%v %+v %#v %s %q %x", f, f, f, f.Password, f.Password, f.Password), log.String(),
		fmt.Errorf("wrapped: %v", f).Error(),
	} {
		if strings.Contains(s, "horse") || strings.Contains(s, fmt.Sprintf("%x", "horse")) {
			t.Errorf("a password shows: %s", s)
		}
	}
}

// activityOf is a frame about a title, which is written as JSON has it.
func activityOf(title string) string {
	return `{"t":"activity","epoch":1,"items":[{"seq":1,"profile":"p","title":"` + title + `","what":"started","at":1,"position":0}]}`
}

// enrolOf is a request by a device that had this epoch.
func enrolOf(epoch int64) string {
	key, ask, sig := fill(0, 32), fill(2, 32), fill(3, 64)
	text := func(b protocol.Bytes) string { return base64.RawURLEncoding.EncodeToString(b) }
	return fmt.Sprintf(`{"t":"enrol","public_key":%q,"name":"TV","cap":5,"epoch":%d,"conn":1,"n":%q,"sig":%q}`,
		text(key), epoch, text(ask), text(sig))
}

// remotesOf is a frame about remotes, each with a comma after it.
func remotesOf(list string) string {
	return `{"t":"remotes","epoch":1,"number":1,"remotes":[` + strings.TrimSuffix(list, ",") + `]}`
}
