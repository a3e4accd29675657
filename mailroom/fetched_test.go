package mailroom

import (
	"context"
	"slices"
	"strings"
	"testing"

	"posta/event"
	"posta/mail"
	"posta/store"
)

// fetching is a house whose mail is fetched by POP3.
type fetching struct {
	*house
	t *testing.T
}

func newFetching(t *testing.T, key string) fetching {
	f := fetching{t: t}
	f.house = newHouse(t, func(c *Config) {
		c.Mark = []byte(key)
		c.Lies = func(_ context.Context, account int64) (all []store.Entry, err error) {
			for _, b := range f.store.boxes {
				if b.account == account {
					all = append(all, store.Entry{Queue: b.queue})
				}
			}
			return all, nil
		}
	})
	return f
}

// sent is a message that came by SMTP, as it lies in the first one's mailbox.
func (f fetching) sent(to ...string) string {
	f.t.Helper()
	if _, err := f.send(mx(), mail.Envelope{From: addr("x@far.example")}, plain, 0, rcpts(to...)...); err != nil {
		f.t.Fatal(err)
	}
	got := f.got("ana@pepito.es")
	if len(got) == 0 {
		got = f.got("pepe@pepito.es")
	}
	return got[len(got)-1]
}

// fetch files what was fetched for an account, and gives it as it lies there then;
// "" where it is passed over.
func (f fetching) fetch(account, octets string) string {
	f.t.Helper()
	before := len(f.store.boxes)
	from := mail.Origin{Session: 2, Listener: event.Collecting, Service: mail.MX, ESMTP: true, Helo: "pop.far.example", Fetched: true}
	receipt, err := f.send(from, mail.Envelope{}, octets, 9, rcpts(account)...)
	if err != nil {
		f.t.Fatal(err)
	}
	f.ended()
	filed := len(f.store.boxes) > before
	if receipt.Again == filed || receipt.ID == "" || receipt.Again != (len(receipt.Missed) == 1) || filed != (len(receipt.To) == 1) {
		f.t.Errorf("filed %t, but %+v", filed, receipt)
	}
	if !filed {
		return ""
	}
	return f.store.boxes[before].octets
}

// remove deletes all that lies in a mailbox.
func (f fetching) remove(account string) {
	f.store.boxes = slices.DeleteFunc(f.store.boxes, func(b box) bool { return b.account == f.ids[account] })
}

func (f fetching) want(what, octets string, filed bool) {
	f.t.Helper()
	if (octets != "") != filed {
		f.t.Errorf("%s: %q", what, octets)
	}
}

const (
	ana  = "ana@pepito.es"
	pepe = "pepe@pepito.es"
)

// Two accounts that fetch each other's mail have each message once.
func TestFetchedInACircle(t *testing.T) {
	f := newFetching(t, "k")
	first := f.sent(ana)
	f.want("out of the mailbox itself", f.fetch(ana, first), false)
	theirs := f.fetch(pepe, first)
	f.want("of another account", theirs, true)
	if !strings.HasPrefix(theirs, "Return-Path: <>\r\nDelivered-To: pepe@pepito.es\r\nReceived: by mx.pepito.es (collected ") {
		t.Errorf("%q", theirs)
	}
	f.want("back again", f.fetch(ana, theirs), false)
	f.want("out of its mailbox, collected", f.fetch(pepe, theirs), false)

	f.remove(ana)
	back := f.fetch(ana, theirs)
	f.want("deleted, and still there with the other", back, true)
	f.remove(ana)
	f.remove(pepe)
	f.want("collected once and deleted", f.fetch(pepe, back), false)
	f.want("by another server in between", f.fetch(ana, "Received: by far.example; x\r\n"+back), false)
	f.want("the same, sent a second time", f.fetch(pepe, f.sent(ana)), true)
}

// What was fetched for an account lies in its own mailbox, too, if it is sent on:
// nobody is told where it then cannot be delivered. Where there is no room, it stays.
func TestFetchedAndSentOn(t *testing.T) {
	h, _ := open(t)
	h.forward(ana, false, "z@far.example")
	h.account("voll@pepito.es", 10)
	h.forward("voll@pepito.es", false, "z@far.example")
	from := mail.Origin{Session: 2, Listener: event.Collecting, Service: mail.MX, ESMTP: true, Helo: "pop.far.example", Fetched: true}
	to := mail.Recipient{To: addr(ana), Notify: mail.NotifyNever}
	receipt, err := h.send(from, mail.Envelope{}, plain, 0, to)
	if err != nil || len(receipt.To) != 1 || len(receipt.Queued) != 1 || len(h.got(ana)) != 1 || len(h.left()) != 1 {
		t.Errorf("%+v, %v, sent on %q", receipt, err, h.left())
	}
	to.To = addr("voll@pepito.es")
	if _, err := h.send(from, mail.Envelope{}, plain, 0, to); !strings.HasPrefix(reply(err), "452 4.2.2") || len(h.left()) != 1 {
		t.Errorf("a full mailbox: %v, sent on %q", err, h.left())
	}
	if _, err := h.send(mx(), mail.Envelope{From: addr("x@far.example")}, plain, 0, rcpts(ana)...); err != nil || len(h.got(ana)) != 1 || len(h.left()) != 2 {
		t.Errorf("by SMTP it is not kept: %v, %d, sent on %q", err, len(h.got(ana)), h.left())
	}
	h.ended()
}

// What only looks as if it had been here is filed.
func TestFetchedElsewhere(t *testing.T) {
	f := newFetching(t, "k")
	f.alias("jefe@pepito.es", ana)
	f.want("by an alias", f.fetch(ana, f.sent("jefe@pepito.es")), false)
	here := f.sent(ana)
	f.want("sent here again by somebody", f.fetch(ana, "Resent-From: eva@far.example\r\n"+here), true)
	f.want("another's copy", f.fetch(ana, strings.Replace(f.sent(ana, pepe), ana, pepe, 1)), true)
	f.want("no Delivered-To", f.fetch(ana, strings.Replace(here, "Delivered-To", "X-To", 1)), true)
	f.want("an id that is not here", f.fetch(ana, strings.Replace(here, "id id", "id no", 1)), true)
	f.want("from elsewhere", f.fetch(ana, plain), true)

	old := newFetching(t, "other")
	theirs := old.fetch(ana, plain)
	f.want("of the server that this one replaces", f.fetch(ana, strings.Replace(theirs, "id id", "id no", 1)), true)
	marked := f.fetch(ana, plain)
	f.remove(ana)
	f.want("somebody else's mark", f.fetch(pepe, marked), true)
	f.want("a mark of another message", f.fetch(ana, strings.Replace(marked, "id id", "id no", 1)), true)
	f.want("its own mark", f.fetch(ana, marked), false)
	if _, err := f.send(mx(), mail.Envelope{}, marked, 0, rcpts(ana)...); err != nil || len(f.got(ana)) != 1+1 {
		t.Errorf("what comes by SMTP is filed: %v, %d", err, len(f.got(ana)))
	}
}
