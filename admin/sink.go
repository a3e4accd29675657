package admin

import (
	"context"
	"errors"

	"posta/directory"
	"posta/store"
)

// Sink is mail to anybody, as sink.Sink keeps it.
type Sink interface {
	store.Maildrops

	// Mailbox gives the number of the view of a recipient; 0 is that of all.
	Mailbox(address string) (account int64, canonical string, err error)
}

// box finds the mailbox that a Box means.
func (h House) box(ctx context.Context, in Box) (drops store.Maildrops, account int64, err error) {
	var sink Sink
	if h.Sink != nil {
		sink = h.Sink()
	}
	switch {
	case sink == nil && in == Box{}:
		return nil, 0, refusal("invalid", "admin.whose_messages")
	case in == Box{}:
		return sink, 0, nil
	case sink != nil && in.To != "":
		return sinkBox(sink, in.To)
	}
	a, err := h.Directory.Account(ctx, in.String())
	if sink != nil && (errors.Is(err, directory.ErrNotFound) || errors.Is(err, directory.ErrInvalid)) {
		return sinkBox(sink, in.Address)
	}
	return h.Maildrops, a.ID, err
}

func sinkBox(sink Sink, address string) (store.Maildrops, int64, error) {
	account, _, err := sink.Mailbox(address)
	if err != nil {
		return nil, 0, refusal("invalid", "admin.bad_recipient", "Error", err)
	}
	return sink, account, nil
}
