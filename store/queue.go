package store

import (
	"context"
	"io"
	"time"

	"posta/mail"
)

// Outgoing is a message that leaves the house, as all its recipients in the
// queue get it. What MAIL said is passed on with it (RFC 3461 §5.2).
type Outgoing struct {
	ID        int64  // given by the engine
	Queue     string // the queue id
	MessageID string // of its header, without angle brackets, fit to be printed; "" for none
	From      string // the reverse-path to be sent, "" for null
	Sender    string // whose turn it takes in the queue: the account, or the reverse-path's domain; "" for reports
	Lab       bool   // it came by a lab listener, and goes no further than a lab may
	Auth      string // the mailbox that is known to have submitted it (RFC 4954 §5), "" for nobody's
	EnvID     string
	Ret       mail.Ret
	Body      mail.Body // Body8BitMIME where the content has octets above 127, whatever MAIL's BODY said
	UTF8      bool      // it needs SMTPUTF8 (RFC 6531 §3.4): for an address, or because the sender asked; for Traits.UTF8 alone it does not
	Traits    Traits
	Received  time.Time
	Prefix    []byte // lines that stand before the body for these recipients
	Blob      Blob   // the body, given by the engine
	Size      int64  // octets of prefix and body, given by the engine
	Rcpts     []Rcpt // when it is filed; nil in what the queue gives back
}

// Rcpt is one recipient of an Outgoing.
type Rcpt struct {
	To      string // the address that RCPT will say
	Domain  string // its domain as a lower-case A-label, or its address literal: by it the way is looked up
	Orcpt   string // ORCPT= with its type, "rfc822;…"; "" absent
	Notify  mail.Notify
	Due     time.Time // when it is tried first
	Expires time.Time // when it is given up; nothing moves it. What is not held comes due then at the latest, Never or not
	Held    bool      // not before somebody releases it
}

// Never is the Due of what waits until its site asks for it (ETRN, ATRN, TURN).
func Never() time.Time { return time.Unix(1<<40, 0).UTC() }

// Item is one recipient's place in the queue.
type Item struct {
	Rcpt
	ID       int64
	Token    int64     // of the lease under which it was claimed
	Leased   bool      // somebody is at work on it
	Since    time.Time // of what is Leased: when it was
	Attempts int       // that were made
	Unasked  int       // of these, in which nobody was asked: as Attempt.AsOf says
	Extra    int       // of these, for no other reason than that somebody asked for them
	Warned   bool      // the sender knows of the delay
	Leaving  Change    // Bounce or Delete: it is to leave so; Hold, the zero Change: it is not
	Asked    time.Time // when somebody asked for a try by hand, while none has begun since; else zero
	Planned  time.Time // when it would be tried next had nobody asked; zero: when it is due
	Last     Attempt   // the latest; zero before the first
	Out      *Outgoing // shared with the other recipients of the same claim or page
}

// Attempt is what became of one try.
type Attempt struct {
	At      time.Time
	Took    time.Duration
	Host    string // the name tried; "" where the way was not found
	Addr    string // address and port; "" where nobody was dialed
	TLS     string // "TLSv1.3 TLS_AES_128_GCM_SHA256, certificate valid"; "" in clear
	Verb    string // what was answered so, "RCPT", "DATA", or with no Code what was lost with the connection; else ""
	Code    int    // the reply's; 0 where no reply came
	Status  mail.Status
	Text    string // the remote's own words, or ours where it said none; fit to be printed
	Session uint64 // the recorded session's number; 0 for none

	// AsOf is when that was said, to somebody else's message: nobody was asked
	// for this one. Zero where At was.
	AsOf time.Time

	Before []Attempt // the hosts that were asked before in the same try, the first of them first; they have none of their own
}

// Broke says that a connection ended while the attempt handed its message over: the peer
// closed it, or said that it does (RFC 5321 §3.8). One that broke before says nothing of
// the messages that waited for it.
func (a *Attempt) Broke() bool {
	if !a.AsOf.IsZero() {
		return false
	}
	for i := range a.Before {
		if a.Before[i].Broke() {
			return true
		}
	}
	switch a.Verb {
	case "MAIL", "RCPT", "DATA", "BDAT", "message":
		return a.Code == 421 || a.Code == 0 && a.Status == mail.Status{Class: 4, Subject: 4, Detail: 2}
	}
	return false
}

// MostBefore bounds Attempt.Before; an engine may keep fewer, and less of their
// words.
const MostBefore = 8

// Lane is a queue of its own: one sender's mail for one destination. Lanes take
// turns, so that nobody waits behind another's thousands.
type Lane struct {
	Domain string
	Sender string
	Due    time.Time // of its first item
}

