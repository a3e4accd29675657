package main

import (
	"bytes"
	"cmp"
	"crypto/sha256"
	"encoding/csv"
	"os"
	"path/filepath"
	"slices"
	"strings"
)

// draw says how the requirements were drawn.
type draw struct {
	Seed  string
	Count int
	RFCs  []string // whose requirements were in the urn
}

// requirement is one row of docs/rfc/requirements.csv.
type requirement struct{ id, level, role, says, excuse string }

func requirements(root string) ([]requirement, error) {
	src, err := os.ReadFile(filepath.Join(root, "docs", "rfc", "requirements.csv"))
	if err != nil {
		return nil, err
	}
	rows, err := csv.NewReader(bytes.NewReader(src)).ReadAll()
	if err != nil {
		return nil, err
	}
	var all []requirement
	for _, row := range rows[1:] {
		all = append(all, requirement{row[0], row[1], row[2], row[3], row[4]})
	}
	return all, nil
}

// wordings gives the rows by their ids.
func wordings(root string) (map[string]requirement, error) {
	all, err := requirements(root)
	says := map[string]requirement{}
	for _, r := range all {
		says[r.id] = r
	}
	return says, err
}

// urn is what may be drawn: what a server must, must not, should or should not
// do, and what a test names. (test/rfc holds that a row has a test or an excuse.)
func (d draw) urn(all []requirement) []string {
	var ids []string
	for _, r := range all {
		rfc, _, _ := strings.Cut(r.id, "-")
		firm := strings.HasPrefix(r.level, "MUST") || strings.HasPrefix(r.level, "SHOULD")
		serves := r.role == "server" || r.role == "both"
		if firm && serves && r.excuse == "" && slices.Contains(d.RFCs, rfc) {
			ids = append(ids, r.id)
		}
	}
	return ids
}

// draw takes the ids whose hash with the seed is lowest: as random as a
// generator's choice, the same on every machine, and a row that comes or goes
// changes one place of the result and not all.
func (d draw) draw(ids []string) []string {
	ids = slices.Clone(ids)
	ticket := func(id string) string {
		sum := sha256.Sum256([]byte(d.Seed + ":" + id))
		return string(sum[:])
	}
	slices.SortFunc(ids, func(a, b string) int { return cmp.Compare(ticket(a), ticket(b)) })
	return ids[:min(d.Count, len(ids))]
}
