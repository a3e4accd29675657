package mailroom

import (
	"context"
	"errors"
	"slices"
	"time"

	"posta/directory"
	"posta/mail"
	"posta/store"
)

var errEnded = errors.New("mailroom: the letter has ended")

// letter is one message on its way in.
type letter struct {
	room *Room
	from mail.Origin
	env  mail.Envelope

	rcpts   []rcpt
	targets []target
	byID    map[int64]struct{} // accounts in targets, once they are many
	also    []also
	large   []large
	onward  []onward
	turned  []turned
	circles missed
	reached bool  // reports reach the sender
	done    bool  // nothing is left to do: it has come back to mailboxes that have it, or had it
	own     bool  // the reverse-path is known to be the account's that logged in
	max     int64 // octets, the strictest of the recipients' domains; 0: none

	work  *work // while the header is being read
	body  body
	size  int64 // octets received
	whole whole // only with RET=FULL
	head  header
	err   error // what Write met
	over  bool

	notes   []string
	foreign []mail.Foreign

	onwardBy map[string]int // addresses in onward, once they are many
	counted  int            // recipients elsewhere that count against the sender's limit

	settle []store.Settlement // of the queue, of what comes back from there

	id     string // see identity
	at     time.Time
	signed []byte // the fields of the signatures
}

// rcpt is an accepted RCPT.
type rcpt struct {
	mail.Recipient
	canonical string
	expanded  bool // an alias for several
	list      bool // a mailing list, or an alias for one
	ownerless bool // one without an owner
	kept      bool // the mailbox of this name has it, and it is sent on
	passed    bool // all of it goes on to one address elsewhere, with what the sender asked for

	full []string // mailboxes that it leads to by no list, and that cannot hold the message

	// The first that it leads to, which another recipient may lead to as well: what
	// went there serves both.
	account int64
	onward  string
}

// target is a mailbox that gets the message.
type target struct {
	directory.Target
	used int64 // octets in it, if it has a quota
	rcpt int   // the rcpt that led here first
}

// large is a list that is expanded later.
type large struct {
	directory.List
	rcpt int // the rcpt that led here first
}

// also is a recipient that leads to a mailbox with a quota that was a target already.
type also struct {
	account int64
	rcpt    int
	list    *directory.List // by which it does; nil: none
}

// straight are the recipients that lead to a target by no list.
func (l *letter) straight(t *target) (rcpts []int) {
	if t.List == nil {
		rcpts = append(rcpts, t.rcpt)
	}
	for _, a := range l.also {
		if a.list == nil && a.account == t.Account && !slices.Contains(rcpts, a.rcpt) {
			rcpts = append(rcpts, a.rcpt)
		}
	}
	return rcpts
}

// byLists are the recipients that lead to a target by lists, and those lists.
func (l *letter) byLists(t *target) (all []also) {
	if t.List != nil {
		all = append(all, also{t.Account, t.rcpt, t.List})
	}
	for _, a := range l.also {
		same := func(b also) bool { return b.rcpt == a.rcpt && b.list.ID == a.list.ID }
		if a.list != nil && a.account == t.Account && !slices.ContainsFunc(all, same) {
			all = append(all, a)
		}
	}
	return all
}

// fewTargets are searched without a map.
const fewTargets = 16

// Write implements mail.Letter.
func (l *letter) Write(p []byte) (int, error) {
	if l.over {
		return 0, errEnded
	}
	if l.err != nil {
		return 0, l.err
	}
	l.size += int64(len(p))
	if l.returnsWhole() {
		l.whole.keep(p)
	}
	if l.err = l.tooBig(); l.err == nil {
		l.err = l.take(p)
	}
	if l.err != nil {
		return 0, l.err
	}
	return len(p), nil
}

func (l *letter) tooBig() error {
	if l.max > 0 && l.size > l.max {
		return mail.Refuse(552, "5.3.4", "The message is larger than a recipient's domain allows")
	}
	return nil
}

