package protocol

import (
	"fmt"
	"strings"
	"unicode"
	"unicode/utf8"
)

// Bounds of single members.
const (
	MaxName   = 64      // characters of a device's name, model or kind
	MaxServer = 255     // bytes of the server's name
	MaxJWS    = 8 << 10 // bytes of a compact JWS other than pins
	MaxURI    = 512     // bytes
	MaxEpoch  = 1 << 33 // highest epoch that a device may say it had: above all that a server gives by itself
	nonceSize = 32
	sigSize   = 64
	keySize   = 32
)

// want collects the first broken bound.
type want struct{ err error }

func (w *want) that(ok bool, format string, args ...any) {
	if !ok && w.err == nil {
		w.err = fmt.Errorf(format, args...)
	}
}

func (w *want) size(name string, b Bytes, n int) {
	w.that(len(b) == n, "%s has %d bytes, want %d", name, len(b), n)
}

func (w *want) jws(s string) {
	w.that(len(s) > 0 && len(s) <= MaxJWS, "jws has %d bytes, want 1 to %d", len(s), MaxJWS)
}

func (w *want) text(name, s string, low int) {
	n := utf8.RuneCountInString(s)
	w.that(n >= low && n <= MaxName, "%s has %d characters, want %d to %d", name, n, low, MaxName)
	w.that(utf8.ValidString(s) && strings.IndexFunc(s, unicode.IsControl) < 0, "%s has characters that are not text", name)
}

func (w *want) digest(name string, d Digest) {
	w.that(d == "" || len(d) == 43, "%s is not a digest", name)
}

func (f Hello) check() error {
	var w want
	w.size("nonce", f.Nonce, nonceSize)
	w.that(f.Cap > 0, "cap is not positive")
	w.that(f.Server != "" && len(f.Server) <= MaxServer, "server name has %d bytes", len(f.Server))
	return w.err
}

func (f UserCode) check() error {
	var w want
	w.that(len(f.Code) == UserCodeLength && strings.Trim(f.Code, UserCodeAlphabet) == "", "code is not %d letters of the alphabet", UserCodeLength)
	w.that(f.URI != "" && len(f.URI) <= MaxURI && len(f.FullURI) <= MaxURI, "uri is missing or too long")
	w.that(f.ExpiresIn > 0 && f.ExpiresIn <= 3600, "expires_in is %d", f.ExpiresIn)
	return w.err
}

func (f Enrolled) check() error {
	var w want
	w.that(f.Device.Valid(), "bad device id")
	w.that(f.Account != "" && len(f.Account) <= 64, "bad account id")
	w.that(f.Epoch > 0, "epoch is not positive")
	w.size("root", f.Root, keySize)
	w.jws(f.Keys)
	return w.err
}

func (f State) check() error {
	var w want
	w.jws(f.JWS)
	return w.err
}

func (f Still) check() error {
	var w want
	w.jws(f.JWS)
	return w.err
}

func (f Keys) check() error {
	var w want
	w.jws(f.JWS)
	return w.err
}

func (f Receipt) check() error {
	var w want
	w.jws(f.JWS)
	return w.err
}

func (f SignedOutHere) check() error {
	var w want
	w.jws(f.JWS)
	return w.err
}

func (f Pins) check() error {
	var w want
	w.that(len(f.JWS) > 0 && len(f.JWS) <= MaxFrame/2, "jws has %d bytes", len(f.JWS))
	return w.err
}

func (f Part) check() error {
	var w want
	w.that(len(f.Digest) == 43, "digest is missing")
	w.that(f.Total > 0 && f.Total <= MaxCatalog, "total is %d", f.Total)
	w.that(len(f.Data) > 0 && len(f.Data) <= MaxPart, "data has %d bytes", len(f.Data))
	w.that(f.Offset >= 0 && f.Offset <= f.Total-len(f.Data), "offset %d is outside", f.Offset)
	return w.err
}

func (f ReceiptAck) check() error {
	var w want
	w.that(len(f.Digest) == 43, "digest is missing")
	return w.err
}

func (f ActivityAck) check() error {
	var w want
	w.that(f.Through >= 0, "through is negative")
	return w.err
}

func (f Error) check() error {
	var w want
	w.that(f.Code > 0, "code is not positive")
	w.that(f.RetryAfter >= 0 && f.RetryAfter <= 24*3600*1000, "retry_after_ms is %d", f.RetryAfter)
	w.that(len(f.Ref) <= 64, "ref is too long")
	return w.err
}

func (f Enrol) check() error {
	var w want
	w.size("public_key", f.PublicKey, keySize)
	w.text("name", f.Name, 1)
	w.text("model", f.Model, 0)
	w.text("kind", f.Kind, 0)
	w.that(f.Cap > 0, "cap is not positive")
	w.that(f.Epoch >= 0 && f.Epoch <= MaxEpoch, "epoch is %d", f.Epoch)
	w.that(f.Conn > 0, "conn is not positive")
	w.size("n", f.Ask, nonceSize)
	w.size("sig", f.Sig, sigSize)
	return w.err
}

func (f Auth) check() error {
	var w want
	w.that(f.Device.Valid(), "bad device id")
	w.that(f.Cap > 0, "cap is not positive")
	w.that(f.Conn > 0, "conn is not positive")
	w.that(f.Have.check() == nil, "have: %v", f.Have.check())
	w.size("n", f.Ask, nonceSize)
	w.size("sig", f.Sig, sigSize)
	return w.err
}

func (f Have) check() error {
	var w want
	w.that(f.Epoch > 0, "epoch is not positive")
	w.that(f.Version >= 0 && f.Pins >= 0 && f.Keys >= 0 && f.Tries >= 0 && f.Library >= 0 && f.Wishes >= 0, "negative version")
	w.that(f.Ends >= 0, "negative end date")
	w.that(f.Status.Valid(), "unknown status")
	w.digest("snapshot", f.Snapshot)
	w.digest("catalog", f.Catalog)
	w.that(len(f.State) <= MaxJWS, "state has %d bytes", len(f.State))
	return w.err
}

func (f Ask) check() error {
	var w want
	w.size("n", f.Nonce, nonceSize)
	return w.err
}

func (f Activity) check() error {
	var w want
	w.that(f.Epoch > 0, "epoch is not positive")
	w.that(len(f.Items) > 0 && len(f.Items) <= MaxActivity, "%d items, want 1 to %d", len(f.Items), MaxActivity)
	for i, it := range f.Items {
		w.that(it.Seq > 0 && (i == 0 || it.Seq > f.Items[i-1].Seq), "item %d is out of sequence", i)
		w.that(it.Profile != "" && len(it.Profile) <= 64, "item %d: bad profile", i)
		w.that(it.Title.Valid(), "item %d: bad title", i)
		w.that(it.What.Valid(), "item %d: unknown kind", i)
		w.that(it.Position >= 0 && it.Position <= maxPosition, "item %d: bad position", i)
		w.that(it.Length >= 0 && it.Length <= maxPosition, "item %d: bad length", i)
	}
	return w.err
}

func (f ProfileSelected) check() error {
	var w want
	w.that(len(f.Profile) <= 64, "bad profile")
	return w.err
}
