package admin

import (
	"cmp"
	"context"
	"io"
	"slices"
	"time"

	"posta/store"
)

// Message is a message in an account's INBOX, or in a sink.
type Message struct {
	UID      uint32    `json:"uid"`
	UIDL     string    `json:"uidl"`
	Size     int64     `json:"size"` // octets, as RETR sends them
	Received time.Time `json:"received"`
	Queue    string    `json:"queue"` // the id that SMTP's 250 told

	// What the header says, decoded; "" where it says nothing.
	To      string `json:"to,omitempty"` // whom it was delivered for (Delivered-To:)
	From    string `json:"from,omitempty"`
	Subject string `json:"subject,omitempty"`
}

// Box says whose messages are meant: an account's (Address), or those to a
// recipient (To) where a sink is. Where there is only one of the two kinds both
// words mean it. A sink gives all it has where neither is said.
type Box struct {
	Address string `json:"address,omitempty"`
	To      string `json:"to,omitempty"`
}

// String is what a person called it.
func (b Box) String() string { return cmp.Or(b.To, b.Address, "*") }

// MessageID names a message.
type MessageID struct {
	Box
	UID uint32 `json:"uid"`
}

// MessagesOf names messages for deleting; All takes every one.
type MessagesOf struct {
	Box
	UIDs []uint32 `json:"uids,omitempty"`
	All  bool     `json:"all,omitempty"`
}

// Deleted says how many messages went.
type Deleted struct {
	Messages int `json:"messages"`
}

func (h House) messages() []Operation {
	return []Operation{
		op("message.list", false, func(ctx context.Context, in Box) ([]Message, error) {
			b, err := h.inbox(ctx, in)
			if err != nil {
				return nil, err
			}
			return b.withHeaders(ctx, b.entries)
		}),
		op("message.show", false, func(ctx context.Context, in MessageID) (Message, error) {
			b, e, err := h.message(ctx, in)
			if err != nil {
				return Message{}, err
			}
			shown, err := b.withHeaders(ctx, []store.Entry{e})
			if err == nil && len(shown) == 0 { // deleted just now
				err = noMessage(in)
			}
			if err != nil {
				return Message{}, err
			}
			return shown[0], nil
		}),
		op("message.read", false, h.readMessage),
		op("message.wait", false, h.waitMessage),
		op("message.export", false, h.exportMessage),
		op("message.delete", true, h.deleteMessages),
	}
}

// inbox is the messages of a Box as they were a moment ago.
type inbox struct {
	drops   store.Maildrops
	account int64
	entries []store.Entry
}

func (h House) inbox(ctx context.Context, in Box) (b inbox, err error) {
	if b.drops, b.account, err = h.box(ctx, in); err != nil {
		return b, err
	}
	b.entries, err = b.drops.List(ctx, b.account)
	return b, err
}

func (h House) message(ctx context.Context, in MessageID) (b inbox, e store.Entry, err error) {
	if b, err = h.inbox(ctx, in.Box); err != nil {
		return b, store.Entry{}, err
	}
	i := slices.IndexFunc(b.entries, func(e store.Entry) bool { return e.UID == in.UID })
	if i < 0 {
		return b, store.Entry{}, noMessage(in)
	}
	return b, b.entries[i], nil
}

func noMessage(in MessageID) error {
	return refusal("not_found", "admin.no_message", "Address", in.String(), "UID", in.UID)
}

// exportMessage gives a message's octets as they would be retrieved.
func (h House) exportMessage(ctx context.Context, in MessageID) (Stream, error) {
	b, e, err := h.message(ctx, in)
	if err != nil {
		return nil, err
	}
	return func(ctx context.Context, w io.Writer) error {
		r := b.drops.Reader(b.account)
		defer r.Close()
		return r.WriteTo(ctx, w, e, nil)
	}, nil
}

func (h House) deleteMessages(ctx context.Context, in MessagesOf) (Deleted, error) {
	b, err := h.inbox(ctx, in.Box)
	if err != nil {
		return Deleted{}, err
	}
	if in.All {
		in.UIDs = nil
		for _, e := range b.entries {
			in.UIDs = append(in.UIDs, e.UID)
		}
	}
	for _, uid := range in.UIDs {
		if !slices.ContainsFunc(b.entries, func(e store.Entry) bool { return e.UID == uid }) {
			return Deleted{}, noMessage(MessageID{Box: in.Box, UID: uid})
		}
	}
	if len(in.UIDs) == 0 {
		return Deleted{}, nil
	}
	slices.Sort(in.UIDs)
	in.UIDs = slices.Compact(in.UIDs)
	if err = b.drops.Remove(ctx, store.Lease{Account: b.account}, in.UIDs); err != nil {
		return Deleted{}, err
	}
	if h.Deleted != nil {
		h.Deleted(b.account, in.UIDs)
	}
	return Deleted{len(in.UIDs)}, nil
}

func showMessage(e store.Entry) Message {
	return Message{UID: e.UID, UIDL: e.UIDL, Size: e.Size, Received: e.Received.UTC(), Queue: e.Queue}
}
