package remote

import (
	"testing"
	"time"

	"github.com/hearthkey/hearthkey/protocol/tvremote"
)

// TestWindow plays a pairing window through, event by event.
func TestWindow(t *testing.T) {
	w := startWindow(0, 0)
	if _, code := w.take(0); code != tvremote.CodeNotPairing {
		t.Fatalf("closed: %q", code)
	}
	w.begin(0, PairingTime, tvremote.Guest, false)
	s := w.status(0)
	if !s.Open || len(s.Code) != 6 || len(s.Secret) != 16 || s.Left != PairingTime || s.TriesLeft != 3 || s.Role != tvremote.Guest {
		t.Fatalf("open: %+v", s)
	}
	one, code := w.take(time.Second)
	if code != "" || one.code != s.Code || one.role != tvremote.Guest {
		t.Fatalf("first try: %+v, %q", one, code)
	}
	// It is spent as soon as it was answered, not when it fails.
	if got := w.status(time.Second).TriesLeft; got != 2 {
		t.Errorf("%d tries left after an answer, want 2", got)
	}
	if got := w.wrong(time.Second, one); got != tvremote.CodeWrongCode {
		t.Errorf("first wrong code: %q", got)
	}
	two, _ := w.take(2 * time.Second)
	three, _ := w.take(2 * time.Second)
	if _, code := w.take(2 * time.Second); code != tvremote.CodeBusy {
		t.Errorf("a fourth try while others are under way: %q, want busy", code)
	}
	if got := w.wrong(3*time.Second, two); got != tvremote.CodeWrongCode {
		t.Errorf("second wrong code: %q", got)
	}
	if got := w.wrong(4*time.Second, three); got != tvremote.CodeClosed {
		t.Errorf("third wrong code: %q", got)
	}
	s = w.status(4 * time.Second)
	if s.Open || s.Code != "" || s.Secret != nil || s.Problem != TooOften || s.Wait != firstWait || s.Failed != 1 {
		t.Errorf("after three: %+v", s)
	}
	if _, code := w.take(5 * time.Second); code != tvremote.CodeWait {
		t.Errorf("during the wait: %q", code)
	}
	w.begin(5*time.Second, PairingTime, tvremote.Household, false)
	if s := w.status(5 * time.Second); s.Open || s.Problem != TooOften {
		t.Errorf("opened during the wait: %+v", s)
	}
	w.begin(4*time.Second+firstWait, PairingTime, tvremote.Household, false)
	if s := w.status(4*time.Second + firstWait); !s.Open {
		t.Errorf("not opened after the wait: %+v", s)
	}
}

// TestWindowSuccess: one remote for each code, and none by a code that is not on the
// screen any more.
func TestWindowSuccess(t *testing.T) {
	w := startWindow(0, 0)
	w.begin(0, PairingTime, tvremote.Household, false)
	a, _ := w.take(0)
	b, _ := w.take(0)
	if !w.right(time.Second, a, "phone") {
		t.Fatal("the right code does not count")
	}
	if w.right(time.Second, b, "other") {
		t.Error("two remotes by one code")
	}
	if s := w.status(time.Second); s.Open || s.Paired != "phone" || s.Failed != 0 {
		t.Errorf("after pairing: %+v", s)
	}
	w.begin(2*time.Second, PairingTime, tvremote.Household, false)
	c, _ := w.take(2 * time.Second)
	w.begin(3*time.Second, PairingTime, tvremote.Household, false)
	if w.right(4*time.Second, c, "late") {
		t.Error("a code counts in the window after its own")
	}
	if got := w.wrong(4*time.Second, c); got != tvremote.CodeClosed || w.status(4*time.Second).TriesLeft != 3 {
		t.Errorf("a try of another window costs one of this: %q, %+v", got, w.status(4*time.Second))
	}
	d, _ := w.take(4 * time.Second)
	w.close(Fine)
	if w.right(4*time.Second, d, "closed") {
		t.Error("a code counts after the person closed the window")
	}
}

// TestWindowExpires: at its time the window is over for tries under way too.
func TestWindowExpires(t *testing.T) {
	w := startWindow(0, 0)
	w.begin(0, time.Hour, tvremote.Household, false)
	a, _ := w.take(PairingTime - 1)
	if w.right(PairingTime, a, "late") {
		t.Error("a code counts after the window's time")
	}
	if s := w.status(PairingTime); s.Open || s.Problem != Expired {
		t.Errorf("after its time: %+v", s)
	}
	w.begin(PairingTime, time.Minute, tvremote.Household, true)
	if s := w.status(PairingTime); s.Open || s.Problem != Full {
		t.Errorf("with all places taken: %+v", s)
	}
	if _, code := w.take(PairingTime); code != tvremote.CodeFull {
		t.Errorf("with all places taken: %q", code)
	}
}

// TestBackOff: the wait doubles, ends, survives a restart, and ends with success.
func TestBackOff(t *testing.T) {
	for failed, want := range []time.Duration{1: 30 * time.Second, 2: time.Minute, 3: 2 * time.Minute, 5: 8 * time.Minute, 6: 15 * time.Minute, 500: 15 * time.Minute} {
		if failed == 0 || want == 0 {
			continue
		}
		if got := waitAfter(failed); got != want {
			t.Errorf("waitAfter(%d) = %v, want %v", failed, got, want)
		}
	}
	w := startWindow(time.Hour, 4)
	if s := w.status(time.Hour); s.Wait != 4*time.Minute || s.Failed != 4 {
		t.Errorf("after a restart: %+v", s)
	}
	w.begin(time.Hour+4*time.Minute, PairingTime, tvremote.Household, false)
	a, code := w.take(time.Hour + 4*time.Minute)
	if code != "" || !w.right(time.Hour+4*time.Minute, a, "phone") {
		t.Fatalf("after the wait: %q", code)
	}
	if s := w.status(time.Hour + 4*time.Minute); s.Failed != 0 || s.Wait != 0 {
		t.Errorf("after success: %+v", s)
	}
}

// TestCodes: codes have six digits, zeros in front too, and no two windows the same
// secret.
func TestCodes(t *testing.T) {
	first := map[byte]bool{}
	secrets := map[string]bool{}
	w := startWindow(0, 0)
	for range 400 {
		w.begin(0, PairingTime, tvremote.Household, false)
		s := w.status(0)
		if len(s.Code) != tvremote.CodeLength || secrets[string(s.Secret)] {
			t.Fatalf("window %+v", s)
		}
		first[s.Code[0]], secrets[string(s.Secret)] = true, true
	}
	if len(first) != 10 {
		t.Errorf("codes begin with %d different digits, want 10", len(first))
	}
}
