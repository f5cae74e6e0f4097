package server_test

import (
	"crypto/hmac"
	"crypto/sha256"
	"encoding/base64"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"testing"
)

// O3: what happens to an account reaches the operator's address, signed with the
// secret that the command gave.
func TestO3_WebhookHearsOfASignOut(t *testing.T) {
	s := openStaffed(t)
	var (
		mu   sync.Mutex
		seen = map[string]int{}
		key  []byte
	)
	there := httptest.NewServer(http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) {
		body, _ := io.ReadAll(r.Body)
		mu.Lock()
		defer mu.Unlock()
		mac := hmac.New(sha256.New, key)
		mac.Write([]byte(r.Header.Get("webhook-id") + "." + r.Header.Get("webhook-timestamp") + "." + string(body)))
		if r.Header.Get("webhook-signature") != "v1,"+base64.StdEncoding.EncodeToString(mac.Sum(nil)) {
			t.Errorf("signature of %s", body)
		}
		_, rest, _ := strings.Cut(string(body), `"type":"security.`)
		kind, _, _ := strings.Cut(rest, `"`)
		seen[kind]++
	}))
	defer there.Close()
	made, err := s.as(s.olga).AddWebhook(t.Context(), there.URL+"/in", []string{"signed_out_everywhere", "security.account_locked"}, false, "", "for the SIEM")
	if err != nil {
		t.Fatal(err)
	}
	mu.Lock()
	if key, err = base64.StdEncoding.DecodeString(strings.TrimPrefix(made.Secret, "whsec_")); err != nil || len(key) != 32 {
		t.Errorf("secret of %d bytes, %v", len(key), err)
	}
	mu.Unlock()
	s.crowd(1)
	if err := s.as(s.bob).Lock(t.Context(), "crowd0@example.org", "taken over"); err != nil {
		t.Fatal(err)
	}
	eventually(t, "both events", func() bool {
		mu.Lock()
		defer mu.Unlock()
		return seen["account_locked"] == 1 && seen["signed_out_everywhere"] == 1
	})
	eventually(t, "the list", func() bool {
		list, err := s.as(s.olga).Webhooks(t.Context())
		return err == nil && len(list) == 1 && list[0].Delivered == 2 && list[0].Waiting == 0
	})
	mu.Lock()
	defer mu.Unlock()
	if len(seen) != 2 {
		t.Errorf("it heard of %v", seen)
	}
}
