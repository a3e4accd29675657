package mailroom

import (
	"context"
	"strings"
	"sync"
	"time"

	"posta/directory"
	"posta/mail"
	"posta/store"
	"posta/words"
)

// Outside says whether mail for an address elsewhere is taken at all. The
// server has an implementation over its routes and its configuration.
type Outside interface {
	// Admits gives nil, or an *mail.Error with the words that say what would be
	// right: nothing leaves but by a route, the domain takes no mail (RFC 7505),
	// a lab's mail goes no further than a lab may. It may ask DNS, but not long.
	// It is asked once for each domain, and for several at a time.
	Admits(ctx context.Context, from mail.Origin, to mail.Address) error
}

// Callout asks a next host whether it takes a recipient.
type Callout interface {
	// Ask gives nil if it does, else an *mail.Error: 5yz if the host said so for
	// good, 4yz if it could not be asked or said so for now. What is odd about a
	// recipient that it takes, as that nobody could be asked, is noted. The host
	// itself, where it is who wants to know, is answered 550. The envelope is that of
	// who wants to know.
	Ask(ctx context.Context, by mail.Origin, host string, env mail.Envelope, to mail.Address) (note string, err error)

	// AskBehind is Ask for an address that another one of ours leads to: of that the
	// host itself may want to know, and have the address behind it.
	AskBehind(ctx context.Context, by mail.Origin, host string, env mail.Envelope, to mail.Address) (note string, err error)
}

// DefaultAge is how long mail waits to leave.
const DefaultAge = 5 * 24 * time.Hour

// closed is an Outside that lets nothing out.
type closed struct{}

func (closed) Admits(context.Context, mail.Origin, mail.Address) error {
	return mail.Refuse(550, "5.7.1", "This server does not send to other hosts")
}

// nobody is a Callout that can ask nobody.
type nobody struct{}

func (nobody) Ask(context.Context, mail.Origin, string, mail.Envelope, mail.Address) (string, error) {
	return "", mail.Refuse(451, "4.4.0", "The host that knows the recipient cannot be asked; try again later")
}

func (n nobody) AskBehind(ctx context.Context, by mail.Origin, host string, env mail.Envelope, to mail.Address) (string, error) {
	return n.Ask(ctx, by, host, env, to)
}

// mayRelay says whether this peer may send to others by us at all: who logged
// in, who belongs to a network that the configuration lets, and who hands in on
// this machine. In a lab everybody may, as far as its routes lead.
func (l *letter) mayRelay() error {
	o := &l.from
	switch {
	case o.Login.Known(), o.Relays, o.Inside != "", o.Mode == mail.Lab:
		return nil
	case o.NoLogin:
		return mail.Refuse(550, "5.7.1", "Relaying denied: your network may write without a log-in to addresses here only; log in, or have relay = true set for it")
	}
	return mail.Refuse(550, "5.7.1", "Relaying denied: this port takes mail for addresses here; to write to others, log in on a port for submission, as 587 or 465")
}

// onward is an address elsewhere that gets the message.
type onward struct {
	directory.Onward
	rcpt int // the rcpt that led here first
}

// elsewhere gives the addresses elsewhere that a recipient leads to and that
// mail is taken for, and those that it is not taken for: these stop nobody else
// whom an alias, a list or a forward leads to. Nobody is passed over for
// what passes: where something failed inside, all is to be tried again, and what a
// host does not tell just now the queue finds out.
func (l *letter) elsewhere(ctx context.Context, to *mail.Recipient, res *directory.Resolution) (out []directory.Onward, no []turned, err error) {
	all := res.Outside
	if res.Outcome == directory.NonLocal {
		if err := l.mayRelay(); err != nil {
			return nil, nil, err
		}
		all = []directory.Onward{straight(to.To, res)}
	}
	taken := l.room.taken(ctx, l.from, all)
	for _, o := range all {
		why := taken[o.Domain]
		if why != nil && why.Temporary() {
			return nil, nil, why
		}
		if why == nil && o.Ask != "" && o.List == nil { // a member of a list was promised nothing
			if why = l.ask(ctx, &o); why != nil && why.Temporary() {
				if !o.Kept && !res.Reserved {
					return nil, nil, why
				}
				why = nil
			}
		}
		if why == nil {
			out = append(out, o)
			continue
		}
		no = append(no, turned{Onward: o, why: why, recipient: to.To.String()})
	}
	if len(no) > 0 && len(out)+len(res.Targets)+len(res.Large)+len(res.Instead) == 0 {
		return nil, nil, no[0].refusal()
	}
	return out, no, nil
}

