package remote

import (
	"crypto/rand"
	"fmt"
	"math/big"
	"time"

	"github.com/hearthkey/hearthkey/protocol/tvremote"
)

// Bounds of pairing.
const (
	// PairingTime is how long a window is open (product rule D11).
	PairingTime = 120 * time.Second
	// PairingTries is how many codes can be tried in one window.
	PairingTries = 3

	firstWait = 30 * time.Second // after a window that wrong codes closed
	maxWait   = 15 * time.Minute // after many: nobody can lock the owner out for long
)

// Problem is why a remote was not paired.
type Problem string

// The problems.
const (
	Fine      Problem = ""
	WrongCode Problem = "wrongCode" // the last code was wrong; the window is open
	TooOften  Problem = "wait"      // too many wrong codes: no window opens for a while
	Expired   Problem = "expired"   // nobody came
	Full      Problem = "full"      // as many remotes are paired as can be
)

// Window is what is to be said about pairing.
type Window struct {
	Open      bool
	Code      string // 6 digits; with Secret there only while it is open
	Secret    []byte // of the QR code, 16 bytes
	Role      tvremote.Role
	Left      time.Duration // until it closes
	TriesLeft int
	Problem   Problem
	Wait      time.Duration // until one can be opened, with TooOften
	Paired    string        // the name of the remote that was paired: then it is closed
	Failed    int           // windows in a row that wrong codes closed, to be kept over restarts
}

// window is the state behind a [Window]. Every time is running time.
//
//	closed ──open──▶ open ──right──▶ closed: Paired
//	  ▲ ▲             │ │
//	  │ └──3 × wrong──┘ └─expires──▶ closed: Expired
//	  └─ wait: TooOften
//
// A try is spent by begin, which is when the TV answers: from then on whoever asked
// can tell whether its guess was right, whether or not it says so.
type window struct {
	number  int // of this window: a try that began in another one is void
	open    bool
	code    string
	secret  []byte
	role    tvremote.Role
	until   time.Duration // closes by itself
	tries   int           // that are left
	running int           // tries that began and are not settled
	problem Problem
	paired  string
	failed  int
	wait    time.Duration // none opens before
}

// try is one attempt at pairing.
type try struct {
	number int
	code   string
	secret []byte
	role   tvremote.Role
}

// startWindow begins a run of the agent, with what the vault keeps: after wrong
// codes the wait begins anew, so that pulling the plug does not shorten it.
func startWindow(now time.Duration, failed int) window {
	w := window{failed: failed}
	if failed > 0 {
		w.wait = now + waitAfter(failed)
	}
	return w
}

// waitAfter doubles with every window that wrong codes closed, up to maxWait.
func waitAfter(failed int) time.Duration {
	wait := firstWait
	for range failed - 1 {
		if wait *= 2; wait >= maxWait {
			return maxWait
		}
	}
	return wait
}

// begin opens the window for so long, with a fresh code, in place of one that is open.
func (w *window) begin(now, life time.Duration, role tvremote.Role, full bool) {
	w.close(Fine)
	switch {
	case now < w.wait:
		w.problem = TooOften
		return
	case full:
		w.problem = Full
		return
	}
	w.number++
	w.open, w.role, w.until, w.tries, w.running = true, role, now+min(life, PairingTime), PairingTries, 0
	w.code, w.secret = newCode(), make([]byte, tvremote.SecretSize)
	rand.Read(w.secret)
}

// newCode returns 6 digits, each of the million as likely.
func newCode() string {
	n, err := rand.Int(rand.Reader, big.NewInt(1e6))
	if err != nil {
		panic("remote: no randomness: " + err.Error()) // crypto/rand promises to end the program first
	}
	return fmt.Sprintf("%0*d", tvremote.CodeLength, n)
}

// close ends the window and says why.
func (w *window) close(why Problem) {
	w.open, w.code, w.secret = false, "", nil
	w.problem, w.paired = why, ""
}

// expire closes the window where its time is over, and reports whether it did.
func (w *window) expire(now time.Duration) bool {
	if !w.open || now < w.until {
		return false
	}
	w.close(Expired)
	return true
}

// take spends a try, at the moment the TV answers. The code says why there is none.
func (w *window) take(now time.Duration) (try, tvremote.Code) {
	if code := w.ready(now); code != "" {
		return try{}, code
	}
	w.tries--
	w.running++
	return try{number: w.number, code: w.code, secret: w.secret, role: w.role}, ""
}

// ready says why there is no try, or nothing.
func (w *window) ready(now time.Duration) tvremote.Code {
	w.expire(now)
	switch {
	case !w.open && now < w.wait:
		return tvremote.CodeWait
	case !w.open && w.problem == Full:
		return tvremote.CodeFull
	case !w.open:
		return tvremote.CodeNotPairing
	case w.tries == 0:
		return tvremote.CodeBusy // others have them, and have not said what they know
	}
	return ""
}

// right settles a try whose remote knew the code, and reports whether it counts: the
// window may have been closed since. It closes the window: the next remote needs
// another code.
func (w *window) right(now time.Duration, t try, name string) bool {
	if w.expire(now); !w.open || t.number != w.number {
		return false
	}
	w.close(Fine)
	w.paired, w.failed, w.wait = name, 0, 0
	return true
}

// wrong settles a try that came to nothing. Without another the window closes.
func (w *window) wrong(now time.Duration, t try) tvremote.Code {
	if w.expire(now); !w.open || t.number != w.number {
		return tvremote.CodeClosed
	}
	w.running--
	if w.tries > 0 || w.running > 0 {
		w.problem = WrongCode
		return tvremote.CodeWrongCode
	}
	w.failed++
	w.wait = now + waitAfter(w.failed)
	w.close(TooOften)
	return tvremote.CodeClosed
}

// status is what is to be said about it.
func (w *window) status(now time.Duration) Window {
	w.expire(now)
	s := Window{
		Open: w.open, Code: w.code, Secret: w.secret, Role: w.role, TriesLeft: w.tries,
		Problem: w.problem, Paired: w.paired, Failed: w.failed,
	}
	if w.open {
		s.Left = w.until - now
	}
	if now < w.wait {
		s.Wait = w.wait - now
	}
	return s
}
