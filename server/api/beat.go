package api

import (
	"context"
	"net/http"
	"time"
)

// Beat is when answers leave that depend on whether there is an account and cost
// no password hash: on the first whole multiple of it after the request came.
// What they take to make, a millisecond or two, is then not seen in their time
// (product rule V6); under a load that takes longer than one beat they wait for
// the next.
const Beat = 50 * time.Millisecond

// onBeat are the operations that are answered so.
var onBeat = map[string]bool{
	"POST /v1/sign-up/resend":         true,
	"POST /v1/sign-up/verify":         true,
	"POST /v1/recovery":               true,
	"POST /v1/recovery/resend":        true,
	"POST /v1/recovery/prove":         true,
	"POST /v1/email":                  true,
	"POST /v1/changes/{kind}/resend":  true,
	"POST /v1/changes/{kind}/confirm": true,
}

// OnBeat answers as next does, on the beat. A request that is given up waits no
// longer.
func OnBeat(beat time.Duration, next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		held := &heldWriter{ResponseWriter: w, ctx: r.Context(), came: time.Now(), beat: beat}
		next.ServeHTTP(held, r)
		held.wait() // an answer without a body leaves when this returns
	})
}

// heldWriter holds the first byte of an answer back until the beat.
type heldWriter struct {
	http.ResponseWriter
	ctx  context.Context
	came time.Time
	beat time.Duration
	left bool
}

// Unwrap is for [http.ResponseController].
func (w *heldWriter) Unwrap() http.ResponseWriter { return w.ResponseWriter }

func (w *heldWriter) WriteHeader(status int) {
	w.wait()
	w.ResponseWriter.WriteHeader(status)
}

func (w *heldWriter) Write(p []byte) (int, error) {
	w.wait()
	return w.ResponseWriter.Write(p)
}

func (w *heldWriter) wait() {
	if w.left {
		return
	}
	w.left = true
	until := time.NewTimer(untilBeat(time.Since(w.came), w.beat))
	defer until.Stop()
	select {
	case <-until.C:
	case <-w.ctx.Done():
	}
}

// untilBeat is how long an answer that took so long waits.
func untilBeat(took, beat time.Duration) time.Duration {
	if took <= 0 {
		return beat
	}
	return (took+beat-1)/beat*beat - took
}
