package admin

import (
	"context"
	"errors"
	"strings"
	"time"

	"posta/collect"
	"posta/directory"
	"posta/mail"
)

// Collecting is what of the collector is wanted; *collect.Collector is it.
type Collecting interface {
	Once(ctx context.Context, id int64) (result collect.Result, joined bool, err error)
	Single(ctx context.Context, e collect.Entry) (collect.Result, error)
	Change(id int64, change func() error) error
	Underway(id int64) (collect.Underway, bool)
	Stir()
}

// Collected is one thing that is collected elsewhere, and what became of it.
type Collected struct {
	ID       int64     `json:"id,omitempty"` // 0: a single time of what was not added
	Way      string    `json:"way"`          // etrn, atrn, turn, pop3
	Host     string    `json:"host"`
	TLS      string    `json:"tls,omitempty"` // required, implicit, none; "": where it is offered
	CA       []string  `json:"ca,omitempty"`  // names of certificates that are believed beside the system's
	User     string    `json:"user,omitempty"`
	Domains  []string  `json:"domains,omitempty"`
	Account  string    `json:"account,omitempty"` // pop3: in whose mailbox it is filed
	Keep     bool      `json:"keep,omitempty"`    // pop3: the messages stay there
	Every    string    `json:"every,omitempty"`   // "10m0s"; "": by hand
	Apart    string    `json:"apart,omitempty"`   // pop3: how long the server wants between two log-ins, which the schedule keeps to; "": it has not said
	Created  time.Time `json:"created"`
	Next     time.Time `json:"next,omitzero"`
	Slowed   bool      `json:"slowed,omitempty"`        // it failed, and next is later than every would have it
	Last     time.Time `json:"last,omitzero"`           // when it was tried
	Messages int       `json:"messages"`                // that came then
	Total    int64     `json:"total,omitempty"`         // that came in all since it was added, or had another host or user
	Nothing  bool      `json:"nothing_waits,omitempty"` // etrn, atrn, turn: the provider said so then, or sent nothing before QUIT
	Again    int       `json:"again,omitempty"`         // pop3: that were in the mailbox here already, and lie where they lay
	Erased   int       `json:"erased,omitempty"`        // pop3: that had come before and were deleted there then
	Left     int       `json:"left,omitempty"`          // pop3: that could not be filed, or not deleted, and lie where they lay
	Refused  int       `json:"refused,omitempty"`       // atrn, turn: refusals here, of recipients or whole messages; etrn: what was not released there, where some was
	Session  uint64    `json:"session,omitempty"`
	Failure  string    `json:"failure,omitempty"` // "": all went well

	Forward []string `json:"forward,omitempty"` // pop3: where the account's mail is sent on to, and so what is collected; of collect.add, collect.set and collect.show
	Anew    bool     `json:"anew,omitempty"`    // pop3, of collect.set: host or user is another, and of what lies there nothing is known to have come

	Running *Running `json:"running,omitempty"` // of collect.list and collect.show: it is being collected now

	Joined bool     `json:"joined,omitempty"` // of collect.run: it was at work already, and this is what became of that
	Stayed []Stayed `json:"stayed,omitempty"` // the first 100 of Left or Refused; not of collect.list
}

// Running is that something is being collected now.
type Running struct {
	Since   time.Time `json:"since"`
	Session uint64    `json:"session,omitempty"` // once there is a connection
}

// Stayed is a message that could not be filed, or was refused.
type Stayed struct {
	UIDL string `json:"uidl"`
	Size int64  `json:"size"` // octets
	From string `json:"from,omitempty"`
	Why  string `json:"why"`
}

// CollectWish is something to be collected.
type CollectWish struct {
	Way      string   `json:"way"`
	Host     string   `json:"host"`
	TLS      string   `json:"tls,omitempty"` // opportunistic, required, implicit, none; "": the first, or with CA the second
	CA       string   `json:"ca,omitempty"`  // PEM
	User     string   `json:"user,omitempty"`
	Password string   `json:"password,omitempty"`
	Domains  []string `json:"domains,omitempty"`
	Account  string   `json:"account,omitempty"`
	Keep     bool     `json:"keep,omitempty"`
	Every    string   `json:"every,omitempty"`
}

// ByID names one thing by its number.
type ByID struct {
	ID int64 `json:"id"`
}

func (h House) collections() []Operation {
	s := h.Collected
	if s == nil {
		return nil
	}
	return []Operation{
		op("collect.list", false, func(ctx context.Context, _ None) ([]Collected, error) {
			all, err := s.Entries(ctx)
			return each(all, h.showUnderway), err
		}),
		op("collect.show", false, func(ctx context.Context, in ByID) (Collected, error) {
			e, err := s.Entry(ctx, in.ID)
			if err != nil {
				return Collected{}, noEntry(err, in.ID)
			}
			out := h.showUnderway(e)
			out.Forward, err = h.forwarding(ctx, e)
			return out, err
		}),
		op("collect.add", true, h.addEntry),
		op("collect.set", true, h.setEntry),
		op("collect.run", true, func(ctx context.Context, in ByID) (Collected, error) {
			if h.Collector == nil {
				return Collected{}, refusal("absent", "collect.no_server")
			}
			_, joined, err := h.Collector.Once(ctx, in.ID)
			if err != nil {
				return Collected{}, noEntry(err, in.ID)
			}
			e, err := s.Entry(ctx, in.ID)
			out := showCollected(e)
			out.Joined = joined
			return out, noEntry(err, in.ID)
		}),
		op("collect.once", true, func(ctx context.Context, in CollectWish) (Collected, error) {
			if h.Collector == nil {
				return Collected{}, refusal("absent", "collect.no_server")
			}
			in.Every = "" // nothing of it stays that a schedule could be kept for
			e, err := h.entry(ctx, in)
			if err == nil {
				e.Last, err = h.Collector.Single(ctx, e)
			}
			return showCollected(e), err
		}),
		op("collect.remove", true, func(ctx context.Context, in ByID) (None, error) {
			remove := func() error { return noEntry(s.RemoveEntry(ctx, in.ID), in.ID) }
			if h.Collector == nil {
				return None{}, remove()
			}
			return None{}, h.Collector.Change(in.ID, remove) // which breaks off what goes on
		}),
	}
}

