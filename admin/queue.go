package admin

import (
	"context"
	"errors"
	"time"

	"posta/queue"
	"posta/store"
)

// Queued is a recipient's place in the queue.
type Queued struct {
	ID        string    `json:"id"`   // of the message
	Item      int64     `json:"item"` // of this place
	To        string    `json:"to"`
	From      string    `json:"from"` // "": a report
	Sender    string    `json:"sender,omitempty"`
	MessageID string    `json:"message_id,omitempty"`
	Size      int64     `json:"size"`
	Received  time.Time `json:"received"`
	State     string    `json:"state"`             // QueueWaiting …
	Since     time.Time `json:"since,omitzero"`    // of working: when it was taken up
	Session   uint64    `json:"session,omitempty"` // of working: that in which it is tried now, where it is known
	Then      string    `json:"then,omitempty"`    // of working, and where no server runs of waiting: QueueHeld, "bounce" or "delete", what somebody wants of it when that ends, unless a host takes the message
	Due       time.Time `json:"due,omitzero"`      // of waiting: when it is tried next
	Stage     string    `json:"stage,omitempty"`   // of waiting: QueueLooking or QueueTurn, how far it is that is due
	Expires   time.Time `json:"expires"`           // when it is given up
	Tries     int       `json:"tries"`             // that were made: somebody was asked
	Unasked   int       `json:"unasked,omitempty"` // times it was put off as another message had just been, and nobody asked
	Warned    bool      `json:"warned"`            // the sender knows of the delay
	Lab       bool      `json:"lab,omitempty"`     // it came by a lab listener, and goes no further than a lab may
	Last      *Tried    `json:"last,omitempty"`
	Story     []Tried   `json:"story,omitempty"` // of queue.show: every attempt, oldest first
}

// The states of what is in the queue.
const (
	QueueWaiting = "waiting"
	QueueHeld    = "held"    // until an administrator releases it
	QueueWorking = "working" // somebody is at it now
	QueueKept    = "kept"    // until its site asks
)

// How far one is that waits and is due.
const (
	QueueLooking = "looking" // its way is being looked up in the DNS
	QueueTurn    = "turn"    // it waits for its turn behind others
)

// Tried is an attempt to deliver.
type Tried struct {
	At      time.Time `json:"at"`
	Millis  float64   `json:"ms"`
	Host    string    `json:"host,omitempty"`    // "" where no way was found
	Address string    `json:"address,omitempty"` // with its port; "" where nobody was dialed
	TLS     string    `json:"tls,omitempty"`
	Verb    string    `json:"verb,omitempty"` // what was answered so; without a code, what the connection was lost with: MAIL or message
	Code    int       `json:"code,omitempty"` // of the reply; 0 where none came
	Status  string    `json:"status,omitempty"`
	Text    string    `json:"text,omitempty"` // the other server's words, or posta's where it said none
	Session uint64    `json:"session,omitempty"`
	Held    bool      `json:"held,omitempty"`   // `posta session show` still has it
	AsOf    time.Time `json:"as_of,omitzero"`   // when that was said, to somebody else's message: for this one nobody was asked
	Before  []Tried   `json:"before,omitempty"` // hosts that were asked before in the same try
}

// QueuePick chooses places in the queue: of messages, or by what else is given.
type QueuePick struct {
	Queue  []string `json:"queue,omitempty"`  // ids of messages
	Domain string   `json:"domain,omitempty"` // of the recipients; "@example.net" takes subdomains too
	Sender string   `json:"sender,omitempty"` // an account, or an address in the envelope, "@example.net" or "<>" there; or a domain of who did not log in
	To     string   `json:"to,omitempty"`
	Held   *bool    `json:"held,omitempty"`
	All    bool     `json:"all,omitempty"`   // needed for a change of all that is there
	Limit  int      `json:"limit,omitempty"` // of queue.list; 0: all
}

// QueueChanged says how many recipients a change was about.
type QueueChanged struct {
	Recipients int64 `json:"recipients"`
	Kept       int64 `json:"kept,omitempty"`  // of them, of retry and release: those whose site must ask for them
	Later      bool  `json:"later,omitempty"` // of retry and release: no server runs that would try them now; who asks without one sets it

	Working  int64    `json:"working,omitempty"`  // of them, of hold, delete and bounce: they are being tried now, and it holds when that ends, unless a host takes the message
	Sessions []uint64 `json:"sessions,omitempty"` // in which, where it is known

	Unreported int64    `json:"unreported,omitempty"` // of them, of bounce: nobody gets a report; who is being tried is not among them
	Absent     []string `json:"absent,omitempty"`     // of several messages that were named: those not in the queue
	Unchanged  []string `json:"unchanged,omitempty"`  // of these: those in the queue that it was not about
}

