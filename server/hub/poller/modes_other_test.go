//go:build !linux

package poller

var modes = []Mode{Portable, Portable + withTLS}
