// Package pinlock counts wrong tries of one PIN on one TV and says how long the
// next try has to wait (product rule P9).
//
// A try is charged before it is checked: the caller writes what [Begin] returns
// to where it cannot be lost or go back, then checks the PIN, then calls [Right]
// or [Missed] and writes again. So a TV that is killed or unplugged while it
// checks has used up the try.
//
//	        Begin ok                Right
//	ready ────────────▶ open try ────────────▶ ready
//	  ▲                   │ Missed, or power lost
//	  └──── wait over ────┴─▶ waiting (from the 5th wrong try)
//
// Nothing here trusts a clock that a person can turn. A wait counts running time
// and begins again in full at a reboot. Wrong tries are forgiven one a day of
// running time, also across reboots as far as [Settle] was stored. The wall
// clock is only remembered, to be shown.
//
// What the account's other devices count against the PIN comes with [Told]: a try
// there costs a wait here. The owner's word ends it all: [Unlock].
//
// Guessing all 10,000 PINs takes over a year, whatever is done to the clocks and
// the plug, and whatever is told. A [Counter] belongs to one PIN: a new PIN begins
// with the zero Counter. All functions are pure and safe for concurrent use; the
// tests guess with random clocks, reboots, right PINs and counts in between.
package pinlock

import "time"

// Free is the number of wrong tries without a wait: the next one has a wait.
const Free = 4

// AlarmAt is the number of wrong tries from which the owner is told and every
// wait is [LongWait].
const AlarmAt = 10

// FirstWait is the wait of the first try that has one; it doubles with each.
const FirstWait = time.Minute

// LongWait is the longest wait.
const LongWait = time.Hour

// Forgive is the running time after which one wrong try is forgiven.
const Forgive = 24 * time.Hour

// Now is a moment, told by clocks that cannot be turned.
type Now struct {
	Boot    int64         // numbers the boots of this TV; any change is a reboot
	Running time.Duration // since this boot, standby included (CLOCK_BOOTTIME)
	Wall    int64         // milliseconds since the Unix epoch; only to be shown
}

// Counter is what is known of one PIN's tries. It is stored as JSON. The zero
// Counter is a PIN that nobody has tried.
type Counter struct {
	Wrong int  `json:"wrong,omitempty"` // tries charged and neither right nor forgiven
	Open  bool `json:"open,omitempty"`  // the last charged try has no result yet

	Fresh int   `json:"fresh,omitempty"` // wrong tries since the PIN was last right
	First int64 `json:"first,omitempty"` // wall clock of the first of these, in ms
	Last  int64 `json:"last,omitempty"`  // wall clock of the last of these, in ms

	Wait   time.Duration `json:"wait,omitempty"`   // length of the wait in force, in ns
	Credit time.Duration `json:"credit,omitempty"` // running time towards the next forgiven try, in ns
	Boot   int64         `json:"boot,omitempty"`   // boot of the last change
	From   time.Duration `json:"from,omitempty"`   // when the wait began, in running time of Boot
	Seen   time.Duration `json:"seen,omitempty"`   // running time of Boot up to which Credit is counted

	Others       int           `json:"others,omitempty"`       // wrong tries that other devices hold, as last told and less what was forgiven since
	OthersCredit time.Duration `json:"othersCredit,omitempty"` // as Credit, of Others
}

// Total is the number of wrong tries that a wait is reckoned by.
func (c Counter) Total() int { return c.Wrong + c.Others }

// Notice is what the profile is told after a right PIN.
type Notice struct {
	Wrong       int // wrong tries since the PIN was last right
	First, Last int64
}

// Begin charges one try as wrong. While a wait is in force it charges nothing
// and returns what is left of the wait and ok false. Either way the caller
// stores the new Counter, and checks the PIN only after that and only if ok.
func Begin(c Counter, now Now) (_ Counter, left time.Duration, ok bool) {
	c = Settle(c, now)
	if left := Left(c, now); left > 0 {
		return c, left, false
	}
	if c.Wrong == 0 {
		c.Credit, c.Seen = 0, max(now.Running, 0)
	}
	c.Wrong++
	if c.Fresh == 0 {
		c.First = now.Wall
	}
	c.Fresh++
	c.Last = now.Wall
	c.Open = true
	c.Wait, c.Boot, c.From = waitAfter(c.Total()), now.Boot, max(now.Running, 0)
	return c, 0, true
}

// Right takes back the charge of the open try and ends its wait. Wrong tries
// from before stay until they are forgiven. Without an open try it changes
// nothing: a right PIN that was never charged ends no wait.
func Right(c Counter, now Now) (Counter, Notice) {
	c = Settle(c, now)
	if !c.Open {
		return c, Notice{}
	}
	n := Notice{Wrong: c.Fresh - 1, First: c.First, Last: c.Last}
	c.Wrong = max(c.Wrong-1, 0)
	c.Open, c.Wait, c.Fresh, c.First, c.Last = false, 0, 0, 0, 0
	if n.Wrong <= 0 {
		n = Notice{}
	}
	return c, n
}

