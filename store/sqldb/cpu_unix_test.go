//go:build unix

package sqldb_test

import (
	"time"

	"golang.org/x/sys/unix"
)

// cpu is the processor time that this process has used.
func cpu() time.Duration {
	var u unix.Rusage
	if err := unix.Getrusage(unix.RUSAGE_SELF, &u); err != nil {
		return 0
	}
	return time.Duration(u.Utime.Nano() + u.Stime.Nano())
}
