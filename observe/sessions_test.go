package observe

import (
	"errors"
	"fmt"
	"math/rand/v2"
	"net/netip"
	"reflect"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"posta/event"
)

// said is one piece of a conversation; the octets between § are secret.
type said struct {
	dir  event.Dir
	part event.Part
	text string
}

const (
	dialer   = event.FromDialer
	listener = event.FromListener
)

var began = time.Date(2026, 1, 2, 3, 4, 5, 0, time.UTC)

// secret takes the marks out of a text and gives the octets' masks.
func secret(marked string) (text string, mask []event.Span) {
	for i, s := range strings.Split(marked, "§") {
		if i%2 == 1 {
			mask = append(mask, event.Span{Off: len(text), Len: len(s)})
		}
		text += s
	}
	return text, mask
}

func open(s event.Sink, conn uint64) {
	s.Emit(&event.Event{Conn: conn, Kind: event.Open, Time: began.Add(time.Duration(conn) * time.Second), Fact: event.Opened{
		Endpoints: event.Endpoints{Remote: netip.MustParseAddrPort("192.0.2.7:40000"), Local: netip.MustParseAddrPort("192.0.2.1:25")},
		Protocol:  "smtp", Listener: "smtp", Mode: "strict"}})
}

func state(s event.Sink, conn uint64, fact any) {
	kind := event.State
	switch fact.(type) {
	case event.Secured:
		kind = event.Secure
	case event.Closed:
		kind = event.Close
	}
	s.Emit(&event.Event{Conn: conn, Kind: kind, Time: began.Add(time.Hour), Fact: fact})
}

func say(s event.Sink, conn uint64, what said) {
	text, mask := secret(what.text)
	s.Emit(&event.Event{Conn: conn, Kind: event.Data, Dir: what.dir, Layer: event.Text, Part: what.part,
		Time: began.Add(time.Minute), Data: []byte(text), Len: int64(len(text)), Mask: mask,
		Dot: what.part == event.Body && (strings.HasSuffix(text, "\n.\r\n") || strings.HasSuffix(text, "\n.\n"))})
}

// texts are the lines of a transcript as kind and text.
func texts(t *testing.T, s *Sessions, conn uint64) []string {
	t.Helper()
	tr, err := s.Show(conn)
	if err != nil {
		t.Fatal(err)
	}
	var out []string
	for _, l := range tr.Lines {
		out = append(out, l.Kind+" "+l.Text)
	}
	return out
}

func conversation() []said {
	return []said{
		{listener, event.Reply, "220 mx ESMTP\r\n"},
		{listener, event.Reply, "\xff\xfe\x1f\xff\xfc\x01"},
		{dialer, event.Command, "\xff\xfb\x1f\xff\xfd\x01EHLO ñandú\r\n"},
		{listener, event.Reply, "250-mx\r\n250 AUTH PLAIN\r\n"},
		{dialer, event.Command, "AUTH PLAIN §AGFiYwBkZWY=§\r\n"},
		{listener, event.Reply, "§334 abc\r\n§"},
		{dialer, event.Command, "§c2VjcmV0§\r\n"},
		{listener, event.Reply, "235 ok\r\n"},
		{dialer, event.Command, "a\x1b[2Jb\x00c\xffd\u202ee\tf\r\n"},
		{listener, event.Reply, "354 go\r\n"},
		{dialer, event.Body, "From: a\r\n\r\nsecret body\r\n.\r\n"},
		{listener, event.Reply, "250 queued\r\n"},
		{dialer, event.Command, "QUIT\n"},
		{listener, event.Reply, "221 bye"},
	}
}

func lines() []string {
	return []string{
		"reply 220 mx ESMTP",
		"reply [telnet: DONT NAWS, WONT ECHO]",
		"command [telnet: WILL NAWS, DO ECHO]",
		"command EHLO ñandú",
		"reply 250-mx", "reply 250 AUTH PLAIN",
		"command AUTH PLAIN " + event.Masked,
		"reply " + event.Masked,
		"command " + event.Masked,
		"reply 235 ok",
		`command a\x1b[2Jb\x00c\xffd\u202ee\tf`,
		"reply 354 go",
		"body [24 octets of message]", "command .",
		"reply 250 queued",
		"command QUIT",
		"reply 221 bye",
	}
}

