package server

import (
	"bufio"
	"fmt"
	"os"
	"path/filepath"
	"strconv"
	"strings"
)

// holderOf finds who listens on a TCP port: /proc/net/tcp tells the socket's
// inode, and /proc/PID/fd who has it open. Another user's program stays
// unknown to who is not root.
func holderOf(port int) holder {
	for _, table := range []string{"/proc/net/tcp", "/proc/net/tcp6"} {
		if inode := listeningInode(table, port); inode != "" {
			if h := openedBy("socket:[" + inode + "]"); h.PID != 0 {
				return h
			}
		}
	}
	return holder{}
}

// listeningInode reads a table of proc_pid_net(5): local address, state 0A for
// listening, and the inode as tenth column.
func listeningInode(table string, port int) string {
	f, err := os.Open(table)
	if err != nil {
		return ""
	}
	defer f.Close()
	suffix := fmt.Sprintf(":%04X", port)
	for lines := bufio.NewScanner(f); lines.Scan(); {
		columns := strings.Fields(lines.Text())
		if len(columns) > 9 && columns[3] == "0A" && strings.HasSuffix(columns[1], suffix) {
			return columns[9]
		}
	}
	return ""
}

func openedBy(socket string) holder {
	links, err := filepath.Glob("/proc/[0-9]*/fd/*")
	if err != nil {
		return holder{}
	}
	for _, link := range links {
		if target, err := os.Readlink(link); err != nil || target != socket {
			continue
		}
		process := filepath.Dir(filepath.Dir(link))
		pid, err := strconv.Atoi(filepath.Base(process))
		if err != nil {
			continue
		}
		name, _ := os.ReadFile(filepath.Join(process, "comm"))
		return holder{strings.TrimSpace(string(name)), pid}
	}
	return holder{}
}
