package words

import (
	"context"
	"os/exec"
	"time"
)

// defaultsTime is what macOS may take to say its language.
const defaultsTime = 2 * time.Second

// System gives the first of the languages that the user chose in macOS, "es-EC",
// or "". A program of the Finder's or launchd's has no LANG.
func System() string {
	ctx, cancel := context.WithTimeout(context.Background(), defaultsTime)
	defer cancel()
	out, err := exec.CommandContext(ctx, "/usr/bin/defaults", "read", "-g", "AppleLanguages").Output()
	if err != nil {
		return ""
	}
	return firstInList(string(out))
}
