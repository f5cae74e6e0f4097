package main

import (
	"bytes"
	"encoding/base64"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"strings"
	"time"

	"github.com/hearthkey/hearthkey/protocol"
	"github.com/hearthkey/hearthkey/protocol/sign"
)

type verifyReportsCmd struct {
	File string `arg:"" help:"The reports as downloaded from the account page, or - for standard input."`
	Root string `placeholder:"KEY" help:"The server's root key, as the account page shows it: what anybody else signed is refused."`
}

// Run checks the reports of a stolen device and says what they tell. It asks no
// server.
func (c verifyReportsCmd) Run(t terminal) error {
	data, err := readSigned(c.File, t.in, "reports file")
	if err != nil {
		return err
	}
	var f protocol.ReportsFile
	if err := json.Unmarshal(data, &f); err != nil || f.JWS == "" || f.Keys == "" || len(f.Root) == 0 {
		return errors.New(`this is no reports file: it must be JSON with the members "jws", "keys" and "root"`)
	}
	claims, err := sign.VerifyReports(f)
	if err != nil {
		return fmt.Errorf("NOT genuine: %w", err)
	}
	root, err := base64.RawURLEncoding.DecodeString(c.Root)
	if err != nil {
		return errors.New("--root is not a key: copy all 43 characters from the account page")
	}
	if c.Root != "" && !bytes.Equal(root, f.Root) {
		return errors.New("signed under another root key than --root: it is genuine only if that was the server's root key when it was issued. " +
			"If the root key was changed since, give --root the key of then, which the account page showed; otherwise do not rely on this file")
	}
	_, err = io.WriteString(t.out, tellReports(claims, f.Root, c.Root != ""))
	return err
}

func tellReports(c protocol.ReportsClaims, root []byte, compared bool) string {
	var b strings.Builder
	line := func(name string, value any) { fmt.Fprintf(&b, "  %-10s %v\n", name, value) }
	b.WriteString("Genuine. The server saw this stolen device:\n")
	line("server", c.Server)
	line("device", c.Device)
	line("name", fmt.Sprintf("%q", c.Name))
	line("account", c.Account)
	line("stolen", "reported "+moment(c.Stolen))
	if c.Confirmed > 0 {
		line("locked", "confirmed by the device "+moment(c.Confirmed))
	}
	line("issued", moment(c.Issued))
	for _, r := range c.Reports {
		line("report", tellReport(r))
	}
	line("root key", base64.RawURLEncoding.EncodeToString(root))
	if !compared {
		b.WriteString("Compare the root key with the one that the server's account page shows, or give it with --root.\n")
	}
	b.WriteString("It is the server's word. Addresses are where connections came from; places are guessed from them.\n")
	return b.String()
}

func tellReport(r protocol.Report) string {
	text := moment(r.From)
	if r.Until > r.From {
		text += " to " + moment(r.Until)
	}
	what := map[protocol.ReportKind]string{
		protocol.ReportLastContact: "last heard before the report", protocol.ReportConnection: "connected",
		protocol.ReportSignInRefused: "a sign-in was refused",
	}[r.How]
	if what == "" {
		what = fmt.Sprintf("%q", r.How)
	}
	text += " " + what
	if r.Times > 1 {
		text += fmt.Sprintf(" %d times", r.Times)
	}
	if r.IP != "" {
		text += fmt.Sprintf(" from %q", r.IP)
	}
	if r.Place != "" {
		text += fmt.Sprintf(" (%q, approximate)", r.Place)
	}
	return text
}

func moment(m protocol.Millis) string { return m.Time().UTC().Format(time.RFC3339) }
