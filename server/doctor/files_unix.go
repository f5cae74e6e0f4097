//go:build unix

package doctor

import (
	"io/fs"
	"os"
	"syscall"
)

// owners are this process's user and the one that a file belongs to.
func owners(info fs.FileInfo) (uid, owner int, known bool) {
	sys, ok := info.Sys().(*syscall.Stat_t)
	if !ok {
		return 0, 0, false
	}
	return os.Geteuid(), int(sys.Uid), true
}
