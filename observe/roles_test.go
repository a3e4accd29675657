package observe

import (
	"slices"
	"strings"
	"testing"

	"posta/event"
)

// A session that the house began has the other server as its peer, and says what
// became of the messages that it carried.
func TestSessionThatWeBegan(t *testing.T) {
	s := New(Options{})
	open(s, 7)
	state(s, 7, event.Queued{ID: "q1", To: []event.Onward{{To: "bob@e.example"}}})
	state(s, 7, event.Missed{ID: "q1", Failed: true, Why: "no way", To: []event.Onward{{To: "m1@e.example"}, {To: "m2@e.example"}}})
	state(s, 7, event.Missed{ID: "q1", Why: "round", To: []event.Onward{{To: "otto@e.example"}}})
	dial(s, 8)
	for _, outcome := range []string{event.Relayed, event.Relayed, event.Delayed, event.Failed} {
		state(s, 8, event.Attempted{ID: "q1", Recipient: "bob@e.example", Outcome: outcome, Next: began})
	}
	tr, err := s.Show(8)
	if err != nil {
		t.Fatal(err)
	}
	if tr.Remote.String() != "192.0.2.9:25" || tr.Local.String() != "192.0.2.1:40001" || tr.Relayed != 2 || tr.Delayed != 1 || tr.GivenUp != 1 || tr.LastQueue != "q1" {
		t.Errorf("%+v", tr.Session)
	}
	want := []string{"note [message q1 for <bob@e.example> was taken]", "note [message q1 for <bob@e.example> was taken]",
		"note [message q1 for <bob@e.example> stays in the queue]", "note [message q1 for <bob@e.example> is given up]"}
	if got := texts(t, s, 8); !slices.Equal(got, want) {
		t.Errorf("%q", got)
	}
	want = []string{"note [message q1 waits to leave for <bob@e.example>]", "note [message q1 for <m1@e.example> is given up: no way]",
		"note [message q1 for <m2@e.example> is given up: no way]", "note [message q1 is not sent on to <otto@e.example>: round]"}
	if got := texts(t, s, 7); !slices.Equal(got, want) {
		t.Errorf("%q", got)
	}
	if tr, err := s.Show(7); err != nil || tr.GivenUp != 2 {
		t.Errorf("%+v, %v", tr.Session, err)
	}
}

// Where the roles turn stands a mark: from there on the letters change sides.
func TestTurnIsMarked(t *testing.T) {
	s := New(Options{})
	open(s, 1)
	say(s, 1, said{dialer, event.Command, "ATRN\r\n"})
	say(s, 1, said{listener, event.Reply, "250 go\r\n"})
	s.Emit(&event.Event{Conn: 1, Kind: event.Turn})
	say(s, 1, said{dialer, event.Reply, "220 x\r\n"})
	want := []string{"command ATRN", "reply 250 go", "note [turned: who was the server is the client from here on]", "reply 220 x"}
	if got := texts(t, s, 1); !slices.Equal(got, want) {
		t.Errorf("%q", got)
	}
}

// Of a session that the house began the other side is who was dialed, and what
// it said counts also where it was answered nothing.
func TestSilentIsTheOtherSide(t *testing.T) {
	s := New(Options{})
	dial(s, 1)
	dial(s, 2)
	say(s, 2, said{listener, event.Reply, "HTTP/1.1 400 Bad Request\r\n"})
	dial(s, 3)
	say(s, 3, said{dialer, event.Command, "EHLO x\r\n"})
	open(s, 4)
	say(s, 4, said{listener, event.Reply, "220 x\r\n"})
	for id, want := range map[uint64]bool{1: true, 2: false, 3: true, 4: true} {
		if tr, err := s.Show(id); err != nil || tr.Silent != want {
			t.Errorf("session %d: %v, %v", id, tr.Silent, err)
		}
	}
}

// A message is the client's, also where the one who dialed has become the server.
func TestMessageOfATurnedSession(t *testing.T) {
	s := New(Options{})
	open(s, 1)
	say(s, 1, said{dialer, event.Reply, "354 go\r\n"})
	say(s, 1, said{listener, event.Body, "x\r\n.\r\n"})
	say(s, 1, said{dialer, event.Reply, "250 ok\r\n"})
	tr, err := s.Show(1)
	if err != nil {
		t.Fatal(err)
	}
	if text := tr.String(); !strings.Contains(text, " C: [3 octets of message]\n") || tr.Lines[1].From != "listener" {
		t.Errorf("%s", text)
	}
	if tr.Protocol = "pop3"; !strings.Contains(tr.String(), " S: [3 octets of message]\n") {
		t.Errorf("%s", tr)
	}
}

// The dot behind a message of POP3 is the server's as the message is, whoever dialed.
func TestDotOfPOP(t *testing.T) {
	s := New(Options{})
	s.Emit(&event.Event{Conn: 1, Kind: event.Open, Fact: event.Opened{Protocol: "pop3"}})
	say(s, 1, said{dialer, event.Command, "RETR 1\r\n"})
	say(s, 1, said{listener, event.Reply, "+OK\r\n"})
	say(s, 1, said{listener, event.Body, "x\r\n.\r\n"})
	say(s, 1, said{dialer, event.Command, "QUIT\r\n"})
	want := []string{"command RETR 1", "reply +OK", "body [3 octets of message]", "reply .", "command QUIT"}
	if got := texts(t, s, 1); !slices.Equal(got, want) {
		t.Errorf("%q", got)
	}
}
