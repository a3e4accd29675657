//go:build unix

package sqldb

import "os"

// syncFolder brings a folder's names to the disk.
func syncFolder(dir string) error {
	f, err := os.Open(dir)
	if err != nil {
		return err
	}
	defer f.Close()
	return f.Sync()
}
