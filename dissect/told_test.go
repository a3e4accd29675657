package dissect

import (
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"posta/event"
	"posta/field"
	"posta/story"
)

// tell makes the story of octets that were said by turns: C or S begins each.
func tell(t *testing.T, protocol string, o story.Options, turns ...string) []*story.Session {
	t.Helper()
	if o.Keep == nil {
		o.Keep = func(*story.Session) bool { return true }
	}
	book := story.New(o)
	d := New(field.Set{}, func(*Frame) {})
	d.Tell(book)
	d.Feed(&event.Event{Conn: 1, Kind: event.Open, Fact: opened(protocol)})
	at := time.Unix(1700000000, 0)
	off := [2]int64{}
	for _, turn := range turns {
		dir := client
		if turn[0] == 'S' {
			dir = server
		}
		octets := []byte(turn[2:])
		at = at.Add(time.Second)
		d.Feed(&event.Event{Conn: 1, Kind: event.Data, Dir: dir, Layer: inside, Data: octets, Len: int64(len(octets)), Off: off[dir], Time: at})
		off[dir] += int64(len(octets))
	}
	d.Feed(&event.Event{Conn: 1, Kind: event.Close, Fact: event.Closed{Reason: "quit"}, Time: at})
	all, _ := book.Sessions()
	return all
}

// brief writes an act in a line.
func brief(a *story.Act) string {
	kinds := map[story.Kind]string{story.Command: "C", story.Answer: "A", story.Greeting: "G", story.Reply: "R", story.Challenge: "?",
		story.Mail: "M", story.List: "L", story.Stray: "!", story.TLS: "T", story.Cipher: "X", story.Gap: "-", story.Turned: "~", story.Over: "."}
	re := ""
	if a.Re != nil {
		re = fmt.Sprint(" <", a.Re.Index)
	}
	text := a.Text
	if a.Message != nil {
		text = fmt.Sprintf("%d %q %v", a.Message.Size, a.Message.Subject, a.Message.Separated)
	}
	for _, more := range a.More {
		text += "|" + more
	}
	if l := a.Login; l != nil {
		text += fmt.Sprintf(" {%s %s:%s %v}", l.Mechanism, l.User, l.Password, l.OK)
	}
	return fmt.Sprintf("%s%d %s%s", kinds[a.Kind], a.Phase, text, re)
}

func wantActs(t *testing.T, s *story.Session, want string) {
	t.Helper()
	var got strings.Builder
	for _, a := range s.Acts {
		got.WriteString(brief(a) + "\n")
	}
	if strings.TrimSpace(got.String()) != strings.TrimSpace(want) {
		t.Errorf("told\n%s\nwant\n%s", got.String(), want)
	}
}

func TestStoryOfSMTP(t *testing.T) {
	all := tell(t, "smtp", story.Options{}, "S:220 here\r\n", "C:EH", "C:LO x\r\n", "S:250-here\r\n250 AUTH LOGIN PLAIN\r\n",
		"C:AUTH LOGIN\r\n", "S:334 VXNlcm5hbWU6\r\n", "C:bHVpcw==\r\n", "S:334 UGFzc3dvcmQ6\r\n", "C:c2VjcmV0\r\n", "S:235 2.7.0 in\r\n",
		"C:MAIL FROM:<luis@a.example>\r\nRCPT TO: eva@b.example\r\nDATA\r\n", "S:250 2.1.0 ok\r\n250 ok\r\n354 go\r\n",
		"C:Subject: x\r\nhello\r\n..\r\n.\r\n", "S:250 2.0.0 queued\r\n", "C:NOPE\r\n", "S:500 what\r\n", "C:QUIT\r\n", "S:221 bye\r\n")
	wantActs(t, all[0], `
G1 220 here
C1 EHLO x
R1 250-here|250 AUTH LOGIN PLAIN <1
C2 AUTH LOGIN {LOGIN luis:secret true}
?2 334 VXNlcm5hbWU6 <3
A2 bHVpcw== {LOGIN luis:secret true} <3
?2 334 UGFzc3dvcmQ6 <3
A2 c2VjcmV0 {LOGIN luis:secret true} <3
R2 235 2.7.0 in {LOGIN luis:secret true} <3
C3 MAIL FROM:<luis@a.example>
C3 RCPT TO: eva@b.example
C3 DATA
R3 250 2.1.0 ok <9
R3 250 ok <10
R3 354 go <11
M4 22 "x" false <11
R4 250 2.0.0 queued <11
C3 NOPE
R3 500 what <17
C6 QUIT
R6 221 bye <19
.6 quit
`)
	a := all[0].Acts
	if got := a[1].Until.Time.Sub(a[1].At.Time); got != time.Second {
		t.Errorf("EHLO came in two pieces, a second apart; it took %v", got)
	}
	if !a[10].Grouped || !a[11].Grouped || a[9].Grouped || a[10].Lenient == nil || a[15].Answered != a[16] {
		t.Errorf("the group is told as %+v %+v %+v", a[9], a[10], a[11])
	}
	if s := a[16].Before; !s.Sender || s.Recipients != 1 || s.User != "luis" || a[16].After.Sender {
		t.Errorf("the states around the message's reply are %+v %+v", s, a[16].After)
	}
}

