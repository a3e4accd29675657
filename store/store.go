// Package store says what an engine must do to keep mail: mailboxes, messages
// and their bodies, and the work that outlives a session. It says nothing of
// people (that is directory) and nothing of SQL (that is store/sqldb).
// storetest is the suite that every engine passes.
//
// Start reading at Mail.
package store

import (
	"context"
	"errors"
	"io"
	"time"

	"posta/mail"
)

var (
	ErrNotFound = errors.New("store: not found")
	ErrExists   = errors.New("store: exists already")     // an imported UIDL that the mailbox has
	ErrQuota    = errors.New("store: mailbox is full")    // a recipient's quota; nothing of the filing was kept
	ErrGone     = errors.New("store: account has gone")   // between RCPT and the end of the data
	ErrInUse    = errors.New("store: maildrop is in use") // another session's lease
	ErrLost     = errors.New("store: lease was lost")     // fencing token no longer valid
	ErrLeased   = errors.New("store: somebody has it")    // an item that an administrator's act would take out
	ErrFull     = errors.New("store: disk is full")       // nothing kept; 452 4.3.1
	ErrTarget   = errors.New("store: no copy can be written there")
	ErrClosed   = errors.New("store: closed")
	ErrUnknown  = errors.New("store: whether the disk has it cannot be known") // COMMIT or fsync failed; the process ends
)

// Sizes that decide how a body travels.
const (
	Pooled = 64 << 10  // a body up to this is held in a pooled buffer
	Inline = 256 << 10 // above this it is written in chunks before the commit
	Chunk  = 64 << 10  // octets in a chunk
)

// Blob names a stored body. It is opaque to all but the engine.
type Blob int64

// Draft is a body being received. It belongs to one goroutine; it ends with
// File, whatever that returns, or Discard. Until then an engine holds what was
// written ahead, so one of them must come; Discard after File does nothing.
type Draft interface {
	io.Writer    // errors are kept and returned again by File
	Size() int64 // octets so far
	Discard()    // forget it; what was written ahead is swept later
}

// Traits are what acceptance learnt of a body on its way in, so that POP3 need
// not look at it again.
type Traits struct {
	Stuffed bool // some line begins with a dot: RETR must stuff
	NoEOL   bool // the last line has no CRLF: RETR adds one
	UTF8    bool // header has UTF-8 (RFC 6532; RFC 6856 §4)
}

// Delivery puts a message into one mailbox.
type Delivery struct {
	Account int64
	Mailbox string // "" is INBOX
	Prefix  []byte // lines that stand before the body for this recipient
	UIDL    string // "" makes a random one; the old server's on import
	UID     uint32 // set by File when it succeeds: the message's number in the mailbox
}

// Expansion is a list too long to expand before the 250: its members from
// After on still have to be delivered.
type Expansion struct {
	ID     int64  // given by the engine
	List   int64  // directory's id of the list
	After  int64  // members with a larger id are still to come
	Blob   Blob   // the body
	Prefix []byte // as in Delivery, before what is the member's own
	From   string // the reverse-path, "" for null
	Queue  string // the queue id
	Traits Traits
	Body   mail.Body // for members elsewhere, as in Outgoing
	UTF8   bool      // likewise
	Lab    bool      // likewise

	// What the sender asked of reports, where he gets those on the members; nothing
	// where the list's owner does.
	Notify mail.Notify
	Orcpt  string // as in Rcpt
	EnvID  string // as in Outgoing
	Ret    mail.Ret
}

// Filing is a message and everything that must become true with it.
type Filing struct {
	ID       string // queue id
	From     string // the reverse-path, "" for null
	Draft    Draft  // the body; nil when Blob names a stored one
	Blob     Blob
	Traits   Traits
	Received time.Time
	To       []Delivery
	Later    []Expansion  // lists to expand after the 250
	Step     *Step        // progress of an expansion that this filing makes
	Out      []Outgoing   // the same body for recipients elsewhere
	Settle   []Settlement // items of the queue that this filing settles: a report and what it is about
}

// Step moves an expansion on.
type Step struct {
	ID    int64
	After int64
	Done  bool
}

// Entry is a message in a mailbox, as POP3 and the tools see it.
type Entry struct {
	UID      uint32
	UIDL     string // 24 hexadecimal digits of 96 random bits, or the old server's
	Size     int64  // octets of prefix and body as sent by RETR without stuffing (CRLF added for NoEOL counted)
	Prefix   int32  // octets of the prefix
	Blob     Blob
	Traits   Traits
	Received time.Time
	Queue    string // queue id
}

// Lease is the right to change a maildrop (RFC 1939 §4's exclusive lock).
type Lease struct {
	Account int64
	Token   int64 // grows with every lease of the maildrop: the fencing number
}

// Usage is what a mailbox or account holds.
type Usage struct{ Messages, Bytes int64 }

// Mail keeps messages.
type Mail interface {
	// Draft begins a body. hint is its expected size, 0 for unknown.
	Draft(hint int64) Draft

	// File makes all the filings true in ONE transaction, or none of them, and
	// returns after stable storage has them. It joins a batch with the filings
	// of other sessions, which neither its failure nor its cancellation harms.
	// Each Delivery gets its UID.
	// Errors: ErrQuota, ErrGone, ErrFull, ErrClosed, or what failed inside.
	File(ctx context.Context, filings ...Filing) error

	// Usage counts an account's messages in all mailboxes.
	Usage(ctx context.Context, account int64) (Usage, error)

	// Expansions gives the lists still to be expanded, oldest first.
	Expansions(ctx context.Context, limit int) ([]Expansion, error)
}

// Maildrops serves POP3 and the tools that look into mailboxes.
type Maildrops interface {
	// Lock takes the lease of an account's INBOX, or gives ErrInUse. owner
	// names the holder for people ("session 17 from 192.0.2.1"). A lease whose
	// holder's process died is free at once after a restart, and elsewhere
	// after ttl without Renew.
	Lock(ctx context.Context, account int64, owner string, ttl time.Duration) (Lease, error)
	Renew(ctx context.Context, l Lease, ttl time.Duration) error
	Unlock(ctx context.Context, l Lease) error

	// List gives the messages of the account's INBOX in order of UID. The
	// entries may be shared with other callers and must not be changed.
	List(ctx context.Context, account int64) ([]Entry, error)

	// Reader opens a reader over several messages of one mailbox that reads
	// ahead. It holds no database transaction between its calls.
	Reader(account int64) Reader

	// Remove deletes messages on stable storage: all or none. With a zero
	// Token it is an administrator's act and ignores leases.
	Remove(ctx context.Context, l Lease, uids []uint32) error
}

// Reader hands out bodies. It belongs to one goroutine.
type Reader interface {
	// WriteTo writes prefix and body of the entry to w, unchanged, and nothing
	// after. next are the entries likely wanted after it, for reading ahead.
	// ErrNotFound: deleted meanwhile.
	WriteTo(ctx context.Context, w io.Writer, e Entry, next []Entry) error
	Close()
}
