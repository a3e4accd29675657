package admin

import (
	"context"
	"errors"
	"fmt"
	"reflect"
	"slices"
	"strings"
	"testing"
	"time"

	"posta/directory"
	"posta/mail"
	"posta/queue"
	"posta/store"
)

// waitingRoom is a Queue with items, which it gives in pages.
type waitingRoom struct {
	store.Queue
	items []store.Item
	story map[int64][]store.Attempt
	left  int64 // an item that has left when its story is asked for
	pages int
	err   error
}

func (w *waitingRoom) Items(_ context.Context, p store.Pick) ([]store.Item, error) {
	w.pages++
	var out []store.Item
	for _, one := range w.items {
		if one.ID > p.After && (p.Queue == "" || p.Queue == one.Out.Queue) && (p.Domain == "" || p.Domain == one.Domain) &&
			(p.Sender == "" || p.Sender == one.Out.Sender || p.Sender == one.Out.From) && (p.To == "" || p.To == one.To) &&
			(p.Held == nil || *p.Held == one.Held) && len(out) < p.Limit {
			out = append(out, one)
		}
	}
	return out, w.err
}

func (w *waitingRoom) Depth(context.Context) (d store.Depth, err error) {
	for _, one := range w.items {
		if !one.Due.Before(store.Never()) {
			d.Kept++
		}
	}
	return d, w.err
}

func (w *waitingRoom) Story(_ context.Context, item int64) ([]store.Attempt, error) {
	if item == w.left {
		return nil, store.ErrNotFound
	}
	return w.story[item], w.err
}

// moment is a time in another zone than JSON has it.
func moment(hour int) time.Time {
	return time.Date(2026, 11, 27, hour, 0, 0, 0, time.FixedZone("CET", 3600))
}

// item is a recipient's place.
func item(id int64, queue, to string, change func(*store.Item)) store.Item {
	_, domain, _ := strings.Cut(to, "@")
	i := store.Item{ID: id, Rcpt: store.Rcpt{To: to, Domain: domain, Due: moment(5), Expires: moment(9)},
		Out: &store.Outgoing{Queue: queue, From: "ana@here.es", Sender: "ana@here.es", Size: 100, Received: moment(4)}}
	if change != nil {
		change(&i)
	}
	return i
}

// Of who is due it says how far that is, and of whose host is silent when that is
// asked again.
func TestQueueProspects(t *testing.T) {
	w := &waitingRoom{items: []store.Item{item(1, "q1", "a@look.es", nil), item(2, "q1", "a@turn.es", nil), item(3, "q2", "a@silent.es", nil),
		item(4, "q2", "a@far.es", nil)}}
	table := newTable(nil, House{Queue: w, Sender: &carrierOf{}}.queued())
	want := []Queued{{Due: moment(5), Stage: QueueLooking}, {Due: moment(5), Stage: QueueTurn}, {Due: moment(8)}, {Due: moment(5)}}
	listed := called[[]Queued](t, table, "queue.list", QueuePick{})
	for i, shown := range slices.Concat(listed, called[[]Queued](t, table, "queue.show", QueueID{Name: "q1"}), called[[]Queued](t, table, "queue.show", QueueID{Name: "q2"})) {
		if one := want[i%len(want)]; shown.Stage != one.Stage || !shown.Due.Equal(one.Due) {
			t.Errorf("%d: %s %s, want %s %s", i, shown.Stage, shown.Due, one.Stage, one.Due)
		}
	}
}

