//go:build !unix

package pgcluster

import "os/exec"

// asUser has nothing to change where there is no root.
func asUser(*exec.Cmd) {}

func own(string) error { return nil }
