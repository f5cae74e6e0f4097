package lanlab

import (
	"fmt"
	"os"
	"os/exec"
	"syscall"
	"testing"
)

// roleVariable tells a test program which role it plays; see [Host.Role].
const roleVariable = "HEARTHKEY_LANLAB_ROLE"

// rootVariable tells a test program that it was made root already.
const rootVariable = "HEARTHKEY_LANLAB_ROOT"

// Main is a package's TestMain. Where the program was started by [Host.Role] it runs
// that role's function and exits with what it returns; else it runs the tests.
func Main(m *testing.M, roles map[string]func(args []string) int) {
	if role := os.Getenv(roleVariable); role != "" {
		f := roles[role]
		if f == nil {
			fmt.Fprintln(os.Stderr, "lanlab: no role", role)
			os.Exit(2)
		}
		os.Exit(f(os.Args[1:]))
	}
	becomeRoot()
	os.Exit(m.Run())
}

// becomeRoot runs this program again in a user namespace in which it is root, with a
// /run of its own for the names of network namespaces. Where that cannot be it
// returns, and labs skip.
func becomeRoot() {
	if os.Geteuid() == 0 || os.Getenv(rootVariable) != "" {
		return
	}
	unshare, err := exec.LookPath("unshare")
	if err != nil || exec.Command(unshare, "-rnm", "mount", "-t", "tmpfs", "tmpfs", "/run").Run() != nil {
		return
	}
	self, err := os.Executable()
	if err != nil {
		return
	}
	args := append([]string{unshare, "-rnm", "sh", "-c", `mount -t tmpfs tmpfs /run && exec "$0" "$@"`, self}, os.Args[1:]...)
	// It returns only where it fails, and then the labs skip.
	_ = syscall.Exec(unshare, args, append(os.Environ(), rootVariable+"=1"))
}
