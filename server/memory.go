package server

import (
	"errors"
	"log/slog"

	"github.com/KimMachineGun/automemlimit/memlimit"
)

// memoryShare is how much of the memory that its control group has a process may fill
// before the garbage collector works harder; the rest is for the database's pages and
// for what the kernel counts.
const memoryShare = 0.8

// BoundMemory has the garbage collector keep this process within the memory of its control
// group, that of a container or of MemoryMax= in a unit: else passwords that many people
// enter at once may fill it before the next collection, and the kernel ends the process.
// GOMEMLIMIT, where it is set, is what counts.
func BoundMemory(log *slog.Logger) {
	limit, err := memlimit.SetGoMemLimitWithOpts(memlimit.WithRatio(memoryShare), memlimit.WithProvider(memlimit.FromCgroup))
	switch {
	case errors.Is(err, memlimit.ErrNoLimit), errors.Is(err, memlimit.ErrNoCgroup), errors.Is(err, memlimit.ErrCgroupsNotSupported):
	case err != nil:
		log.Warn("the control group's memory is not known", "error", err)
	case limit > 0:
		log.Info("memory is bounded by the control group", "bytes", limit)
	}
}
