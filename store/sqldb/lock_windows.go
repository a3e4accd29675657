package sqldb

import (
	"os"
	"strings"

	"golang.org/x/sys/windows"
)

const errLocked = windows.ERROR_LOCK_VIOLATION

// tryLock takes one octet far behind the content, which others may so read.
func tryLock(f *os.File) error {
	const flags = windows.LOCKFILE_EXCLUSIVE_LOCK | windows.LOCKFILE_FAIL_IMMEDIATELY
	return windows.LockFileEx(windows.Handle(f.Fd()), flags, 0, 1, 0, &windows.Overlapped{OffsetHigh: 1})
}

// freeSpace gives the octets that this process may still write below dir.
func freeSpace(dir string) (int64, error) {
	name, err := windows.UTF16PtrFromString(dir)
	if err != nil {
		return 0, err
	}
	var free uint64
	if err := windows.GetDiskFreeSpaceEx(name, &free, nil, nil); err != nil {
		return 0, err
	}
	return int64(min(free, 1<<62)), nil
}

// sameDisk says that two folders share their free space. In doubt they do.
func sameDisk(a, b string) bool {
	one, other := volume(a), volume(b)
	return one == "" || other == "" || strings.EqualFold(one, other)
}

// volume gives the place where a folder's volume is mounted, or nothing.
func volume(dir string) string {
	name, err := windows.UTF16PtrFromString(dir)
	if err != nil {
		return ""
	}
	var place [windows.MAX_LONG_PATH]uint16
	if err := windows.GetVolumePathName(name, &place[0], uint32(len(place))); err != nil {
		return ""
	}
	return windows.UTF16ToString(place[:])
}
