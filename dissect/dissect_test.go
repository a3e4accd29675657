package dissect

import (
	"fmt"
	"net/netip"
	"slices"
	"strings"
	"testing"
	"time"

	"posta/event"
	"posta/field"
	"posta/story"
)

// session feeds a live session, and tells each frame's fields, a frame a line.
type session struct {
	t      *testing.T
	d      *Dissector
	told   strings.Builder
	frames int
}

func newSession(t *testing.T, fact any, want ...field.ID) *session {
	s := &session{t: t}
	var set field.Set
	set.Add(want...)
	s.d = New(set, func(f *Frame) {
		s.frames++
		for _, n := range f.Tree.Nodes {
			fmt.Fprintf(&s.told, "%s=%s ", n.Def.Name, n.Def.Type.Append(nil, n.Val))
		}
		s.told.WriteString("\n")
	})
	s.d.Feed(&event.Event{Conn: 1, Kind: event.Open, Fact: fact})
	return s
}

func (s *session) say(d event.Dir, l event.Layer, octets string) {
	s.d.Feed(&event.Event{Conn: 1, Kind: event.Data, Dir: d, Layer: l, Data: []byte(octets), Len: int64(len(octets)),
		Time: time.Unix(1700000000, 5)})
}

func (s *session) want(told string) {
	s.t.Helper()
	if got, want := strings.TrimSpace(s.told.String()), strings.TrimSpace(told); got != want {
		s.t.Errorf("told\n%s\nwant\n%s", got, want)
	}
}

func opened(protocol string) event.Opened {
	return event.Opened{Protocol: protocol, Endpoints: event.Endpoints{
		Remote: netip.MustParseAddrPort("192.0.2.9:50000"), Local: netip.MustParseAddrPort("[2001:db8::1]:25")}}
}

const (
	client, server = event.FromDialer, event.FromListener
	inside, wire   = event.Text, event.Wire
)

func TestLiveSMTP(t *testing.T) {
	s := newSession(t, opened("smtp"), field.SMTPReqCommand, field.SMTPReqParameter, field.SMTPResponseCode, field.SMTPEOM, field.FrameNumber)
	s.say(server, inside, "220 here\r\n")
	s.say(client, inside, "EHLO x\r\nSTART")
	s.say(client, inside, "TLS\r\n")
	s.say(server, inside, "250 here\r\n220 go\r\n")
	s.say(client, wire, "\x16\x03\x01QUIT\r\n")
	s.say(client, inside, "what is not secured yet")
	s.d.Feed(&event.Event{Conn: 1, Kind: event.Secure})
	s.say(client, inside, "EHLO x\r\n")
	s.say(server, inside, "250-here\r\n250 SIZE\r\n")
	s.say(client, inside, "DATA\r\n")
	s.say(server, inside, "354 go\r\n")
	s.say(client, inside, "QUIT\r\n..\r\n")
	s.say(client, inside, ".\r\nQUIT\r\n")
	s.want(`
frame.number=1 smtp.response.code=220 
frame.number=2 smtp.req.command=EHLO smtp.req.parameter=x 
frame.number=3 smtp.req.command=STARTTLS 
frame.number=4 smtp.response.code=250 smtp.response.code=220 
frame.number=5 smtp.req.command=EHLO smtp.req.parameter=x 
frame.number=6 smtp.response.code=250 
frame.number=7 smtp.req.command=DATA 
frame.number=8 smtp.response.code=354 
frame.number=9 
frame.number=10 smtp.eom= smtp.req.command=QUIT`)
}

func TestLivePOP(t *testing.T) {
	s := newSession(t, opened("pop3"), field.POPRequestCommand, field.POPRequestParameter, field.POPResponseIndicator, field.POPResponseDescription)
	s.say(server, inside, "+OK here\r\n")
	s.say(client, inside, "RETR 1\r\nQUIT\r\n")
	s.say(server, inside, "+OK 5 octets\r\n+OK x\r\n.\r\n+OK\r\n")
	s.want(`
pop.response.indicator=+OK pop.response.description=here 
pop.request.command=RETR pop.request.parameter=1 pop.request.command=QUIT 
pop.response.indicator=+OK pop.response.description=5 octets pop.response.indicator=+OK`)
}