func TestTranscript(t *testing.T) {
	s := New(Options{})
	open(s, 1)
	for _, one := range conversation() {
		say(s, 1, one)
	}
	state(s, 1, event.Closed{Reason: "quit"})
	if got, want := texts(t, s, 1), lines(); !slices.Equal(got, want) {
		t.Errorf("got\n%s\nwant\n%s", strings.Join(got, "\n"), strings.Join(want, "\n"))
	}
	tr, err := s.Show(1)
	if err != nil {
		t.Fatal(err)
	}
	if text := tr.String(); strings.Contains(text, "secret") || !strings.Contains(text, "03:05:05.000 C: QUIT\n") {
		t.Errorf("printed:\n%s", text)
	}
}

// A message stands at the time of its first octets, its dot at that of its last, also
// where the connection broke before an answer; what was remarked in its middle stands
// before it, and no line is earlier than one above.
func TestTranscriptTimes(t *testing.T) {
	type step struct {
		at   time.Duration
		text string
	}
	for name, c := range map[string]struct {
		steps []step
		want  string
	}{
		"answered":    {[]step{{2, "From: a\r\n"}, {3, "\r\nx\r\n.\r\n"}, {9, "250"}}, "1 354 go, 2 [14 octets of message], 3 ., 9 250"},
		"no answer":   {[]step{{2, "From: a\r\n"}, {3, "\r\nx\r\n.\r\n"}}, "1 354 go, 2 [14 octets of message], 3 ."},
		"remarked":    {[]step{{2, "From: a\r\n"}, {3, "note"}, {4, "\r\n.\r\n"}, {9, "250"}}, "1 354 go, 3 [note], 3 [11 octets of message], 4 ., 9 250"},
		"and behind":  {[]step{{2, "From: a\r\n\r\n.\r\n"}, {4, "note"}, {9, "250"}}, "1 354 go, 2 [11 octets of message], 2 ., 4 [note], 9 250"},
		"another one": {[]step{{2, "\r\n.\r\n"}, {3, "250"}, {5, "\r\n.\r\n"}, {6, "250"}}, "1 354 go, 2 [2 octets of message], 2 ., 3 250, 5 [2 octets of message], 5 ., 6 250"},
	} {
		s := New(Options{})
		open(s, 1)
		emit := func(at time.Duration, dir event.Dir, part event.Part, text string) {
			e := &event.Event{Conn: 1, Kind: event.Data, Dir: dir, Layer: event.Text, Part: part, Time: began.Add(at * time.Second),
				Data: []byte(text), Len: int64(len(text)), Dot: part == event.Body && strings.HasSuffix(text, "\n.\r\n")}
			if text == "note" {
				e = &event.Event{Conn: 1, Kind: event.State, Time: e.Time, Fact: event.Note{Text: text}}
			}
			s.Emit(e)
		}
		emit(0, dialer, event.Command, "DATA\r\n")
		emit(1, listener, event.Reply, "354 go\r\n")
		for _, one := range c.steps {
			if one.text == "250" {
				emit(one.at, listener, event.Reply, "250\r\n")
				continue
			}
			emit(one.at, dialer, event.Body, one.text)
		}
		s.Emit(&event.Event{Conn: 1, Kind: event.Close, Time: began.Add(time.Minute), Fact: event.Closed{Reason: "lost"}})
		tr, err := s.Show(1)
		if err != nil {
			t.Fatal(err)
		}
		var got []string
		for _, l := range tr.Lines[1:] {
			got = append(got, fmt.Sprintf("%g %s", l.Time.Sub(began).Seconds(), l.Text))
		}
		if strings.Join(got, ", ") != c.want {
			t.Errorf("%s: %q, want %q", name, got, c.want)
		}
	}
}

// However the octets are cut into events, the lines are the same.
func TestTranscriptAtEverySplit(t *testing.T) {
	random := rand.New(rand.NewPCG(1, 2))
	for range 300 {
		s := New(Options{})
		open(s, 1)
		for _, one := range conversation() {
			text, mask := secret(one.text)
			for at := 0; at < len(text); {
				end := min(len(text), at+1+random.IntN(12))
				e := piece(one, text[at:end], at, mask)
				e.Dot = one.part == event.Body && end == len(text)
				s.Emit(e)
				at = end
			}
		}
		state(s, 1, event.Closed{Reason: "quit"})
		if got, want := texts(t, s, 1), lines(); !slices.Equal(got, want) {
			t.Fatalf("got\n%s\nwant\n%s", strings.Join(got, "\n"), strings.Join(want, "\n"))
		}
	}
}

