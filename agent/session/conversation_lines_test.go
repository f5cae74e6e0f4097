package session

import (
	"crypto/ed25519"
	"encoding/json"
	"fmt"
	"time"

	"github.com/hearthkey/hearthkey/protocol"
	"github.com/hearthkey/hearthkey/protocol/sign"
)

// effect says in a line what the machine wants, and keeps what later events need.
func (v *talker) effect(e Effect) string {
	switch e := e.(type) {
	case SaveVault:
		v.vault, _ = json.Marshal(e.Saved)
		return "save " + savedLine(e.Saved, v.now)
	case Dial:
		v.conn = e.Conn
		return fmt.Sprintf("dial %d", e.Conn)
	case Hangup:
		return fmt.Sprintf("hang up %d", e.Conn)
	case Send:
		return fmt.Sprintf("send %d %s", e.Conn, v.sent(e.Frame))
	case ApplyCache:
		v.applied = append(v.applied, CacheApplied{e.Epoch, e.Version})
		return fmt.Sprintf("apply cache version=%d snapshot=%t catalog=%t", e.Version, e.Snapshot != nil, e.Catalog != nil)
	case StorePins:
		v.pins = append(v.pins, PinsStored{e.Claims.Epoch, e.Claims.Version})
		return fmt.Sprintf("store pins version=%d", e.Claims.Version)
	case Erase:
		v.held = Held{}
		return fmt.Sprintf("erase identity=%t", e.Identity)
	case KeepCounts:
		return fmt.Sprintf("keep counts number=%d%s", e.Counts.Number, triesLine(e.Counts.Counts))
	case KeepLibrary:
		line := fmt.Sprintf("keep library number=%d", e.Number)
		for _, p := range e.Profiles {
			line += fmt.Sprintf(" %s:%v", p.Profile, p.List)
		}
		return line
	case WantActivity:
		return "want activity"
	case ActivityAcked:
		return fmt.Sprintf("activity acked through=%d", e.Through)
	case Log:
		return fmt.Sprintf("log %s: %v", e.Message, e.Err)
	}
	return fmt.Sprintf("%T", e)
}

func savedLine(s Saved, now Now) string {
	line := fmt.Sprintf("status=%s epoch=%d version=%d conn=%d", s.Status, s.Epoch, s.Version, s.Conn)
	if s.Lease.Length > 0 {
		line += fmt.Sprintf(" left=%s", s.Lease.Left(now).Round(time.Second))
	}
	if len(s.Proofs) > 0 {
		line += fmt.Sprintf(" proofs=%d", len(s.Proofs))
	}
	return line
}

// sent describes a frame and checks its signatures.
func (v *talker) sent(f protocol.Frame) string {
	if _, err := protocol.Encode(f); err != nil {
		v.t.Errorf("frame out of bounds: %v", err)
	}
	key := ed25519.PublicKey(public(keyFrom("tv")))
	device := protocol.DeviceIDOf(key)
	switch f := f.(type) {
	case protocol.Auth:
		v.ask = f.Ask
		ok := ed25519.Verify(key, sign.AuthBytes(make([]byte, 32), v.server.name, f), f.Sig)
		return fmt.Sprintf("auth conn=%d %s signed=%t", f.Conn, haveLine(f.Have), ok)
	case protocol.Enrol:
		v.ask = f.Ask
		had := ""
		if f.Epoch > 0 {
			had = fmt.Sprintf(" epoch=%d", f.Epoch)
		}
		return fmt.Sprintf("enrol conn=%d%s name=%q", f.Conn, had, f.Name)
	case protocol.Ask:
		v.ask = f.Nonce
		return "ask"
	case protocol.Have:
		return "have " + haveLine(f)
	case protocol.Receipt:
		var c protocol.ReceiptClaims
		_, err := sign.Verify(f.JWS, protocol.TypReceipt, sign.OneKey(string(device), key), &c)
		v.proof = protocol.DigestOf([]byte(f.JWS))
		return fmt.Sprintf("receipt status=%s epoch=%d version=%d erased=%v dropped=%d err=%v", c.Status, c.Epoch, c.Version, c.Erased, c.Dropped, err)
	case protocol.SignedOutHere:
		var c protocol.SignedOutHereClaims
		_, err := sign.Verify(f.JWS, protocol.TypSignedOutHere, sign.OneKey(string(device), key), &c)
		v.proof = protocol.DigestOf([]byte(f.JWS))
		by := ""
		if c.By != "" {
			by = " by=" + string(c.By)
		}
		return fmt.Sprintf("signed_out_here status=%s epoch=%d%s erased=%v dropped=%d err=%v", c.Status, c.Epoch, by, c.Erased, c.Dropped, err)
	case protocol.Activity:
		return fmt.Sprintf("activity epoch=%d items=%d", f.Epoch, len(f.Items))
	case protocol.PINTries:
		return fmt.Sprintf("pin_tries epoch=%d%s", f.Epoch, triesLine(f.Tries))
	case protocol.AddProfile:
		return fmt.Sprintf("add_profile n=%d name=%q level=%d pin=%t password=%t", f.N, f.Name, f.Level, f.PIN != "", f.Password != "")
	case protocol.EditProfile:
		return fmt.Sprintf("edit_profile n=%d profile=%s name=%q", f.N, f.Profile, f.Name)
	}
	return fmt.Sprintf("%s %+v", f.Type(), f)
}