func TestStoryOfPOP(t *testing.T) {
	all := tell(t, "pop3", story.Options{}, "S:+OK here\r\n", "C:USER eva\r\n", "S:+OK\r\n", "C:PASS pass word\r\n", "S:+OK in\r\n",
		"C:LIST\r\n", "S:+OK 1\r\n1 30\r\n.\r\n", "C:RETR 1\r\n", "S:+OK\r\nSubject: x\r\n\r\nhel", "S:lo\r\n.\r\n", "C:DELE 1\r\n", "S:+OK\r\n", "C:QUIT\r\n", "S:+OK bye\r\n")
	wantActs(t, all[0], `
G1 +OK here
C2 USER eva
R2 +OK <1
C2 PASS pass word {USER eva:pass word true}
R2 +OK in {USER eva:pass word true} <3
C3 LIST
R3 +OK 1 <5
L3 |1 30 <5
C3 RETR 1
R3 +OK <8
M3 21 "x" true <8
C3 DELE 1
R3 +OK <11
C5 QUIT
R5 +OK bye <13
.6 quit
`)
}

// Log-ins that come in a group have their own outcomes.
func TestStoryPipelinedLogins(t *testing.T) {
	all := tell(t, "smtp", story.Options{}, "S:220 here\r\n", "C:AUTH PLAIN AGEAcDE=\r\nAUTH PLAIN AGIAcDI=\r\n", "S:535 no\r\n235 in\r\n", "C:QUIT\r\n", "S:221 bye\r\n")
	wantActs(t, all[0], `
G1 220 here
C2 AUTH PLAIN AGEAcDE= {PLAIN a:p1 false}
C2 AUTH PLAIN AGIAcDI= {PLAIN b:p2 true}
R2 535 no {PLAIN a:p1 false} <1
R2 235 in {PLAIN b:p2 true} <2
C6 QUIT
R6 221 bye <5
.6 quit
`)
	if one := all[0].Acts[1].Login; !one.Done || all[0].User != "b" {
		t.Errorf("the first ended as %+v, and in is %q", one, all[0].User)
	}
	all = tell(t, "pop3", story.Options{}, "S:+OK here\r\n", "C:USER a\r\nPASS p1\r\nUSER b\r\nPASS p2\r\nAUTH\r\n", "S:+OK\r\n+OK in\r\n-ERR no\r\n-ERR no\r\n-ERR no\r\n")
	wantActs(t, all[0], `
G1 +OK here
C2 USER a
C2 PASS p1 {USER a:p1 true}
C2 USER b
C2 PASS p2 {USER b:p2 false}
C2 AUTH
R2 +OK <1
R2 +OK in {USER a:p1 true} <2
R2 -ERR no <3
R2 -ERR no {USER b:p2 false} <4
R2 -ERR no <5
.6 quit
`)
}