// take brings octets to the header's reader or to the store.
func (l *letter) take(p []byte) error {
	if l.body.draft == nil {
		l.body.draft = l.room.cfg.Store.Draft(l.env.Size)
		l.work = l.room.works.Get().(*work)
		l.body.looks = len(l.onward) > 0 || len(l.large) > 0
	}
	if l.work == nil {
		return l.body.write(p)
	}
	return l.takeHeader(p)
}

// Abort implements mail.Letter.
func (l *letter) Abort() {
	if l.over {
		return
	}
	l.over = true
	l.release()
	l.body.unsign()
	if l.body.draft != nil {
		l.body.draft.Discard()
	}
}

// release gives the header's reader back.
func (l *letter) release() {
	if l.work != nil {
		l.work.reset()
		l.room.works.Put(l.work)
		l.work = nil
	}
}

// Commit implements mail.Letter.
func (l *letter) Commit(ctx context.Context) (mail.Receipt, error) {
	if l.over {
		return mail.Receipt{}, failed(errEnded)
	}
	defer l.Abort()
	ctx = context.WithoutCancel(ctx)
	if err := l.finish(ctx); err != nil {
		return mail.Receipt{}, refusal(err)
	}
	if l.done {
		return l.dropped(), nil
	}
	if l.counted > 0 {
		if err := l.room.cfg.Sending.Take(l.from.Login, l.counted); err != nil {
			return mail.Receipt{}, refusal(err)
		}
	}
	id, now := l.identity()
	filings, err := l.filings(ctx, id, now)
	if err != nil {
		l.giveBack()
		for _, report := range filings[min(1, len(filings)):] {
			report.Draft.Discard()
		}
		return mail.Receipt{}, refusal(err)
	}
	l.over = true // File ends the draft, whatever it answers
	if err := l.room.file(ctx, filings); err != nil {
		l.giveBack()
		return mail.Receipt{}, refusal(err)
	}
	if len(l.large) > 0 {
		l.room.stir()
	}
	if len(l.onward) > 0 {
		l.room.cfg.Queued()
	}
	for i := range filings[1:] {
		l.room.tell(&filings[1+i])
	}
	own := &filings[0]
	return mail.Receipt{ID: id, MessageID: own.messageID, To: l.delivered(own), Queued: l.queued(), Missed: l.missed(), Notes: l.notes, Foreign: l.foreign}, nil
}

// finish ends the message and checks what needs all of it.
func (l *letter) finish(ctx context.Context) error {
	if l.err != nil {
		return l.err
	}
	if len(l.rcpts) == 0 {
		return mail.Refuse(554, "5.5.1", "No valid recipients")
	}
	if err := l.take(nil); err != nil {
		return err
	}
	if l.work != nil {
		if err := l.endHeader(); err != nil {
			return err
		}
	}
	l.signed = l.room.signature(&l.body)
	if err := l.foundAgain(ctx); err != nil || l.done {
		return err
	}
	if err := l.unloop(); err != nil {
		return err
	}
	return l.checkClaims(ctx)
}

// filings are all that becomes true with the message: it in its mailboxes,
// lists still to be expanded, and reports.
func (l *letter) filings(ctx context.Context, id string, now time.Time) ([]filing, error) {
	fit, err := l.fitting(ctx)
	if err != nil {
		return nil, err
	}
	t := l.trace(id, now)
	f := store.Filing{ID: id, From: l.env.From.String(), Draft: l.body.draft, Received: now, Settle: l.settle}
	f.Traits = l.body.traits(l.head.utf8 || t.utf8)
	f.To = t.deliveries(fit)
	for i := range l.large {
		f.Later = append(f.Later, l.expansion(&t, &l.large[i]))
	}
	messageID := l.head.idText
	if !l.head.id && l.from.Service == mail.Submission {
		messageID = l.room.newMessageID(id)
	}
	if f.Out, err = l.outgoing(ctx, &t, messageID, now); err != nil {
		return nil, err
	}
	own := filing{Filing: f, targets: fit, messageID: messageID, size: l.size}
	return l.report(ctx, append(make([]filing, 0, 1), own), now)
}

// note keeps a remark for the session's record, once.
func (l *letter) note(text string) {
	if !slices.Contains(l.notes, text) {
		l.notes = append(l.notes, text)
	}
}
