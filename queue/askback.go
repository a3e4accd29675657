package queue

import (
	"context"
	"net"
	"net/netip"
	"strings"

	"posta/mail"
)

// inquiry is a question to a host that is under way.
type inquiry struct {
	from, to string
	host     string
	by       netip.Addr    // where who wants to know first is
	done     chan struct{} // closed when note, err and void are there
	note     string
	err      error
	void     bool // who asked has gone before it was answered

	// Under the Asker's lock.
	named string         // what the host greeted with
	addr  netip.AddrPort // where it is asked
}

// begin takes a question, or gives who is asking it.
func (a *Asker) begin(about question, by mail.Origin) (one *inquiry, first bool) {
	a.mu.Lock()
	defer a.mu.Unlock()
	if one = a.under[about]; one != nil {
		return one, false
	}
	one = &inquiry{from: about.from, to: about.to, host: about.host, by: by.Remote.Addr().Unmap(), named: a.names[about.host], done: make(chan struct{})}
	a.under[about] = one
	return one, true
}

func (a *Asker) end(about question, one *inquiry) {
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

// opened notes who the host is that is asked now. It is known before it is asked.
func (a *Asker) opened(one *inquiry, host string, l *link) {
	a.mu.Lock()
	defer a.mu.Unlock()
	one.named, one.addr = l.named, l.addr
	for other := range a.names { // any: it is heard again
		if len(a.names) < mostKept {
			break
		}
		delete(a.names, other)
	}
	a.names[host] = l.named
}

// asksBack says that a host that is being asked about an address asks about it here.
// Two servers that name each other as who may know would else go on asking; and a
// host that asks does not know, so that what is known here is the whole answer.
// Where only its address says who it is, it asks for the same sender: others may be
// behind that address, too, and to them the host is all that knows.
func (a *Asker) asksBack(by mail.Origin, from, to mail.Address) bool {
	if by.Login.Known() {
		return false
	}
	sender, address := from.String(), to.String()
	a.mu.Lock()
	defer a.mu.Unlock()
	for _, one := range a.under {
		if strings.EqualFold(one.to, address) && (calls(by, one.host, one.named) || one.at(by) && strings.EqualFold(one.from, sender)) {
			return true
		}
	}
	return false
}

// isHost says that who wants to know is the host itself: what it said before about
// whom it takes is no answer to it.
func (a *Asker) isHost(by mail.Origin, host string) bool {
	a.mu.Lock()
	defer a.mu.Unlock()
	return calls(by, host, a.names[host])
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