// An answer to AUTH, and a challenge, are no command and no reply.
func TestAuth(t *testing.T) {
	s := newSession(t, opened("smtp"), field.SMTPReqCommand, field.SMTPResponseCode)
	s.say(client, inside, "AUTH LOGIN\r\n")
	s.say(server, inside, "334 x\r\n")
	s.say(client, inside, "eA")
	s.say(server, inside, "535 too slow\r\n")
	s.say(client, inside, "==\r\nQUIT\r\n")
	s.want("smtp.req.command=AUTH \nsmtp.response.code=334 \n\nsmtp.response.code=535 \nsmtp.req.command=QUIT")

	p := newSession(t, opened("pop3"), field.POPRequestCommand, field.POPResponseIndicator)
	p.say(client, inside, "AUTH LOGIN\r\n")
	p.say(server, inside, "+ x\r\n")
	p.say(client, inside, "eA")
	p.say(server, inside, "-ERR too slow\r\n")
	p.say(client, inside, "==\r\nSTLS\r\n")
	p.say(server, inside, "+OK\r\n")
	p.d.Feed(&event.Event{Conn: 1, Kind: event.Secure})
	p.say(client, inside, "QUIT\r\n")
	p.want("pop.request.command=AUTH \n\n\npop.response.indicator=-ERR \npop.request.command=STLS \npop.response.indicator=+OK \npop.request.command=QUIT")
}

// What PLAIN and LOGIN tell is decoded, wherever it stands.
func TestAuthDecoded(t *testing.T) {
	for _, one := range []struct {
		says []string // client and server in turn
		told string
	}{
		{[]string{"AUTH PLAIN AGFuYQBzZWNyZXQ=\r\n"}, "smtp.auth.username_password=AGFuYQBzZWNyZXQ= smtp.auth.username=ana smtp.auth.password=secret"},
		{[]string{"AUTH plain\r\n", "334 \r\n", "AGFuYQBzZW", "", "NyZXQ=\r\n"},
			"\n\n\nsmtp.auth.username_password=AGFuYQBzZWNyZXQ= smtp.auth.username=ana smtp.auth.password=secret"},
		{[]string{"AUTH LOGIN\r\n", "334 VXNlcm5hbWU6\r\n", "YW5h\r\n", "334 UGFzc3dvcmQ6\r\n", "c2VjcmV0\r\n", "235 in\r\n", "QUIT\r\n"},
			"\n\nsmtp.auth.username=ana \n\nsmtp.auth.password=secret"},
		{[]string{"AUTH LOGIN YW5h\r\n", "334 UGFzc3dvcmQ6\r\n", "not base64\r\n"}, "smtp.auth.username=ana \n\nsmtp.auth.password=not base64"},
		{[]string{"AUTH LOGIN\r\n", "334 VXNlcm5hbWU6\r\n", "*\r\n"}, ""},
		{[]string{"AUTH PLAIN YW5h\r\n"}, "smtp.auth.username_password=YW5h"},
		{[]string{"AUTH CRAM-MD5\r\n", "334 PDE+\r\n", "YW5hIDEyMw==\r\n"}, ""},
	} {
		s := newSession(t, opened("smtp"), field.SMTPAuthUsername, field.SMTPAuthPassword, field.SMTPAuthUsernamePassword)
		s.say(server, inside, "220 here\r\n")
		for i, text := range one.says {
			if text != "" {
				s.say(event.Dir(i%2), inside, text)
			}
		}
		s.want(one.told)
	}
}

func TestImplicitTLS(t *testing.T) {
	fact := opened("smtp")
	fact.TLS = true
	s := newSession(t, fact, field.SMTPResponseCode)
	s.say(client, wire, "\x16\x03\x01")
	s.say(server, inside, "421-a\r\nwhat?\r\n421 b\r\n")
	s.say(server, wire, "220 x\r\n")
	s.want("smtp.response.code=421")
}

