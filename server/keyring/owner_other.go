//go:build !unix

package keyring

import "os"

// lockFile does nothing: systems without flock rely on the operator to give one
// command at a time.
func lockFile(*os.File) error { return nil }

// keepOwner does nothing: the folder's own rules say who may read.
func keepOwner(*os.File, string) error { return nil }
