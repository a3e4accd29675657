package queue

import (
	"cmp"
	"context"
	"net"
	"net/netip"
	"slices"
	"strings"

	"posta/event"
	"posta/mail"
	"posta/words"
)

// inquiry is a question to a host that is under way.
type inquiry struct {
	from, to string
	host     string
	mark     string        // see marked
	by       netip.Addr    // where who wants to know first is
	done     chan struct{} // closed when note, err and void are there
	note     string
	err      error
	anew     bool // who asks is perhaps the host itself: what that said before does not count
	void     bool // others ask themselves: who asked has gone before it was answered, or is perhaps the host

	// Under the Asker's lock.
	named string         // what the host greeted with
	addr  netip.AddrPort // where it is asked
}

// begin takes a question, or gives who is asking it.
func (a *Asker) begin(about marked, by mail.Origin) (one *inquiry, first bool) {
	a.mu.Lock()
	defer a.mu.Unlock()
	if one = a.under[about]; one != nil {
		return one, false
	}
	one = &inquiry{from: about.from, to: about.to, host: about.host, mark: cmp.Or(about.mark, newMark()), by: by.Remote.Addr().Unmap(), named: a.faces[about.host].named, done: make(chan struct{})}
	a.under[about] = one
	return one, true
}

func (a *Asker) end(about marked, one *inquiry) {
	a.mu.Lock()
	defer a.mu.Unlock()
	delete(a.under, about)
	close(one.done)
}

// wait waits for somebody else's answer.
func (o *inquiry) wait(ctx context.Context) error {
	select {
	case <-o.done:
		return nil
	case <-ctx.Done():
		return mail.Refuse(451, "4.4.1", "The domain's host is being asked; try again later")
	}
}

// face is by what a host is known where it is the client.
type face struct {
	named string // what it greeted with last
	addrs []netip.Addr
}

// seen notes where a host is asked now, before it answers: that may be never.
func (a *Asker) seen(host string, targets []target) {
	addrs := make([]netip.Addr, len(targets))
	for i, t := range targets {
		addrs[i] = t.addr.Addr().Unmap()
	}
	a.mu.Lock()
	defer a.mu.Unlock()
	for other := range a.faces { // any: it is seen again
		if len(a.faces) < mostKept {
			break
		}
		delete(a.faces, other)
	}
	a.faces[host] = face{a.faces[host].named, addrs}
}

// opened notes who the host is that is asked now. It is known before it is asked.
func (a *Asker) opened(one *inquiry, host string, l *link) {
	a.mu.Lock()
	defer a.mu.Unlock()
	one.named, one.addr = l.named, l.addr
	f := a.faces[host]
	f.named = l.named
	a.faces[host] = f
}

// disown forgets that a host took an address that it asks about: it has it no more.
func (a *Asker) disown(host, to string) {
	a.mu.Lock()
	defer a.mu.Unlock()
	for about, s := range a.said {
		if s.err == nil && about.host == host && strings.EqualFold(about.to, to) {
			delete(a.said, about)
		}
	}
}

// straight guards a question about what was asked for here itself.
func (a *Asker) straight(w *wanted, witness event.Witness) (who identity, no *mail.Error) {
	if a.cameRound(w.mark, w.whom) {
		witness.Note("the question about <" + w.to + "> has come round to here in a circle: nobody in it has that address")
		return who, mail.Refuse(550, "5.1.1", words.Fail("attempt.no_user", nil).Error())
	}
	if who = a.isHost(w.by, w.host); who == itIs || a.asksBack(w, false) {
		a.disown(w.host, w.to)
		witness.Note(w.host + " is who wants to know about <" + w.to + ">: it is told what is known here alone")
		return who, mail.Refuse(550, "5.1.1", words.Fail("attempt.no_user", nil).Error())
	}
	return who, nil
}

// behind guards a question about what that leads to. Each address in turn may lead back to
// the other server, but none twice: such a way is a circle, whoever is there or not.
func (a *Asker) behind(w *wanted, witness event.Witness) (identity, *mail.Error) {
	if a.cameRound(w.mark, w.whom) || a.asksBack(w, true) {
		witness.Note(w.host + " is being asked about <" + w.to + "> already, and that led to here: it is a circle")
		return another, mail.Refuse(550, "5.4.6", words.Fail("attempt.asked_round", nil).Error())
	}
	return another, nil
}

// asksBack says that a host that is being asked about an address asks about it here.
// Two servers that name each other as who may know would else go on asking; and a
// host that asks does not know, so that what is known here is the whole answer.
// Where only its address says who it is, it asks for the same sender: others may be
// behind that address, too, and to them the host is all that knows. So it does where
// what it asks about here is another address, which leads to that one.
func (a *Asker) asksBack(w *wanted, behind bool) bool {
	if w.by.Login.Known() {
		return false
	}
	a.mu.Lock()
	defer a.mu.Unlock()
	for _, one := range a.under {
		called, same := calls(w.by, one.host, one.named), strings.EqualFold(one.from, w.from)
		if strings.EqualFold(one.to, w.to) && (called && !behind || same && (called || one.at(w.by))) {
			return true
		}
	}
	return false
}

// identity says whether a client is the host that would be asked.
type identity int

const (
	another identity = iota
	perhaps          // what the host said before is no answer to it: it may have the recipient no more
	itIs             // it asks since it does not know, and mail that it sends must not come back to it
)

// isHost says whether who wants to know is the host itself. By its address it is so
// perhaps only, since others may share that; so is who has logged in, perhaps from
// the host's computer.
func (a *Asker) isHost(by mail.Origin, host string) identity {
	a.mu.Lock()
	f := a.faces[host]
	a.mu.Unlock()
	switch {
	case calls(by, host, f.named) && by.Login.Known():
		return perhaps
	case calls(by, host, f.named):
		return itIs
	case !by.Login.Known() && f.at(by.Remote.Addr().Unmap()):
		return perhaps
	}
	return another
}

// at says that a client's address is the host's. One that every client of this
// computer comes from tells nothing.
func (f *face) at(addr netip.Addr) bool {
	everybody := addr == netip.IPv6Loopback() || addr == netip.AddrFrom4([4]byte{127, 0, 0, 1})
	return !everybody && slices.Contains(f.addrs, addr)
}

// calls says that a client calls itself as a host is called or greets. A name that any
// computer may have tells nothing; who takes another's refuses himself alone.
func calls(by mail.Origin, host, named string) bool {
	if h, _, err := net.SplitHostPort(host); err == nil {
		host = h
	}
	return telling(by.Helo) && isOwn(by.Helo, []string{host, strings.TrimSuffix(named, ".")})
}

// at says that a client comes from where the host is asked. On one computer that
// tells nothing, nor where others than the host come from there.
func (o *inquiry) at(by mail.Origin) bool {
	addr := by.Remote.Addr().Unmap()
	return addr.IsValid() && !addr.IsLoopback() && addr != o.by && addr == o.addr.Addr().Unmap()
}
