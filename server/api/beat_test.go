package api

import (
	"net/http"
	"net/http/httptest"
	"testing"
	"testing/synctest"
	"time"
)

// Answers leave on whole multiples of the beat after the request came, and what
// tells of overload at once.
// ASVS 6.3.8.
func TestV6_OnBeat(t *testing.T) {
	const ms = time.Millisecond
	for _, tt := range []struct {
		status     int
		took, want time.Duration
	}{
		{200, 0, 50 * ms}, {202, 1 * ms, 50 * ms}, {401, 49 * ms, 50 * ms}, {401, 50 * ms, 50 * ms}, {401, 51 * ms, 100 * ms},
		{0, 3 * ms, 50 * ms}, {http.StatusServiceUnavailable, 3 * ms, 3 * ms},
	} {
		synctest.Test(t, func(t *testing.T) {
			began := time.Now()
			h := OnBeat(Beat, http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
				time.Sleep(tt.took) // of the bubble
				if tt.status != 0 {
					w.WriteHeader(tt.status)
				}
			}))
			h.ServeHTTP(httptest.NewRecorder(), httptest.NewRequest("POST", "/", nil))
			if got := time.Since(began); got != tt.want {
				t.Errorf("status %d after %s left after %s, want %s", tt.status, tt.took, got, tt.want)
			}
		})
	}
}
