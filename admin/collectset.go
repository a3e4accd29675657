package admin

import (
	"context"
	"fmt"
	"strings"

	"posta/collect"
	"posta/mail"
)

// CollectChange changes what is collected; what is nil keeps its value. What became
// of it stays, but for another place, and a failure that another way in may mend. What
// is known of the messages of POP3 stays, but for another host or user.
type CollectChange struct {
	ID       int64     `json:"id"`
	Host     *string   `json:"host,omitempty"`
	TLS      *string   `json:"tls,omitempty"`
	CA       *string   `json:"ca,omitempty"` // PEM
	User     *string   `json:"user,omitempty"`
	Password *string   `json:"password,omitempty"`
	Domains  *[]string `json:"domains,omitempty"`
	Account  *string   `json:"account,omitempty"`
	Keep     *bool     `json:"keep,omitempty"`
	Every    *string   `json:"every,omitempty"` // "": by hand
}

// newEntry refuses an entry that is there already under another number.
func (h House) newEntry(ctx context.Context, e collect.Entry) error {
	all, err := h.Collected.Entries(ctx)
	if err != nil {
		return err
	}
	for i := range all {
		if all[i].ID != e.ID && all[i].Same(&e) {
			return refusal("exists", "collect.exists", "Number", all[i].ID)
		}
	}
	return nil
}

// addEntry adds an entry, which a schedule begins with at once.
func (h House) addEntry(ctx context.Context, in CollectWish) (out Collected, err error) {
	e, err := h.entry(ctx, in)
	if err == nil {
		err = h.newEntry(ctx, e)
	}
	if err != nil {
		return out, err
	}
	forward, err := h.forwarding(ctx, e)
	if err != nil {
		return out, err
	}
	if e, err = h.Collected.AddEntry(ctx, e); err != nil {
		return out, err
	}
	h.stirCollector()
	out = showCollected(e)
	out.Forward = forward
	return out, nil
}

// setEntry changes an entry while nobody collects it.
func (h House) setEntry(ctx context.Context, in CollectChange) (out Collected, err error) {
	change := func() error {
		e, err := h.Collected.Entry(ctx, in.ID)
		if err != nil {
			return noEntry(err, in.ID)
		}
		before := e
		if e, err = in.apply(e); err != nil {
			return err
		}
		if e, err = h.fitting(ctx, e); err != nil {
			return err
		}
		if err := h.newEntry(ctx, e); err != nil {
			return err
		}
		begins := begin(&e, &before)
		out = showCollected(e)
		out.Anew = begins == collect.AllAnew && e.Way == collect.POP3
		if out.Forward, err = h.forwarding(ctx, e); err != nil {
			return err
		}
		if e.Every > 0 {
			e.Next = e.Unpaused(e.Next)
		}
		return noEntry(h.Collected.ChangeEntry(ctx, e, begins), in.ID)
	}
	if h.Collector == nil {
		return out, change()
	}
	err = h.Collector.Change(in.ID, change)
	return out, err
}

// begin takes from a changed entry what begins anew, and gives that.
func begin(e, before *collect.Entry) collect.Anew {
	begins := e.Since(before)
	switch begins {
	case collect.ResultAnew:
		e.Last = collect.Result{Apart: before.Last.Apart}
	case collect.AllAnew:
		e.Last, e.Total = collect.Result{}, 0
	}
	if e.Every > 0 && begins != collect.AllAnew {
		e.Next = before.Earliest(e.Next)
	}
	return begins
}

// apply changes what a person says anew of an entry.
func (c CollectChange) apply(e collect.Entry) (collect.Entry, error) {
	put(&e.Host, c.Host)
	put(&e.CA, c.CA)
	put(&e.User, c.User)
	put(&e.Password, c.Password)
	if e.User == "" {
		e.Password = ""
	}
	put(&e.Domains, c.Domains)
	put(&e.Account, c.Account)
	put(&e.Keep, c.Keep)
	if err := wantTLS(&e, c.TLS); err != nil {
		return e, err
	}
	every := ""
	if e.Every > 0 {
		every = e.Every.String()
	}
	put(&every, c.Every)
	return e, schedule(&e, every)
}

// collectedInto gives the entries that are collected into an account's mailbox, or
// those of a domain, "@north.example".
func (h House) collectedInto(ctx context.Context, account string) (out []collect.Entry, err error) {
	if h.Collected == nil {
		return nil, nil
	}
	all, err := h.Collected.Entries(ctx)
	for _, e := range all {
		if e.Account == account || strings.HasPrefix(account, "@") && strings.HasSuffix(e.Account, account) {
			out = append(out, e)
		}
	}
	return out, err
}

// collectedNames is how a person finds entries again.
func collectedNames(all []collect.Entry) string {
	var out []string
	for _, e := range all {
		out = append(out, mail.Shown(fmt.Sprintf("%d (%s, %s)", e.ID, e.User, e.Host)))
	}
	return strings.Join(out, ", ")
}

func (h House) dropCollected(ctx context.Context, all []collect.Entry) error {
	for _, e := range all {
		if err := h.Collected.RemoveEntry(ctx, e.ID); err != nil {
			return err
		}
	}
	return nil
}
