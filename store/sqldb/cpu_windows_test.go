package sqldb_test

import (
	"time"

	"golang.org/x/sys/windows"
)

// cpu is the processor time that this process has used.
func cpu() time.Duration {
	var made, ended, kernel, user windows.Filetime
	if err := windows.GetProcessTimes(windows.CurrentProcess(), &made, &ended, &kernel, &user); err != nil {
		return 0
	}
	ticks := int64(kernel.HighDateTime+user.HighDateTime)<<32 + int64(kernel.LowDateTime) + int64(user.LowDateTime)
	return time.Duration(ticks * 100)
}
