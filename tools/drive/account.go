package drive

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"regexp"
	"time"

	"github.com/hearthkey/hearthkey/protocol"
)

// Account is somebody at a keyboard: a client of the JSON API that is signed in
// as one account, or not yet.
type Account struct {
	URL    string // of the server
	Email  string
	Token  string // of the web session; empty while signed out
	Device string // what makes this a known device; empty: unknown

	Client *http.Client // what carries the requests; nil: http.DefaultClient

	password string // of the last sign-in, for when a fresh proof is asked for
}

// Problem is an answer that is none: what the API says in a problem document
// (RFC 9457).
type Problem struct {
	Type   string `json:"type"`
	Status int    `json:"status"`
	Detail string `json:"detail"`
}

func (p *Problem) Error() string { return fmt.Sprintf("%s (%d): %s", p.Type, p.Status, p.Detail) }

// Profile is one profile as the API gives it.
type Profile struct {
	ID       string `json:"id,omitempty"`
	Name     string `json:"name"`
	Avatar   string `json:"avatar"`
	Level    int    `json:"level"`
	Language string `json:"language"`
	Kids     bool   `json:"kids"`
	Main     bool   `json:"main,omitempty"`
	Locked   bool   `json:"locked,omitempty"`
}

// Device is one device of the owner's list as the API gives it.
type Device struct {
	ID        protocol.DeviceID `json:"id"`
	Name      string            `json:"name"`
	Epoch     int64             `json:"epoch"`
	Online    bool              `json:"online"`
	Profile   string            `json:"profile"`
	Status    protocol.Status   `json:"status"`
	By        string            `json:"by"`
	Confirmed time.Time         `json:"confirmed"`
	Bound     *struct {
		LocksBy    time.Time `json:"locks_by"`
		FurtherUse int64     `json:"further_use_seconds"`
	} `json:"bound"`
	PublicKey protocol.Bytes `json:"public_key"`
}

// Message is one mail or SMS of the development outbox.
type Message struct {
	To      string    `json:"to"`
	Kind    string    `json:"kind"`
	Subject string    `json:"subject"`
	Text    string    `json:"text"`
	Created time.Time `json:"created"`
}

// proofNeeded is the problem of what asks for the password again.
const proofNeeded = "urn:hearthkey:problem:proof-needed"

// Call makes one request with a JSON body (nil for none) and decodes the answer
// into out (nil for none). What the API refuses is a *Problem. Where a fresh
// proof is asked for it gives the password of the last sign-in and goes on under
// the new token: calls at the same time can then find themselves signed out.
func (a *Account) Call(ctx context.Context, method, path string, in, out any) error {
	err := a.call(ctx, method, path, in, out)
	var p *Problem
	if a.password == "" || !errors.As(err, &p) || p.Type != proofNeeded {
		return err
	}
	var s struct {
		Token string `json:"token"`
	}
	if err := a.call(ctx, "POST", "/v1/session/prove", map[string]string{"password": a.password}, &s); err != nil {
		return err
	}
	a.Token = s.Token
	return a.call(ctx, method, path, in, out)
}

func (a *Account) call(ctx context.Context, method, path string, in, out any) error {
	var body io.Reader
	if in != nil {
		data, err := json.Marshal(in)
		if err != nil {
			return err
		}
		body = bytes.NewReader(data)
	}
	req, err := http.NewRequestWithContext(ctx, method, a.URL+path, body)
	if err != nil {
		return err
	}
	if in != nil {
		req.Header.Set("Content-Type", "application/json")
	}
	if a.Token != "" {
		req.Header.Set("Authorization", "Bearer "+a.Token)
	}
	client := a.Client
	if client == nil {
		client = http.DefaultClient
	}
	resp, err := client.Do(req)
	if err != nil {
		return err
	}
	defer resp.Body.Close()
	data, err := io.ReadAll(io.LimitReader(resp.Body, 4<<20))
	if err != nil {
		return err
	}
	if resp.StatusCode >= 400 {
		p := &Problem{Status: resp.StatusCode, Detail: string(data)}
		_ = json.Unmarshal(data, p) // an answer that is no problem document is its own detail
		return fmt.Errorf("%s %s: %w", method, path, p)
	}
	if out == nil {
		return nil
	}
	if raw, ok := out.(*[]byte); ok {
		*raw = data
		return nil
	}
	return json.Unmarshal(data, out)
}

var accessCode = regexp.MustCompile(`\b[0-9]{6}\b`)

// SignUp makes the account, with the access code from the mail in the
// development outbox, and is signed in then.
func (a *Account) SignUp(ctx context.Context, password string) error {
	var attempt struct {
		Attempt string `json:"attempt"`
	}
	if err := a.Call(ctx, "POST", "/v1/sign-up", map[string]string{"email": a.Email, "password": password}, &attempt); err != nil {
		return err
	}
	code, err := a.AccessCode(ctx, time.Time{})
	if err != nil {
		return err
	}
	a.password = password
	return a.begin(ctx, "/v1/sign-up/verify", map[string]string{"attempt": attempt.Attempt, "code": code})
}

// AccessCode returns the newest access code that was mailed to the account at
// or after since, from the development outbox.
func (a *Account) AccessCode(ctx context.Context, since time.Time) (code string, err error) {
	err = Poll(ctx, func() error {
		mail, err := a.Outbox(ctx)
		for _, m := range mail { // the newest first
			if m.To == a.Email && m.Kind == "access-code" && code == "" && !m.Created.Before(since) {
				code = accessCode.FindString(m.Text)
			}
		}
		if err == nil && code == "" {
			err = fmt.Errorf("no mail with an access code to %s", a.Email)
		}
		return err
	})
	return code, err
}