// An account is chosen by any of its names, also a short one; an outside domain by
// its own. Messages that are not there are no empty list.
func TestQueueChosen(t *testing.T) {
	outside := func(i *store.Item) { i.Out.Sender, i.Out.From = "far.es", "eva@far.es" }
	w := &waitingRoom{items: []store.Item{item(1, "q1", "a@a.es", nil), item(2, "q2", "luis@here.es", outside)}}
	people := people(t)
	if _, err := people.AddAccount(t.Context(), "ana@here.es", "clave-2026", directory.AccountOptions{}); err != nil {
		t.Fatal(err)
	}
	table := newTable(nil, House{Directory: people, Queue: w}.queued())
	for _, tt := range []struct {
		in   QueuePick
		want string
	}{
		{QueuePick{Sender: "ana"}, "q1"}, {QueuePick{Sender: "Ana@Here.es"}, "q1"}, {QueuePick{Sender: "far.es"}, "q2"}, {QueuePick{Sender: "eva@far.es"}, "q2"}, {QueuePick{Sender: "nobody"}, ""},
		{QueuePick{To: "luis"}, "q2"}, {QueuePick{To: "a@a.es"}, "q1"}, {QueuePick{To: "a"}, ""},
	} {
		got := ""
		for _, one := range called[[]Queued](t, table, "queue.list", tt.in) {
			got += one.ID
		}
		if got != tt.want {
			t.Errorf("%+v: %q, want %q", tt.in, got, tt.want)
		}
	}
	for _, in := range []QueuePick{{Queue: []string{"gone"}}, {Queue: []string{"gone", "too"}, Domain: "a.es"}} {
		refused(t, table.Call(t.Context(), "queue.list", in, nil), "not_found")
	}
	var said *Error
	if err := table.Call(t.Context(), "queue.show", QueueID{Name: "<12;x@b.es>"}, nil); !errors.As(err, &said) || !strings.Contains(said.Text, `posta trace --message-id "12;x@b.es"`) {
		t.Errorf("%v", err)
	}
}

func TestQueueList(t *testing.T) {
	status, err := mail.ParseStatus("4.4.1")
	if err != nil {
		t.Fatal(err)
	}
	tried := store.Attempt{At: moment(5), Took: 1500 * time.Microsecond, Host: "mx.b.es", Addr: "192.0.2.1:25", Verb: "RCPT", Code: 450, Status: status, Text: "later", Session: 7}
	w := &waitingRoom{story: map[int64][]store.Attempt{2: {{At: moment(4), Text: "no route"}, tried}}, items: []store.Item{
		item(1, "q1", "a@a.es", nil),
		item(2, "q1", "b@b.es", func(i *store.Item) { i.Attempts, i.Last, i.Warned, i.Out.Lab = 2, tried, true, true }),
		item(3, "q2", "c@a.es", func(i *store.Item) { i.Held = true }),
		item(4, "q3", "d@c.es", func(i *store.Item) { i.Leased, i.Since = true, moment(3) }),
		item(5, "q4", "e@site.es", func(i *store.Item) { i.Due = store.Never() }),
		item(6, "q5", "f@d.es", func(i *store.Item) { i.Leased, i.Held = true, true }),
	}}
	table := newTable(nil, House{Queue: w, Sender: &carrierOf{}}.queued())
	list := func(in QueuePick) (out []string) {
		for _, one := range called[[]Queued](t, table, "queue.list", in) {
			out = append(out, fmt.Sprintf("%s %s %s", one.ID, one.To, one.State))
		}
		return out
	}
	all := []string{"q1 a@a.es waiting", "q1 b@b.es waiting", "q2 c@a.es held", "q3 d@c.es working", "q4 e@site.es kept", "q5 f@d.es working"}
	held := true
	for _, tt := range []struct {
		in   QueuePick
		want []string
	}{
		{QueuePick{}, all},
		{QueuePick{Limit: 2}, all[:2]},
		{QueuePick{Domain: "a.es"}, []string{all[0], all[2]}},
		{QueuePick{Domain: "A.es."}, []string{all[0], all[2]}},
		{QueuePick{Held: &held}, []string{all[2], all[5]}},
		{QueuePick{Queue: []string{"q3", "q1"}}, []string{all[3], all[0], all[1]}},
		{QueuePick{Queue: []string{"q2", "q9"}}, []string{all[2]}},
		{QueuePick{Queue: []string{"q1"}, Held: &held}, nil},
	} {
		if got := list(tt.in); !slices.Equal(got, tt.want) {
			t.Errorf("%+v: %q", tt.in, got)
		}
	}
	if one := called[[]Queued](t, table, "queue.show", QueueID{Name: "q3"})[0]; !one.Since.Equal(moment(3)) || one.Session != 40 {
		t.Errorf("working: %+v", one)
	}
	shown := called[[]Queued](t, table, "queue.show", QueueID{Name: "q1"})
	if len(shown) != 2 || len(shown[0].Story) != 0 || len(shown[1].Story) != 2 {
		t.Fatalf("%+v", shown)
	}
	want := Tried{At: moment(5).UTC(), Millis: 1.5, Host: "mx.b.es", Address: "192.0.2.1:25", Verb: "RCPT", Code: 450, Status: "4.4.1", Text: "later", Session: 7}
	if b := shown[1]; !reflect.DeepEqual(b.Story[1], want) || !reflect.DeepEqual(*b.Last, want) || b.Tries != 2 || !b.Warned || !b.Lab || !b.Due.Equal(moment(5)) || b.Due.Location() != time.UTC {
		t.Errorf("%+v", b)
	}
	if b := shown[1].Story[0]; b.Status != "" || b.Host != "" {
		t.Errorf("%+v", b)
	}
	round := tried
	round.AsOf, round.Before = moment(3), []store.Attempt{{At: moment(2), Host: "mx0.b.es", Code: 421, Session: 6}}
	w.story[2] = []store.Attempt{round}
	want.AsOf, want.Before = moment(3).UTC(), []Tried{{At: moment(2).UTC(), Host: "mx0.b.es", Code: 421, Session: 6}}
	if got := called[[]Queued](t, table, "queue.show", QueueID{Name: "q1"})[1].Story[0]; !reflect.DeepEqual(got, want) {
		t.Errorf("%+v", got)
	}
	w.items[1].Unasked = 1
	if b := called[[]Queued](t, table, "queue.show", QueueID{Name: "q1"})[1]; b.Tries != 1 || b.Unasked != 1 {
		t.Errorf("%d tries, %d without asking", b.Tries, b.Unasked)
	}
	w.left = 1
	if rest := called[[]Queued](t, table, "queue.show", QueueID{Name: "q1"}); len(rest) != 1 || rest[0].Item != 2 {
		t.Errorf("without one that left: %+v", rest)
	}
	refused(t, table.Call(t.Context(), "queue.show", QueueID{Name: "q9"}, nil), "not_found")
	w.err = errors.New("broken")
	refused(t, table.Call(t.Context(), "queue.list", QueuePick{}, nil), "internal")
}

