package trace

import (
	"slices"
	"strings"
	"time"

	"posta/event"
)

// What a Step tells.
const (
	Accepted   = "accepted"
	Refused    = "refused"
	Unfinished = "unfinished"
	Delivered  = "delivered"
	Fetched    = "fetched"
	Deleted    = "deleted"

	// Of what leaves, besides event's Relayed, Delayed, Held, Released, Failed, Removed, Filed and Unsent.
	Queued = "queued"
	Asked  = "asked" // a site asked for it

	Gone = "gone" // of a Story alone: it waits no longer, and nothing says what became of it
)

// Story is what became of a message for one of its recipients.
type Story struct {
	To        string `json:"to"`                   // as RCPT had it; "" where MAIL was refused
	From      string `json:"from"`                 // "" is the null path of reports
	Author    string `json:"author,omitempty"`     // of what was collected by POP3, whose envelope nobody knows: who wrote it, as its header says
	Status    string `json:"status"`               // refused, unfinished, accepted, queued, delayed, failed, removed, relayed, filed, delivered, fetched, deleted, gone: how far it came
	ID        string `json:"id,omitempty"`         // queue id
	MessageID string `json:"message_id,omitempty"` // of the header
	Size      int64  `json:"size,omitempty"`       // octets as received; 0 also where that is not known
	Steps     []Step `json:"steps"`                // as they happened; without how it came where a crash took that
	More      int    `json:"more,omitempty"`       // steps that were too many to be told

	// Addresses elsewhere for which it waits no longer although the last step of each says
	// so: what became of it there was seen in the moment before a crash. Find knows no
	// queue: who does fills it in.
	Unnoted []string `json:"unnoted,omitempty"`
}

// Step is one thing that happened to it.
type Step struct {
	Time    time.Time `json:"time"`
	What    string    `json:"what"`              // accepted, refused, unfinished, delivered, fetched, deleted, queued, asked, relayed, delayed, held, released, failed, removed, filed, unsent
	Session uint64    `json:"session,omitempty"` // 0: posta itself, or an administrator
	Held    bool      `json:"held,omitempty"`    // `posta session show` still has the session
	Client  string    `json:"client,omitempty"`  // address without port
	Account string    `json:"account,omitempty"` // who was logged in
	Mailbox string    `json:"mailbox,omitempty"` // of delivered, fetched, deleted
	Reply   string    `json:"reply,omitempty"`   // of refused; of unfinished, how the connection ended; of an attempt, the other server's words; of failed and unsent without Host, posta's reason
	Onward  string    `json:"onward,omitempty"`  // of what leaves: the address that it goes to; of who misses it, that one's
	Host    string    `json:"host,omitempty"`    // of an attempt: the server's name; of what was collected: where
	User    string    `json:"user,omitempty"`    // of what was collected: who logged in there
	Way     string    `json:"way,omitempty"`     // of what was collected: pop3, atrn, turn; of asked: etrn, atrn, turn
	Site    string    `json:"site,omitempty"`    // of asked: the site
	Address string    `json:"address,omitempty"` // its address and port
	TLS     string    `json:"tls,omitempty"`     // version and cipher
	Next    time.Time `json:"next,omitzero"`     // of delayed: when it is tried again
	AsOf    time.Time `json:"as_of,omitzero"`    // of an attempt: when that was said, to another message; for this one nobody was asked
}

// maxSteps bounds a story: somebody may fetch a message every minute.
const maxSteps = 100

func (s *Story) add(step Step) {
	if r := rank(step.What); r > rank(s.Status) || r == rank(Queued) && r == rank(s.Status) {
		if s.Status = step.What; step.What == event.Released {
			s.Status = Queued
		}
	}
	if len(s.Steps) == maxSteps {
		s.More++
		return
	}
	s.Steps = append(s.Steps, step)
}

