package admin

import (
	"context"
	"errors"
	"slices"
	"strings"
	"time"

	"posta/directory"
	"posta/store"
)

// Domain is a domain as operations show it.
type Domain struct {
	Name        string    `json:"name"`
	AliasOf     string    `json:"alias_of,omitempty"`
	CatchAll    string    `json:"catch_all,omitempty"`
	Plus        bool      `json:"plus"`
	MaxAccounts int64     `json:"max_accounts,omitempty"`
	MaxMessage  int64     `json:"max_message,omitempty"`   // octets
	MaxBytes    int64     `json:"max_bytes,omitempty"`     // octets
	SenderCheck string    `json:"sender_check"`            // enforce, log, off
	Kind        string    `json:"kind"`                    // local, relay, on-demand
	Relay       string    `json:"relay,omitempty"`         // of relay: the next hop
	Fallback    string    `json:"fallback,omitempty"`      // of local: who may know unknown recipients
	Callout     bool      `json:"callout,omitempty"`       // of relay: the next hop is asked about recipients
	AnyName     bool      `json:"any_recipient,omitempty"` // of on-demand: mail for any name is taken
	Site        string    `json:"site,omitempty"`          // of on-demand: who fetches the mail
	MaxAge      int64     `json:"max_age,omitempty"`       // seconds that mail waits to leave; 0: what is usual
	Created     time.Time `json:"created"`

	Here     int64    `json:"here,omitempty"`      // of relay and on-demand: accounts, aliases and lists whose mail stays here; not of domain.list
	Routed   []string `json:"routed,omitempty"`    // where what leaves for it goes instead of to Relay or Fallback, since it has a route that names others; not of domain.list
	LeftKept int64    `json:"left_kept,omitempty"` // recipients that waited, and are not held, for another site that it was for before; only of domain.set
	Waiting  int64    `json:"waiting,omitempty"`   // recipients that wait to leave for it, since it was not served here: whoever has an address here by his next try gets his here; only of domain.add, of local
}

// DomainChange adds or changes a domain; what is nil keeps its value, or the
// usual one.
type DomainChange struct {
	Name        string  `json:"name"`
	AliasOf     *string `json:"alias_of,omitempty"`
	CatchAll    *string `json:"catch_all,omitempty"`
	Plus        *bool   `json:"plus,omitempty"`
	MaxAccounts *int64  `json:"max_accounts,omitempty"`
	MaxMessage  *int64  `json:"max_message,omitempty"`
	MaxBytes    *int64  `json:"max_bytes,omitempty"`
	SenderCheck *string `json:"sender_check,omitempty"`
	Relay       *string `json:"relay,omitempty"`    // makes it a relay domain; "": a local one
	Fallback    *string `json:"fallback,omitempty"` // of a local domain; "" ends it
	Callout     *bool   `json:"callout,omitempty"`
	AnyName     *bool   `json:"any_recipient,omitempty"` // of an on-demand domain
	Site        *string `json:"site,omitempty"`          // makes it an on-demand domain; "": a local one
	MaxAge      *int64  `json:"max_age,omitempty"`
}

// DomainName names a domain. Force removes what is in it, too.
type DomainName struct {
	Name  string `json:"name"`
	Force bool   `json:"force,omitempty"`
}

// DomainRemoved says what a domain that went has left here.
type DomainRemoved struct {
	OK   bool  `json:"ok"`             // always
	Left int64 `json:"left,omitempty"` // recipients that waited to leave for its host: they go as any other domain's mail from now on
}

func (h House) domains() []Operation {
	d := h.Directory
	return []Operation{
		op("domain.list", false, func(ctx context.Context, _ None) ([]Domain, error) {
			all, err := d.Domains(ctx)
			return each(all, showDomain), err
		}),
		op("domain.show", false, func(ctx context.Context, in DomainName) (Domain, error) {
			found, err := d.Domain(ctx, in.Name)
			return h.withHere(ctx, found, err)
		}),
		op("domain.add", true, func(ctx context.Context, in DomainChange) (Domain, error) {
			n := directory.NewDomain(in.Name)
			if err := in.fits(n); err != nil {
				return Domain{}, err
			}
			in.apply(&n)
			added, err := d.AddDomain(ctx, n)
			h.rerouted()
			out, err := h.withHere(ctx, added, err)
			if err == nil && added.Kind == directory.KindLocal {
				out.Waiting, err = h.waiting(ctx, added, func(*store.Item) bool { return true })
			}
			return out, err
		}),
		op("domain.set", true, h.setDomain),
		op("domain.remove", true, h.removeDomain),
	}
}

