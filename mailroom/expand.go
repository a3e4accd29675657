package mailroom

import (
	"context"
	"errors"
	"fmt"
	"time"

	"posta/directory"
	"posta/dsn"
	"posta/event"
	"posta/mail"
	"posta/store"
)

const (
	stepMembers = 500              // of a list in one transaction
	retryAfter  = 30 * time.Second // when something failed inside
	lookAfter   = 5 * time.Minute  // for what another process left
	atOnce      = 16               // expansions read from the store
)

// Run expands the lists that were too long to be expanded before the 250,
// also those that a process before this one left half done. It returns when
// ctx is done, with nil. What fails is tried again; Config.Trouble hears of it.
func (r *Room) Run(ctx context.Context) error {
	for ctx.Err() == nil {
		pause := lookAfter
		if err := r.expandAll(ctx); err != nil && ctx.Err() == nil {
			r.cfg.Trouble(err)
			pause = retryAfter
		}
		timer := time.NewTimer(pause)
		select {
		case <-ctx.Done():
		case <-r.wake:
		case <-timer.C:
		}
		timer.Stop()
	}
	return nil
}

// stir tells Run that there is work.
func (r *Room) stir() {
	select {
	case r.wake <- struct{}{}:
	default:
	}
}

// expandAll works until nothing is left, or only what fails.
func (r *Room) expandAll(ctx context.Context) error {
	for {
		todo, err := r.cfg.Store.Expansions(ctx, atOnce)
		if err != nil {
			return fmt.Errorf("lists to expand: %w", err)
		}
		if len(todo) == 0 {
			return nil
		}
		var bad error
		for i := range todo {
			if err := r.expand(ctx, &todo[i]); err != nil {
				bad = errors.Join(bad, fmt.Errorf("expanding list %d for message %s: %w", todo[i].List, todo[i].Queue, err))
			}
		}
		if bad != nil || ctx.Err() != nil {
			return bad
		}
	}
}

// expand does one list to its end. Each step delivers to some members and
// moves on in one transaction, so that a crash repeats and leaves out nobody.
// A full mailbox spoils a step: then the steps get smaller until it is alone.
func (r *Room) expand(ctx context.Context, e *store.Expansion) error {
	limit := stepMembers
	for ctx.Err() == nil {
		batch, err := r.cfg.Directory.Expand(ctx, e.List, e.After, limit)
		if errors.Is(err, directory.ErrNotFound) { // the list was removed
			batch, err = directory.Batch{After: e.After, Done: true}, nil
		}
		if err != nil {
			return err
		}
		err = r.step(ctx, e, batch, limit == 1)
		switch {
		case err == nil:
			e.After = batch.After
			limit = min(2*limit, stepMembers)
		case spoiled(err) && limit > 1:
			limit /= 2
			continue
		default:
			return err
		}
		if batch.Done {
			return nil
		}
	}
	return nil
}

// spoiled says that one mailbox is to blame.
func spoiled(err error) bool { return errors.Is(err, store.ErrQuota) || errors.Is(err, store.ErrGone) }

// step files one batch. With single set, each mailbox is tried by itself, and
// only a failure of the store stops it.
func (r *Room) step(ctx context.Context, e *store.Expansion, batch directory.Batch, single bool) error {
	fit, full, err := r.roomy(ctx, batch.Targets, int64(len(e.Prefix)))
	if err != nil {
		return err
	}
	f := r.filing(e, fit)
	if single {
		var more []target
		if more, err = r.oneByOne(ctx, f, fit); err != nil {
			return err
		}
		full, f.To = append(full, more...), nil
	}
	about := make([]dsn.Recipient, 0, len(full))
	var m missed
	for i := range full {
		about = append(about, fullMember(full[i].Address, e.Orcpt))
		m.full("", full[i].Address)
	}
	out, no, err := r.outOf(ctx, e, batch.Outside, f.Received)
	if err != nil {
		return err
	}
	for _, o := range batch.Nowhere {
		no = append(no, turned{Onward: o, why: noSuchUser()})
	}
	for i := range no {
		d := no[i].failed()
		d.Original = e.Orcpt
		about = append(about, d)
		m.add(true, no[i].why.Text, "", no[i].Address)
	}
	f.Out, f.Step = out, &store.Step{ID: e.ID, After: batch.After, Done: batch.Done}
	if err := r.fileStep(ctx, e, f, unreached{listOf(batch), about}); err != nil {
		return err
	}
	r.tellDelivered(e.Queue, "", f.To, fit)
	r.tellQueued(e.Queue, "", f.Out)
	r.tellMissed(e.Queue, m)
	return nil
}