func (h House) stirCollector() {
	if h.Collector != nil {
		h.Collector.Stir()
	}
}

// entry checks a wish: mail of a provider is for domains of this house, and mail
// of a mailbox elsewhere for an account.
func (h House) entry(ctx context.Context, in CollectWish) (collect.Entry, error) {
	e := collect.Entry{Way: collect.Way(in.Way), Host: in.Host, CA: in.CA, User: in.User, Password: in.Password,
		Domains: in.Domains, Account: in.Account, Keep: in.Keep, Created: time.Now().UTC().Truncate(time.Second)}
	if err := wantTLS(&e, &in.TLS); err != nil {
		return e, err
	}
	if err := schedule(&e, in.Every); err != nil {
		return e, err
	}
	return h.fitting(ctx, e)
}

// wantTLS changes how an entry is secured. Opportunistic TLS proves nothing, and is
// not what becomes of an entry that believes certificates: who asks for it is told.
func wantTLS(e *collect.Entry, tls *string) error {
	put((*string)(&e.TLS), unless(tls, opportunistic))
	if tls != nil && *tls == opportunistic && e.CA != "" {
		return refusal("invalid", "admin.collect_unproved")
	}
	return nil
}

// schedule sets how often an entry is collected, beginning now; "" is by hand.
func schedule(e *collect.Entry, every string) error {
	e.Every, e.Next = 0, time.Time{}
	if every == "" {
		return nil
	}
	d, err := time.ParseDuration(every)
	if err != nil || d <= 0 {
		return refusal("invalid", "collect.every", "Value", every)
	}
	e.Every, e.Next = d, time.Now().UTC().Truncate(time.Second)
	return nil
}

// fitting brings an entry into its form, with the names that its account and
// domains have here.
func (h House) fitting(ctx context.Context, e collect.Entry) (collect.Entry, error) {
	if err := e.Check(); err != nil {
		return e, invalidWish(err)
	}
	if e.Way == collect.POP3 {
		a, err := h.Directory.Account(ctx, e.Account)
		e.Account = a.Address
		return e, err
	}
	for i, one := range e.Domains {
		if strings.HasPrefix(one, "#") {
			continue
		}
		name := strings.TrimPrefix(one, "@")
		d, err := h.Directory.Domain(ctx, name)
		if err != nil {
			return e, err
		}
		e.Domains[i] = strings.TrimSuffix(one, name) + d.Name
	}
	return e, nil
}

// invalidWish is what collect says to a person, as a refusal of theirs.
func invalidWish(err error) error {
	out := refuse(err)
	out.Code = "invalid"
	return out
}

func noEntry(err error, id int64) error {
	if errors.Is(err, collect.ErrNotFound) {
		return refusal("not_found", "collect.none", "Number", id)
	}
	return err
}

// DeniedLogins shows the entries with a schedule whose log-in is refused.
func DeniedLogins(all []collect.Entry) (out []Collected) {
	for _, e := range all {
		if _, denied := e.Last.Denied(); denied && e.Every > 0 {
			out = append(out, showCollected(e))
		}
	}
	return out
}

// showUnderway shows an entry, and that it is being collected.
func (h House) showUnderway(e collect.Entry) Collected {
	out := showCollected(e)
	if h.Collector == nil {
		return out
	}
	if u, is := h.Collector.Underway(e.ID); is {
		out.Running = &Running{u.Since.UTC(), u.Session}
	}
	return out
}

// forwarding is where what is collected goes on to, beside the account's mailbox.
func (h House) forwarding(ctx context.Context, e collect.Entry) ([]string, error) {
	if e.Way != collect.POP3 {
		return nil, nil
	}
	f, err := h.Directory.Forward(ctx, e.Account)
	if errors.Is(err, directory.ErrNotFound) { // the account has just gone
		err = nil
	}
	return f.To, err
}

func showCollected(e collect.Entry) Collected {
	out := Collected{ID: e.ID, Way: string(e.Way), Host: e.Host, TLS: string(e.TLS), CA: believed(e.CA), User: e.User, Domains: e.Domains,
		Account: e.Account, Keep: e.Keep, Created: e.Created, Next: e.Next, Slowed: e.Slowed(), Last: e.Last.At, Messages: e.Last.Messages, Total: e.Total, Nothing: e.Last.Nothing, Again: e.Last.Again,
		Erased: e.Last.Erased, Session: e.Last.Session, Failure: mail.Shown(e.Last.Failure)}
	if out.Left = e.Last.Left; e.Way != collect.POP3 {
		out.Left, out.Refused = 0, e.Last.Left
	}
	for _, one := range e.Last.Stayed {
		out.Stayed = append(out.Stayed, Stayed{one.UIDL, one.Octets, one.From, one.Why})
	}
	if e.Every > 0 {
		out.Every = e.Every.String()
	}
	if e.Last.Apart > 0 {
		out.Apart = e.Last.Apart.String()
	}
	return out
}
