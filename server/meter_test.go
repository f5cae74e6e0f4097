package server

import (
	"bytes"
	"errors"
	"io"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
)

// A handler that panics is answered with a problem where that is still
// possible, and cut off where not. The operator's log says where.
// ASVS 16.3.4.
func TestPanics(t *testing.T) {
	for _, tt := range []struct {
		name   string
		do     http.HandlerFunc
		status int // 0: cut off
	}{
		{"before the answer", func(http.ResponseWriter, *http.Request) { panic("boom") }, 500},
		{"within the answer", func(w http.ResponseWriter, _ *http.Request) { _, _ = io.WriteString(w, "half"); panic("boom") }, 0},
		{"on purpose", func(http.ResponseWriter, *http.Request) { panic(http.ErrAbortHandler) }, 0},
	} {
		t.Run(tt.name, func(t *testing.T) {
			var log bytes.Buffer
			out := &observed{ResponseWriter: httptest.NewRecorder()}
			cut := false
			func() {
				defer func() {
					err, _ := recover().(error)
					cut = errors.Is(err, http.ErrAbortHandler)
				}()
				serve(tt.do, out, httptest.NewRequest("GET", "/", nil), slog.New(slog.NewTextHandler(&log, nil)))
			}()
			if cut != (tt.status == 0) || !cut && out.code() != tt.status {
				t.Errorf("cut off: %v, status %d; want %d", cut, out.code(), tt.status)
			}
			if !strings.Contains(log.String(), "panic") {
				t.Errorf("log: %s", &log)
			}
		})
	}
}
