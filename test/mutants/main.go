// Command mutants asks whether the tests that name requirements would notice if
// the requirements were broken. Forty requirements are drawn with a seed; for
// each, mutants.toml says which code is behind it, how it reads when the
// behaviour is negated, and which test must then fail. The tree itself is never
// changed: the go command gets the altered file as an overlay.
//
//	go run ./test/mutants                  tries them all and writes docs/mutants.md
//	go run ./test/mutants 1939-4-4 …       tries these and writes nothing
//	go test ./test/mutants                 holds the list against draw, code and tests
//	go test -tags whole ./test/mutants     tries them all, and the page must be fresh
//
// Begin at mutant.go; try.go has the trying.
package main

import (
	"context"
	"fmt"
	"os"
	"os/signal"
	"path/filepath"
	"slices"
	"time"
)

// page is what is generated, below the root.
const page = "docs/mutants.md"

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt)
	defer stop()
	if err := run(ctx, ".", os.Args[1:]); err != nil {
		fmt.Fprintln(os.Stderr, "mutants:", err)
		os.Exit(1)
	}
}

func run(ctx context.Context, root string, only []string) error {
	all, err := load(root)
	if err != nil {
		return err
	}
	chosen := all.Mutants
	if len(only) > 0 {
		chosen = slices.DeleteFunc(slices.Clone(chosen), func(m mutant) bool { return !slices.Contains(only, m.ID) })
	}
	began := time.Now()
	results, err := tryAll(ctx, root, chosen, func(r result) { fmt.Println(r) })
	if err != nil {
		return err
	}
	fmt.Printf("%d mutants, %d killed, %.0f s\n", len(results), killed(results), time.Since(began).Seconds())
	for _, r := range results {
		if r.broken() {
			return fmt.Errorf("%s: %s\n%s", r.mutant.ID, r.fate, r.output)
		}
	}
	if len(only) > 0 {
		return nil
	}
	says, err := wordings(root)
	if err != nil {
		return err
	}
	return os.WriteFile(filepath.Join(root, filepath.FromSlash(page)), render(all, says, results), 0o644)
}
