package doctor

import (
	"fmt"
	"time"
)

// Bounds of what a machine should have.
const (
	// LeastFree is the free space, in bytes, below which the server may stop to
	// write at any moment; EnoughFree is what should be there.
	LeastFree, EnoughFree = 100 << 20, 1 << 30
	// EnoughFiles is how many descriptors a server of some thousand TVs needs.
	EnoughFiles = 8192
	// MaxSkew is how far the clocks of nodes and database may be apart.
	MaxSkew = 5 * time.Second
)

// Disk checks the space that is left where a folder is.
func Disk(dir string) []Finding {
	free, ok := freeBytes(dir)
	if !ok {
		return []Finding{{"disk", Skip, "How much space is left where " + dir + " is cannot be told here.", ""}}
	}
	return []Finding{space(dir, free)}
}

func space(dir string, free uint64) Finding {
	const mib = 1 << 20
	do := "Make room: the server refuses to write when the disk is full, and people cannot sign in."
	switch {
	case free < LeastFree:
		return Finding{"disk", Bad, fmt.Sprintf("Only %d MiB are free where %s is.", free/mib, dir), do}
	case free < EnoughFree:
		return Finding{"disk", Warn, fmt.Sprintf("%d MiB are free where %s is.", free/mib, dir), do}
	}
	return Good("disk", "%d MiB are free where %s is", free/mib, dir)
}

// Files checks how many descriptors this process may have: each TV and browser takes
// one.
func Files() []Finding {
	n, ok := maxFiles()
	switch {
	case !ok:
		return nil
	case n < EnoughFiles:
		return []Finding{{"files", Warn, fmt.Sprintf("%d files may be open at once: about as many TVs and browsers.", n), "Raise it where the server is started: LimitNOFILE= of systemd, or ulimit -n."}}
	}
	return []Finding{Good("files", "%d files may be open at once", n)}
}

// Clock checks this machine's clock beside the database's: skew is how far that is
// ahead, and newest the latest time that was written there (zero: nothing was).
func Clock(now time.Time, skew time.Duration, newest time.Time) Finding {
	do := "Set the clocks right (timedatectl, NTP) before the server starts: leases, codes and grants go by them."
	switch {
	case skew.Abs() > MaxSkew:
		return Finding{"clock", Bad, fmt.Sprintf("The database's clock is %s ahead of this machine's.", skew.Round(time.Millisecond)), do}
	case newest.Sub(now) > MaxSkew:
		return Finding{"clock", Bad, fmt.Sprintf("The database was written %s in the future, by this machine's clock.", newest.Sub(now).Round(time.Second)), do}
	}
	return Good("clock", "it agrees with the database (%s)", now.UTC().Format(time.DateTime+" UTC"))
}
