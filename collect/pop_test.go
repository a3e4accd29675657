package collect_test

import (
	"errors"
	"io"
	"net"
	"reflect"
	"slices"
	"strings"
	"testing"

	"posta/collect"
	"posta/event"
	"posta/mail"
	"posta/wire/wiretest"
)

const mailbox = `
	S: +OK <1.2@pop.example>
	C: CAPA
	S: +OK
	S: USER
	S: .
	C: CAPA
	S: +OK
	S: USER
	S: .
	C: USER pepe
	S: +OK
	C: PASS geheim
	S: +OK`

// pop plays a server's part; its mailbox is what lists says.
func pop(t *testing.T, script string) func(net.Conn) {
	return func(nc net.Conn) {
		if err := wiretest.Script(nc, script, nil); err != nil && !errors.Is(err, io.EOF) {
			t.Error(err)
		}
		_ = nc.Close()
	}
}

func popEntry() collect.Entry {
	return collect.Entry{Way: collect.POP3, Host: "pop.example", TLS: collect.Clear, User: "pepe", Password: "geheim", Account: "pepe@north.example"}
}

// facts are those that tell of messages.
type facts struct{ all []any }

func (*facts) Wants(uint64, event.Layer, event.Part) bool { return false }

func (f *facts) Emit(e *event.Event) {
	if _, login := e.Fact.(event.Authenticated); e.Kind == event.State && !login {
		f.all = append(f.all, e.Fact)
	}
}

func TestPOP3(t *testing.T) {
	enter := withoutCapa()
	c := newCustomer(t, pop(t, enter+`
		C: LIST
		S: +OK
		S: 1 10
		S: 2 20
		S: 3 5000
		S: .
		C: UIDL
		S: +OK
		S: 1 aaa
		S: 2 bbb
		S: 3 ccc
		S: .
		C: RETR 1
		S: +OK
		S: Subject: one
		S:
		S: ..dot
		S: .
		C: DELE 1
		S: +OK
		C: RETR 2
		S: +OK
		S: From: Eva <eva@far.example>
		S:
		S: FULL
		S: .
		C: TOP 3 0
		S: +OK
		S: From: luis@far.example
		S: .
		C: QUIT
		S: +OK`))
	told := &facts{}
	c.watch(told)
	e := c.add(t, popEntry())
	r, _, err := c.Once(t.Context(), e.ID)
	to := "pepe@north.example"
	if want := []any{event.Collected{By: "POP3", Host: "pop.example", User: "pepe"}, event.Enveloped{}, event.Addressed{To: to}, event.Accepted{ID: "Q", MessageID: "m@x", Recipients: 1, Size: 22},
		event.Delivered{ID: "Q", To: []event.Delivery{{Recipient: to, Account: 7, UID: 3}}}, event.Queued{ID: "Q", To: []event.Onward{{Recipient: "r", To: "on@far.example"}}},
		event.Missed{ID: "Q", Why: "round", To: []event.Onward{{Recipient: "r", To: "no@far.example"}}}, event.Note{Text: "noted"},
		event.Note{Text: "a message stays there, UIDL bbb, 20 octets, from <eva@far.example>: the mailbox here is full"},
		event.Note{Text: "a message stays there, UIDL ccc, 5000 octets, from <luis@far.example>: it is larger than what is taken here"}}; !reflect.DeepEqual(told.all, want) {
		t.Errorf("told %+v", told.all)
	}
	if err != nil || r.Messages != 1 || r.Left != 2 || r.Failure != "" || c.dials[0] != "pop.example:110" {
		t.Errorf("%+v %v %v", r, err, c.dials)
	}
	stayed := []collect.Stay{{UIDL: "bbb", Octets: 20, From: "eva@far.example", Why: "the mailbox here is full"},
		{UIDL: "ccc", Octets: 5000, From: "luis@far.example", Why: "it is larger than what is taken here"}}
	if !slices.Equal(r.Stayed, stayed) {
		t.Errorf("%+v", r.Stayed)
	}
	if !slices.Equal(c.box.got, []string{"pepe@north.example: Subject: one\r\n\r\n.dot\r\n"}) {
		t.Errorf("%q", c.box.got)
	}
	if !c.box.env.From.IsZero() || c.box.notify != mail.NotifyNever {
		t.Errorf("somebody may hear of it: %+v", c.box.env)
	}
	if seen, _ := c.store.Seen(t.Context(), e.ID); !slices.Equal(seen, []string{"aaa"}) {
		t.Error(seen)
	}
}

