package notify

import (
	"bytes"
	"mime"
	netmail "net/mail"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/wneessen/go-mail"
)

// checkHeaders parses a mail as its recipient would.
func checkHeaders(t *testing.T, message *mail.Msg, to, subject string) {
	t.Helper()
	var raw bytes.Buffer
	if _, err := message.WriteTo(&raw); err != nil {
		t.Fatal(err)
	}
	parsed, err := netmail.ReadMessage(bytes.NewReader(raw.Bytes()))
	if err != nil {
		t.Fatalf("%v in\n%s", err, raw.String())
	}
	var names []string
	for name, values := range parsed.Header {
		names = append(names, name)
		if len(values) != 1 {
			t.Errorf("%d headers %s", len(values), name)
		}
	}
	slices.Sort(names)
	want := []string{"Auto-Submitted", "Content-Type", "Date", "From", "Message-Id", "Mime-Version", "Subject", "To", "X-Auto-Response-Suppress"}
	if diff := cmp.Diff(want, names); diff != "" {
		t.Errorf("headers (-want +got):\n%s\n%s", diff, raw.String())
	}
	gotTo, err := parsed.Header.AddressList("To")
	if err != nil || len(gotTo) != 1 || gotTo[0].Address != to {
		t.Errorf("To = %v, %v, want %q", gotTo, err, to)
	}
	if got, err := new(mime.WordDecoder).DecodeHeader(parsed.Header.Get("Subject")); err != nil || squeeze(got) != squeeze(subject) {
		t.Errorf("Subject = %q, %v, want %q", got, err, subject)
	}
}

// squeeze leaves out spaces, which folding may add or take.
func squeeze(s string) string { return strings.Join(strings.Fields(s), "") }
