package api

import (
	"context"
	"net/http"
	"time"
)

// Beat is when answers leave that depend on whether there is an account, whatever
// they did for it: on the first whole multiple of it after the request came. What
// differs in making them, a millisecond or two, is then not seen in their time
// (product rule V6); what takes longer than one beat waits for the next. Nothing is
// held meanwhile: no place at the gate of password hashes, no transaction.
const Beat = 50 * time.Millisecond

// onBeat are the operations that are answered so.
var onBeat = map[string]bool{
	"POST /v1/sign-up":                true,
	"POST /v1/sign-up/resend":         true,
	"POST /v1/sign-up/verify":         true,
	"POST /v1/sign-in":                true,
	"POST /v1/recovery":               true,
	"POST /v1/recovery/resend":        true,
	"POST /v1/recovery/prove":         true,
	"POST /v1/recovery/finish":        true,
	"POST /v1/email":                  true,
	"POST /v1/phone":                  true,
	"POST /v1/changes/{kind}/resend":  true,
	"POST /v1/changes/{kind}/confirm": true,
}

// OnBeat answers as next does, on the beat. A request that is given up waits no
// longer, and what says that the server is overloaded (503) not at all: that
// depends on nobody, and is to cost as little as it can.
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
	if status == http.StatusServiceUnavailable {
		w.left = true
	}
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
	waitForBeat(w.ctx, w.came, w.beat)
}

// waitForBeat returns on the beat of what came then, or with the context.
func waitForBeat(ctx context.Context, came time.Time, beat time.Duration) {
	until := time.NewTimer(untilBeat(time.Since(came), beat))
	defer until.Stop()
	select {
	case <-until.C:
	case <-ctx.Done():
	}
}

// untilBeat is how long an answer that took so long waits.
func untilBeat(took, beat time.Duration) time.Duration {
	if took <= 0 {
		return beat
	}
	return (took+beat-1)/beat*beat - took
}