func signInLine(s SignInStatus) string {
	line := fmt.Sprintf(" answers=%d", s.Answers)
	if s.Checking {
		line += " checking"
	}
	if s.Refusal != "" {
		line += " refusal=" + string(s.Refusal)
	}
	if s.Wait > 0 {
		line += " wait=" + s.Wait.Round(time.Second).String()
	}
	if c := s.Challenge; c != nil {
		line += fmt.Sprintf(" channels=%d sent=%s retry=%s tries=%d left=%s", len(c.Channels), c.Sent,
			c.RetryIn.Round(time.Second), c.TriesLeft, c.Left.Round(time.Second))
	}
	return line
}

func requestLine(s RequestStatus) string {
	line := fmt.Sprintf(" asked=%d", s.Answers)
	if s.Asking {
		line += " asking"
	}
	if s.Refusal != "" {
		line += " refused=" + string(s.Refusal)
	}
	if s.Offline {
		line += " not_asked"
	}
	if s.Wait > 0 {
		line += " wait=" + s.Wait.Round(time.Second).String()
	}
	return line
}

func haveLine(h protocol.Have) string {
	line := fmt.Sprintf("epoch=%d version=%d status=%s snapshot=%t catalog=%t pins=%d keys=%d state=%t",
		h.Epoch, h.Version, h.Status, h.Snapshot != "", h.Catalog != "", h.Pins, h.Keys, h.State != "")
	if h.Tries != 0 || h.Library != 0 {
		line += fmt.Sprintf(" tries=%d library=%d", h.Tries, h.Library)
	}
	return line
}

func (v *talker) showPhase() {
	names := map[Phase]string{
		PhaseSignedOut: "signed out", PhaseEnrolling: "enrolling", PhaseStarting: "starting", PhaseActive: "active",
		PhaseLeaseEnded: "lease ended", PhaseStolen: "stolen", PhaseDeactivated: "deactivated", PhaseStopped: "stopped",
	}
	s := v.model.Status(v.now)
	line := names[s.Phase]
	if s.Code != nil {
		line += " code=" + s.Code.Text
	}
	if s.Problem != 0 {
		line += fmt.Sprintf(" problem=%d", s.Problem)
	}
	if s.Online {
		line += " online"
	}
	if s.Over {
		line += " over"
	}
	if s.Cause != nil {
		line += " by=" + string(s.Cause.By)
	}
	if s.SignIn.Checking || s.SignIn.Answers > 0 {
		line += signInLine(s.SignIn)
	}
	if s.Request.Asking || s.Request.Answers > 0 {
		line += requestLine(s.Request)
	}
	if line != v.phase {
		v.lines, v.phase = append(v.lines, "phase "+line), line
	}
}

func (v *talker) showStatus() {
	s := v.model.Status(v.now)
	line := fmt.Sprintf("online=%t connecting=%t offline=%s left=%s current=%t",
		s.Online, s.Connecting, s.Offline.Round(time.Second), s.Left.Round(time.Second), s.Current)
	if s.Ends > 0 {
		line += " ends in " + s.EndsIn.Round(time.Second).String()
	}
	v.lines = append(v.lines, line)
}
