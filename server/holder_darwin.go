package server

import (
	"context"
	"fmt"
	"os/exec"
	"strconv"
	"strings"
	"time"
)

// holderOf asks lsof, which macOS has, who listens on a TCP port.
func holderOf(port int) holder {
	ctx, cancel := context.WithTimeout(context.Background(), 2*time.Second)
	defer cancel()
	out, err := exec.CommandContext(ctx, "/usr/sbin/lsof", "-nP", "-a", fmt.Sprintf("-iTCP:%d", port), "-sTCP:LISTEN", "-Fpc").Output()
	if err != nil {
		return holder{}
	}
	return readLsof(string(out))
}

// readLsof reads lsof's fields, one a line: p1234, cpostfix.
func readLsof(out string) holder {
	var h holder
	for line := range strings.Lines(out) {
		line = strings.TrimSpace(line)
		switch {
		case strings.HasPrefix(line, "p") && h.PID == 0:
			h.PID, _ = strconv.Atoi(line[1:])
		case strings.HasPrefix(line, "c") && h.Program == "":
			h.Program = line[1:]
		}
	}
	return h
}
