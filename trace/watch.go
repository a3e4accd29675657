package trace

import (
	"cmp"
	"slices"
	"strings"

	"posta/event"
)

// peer is what is known of an open connection.
type peer struct {
	client string
	login  string
	ours   bool     // the house dialed: who logged in is no user here
	from   string   // of the message under way
	rcpts  []string // accepted for it
	lost   string   // the reply that refused its MAIL

	author    string          // of the next message, by its header, where nobody knows its envelope
	collected event.Collected // where what comes is collected; zero: nowhere
}

// maxRcpts bounds the recipients remembered of one message.
const maxRcpts = 10_000

// Wants is never true: facts come unasked, and octets stay out of it.
func (t *Trace) Wants(uint64, event.Layer, event.Part) bool { return false }

// Emit keeps a fact that belongs to a message's story.
func (t *Trace) Emit(e *event.Event) {
	if e.Kind != event.State && e.Kind != event.Open && e.Kind != event.Close {
		return
	}
	t.mu.Lock()
	defer t.mu.Unlock()
	switch f := e.Fact.(type) {
	case event.Opened:
		t.peers[e.Conn] = &peer{client: f.Peer().Addr().Unmap().WithZone("").String(), ours: f.Dialed()}
	case event.Closed:
		t.breakOff(e, f.Reason)
		delete(t.peers, e.Conn)
	default:
		t.state(e)
	}
}

// state is called with the lock held.
func (t *Trace) state(e *event.Event) {
	p := t.peers[e.Conn]
	if p == nil {
		p = &peer{} // the house itself
	}
	switch f := e.Fact.(type) {
	case event.Authenticated:
		if f.OK && !p.ours {
			p.login = f.User
		}
	case event.Collected:
		p.collected = f
	case event.Written:
		p.author = f.From
	case event.Asked:
		for part := range slices.Chunk(f.Domains, 10_000) {
			t.add(Mail, t.of(e, p, record{what: asked, by: f.By, site: f.Site, recipients: part}))
		}
	case event.Enveloped:
		t.breakOff(e, "")
		p.from, p.rcpts, p.lost = f.From, p.rcpts[:0], ""
	case event.Addressed:
		if len(p.rcpts) < maxRcpts {
			p.rcpts = append(p.rcpts, f.To)
		}
	case event.Refused:
		t.refused(e, p, &f)
	case event.Accepted:
		t.add(Mail, t.of(e, p, record{what: accepted, id: f.ID, messageID: f.MessageID, from: f.From, size: f.Size, recipients: p.rcpts, author: p.author}))
		p.rcpts, p.author = p.rcpts[:0], ""
	case event.Delivered:
		t.add(Mail, t.of(e, p, record{what: delivered, id: f.ID, to: f.To}))
	case event.Queued:
		t.add(Mail, t.of(e, p, record{what: queued, id: f.ID, onward: f.To}))
	case event.Missed:
		t.add(Mail, t.of(e, p, record{what: missed, id: f.ID, reply: f.Why, onward: f.To, tried: tried{outcome: f.Outcome()}}))
	case event.Attempted:
		t.add(Mail, attemptOf(e, &f))
	case event.Halted:
		t.add(Mail, t.of(e, p, record{what: halted, id: f.ID, recipients: []string{f.Recipient}, tried: tried{outcome: f.Outcome()}}))
	case event.Fetched:
		t.add(Mail, t.of(e, p, record{what: fetched, account: f.Account, uids: []uint32{f.UID}}))
	case event.Deleted:
		for part := range slices.Chunk(f.UIDs, 10_000) {
			t.add(Mail, t.of(e, p, record{what: deleted, account: f.Account, uids: part}))
		}
	}
}

// attemptOf is the record of an attempt.
func attemptOf(e *event.Event, f *event.Attempted) *record {
	r := &record{what: attempted, time: e.Time, session: cmp.Or(f.Session, e.Conn), id: f.ID, reply: f.Reply, recipients: []string{f.Recipient},
		tried: tried{outcome: f.Outcome, host: f.Host, addr: f.Addr, tls: f.TLS, next: f.Next, asOf: f.AsOf}}
	if f.Earlier {
		r.from, r.messageID, r.tried.accepted = f.From, f.MessageID, e.Time.Add(-f.Delay)
	}
	return r
}

// of fills in when it was and who.
func (t *Trace) of(e *event.Event, p *peer, r record) *record {
	r.time, r.session, r.client, r.login = e.Time, e.Conn, p.client, p.login
	if r.what == accepted || r.what == refused || r.what == unfinished {
		r.by, r.host, r.user = p.collected.By, p.collected.Host, p.collected.User
	}
	return &r
}

// refused keeps refusals of mail; that of a message is its recipients'.
func (t *Trace) refused(e *event.Event, p *peer, f *event.Refused) {
	r := record{what: refused, reply: f.Reply, from: p.from}
	switch strings.ToUpper(f.Verb) {
	case "MAIL":
		r.from = f.Path
		if !strings.HasPrefix(f.Reply, "503 ") { // a message may be open
			p.from, p.lost = f.Path, f.Reply
		}
	case "RCPT":
		// A client that sends ahead names its recipients all the same. What
		// stopped them is why MAIL was refused, not that it was (503).
		if p.lost != "" {
			r.reply = p.lost
		}
		r.recipients = []string{f.Path}
	case "DATA", "BDAT":
		if len(p.rcpts) == 0 {
			return
		}
		r.recipients = p.rcpts
		defer func() { p.rcpts = p.rcpts[:0] }()
	default:
		return
	}
	t.add(Refusals, t.of(e, p, r))
}

// breakOff keeps that a message with recipients never came. Another MAIL has
// no reason: the client thought better of it.
func (t *Trace) breakOff(e *event.Event, reason string) {
	p := t.peers[e.Conn]
	if p == nil || len(p.rcpts) == 0 {
		return
	}
	t.add(Refusals, t.of(e, p, record{what: unfinished, from: p.from, recipients: p.rcpts, reply: reason}))
	p.rcpts = p.rcpts[:0]
}
