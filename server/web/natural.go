package web

import (
	"cmp"
	"strings"
)

// natural compares names as people order them: "TV 9" before "TV 10", capitals
// beside small letters.
func natural(a, b string) int {
	x, y := strings.ToLower(a), strings.ToLower(b)
	for x != "" && y != "" {
		m, restX := number(x)
		n, restY := number(y)
		if m != "" && n != "" {
			if c := cmp.Or(cmp.Compare(len(m), len(n)), cmp.Compare(m, n)); c != 0 {
				return c
			}
			x, y = restX, restY
			continue
		}
		if x[0] != y[0] {
			return cmp.Compare(x, y)
		}
		x, y = x[1:], y[1:]
	}
	return cmp.Compare(len(x), len(y))
}

// number cuts off the number that s begins with, without leading zeros but for the
// last.
func number(s string) (digits, rest string) {
	n := len(s) - len(strings.TrimLeft(s, "0123456789"))
	digits = strings.TrimLeft(s[:n], "0")
	if n > 0 && digits == "" {
		digits = "0"
	}
	return digits, s[n:]
}
