package sqldb

import (
	"strings"

	"posta/store"
	"posta/words"
)

// mostAlike bounds the troubles of one kind that are told one by one.
const mostAlike = 20

// troubles collects what is wrong.
type troubles struct {
	found  []store.Trouble
	counts map[string]int
	old    bool // an earlier schema, which has not every table yet
}

// add notes a trouble. id is its sentence's, "sqldb.trouble_KIND"; what a
// repair does is said by id + "_repair".
func (ts *troubles) add(way store.Way, id string, args words.Args) {
	if ts.counts == nil {
		ts.counts = map[string]int{}
	}
	if ts.counts[id]++; ts.counts[id] > mostAlike {
		return
	}
	ts.found = append(ts.found, trouble(way, id, args))
}

func trouble(way store.Way, id string, args words.Args) store.Trouble {
	return store.Trouble{Kind: strings.TrimPrefix(id, "sqldb.trouble_"), Way: way,
		What: words.Fail(id, args), Repair: words.Fail(id+"_repair", args)}
}

// all gives what was noted, with how many more there are of each kind.
func (ts *troubles) all() []store.Trouble {
	var out []store.Trouble
	for i, t := range ts.found {
		out = append(out, t)
		id := "sqldb.trouble_" + t.Kind
		last := i+1 == len(ts.found) || ts.found[i+1].Kind != t.Kind
		if more := ts.counts[id] - mostAlike; last && more > 0 {
			t.What = words.Fail("sqldb.trouble_more", words.Args{"Count": more})
			out = append(out, t)
		}
	}
	return out
}

// needsRescue says that a file cannot be mended in place.
func needsRescue(all []store.Trouble) bool {
	for _, t := range all {
		if t.Way == store.Rescue {
			return true
		}
	}
	return false
}