// QueueDepth counts what is in the queue.
type QueueDepth struct {
	Messages   int64     `json:"messages"`
	Recipients int64     `json:"recipients"`
	Held       int64     `json:"held"`
	Working    int64     `json:"working"`
	Kept       int64     `json:"kept"`
	Bytes      int64     `json:"bytes"`
	Oldest     time.Time `json:"oldest,omitzero"`
}

// QueueID names a message in the queue.
type QueueID struct {
	Name string `json:"name"`
}

func (h House) queued() []Operation {
	return []Operation{
		op("queue.list", false, h.listQueue),
		op("queue.show", false, h.showQueued),
		op("queue.retry", true, h.changeQueue(store.Retry)),
		op("queue.hold", true, h.changeQueue(store.Hold)),
		op("queue.release", true, h.changeQueue(store.Release)),
		op("queue.delete", true, h.removeQueued(store.Delete)),
		op("queue.bounce", true, h.removeQueued(store.Bounce)),
	}
}

// picks are those of the store that choose the same.
func (in QueuePick) picks() []store.Pick {
	one := store.Pick{Domain: in.Domain, Sender: in.Sender, To: in.To, Held: in.Held}
	if len(in.Queue) == 0 {
		return []store.Pick{one}
	}
	all, named := make([]store.Pick, 0, len(in.Queue)), map[string]bool{}
	for _, id := range in.Queue {
		if one.Queue = id; !named[id] {
			all = append(all, one)
		}
		named[id] = true
	}
	return all
}

// queuePage is how many items are read at a time.
const queuePage = 500

// pages calls do with the items that are chosen, some at a time, until it says
// that it has enough.
func (h House) pages(ctx context.Context, in QueuePick, do func([]store.Item) (enough bool, err error)) error {
	for _, pick := range in.picks() {
		pick.Limit = queuePage
		for {
			items, err := h.Queue.Items(ctx, pick)
			if err != nil || len(items) == 0 {
				if err != nil {
					return err
				}
				break
			}
			pick.After = items[len(items)-1].ID
			if enough, err := do(items); enough || err != nil {
				return err
			}
		}
	}
	return nil
}

func (h House) listQueue(ctx context.Context, in QueuePick) ([]Queued, error) {
	out := []Queued{}
	in, err := h.sound(ctx, in)
	if err != nil {
		return out, err
	}
	err = h.pages(ctx, in, func(items []store.Item) (bool, error) {
		prospects := h.prospects(items)
		for i := range items {
			if in.Limit > 0 && len(out) == in.Limit {
				return true, nil
			}
			out = append(out, h.showItem(&items[i], prospects[i]))
		}
		return false, nil
	})
	if err == nil && len(out) == 0 && len(in.Queue) > 0 {
		err = h.named(ctx, in)
	}
	return out, err
}

// named refuses messages of which none is in the queue.
func (h House) named(ctx context.Context, in QueuePick) error {
	there, err := h.there(ctx, QueuePick{Queue: in.Queue})
	if err == nil && !there {
		err = in.none()
	}
	return err
}

func (h House) showQueued(ctx context.Context, in QueueID) ([]Queued, error) {
	var out []Queued
	err := h.pages(ctx, QueuePick{Queue: []string{in.Name}}, func(items []store.Item) (bool, error) {
		prospects := h.prospects(items)
		for i := range items {
			shown := h.showItem(&items[i], prospects[i])
			story, err := h.Queue.Story(ctx, items[i].ID)
			if errors.Is(err, store.ErrNotFound) {
				continue // it has left just now
			}
			if err != nil {
				return true, err
			}
			shown.Story = each(story, h.showTried)
			out = append(out, shown)
		}
		return false, nil
	})
	if err == nil && len(out) == 0 {
		err = notQueued(in.Name)
	}
	return out, err
}

// prospects says what comes next for items, where somebody sends them.
func (h House) prospects(items []store.Item) []queue.Prospect {
	if h.Sender == nil {
		return make([]queue.Prospect, len(items))
	}
	return h.Sender.Prospects(items)
}