// A long queue is read a page at a time, and no further than is wanted.
func TestQueuePages(t *testing.T) {
	w := &waitingRoom{}
	for id := range int64(2*queuePage + 1) {
		w.items = append(w.items, item(id+1, "q", "a@a.es", nil))
	}
	table := newTable(nil, House{Queue: w}.queued())
	if all := called[[]Queued](t, table, "queue.list", QueuePick{}); len(all) != len(w.items) || w.pages != 4 {
		t.Errorf("%d in %d pages", len(all), w.pages)
	}
	w.pages = 0
	if some := called[[]Queued](t, table, "queue.list", QueuePick{Limit: 10}); len(some) != 10 || w.pages != 1 {
		t.Errorf("%d in %d pages", len(some), w.pages)
	}
}

func TestQueueChanges(t *testing.T) {
	for _, tt := range []struct {
		operation string
		change    store.Change
	}{
		{"queue.retry", store.Retry}, {"queue.hold", store.Hold}, {"queue.release", store.Release}, {"queue.delete", store.Delete}, {"queue.bounce", store.Bounce},
	} {
		c, held := &carrierOf{found: 2}, tt.operation != "queue.retry"
		var audits []string
		table := newTable(func(a Audit) { audits = append(audits, a.Operation) }, House{Directory: people(t), Sender: c, Queue: &waitingRoom{}}.queued())
		out := called[QueueChanged](t, table, tt.operation, QueuePick{Queue: []string{"q1", "q2"}, Domain: "a.es", Held: &held})
		want := []store.Pick{{Queue: "q1", Domain: "a.es", Held: &held}, {Queue: "q2", Domain: "a.es", Held: &held}}
		if out.Recipients != 4 || len(c.picks) != 2 || *c.picks[0].Held != held || c.picks[0].Queue != want[0].Queue || c.picks[1].Queue != want[1].Queue || c.picks[1].Domain != "a.es" {
			t.Errorf("%s: %+v %+v", tt.operation, out, c.picks)
		}
		if c.change != tt.change || !slices.Equal(audits, []string{tt.operation}) {
			t.Errorf("%s: %v; the log has %q", tt.operation, c.change, audits)
		}
		c.picks, held = nil, false
		for _, in := range []QueuePick{{Queue: []string{"q1"}}, {Domain: "a.es"}, {Sender: "x@here.es"}, {To: "x@a.es"}, {Held: &held}} {
			in.All = true
			refused(t, table.Call(t.Context(), tt.operation, in, nil), "invalid") // which of the two?
		}
		refused(t, table.Call(t.Context(), tt.operation, QueuePick{}, nil), "invalid") // everything, and nobody said so
		refused(t, table.Call(t.Context(), tt.operation, QueuePick{Limit: 5}, nil), "invalid")
		if len(c.picks) != 0 {
			t.Errorf("%s: %+v", tt.operation, c.picks)
		}
		if out := called[QueueChanged](t, table, tt.operation, QueuePick{All: true}); out.Recipients != 2 || len(c.picks) != 1 {
			t.Errorf("%s: %+v", tt.operation, out)
		}
		c.found = 0
		refused(t, table.Call(t.Context(), tt.operation, QueuePick{Queue: []string{"q9"}}, nil), "not_found")
		refused(t, table.Call(t.Context(), tt.operation, QueuePick{Sender: "x@here.es"}, nil), "not_found")
		c.err = errors.New("broken")
		refused(t, table.Call(t.Context(), tt.operation, QueuePick{To: "x@a.es"}, nil), "internal")
	}
}

