package trace

import (
	"fmt"
	"math/rand/v2"
	"net/netip"
	"reflect"
	"slices"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"posta/event"
)

func to(recipient, mailbox string, account int64, uid uint32) event.Delivery {
	return event.Delivery{Recipient: recipient, Mailbox: mailbox, Account: account, UID: uid}
}

// day is a day's mail: a letter to three, one of whom is unknown and two of
// whom are one; a report; a long list; a refused sender; a broken letter; and
// who fetched what.
func day(h *house) {
	h.open(1, "[::ffff:192.0.2.1]:4000")
	h.on(1, event.Enveloped{From: "luis@a.example"}, event.Refused{Verb: "RCPT", Reply: "550 5.1.1 no", Path: "nadie@b.example"},
		event.Addressed{To: "Pepe@b.example"}, event.Addressed{To: "jefe@b.example"},
		event.Accepted{ID: "q1", MessageID: "m1@a.example", From: "luis@a.example", Recipients: 2, Size: 9},
		event.Delivered{ID: "q1", To: []event.Delivery{to("Pepe@b.example", "pepe@b.example", 7, 1), to("jefe@b.example", "pepe@b.example", 7, 1)}})
	h.on(0, event.Accepted{ID: "q2", MessageID: "q2@b.example", Recipients: 1, Size: 99},
		event.Delivered{ID: "q2", To: []event.Delivery{to("luis@a.example", "luis@a.example", 8, 5)}})
	h.on(1, event.Refused{Verb: "MAIL", Reply: "550 5.7.1 not yours", Path: "otro@a.example"},
		event.Refused{Verb: "RCPT", Reply: "503 5.5.1 Send MAIL first", Path: "eva@b.example"}, event.Refused{Verb: "DATA", Reply: "503 5.5.1 Send MAIL first"},
		event.Enveloped{From: "luis@a.example"},
		event.Addressed{To: "lista@b.example"}, event.Accepted{ID: "q3", From: "luis@a.example", Recipients: 1, Size: 3},
		event.Enveloped{From: "luis@a.example"}, event.Addressed{To: "pepe@b.example"}, event.Refused{Verb: "DATA", Reply: "552 5.3.4 too big"},
		event.Enveloped{From: ""}, event.Addressed{To: "pepe@b.example"}, event.Closed{Reason: "peer closed"})
	h.on(0, event.Delivered{ID: "q3", To: []event.Delivery{to("", "pepe@b.example", 7, 2)}},
		event.Delivered{ID: "q3", To: []event.Delivery{to("", "luis@a.example", 8, 6)}})
	h.open(2, "[2001:db8::9]:110")
	h.on(2, event.Authenticated{User: "pepe@b.example", OK: true}, event.Fetched{Account: 7, UID: 1},
		event.Fetched{Account: 8, UID: 1}, event.Deleted{Account: 7, Messages: 2, UIDs: []uint32{1, 3}}, event.Refused{Verb: "RETR", Reply: "-ERR"}, event.Closed{})
	h.on(0, event.Deleted{Account: 8, Messages: 1, UIDs: []uint32{5}})
}

