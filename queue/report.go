package queue

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"net/netip"
	"time"

	"posta/dsn"
	"posta/mail"
	"posta/store"
)

// reporting is a report that waits to be brought to the door, with what it
// settles.
type reporting struct {
	out    *store.Outgoing
	action dsn.Action
	settle []store.Settlement
	about  []dsn.Recipient
}

func (r *reporting) add(s store.Settlement, about dsn.Recipient) {
	r.settle = append(r.settle, s)
	r.about = append(r.about, about)
}

// about is what a report says of a recipient.
func about(item store.Item, s store.Settlement, e ending) dsn.Recipient {
	a := s.Attempt
	r := dsn.Recipient{Original: item.Orcpt, Final: final(item.To), Action: e.action, Status: e.status,
		RemoteMTA: a.Host, LastAttempt: a.At}
	if _, err := netip.ParseAddr(a.Host); err == nil {
		r.RemoteMTA = literal(a.Host)
	}
	if !a.AsOf.IsZero() {
		r.LastAttempt = a.AsOf // then the host was asked
	}
	if a.Code != 0 {
		r.Diagnostic = spoken(a)
	} else {
		r.Reason = a.Text
	}
	if e.action == dsn.Delayed {
		r.RetryUntil = item.Expires
	}
	return r
}

func final(to string) string {
	if !mail.IsASCII(to) {
		return "utf-8;" + to
	}
	return "rfc822;" + to
}

// literal is an address as a host's name is written (RFC 5321 §4.1.3).
func literal(addr string) string {
	if a, err := netip.ParseAddr(addr); err == nil {
		return mail.Literal(a)
	}
	return "[" + addr + "]"
}

const (
	headerMost = 32 << 10 // of a header that goes back, in octets
	fullMost   = 64 << 10 // of a message that goes back whole (RFC 3461 §6.2 leaves the length to us)
)

func (g *ledger) reportAll() {
	for r := range g.reports {
		g.bring(r)
	}
}

// bring brings a report to the door. Where that fails again and again, a report
// of failure or delay is put off with its items, which are tried once more; for
// one that something went well the message is not sent twice.
func (g *ledger) bring(r *reporting) {
	wait := time.Second
	for range patience {
		err := g.bringNow(r)
		switch {
		case err == nil:
			for i := range r.settle {
				g.drop(r.settle[i].Item)
			}
			g.follow(r.settle)
			return
		case spoilt(err):
			g.split(r)
			return
		}
		g.q.problem(fmt.Errorf("queue: a report on message %s: %w", r.out.Queue, err))
		if g.q.ended() {
			break
		}
		pause(g.q.soft, nil, wait)
		wait = min(2*wait, time.Minute)
	}
	for i := range r.settle {
		s := &r.settle[i]
		if r.action == dsn.Failed {
			s.Done, s.Due = false, g.q.cfg.Now().Add(15*time.Minute)
		}
		if r.action == dsn.Delayed {
			s.Warned = false
		}
	}
	g.settleNow(r.settle)
}

// split brings a report for each recipient on its own, where one of them was
// lost or removed meanwhile: that one is no longer ours.
func (g *ledger) split(r *reporting) {
	if len(r.settle) == 1 {
		g.drop(r.settle[0].Item)
		return
	}
	for i := range r.settle {
		g.bring(&reporting{out: r.out, action: r.action, settle: r.settle[i : i+1], about: r.about[i : i+1]})
	}
}

func (g *ledger) bringNow(r *reporting) error {
	out := r.out
	to, err := mail.ParseAddress(out.From)
	if err != nil { // it was one when it was filed
		return g.q.cfg.Store.Settle(context.Background(), r.settle...)
	}
	rep := &dsn.Report{To: to, Date: g.q.cfg.Now(), MTA: g.q.cfg.Hostname, EnvID: out.EnvID, Arrival: out.Received, UTF8: out.UTF8, Lab: out.Lab, About: out.Queue,
		Recipients: r.about}
	octets, whole, err := g.q.original(out, r.action)
	if err != nil {
		return err
	}
	rep.EightBit = !mail.IsASCII(string(octets))
	if rep.Header = octets; whole {
		rep.Full, rep.Header = bytes.NewReader(octets), headerOf(octets)
	}
	return g.q.cfg.Door.Report(context.Background(), rep, r.settle...)
}

// original reads what goes back of a message: the whole where a failure's sender
// wanted that, and it is not too long; else its header (RFC 3461 §4.3, §6.2).
func (q *Queue) original(out *store.Outgoing, action dsn.Action) (octets []byte, whole bool, err error) {
	whole = action == dsn.Failed && out.Ret == mail.RetFull && out.Size <= fullMost
	most := int64(headerMost)
	if whole {
		most = fullMost
	}
	body := q.cfg.Store.Content(context.Background(), out)
	defer body.Close()
	octets, err = io.ReadAll(io.LimitReader(body, most))
	if errors.Is(err, store.ErrNotFound) {
		return nil, false, nil // the report says what it can
	}
	if err != nil || whole {
		return octets, whole, err
	}
	return headerOf(octets), false, nil
}

// headerOf is the header of a message, as far as it is there.
func headerOf(octets []byte) []byte {
	if i := bytes.Index(octets, []byte("\r\n\r\n")); i >= 0 {
		return octets[:i+2]
	}
	return octets[:bytes.LastIndexByte(octets, '\n')+1]
}
