// Package sink keeps mail to anybody: any recipient at any domain, any or no
// credentials. It is for developers, whose programs write to made-up people.
// All of it lies in one mailbox of the store that is no account's, and what
// each recipient sees is a view of it: there are no mailboxes to make, to bound
// or to remove, nothing of it can leave, and the accounts of a server that
// runs beside it never meet it.
//
// It knows no protocol and no SQL. The mailroom finds its recipients (people.go)
// and the POP3 server its maildrops (maildrop.go) here; anyone.go lets them
// log in. Start reading at Sink.
package sink

import (
	"context"
	"crypto/sha256"
	"encoding/binary"
	"encoding/hex"
	"fmt"
	"math"
	"math/rand/v2"
	"slices"
	"strings"
	"sync"

	"posta/mail"
	"posta/store"
)

// DefaultMax is how many messages are kept where nobody says.
const DefaultMax = 500

// Home is the domain of names without one, where no other is given.
const Home = "localhost"

// Everyone is the number of the view of all that is kept.
const Everyone = 0

// Store is what the sink needs of an engine.
type Store interface {
	store.Mail
	store.Maildrops

	// Sink gives the mailbox that is no account's, or store.ErrNotFound where
	// there is none and it may not be made.
	Sink(ctx context.Context, mayMake bool) (account int64, err error)
}

// Options are what a Sink is told at its making.
type Options struct {
	Store     Store
	Max       int                             // messages kept, counted for each recipient; the oldest go first; 0: DefaultMax
	Home      string                          // domain of names without one; "": Home
	Canonical func(mail.Address) mail.Address // the one spelling of an address
	Look      bool                            // only look at what there is, all of it: store.ErrNotFound where no sink ever was
}

// Sink is store.Mail and store.Maildrops whose accounts are recipients. It is
// safe for concurrent use.
type Sink struct {
	Options
	account int64
	leases  leases
	purging sync.Mutex
}

var (
	_ store.Mail      = (*Sink)(nil)
	_ store.Maildrops = (*Sink)(nil)
)

// New makes a Sink over its Store.
func New(ctx context.Context, o Options) (*Sink, error) {
	if o.Max <= 0 {
		o.Max = DefaultMax
	}
	if o.Look {
		o.Max = math.MaxInt
	}
	if o.Home == "" {
		o.Home = Home
	}
	s := &Sink{Options: o}
	s.leases.init()
	var err error
	if s.account, err = o.Store.Sink(ctx, !o.Look); err != nil {
		return nil, fmt.Errorf("sink: %w", err)
	}
	return s, nil
}

// Mailbox gives the number of a recipient's view, and the address in its one
// spelling. A name without domain is one at Home.
func (s *Sink) Mailbox(address string) (account int64, canonical string, err error) {
	if !strings.Contains(address, "@") {
		address += "@" + s.Home
	}
	a, err := mail.ParseAddress(address)
	if err != nil {
		return 0, "", err
	}
	canonical = s.canonical(a)
	return number(canonical), canonical, nil
}

func (s *Sink) canonical(a mail.Address) string {
	if a.Domain == "" {
		a.Domain = s.Home
	}
	return s.Canonical(a).String()
}

// number is the number of the view of a canonical address, never Everyone. Of
// 2⁶² numbers no two recipients of a developer have the same.
func number(canonical string) int64 {
	sum := sha256.Sum256([]byte(canonical))
	return int64(binary.BigEndian.Uint64(sum[:])>>2) | 1<<62
}

// A message's unique-id names the view it belongs to, so that the store knows
// it and nothing has to be kept beside: 16 digits, a dot, 24 random digits.
func viewOf(account int64) string {
	return hex.EncodeToString(binary.BigEndian.AppendUint64(nil, uint64(account))) + "."
}

func uniqueID(account int64) string {
	b := binary.BigEndian.AppendUint64(nil, rand.Uint64())
	b = binary.BigEndian.AppendUint32(b, rand.Uint32())
	return viewOf(account) + hex.EncodeToString(b)
}

// File implements store.Mail.
func (s *Sink) File(ctx context.Context, filings ...store.Filing) error {
	kept := slices.Clone(filings)
	for i := range kept {
		to := slices.Clone(kept[i].To)
		for j := range to {
			to[j].UIDL = uniqueID(to[j].Account)
			to[j].Account = s.account
		}
		kept[i].To = to
	}
	if err := s.Store.File(ctx, kept...); err != nil {
		return err
	}
	for i := range kept {
		for j := range kept[i].To {
			filings[i].To[j].UID = kept[i].To[j].UID
		}
	}
	return s.purge(ctx)
}

// slack is how many messages may lie in the store beyond what is shown: they
// go in one act, because an act costs a write to the disk.
func (s *Sink) slack() int { return min(s.Max/8, 1000) }

// purge removes the oldest messages. What it cannot do now the next one does:
// the message that was just filed is kept.
func (s *Sink) purge(ctx context.Context) error {
	if !s.purging.TryLock() {
		return nil
	}
	defer s.purging.Unlock()
	usage, err := s.Store.Usage(ctx, s.account)
	if err != nil || usage.Messages <= int64(s.Max+s.slack()) {
		return nil
	}
	if gone, _, err := s.split(ctx); err == nil && len(gone) > 0 {
		_ = s.Store.Remove(ctx, store.Lease{Account: s.account}, uidsOf(gone))
	}
	return nil
}

func uidsOf(entries []store.Entry) []uint32 {
	uids := make([]uint32, len(entries))
	for i := range entries {
		uids[i] = entries[i].UID
	}
	return uids
}

// Draft implements store.Mail.
func (s *Sink) Draft(hint int64) store.Draft { return s.Store.Draft(hint) }

// Expansions implements store.Mail: there are no lists here.
func (s *Sink) Expansions(context.Context, int) ([]store.Expansion, error) { return nil, nil }

// Usage implements store.Mail.
func (s *Sink) Usage(ctx context.Context, account int64) (store.Usage, error) {
	var u store.Usage
	all, err := s.List(ctx, account)
	for i := range all {
		u.Messages++
		u.Bytes += all[i].Size
	}
	return u, err
}
