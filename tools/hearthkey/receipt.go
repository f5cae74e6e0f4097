package main

import (
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"strings"
	"time"

	"github.com/hearthkey/hearthkey/protocol"
	"github.com/hearthkey/hearthkey/protocol/sign"
)

// maxReceiptFile bounds what verify-receipt and verify-reports read, in bytes.
const maxReceiptFile = 64 << 10

type verifyReceiptCmd struct {
	File string `arg:"" help:"The receipt as downloaded from the account page, or - for standard input."`
}

// Run checks the receipt and says what it proves. It asks no server.
func (c verifyReceiptCmd) Run(t terminal) error {
	data, err := readSigned(c.File, t.in, "receipt file")
	if err != nil {
		return err
	}
	var f protocol.ProofFile
	if err := json.Unmarshal(data, &f); err != nil || f.JWS == "" || len(f.PublicKey) == 0 {
		return errors.New(`this is no receipt file: it must be JSON with the members "jws" and "public_key"`)
	}
	proof, err := check(f)
	if err != nil {
		return fmt.Errorf("NOT genuine: %w", err)
	}
	_, err = io.WriteString(t.out, proof)
	return err
}

// readSigned reads a file of a few kilobytes, or in for "-".
func readSigned(file string, in io.Reader, what string) ([]byte, error) {
	short := strings.TrimSuffix(what, " file")
	if file != "-" {
		f, err := os.Open(file)
		if err != nil {
			return nil, fmt.Errorf("read the %s: %w", short, err)
		}
		defer f.Close()
		in = f
	}
	data, err := io.ReadAll(io.LimitReader(in, maxReceiptFile+1))
	if err != nil {
		return nil, fmt.Errorf("read the %s: %w", short, err)
	}
	if len(data) > maxReceiptFile {
		return nil, fmt.Errorf("this is no %s: it has more than %d bytes", what, maxReceiptFile)
	}
	return data, nil
}

// check returns what a file proves, for a person to read.
func check(f protocol.ProofFile) (string, error) {
	key := []byte(f.PublicKey)
	r, err := sign.VerifyReceipt(f.JWS, key)
	if errors.Is(err, sign.ErrWrongType) {
		var h protocol.SignedOutHereClaims
		if h, err = sign.VerifySignedOutHere(f.JWS, key); err == nil {
			return describe(whoEnded(h.By), protocol.ReceiptClaims{
				Device: h.Device, Account: h.Account, Epoch: h.Epoch, Status: h.Status,
				Applied: h.Applied, Erased: h.Erased, Dropped: h.Dropped,
			}), nil
		}
	}
	if errors.Is(err, sign.ErrUnknownKey) {
		return "", errors.New("the public key in this file is not that of the device which the receipt names")
	}
	if err != nil {
		return "", err
	}
	text := describe("This device applied what the server wanted.", r)
	if f.State != "" {
		if protocol.DigestOf([]byte(f.State)) != r.Answers {
			return "", errors.New("the receipt answers another state than the one in this file")
		}
		text += "It answers exactly the signed state in this file.\n"
	}
	return text, nil
}

// whoEnded says what ended a session without an order of the server's.
func whoEnded(by protocol.By) string {
	switch by {
	case protocol.ByEndDate:
		return "This device ended its session by itself: its end date had come."
	case protocol.ByReset:
		return "The session of this device was ended by a reset, at the TV."
	}
	return "The session of this device was ended at the TV."
}

func describe(what string, r protocol.ReceiptClaims) string {
	var b strings.Builder
	line := func(name string, value any) { fmt.Fprintf(&b, "  %-10s %v\n", name, value) }
	fmt.Fprintf(&b, "Genuine. %s\n", what)
	line("device", r.Device)
	line("account", r.Account)
	line("sign-in", fmt.Sprintf("number %d of this device", r.Epoch))
	line("status", strings.ReplaceAll(string(r.Status), "_", " "))
	if r.Version > 0 {
		line("version", r.Version)
	}
	line("applied", r.Applied.Time().Format(time.RFC3339))
	for i, e := range r.Erased {
		line(map[bool]string{true: "erased"}[i == 0], e)
	}
	line("unsent", fmt.Sprintf("%d activity entries were dropped", r.Dropped))
	b.WriteString("It is the word of the program on the device, signed with the device's key; no hardware vouches for it.\n")
	return b.String()
}