// A change that finds nobody says why: what is meant is held, or is not.
func TestQueueChangesNobody(t *testing.T) {
	w := &waitingRoom{items: []store.Item{
		item(1, "waits", "a@a.es", nil),
		item(2, "held", "b@b.es", func(i *store.Item) { i.Held = true }),
	}}
	table := newTable(nil, House{Directory: people(t), Sender: &carrierOf{}, Queue: w}.queued())
	held, free := true, false
	for _, tt := range []struct {
		operation string
		in        QueuePick
		code, id  string
	}{
		{"queue.retry", QueuePick{Queue: []string{"held"}}, "refused", "admin.message_held"},
		{"queue.retry", QueuePick{Held: &held}, "refused", "admin.all_held"},
		{"queue.retry", QueuePick{Domain: "b.es"}, "refused", "admin.all_held"},
		{"queue.retry", QueuePick{Queue: []string{"gone"}}, "not_found", "admin.not_queued"},
		{"queue.release", QueuePick{Queue: []string{"waits"}}, "refused", "admin.message_not_held"},
		{"queue.release", QueuePick{Held: &free}, "refused", "admin.nothing_held"},
		{"queue.release", QueuePick{Queue: []string{"gone"}}, "not_found", "admin.not_queued"},
		{"queue.hold", QueuePick{Domain: "bad domain"}, "invalid", "admin.queue_domain"},
		{"queue.list", QueuePick{Domain: "bad domain"}, "invalid", "admin.queue_domain"},
		{"queue.list", QueuePick{Domain: ".a.es"}, "invalid", "admin.queue_domain"},
		{"queue.list", QueuePick{To: "x y"}, "invalid", "admin.queue_to"},
		{"queue.list", QueuePick{To: "@a.es"}, "invalid", "admin.queue_to"},
		{"queue.list", QueuePick{Sender: "x y"}, "invalid", "admin.queue_sender"},
		{"queue.list", QueuePick{Sender: "x y@a.es"}, "invalid", "admin.queue_sender"},
	} {
		err := table.Call(t.Context(), tt.operation, tt.in, nil)
		var said *Error
		if !errors.As(err, &said) || said.Code != tt.code || said.Said.ID != tt.id {
			t.Errorf("%s %+v: %v", tt.operation, tt.in, err)
		}
	}
}

