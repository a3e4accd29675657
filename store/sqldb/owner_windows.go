package sqldb

import "os"

// handOver has nothing to do: files inherit their folder's rights.
func handOver(*os.File, string) error { return nil }
