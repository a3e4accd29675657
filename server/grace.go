//go:build !windows

package server

import "time"

// grace is how long sessions may go on once posta is told to end.
const grace = 20 * time.Second