func TestStories(t *testing.T) {
	h := newHouse(t, Options{})
	defer h.trace.Close()
	began := h.now
	day(h)
	const who = " 192.0.2.1"
	const q1 = " deleted q1/m1@a.example/9; accepted 1" + who + "; delivered 1" + who + " pepe@b.example; " +
		"fetched 2 2001:db8::9 pepe@b.example pepe@b.example; deleted 2 2001:db8::9 pepe@b.example pepe@b.example"
	all := []string{
		"nadie@b.example<luis@a.example> refused; refused 1" + who + " 550 5.1.1 no",
		"Pepe@b.example<luis@a.example>" + q1,
		"jefe@b.example<luis@a.example>" + q1,
		"luis@a.example<> deleted q2/q2@b.example/99; accepted 0; delivered 0 luis@a.example; deleted 0 luis@a.example",
		"<otro@a.example> refused; refused 1" + who + " 550 5.7.1 not yours",
		"eva@b.example<otro@a.example> refused; refused 1" + who + " 550 5.7.1 not yours",
		"lista@b.example<luis@a.example> accepted q3//3; accepted 1" + who,
		"pepe@b.example<luis@a.example> delivered q3//3; accepted 1" + who + "; delivered 0 pepe@b.example",
		"luis@a.example<luis@a.example> delivered q3//3; accepted 1" + who + "; delivered 0 luis@a.example",
		"pepe@b.example<luis@a.example> refused; refused 1" + who + " 552 5.3.4 too big",
		"pepe@b.example<> unfinished; unfinished 1" + who + " peer closed",
	}
	h.holds(Query{}, all...)
	h.holds(Query{From: "<>"}, all[3], all[10])
	h.holds(Query{From: "LUIS@A.example", To: "nadie"}, all[0])
	h.holds(Query{To: "pepe@b.example"}, all[1], all[2], all[7], all[9], all[10])
	h.holds(Query{From: "luis", To: "pepe@b.example"}, all[1], all[2], all[7], all[9])
	h.holds(Query{To: "@a.example"}, all[3], all[8])
	h.holds(Query{MessageID: "<M1@a.example>"}, all[1], all[2])
	h.holds(Query{MessageID: "q2"}, all[3])
	h.holds(Query{Session: 2}, all[1], all[2])
	h.holds(Query{Session: 2, To: "jefe"}, all[2])
	h.holds(Query{Since: began.Add(9 * time.Second)}, all[4:]...)
	h.holds(Query{Since: h.now.Add(time.Hour)})
	if r := h.find(Query{Limit: 1}); len(r.Stories) != 1 || !r.Cut || short(r.Stories[0]) != all[10] {
		t.Errorf("the newest is %+v", r)
	}
	var kinds []Kind
	for _, s := range h.store.slices {
		kinds = append(kinds, s.Kind)
		if s.First.After(s.Last) || s.First.Before(began) {
			t.Errorf("slice from %v to %v", s.First, s.Last)
		}
	}
	if !slices.Contains(kinds, Mail) || !slices.Contains(kinds, Refusals) {
		t.Errorf("slices of %v", kinds)
	}
}

// Mail that the house fetched has a story, in which its own log-in elsewhere is
// nobody's here.
func TestStoryOfWhatIsFetched(t *testing.T) {
	h := newHouse(t, Options{})
	defer h.trace.Close()
	h.trace.Emit(&event.Event{Conn: 3, Kind: event.Open, Time: h.now, Fact: event.Opened{Listener: event.Collecting, Protocol: "pop3",
		Endpoints: event.Endpoints{Local: netip.MustParseAddrPort("192.0.2.110:110")}}})
	h.on(3, event.Authenticated{User: "box@isp.example", OK: true}, event.Enveloped{}, event.Addressed{To: "ana@b.example"},
		event.Accepted{ID: "q1", MessageID: "m1", Recipients: 1, Size: 9},
		event.Delivered{ID: "q1", To: []event.Delivery{{Recipient: "ana@b.example", Mailbox: "ana@b.example", Account: 7, UID: 1}}}, event.Closed{})
	h.holds(Query{To: "ana@b.example"}, "ana@b.example<> delivered q1/m1/9; accepted 3 192.0.2.110; delivered 3 192.0.2.110 ana@b.example")
}

// A fetching that was written before the delivery that it came after is found,
// and so is what lies many slices on.
func TestStoryOverSlices(t *testing.T) {
	h := newHouse(t, Options{})
	defer h.trace.Close()
	h.on(2, event.Fetched{Account: 7, UID: 1})
	h.find(Query{})
	h.on(1, event.Accepted{ID: "q1", Recipients: 1}, event.Delivered{ID: "q1", To: []event.Delivery{to("a@b", "a@b", 7, 1)}})
	for range 40 {
		h.on(3, event.Fetched{Account: 9, UID: 9})
		h.find(Query{})
	}
	for range 2 * maxSteps {
		h.on(2, event.Fetched{Account: 7, UID: 1})
	}
	h.on(2, event.Deleted{Account: 7, UIDs: []uint32{1}})
	r := h.find(Query{To: "a@b"})
	if len(r.Stories) != 1 || len(r.Stories[0].Steps) != maxSteps || r.Stories[0].More != 2*maxSteps+4-maxSteps || r.Stories[0].Status != Deleted {
		t.Errorf("%+v", r)
	}
	if h.store.count() < 40 {
		t.Errorf("%d slices", h.store.count())
	}
}