// Messages that come in a group have their own replies and transactions.
func TestStoryPipelinedMessages(t *testing.T) {
	group := "MAIL FROM:<a@a.example>\r\nRCPT TO:<b@b.example>\r\nBDAT 14 LAST\r\nSubject: x\r\n\r\n"
	all := tell(t, "smtp", story.Options{}, "S:220 here\r\n", "C:"+group+group, "S:250 1\r\n250 2\r\n250 3\r\n250 4\r\n250 5\r\n", "S:250 6\r\n")
	wantActs(t, all[0], `
G1 220 here
C3 MAIL FROM:<a@a.example>
C3 RCPT TO:<b@b.example>
C3 BDAT 14 LAST
M4 14 "x" true <3
C3 MAIL FROM:<a@a.example>
C3 RCPT TO:<b@b.example>
C3 BDAT 14 LAST
M4 14 "x" true <7
R3 250 1 <1
R3 250 2 <2
R4 250 3 <3
R3 250 4 <5
R3 250 5 <6
R4 250 6 <7
.6 quit
`)
	a := all[0].Acts
	if a[4].Answered != a[11] || a[8].Answered != a[14] || a[11].After.Sender || a[13].After.Recipients != 1 || a[14].After.Sender {
		t.Errorf("the messages were answered by %+v and %+v, with %+v behind the first", a[4].Answered, a[8].Answered, a[11].After)
	}
}

// What a server tells of a message is told of the one that it took.
func TestStoryAcceptedInTurn(t *testing.T) {
	var took []string
	book := story.New(story.Options{Keep: func(*story.Session) bool { return true }})
	d := New(field.Set{}, func(*Frame) {})
	d.Tell(book)
	d.Feed(&event.Event{Conn: 1, Kind: event.Open, Fact: opened("smtp")})
	group := []byte("BDAT 14 LAST\r\nSubject: x\r\n\r\nBDAT 14 LAST\r\nSubject: y\r\n\r\n")
	d.Feed(&event.Event{Conn: 1, Kind: event.Data, Dir: client, Layer: inside, Data: group, Len: int64(len(group))})
	for _, id := range []string{"one", "two"} {
		d.Feed(&event.Event{Conn: 1, Kind: event.State, Fact: event.Accepted{ID: id}})
	}
	all, _ := book.Sessions()
	for _, a := range all[0].Acts {
		if a.Kind == story.Mail {
			took = append(took, a.Message.Subject+" "+a.Message.Queue)
		}
	}
	if strings.Join(took, ", ") != "x one, y two" {
		t.Errorf("taken were %q", took)
	}
}

// Whatever passes, acts have their places, and belong to what was before them.
func FuzzStory(f *testing.F) {
	f.Add("smtp", "S220 a\r\n\x00CEHLO x\r\n\x00S250 a\r\n\x00CAUTH PLAIN AGEAYg==\r\n\x00S235 in\r\n\x00CMAIL FROM:<>\r\nRCPT TO:<a@b>\r\nDATA\r\nx\r\n.\r\n")
	f.Add("smtp", "S220 a\r\n\x00CBDAT 3\r\nabcBDAT 0 LAST\r\n\x00S250 a\r\n250 b\r\n\x00CTURN\r\n\x00S250 go\r\n\x00CS220 b\r\n")
	f.Add("pop3", "S+OK a\r\n\x00CAUTH LOGIN\r\n\x00S+ \r\n\x00CYQ==\r\n\x00S+OK\r\n\x00CRETR 1\r\nUIDL\r\n\x00S+OK\r\nSubject: x\r\n\r\n.\r\n+OK\r\n1 a\r\n.\r\n")
	f.Fuzz(func(t *testing.T, protocol, said string) {
		var turns []string
		for _, turn := range strings.Split(said, "\x00") {
			if len(turn) > 1 && (turn[0] == 'C' || turn[0] == 'S') {
				turns = append(turns, turn[:1]+":"+turn[1:])
			}
		}
		for _, s := range tell(t, protocol, story.Options{Bodies: 1000}, turns...) {
			for i, a := range s.Acts {
				switch {
				case a.Index != i:
					t.Errorf("act %d has the place %d", i, a.Index)
				case a.Re != nil && (a.Re.Index >= i || a.Re.Kind != story.Command):
					t.Errorf("act %d belongs to %d, which is of kind %d", i, a.Re.Index, a.Re.Kind)
				case a.Kind == story.Mail && a.Message == nil:
					t.Errorf("act %d is a message without one", i)
				case a.Until.Time.Before(a.At.Time):
					t.Errorf("act %d ends before it begins", i)
				}
			}
		}
	})
}

