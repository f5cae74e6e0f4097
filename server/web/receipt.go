package web

import (
	"encoding/base64"
	"net/http"
	"net/url"
	"slices"
	"time"

	"github.com/hearthkey/hearthkey/protocol"
	"github.com/hearthkey/hearthkey/protocol/sign"
	"github.com/hearthkey/hearthkey/server/device"
)

// ReceiptPage shows a proof that a device gave of a sign-out, with what is needed to
// check it.
type ReceiptPage struct {
	Frame
	Device   DeviceCard
	Genuine  bool        // the signature is that of the device's key
	Here     bool        // signed out at the TV: the server did not order it
	By       protocol.By // who did, where Here; empty: the person at the TV
	Began    time.Time   // its sign-in; zero: not known any more
	Applied  time.Time   // by the device's idea of the server's time
	Received time.Time
	Erased   []string
	Dropped  int // activity items that were never sent
	JWS      string
	Key      string // the device's public key, unpadded base64url
	Command  string
	File     string          // address of the download
	Others   []ReceiptChoice // the device's other proofs, the newest first
}

// ReceiptChoice leads to another proof.
type ReceiptChoice struct {
	Address  string
	What     string // "Signed out"
	Received time.Time
}

// receipts returns the device's proofs of sign-outs, the newest first, with the one
// that the address asks for in front; errNotFound where that is not among them. That
// a TV took over a new state is no matter of these pages.
func (s *Site) receipts(v *visit) ([]device.Receipt, error) {
	list, err := s.c.Devices.Receipts(v.ctx(), v.session.Account, pathDevice(v))
	if err != nil {
		return nil, err
	}
	list = slices.DeleteFunc(list, func(r device.Receipt) bool { return r.Status == protocol.Active })
	asked := protocol.Digest(v.r.URL.Query().Get("of"))
	i := slices.IndexFunc(list, func(r device.Receipt) bool { return asked == "" || r.Digest == asked })
	if i < 0 {
		return nil, errNotFound
	}
	one := list[i]
	return slices.Insert(slices.Delete(list, i, i+1), 0, one), nil
}

func (s *Site) receipt(v *visit) error {
	d, err := s.card(v)
	if err != nil {
		return err
	}
	list, err := s.receipts(v)
	if err != nil {
		return err
	}
	r := list[0]
	d.Status = r.Status
	page := ReceiptPage{
		Frame: v.frame("Receipt of "+d.Name, "devices"), Device: d, Genuine: genuine(r, d.ID),
		Here: r.Kind == protocol.TypSignedOutHere, By: r.By,
		Applied: r.Applied, Received: r.Received, Erased: erased(r.Erased), Dropped: int(r.Dropped),
		JWS: r.JWS, Key: base64.RawURLEncoding.EncodeToString(r.PublicKey),
		Command: "hearthkey verify-receipt " + receiptName(d.ID), File: receiptAddress(d.ID, "receipt.json", r.Digest),
	}
	if r.Epoch == d.Epoch {
		page.Began = d.Since
	}
	for _, o := range list[1:] {
		page.Others = append(page.Others, ReceiptChoice{
			receiptAddress(d.ID, "receipt", o.Digest), DeviceCard{Status: o.Status}.Gone(), o.Received,
		})
	}
	return v.show(http.StatusOK, page)
}

func receiptAddress(id protocol.DeviceID, page string, of protocol.Digest) string {
	return "/account/devices/" + string(id) + "/" + page + "?of=" + url.QueryEscape(string(of))
}

// genuine checks the proof once more, as anybody with the file can.
func genuine(r device.Receipt, id protocol.DeviceID) bool {
	if protocol.DeviceIDOf(r.PublicKey) != id {
		return false
	}
	var err error
	if r.Kind == protocol.TypSignedOutHere {
		_, err = sign.VerifySignedOutHere(r.JWS, r.PublicKey)
	} else {
		_, err = sign.VerifyReceipt(r.JWS, r.PublicKey)
	}
	return err == nil
}

func receiptName(id protocol.DeviceID) string { return "receipt-" + string(id) + ".json" }

// receiptFile is the proof with all that is needed to check it.
func (s *Site) receiptFile(v *visit) error {
	list, err := s.receipts(v)
	if err != nil {
		return err
	}
	r := list[0]
	return v.download(receiptName(pathDevice(v)), protocol.ProofFile{JWS: r.JWS, PublicKey: r.PublicKey, State: r.State})
}
