// Package humanize stands in for one that brings regular expressions with it. What is
// left of it writes sizes into Badger's log, which the agent does not keep. It has
// what Badger's code uses and nothing else.
package humanize

import "strconv"

// IBytes writes a number of bytes.
func IBytes(n uint64) string { return strconv.FormatUint(n, 10) + " B" }