func TestStoryTurns(t *testing.T) {
	all := tell(t, "smtp", story.Options{}, "S:220 here\r\n", "C:TURN\r\n", "S:250 go\r\n", "C:220 now I\r\n", "S:HELO x\r\n", "C:250 y\r\n")
	wantActs(t, all[0], `
G1 220 here
C7 TURN
R7 250 go <1
~7 
G1 220 now I
C1 HELO x
R1 250 y <5
.6 quit
`)
	roles := ""
	for _, a := range all[0].Acts[:7] {
		roles += fmt.Sprint(a.From)
	}
	if roles != "1010101" {
		t.Errorf("the roles are %s", roles)
	}
}

// A message that was sent is found again where it was fetched.
func TestStoryPassages(t *testing.T) {
	sent := tell(t, "smtp", story.Options{}, "S:220 here\r\n", "C:MAIL FROM:<a@a.example>\r\n", "S:250 ok\r\n", "C:RCPT TO:<b@b.example>\r\n", "S:250 ok\r\n",
		"C:DATA\r\n", "S:354 go\r\n", "C:Subject: x\r\n\r\n.\r\n", "S:250 2.0.0 OK: queued as k3xq7rtz42\r\n", "C:QUIT\r\n", "S:221 bye\r\n")
	fetch := func(header string) []*story.Session {
		return tell(t, "pop3", story.Options{}, "S:+OK here\r\n", "C:USER b\r\n", "S:+OK\r\n", "C:PASS x\r\n", "S:+OK in\r\n", "C:RETR 1\r\n", "S:+OK\r\n"+header+"Subject: x\r\n\r\n.\r\n")
	}
	same := fetch("Received: from c by here\r\n with ESMTP id k3xq7rtz42; Thu, 1 Jan 2026 00:00:00 +0000\r\n")
	other := fetch("Received: from c by here with ESMTP id k3xq7rtz43; Thu, 1 Jan 2026 00:00:00 +0000\r\n")
	found := story.Passages([]*story.Session{sent[0], other[0], same[0]})
	if len(found) != 1 || len(found[0]) != 2 || found[0][0].Session != sent[0] || found[0][1].Session != same[0] {
		t.Errorf("found %+v", found)
	}
	named := [2][]*story.Session{fetch("Message-ID: <1@a.example>\r\n"), fetch("Message-ID: <1@a.example>\r\n")}
	if found := story.Passages([]*story.Session{named[0][0], other[0], named[1][0]}); len(found) != 1 {
		t.Errorf("found %+v", found)
	}
}

// A strict record leaves a message's octets out: what posta knows of its own
// sessions says where it passed on, and where it was fetched.
func TestStoryPassagesKnown(t *testing.T) {
	type left int64 // octets of the server's that were not recorded
	session := func(protocol string, said ...any) *story.Session {
		book := story.New(story.Options{Keep: func(*story.Session) bool { return true }})
		d := New(field.Set{}, func(*Frame) {})
		d.Tell(book)
		d.Feed(&event.Event{Conn: 1, Kind: event.Open, Fact: opened(protocol)})
		off := [2]int64{}
		for _, one := range said {
			text, ok := one.(string)
			if n, left := one.(left); left {
				d.Feed(&event.Event{Conn: 1, Kind: event.Data, Dir: server, Layer: inside, Part: event.Body, Len: int64(n), Off: off[server]})
				off[server] += int64(n)
				continue
			}
			if !ok {
				d.Feed(&event.Event{Conn: 1, Kind: event.State, Fact: one})
				continue
			}
			dir := client
			if text[0] == 'S' {
				dir = server
			}
			d.Feed(&event.Event{Conn: 1, Kind: event.Data, Dir: dir, Layer: inside, Part: event.Reply, Data: []byte(text[2:]), Len: int64(len(text) - 2), Off: off[dir]})
			off[dir] += int64(len(text) - 2)
		}
		d.Feed(&event.Event{Conn: 1, Kind: event.Close, Fact: event.Closed{Reason: "quit"}})
		all, _ := book.Sessions()
		return all[0]
	}
	const begin, body = "C:MAIL FROM:<a@a.example>\r\nRCPT TO:<b@b.example>\r\nDATA\r\n", "C:x\r\n.\r\n"
	const ok = "S:250 ok\r\n250 ok\r\n354 go\r\n"
	sent := func(id string, uid uint32) *story.Session {
		return session("smtp", "S:220 here\r\n", begin, ok, body, event.Accepted{ID: id},
			event.Delivered{ID: id, To: []event.Delivery{{Account: 4, UID: uid}}}, "S:250 2.0.0 OK\r\n")
	}
	attempt := func(id, outcome string) event.Attempted {
		return event.Attempted{ID: id, Recipient: "b@b.example", Outcome: outcome}
	}
	const in = "C:USER b\r\nPASS x\r\n"
	fetched := session("pop3", "S:+OK\r\n", in, "S:+OK\r\n+OK\r\n", "C:RETR 1\r\n", "S:+OK\r\n", left(900), event.Fetched{Account: 4, UID: 7}, "S:.\r\n",
		"C:TOP 2 0\r\n", "S:+OK\r\n", left(90), "S:.\r\n", "C:RETR 2\r\n", "S:+OK\r\n", left(900), "S:.\r\n", event.Fetched{Account: 4, UID: 9})
	for _, a := range fetched.Acts {
		if a.Kind == story.Stray {
			t.Errorf("%q is told as nobody's", a.Text)
		}
	}
	first, second := sent("q1", 7), sent("q2", 8)
	onward := session("smtp", "S:220 there\r\n", begin, ok, body, "S:250 mine\r\n", attempt("q1", event.Relayed), attempt("q1", event.Relayed),
		begin, "S:250 ok\r\n550 no\r\n554 no\r\n", attempt("q3", event.Failed), begin, ok, body, "S:250 mine\r\n", attempt("q2", event.Relayed))
	refused := session("smtp", "S:220 there\r\n", begin, ok, body, "S:550 no\r\n", attempt("q1", event.Failed))
	got := ""
	all := []*story.Session{first, second, onward, refused, fetched}
	for _, group := range story.Passages(all) {
		for _, p := range group {
			got += fmt.Sprint(slices.Index(all, p.Session), " ")
		}
		got += "| "
	}
	if got != "0 2 4 | 1 2 | " {
		t.Errorf("the messages passed in %s", got)
	}
}

