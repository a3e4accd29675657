package fault

import (
	"regexp"
	"slices"
	"strconv"
	"sync"
	"sync/atomic"
	"time"

	"posta/event"
	"posta/wire"
	"posta/words"
)

// maxRules bounds a Table.
const maxRules = 1000

// Table holds the rules of a server. It is safe for concurrent use.
type Table struct {
	any atomic.Bool // there is a rule: who finds none asks no further

	mu    sync.Mutex
	rules []*kept
	last  int // id given last
}

type kept struct {
	Rule
	pattern *regexp.Regexp
}

// Add puts a rule behind those there are, and gives it a number.
func (t *Table) Add(r Rule) (Rule, error) {
	pattern, err := r.compile()
	if err != nil {
		return Rule{}, err
	}
	t.mu.Lock()
	defer t.mu.Unlock()
	if len(t.rules) >= maxRules {
		return Rule{}, words.Fail("fault.too_many", words.Args{"Most": maxRules})
	}
	t.last++
	r.ID, r.Met = t.last, 0
	t.rules = append(t.rules, &kept{r, pattern})
	t.any.Store(true)
	return r, nil
}

// List gives the rules in the order in which they are asked.
func (t *Table) List() []Rule {
	t.mu.Lock()
	defer t.mu.Unlock()
	out := make([]Rule, len(t.rules))
	for i, k := range t.rules {
		out[i] = k.Rule
	}
	return out
}

// Clear takes a rule away, or all with 0, and says how many went.
func (t *Table) Clear(id int) int {
	t.mu.Lock()
	defer t.mu.Unlock()
	before := len(t.rules)
	t.rules = slices.DeleteFunc(t.rules, func(k *kept) bool { return id == 0 || k.ID == id })
	t.any.Store(len(t.rules) > 0)
	return before - len(t.rules)
}

// find gives the first rule that fits, and counts it. Counting and choosing are
// one act, so that "twice" is twice however many sessions there are.
func (t *Table) find(protocol, at string, about []string) (Rule, bool) {
	t.mu.Lock()
	defer t.mu.Unlock()
	for _, k := range t.rules {
		if k.At != at || k.Times > 0 && k.Met >= k.Times {
			continue
		}
		if p := k.protocol(); p != "" && p != protocol {
			continue
		}
		if k.Match == "" || slices.ContainsFunc(about, k.pattern.MatchString) {
			k.Met++
			return k.Rule, true
		}
	}
	return Rule{}, false
}

// Side is a Table as the engine of one protocol sees it.
type Side struct {
	table    *Table
	protocol string
}

// Side gives the Table to an engine of SMTP or POP3.
func (t *Table) Side(protocol string) Side { return Side{t, protocol} }

// Meet looks for a fault at a point of a session; about is what can match
// there. It notes in the recording what it found and lets a delay pass. met
// says that the engine does not go on as usual: it gives reply, unless that is
// "", and then closes the connection where hangUp says so.
func (s Side) Meet(c *wire.Conn, at string, about ...string) (reply string, hangUp, met bool) {
	if !s.table.any.Load() {
		return "", false, false
	}
	r, found := s.table.find(s.protocol, at, about)
	if !found {
		return "", false, false
	}
	c.State(event.Note{Text: "fault " + strconv.Itoa(r.ID) + ": " + r.String()})
	if r.Delay > 0 {
		c.Pause(time.Duration(r.Delay) * time.Millisecond)
	}
	return r.Reply, r.Close, r.Reply != "" || r.Close
}