// waits says whether the message waited at a time to go to an address elsewhere.
func (s *Story) waits(onward string, at time.Time) bool {
	waits := false
	for i := range s.Steps {
		p := &s.Steps[i]
		if p.Onward == onward && !p.Time.After(at) {
			waits = p.What == Queued || p.What == event.Delayed || p.What == event.Released || p.What == Asked // what is held nobody gets who asks
		}
	}
	return waits
}

// Waiting gives the addresses elsewhere that it waits for, as the last step of each
// says. Of a story with steps untold nobody can know.
func (s *Story) Waiting() (all []string) {
	if s.More > 0 {
		return nil
	}
	for i := range s.Steps {
		p := &s.Steps[i]
		all = slices.DeleteFunc(all, func(onward string) bool { return onward == p.Onward })
		switch p.What {
		case Queued, Asked, event.Delayed, event.Held, event.Released:
			all = append(all, p.Onward)
		}
	}
	return all
}

// Miss notes that it waits no longer for an address elsewhere, though no step tells why.
func (s *Story) Miss(onward string) {
	s.Unnoted = append(s.Unnoted, onward)
	if rank(s.Status) == rank(Queued) && len(s.Unnoted) == len(s.Waiting()) {
		s.Status = Gone
	}
}

// order puts the steps as they happened. Who filed the message may tell of it
// later than who sent it on, or fetched it: what a step follows from stands before it.
func (s *Story) order() {
	began := map[string]time.Time{} // by address elsewhere, and by mailbox
	for i := range s.Steps {
		switch p := &s.Steps[i]; p.What {
		case Queued:
			began[">"+p.Onward] = p.Time
		case Delivered:
			began[p.Mailbox] = p.Time
		case Accepted:
			began[">"] = p.Time
		}
	}
	key := func(p *Step) time.Time {
		at := p.Time
		first := []time.Time{began[">"]}
		switch {
		case p.Onward != "":
			first = append(first, began[">"+p.Onward])
		case p.Mailbox != "":
			first = append(first, began[p.Mailbox])
		}
		for _, before := range first {
			if before.After(at) {
				at = before
			}
		}
		return at
	}
	slices.SortStableFunc(s.Steps, func(a, b Step) int { return key(&a).Compare(key(&b)) })
}

func rank(status string) int {
	switch status {
	case Refused, Unfinished, Accepted:
		return 1
	case Queued, event.Delayed, event.Held, event.Released: // the later one counts
		return 2
	case event.Failed, event.Relayed, event.Removed, event.Filed, Delivered:
		return 3
	case Fetched:
		return 4
	case Deleted:
		return 5
	}
	return 0
}

// Query chooses stories; what is empty chooses all.
type Query struct {
	From      string    `json:"from,omitempty"`       // an address, "@domain", a local part; "<>" for reports
	To        string    `json:"to,omitempty"`         // of the recipient or the mailbox
	MessageID string    `json:"message_id,omitempty"` // of the header, or the queue id
	Session   uint64    `json:"session,omitempty"`    // that sent, fetched, deleted or asked for it
	Since     time.Time `json:"since,omitzero"`       // when it was sent, or not fetched or deleted before
	Limit     int       `json:"limit,omitempty"`      // the newest so many messages; 0: 1,000
}

// Result is what Find found.
type Result struct {
	Stories []Story `json:"stories"`
	Cut     bool    `json:"cut,omitempty"`  // there were older ones
	Lost    uint64  `json:"lost,omitempty"` // happenings of that time that could not be kept; each damaged slice counts as one
}

// same says whether an address is one that was asked for.
func same(asked, address string) bool {
	local, domain := address, ""
	if i := strings.LastIndexByte(address, '@'); i >= 0 {
		local, domain = address[:i], address[i+1:]
	}
	switch {
	case asked == "":
		return true
	case asked == "<>":
		return address == ""
	case asked[0] == '@':
		return strings.EqualFold(asked[1:], domain)
	case strings.Contains(asked, "@"):
		return strings.EqualFold(asked, address)
	}
	return strings.EqualFold(asked, local)
}
