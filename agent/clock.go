package agent

import (
	"os"
	"strings"
	"time"

	"golang.org/x/sys/unix"

	"github.com/hearthkey/hearthkey/agent/session"
)

// systemClock reads the three clocks of this machine. CLOCK_BOOTTIME goes on in
// standby, where Go's own monotonic clock stops.
func systemClock() func() session.Now {
	boot := bootID()
	return func() session.Now {
		var ts unix.Timespec
		// It cannot fail for a clock that every kernel since 2.6.39 has.
		_ = unix.ClockGettime(unix.CLOCK_BOOTTIME, &ts)
		return session.Now{
			Running: time.Duration(ts.Nano()),
			Boot:    boot,
			Wall:    time.Now().UnixMilli(),
		}
	}
}

// bootID names this boot of the kernel, or is empty where it cannot be known;
// then every start counts as a boot, which is the careful side.
func bootID() string {
	b, err := os.ReadFile("/proc/sys/kernel/random/boot_id")
	if err != nil {
		return ""
	}
	return strings.TrimSpace(string(b))
}
