package mailroom

import (
	"context"
	"errors"
	"fmt"
	"strings"

	"posta/directory"
	"posta/dsn"
	"posta/event"
	"posta/mail"
	"posta/store"
	"posta/words"
)

// readers are who gets a report: mailboxes here and addresses elsewhere.
type readers struct {
	whom mail.Address // whom the address stands for, where it is a rewritten one
	here []directory.Target
	out  []directory.Onward
	why  *mail.Error // somebody elsewhere is no reader, for good; nil: all are
}

func (r *readers) none() bool { return len(r.here)+len(r.out) == 0 }

// readers finds who reads what is sent to an address without a sender. Where a
// message came from says how far a report on it may go. Nobody tries a report again but
// the queue: where it does not show just now whether mail is taken, that finds out.
func (r *Room) readers(ctx context.Context, to mail.Address, from mail.Origin) (readers, error) {
	to, _, err := r.backTo(ctx, to)
	if err != nil {
		return readers{}, err
	}
	res, err := r.resolve(ctx, to, mail.Address{}, mail.Login{})
	if err != nil {
		return readers{}, fmt.Errorf("resolving a report's reader: %w", err)
	}
	found := readers{whom: to, here: res.Targets}
	all := res.Outside
	if res.Outcome == directory.NonLocal {
		all = []directory.Onward{straight(to, &res)}
	}
	taken := r.taken(ctx, from, all)
	for _, o := range all {
		if why := taken[o.Domain]; why != nil && !why.Temporary() {
			found.why = why
		} else {
			found.out = append(found.out, o)
		}
	}
	if found.none() {
		found.here = res.Instead
	}
	return found, nil
}

// fileReport makes the filing of a report, to whom rep.To stands for. Where nobody gets
// it there is none, and it says why.
func (r *Room) fileReport(ctx context.Context, rep *dsn.Report) (f filing, why *mail.Error, err error) {
	var origin mail.Origin
	if rep.Lab {
		origin.Mode = mail.Lab
	}
	to, err := r.readers(ctx, rep.To, origin)
	var refused *mail.Error
	switch {
	case errors.As(err, &refused) && !refused.Temporary(): // a rewritten address that is good no more
		return f, refused, nil
	case err != nil:
		return f, nil, err
	case to.none() && to.why != nil:
		return f, to.why, nil
	case to.none():
		return f, noSuchUser(), nil
	}
	if rep.From.IsZero() {
		if rep.From, err = r.postmaster(ctx, rep.To, &to); err != nil {
			return f, nil, err
		}
	}
	rep.To = to.whom // who reads it never wrote under a rewritten address
	f = filing{Filing: store.Filing{ID: r.cfg.NewID(), Received: rep.Date}, recipient: rep.To.String()}
	f.messageID = r.newMessageID(f.ID)
	rep.MessageID = f.messageID
	b := body{draft: r.cfg.Store.Draft(0), looks: len(to.out) > 0}
	f.Draft = b.draft
	defer b.unsign()
	if err := r.signReport(ctx, &b, &to, rep); err != nil {
		r.cfg.Trouble(fmt.Errorf("signing a report: %w", err))
	}
	if err := rep.Write(&b, r.cfg.Words[0], r.cfg.Words[1:]...); err != nil {
		b.draft.Discard()
		return filing{}, nil, err
	}
	if err := r.address(ctx, &f, &b, &to, rep); err != nil || len(f.To)+len(f.Out) == 0 {
		b.draft.Discard()
		return filing{}, mail.Refuse(452, "4.2.2", words.Fail("attempt.mailbox_full", nil).Error()), err
	}
	return f, nil, nil
}

// unsent are the words for a report that nobody gets.
func unsent(why *mail.Error) string {
	return words.Fail("attempt.report_unsent", words.Args{"Why": words.Within(why.Text)}).Error()
}

// postmaster is whom the reader of a report may answer: the postmaster of his
// own domain, who is always there (RFC 5321 §4.5.1), or else of ours.
func (r *Room) postmaster(ctx context.Context, reader mail.Address, to *readers) (mail.Address, error) {
	out := mail.Address{Local: "postmaster", Domain: reader.Domain}
	if len(to.here) > 0 {
		return out, nil
	}
	ours, err := r.cfg.Directory.Serves(ctx, reader.Domain)
	if err != nil || ours {
		return out, err
	}
	domain, err := r.cfg.Directory.DefaultDomain(ctx)
	if domain == "" {
		domain = r.cfg.Hostname
	}
	return mail.Address{Local: "postmaster", Domain: domain}, err
}

// signReport begins to sign a report that leaves.
func (r *Room) signReport(ctx context.Context, b *body, to *readers, rep *dsn.Report) (err error) {
	if r.cfg.Signer == nil || len(to.out) == 0 || rep.Lab {
		return nil
	}
	ours, err := r.cfg.Directory.Serves(ctx, rep.From.Domain)
	if err == nil && ours {
		b.signing, err = r.cfg.Signer.Begin(ctx, rep.From.Domain)
	}
	return err
}

// address says where a written report goes: to mailboxes that can hold it, and
// elsewhere under the null path (RFC 3464 §2), so that none answers it (RFC 3461
// §6.1).
func (r *Room) address(ctx context.Context, f *filing, b *body, to *readers, rep *dsn.Report) error {
	fit, _, err := r.roomy(ctx, to.here, b.size)
	if err != nil {
		return err
	}
	for i := range fit {
		fit[i].List = nil // the null path stays
	}
	t := trace{id: f.ID, common: r.signature(b)}
	wide := !mail.IsASCII(rep.To.String())
	f.To, f.targets, f.size = t.deliveries(fit), fit, b.size
	f.Traits = b.traits(wide || t.wide(fit))
	g := outgoing{room: r, trace: &t, eight: b.eight, wide: wide || rep.UTF8 && b.eight,
		base: store.Outgoing{Queue: f.ID, MessageID: f.messageID, Lab: rep.Lab, Traits: f.Traits, Received: rep.Date}}
	for i := range to.out {
		o := to.out[i]
		o.List = nil
		rc := r.rcptOf(&o, rep.Date)
		rc.Notify = mail.NotifyNever
		if err := g.add(ctx, &o, rc); err != nil {
			return err
		}
	}
	f.Out = g.out
	return nil
}

// untold is who should have got a report, for each of those whom it is about.
func untold(rep *dsn.Report) []event.Onward {
	out := make([]event.Onward, len(rep.Recipients))
	for i := range rep.Recipients {
		_, about, _ := strings.Cut(rep.Recipients[i].Final, ";")
		out[i] = event.Onward{Recipient: about, To: rep.To.String()}
	}
	return out
}

// Report files a report, in a mailbox here or to leave, and settles the items
// of the queue that it is about, all in one transaction. It fills in From, if
// that is zero, and MessageID, and undoes a rewritten To. A report that nobody can get still settles.
func (r *Room) Report(ctx context.Context, rep *dsn.Report, settle ...store.Settlement) error {
	f, told := filing{}, ""
	if !rep.To.IsZero() && len(rep.Recipients) > 0 {
		err := r.nameList(ctx, rep)
		if err != nil {
			return refusal(err)
		}
		if f, told, err = r.fileFor(ctx, rep, true); err != nil {
			return refusal(err)
		}
	}
	ok := f.Draft != nil
	f.Settle = settle
	if err := r.cfg.Store.File(ctx, f.Filing); err != nil {
		return err
	}
	if told != "" {
		r.emit(event.Missed{ID: rep.About, Why: told, To: untold(rep)})
	}
	if ok {
		r.tell(&f)
	}
	return nil
}