// listOf is the list that a batch is of; nil for an empty one.
func listOf(b directory.Batch) *directory.List {
	for i := range b.Targets {
		if l := b.Targets[i].List; l != nil {
			return l
		}
	}
	for _, all := range [][]directory.Onward{b.Outside, b.Nowhere} {
		for i := range all {
			if l := all[i].List; l != nil {
				return l
			}
		}
	}
	return nil
}

// fileStep files a step, and in the same transaction the report to the list's owner,
// or to the sender where it has none, about the members who do not get it.
func (r *Room) fileStep(ctx context.Context, e *store.Expansion, f store.Filing, missed unreached) error {
	report, ok, err := r.ownerReport(ctx, e, missed)
	if err != nil {
		return fmt.Errorf("report to the owner %s: %w", e.From, err)
	}
	if !ok {
		return r.cfg.Store.File(ctx, f)
	}
	err = r.cfg.Store.File(ctx, f, report.Filing)
	if len(f.To) == 0 && spoiled(err) { // it is the owner's mailbox that is full, or gone just now
		r.cfg.Trouble(fmt.Errorf("report to the owner %s: %w", e.From, err))
		return r.cfg.Store.File(ctx, f)
	}
	if err == nil {
		r.tell(&report)
	}
	return err
}

// outOf is what a step sends to members elsewhere, and those whom it cannot.
// What the sender asked for goes on only where reports go back to him (RFC 3461 §5.2.7).
func (r *Room) outOf(ctx context.Context, e *store.Expansion, members []directory.Onward, now time.Time) ([]store.Outgoing, []turned, error) {
	var origin mail.Origin
	if e.Lab {
		origin.Mode = mail.Lab
	}
	_, domain := directory.Split(e.From)
	t := trace{id: e.Queue, from: e.From, common: e.Prefix, has: listFields{id: true}} // the prefix has the list's lines
	g := outgoing{room: r, trace: &t, eight: e.Body == mail.Body8BitMIME, wide: e.UTF8,
		base: store.Outgoing{Queue: e.Queue, Sender: turnOf(domain), Lab: e.Lab, EnvID: e.EnvID, Ret: e.Ret, Traits: e.Traits, Received: now}}
	var no []turned
	taken := r.taken(ctx, origin, members)
	for i := range members {
		o := &members[i]
		why := taken[o.Domain]
		if why != nil && why.Temporary() { // something failed inside: the step is tried again
			return nil, nil, fmt.Errorf("the way to %s: %w", o.Domain, why)
		}
		if why != nil {
			no = append(no, turned{Onward: *o, why: why})
			continue
		}
		rc := r.rcptOf(o, now)
		if !owned(o.List) { // an owner may have come since
			rc.Notify, rc.Orcpt = e.Notify, e.Orcpt
		}
		if err := g.add(ctx, o, rc); err != nil {
			return nil, nil, err
		}
	}
	return g.out, no, nil
}

// filing is a step of the expansion to these mailboxes.
func (r *Room) filing(e *store.Expansion, to []target) store.Filing {
	t := trace{from: e.From, common: e.Prefix, has: listFields{id: true}} // the prefix has the list's lines
	f := store.Filing{ID: e.Queue, From: e.From, Blob: e.Blob, Traits: e.Traits, Received: r.cfg.Now(), To: t.deliveries(to)}
	f.Traits.UTF8 = f.Traits.UTF8 || !mail.IsASCII(string(e.Prefix)) || t.wide(to)
	return f
}

// oneByOne files each delivery of f alone and gives those that could not be.
func (r *Room) oneByOne(ctx context.Context, f store.Filing, to []target) (bad []target, err error) {
	all := f.To
	for i := range to {
		f.To = all[i : i+1]
		err := r.cfg.Store.File(ctx, f)
		switch {
		case err == nil:
			r.tellDelivered(f.ID, "", f.To, to[i:i+1])
		case spoiled(err):
			bad = append(bad, to[i])
		default:
			return nil, err
		}
	}
	return bad, nil
}

// ownerReport is the report to a list's owner on members who do not get it; ok is
// false if there is nobody to tell, or nothing.
func (r *Room) ownerReport(ctx context.Context, e *store.Expansion, missed unreached) (f filing, ok bool, err error) {
	owner, err := mail.ParseAddress(e.From)
	if len(missed.about) == 0 || missed.list == nil || err != nil || !asksFailure(e.Notify) {
		return filing{}, false, nil
	}
	rep := r.newReport(owner, missed.about, r.cfg.Now())
	rep.Lab = e.Lab
	if missed.name(rep); rep.Ownerless {
		rep.EnvID = e.EnvID
	}
	f, told, err := r.fileFor(ctx, rep, false)
	if told != "" {
		r.emit(event.Missed{ID: e.Queue, Why: told, To: []event.Onward{{To: e.From}}})
	}
	return f, err == nil && f.Draft != nil, err
}
