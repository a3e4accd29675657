package mailroom

import (
	"bytes"
	"context"
	"errors"
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
// for the postmaster of the list's domain.
func (r *Room) fileFor(ctx context.Context, rep *dsn.Report) (f filing, told string, err error) {
	f, why, err := r.fileReport(ctx, rep)
	switch {
	case err != nil || why == nil:
		return f, "", err
	case rep.List == "" || rep.Ownerless:
		return f, unsent(why), nil
	}
	again := *rep
	_, domain := directory.Split(rep.List)
	again.To, again.From = mail.Address{Local: "postmaster", Domain: domain}, mail.Address{}
	again.Full, again.Instead = nil, true // it may have been read
	f, no, err := r.fileReport(ctx, &again)
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