func (h House) setDomain(ctx context.Context, in DomainChange) (Domain, error) {
	n, err := h.Directory.Domain(ctx, in.Name)
	if err != nil {
		return Domain{}, err
	}
	was := n
	if err := in.fits(was); err != nil {
		return Domain{}, err
	}
	in.apply(&n)
	left, err := h.leftBy(ctx, was, n)
	if err != nil {
		return Domain{}, err
	}
	set, err := h.Directory.SetDomain(ctx, n)
	h.rerouted()
	out, err := h.withHere(ctx, set, err)
	out.LeftKept = left
	return out, err
}

func (h House) removeDomain(ctx context.Context, in DomainName) (DomainRemoved, error) {
	d, err := h.Directory.Domain(ctx, in.Name)
	if err != nil {
		return DomainRemoved{}, err
	}
	out := DomainRemoved{OK: true}
	if d.Site != "" || d.Relay != "" {
		if out.Left, err = h.leftIn(ctx, d, in.Force); err != nil {
			return DomainRemoved{}, err
		}
	}
	err = h.Directory.RemoveDomain(ctx, d.Name, in.Force)
	h.rerouted()
	if err != nil {
		return DomainRemoved{}, err
	}
	into, err := h.collectedInto(ctx, "@"+d.Name) // of accounts that went with it
	if err != nil {
		return DomainRemoved{}, err
	}
	return out, h.dropCollected(ctx, into)
}

// leftIn counts the recipients that wait to leave for a domain that goes. It refuses
// that while there are any; by force only where they would not be tried any more.
func (h House) leftIn(ctx context.Context, d directory.Domain, force bool) (left int64, err error) {
	if force {
		left, err = h.waiting(ctx, d, kept)
	}
	if err == nil && left == 0 {
		left, err = h.waiting(ctx, d, func(*store.Item) bool { return true })
		if force {
			return left, err
		}
	}
	if err == nil && left > 0 {
		err = h.stillWaits(ctx, d, left)
	}
	return 0, err
}

// leftBy counts the recipients that wait for the site that a domain had, when its
// mail goes to a host or another site from now on. It refuses to make a domain local while mail
// waits to leave for it: that would find the way back here only.
func (h House) leftBy(ctx context.Context, was, n directory.Domain) (int64, error) {
	if n.Site == was.Site && n.Relay == was.Relay || n.Site != "" && was.Site == "" {
		return 0, nil
	}
	if n.Relay != "" || n.Site != "" { // what is held goes on when it is released
		return h.waiting(ctx, was, func(i *store.Item) bool { return kept(i) && !i.Held })
	}
	left, err := h.waiting(ctx, was, func(*store.Item) bool { return true })
	if err == nil && left > 0 {
		err = h.stillWaits(ctx, was, left)
	}
	return 0, err
}

// kept says that an item is not tried before somebody asks for it.
func kept(i *store.Item) bool { return !i.Due.Before(store.Never()) }

// waiting counts those recipients of a domain in the queue that count.
func (h House) waiting(ctx context.Context, d directory.Domain, counts func(*store.Item) bool) (n int64, err error) {
	if h.Queue == nil {
		return 0, nil
	}
	err = h.pages(ctx, QueuePick{Domain: d.Name}, func(items []store.Item) (bool, error) {
		for i := range items {
			if counts(&items[i]) {
				n++
			}
		}
		return false, nil
	})
	return n, err
}

// stillWaits refuses to leave mail behind that waits for a site or a host.
func (h House) stillWaits(ctx context.Context, d directory.Domain, left int64) error {
	if d.Site != "" {
		return refusal("in_use", "admin.domain_kept", "Domain", d.Name, "Site", d.Site, "Count", left)
	}
	hosts, err := h.routed(ctx, d)
	if err != nil {
		return err
	}
	if len(hosts) == 0 {
		hosts = []string{d.Relay}
	}
	return refusal("in_use", "admin.domain_waits", "Domain", d.Name, "Host", strings.Join(hosts, ", "), "Count", left)
}