// A slice a second, at once when there is much; a store that stands still
// stops nobody, and what was lost is told.
func TestNobodyWaits(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var said []error
		h := newHouse(t, Options{Buffer: 100_000, Trouble: func(err error) { said = append(said, err) }})
		h.on(1, event.Fetched{Account: 7, UID: 1})
		time.Sleep(900 * time.Millisecond)
		h.on(1, event.Fetched{Account: 7, UID: 2})
		synctest.Wait()
		if h.store.count() != 0 {
			t.Error("too early")
		}
		time.Sleep(200 * time.Millisecond)
		synctest.Wait()
		if h.store.count() != 1 {
			t.Errorf("%d slices after a second", h.store.count())
		}
		hold := make(chan struct{})
		h.store.set(nil, hold)
		path := strings.Repeat("x", 400)
		for range 1000 {
			h.on(1, event.Refused{Verb: "RCPT", Path: path, Reply: "550 no"})
		}
		synctest.Wait()
		h.store.set(nil, nil)
		close(hold)
		_ = h.find(Query{})
		h.on(1, event.Refused{Verb: "RCPT", Path: path, Reply: "550 no"})
		r := h.find(Query{To: path})
		if r.Lost == 0 || int(r.Lost)+len(r.Stories) != 1001 {
			t.Errorf("%d stories, %d lost", len(r.Stories), r.Lost)
		}
		h.store.set(errShelf, nil)
		h.on(1, event.Fetched{Account: 7, UID: 3}, event.Fetched{Account: 7, UID: 4})
		_ = h.find(Query{})
		h.store.set(nil, nil)
		h.on(1, event.Fetched{Account: 7, UID: 5})
		if more := h.find(Query{}); len(said) != 1 || more.Lost != r.Lost+2 {
			t.Errorf("said %v, lost %d after %d", said, more.Lost, r.Lost)
		}
		h.on(1, event.Fetched{Account: 7, UID: 6})
		before := h.store.count()
		h.trace.Close()
		if h.store.count() != before+1 {
			t.Error("Close kept nothing")
		}
	})
}

func TestTrims(t *testing.T) {
	synctest.Test(t, func(t *testing.T) { // the bubble's clock begins in 2000
		h := newHouse(t, Options{KeepFor: 48 * time.Hour, MaxSize: 1000})
		time.Sleep(trimEvery)
		synctest.Wait()
		h.trace.Close()
		slices.Sort(h.store.trims)
		if want := []string{"0 before 1999-12-30, 750", "1 before 1999-12-30, 250"}; !slices.Equal(h.store.trims, want) {
			t.Errorf("%q, want %q", h.store.trims, want)
		}
	})
}

func TestRecords(t *testing.T) {
	at := time.UnixMicro(1_700_000_000_123_456)
	want := []record{
		{what: deleted, time: at, session: 1 << 60, client: "::1", login: "ñ@b", account: 1 << 40, uids: []uint32{1, 5, 1<<32 - 1}},
		{what: accepted, time: at, id: "q", messageID: "m", from: "f", recipients: []string{"a", "b"}, size: 1 << 40},
		{what: delivered, time: at, id: "q", to: []event.Delivery{to("a", "b", 3, 1<<32-1), {}}},
		{what: refused, time: at, reply: strings.Repeat("r", maxText)}, {what: lost, time: at, count: 9},
	}
	var data []byte
	for i := range want {
		data = want[i].append(data)
	}
	data = append(data, 0, 0, 12, byte(fetched), 0, tagSession, 7, 99, 1, 2, 3, 4, 5, 6, 7) // of a later posta
	var got []record
	if err := each(data, func(r *record) {
		one := *r
		one.recipients, one.to, one.uids = slices.Clone(r.recipients), slices.Clone(r.to), slices.Clone(r.uids)
		got = append(got, one)
	}); err != nil {
		t.Fatal(err)
	}
	if len(got) != len(want)+1 || got[len(want)].session != 7 {
		t.Fatalf("%d records: %+v", len(got), got)
	}
	for i := range want {
		for _, empty := range []*record{&want[i], &got[i]} {
			if len(empty.recipients) == 0 {
				empty.recipients = nil
			}
			if len(empty.to) == 0 {
				empty.to = nil
			}
			if len(empty.uids) == 0 {
				empty.uids = nil
			}
		}
		if !reflect.DeepEqual(got[i], want[i]) {
			t.Errorf("%+v came back as %+v", want[i], got[i])
		}
	}
	for n := range data { // cut anywhere, changed anywhere: an error or other records, no panic
		_ = each(data[:n], func(*record) {})
		changed := slices.Clone(data)
		changed[n] ^= byte(1 + rand.IntN(255))
		_ = each(changed, func(*record) {})
	}
	if err := each(data[:len(data)-1], func(*record) {}); err == nil {
		t.Error("a torn slice is no error")
	}
	big := record{what: accepted}
	for range 40_000 {
		big.recipients = append(big.recipients, strings.Repeat("x", maxText))
	}
	if got := big.append([]byte("x")); string(got) != "x" {
		t.Errorf("%d octets for too large a record", len(got))
	}
}

