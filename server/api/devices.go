package api

import (
	"net/http"
	"time"

	"github.com/hearthkey/hearthkey/protocol"
	"github.com/hearthkey/hearthkey/server/device"
)

// deviceAnswer is one device of the owner's list.
type deviceAnswer struct {
	ID        string         `json:"id"`
	Name      string         `json:"name"`
	Model     string         `json:"model,omitempty"`
	Kind      string         `json:"kind,omitempty"`
	Epoch     int64          `json:"epoch"`
	Online    bool           `json:"online"`
	FirstSeen time.Time      `json:"first_seen,omitzero"`
	SignedIn  time.Time      `json:"signed_in,omitzero"`
	Ends      time.Time      `json:"ends,omitzero"` // signed out by itself then
	LastSeen  time.Time      `json:"last_seen,omitzero"`
	IP        string         `json:"ip,omitempty"`
	Place     string         `json:"place,omitempty"`
	Profile   string         `json:"profile,omitempty"`
	Status    string         `json:"status"`
	Since     time.Time      `json:"since,omitzero"`
	By        string         `json:"by,omitempty"`
	Where     string         `json:"where,omitempty"`
	Confirmed time.Time      `json:"confirmed,omitzero"`
	Left      time.Time      `json:"left,omitzero"`
	Bound     *boundAnswer   `json:"bound,omitempty"`
	PublicKey protocol.Bytes `json:"public_key"`
}

// boundAnswer is how long a device that has not confirmed can still be used.
type boundAnswer struct {
	LocksBy    time.Time `json:"locks_by,omitzero"`   // if it stays on
	FurtherUse int64     `json:"further_use_seconds"` // if it was switched off
}

// devicesAnswer is the owner's list, and what it may lack.
type devicesAnswer struct {
	Devices  []deviceAnswer  `json:"devices"`
	Restored *restoredAnswer `json:"restored,omitempty"`
}

// restoredAnswer is a backup that became the database a short while ago.
type restoredAnswer struct {
	At     time.Time `json:"at"`
	Backup time.Time `json:"backup"` // what was signed in since is in no list until it connects
	Until  time.Time `json:"until"`  // and has locked itself by then
}

func deviceOf(r device.Row) deviceAnswer {
	out := deviceAnswer{
		ID: string(r.ID), Name: r.Name, Model: r.Model, Kind: r.Kind, Epoch: int64(r.Epoch), Online: r.Online,
		FirstSeen: utc(r.FirstSeen), SignedIn: utc(r.SignedIn), Ends: utc(r.Ends), LastSeen: utc(r.LastSeen),
		IP: r.IP, Place: r.Place, Profile: string(r.Profile),
		Status: string(r.Wish.Status), Since: utc(r.Wish.Since), By: string(r.Wish.By), Where: r.Wish.Where,
		Confirmed: utc(r.Wish.Confirmed), Left: utc(r.Wish.Left), PublicKey: r.PublicKey,
	}
	if b := r.Wish.Bound; b != (device.Bound{}) {
		out.Bound = &boundAnswer{utc(b.LocksBy), int64((b.FurtherUse + time.Second - 1) / time.Second)}
	}
	return out
}

// utc keeps the zero time zero.
func utc(t time.Time) time.Time {
	if t.IsZero() {
		return time.Time{}
	}
	return t.UTC()
}

// knownDevice refuses what cannot be a device before the database is asked.
func (c *call) knownDevice() (protocol.DeviceID, error) {
	if id := c.device(); id.Valid() {
		return id, nil
	}
	return "", device.ErrUnknown
}

func (a *API) devices(c *call) error {
	list, err := a.cfg.Devices.List(c.ctx(), c.now, c.who.Account)
	out := devicesAnswer{Devices: make([]deviceAnswer, len(list))}
	for i, r := range list {
		out.Devices[i] = deviceOf(r)
	}
	if err != nil {
		return err
	}
	restored, err := a.cfg.Devices.LastRestored(c.ctx(), c.now)
	if !restored.At.IsZero() {
		out.Restored = &restoredAnswer{restored.At.UTC(), restored.Backup.UTC(), restored.Until.UTC()}
	}
	return c.ok(out, err)
}

func (a *API) renameDevice(c *call) error {
	var in struct {
		Name string `json:"name"`
	}
	if err := c.decode(&in); err != nil {
		return err
	}
	id, err := c.knownDevice()
	if err := first(err, text("name", in.Name, 1, maxShort)); err != nil {
		return err
	}
	return c.done(a.cfg.Devices.Rename(c.ctx(), c.now, c.who, id, in.Name))
}

func (a *API) signOutDevice(c *call) error {
	id, err := c.knownDevice()
	if err != nil {
		return err
	}
	return c.done(a.cfg.Devices.SignOut(c.ctx(), c.now, c.who, id))
}