// refusal is what is answered where nobody gets it. What is behind an address is not
// named, but the address itself is right: it is no bad one (RFC 3463 §3.3).
func (t *turned) refusal() *mail.Error {
	if t.Via == "" {
		return t.why
	}
	out := *t.why
	out.Text = words.Fail("attempt.sent_on", words.Args{"Why": words.Within(t.why.Text)}).Error()
	if out.Status.Subject == 1 {
		out.Code, out.Status.Subject, out.Status.Detail = 550, 2, 4
	}
	return &out
}

// ask says why a next host does not take an address, if so.
func (l *letter) ask(ctx context.Context, o *directory.Onward) *mail.Error {
	a, err := mail.ParseAddress(o.Address)
	note := ""
	ask := l.room.cfg.Callout.Ask
	if o.Via != "" {
		ask = l.room.cfg.Callout.AskBehind
	}
	if err == nil {
		note, err = ask(ctx, l.from, o.Ask, l.env, a)
	}
	if err != nil {
		return refusal(err)
	}
	if note != "" {
		l.note(note)
	}
	return nil
}

// mostLooks are the domains looked up at once for one message: a list may have
// a thousand members in as many domains.
const mostLooks = 16

// taken says for each domain of the addresses why no mail for it is taken, if so.
func (r *Room) taken(ctx context.Context, from mail.Origin, all []directory.Onward) map[string]*mail.Error {
	out := make(map[string]*mail.Error, len(all))
	var domains []string
	var first []mail.Address
	for i := range all {
		domain := all[i].Domain
		if _, there := out[domain]; there {
			continue
		}
		a, err := mail.ParseAddress(all[i].Address)
		if out[domain] = nil; err != nil {
			out[domain] = noSuchUser()
			continue
		}
		domains, first = append(domains, domain), append(first, a)
	}
	why := make([]error, len(domains))
	var looks sync.WaitGroup
	turns := make(chan struct{}, mostLooks)
	for i := range domains {
		if len(domains) == 1 {
			why[i] = r.cfg.Outside.Admits(ctx, from, first[i])
			break
		}
		turns <- struct{}{}
		looks.Go(func() {
			why[i] = r.cfg.Outside.Admits(ctx, from, first[i])
			<-turns
		})
	}
	looks.Wait()
	for i, err := range why {
		if err != nil {
			out[domains[i]] = refusal(err)
		}
	}
	return out
}

// addOnward notes the addresses for one more recipient. Each gets the message
// once however many ways lead to it; the straight way, by which reports come
// back to the sender, before that of a list.
func (l *letter) addOnward(all []directory.Onward, rcpt int) {
	for _, o := range all {
		if at, there := l.onwardAt(o.Address); there {
			if have := &l.onward[at]; have.List != nil && o.List == nil || have.Via != "" && o.Via == "" {
				*have = onward{o, rcpt}
			}
			continue
		}
		l.onward = append(l.onward, onward{o, rcpt})
		if l.onwardBy != nil {
			l.onwardBy[o.Address] = len(l.onward) - 1
		}
	}
}

// onwardAt finds an address among those noted.
func (l *letter) onwardAt(address string) (at int, there bool) {
	if l.onwardBy == nil && len(l.onward) >= fewTargets {
		l.onwardBy = make(map[string]int, 2*len(l.onward))
		for i := range l.onward {
			l.onwardBy[l.onward[i].Address] = i
		}
	}
	if l.onwardBy != nil {
		at, there = l.onwardBy[address]
		return at, there
	}
	for i := range l.onward {
		if l.onward[i].Address == address {
			return i, true
		}
	}
	return 0, false
}

// due is when an address elsewhere is tried first, and when it is given up.
func (r *Room) due(o *directory.Onward, received time.Time) (due, expires time.Time) {
	due, age := received, time.Duration(0)
	if o.Home != nil {
		age = o.Home.Age()
		if o.Home.Kind == directory.KindOnDemand {
			due = store.Never()
		}
	}
	if age == 0 {
		age = r.cfg.MaxAge
	}
	return due, received.Add(age)
}

// turnOf is whose turn a message takes in the queue.
func (l *letter) turnOf() string {
	if l.from.Login.Known() {
		return l.from.Login.Address
	}
	return turnOf(l.env.From.Domain)
}

func turnOf(domain string) string { return strings.ToLower(domain) }