// Of a damaged slice the rest is lost; the others tell their stories.
func TestDamagedSlice(t *testing.T) {
	h := newHouse(t, Options{})
	defer h.trace.Close()
	for i := range 3 {
		id := fmt.Sprintf("q%d", i)
		h.on(0, event.Accepted{ID: id, Recipients: 1}, event.Delivered{ID: id, To: []event.Delivery{to("a@b", "a@b", 7, uint32(i))}})
		if err := h.trace.Flush(t.Context()); err != nil {
			t.Fatal(err)
		}
	}
	middle := &h.store.slices[1]
	middle.Data = middle.Data[:len(middle.Data)-1] // its delivery
	r := h.find(Query{})
	var got []string
	for _, s := range r.Stories {
		got = append(got, s.ID+" "+s.Status)
	}
	if want := []string{"q0 delivered", "q2 delivered"}; !slices.Equal(got, want) || r.Lost != 1 {
		t.Errorf("%q, %d lost; want %q", got, r.Lost, want)
	}
	if r := h.find(Query{From: "nobody@x"}); len(r.Stories) != 0 || r.Lost != 1 {
		t.Errorf("%+v", r)
	}
}

func FuzzEach(f *testing.F) {
	r := record{what: delivered, id: "q", to: []event.Delivery{to("a", "b", 3, 4)}, uids: []uint32{1, 2}}
	f.Add(r.append(nil))
	f.Fuzz(func(t *testing.T, data []byte) {
		_ = each(data, func(r *record) { _ = fmt.Sprint(r.time, r.recipients, r.to, r.uids) })
	})
}

// What a message costs: its acceptance and delivery, and that it was fetched and deleted.
func BenchmarkMessage(b *testing.B) {
	t := New(&shelf{}, Options{})
	defer t.Close()
	e := event.Event{Conn: 1, Kind: event.Open, Time: time.Now(), Fact: event.Opened{}}
	t.Emit(&e)
	facts := []any{event.Enveloped{From: "luis@jaramillo.edu.ec"}, event.Addressed{To: "pepe@pepito.es"},
		event.Accepted{ID: "330mmxd3p59wq", MessageID: "20261120.abcdef@jaramillo.edu.ec", From: "luis@jaramillo.edu.ec", Recipients: 1, Size: 4096},
		event.Delivered{ID: "330mmxd3p59wq", To: []event.Delivery{to("pepe@pepito.es", "pepe@pepito.es", 7, 9)}},
		event.Fetched{Account: 7, UID: 9}, event.Deleted{Account: 7, Messages: 1, UIDs: []uint32{9}}}
	b.ReportAllocs()
	for b.Loop() {
		for _, f := range facts {
			e.Kind, e.Fact = event.State, f
			t.Emit(&e)
		}
	}
}

// Who does not get a message is in the story of the recipient that led there, with
// the reason. Nobody's story ends with what is rightly not sent on.
func TestStoriesOfWhoMissesIt(t *testing.T) {
	h := newHouse(t, Options{})
	defer h.trace.Close()
	h.open(1, "192.0.2.1:4000")
	h.on(1, event.Enveloped{From: "luis@a.example"}, event.Addressed{To: "class@a.example"}, event.Addressed{To: "otto@a.example"},
		event.Accepted{ID: "q1", MessageID: "m1", From: "luis@a.example", Recipients: 2, Size: 9},
		event.Missed{ID: "q1", Failed: true, Why: "no way", To: []event.Onward{{Recipient: "class@a.example", To: "m1@b.example"}}},
		event.Missed{ID: "q1", Why: "round", To: []event.Onward{{Recipient: "otto@a.example", To: "ana@c.example"}}})
	h.on(0, event.Missed{ID: "q1", Failed: true, Why: "no way", To: []event.Onward{{To: "late@b.example"}}})
	const head = "<luis@a.example> "
	all := []string{
		"class@a.example" + head + "failed q1/m1/9; accepted 1 192.0.2.1; failed 1 192.0.2.1 m1@b.example no way",
		"otto@a.example" + head + "accepted q1/m1/9; accepted 1 192.0.2.1; unsent 1 192.0.2.1 ana@c.example round",
		"late@b.example" + head + "failed q1/m1/9; accepted 1 192.0.2.1; failed 0 late@b.example no way",
	}
	h.holds(Query{}, all...)
	h.holds(Query{Session: 1}, all...)
	h.holds(Query{To: "m1@b.example"}, all[0])
	h.holds(Query{To: "@c.example"}, all[1])
	h.holds(Query{To: "late"}, all[2])
}