func (a *API) deactivateDevice(c *call) error {
	id, err := c.knownDevice()
	if err != nil {
		return err
	}
	return c.done(a.cfg.Devices.Deactivate(c.ctx(), c.now, c.who, id))
}

// receiptAnswer is a proof that a device gave.
type receiptAnswer struct {
	Digest    string            `json:"digest"`
	Kind      string            `json:"kind"`
	Epoch     int64             `json:"epoch"`
	Status    string            `json:"status"`
	Version   int64             `json:"version"`
	Applied   time.Time         `json:"applied,omitzero"`
	Received  time.Time         `json:"received"`
	Erased    []protocol.Erased `json:"erased"`
	Dropped   int64             `json:"dropped"`
	PublicKey protocol.Bytes    `json:"public_key"`
	JWS       string            `json:"jws"`
	State     string            `json:"state,omitempty"` // JWS that it answers, where that is kept
}

func receiptOf(r device.Receipt) receiptAnswer {
	erased := r.Erased
	if erased == nil {
		erased = []protocol.Erased{}
	}
	return receiptAnswer{
		string(r.Digest), r.Kind, int64(r.Epoch), string(r.Status), int64(r.Version),
		utc(r.Applied), r.Received.UTC(), erased, r.Dropped, r.PublicKey, r.JWS, r.State,
	}
}

func (a *API) receipts(c *call) error {
	id, err := c.knownDevice()
	if err != nil {
		return err
	}
	list, err := a.cfg.Devices.Receipts(c.ctx(), c.who.Account, id)
	out := make([]receiptAnswer, len(list))
	for i, r := range list {
		out[i] = receiptOf(r)
	}
	return c.ok(map[string]any{"receipts": out}, err)
}

// receipt answers with the proof as it was signed, for any JOSE library.
func (a *API) receipt(c *call) error {
	id, err := c.knownDevice()
	if err != nil {
		return err
	}
	list, err := a.cfg.Devices.Receipts(c.ctx(), c.who.Account, id)
	if err != nil {
		return err
	}
	for _, r := range list {
		if string(r.Digest) == c.r.PathValue("digest") {
			c.w.Header().Set("Content-Type", "application/jose")
			c.w.WriteHeader(http.StatusOK)
			_, _ = c.w.Write([]byte(r.JWS))
			return nil
		}
	}
	return errNoReceipt
}

// requestAnswer is a TV that asks to be signed in.
type requestAnswer struct {
	Code  string    `json:"code"`
	Name  string    `json:"name"`
	Model string    `json:"model,omitempty"`
	Kind  string    `json:"kind,omitempty"`
	IP    string    `json:"ip"`
	Place string    `json:"place,omitempty"`
	Asked time.Time `json:"asked"`
	Until time.Time `json:"until"`
	// Distance is between the TV and whoever asks, by their addresses.
	Distance Distance `json:"distance"`
}

func (c *call) userCode() (string, error) {
	var in struct {
		Code string `json:"code"`
	}
	if err := c.decode(&in); err != nil {
		return "", err
	}
	return in.Code, text("code", in.Code, 1, 64)
}

func (a *API) lookUpCode(c *call) error {
	code, err := c.userCode()
	if err != nil {
		return err
	}
	r, err := a.cfg.Devices.Pending(c.ctx(), c.now, c.who, code)
	away := DistanceOf(r.IP, c.client.IP, a.cfg.Origins.Country)
	return c.ok(requestAnswer{r.Code, r.Name, r.Model, r.Kind, r.IP, r.Place, r.Asked.UTC(), r.Until.UTC(), away}, err)
}

func (a *API) approveCode(c *call) error {
	var in struct {
		Code string `json:"code"`
		Ends string `json:"ends"`
		Seen bool   `json:"seen"`
	}
	if err := c.decode(&in); err != nil {
		return err
	}
	ends, err := endDate(in.Ends)
	if err := first(text("code", in.Code, 1, 64), err); err != nil {
		return err
	}
	if !in.Seen {
		if err := a.near(c, in.Code); err != nil {
			return err
		}
	}
	id, err := a.cfg.Devices.ApproveUntil(c.ctx(), c.now, c.who, in.Code, ends)
	return c.ok(map[string]any{"device": id}, err)
}

// near refuses a TV that is on another network than the caller: who approves it
// has to say that they see it, as on the pages.
func (a *API) near(c *call, code string) error {
	r, err := a.cfg.Devices.Pending(c.ctx(), c.now, c.who, code)
	if err == nil && DistanceOf(r.IP, c.client.IP, a.cfg.Origins.Country).Far() {
		err = errUnseen
	}
	return err
}

func (a *API) refuseCode(c *call) error {
	code, err := c.userCode()
	if err != nil {
		return err
	}
	return c.done(a.cfg.Devices.Refuse(c.ctx(), c.now, c.who, code))
}