// A masked session leaves bodies out.
func TestMasked(t *testing.T) {
	s := newSession(t, opened("smtp"), field.SMTPReqCommand)
	body := &event.Event{Conn: 1, Kind: event.Data, Dir: client, Layer: inside, Part: event.Body, Len: 700}
	s.say(client, inside, "DATA\r\n")
	s.say(server, inside, "354 go\r\n")
	s.d.Feed(body)
	s.d.Feed(body)
	s.say(client, inside, "BDAT 700\r\n")
	s.d.Feed(body)
	s.say(client, inside, "QUIT\r\n")
	s.want("smtp.req.command=DATA \n\nsmtp.req.command=BDAT \nsmtp.req.command=QUIT")

	p := newSession(t, opened("pop3"), field.POPResponseIndicator)
	p.say(client, inside, "RETR 1\r\nQUIT\r\n")
	p.say(server, inside, "+OK\r\n")
	body.Dir = server
	p.d.Feed(body)
	p.say(server, inside, "-ERR\r\n")
	p.want("pop.response.indicator=+OK \npop.response.indicator=-ERR")
}

// Of a message that was left out, the line end before the final dot is kept and
// counts: it is as large as where all was recorded.
func TestMaskedSize(t *testing.T) {
	book := story.New(story.Options{Keep: func(*story.Session) bool { return true }})
	d := New(field.Set{}, func(*Frame) {})
	d.Tell(book)
	d.Feed(&event.Event{Conn: 1, Kind: event.Open, Fact: opened("smtp")})
	feed := func(dir event.Dir, part event.Part, n int64, text string) {
		var octets []byte
		if text != "" {
			octets, n = []byte(text), int64(len(text))
		}
		d.Feed(&event.Event{Conn: 1, Kind: event.Data, Dir: dir, Layer: inside, Part: part, Len: n, Data: octets})
	}
	feed(client, event.Command, 0, "DATA\r\n")
	feed(server, event.Reply, 0, "354 go\r\n")
	feed(client, event.Body, 700, "")
	feed(client, event.Body, 0, "\r\n.\r\n")
	feed(server, event.Reply, 0, "250 ok\r\n")
	all, _ := book.Sessions()
	at := slices.IndexFunc(all[0].Acts, func(a *story.Act) bool { return a.Kind == story.Mail })
	if at < 0 || all[0].Acts[at].Message.Size != 702 {
		t.Errorf("%+v", all[0].Acts)
	}
}

// Only what is wanted is built, and the ends are told.
func TestEnds(t *testing.T) {
	s := newSession(t, opened("smtp"), field.IPSrc, field.IPDst, field.IPv6Src, field.IPv6Addr, field.TCPPort, field.TCPSrcport, field.FrameTimeEpoch)
	s.say(server, inside, "220 here\r\n")
	s.say(client, inside, "QUIT\r\n")
	s.want(`
frame.time_epoch=1700000000.000000005 ipv6.src=2001:db8::1 ipv6.addr=2001:db8::1 ip.dst=192.0.2.9 tcp.srcport=25 tcp.port=25 tcp.port=50000 
frame.time_epoch=1700000000.000000005 ip.src=192.0.2.9 ipv6.addr=2001:db8::1 tcp.srcport=50000 tcp.port=50000 tcp.port=25`)
}

func TestTurned(t *testing.T) {
	s := newSession(t, opened("smtp"), field.SMTPReqCommand, field.SMTPResponseCode)
	s.say(server, inside, "220 here\r\n")
	s.say(client, inside, "TURN\r\n")
	s.say(server, inside, "250 go\r\n")
	s.say(client, inside, "220 now I\r\n")
	s.say(server, inside, "HELO x\r\n")
	s.want(`
smtp.response.code=220 
smtp.req.command=TURN 
smtp.response.code=250 
smtp.response.code=220 
smtp.req.command=HELO`)
}