// What leaves has its attempts in the story of the recipient that led there,
// also where they were written before it was known that it leaves.
func TestStoriesOfWhatLeaves(t *testing.T) {
	h := newHouse(t, Options{})
	defer h.trace.Close()
	h.open(1, "192.0.2.1:4000")
	h.on(1, event.Enveloped{From: "luis@a.example"}, event.Addressed{To: "todos@a.example"}, event.Addressed{To: "eva@c.example"},
		event.Accepted{ID: "q1", MessageID: "m1", From: "luis@a.example", Recipients: 2, Size: 9})
	next, asOf := h.now.Add(time.Hour), h.now.Add(-time.Minute).Truncate(time.Microsecond)
	h.on(0, event.Attempted{ID: "q1", Recipient: "eva@c.example", Outcome: event.Relayed, Host: "mx.c.example", Addr: "192.0.2.3:25", TLS: "TLSv1.3", Reply: "250 ok", Session: 3})
	h.on(1, event.Queued{ID: "q1", To: []event.Onward{{Recipient: "todos@a.example", To: "bob@b.example"}, {Recipient: "todos@a.example", To: "amy@b.example"}, {Recipient: "eva@c.example", To: "eva@c.example"}, {Recipient: "out@c.example", To: "out@c.example"}}})
	h.on(4, event.Attempted{ID: "q1", Recipient: "bob@b.example", Outcome: event.Delayed, Host: "mx.b.example", Reply: "451 later", Next: next, AsOf: asOf})
	h.on(0, event.Attempted{ID: "q1", Recipient: "amy@b.example", Outcome: event.Failed, Reply: "no such domain"},
		event.Attempted{ID: "q1", Recipient: "eve@b.example", Outcome: event.Delayed, Reply: "busy"},
		event.Attempted{ID: "q1", Recipient: "out@c.example", Outcome: event.Removed, Reply: "taken out"})
	h.on(0, event.Missed{ID: "q1", Why: "the report is lost", To: []event.Onward{{Recipient: "amy@b.example", To: "luis@a.example"}}})
	const who = "; accepted 1 192.0.2.1; queued 1 192.0.2.1 "
	all := []string{
		"todos@a.example<luis@a.example> failed q1/m1/9" + who + "bob@b.example; queued 1 192.0.2.1 amy@b.example; " +
			"delayed 4 bob@b.example mx.b.example 451 later; failed 0 amy@b.example no such domain; unsent 0 luis@a.example the report is lost",
		"eva@c.example<luis@a.example> relayed q1/m1/9" + who + "eva@c.example; relayed 3 eva@c.example mx.c.example 192.0.2.3:25 TLSv1.3 250 ok",
		"out@c.example<luis@a.example> removed q1/m1/9" + who + "out@c.example; removed 0 out@c.example taken out",
		"eve@b.example<luis@a.example> delayed q1/m1/9; accepted 1 192.0.2.1; delayed 0 eve@b.example busy",
	}
	h.holds(Query{}, all...)
	h.holds(Query{To: "bob@b.example"}, all[0])
	h.holds(Query{To: "@c.example"}, all[1], all[2])
	h.holds(Query{Session: 3}, all...)
	h.holds(Query{Session: 4, To: "todos"}, all[0])
	h.holds(Query{Session: 5})
	for _, s := range h.find(Query{To: "bob@b.example"}).Stories {
		if p := s.Steps[len(s.Steps)-3]; !p.Next.Equal(next) || !p.AsOf.Equal(asOf) {
			t.Errorf("tried again %v, want %v; as of %v, want %v", p.Next, next, p.AsOf, asOf)
		}
	}
}