// What waits until its site asks is not tried by a retry.
func TestQueueRetryKept(t *testing.T) {
	w := &waitingRoom{items: []store.Item{
		item(1, "q1", "a@a.es", nil),
		item(2, "q1", "e@site.es", func(i *store.Item) { i.Due = store.Never() }),
		item(3, "q1", "o@site.es", nil), // a retry before, while no server ran
	}}
	c := &carrierOf{found: 3, way: queue.Way{Kept: true}}
	table := newTable(nil, House{Directory: people(t), Sender: c, Queue: w}.queued())
	if out := called[QueueChanged](t, table, "queue.retry", QueuePick{Queue: []string{"q1"}}); out.Recipients != 3 || out.Kept != 2 {
		t.Errorf("%+v", out)
	}
	c.way.Kept = false // by now there is a way
	if out := called[QueueChanged](t, table, "queue.retry", QueuePick{Queue: []string{"q1"}}); out.Recipients != 3 || out.Kept != 0 || !slices.Equal(c.asked, []string{"site.es", "site.es"}) {
		t.Errorf("%+v, asked %q", out, c.asked)
	}
}

// What is released for a site waits until it asks, even where a route leads to it.
func TestQueueReleaseKept(t *testing.T) {
	held := func(i *store.Item) { i.Held = true }
	w := &waitingRoom{items: []store.Item{
		item(1, "q1", "a@a.es", held),
		item(2, "q1", "e@site.es", func(i *store.Item) { i.Held, i.Due = true, store.Never() }),
		item(3, "q1", "o@site.es", held),
	}}
	c := &carrierOf{found: 3}
	table := newTable(nil, House{Directory: people(t), Sender: c, Queue: w}.queued())
	if out := called[QueueChanged](t, table, "queue.release", QueuePick{Queue: []string{"q1"}}); out.Recipients != 3 || out.Kept != 2 {
		t.Errorf("%+v", out)
	}
}

// Of several messages those that a change was not about are named, and each counts
// once; of what is bounced, who hears of it.
func TestQueueChangesSome(t *testing.T) {
	w := &waitingRoom{items: []store.Item{item(1, "q1", "a@a.es", nil), item(2, "held", "b@b.es", nil)}}
	c := &carrierOf{found: 2, reported: 1, only: []string{"q1", "q3"}}
	table := newTable(nil, House{Directory: people(t), Sender: c, Queue: w}.queued())
	for _, operation := range []string{"queue.hold", "queue.bounce", "queue.retry"} {
		out := called[QueueChanged](t, table, operation, QueuePick{Queue: []string{"q1", "gone", "held", "q1", "gone", "q3"}})
		if out.Recipients != 4 || !slices.Equal(out.Absent, []string{"gone"}) || !slices.Equal(out.Unchanged, []string{"held"}) {
			t.Errorf("%s: %+v", operation, out)
		}
		if (operation == "queue.bounce") != (out.Unreported == 2) {
			t.Errorf("%s: %+v", operation, out)
		}
	}
}

// Who is being tried is told apart, in which sessions, and counts neither as one who
// is told nor as one who is not.
func TestQueueChangesUnderWay(t *testing.T) {
	c := &carrierOf{found: 3, reported: 2, under: queue.Underway{Items: 2, Sessions: []uint64{7, 9}}}
	table := newTable(nil, House{Directory: people(t), Sender: c, Queue: &waitingRoom{}}.queued())
	for operation, unreported := range map[string]int64{"queue.hold": 0, "queue.delete": 0, "queue.bounce": 1} {
		out := called[QueueChanged](t, table, operation, QueuePick{All: true})
		if out.Recipients != 5 || out.Working != 2 || !slices.Equal(out.Sessions, []uint64{7, 9}) || out.Unreported != unreported {
			t.Errorf("%s: %+v", operation, out)
		}
	}
	for want, i := range map[string]store.Item{"held": item(1, "q", "a@a.es", func(i *store.Item) { i.Leased, i.Held = true, true }),
		"bounce": item(1, "q", "a@a.es", func(i *store.Item) { i.Leased, i.Leaving = true, store.Bounce }),
		"delete": item(1, "q", "a@a.es", func(i *store.Item) { i.Leased, i.Leaving = true, store.Delete })} {
		if q := (House{}).showItem(&i, queue.Prospect{}); q.State != QueueWorking || q.Then != want {
			t.Errorf("%s: %+v", want, q)
		}
		i.Leased = false // the server ended meanwhile
		if q := (House{}).showItem(&i, queue.Prospect{}); want != "held" && (q.State != QueueWaiting || q.Then != want || !q.Due.IsZero()) {
			t.Errorf("%s, not leased: %+v", want, q)
		}
	}
}