// TLS behind a turn begins a dialogue anew, and leaves the sides as they are.
func TestTurnedAndSecured(t *testing.T) {
	s := newSession(t, opened("smtp"), field.SMTPReqCommand, field.SMTPResponseCode)
	for _, said := range []string{"S220 here", "CTURN", "S250 go", "C220 now I", "SEHLO x", "C250 STARTTLS", "SSTARTTLS", "C220 go"} {
		from := client
		if said[0] == 'S' {
			from = server
		}
		s.say(from, inside, said[1:]+"\r\n")
	}
	s.d.Feed(&event.Event{Conn: 1, Kind: event.Secure})
	s.say(server, inside, "EHLO x\r\n")
	s.say(client, inside, "250 y\r\n")
	s.want(`
smtp.response.code=220 
smtp.req.command=TURN 
smtp.response.code=250 
smtp.response.code=220 
smtp.req.command=EHLO 
smtp.response.code=250 
smtp.req.command=STARTTLS 
smtp.response.code=220 
smtp.req.command=EHLO 
smtp.response.code=250`)
}

// What is spoken shows where the port does not say it.
func TestRecognise(t *testing.T) {
	at := func(port string) event.Captured {
		return event.Captured{Endpoints: event.Endpoints{
			Remote: netip.MustParseAddrPort("192.0.2.9:50000"), Local: netip.MustParseAddrPort("192.0.2.1:" + port)}}
	}
	for _, c := range []struct {
		name, port    string
		first, second string // S… or C…
		frames        int
	}{
		{"SMTP", "2525", "S220 x\r\n", "CHELO x\r\n", 2},
		{"POP3", "8110", "S+OK x\r\n", "CQUIT\r\n", 2},
		{"redis", "6379", "C*1\r\n", "S+OK\r\n", 0},
		{"another", "80", "Shello\r\n", "S220 x\r\n", 0},
		{"TLS", "465", "C\x16\x03\x01", "S\x16\x03\x03", 2}, // each begins a record
		{"no TLS", "465", "C\x16\x03\x01", "S220-x\r\n", 2},
		{"port", "25", "CHELO x\r\n", "S220 x\r\n", 2},
	} {
		s := newSession(t, at(c.port), field.SMTPReqCommand)
		for _, said := range []string{c.first, c.second} {
			s.say(event.Dir(strings.Index("CS", said[:1])), wire, said[1:])
		}
		if s.frames != c.frames {
			t.Errorf("%s: %d frames, want %d", c.name, s.frames, c.frames)
		}
	}
}

// Octets that are not recorded, or were lost, do no harm.
func TestLost(t *testing.T) {
	s := newSession(t, opened("smtp"), field.SMTPReqCommand, field.SMTPReqParameter)
	s.say(client, inside, "HELO "+strings.Repeat("x", 3*maxLine))
	s.say(client, inside, "\r\nMAIL FROM:<a@b.c>\r\nRCPT TO")
	s.d.Feed(&event.Event{Conn: 1, Kind: event.Data, Layer: inside, Len: 5})
	s.d.Feed(&event.Event{Conn: 1, Kind: event.Gap, Dir: client, Len: 5})
	s.say(client, inside, "QUIT\r\n")
	s.d.Feed(&event.Event{Conn: 1, Kind: event.Close})
	s.say(client, inside, "NOOP\r\n")
	got := strings.Replace(s.told.String(), strings.Repeat("x", maxLine-5), "x…", 1)
	s.told.Reset()
	s.told.WriteString(got)
	s.want(`
smtp.req.command=HELO smtp.req.parameter=x… smtp.req.command=MAIL smtp.req.parameter=FROM:<a@b.c> 
smtp.req.command=QUIT`)
}

