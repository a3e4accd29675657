package mailroom

import (
	"bytes"
	"context"
	"errors"
	"strings"

	"posta/directory"
	"posta/dsn"
	"posta/mail"
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
