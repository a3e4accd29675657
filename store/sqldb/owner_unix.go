//go:build unix

package sqldb

import (
	"os"
	"path/filepath"
	"syscall"
)

// handOver gives a file that root has just made to the owner of its folder.
func handOver(f *os.File, path string) error {
	if os.Geteuid() != 0 {
		return nil
	}
	info, err := os.Stat(filepath.Dir(path))
	if err != nil {
		return err
	}
	owner, ok := info.Sys().(*syscall.Stat_t)
	if !ok || owner.Uid == 0 {
		return nil
	}
	return f.Chown(int(owner.Uid), int(owner.Gid))
}