// piece is the event of the octets that begin at an offset of a masked text.
func piece(one said, text string, at int, mask []event.Span) *event.Event {
	e := &event.Event{Conn: 1, Kind: event.Data, Dir: one.dir, Layer: event.Text, Part: one.part,
		Time: began, Data: []byte(text), Len: int64(len(text))}
	for _, m := range mask {
		from, to := max(m.Off, at), min(m.Off+m.Len, at+len(text))
		if from < to {
			e.Mask = append(e.Mask, event.Span{Off: from - at, Len: to - from})
		}
	}
	return e
}

func TestFactsOfASession(t *testing.T) {
	s := New(Options{})
	open(s, 7)
	for _, f := range []any{
		event.Secured{Version: "TLSv1.3", Cipher: "X"}, event.Named{Helo: "h\x1b"},
		event.Authenticated{User: "pepe", Reason: "wrong"}, event.Authenticated{User: "pepe@pepito.es", OK: true},
		event.Refused{Verb: "RCPT", Reply: "550 no"}, event.Accepted{ID: "q1", Size: 5}, event.Fetched{UIDL: "u"},
		event.Deleted{Messages: 3}, event.Note{Text: "odd"}, event.Closed{Reason: "timeout"},
	} {
		state(s, 7, f)
	}
	tr, err := s.Show(7)
	if err != nil {
		t.Fatal(err)
	}
	want := Session{ID: 7, Protocol: "smtp", Listener: "smtp", Mode: "strict", Remote: netip.MustParseAddrPort("192.0.2.7:40000"),
		Local: netip.MustParseAddrPort("192.0.2.1:25"), Opened: began.Add(7 * time.Second), Closed: began.Add(time.Hour),
		Reason: "timeout", TLS: "TLSv1.3 X", Helo: `h\x1b`, User: "pepe@pepito.es", Failed: 1, Refused: 1, Accepted: 1,
		Fetched: 1, Deleted: 3, LastQueue: "q1", Silent: true}
	if !reflect.DeepEqual(tr.Session, want) {
		t.Errorf("got %+v\nwant %+v", tr.Session, want)
	}
	if got := texts(t, s, 7); !slices.Equal(got, []string{"note [TLS: TLSv1.3 X]", "note [odd]"}) {
		t.Errorf("lines %q", got)
	}
}

func TestListFilters(t *testing.T) {
	s := New(Options{})
	for conn := uint64(1); conn <= 4; conn++ {
		open(s, conn)
	}
	state(s, 2, event.Authenticated{User: "Pepe@pepito.es", OK: true})
	state(s, 3, event.Closed{Reason: "quit"})
	for _, c := range []struct {
		name string
		f    Filter
		want []uint64
	}{
		{"all", Filter{}, []uint64{4, 3, 2, 1}},
		{"open", Filter{Open: true}, []uint64{4, 2, 1}},
		{"newest", Filter{Limit: 2}, []uint64{4, 3}},
		{"user", Filter{User: "pepe"}, []uint64{2}},
		{"address", Filter{User: "pepe@PEPITO.es"}, []uint64{2}},
		{"protocol", Filter{Protocol: "pop3"}, nil},
		{"listener", Filter{Listener: "smtp", Limit: 1}, []uint64{4}},
		{"network", Filter{Remote: netip.MustParsePrefix("192.0.2.0/24"), Limit: 1}, []uint64{4}},
		{"other network", Filter{Remote: netip.MustParsePrefix("198.51.100.0/24")}, nil},
	} {
		var got []uint64
		for _, one := range s.List(c.f) {
			got = append(got, one.ID)
		}
		if !slices.Equal(got, c.want) {
			t.Errorf("%s: %v, want %v", c.name, got, c.want)
		}
	}
	if _, err := s.Show(99); !errors.Is(err, ErrNoSession) {
		t.Errorf("a strange number gave %v", err)
	}
}