func (h House) showItem(i *store.Item, next queue.Prospect) Queued {
	q := Queued{ID: i.Out.Queue, Item: i.ID, To: i.To, From: i.Out.From, Sender: i.Out.Sender, MessageID: i.Out.MessageID,
		Size: i.Out.Size, Received: i.Out.Received.UTC(), State: QueueWaiting, Expires: i.Expires.UTC(), Tries: i.Attempts - i.Unasked, Unasked: i.Unasked,
		Warned: i.Warned, Lab: i.Out.Lab}
	switch {
	case i.Leased:
		q.State, q.Since, q.Then = QueueWorking, i.Since.UTC(), afterwards(i)
		if h.Sender != nil {
			q.Session = h.Sender.Session(i.ID)
		}
	case i.Leaving.Leaves(): // whoever claims it next lets it
		q.Then = afterwards(i)
	case i.Held:
		q.State = QueueHeld
	case !i.Due.Before(store.Never()):
		q.State = QueueKept
	default:
		q.Due = i.Due.UTC()
		if !next.Next.IsZero() {
			q.Due = next.Next.UTC()
		}
		q.Stage = map[queue.Stage]string{queue.LookingUp: QueueLooking, queue.InTurn: QueueTurn}[next.Stage]
	}
	if !i.Last.At.IsZero() {
		last := h.showTried(i.Last)
		q.Last = &last
	}
	return q
}

// afterwards is what somebody wants of an item when it is no longer worked on.
func afterwards(i *store.Item) string {
	switch {
	case i.Leaving == store.Bounce:
		return "bounce"
	case i.Leaving == store.Delete:
		return "delete"
	case i.Held:
		return QueueHeld
	}
	return ""
}

func (h House) showTried(a store.Attempt) Tried {
	t := Tried{At: a.At.UTC(), Millis: float64(a.Took.Microseconds()) / 1000, Host: a.Host, Address: a.Addr, TLS: a.TLS, Verb: a.Verb,
		Code: a.Code, Text: a.Text, Session: a.Session}
	if a.Status.Class != 0 {
		t.Status = a.Status.String()
	}
	opened := a.At
	if !a.AsOf.IsZero() {
		opened, t.AsOf = a.AsOf, a.AsOf.UTC()
	}
	t.Held = a.Session != 0 && h.Sessions != nil && h.Sessions.Holds(a.Session, opened)
	if len(a.Before) > 0 {
		t.Before = each(a.Before, h.showTried)
	}
	return t
}

// Sender changes what waits in the queue, as the one who sends it.
type Sender interface {
	// Change holds, releases or retries, counts the recipients, and of those held
	// those who are being tried all the same.
	Change(ctx context.Context, p store.Pick, c store.Change) (int64, queue.Underway, error)

	// Remove takes them out: with store.Bounce their senders get a report, unless none
	// may go or is wanted, with store.Delete nobody. Who is being tried leaves when
	// that ends.
	Remove(ctx context.Context, p store.Pick, c store.Change) (queue.Removed, error)

	// Session is that in which an item is tried now; 0 where none is known.
	Session(item int64) uint64

	// Prospects says what comes next for each of the items that wait.
	Prospects(items []store.Item) []queue.Prospect

	// Rerouted tells that a route or a domain's way was changed.
	Rerouted()

	// Explain says which way mail for a domain would take.
	Explain(ctx context.Context, domain string) (queue.Way, error)
}

func (h House) removeQueued(c store.Change) func(context.Context, QueuePick) (QueueChanged, error) {
	return func(ctx context.Context, in QueuePick) (QueueChanged, error) {
		in, err := h.chosen(ctx, in)
		if err != nil {
			return QueueChanged{}, err
		}
		var all queue.Removed
		out, err := h.everyPick(ctx, in, func(p store.Pick) (int64, error) {
			n, err := h.Sender.Remove(ctx, p, c)
			all.Reported += n.Reported
			all.Join(n.Underway)
			return n.Items + n.Underway.Items, err
		})
		out.Working, out.Sessions = all.Underway.Items, all.Sessions
		if c == store.Bounce {
			out.Unreported = out.Recipients - out.Working - all.Reported
		}
		return out, err
	}
}

// ShowDepth is a depth as operations show it.
func ShowDepth(d store.Depth) QueueDepth {
	return QueueDepth{Messages: d.Messages, Recipients: d.Items, Held: d.Held, Working: d.Leased, Kept: d.Kept, Bytes: d.Bytes, Oldest: d.Oldest.UTC()}
}
