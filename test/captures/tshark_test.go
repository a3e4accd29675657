//go:build whole

package captures

import (
	"bytes"
	"context"
	"encoding/hex"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"testing"
	"time"
)

// patience is for one run of a program.
const patience = 2 * time.Minute

// wireshark runs one of Wireshark's programs and gives what it says.
func wireshark(t *testing.T, program string, args ...string) string {
	t.Helper()
	path, err := exec.LookPath(program)
	if err != nil {
		t.Fatalf("%s is missing: install Debian's package tshark, or run test/setup as root", program)
	}
	ctx, cancel := context.WithTimeout(t.Context(), patience)
	defer cancel()
	c := exec.CommandContext(ctx, path, args...)
	c.Env = []string{"HOME=" + t.TempDir(), "PATH=/usr/bin:/bin", "LC_ALL=C.UTF-8", "TZ=UTC"}
	var stderr bytes.Buffer
	c.Stderr = &stderr
	out, err := c.Output()
	if err != nil {
		t.Fatalf("%s %s: %v\n%s", program, strings.Join(args, " "), err, stderr.String())
	}
	return string(out)
}

// saved is a file with a capture.
func saved(t *testing.T, octets []byte) string {
	t.Helper()
	name := filepath.Join(t.TempDir(), "test.pcapng")
	if err := os.WriteFile(name, octets, 0o600); err != nil {
		t.Fatal(err)
	}
	return name
}

// fields are columns of the packets that a display filter takes.
func fields(t *testing.T, file, filter string, names ...string) []string {
	t.Helper()
	args := []string{"-n", "-r", file, "-Y", filter, "-T", "fields", "-E", "separator=|", "-E", "occurrence=a"}
	for _, name := range names {
		args = append(args, "-e", name)
	}
	return strings.Split(strings.TrimSuffix(wireshark(t, "tshark", args...), "\n"), "\n")
}

// followed is what tshark's "follow" shows of a stream, by node.
type followed struct {
	nodes [2]string
	text  [2]string
}

// follow gives the streams of a capture as tshark joins them.
func follow(t *testing.T, file string, streams int) []followed {
	t.Helper()
	args := []string{"-n", "-q", "-r", file}
	for i := range streams {
		args = append(args, "-z", "follow,tcp,raw,"+strconv.Itoa(i))
	}
	all := make([]followed, streams)
	var one *followed
	for line := range strings.Lines(wireshark(t, "tshark", args...)) {
		line = strings.TrimSuffix(line, "\n")
		if number, ok := strings.CutPrefix(line, "Filter: tcp.stream eq "); ok { // in any order
			if i, err := strconv.Atoi(number); err == nil && i < streams {
				one = &all[i]
			}
			continue
		}
		switch {
		case one == nil:
		case strings.HasPrefix(line, "Node 0: "):
			one.nodes[0] = line[8:]
		case strings.HasPrefix(line, "Node 1: "):
			one.nodes[1] = line[8:]
		default:
			side := 0
			if strings.HasPrefix(line, "\t") {
				side, line = 1, line[1:]
			}
			if octets, err := hex.DecodeString(line); err == nil {
				one.text[side] += string(octets)
			}
		}
	}
	return all
}
