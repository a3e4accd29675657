//go:build whole

package main

import (
	"context"
	"testing"
	"time"
)

// Every mutant is killed by the test that is named for it.
func TestKilled(t *testing.T) {
	began := time.Now()
	results, err := tryAll(context.Background(), root, catalogued(t).Mutants, func(result) {})
	if err != nil {
		t.Fatal(err)
	}
	for _, r := range results {
		switch r.fate {
		case wasKilled:
		case survived:
			t.Errorf("%s survived %s: %s (%s)", r.mutant.ID, r.mutant.Test, r.mutant.Negated, r.mutant.File)
		default:
			t.Errorf("%s proves nothing: %s\n%s", r.mutant.ID, r.fate, r.output)
		}
	}
	t.Logf("%d mutants in %.0f s", len(results), time.Since(began).Seconds())
}