// withHere shows a domain with what of a relay or on-demand one lives here all
// the same, since its mail stays, and with the route that counts more than the
// host that it names.
func (h House) withHere(ctx context.Context, d directory.Domain, err error) (Domain, error) {
	out := showDomain(d)
	if err != nil {
		return out, err
	}
	if out.Routed, err = h.routed(ctx, d); err != nil || d.Kind == directory.KindLocal {
		return out, err
	}
	n, err := h.Directory.Inhabitants(ctx, d.Name)
	out.Here = int64(n)
	return out, err
}

// routed is where what leaves for a domain goes by its route instead of to the
// host that it names; none: there is no such route, or it leads there.
func (h House) routed(ctx context.Context, d directory.Domain) ([]string, error) {
	if d.Relay == "" {
		return nil, nil
	}
	r, err := h.Directory.Route(ctx, d.Name)
	switch {
	case errors.Is(err, directory.ErrNotFound):
		return nil, nil
	case err != nil || slices.Equal(r.Hosts, []string{d.Relay}):
		return nil, err
	}
	return r.Hosts, nil // none: the route says how, and the domain where to
}

func (c DomainChange) apply(d *directory.Domain) {
	put(&d.AliasOf, c.AliasOf)
	put(&d.CatchAll, c.CatchAll)
	put(&d.Plus, c.Plus)
	put(&d.MaxAccounts, c.MaxAccounts)
	put(&d.MaxMessage, c.MaxMessage)
	put(&d.MaxBytes, c.MaxBytes)
	put((*string)(&d.SenderCheck), c.SenderCheck)
	if c.MaxAge != nil {
		d.MaxAge = time.Duration(*c.MaxAge) * time.Second
	}
	put(&d.Callout, c.Callout)
	put(&d.AnyRecipient, c.AnyName)
	c.applyKind(d)
}

// fits refuses to take a site from a domain that has none: a relay domain would
// become a local one by it.
func (c DomainChange) fits(d directory.Domain) error {
	if c.Site != nil && *c.Site == "" && d.Kind != directory.KindOnDemand {
		return refusal("refused", "admin.no_site", "Domain", d.Name)
	}
	return nil
}

// applyKind changes what the domain is to us. Asked for two kinds at once, the
// directory refuses what comes of it.
func (c DomainChange) applyKind(d *directory.Domain) {
	if c.Relay != nil {
		d.Kind, d.Relay, d.Site, d.AnyRecipient = directory.KindRelay, *c.Relay, "", false
		if *c.Relay == "" {
			d.Kind, d.Callout = directory.KindLocal, false
		}
	}
	if c.Fallback != nil && (d.Kind == directory.KindLocal || *c.Fallback != "") {
		d.Kind, d.Relay, d.Site, d.Callout, d.AnyRecipient = directory.KindLocal, *c.Fallback, "", false, false
	}
	if c.Site != nil {
		d.Kind, d.Site, d.Relay, d.Callout = directory.KindOnDemand, *c.Site, "", false
		if *c.Site == "" {
			d.Kind, d.AnyRecipient = directory.KindLocal, false
		}
	}
}

func showDomain(d directory.Domain) Domain {
	out := Domain{Name: d.Name, AliasOf: d.AliasOf, CatchAll: d.CatchAll, Plus: d.Plus, MaxAccounts: d.MaxAccounts,
		MaxMessage: d.MaxMessage, MaxBytes: d.MaxBytes, SenderCheck: string(d.SenderCheck), Kind: string(d.Kind), Callout: d.Callout, AnyName: d.AnyRecipient,
		Site: d.Site, MaxAge: int64(d.MaxAge / time.Second), Created: d.Created.UTC()}
	if d.Kind == directory.KindLocal {
		out.Kind, out.Fallback = "local", d.Relay
	} else {
		out.Relay = d.Relay
	}
	return out
}

// put changes a field if a change was asked for.
func put[T any](field *T, change *T) {
	if change != nil {
		*field = *change
	}
}

// each shows every element; the answer is never null in JSON.
func each[From, To any](all []From, show func(From) To) []To {
	out := make([]To, 0, len(all))
	for _, one := range all {
		out = append(out, show(one))
	}
	return out
}
