//go:build unix

package pgcluster

import (
	"os"
	"os/exec"
	"os/user"
	"strconv"
	"syscall"
)

// who returns the user that a database runs as where this process is root, which
// PostgreSQL refuses to be.
func who() (*syscall.Credential, bool) {
	if os.Getuid() != 0 {
		return nil, false
	}
	for _, name := range []string{"postgres", "nobody"} {
		u, err := user.Lookup(name)
		if err != nil {
			continue
		}
		uid, err1 := strconv.ParseUint(u.Uid, 10, 32)
		gid, err2 := strconv.ParseUint(u.Gid, 10, 32)
		if err1 == nil && err2 == nil {
			return &syscall.Credential{Uid: uint32(uid), Gid: uint32(gid)}, true
		}
	}
	return nil, false
}

// asUser has cmd run as that user, apart from this process's terminal: Ctrl-C there
// is for whoever holds the cluster.
func asUser(cmd *exec.Cmd) {
	cmd.SysProcAttr = &syscall.SysProcAttr{Setpgid: true}
	if c, ok := who(); ok {
		cmd.SysProcAttr.Credential = c
	}
}

// own gives that user a folder.
func own(dir string) error {
	if c, ok := who(); ok {
		return os.Chown(dir, int(c.Uid), int(c.Gid))
	}
	return nil
}