// Claim says which items are wanted.
type Claim struct {
	Lane  Lane      // Due plays no part
	All   bool      // those of all senders
	Now   time.Time // due by then; zero: whatever their Due, as a site asks for its mail
	Owner string    // who takes them, for people
	Until time.Time // when the lease ends by itself
	Limit int       // items; of one message, all that are the lane's come before the next message's

	Messages int // at most as many messages; 0: no limit

	// Of the same messages, also recipients in these domains, of the same
	// sender; nil: none. It must not claim.
	Also func(domain string) bool
}

// Settlement is what becomes of a claimed item.
type Settlement struct {
	Item    int64
	Token   int64     // of the lease; 0: an administrator's act on what nobody has (ErrLeased)
	Done    bool      // it leaves the queue
	Due     time.Time // else it waits until then, or is due again where somebody asked while it was leased
	Warned  bool      // the sender was told of the delay, or by this filing is
	Attempt *Attempt  // what was tried; nil: nothing
	Extra   bool      // as Item.Extra counts them
}

// Change is an administrator's act on items of the queue.
type Change uint8

const (
	Hold    Change = iota // not tried until released
	Release               // tried now
	Retry                 // tried now, held ones not
	Keep                  // released, and not tried before their site asks: due Never
	Bounce                // given up, with a report to the sender, by whoever is at work on them or claims them next, unless they are taken
	Delete                // the same without a report
)

// Leaves says that it takes items out of the queue.
func (c Change) Leaves() bool { return c == Bounce || c == Delete }

// Pick chooses items for people, and what they change. Zero fields choose all.
type Pick struct {
	Queue  string // of one message
	Item   int64
	Domain string // of the recipients; "@example.net" takes subdomains too
	Sender string // as Outgoing.Sender; an address also as Outgoing.From, "@example.net" all addresses of a domain, "<>" the null path
	To     string
	Held   *bool
	After  int64 // items with larger ids
	Limit  int   // 0: 100 for a page, all for a change
}

// Depth counts what is in the queue.
type Depth struct {
	Messages, Items, Held, Leased, Kept int64 // Kept: those whose Due is Never
	Bytes                               int64 // of the messages
	Oldest                              time.Time
}

// Queue keeps what has to leave. Filing.Out puts in, Filing.Settle takes out
// in the same transaction as what a settlement gives rise to. A lease whose
// holder's process died is free at once after a restart, and elsewhere when it
// ends.
type Queue interface {
	// Lanes gives the lanes with an item due by now that is neither held nor
	// leased, the one due longest first, without those that skip passes over.
	Lanes(ctx context.Context, now time.Time, skip func(Lane) bool, limit int) ([]Lane, error)

	// Next is when the first item becomes due that is neither held nor leased;
	// zero if none ever does.
	Next(ctx context.Context) (time.Time, error)

	// Claim leases items, those due longest first.
	Claim(ctx context.Context, c Claim) ([]Item, error)

	// Renew moves the end of leases. ErrLost: one of them is another's by now;
	// the others were moved.
	Renew(ctx context.Context, until time.Time, items ...Item) error

	// Unclaim gives items back as they were.
	Unclaim(ctx context.Context, items ...Item) error

	// Settle is File with nothing but settlements: all or none, on stable
	// storage. ErrLost: a lease was lost; ErrLeased: somebody holds what only an
	// administrator settles; ErrNotFound: an item is gone.
	Settle(ctx context.Context, s ...Settlement) error

	// Content opens prefix and body of a message, reading ahead. It holds no
	// transaction between reads.
	Content(ctx context.Context, out *Outgoing) io.ReadCloser

	// Hurry makes all items of a domain due now that are not held, or with
	// "@domain" those of its subdomains too, and counts them. Their age goes on
	// (RFC 1985 §5.3). One of which an attempt Broke comes behind the others of its
	// lane, the oftener the later: a site whose line it cuts gets those first.
	Hurry(ctx context.Context, domain string, now time.Time) (int64, error)

	// Items gives what is chosen, in order of id.
	Items(ctx context.Context, p Pick) ([]Item, error)

	// Story gives the attempts for an item, oldest first; of many the latest.
	// What is long of them may have been cut. ErrNotFound: the item is gone.
	Story(ctx context.Context, item int64) ([]Attempt, error)

	// Change acts on all that is chosen, and counts them. A try that is asked for
	// holds for what is leased, too: its holder has not the last word on when
	// it is due. What is to leave is due at once, held or not, and no other change
	// is about it.
	Change(ctx context.Context, p Pick, c Change, now time.Time) (int64, error)

	// Depth counts.
	Depth(ctx context.Context) (Depth, error)
}