func FuzzTranscript(f *testing.F) {
	f.Add([]byte("HELO a\r\n"), uint8(1), uint8(2))
	f.Add([]byte("\n\r\n\xff"), uint8(0), uint8(200))
	f.Fuzz(func(t *testing.T, data []byte, off, n uint8) {
		s := New(Options{PerEach: 500})
		open(s, 1)
		for d := range event.Dir(2) {
			for p := range event.Part(3) {
				s.Emit(&event.Event{Conn: 1, Kind: event.Data, Dir: d, Layer: event.Text, Part: p, Time: began, Data: data,
					Len: int64(len(data)), Mask: []event.Span{{Off: int(off), Len: int(n)}}})
			}
		}
		state(s, 1, event.Closed{})
		for _, l := range texts(t, s, 1) {
			if strings.ContainsFunc(l, func(r rune) bool {
				return r < ' ' || r == 0x7f || r == 0xfffd && !strings.Contains(string(data), "\ufffd")
			}) {
				t.Errorf("%q would reach a terminal", l)
			}
		}
	})
}

// BenchmarkSession is the 12 events of one message in a session that stays.
func BenchmarkSession(b *testing.B) {
	s := New(Options{})
	var next uint64
	var mu sync.Mutex
	b.RunParallel(func(pb *testing.PB) {
		mu.Lock()
		next++
		conn := next
		mu.Unlock()
		open(s, conn)
		var events []*event.Event
		for _, one := range conversation() {
			text, mask := secret(one.text)
			e := piece(one, text, 0, mask)
			e.Conn = conn
			events = append(events, e)
		}
		b.ReportAllocs()
		for pb.Next() {
			for _, e := range events {
				s.Emit(e)
			}
		}
	})
}

// What becomes of a message is known only when no other host is left: the session
// that had the refusal has ended by then, and says it all the same.
func TestSessionSaysWhatItDecided(t *testing.T) {
	s := New(Options{Sessions: 2})
	tried := event.Attempted{ID: "q1", Recipient: "bob@e.example", Outcome: event.Delayed, Reply: "421 4.3.2 later", Session: 8}
	dial(s, 8)
	state(s, 8, event.Closed{Reason: "peer closed: 421 4.3.2 later"})
	dial(s, 9)
	state(s, 0, tried)
	tried.ID, tried.Session = "q2", 9
	state(s, 0, tried)
	tried.Session = 0
	state(s, 0, tried)
	for id, message := range map[uint64]string{8: "q1", 9: "q2"} {
		if got := texts(t, s, id); !slices.Equal(got, []string{"note [message " + message + " for <bob@e.example> stays in the queue]"}) {
			t.Errorf("session %d: %q", id, got)
		}
		if tr, err := s.Show(id); err != nil || tr.Delayed != 1 {
			t.Error(id, tr, err)
		}
	}
	for id := range uint64(3) {
		dial(s, 10+id)
		state(s, 10+id, event.Closed{})
	}
	tried.Session = 8 // nobody remembers it
	state(s, 0, tried)
	state(s, 9, event.Closed{})
	for id := range uint64(3) {
		dial(s, 20+id)
		state(s, 20+id, event.Closed{})
	}
	if left := s.held.Load(); left != 0 {
		t.Errorf("%d octets are held by nobody", left)
	}
}

// What is remarked of a message stands behind it; what is remarked while a person
// types it, in its middle.
func TestNotesStandBehindTheMessage(t *testing.T) {
	s := New(Options{})
	open(s, 1)
	note := func(text string) { state(s, 1, event.Note{Text: text}) }
	say(s, 1, said{dialer, event.Body, "Subject: a\r\n"})
	note("edited")
	say(s, 1, said{dialer, event.Body, "\r\n.\r\n"})
	note("date added")
	state(s, 1, event.Queued{ID: "q1", To: []event.Onward{{To: "a@b"}}})
	say(s, 1, said{listener, event.Reply, "250 ok\r\n"})
	say(s, 1, said{dialer, event.Command, "bdat 3 LAST\r\n"})
	say(s, 1, said{dialer, event.Body, "abc"})
	note("date added")
	say(s, 1, said{listener, event.Reply, "250 ok\r\n"})
	want := []string{"note [edited]", "body [14 octets of message]", "command .", "note [date added]", "note [message q1 waits to leave for <a@b>]", "reply 250 ok",
		"command bdat 3 LAST", "body [3 octets of message]", "note [date added]", "reply 250 ok"}
	if got := texts(t, s, 1); !slices.Equal(got, want) {
		t.Errorf("got %q\nwant %q", got, want)
	}
}
