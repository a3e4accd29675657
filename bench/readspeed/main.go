//go:build linux

// Command readspeed reads a large capture of mail traffic with posta and with
// tshark, and says how many times as fast posta is, and in how much memory. It
// ends with status 1 where that is less than what was promised, or where both do
// not find the same number of frames.
//
//	go run ./bench/readspeed -posta bin/posta -size 1024
package main

import (
	"bufio"
	"errors"
	"flag"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"syscall"
	"time"
)

// question is a filter, and how many times as fast as tshark it is to be.
type question struct {
	filter string
	times  float64
}

// most is how much memory posta may take, in MiB.
const most = 200

func questions() []question {
	return []question{
		{`smtp.req.command == "RCPT"`, 20},
		{`pop.request`, 20},
		{`imf.subject contains "x"`, 20},
		{`frame contains "x"`, 5},
	}
}

func main() {
	posta := flag.String("posta", "bin/posta", "the program")
	size := flag.Int64("size", 1024, "MiB of the capture")
	keep := flag.String("keep", "", "a file for the capture, which stays; one that is there is read as it is")
	flag.Parse()
	if err := run(*posta, *size<<20, *keep); err != nil {
		fmt.Fprintln(os.Stderr, "readspeed:", err)
		os.Exit(1)
	}
}

func run(posta string, size int64, file string) error {
	if file == "" {
		dir, err := os.MkdirTemp("", "readspeed")
		if err != nil {
			return err
		}
		defer os.RemoveAll(dir)
		file = filepath.Join(dir, "mail.pcap")
	}
	if _, err := os.Stat(file); err != nil {
		if err := generate(file, size); err != nil {
			return err
		}
	}
	failed := false
	fmt.Printf("%-28s %8s %8s %6s %10s %10s %5s %7s\n", "filter", "posta", "tshark", "times", "posta CPU", "tshark CPU", "MiB", "frames")
	for _, q := range questions() {
		ours, err := timed(posta, "read", file, "--filter", q.filter)
		if err != nil {
			return err
		}
		theirs, err := timed("tshark", "-n", "-r", file, "-Y", q.filter)
		if err != nil {
			return err
		}
		times := theirs.wall.Seconds() / ours.wall.Seconds()
		fmt.Printf("%-28s %7.2fs %7.2fs %6.1f %9.2fs %9.2fs %5d %7d\n", q.filter, ours.wall.Seconds(), theirs.wall.Seconds(), times,
			ours.cpu.Seconds(), theirs.cpu.Seconds(), ours.memory, ours.lines-1)
		if times < q.times || ours.memory > most {
			failed = true
			fmt.Printf("  promised: %.0f times as fast, in %d MiB\n", q.times, most)
		}
		if ours.lines-1 != theirs.lines { // posta's table has a head
			failed = true
			fmt.Printf("  tshark finds %d frames\n", theirs.lines)
		}
	}
	if failed {
		return errors.New("less than what was promised")
	}
	return nil
}

func generate(file string, size int64) error {
	out, err := os.Create(file)
	if err != nil {
		return err
	}
	if err := write(out, size); err != nil {
		return err
	}
	return out.Close()
}

// took is what a run took.
type took struct {
	wall   time.Duration
	cpu    time.Duration // of all cores
	memory int64         // MiB
	lines  int
}

// A program runs at least twice, for the page cache's sake, and for so long: a
// short run is lost where another program wakes up.
const (
	leastRuns = 2
	leastTime = 4 * time.Second
)

// timed takes the fastest of a program's runs.
func timed(program string, args ...string) (best took, err error) {
	for n, start := 0, time.Now(); n < leastRuns || time.Since(start) < leastTime; n++ {
		one, err := once(program, args)
		if err != nil {
			return best, err
		}
		if n == 0 || one.wall < best.wall {
			best = one
		}
	}
	return best, nil
}

func once(program string, args []string) (t took, err error) {
	c := exec.Command(program, args...)
	out, err := c.StdoutPipe()
	if err != nil {
		return t, err
	}
	start := time.Now()
	if err := c.Start(); err != nil {
		return t, err
	}
	lines := bufio.NewReaderSize(out, 1<<20)
	for {
		if _, err := lines.ReadSlice('\n'); err == nil {
			t.lines++
		} else if !errors.Is(err, bufio.ErrBufferFull) {
			break
		}
	}
	if err := c.Wait(); err != nil {
		return t, fmt.Errorf("%s: %w", program, err)
	}
	t.wall, t.cpu = time.Since(start), c.ProcessState.UserTime()+c.ProcessState.SystemTime()
	if usage, ok := c.ProcessState.SysUsage().(*syscall.Rusage); ok {
		t.memory = usage.Maxrss >> 10
	}
	return t, nil
}
