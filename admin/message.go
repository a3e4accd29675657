package admin

import (
	"context"
	"io"
	"slices"
	"time"

	"posta/store"
)

// Message is a message in an account's INBOX.
type Message struct {
	UID      uint32    `json:"uid"`
	UIDL     string    `json:"uidl"`
	Size     int64     `json:"size"` // octets, as RETR sends them
	Received time.Time `json:"received"`
	Queue    string    `json:"queue"` // the id that SMTP's 250 told

	// What the header says, decoded; "" where it says nothing.
	From    string `json:"from,omitempty"`
	Subject string `json:"subject,omitempty"`
}

// MessageID names a message.
type MessageID struct {
	Address string `json:"address"`
	UID     uint32 `json:"uid"`
}

// MessagesOf names messages for deleting; All takes every one.
type MessagesOf struct {
	Address string   `json:"address"`
	UIDs    []uint32 `json:"uids,omitempty"`
	All     bool     `json:"all,omitempty"`
}

// Deleted says how many messages went.
type Deleted struct {
	Messages int `json:"messages"`
}

func (h House) messages() []Operation {
	return []Operation{
		op("message.list", false, func(ctx context.Context, in ByAddress) ([]Message, error) {
			account, entries, err := h.inbox(ctx, in.Address)
			if err != nil {
				return nil, err
			}
			return h.withHeaders(ctx, account, entries)
		}),
		op("message.show", false, func(ctx context.Context, in MessageID) (Message, error) {
			account, e, err := h.message(ctx, in)
			if err != nil {
				return Message{}, err
			}
			shown, err := h.withHeaders(ctx, account, []store.Entry{e})
			if err == nil && len(shown) == 0 { // deleted just now
				err = noMessage(in)
			}
			if err != nil {
				return Message{}, err
			}
			return shown[0], nil
		}),
		op("message.export", false, h.exportMessage),
		op("message.delete", true, h.deleteMessages),
	}
}

func (h House) inbox(ctx context.Context, address string) (account int64, entries []store.Entry, err error) {
	a, err := h.Directory.Account(ctx, address)
	if err != nil {
		return 0, nil, err
	}
	entries, err = h.Maildrops.List(ctx, a.ID)
	return a.ID, entries, err
}

func (h House) message(ctx context.Context, in MessageID) (account int64, e store.Entry, err error) {
	account, entries, err := h.inbox(ctx, in.Address)
	if err != nil {
		return 0, store.Entry{}, err
	}
	i := slices.IndexFunc(entries, func(e store.Entry) bool { return e.UID == in.UID })
	if i < 0 {
		return 0, store.Entry{}, noMessage(in)
	}
	return account, entries[i], nil
}

func noMessage(in MessageID) error {
	return refusal("not_found", "admin.no_message", "Address", in.Address, "UID", in.UID)
}

// exportMessage gives a message's octets as they would be retrieved.
func (h House) exportMessage(ctx context.Context, in MessageID) (Stream, error) {
	account, e, err := h.message(ctx, in)
	if err != nil {
		return nil, err
	}
	return func(ctx context.Context, w io.Writer) error {
		r := h.Maildrops.Reader(account)
		defer r.Close()
		return r.WriteTo(ctx, w, e, nil)
	}, nil
}

func (h House) deleteMessages(ctx context.Context, in MessagesOf) (Deleted, error) {
	account, entries, err := h.inbox(ctx, in.Address)
	if err != nil {
		return Deleted{}, err
	}
	if in.All {
		in.UIDs = nil
		for _, e := range entries {
			in.UIDs = append(in.UIDs, e.UID)
		}
	}
	for _, uid := range in.UIDs {
		if !slices.ContainsFunc(entries, func(e store.Entry) bool { return e.UID == uid }) {
			return Deleted{}, noMessage(MessageID{Address: in.Address, UID: uid})
		}
	}
	if len(in.UIDs) == 0 {
		return Deleted{}, nil
	}
	err = h.Maildrops.Remove(ctx, store.Lease{Account: account}, in.UIDs)
	return Deleted{len(in.UIDs)}, err
}

func showMessage(e store.Entry) Message {
	return Message{UID: e.UID, UIDL: e.UIDL, Size: e.Size, Received: e.Received.UTC(), Queue: e.Queue}
}
