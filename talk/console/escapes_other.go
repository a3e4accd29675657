//go:build !windows

package console

import "os"

// allowEscapes is for Windows: elsewhere a terminal understands them.
func allowEscapes(*os.File) error { return nil }
