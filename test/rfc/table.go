// Command rfc holds the requirements on server and client against the tests that name them
// and writes docs/rfc.md. The requirements' sentences are not in the project:
// docs/rfc/requirements.csv has their ids, and what each asks in own words.
//
//	go run ./test/rfc      writes docs/rfc.md
//	go test ./test/rfc     complains of what is missing, unknown or stale
package main

import (
	"encoding/csv"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
)

// requirement is one row of the table.
type requirement struct {
	id, level, role, says, excuse string
	tests                         []string // that name it
}

// firm says that the requirement leaves no choice.
func (r requirement) firm() bool { return strings.HasPrefix(r.level, "MUST") }

// rfc is the number of the requirement's document.
func (r requirement) rfc() string { n, _, _ := strings.Cut(r.id, "-"); return n }

// foreign is the excuse that stands for a class of its own, of what binds IMAP or
// ACAP; every other one is a choice that the standard leaves, with its reason.
const foreign = "another protocol"

// foreignFirm are the MUSTs of RFC 2595 that bind no server of SMTP or POP3: one
// is for IMAP's LOGINDISABLED, one for ACAP's greeting.
func foreignFirm() []string { return []string{"2595-3.2-2", "2595-5.1-3"} }

// excused says that the row may stand without a test for the reason it gives.
func (r requirement) excused() bool {
	return !r.firm() || r.excuse == foreign && slices.Contains(foreignFirm(), r.id)
}

// readTable reads docs/rfc/requirements.csv.
func readTable(root string) ([]requirement, error) {
	f, err := os.Open(filepath.Join(root, "docs", "rfc", "requirements.csv"))
	if err != nil {
		return nil, err
	}
	defer f.Close()
	rows, err := csv.NewReader(f).ReadAll()
	if err != nil {
		return nil, err
	}
	var all []requirement
	for _, row := range rows[1:] {
		all = append(all, requirement{id: row[0], level: row[1], role: row[2], says: row[3], excuse: row[4]})
	}
	return all, nil
}

// join gives each requirement its tests, and complains.
func join(all []requirement, named map[string][]string) (complaints []string) {
	known := map[string]bool{}
	for i := range all {
		r := &all[i]
		if known[r.id] {
			complaints = append(complaints, fmt.Sprintf("%s stands twice in the table", r.id))
		}
		known[r.id] = true
		r.tests = named[r.id]
		if c := r.complaint(); c != "" {
			complaints = append(complaints, fmt.Sprintf("%s (%s): %s: %s", r.id, r.level, r.says, c))
		}
	}
	for id, tests := range named {
		if !known[id] {
			complaints = append(complaints, fmt.Sprintf("%s names %s, which is not in the table", tests[0], id))
		}
	}
	return complaints
}

func (r requirement) complaint() string {
	switch {
	case r.says == "":
		return "has no wording"
	case r.excuse != "" && len(r.tests) > 0:
		return fmt.Sprintf("is excused (%s) and named by %s", r.excuse, r.tests[0])
	case r.excuse == "" && len(r.tests) == 0:
		return "no test names it"
	case r.excuse != "" && !r.excused():
		return "a choice excuses no MUST"
	}
	return ""
}
