package nav

import (
	"github.com/hearthkey/hearthkey/agent/keyseq"
	"github.com/hearthkey/hearthkey/protocol/pin"
)

// pad is a PIN that is being entered for somebody else to check.
type pad struct {
	digits Digits
	group  keyseq.Key // the arrow that chose a group of digits; 0 for none
}

// press takes a digit, an arrow that chooses a group, or the key that chooses a
// digit in it, and reports whether the PIN is complete.
func (p *pad) press(k keyseq.Key) bool {
	if i, ok := second[k]; ok && p.group != 0 {
		k, p.group = groups[p.group][i], 0
	}
	switch d, digit := k.Digit(); {
	case k == keyseq.Back:
		p.erase()
	case k.Arrow():
		p.group = k
	case digit && len(p.digits) < pin.Length:
		p.digits, p.group = p.digits+Digits(rune('0'+d)), 0
		return len(p.digits) == pin.Length
	}
	return false
}

// back takes back the last key, and reports whether there was one.
func (p *pad) back() bool {
	if p.group != 0 {
		p.group = 0
		return true
	}
	return p.erase()
}

func (p *pad) erase() bool {
	n := len(p.digits)
	p.digits = p.digits[:max(n-1, 0)]
	return n > 0
}
