package main

import (
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

func TestO3_WebhooksByCommand(t *testing.T) {
	d := openDesk(t)
	there := httptest.NewServer(http.HandlerFunc(func(http.ResponseWriter, *http.Request) {}))
	defer there.Close()
	mine := d.file("secret", "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw\n")
	status, out, errs := d.ask("webhook", "add", there.URL+"/in", "--events", "signed_in,device_added", "--reason", "for the SIEM")
	words := strings.Fields(out)
	if status != 0 || len(words) != 2 || len(words[0]) != 36 || !strings.HasPrefix(words[1], "whsec_") {
		t.Fatalf("add = %d %q %q", status, out, errs)
	}
	saved := filepath.Join(t.TempDir(), "next")
	for _, c := range []struct {
		args   string
		status int
		want   string
	}{
		{"add " + there.URL, 1, "Say why"},
		{"add http://siem.example/ --reason x", 1, "begins with https://"},
		{"add https://siem.example/ --events nothing --reason x", 1, "no such kind of event"},
		{"add https://siem.example/ --secret whsec_x --reason x", wrongSettings, "unknown flag"},
		{"add https://siem.example/ --secret-file " + mine + "x --reason x", 1, "cannot be read"},
		{"list", 0, there.URL + "/in  device_added,signed_in  0"},
		{"rotate " + words[0] + " --save " + saved + " --keep 1h --reason yearly", 0, words[0]},
		{"rotate " + words[0] + " --save " + saved + " --reason yearly", 1, "is not overwritten"},
		{"rotate " + words[0] + " --keep 200h --reason yearly", 1, "0 to 168 h"},
		{"rotate " + words[0] + " --secret-file " + mine + " --reason yearly", 0, words[0]},
		{"list", 0, "two secrets until 20"},
		{"retry " + words[0] + " --reason mended", 0, "0 events are tried now."},
		{"retry x --reason mended", 1, "There is no webhook of this id."},
		{"failed", 0, "HAPPENED"},
		{"remove " + words[0] + " --reason moved", 0, "It is told nothing any more."},
		{"remove " + words[0] + " --reason moved", 1, "There is no webhook of this id."},
	} {
		status, out, errs := d.ask(append([]string{"webhook"}, strings.Fields(c.args)...)...)
		if status != c.status || !strings.Contains(out+errs, c.want) {
			t.Errorf("%s = %d %q %q, want %d %q", c.args, status, out, errs, c.status, c.want)
		}
		if strings.Contains(out, "MfKQ9r8G") {
			t.Errorf("%s shows a secret that was given", c.args)
		}
	}
	text, err := os.ReadFile(saved)
	if info, statErr := os.Stat(saved); err != nil || statErr != nil || info.Mode().Perm() != 0o600 || !strings.HasPrefix(string(text), "whsec_") {
		t.Errorf("the saved secret: %v, %v", err, statErr)
	}
	status, out, _ = d.ask("operator", "log")
	for _, act := range []string{"webhook-add", "webhook-rotate", "webhook-retry", "webhook-remove"} {
		if status != 0 || !strings.Contains(out, act) {
			t.Errorf("the log lacks %s", act)
		}
	}
	if strings.Contains(out, "whsec_") {
		t.Error("the log has a secret")
	}
}
