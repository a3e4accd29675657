package main

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"time"
)

// fate is what became of a mutant.
type fate string

const (
	wasKilled fate = "killed"
	survived  fate = "survived"
	noBuild   fate = "does not build" // and so proves nothing
	noTest    fate = "its test fails or is missing without it, too"
)

// result is one mutant tried.
type result struct {
	mutant  mutant
	fate    fate
	output  string // of the test or the compiler
	seconds float64
}

// broken says that the trial proves nothing.
func (r result) broken() bool { return r.fate == noBuild || r.fate == noTest }

func (r result) String() string {
	return fmt.Sprintf("%-16s %-9s %5.1f s  %s", r.mutant.ID, r.fate, r.seconds, r.mutant.Test)
}

func killed(all []result) int {
	n := 0
	for _, r := range all {
		if r.fate == wasKilled {
			n++
		}
	}
	return n
}

// atOnce is how many mutants are built and tried at the same time: the linker,
// which takes most of the time, fills one core.
const atOnce = 2

// patience bounds one test. One that never ends has noticed something too.
const patience = 60 * time.Second

// bench is a folder for what is built.
type bench struct {
	root, dir string
}

// tryAll first sees the tests pass without a mutant, then tries each mutant.
// The results come in the order of the mutants; seen hears of each at once.
func tryAll(ctx context.Context, root string, all []mutant, seen func(result)) ([]result, error) {
	root, err := filepath.Abs(root)
	if err != nil {
		return nil, err
	}
	dir, err := os.MkdirTemp(scratch(), "mutants")
	if err != nil {
		return nil, err
	}
	defer os.RemoveAll(dir)
	b := bench{root, dir}
	sound, err := b.sound(ctx, all)
	if err != nil {
		return nil, err
	}
	results := make([]result, len(all))
	var mu sync.Mutex // for seen
	var wg sync.WaitGroup
	turns := make(chan int)
	for range atOnce {
		wg.Go(func() {
			for i := range turns {
				results[i] = b.try(ctx, all[i], sound[all[i].Test], i)
				mu.Lock()
				seen(results[i])
				mu.Unlock()
			}
		})
	}
	for _, i := range byRoom(all) {
		turns <- i
	}
	close(turns)
	wg.Wait()
	return results, ctx.Err()
}

// scratch is where binaries of many megabytes are cheap; "" is the default.
func scratch() string {
	const memory = "/dev/shm"
	if info, err := os.Stat(memory); err == nil && info.IsDir() {
		return memory
	}
	return ""
}

// byRoom puts mutants of one package together, so that two of a package low in
// the house do not build everything above it at the same time as others.
func byRoom(all []mutant) []int {
	order := make([]int, len(all))
	for i := range order {
		order[i] = i
	}
	slices.SortStableFunc(order, func(a, b int) int { return strings.Compare(all[a].File, all[b].File) })
	return order
}

// sound builds the tests' packages as they are, runs each test once, and says
// which of them ran and passed.
func (b bench) sound(ctx context.Context, all []mutant) (map[string]bool, error) {
	sound, rooms := map[string]bool{}, map[string]string{}
	for _, m := range all {
		test, err := m.named()
		if err != nil {
			return nil, err
		}
		if _, done := sound[m.Test]; done {
			continue
		}
		if rooms[test.room] == "" {
			program := filepath.Join(b.dir, fmt.Sprintf("plain%d.test", len(rooms)))
			if out, err := b.build(ctx, test.room, program, ""); err != nil {
				return nil, fmt.Errorf("%s does not build as it is: %w\n%s", test.room, err, out)
			}
			rooms[test.room] = program
		}
		out, err := b.play(ctx, rooms[test.room], test)
		sound[m.Test] = err == nil && bytes.Contains(out, []byte("--- PASS: "+test.name))
	}
	return sound, nil
}

// try builds the test with the mutant in it and runs it.
func (b bench) try(ctx context.Context, m mutant, sound bool, number int) (r result) {
	began := time.Now()
	defer func() { r.seconds = time.Since(began).Seconds() }()
	if !sound {
		return result{mutant: m, fate: noTest}
	}
	test, err := m.named()
	if err != nil {
		return result{mutant: m, fate: noTest, output: err.Error()}
	}
	overlay, err := b.overlay(m, number)
	if err != nil {
		return result{mutant: m, fate: noBuild, output: err.Error()}
	}
	program := filepath.Join(b.dir, fmt.Sprintf("%d.test", number))
	defer os.Remove(program)
	if out, err := b.build(ctx, test.room, program, overlay); err != nil {
		return result{mutant: m, fate: noBuild, output: string(out)}
	}
	out, err := b.play(ctx, program, test)
	var exit *exec.ExitError
	switch {
	case err == nil:
		return result{mutant: m, fate: survived, output: string(out)}
	case errors.As(err, &exit) && failed(out, test):
		return result{mutant: m, fate: wasKilled, output: string(out)}
	}
	return result{mutant: m, fate: noTest, output: err.Error() + "\n" + string(out)}
}

// failed says that it was the named test that failed, or that took the whole
// program with it: a panic, a bubble of synctest in which nothing moves.
func failed(out []byte, test named) bool {
	return bytes.Contains(out, []byte("--- FAIL: "+test.name)) ||
		bytes.Contains(out, []byte("=== RUN   "+test.name)) &&
			(bytes.Contains(out, []byte("\npanic: ")) || bytes.Contains(out, []byte("\nfatal error: ")))
}

// overlay writes the altered file and what the go command wants to know of it.
func (b bench) overlay(m mutant, number int) (string, error) {
	src, err := m.apply(b.root)
	if err != nil {
		return "", err
	}
	altered := filepath.Join(b.dir, fmt.Sprintf("%d.go", number))
	if err := os.WriteFile(altered, src, 0o600); err != nil {
		return "", err
	}
	table, err := json.Marshal(map[string]map[string]string{"Replace": {m.path(b.root): altered}})
	if err != nil {
		return "", err
	}
	path := filepath.Join(b.dir, fmt.Sprintf("%d.json", number))
	return path, os.WriteFile(path, table, 0o600)
}

// build compiles a package's tests into a program. Vet has seen the code
// already, and nobody debugs the program.
func (b bench) build(ctx context.Context, room, program, overlay string) ([]byte, error) {
	args := []string{"test", "-c", "-vet=off", "-ldflags=-s -w", "-o", program}
	if overlay != "" {
		args = append(args, "-overlay", overlay)
	}
	c := exec.CommandContext(ctx, "go", append(args, "./"+room)...)
	c.Dir = b.root
	c.Env = append(os.Environ(), "CGO_ENABLED=0")
	return c.CombinedOutput()
}

// play runs one test, in its package's folder as go test does.
func (b bench) play(ctx context.Context, program string, test named) ([]byte, error) {
	ctx, cancel := context.WithTimeout(ctx, 2*patience)
	defer cancel()
	c := exec.CommandContext(ctx, program, "-test.run", test.pattern, "-test.v", "-test.timeout", patience.String())
	c.Dir = filepath.Join(b.root, filepath.FromSlash(test.room))
	c.Env = append(os.Environ(), "TMPDIR="+b.dir)
	return c.CombinedOutput()
}
