package mailroom

import (
	"bytes"
	"context"
	"errors"
	"slices"
	"strings"

	"posta/directory"
	"posta/dsn"
	"posta/mail"
	"posta/words"
)

// nameList names in a report of the queue the mailing list whose members it is
// about: the message says by its own trace that it came of one, and the reader is the
// list's owner, or it has none and he wrote to it.
func (r *Room) nameList(ctx context.Context, rep *dsn.Report) error {
	reader, _, err := r.backTo(ctx, rep.To)
	if err != nil { // of which fileReport hears, too
		return nil
	}
	for _, named := range deliveredIn(rep.Header) {
		list, err := r.cfg.Directory.List(ctx, named)
		switch {
		case errors.Is(err, directory.ErrNotFound), errors.Is(err, directory.ErrInvalid):
			continue
		case err != nil:
			return err
		}
		owner, bad := mail.ParseAddress(list.Owner)
		if list.Owner == "" || bad == nil && strings.EqualFold(owner.String(), reader.String()) {
			rep.List, rep.Ownerless = list.Address, list.Owner == ""
			return nil
		}
	}
	return nil
}

// maxDelivered bounds how far down a header what stood in our own trace is looked for.
const maxDelivered = 8 << 10

// deliveredIn are the addresses of the two topmost Delivered-To: those of a member
// that sends on, and of the list.
func deliveredIn(head []byte) (all []string) {
	head = head[:min(len(head), maxDelivered)]
	for row := range bytes.Lines(head) {
		name, value, ok := bytes.Cut(row, []byte(":"))
		if ok && strings.EqualFold(string(name), "Delivered-To") {
			all = append(all, string(bytes.TrimSpace(value)))
		}
		if len(all) == 2 || len(bytes.TrimSpace(row)) == 0 {
			break
		}
	}
	return all
}

// fileFor makes the filing of a report, and says who does not get it and why, if so: it
// has no draft where nobody does. What is for a list's owner, and cannot go there, is
// for the postmaster of the list's domain. With alone there is nobody else who could
// tell the sender.
func (r *Room) fileFor(ctx context.Context, rep *dsn.Report, alone bool) (f filing, told string, err error) {
	f, why, err := r.fileReport(ctx, rep)
	switch {
	case err != nil || why == nil:
		return f, "", err
	case alone && (rep.List == "" || rep.Ownerless):
		return r.fileUnheard(ctx, rep, why)
	case rep.List == "" || rep.Ownerless:
		return f, unsent(why), nil
	}
	again := *rep
	again.Instead = true
	_, domain := directory.Split(rep.List)
	f, no, err := r.fileInstead(ctx, &again, domain)
	if err != nil {
		return f, "", err
	}
	args := words.Args{"Why": words.Within(why.Text)}
	if no != nil {
		return f, words.Fail("attempt.owner_unsent", args).Error(), nil
	}
	rep.From, rep.MessageID = again.From, again.MessageID
	return f, words.Fail("attempt.owner_instead", args).Error(), nil
}

// fileInstead makes the filing of a report for a domain's postmaster, in the place of who
// should have got it. It says why if he does not get it either: that is no other's then.
func (r *Room) fileInstead(ctx context.Context, rep *dsn.Report, domain string) (f filing, why *mail.Error, err error) {
	rep.To, rep.From = mail.Address{Local: "postmaster", Domain: domain}, mail.Address{}
	rep.Full = nil // it may have been read
	return r.fileReport(ctx, rep)
}

// fileUnheard makes of a report of failure that cannot go to its sender one for the
// postmaster of the sender's domain, which is of here: somebody is full or gone. Of
// senders elsewhere, most of whom are made up, the log and the trace tell.
func (r *Room) fileUnheard(ctx context.Context, rep *dsn.Report, why *mail.Error) (f filing, told string, err error) {
	if rep.Lab || !slices.ContainsFunc(rep.Recipients, func(rc dsn.Recipient) bool { return rc.Action == dsn.Failed }) {
		return f, unsent(why), nil
	}
	to, _, gone := r.backTo(ctx, rep.To)
	if gone != nil { // a rewritten one that is good no more
		to = rep.To
	}
	if ours, err := r.cfg.Directory.Serves(ctx, to.Domain); err != nil || !ours {
		return f, unsent(why), err
	}
	again := *rep
	again.List, again.Ownerless, again.Unheard = "", false, to.String()
	f, no, err := r.fileInstead(ctx, &again, to.Domain)
	if err != nil || no != nil {
		return f, unsent(why), err
	}
	rep.From, rep.MessageID = again.From, again.MessageID
	return f, words.Fail("attempt.report_instead", words.Args{"Why": words.Within(why.Text)}).Error(), nil
}