// A server that does not let a message go says which and why; the others come.
func TestPOP3NotDeleted(t *testing.T) {
	enter := withoutCapa()
	script := `
		C: LIST
		S: +OK
		S: 1 10
		S: 2 10
		S: .
		C: UIDL
		S: +OK
		S: 1 aaa
		S: 2 bbb
		S: .
		C: RETR 1
		S: +OK
		S: From: eva@far.example
		S:
		S: .
		C: DELE 1
		S: -ERR read-only
		C: RETR 2
		S: +OK
		S: two
		S: .
		C: DELE 2
		S: +OK
		C: QUIT
		S: +OK`
	const next = oneListed + `
		C: DELE 1
		S: -ERR read-only`
	const top = `
		C: TOP 1 0
		S: +OK
		S: From: eva@far.example
		S: .`
	const quit = `
		C: QUIT
		S: +OK`
	c := newCustomer(t, func(nc net.Conn) { pop(t, enter+script)(nc) })
	told := &notes{}
	c.watch(told)
	e := c.add(t, popEntry())
	visit := func(messages int) {
		t.Helper()
		r, _, err := c.Once(t.Context(), e.ID)
		if want := []collect.Stay{{UIDL: "aaa", Octets: 10, From: "eva@far.example", Why: `DELE: -ERR "read-only"`}}; err != nil || r.Messages != messages || r.Left != 1 || r.Failure != "" || !slices.Equal(r.Stayed, want) {
			t.Errorf("%+v %v", r, err)
		}
	}
	visit(2)
	told.all, script = nil, next+quit // its author is known
	if visit(0); len(told.all) != 0 {
		t.Errorf("told again: %q", told.all)
	}
	if err := c.store.ChangeEntry(t.Context(), e, collect.ResultAnew); err != nil {
		t.Fatal(err)
	}
	script = next + top + quit
	visit(0)
}

// What was filed is not fetched again, and what is gone is forgotten; two
// messages of one unique-id are two.
// rfc: 1939-7.UIDL-6
func TestPOP3Memory(t *testing.T) {
	enter := withoutCapa()
	c := newCustomer(t, pop(t, enter+`
		C: LIST
		S: +OK
		S: 1 10
		S: 2 10
		S: 3 10
		S: .
		C: UIDL
		S: +OK
		S: 1 known
		S: 2 twin
		S: 3 twin
		S: .
		C: RETR 3
		S: +OK
		S: second twin
		S: .
		C: QUIT
		S: +OK`))
	e := popEntry()
	e.Keep = true
	e = c.add(t, e)
	if err := c.store.Saw(t.Context(), e.ID, "gone", "known", "twin 0"); err != nil {
		t.Fatal(err)
	}
	r, _, err := c.Once(t.Context(), e.ID)
	if err != nil || r.Messages != 1 || r.Failure != "" || len(c.box.got) != 1 {
		t.Errorf("%+v %v %q", r, err, c.box.got)
	}
	if seen, _ := c.store.Seen(t.Context(), e.ID); !slices.Equal(seen, []string{"known", "twin 0", "twin 1"}) {
		t.Error(seen)
	}
}

// What is collected a single time leaves nothing behind, and all of it comes again.
func TestPOP3Single(t *testing.T) {
	enter := withoutCapa()
	const one = oneListed + `
		C: RETR 1
		S: +OK
		S: one
		S: .`
	for _, keep := range []bool{true, false} {
		end := "\n\t\tC: DELE 1\n\t\tS: +OK\n\t\tC: QUIT\n\t\tS: +OK"
		if keep {
			end = "\n\t\tC: QUIT\n\t\tS: +OK"
		}
		c := newCustomer(t, pop(t, enter+one+end))
		e := popEntry()
		e.Keep = keep
		for n := 1; n <= 2; n++ {
			r, err := c.Single(t.Context(), e)
			if err != nil || r.Messages != 1 || r.Failure != "" || r.At.IsZero() || r.Session == 0 || len(c.box.got) != n {
				t.Errorf("keep %v, %d: %+v %v %q", keep, n, r, err, c.box.got)
			}
		}
		if all, err := c.store.Entries(t.Context()); len(all) != 0 || err != nil {
			t.Error(all, err)
		}
	}
	c := newCustomer(t, pop(t, enter+one+"\n\t\tC: DELE 1"))
	if r, err := c.Single(t.Context(), popEntry()); err != nil || r.Messages != 1 || r.Failure == "" {
		t.Errorf("broken off: %+v %v", r, err)
	}
}

// withoutCapa is mailbox of a server that is asked for no CAPA.
func withoutCapa() string {
	return strings.Replace(mailbox, "\tC: CAPA\n\tS: +OK\n\tS: USER\n\tS: .\n", "", 1)
}

// oneListed is how a server lists its only message.
const oneListed = `
		C: LIST
		S: +OK
		S: 1 10
		S: .
		C: UIDL
		S: +OK
		S: 1 aaa
		S: .`