// What may be a password is masked as the server masks it.
func TestMaskedText(t *testing.T) {
	for protocol, lines := range map[string][][2]string{
		"smtp": {{"PASS hunter2", "PASS ********"}, {"AUTH LOGIN", "AUTH LOGIN"}, {"aHVudGVyMg==", "********"}, {"NOOP x", "NOOP x"}, {"RCTP TO:<a@b>", "RCTP ********"},
			{"EHLO me", "EHLO me"}, {"AUTH PLAIN\tAGEAYg==", "AUTH PLAIN\t********"}, {"AUTH\tPLAIN AGEAYg==", "AUTH\tPLAIN ********"}, {"RSET", "RSET"},
			{"AUTHINFO PASS x", "AUTHINFO ********"}, {"HELP", "HELP"}, {"LOGIN a hunter2", "LOGIN ********"}, {"HELP", "HELP"}, {"AUTH AGEAcHc=", "AUTH ********"},
			{"MAIL FROM:<a@b.example>", "MAIL FROM:<a@b.example>"}},
		"pop3": {{"USER ana", "USER ana"}, {"hunter2", "********"}, {"CAPA", "CAPA"}, {"PAS hunter2", "PAS ********"}, {"CAPA", "CAPA"}, {"PASS\tx", "PASS\t********"},
			{"APOP a\tdigest", "APOP a\t********"}, {"USER a hunter2", "USER a ********"}, {"NOOP", "NOOP"}, {"PASSWORD x", "********"}},
	} {
		turns := []string{"S:220 here\r\n"}
		if protocol == "pop3" {
			turns[0] = "S:+OK here\r\n"
		}
		for _, line := range lines {
			refused := "S:500 no\r\n"
			if protocol == "pop3" {
				refused = "S:-ERR no\r\n"
			}
			turns = append(turns, "C:"+line[0]+"\r\n", refused)
		}
		i := 0
		for _, a := range tell(t, protocol, story.Options{}, turns...)[0].Acts {
			if a.Kind != story.Command {
				continue
			}
			if got := a.Masked(); got != lines[i][1] {
				t.Errorf("%s: %q is shown as %q, want %q", protocol, lines[i][0], got, lines[i][1])
			}
			i++
		}
		if i != len(lines) {
			t.Errorf("%s: %d of %d commands", protocol, i, len(lines))
		}
	}
}
