//go:build whole && linux

package faults

import (
	"bufio"
	"fmt"
	"os"
	"regexp"
	"strings"
)

// call is one system call of a trace. Its begin and end are line numbers:
// strace writes them in the order in which it saw them.
type call struct {
	name       string
	on         string // what the descriptor stands for: a path, or TCP:[here->there]
	text       string // the arguments
	result     string
	begin, end int
}

func (c call) ok() bool {
	return c.result != "" && !strings.HasPrefix(c.result, "-1") && c.result != "?"
}

// traced is the strace that children are run under for readTrace.
func traced(strace, file string) []string {
	return []string{strace, "-f", "--seccomp-bpf", "-yy", "-s", "70000", "-o", file,
		"-e", "trace=read,write,writev,pwrite64,fsync,fdatasync", "-e", "signal=none"}
}

// readTrace reads what strace wrote, without the calls that never ended.
func readTrace(file string) ([]call, error) {
	f, err := os.Open(file)
	if err != nil {
		return nil, err
	}
	defer f.Close()
	head := regexp.MustCompile(`^(\d+) +(?:<\.\.\. (\w+) resumed>)?(.*)$`)
	end := regexp.MustCompile(`\) += [^=]*$`)
	open := map[string]call{}
	var calls []call
	lines := bufio.NewScanner(f)
	lines.Buffer(nil, 1<<20)
	for n := 1; lines.Scan(); n++ {
		m := head.FindStringSubmatch(lines.Text())
		if m == nil {
			return nil, fmt.Errorf("line %d is not of strace: %.100q", n, lines.Text())
		}
		thread, resumed, text := m[1], m[2], m[3]
		c := call{begin: n}
		if resumed != "" {
			c = open[thread]
		}
		unfinished := strings.HasSuffix(text, "<unfinished ...>")
		c.text += strings.TrimSuffix(text, "<unfinished ...>")
		if unfinished {
			open[thread] = c
			continue
		}
		if at := end.FindStringIndex(c.text); at != nil {
			c.end, c.result = n, c.text[at[0]+1:]
			c.result = strings.TrimLeft(c.result, " =")
			c.name, c.text, _ = strings.Cut(c.text[:at[0]], "(")
			_, c.on, _ = strings.Cut(c.text, "<")
			c.on, _, _ = strings.Cut(c.on, ">,")
			c.on = strings.TrimSuffix(strings.TrimSpace(c.on), ">")
			calls = append(calls, c)
		}
	}
	return calls, lines.Err()
}

// peer gives the other end of a socket.
func (c call) peer() (string, bool) {
	rest, ok := strings.CutPrefix(c.on, "TCP:[")
	_, there, _ := strings.Cut(strings.TrimSuffix(rest, "]"), "->")
	return there, ok && there != ""
}

// promise is an answer that may only be given when something is on the disk.
type promise struct {
	peer     string
	n        int // the how manieth of its connection
	heard    int // the line where its last octet had been read; 0: before the trace
	answered int // the line where the answer begins
}

// promises finds the answers that contain one of the texts.
func promises(calls []call, answer func(heard, said string) bool) []promise {
	heard := map[string]call{}
	count := map[string]int{}
	var all []promise
	for _, c := range calls {
		peer, ok := c.peer()
		if !ok || !c.ok() {
			continue
		}
		switch c.name {
		case "read":
			heard[peer] = c
		case "write", "writev":
			if answer(heard[peer].text, c.text) {
				all = append(all, promise{peer, count[peer], heard[peer].end, c.begin})
				count[peer]++
			}
		}
	}
	return all
}

// synced says whether a sync of the log that began after one line succeeded
// before another; what was written between is covered by it.
func synced(calls []call, after, before int) bool {
	for _, c := range calls {
		if (c.name == "fsync" || c.name == "fdatasync") && c.ok() && strings.HasSuffix(c.on, "posta.db-wal") &&
			c.begin > after && c.end < before {
			return true
		}
	}
	return false
}

// written gives the line where a marker had been written to the log for the
// first time, or 0.
func written(calls []call, marker string) int {
	for _, c := range calls {
		if c.name == "pwrite64" && c.ok() && strings.HasSuffix(c.on, "posta.db-wal") && strings.Contains(c.text, marker) {
			return c.end
		}
	}
	return 0
}