// Missed closes the open try as wrong and returns the wait before the next one.
// It reports alarm where the owner must be told.
func Missed(c Counter, now Now) (_ Counter, left time.Duration, alarm bool) {
	c = Settle(c, now)
	alarm = c.Open && c.Total() >= AlarmAt
	c.Open = false
	return c, Left(c, now), alarm
}

// Told takes note of how many wrong tries the account's other devices hold, in
// place of what was told before. Where these have grown, the wait of the new
// total begins now. A wait is never shortened.
func Told(c Counter, others int, now Now) Counter {
	c = Settle(c, now)
	others = min(max(others, 0), maxWrong)
	grown := others > c.Others
	if c.Others = others; !grown {
		return c
	}
	c.OthersCredit, c.Boot, c.Seen = 0, now.Boot, max(now.Running, 0)
	if wait := waitAfter(c.Total()); wait > Left(c, now) {
		c.Wait, c.From = wait, c.Seen
	}
	return c
}

// Unlock forgives everything, as the owner asked. A try under way stays charged.
func Unlock(c Counter, now Now) Counter {
	open := sound(c).Open
	c = Counter{}
	if open {
		c, _, _ = Begin(c, now)
	}
	return c
}

// Left returns how long the next try has to wait.
func Left(c Counter, now Now) time.Duration {
	if c.Wait <= 0 {
		return 0
	}
	begun := c.From
	if now.Boot != c.Boot {
		begun = 0 // the wait begins again where this boot began
	}
	served := max(now.Running-begun, 0)
	return max(min(c.Wait, LongWait)-served, 0)
}

// Settle brings c up to now: a reboot begins its wait again, and a day of running
// time forgives a wrong try, and one of the other devices'. A caller that stores
// the result from time to time, about hourly while Total is above 0, lets days add
// up across reboots; one that does not only makes them count for less.
func Settle(c Counter, now Now) Counter {
	c = sound(c)
	if c.Total() == 0 && c.Wait == 0 { // nothing to count: no reason to write either
		c.Credit, c.OthersCredit, c.Boot, c.From, c.Seen = 0, 0, 0, 0, 0
		return c
	}
	switch {
	case now.Boot != c.Boot:
		c.Boot, c.From, c.Seen = now.Boot, 0, 0
	case now.Running < c.Seen || now.Running < c.From: // impossible within a boot: taken for a reboot at this moment
		c.From, c.Seen = now.Running, now.Running
	}
	if Left(c, now) == 0 {
		c.Wait = 0
	}
	ran := min(max(now.Running-c.Seen, 0), 1<<62) // a sum with Credit still fits
	c.Seen = max(now.Running, 0)
	held := 0
	if c.Open { // the open try is not forgiven before it has its result
		held = 1
	}
	c.Wrong, c.Credit = forgive(c.Wrong, held, c.Credit+ran)
	c.Others, c.OthersCredit = forgive(c.Others, 0, c.OthersCredit+ran)
	return c
}

// forgive takes the days of credit off wrong, as far as it is not held.
func forgive(wrong, held int, credit time.Duration) (int, time.Duration) {
	days := min(int(min(credit/Forgive, maxWrong)), max(wrong-held, 0))
	wrong, credit = wrong-days, credit-time.Duration(days)*Forgive
	if wrong == 0 {
		credit = 0
	}
	return wrong, min(credit, Forgive)
}

// maxWrong bounds the count, so that no stored number overflows. At one try an
// hour it is reached after a century.
const maxWrong = 1_000_000

// sound makes a Counter that this package did not write harmless, on the strict
// side.
func sound(c Counter) Counter {
	if c.Wrong < 0 || c.Wrong > maxWrong {
		c.Wrong = maxWrong
	}
	if c.Others < 0 || c.Others > maxWrong {
		c.Others = maxWrong
	}
	if c.Fresh < 0 || c.Fresh > maxWrong {
		c.Fresh = maxWrong
	}
	if c.Wait < 0 || c.Wait > LongWait {
		c.Wait = LongWait
	}
	if c.Open && c.Wrong == 0 {
		c.Open = false
	}
	c.Credit = min(max(c.Credit, 0), Forgive)
	c.OthersCredit = min(max(c.OthersCredit, 0), Forgive)
	c.From, c.Seen = max(c.From, 0), max(c.Seen, 0)
	return c
}

// waitAfter is the wait after the n-th wrong try: none for the first four, then
// 1, 2, 4, 8 and 16 minutes, and an hour from the tenth.
func waitAfter(n int) time.Duration {
	switch {
	case n <= Free:
		return 0
	case n >= AlarmAt:
		return LongWait
	}
	return FirstWait << (n - Free - 1)
}
