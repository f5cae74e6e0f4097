//go:build !linux

package doctor

func freeBytes(string) (uint64, bool) { return 0, false }

func maxFiles() (uint64, bool) { return 0, false }
