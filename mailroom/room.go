package mailroom

import (
	"context"
	"errors"
	"sync"
	"time"

	"posta/dsn"
	"posta/event"
	"posta/imf"
	"posta/mail"
	"posta/srs"
	"posta/store"
)

// Defaults of a Config.
const (
	DefaultHops   = 100 // RFC 5321 §6.3: a large threshold, normally at least 100
	DefaultHeader = 256 << 10
)

// Config is what a Room is made of. Hostname, Directory and Store must be set.
type Config struct {
	Hostname  string // in Received: and Reporting-MTA:
	Directory Directory
	Store     store.Mail

	Outside Outside       // whether mail for other hosts is taken; nil: none is
	Callout Callout       // asks next hosts about recipients; nil: nobody can be asked
	SRS     *srs.Rewriter // nil: reverse-paths leave as they are
	MaxAge  time.Duration // how long mail waits to leave; 0: DefaultAge
	Hold    bool          // what leaves waits until somebody releases it
	Signer  Signer        // signs what leaves; nil: nobody does
	Lies    Lies          // what mailboxes hold; nil: nobody can tell
	Mark    []byte        // the key by which fetched mail is known that was filed here before; nil: it bears no mark
	Sending Sending       // bounds what accounts send to others; nil: nothing does
	Queued  func()        // told when something was filed that leaves; nil: nobody

	MaxHops   int   // a message with more Received: fields is in a loop; 0: DefaultHops
	MaxHeader int64 // octets of a header; 0: DefaultHeader

	Words   []dsn.Words      // what reports say, in one language after the other; none: English, Spanish
	Now     func() time.Time // nil: time.Now
	NewID   func() string    // queue ids; nil: the Room's own
	Trouble func(error)      // told what failed in Run, which goes on; nil: nobody
	Sink    event.Sink       // told of what is filed without a session: reports, long lists; nil: nobody
}

// Room implements mail.Door and mail.Addresses.
type Room struct {
	cfg   Config
	works sync.Pool     // of *work
	wake  chan struct{} // Run has something to do
}

// New makes a Room.
func New(cfg Config) *Room {
	if cfg.MaxHops <= 0 {
		cfg.MaxHops = DefaultHops
	}
	if cfg.MaxHeader <= 0 {
		cfg.MaxHeader = DefaultHeader
	}
	if cfg.Outside == nil {
		cfg.Outside = closed{}
	}
	if cfg.Callout == nil {
		cfg.Callout = nobody{}
	}
	if cfg.MaxAge <= 0 {
		cfg.MaxAge = DefaultAge
	}
	if cfg.Queued == nil {
		cfg.Queued = func() {}
	}
	if len(cfg.Words) == 0 {
		cfg.Words = []dsn.Words{dsn.English(), dsn.Spanish()}
	}
	if cfg.Now == nil {
		cfg.Now = time.Now
	}
	if cfg.NewID == nil {
		cfg.NewID = newIDs(cfg.Now).next
	}
	if cfg.Trouble == nil {
		cfg.Trouble = func(error) {}
	}
	if cfg.Sink == nil {
		cfg.Sink = event.Discard{}
	}
	r := &Room{cfg: cfg, wake: make(chan struct{}, 1)}
	limit := int(min(cfg.MaxHeader, 1<<30))
	r.works.New = func() any { return &work{scanner: imf.Scanner{Max: limit}} }
	return r
}

// Begin implements mail.Door.
func (r *Room) Begin(ctx context.Context, from mail.Origin, env mail.Envelope) (mail.Letter, error) {
	l := &letter{room: r, from: from, env: env}
	if err := l.mayUse(ctx); err != nil {
		return nil, err
	}
	return l, nil
}

func checkPath(mode mail.Mode, path mail.Address) error {
	if path.IsZero() || path.Domain == "" && mode == mail.Lab {
		return nil
	}
	if err := mail.CheckDomain(path.Domain); err != nil {
		return mail.Refuse(553, "5.1.7", "The sender's domain is malformed").Because(err)
	}
	return nil
}

// refusal makes an *Error of what the store said.
func refusal(err error) *mail.Error {
	var e *mail.Error
	switch {
	case errors.As(err, &e):
		return e
	case errors.Is(err, store.ErrQuota):
		return mail.Refuse(452, "4.2.2", "A recipient's mailbox is full").Because(err)
	case errors.Is(err, store.ErrFull):
		return mail.Refuse(452, "4.3.1", "The server's disk is full").Because(err)
	case errors.Is(err, store.ErrGone):
		return mail.Refuse(451, "4.3.0", "A recipient's mailbox was just removed; try again").Because(err)
	}
	return failed(err)
}

const localError = "Local error; try again later"

// failed is the answer when something broke inside.
func failed(err error) *mail.Error {
	return mail.Refuse(451, "4.3.0", localError).Because(err)
}

// say puts an address into a reply, if it is printable ASCII.
func say(before, address, after string) string {
	for i := range len(address) {
		if address[i] <= ' ' || address[i] > '~' {
			address = "another address"
			break
		}
	}
	return before + address + after
}