// SignIn begins a web session, with the access code from the development outbox
// where one is asked for. The device is known from then on.
func (a *Account) SignIn(ctx context.Context, password string) error {
	since := time.Now().Add(-time.Second) // the outbox has coarser times
	var s struct {
		Token, Device, Challenge, Need string
	}
	in := map[string]string{"email": a.Email, "password": password, "device": a.Device}
	if err := a.Call(ctx, "POST", "/v1/sign-in", in, &s); err != nil {
		return err
	}
	if s.Challenge == "" {
		a.Token, a.Device, a.password = s.Token, s.Device, password
		return nil
	}
	if s.Need != "code" {
		return fmt.Errorf("sign-in needs a %s", s.Need)
	}
	code, err := a.AccessCode(ctx, since)
	if err != nil {
		return err
	}
	a.password = password
	return a.begin(ctx, "/v1/sign-in/answer", map[string]string{"challenge": s.Challenge, "code": code, "device": a.Device})
}

func (a *Account) begin(ctx context.Context, path string, in any) error {
	var s struct {
		Token  string `json:"token"`
		Device string `json:"device"`
	}
	if err := a.Call(ctx, "POST", path, in, &s); err != nil {
		return err
	}
	a.Token, a.Device = s.Token, s.Device
	return nil
}

// Outbox returns the newest messages, the newest first.
func (a *Account) Outbox(ctx context.Context) ([]Message, error) {
	var out struct {
		Messages []Message `json:"messages"`
	}
	err := a.Call(ctx, "GET", "/dev/outbox.json", nil, &out)
	return out.Messages, err
}

// Profiles returns the account's profiles.
func (a *Account) Profiles(ctx context.Context) ([]Profile, error) {
	var out struct {
		Profiles []Profile `json:"profiles"`
	}
	err := a.Call(ctx, "GET", "/v1/profiles", nil, &out)
	return out.Profiles, err
}

// SaveProfile creates a profile, or edits the one that p.ID names.
func (a *Account) SaveProfile(ctx context.Context, p Profile) (Profile, error) {
	method, path := "POST", "/v1/profiles"
	if p.ID != "" {
		method, path = "PUT", "/v1/profiles/"+url.PathEscape(p.ID)
	}
	in := map[string]any{"name": p.Name, "avatar": p.Avatar, "level": p.Level, "language": p.Language, "kids": p.Kids}
	err := a.Call(ctx, method, path, in, &p)
	return p, err
}

// SetPIN locks a profile, with the password of the last sign-in.
func (a *Account) SetPIN(ctx context.Context, profile, pin string) error {
	return a.Call(ctx, "PUT", "/v1/profiles/"+url.PathEscape(profile)+"/pin", map[string]string{"pin": pin, "current": a.password}, nil)
}

// SetParentalPIN sets the parental PIN, with the password of the last sign-in.
func (a *Account) SetParentalPIN(ctx context.Context, pin string) error {
	return a.Call(ctx, "PUT", "/v1/parental/pin", map[string]string{"pin": pin, "current": a.password}, nil)
}

// Devices returns the account's devices.
func (a *Account) Devices(ctx context.Context) ([]Device, error) {
	var out struct {
		Devices []Device `json:"devices"`
	}
	err := a.Call(ctx, "GET", "/v1/devices", nil, &out)
	return out.Devices, err
}

// WaitDevice waits until the device of this name is as wanted.
func (a *Account) WaitDevice(ctx context.Context, name, what string, ok func(Device) bool) (Device, error) {
	var last Device
	err := Poll(ctx, func() error {
		list, err := a.Devices(ctx)
		if err != nil {
			return err
		}
		for _, d := range list {
			if d.Name == name {
				if last = d; ok(d) {
					return nil
				}
			}
		}
		return fmt.Errorf("%s is not %s: %+v", name, what, last)
	})
	return last, err
}

// Approve signs the TV that shows this user code in.
func (a *Account) Approve(ctx context.Context, code string) error {
	return a.Call(ctx, "POST", "/v1/user-codes/approve", map[string]string{"code": code}, nil)
}

// SignOutDevice ends a device's session.
func (a *Account) SignOutDevice(ctx context.Context, id protocol.DeviceID) error {
	return a.Call(ctx, "POST", "/v1/devices/"+string(id)+"/sign-out", nil, nil)
}

// Deactivate removes a device.
func (a *Account) Deactivate(ctx context.Context, id protocol.DeviceID) error {
	return a.Call(ctx, "POST", "/v1/devices/"+string(id)+"/deactivate", nil, nil)
}

// SignOutEverywhere ends every device's session, and every web session but this.
func (a *Account) SignOutEverywhere(ctx context.Context) error {
	return a.Call(ctx, "POST", "/v1/sign-out-everywhere", nil, nil)
}

// Proofs returns a device's proofs as files that verify-receipt reads, the
// newest first.
func (a *Account) Proofs(ctx context.Context, id protocol.DeviceID) ([]protocol.ProofFile, error) {
	var out struct {
		Receipts []protocol.ProofFile `json:"receipts"`
	}
	err := a.Call(ctx, "GET", "/v1/devices/"+string(id)+"/receipts", nil, &out)
	return out.Receipts, err
}