// Two lines of one direction that had to be put together do not share memory.
func TestLinesKeepTheirOctets(t *testing.T) {
	s := newSession(t, opened("smtp"), field.SMTPReqCommand)
	s.say(client, inside, "RS")
	s.say(client, inside, "ET\r\nNO")
	s.say(client, inside, "OP\r\nQU")
	s.say(client, inside, "IT\r\n")
	s.want("smtp.req.command=RSET \nsmtp.req.command=NOOP \nsmtp.req.command=QUIT")
}

func TestConnectionsAreBounded(t *testing.T) {
	d := New(field.Set{}, func(*Frame) {})
	for i := range uint64(maxConns + 10) {
		d.Feed(&event.Event{Conn: i, Kind: event.Open, Fact: opened("smtp")})
	}
	if len(d.conns) > maxConns {
		t.Errorf("%d connections", len(d.conns))
	}
}

// What is said is the same however it is split, and nobody panics.
func FuzzFeed(f *testing.F) {
	f.Add("S220 x\r\n\x00CEHLO x\r\nDATA\r\n\x00S250-x\r\n250 x\r\n354 go\r\n\x00Ca\r\n.\r\nQUIT\r\n", uint8(3), false)
	f.Add("S+OK x\r\n\x00CCAPA\r\nRETR 1\r\n\x00S+OK\r\nx\r\n.\r\n+OK\r\n..\r\n.\r\n", uint8(2), true)
	f.Fuzz(func(t *testing.T, said string, step uint8, pop bool) {
		if whole, split := telling(t, said, len(said)+1, pop), telling(t, said, int(step)+1, pop); whole != split {
			t.Fatalf("in one:\n%s\nin steps of %d:\n%s", whole, int(step)+1, split)
		}
	})
}

func telling(t *testing.T, said string, step int, pop bool) string {
	protocol := "smtp"
	if pop {
		protocol = "pop3"
	}
	s := newSession(t, opened(protocol), lines()...)
	for piece := range strings.SplitSeq(said, "\x00") {
		if piece == "" {
			continue
		}
		d := client
		if piece[0] == 'S' {
			d = server
		}
		for octets := piece[1:]; octets != ""; {
			n := min(step, len(octets))
			s.say(d, inside, octets[:n])
			octets = octets[n:]
		}
	}
	return strings.ReplaceAll(s.told.String(), "\n", "")
}

// lines are the fields that do not depend on how octets come: numbers and sizes
// of frames do.
func lines() []field.ID {
	all := slices.DeleteFunc(said(), func(id field.ID) bool {
		return strings.Contains(field.Of(id).Name, ".data.")
	})
	return append(all, field.SMTPCommandLine, field.SMTPResponse, field.POPRequest, field.POPResponse)
}

// Reading a capture costs little memory for what is said in it.
func BenchmarkFeed(b *testing.B) {
	d := New(field.Set{}, func(*Frame) {})
	d.Feed(&event.Event{Conn: 1, Kind: event.Open, Fact: opened("smtp")})
	ask := &event.Event{Conn: 1, Kind: event.Data, Dir: client, Layer: inside, Data: []byte("RCPT TO:<someone@example.net>\r\n")}
	answer := &event.Event{Conn: 1, Kind: event.Data, Dir: server, Layer: inside, Data: []byte("250 2.1.5 OK\r\n")}
	b.ReportAllocs()
	for b.Loop() {
		d.Feed(ask)
		d.Feed(answer)
	}
}

// A frame with nothing but a part of a line is not of the protocol yet.
func TestPartOfALine(t *testing.T) {
	s := newSession(t, opened("smtp"), field.FrameNumber, field.SMTP)
	s.say(client, inside, "EH")
	s.say(client, inside, "LO x\r\nQU")
	s.say(client, inside, "IT\r\n")
	s.want("frame.number=1 \nframe.number=2 smtp=4c4f20780d0a5155 \nframe.number=3 smtp=49540d0a")
	p := newSession(t, opened("pop3"), field.POP)
	p.say(server, inside, "+O")
	p.say(server, inside, "K\r\n")
	p.want("\npop=4b0d0a")
}
