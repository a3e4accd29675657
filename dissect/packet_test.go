package dissect

import (
	"encoding/binary"
	"fmt"
	"net/netip"
	"strings"
	"testing"
	"time"

	"posta/capture"
	"posta/event"
	"posta/field"
)

// plain makes packets of raw IPv4 between one client and one server, and tells
// what is in each frame.
type plain struct {
	number uint32
	join   *capture.Joiner
	told   strings.Builder
	d      *Dissector
}

func newPlain(want ...field.ID) *plain {
	p := &plain{}
	var set field.Set
	set.Add(want...)
	p.d = New(set, func(f *Frame) {
		for _, n := range f.Tree.Nodes {
			fmt.Fprintf(&p.told, "%s=%s ", n.Def.Name, n.Def.Type.Append(nil, n.Val))
		}
		fmt.Fprintf(&p.told, "(%d)\n", p.d.Waiting())
	})
	p.join = capture.NewJoiner(sink{p.d}, capture.Limits{})
	return p
}

// segment makes a packet, from the client where up.
func segment(up bool, seq, ack uint32, flags byte, text string) []byte {
	client, server := netip.MustParseAddr("192.0.2.9").As4(), netip.MustParseAddr("192.0.2.25").As4()
	ports := [2]uint16{50000, 25}
	if !up {
		client, server, ports = server, client, [2]uint16{25, 50000}
	}
	b := []byte{0x45, 0, 0, 0, 0, 0, 0x40, 0, 64, 6, 0, 0}
	b = append(append(b, client[:]...), server[:]...)
	b = binary.BigEndian.AppendUint16(binary.BigEndian.AppendUint16(b, ports[0]), ports[1])
	b = binary.BigEndian.AppendUint32(binary.BigEndian.AppendUint32(b, seq), ack)
	b = append(b, 0x50, flags, 1, 0, 0, 0, 0, 0)
	b = append(b, text...)
	binary.BigEndian.PutUint16(b[2:], uint16(len(b)))
	return b
}

func (p *plain) feed(up bool, seq, ack uint32, flags byte, text string) {
	p.number++
	data := segment(up, seq, ack, flags, text)
	p.join.Feed(&capture.Packet{Number: p.number, Time: time.Unix(int64(p.number), 0), Link: capture.LinkRaw, Data: data, Wire: len(data)})
	clear(data) // it was lent
}

const (
	syn, rst, psh, ack = 2, 4, 8, 16
)

// A packet whose octets wait for earlier ones has one frame, with all that is
// said in it, once they came; another whose octets came before has its own.
func TestPacketsWaitForTheirOctets(t *testing.T) {
	p := newPlain(field.FrameNumber, field.TCPSeq, field.TCPLen, field.SMTPReqCommand, field.SMTPResponseCode, field.IPTTL)
	p.feed(true, 100, 0, syn, "")
	p.feed(false, 500, 101, syn|ack, "")
	p.feed(false, 501, 101, psh|ack, "220 here\r\n")
	p.feed(true, 109, 511, psh|ack, "QUIT\r\n")
	p.feed(false, 511, 101, ack, "")
	p.feed(true, 101, 511, psh|ack, "EHLO x\r\n")
	p.feed(true, 101, 511, psh|ack, "EHLO x\r\n")
	p.feed(true, 125, 511, psh|ack, "NOOP again\r\n")
	p.feed(true, 137, 511, rst, "")
	p.join.End()
	want := `
frame.number=1 ip.ttl=64 tcp.seq=0 tcp.len=0 (0)
frame.number=2 ip.ttl=64 tcp.seq=0 tcp.len=0 (0)
frame.number=3 ip.ttl=64 tcp.seq=1 tcp.len=10 smtp.response.code=220 (0)
frame.number=5 ip.ttl=64 tcp.seq=11 tcp.len=0 (4)
frame.number=6 ip.ttl=64 tcp.seq=1 tcp.len=8 smtp.req.command=EHLO (4)
frame.number=4 ip.ttl=64 tcp.seq=9 tcp.len=6 smtp.req.command=QUIT (0)
frame.number=7 ip.ttl=64 tcp.seq=1 tcp.len=8 (0)
frame.number=9 ip.ttl=64 tcp.seq=37 tcp.len=0 (8)
frame.number=8 ip.ttl=64 tcp.seq=25 tcp.len=12 smtp.req.command=NOOP (0)
`
	if got := p.told.String(); got != strings.TrimPrefix(want, "\n") {
		t.Errorf("told\n%s\nwant%s", got, want)
	}
}

// What an error of ICMP quotes is told beside its own header, and a packet of
// no stream has a frame, too.
func TestPacketsBesideStreams(t *testing.T) {
	p := newPlain(field.FrameNumber, field.IPSrc, field.TCPDstport, field.TCPStream, field.SMTP)
	p.feed(true, 100, 0, syn, "")
	quote := append([]byte{3, 1, 0, 0, 0, 0, 0, 0}, segment(true, 100, 0, syn, "")...)
	outer := segment(false, 0, 0, 0, "")[:20]
	outer[9] = protoICMP
	outer = append(outer, quote...)
	binary.BigEndian.PutUint16(outer[2:], uint16(len(outer)))
	p.join.Feed(&capture.Packet{Number: 2, Time: time.Unix(2, 0), Link: capture.LinkRaw, Data: outer, Wire: len(outer)})
	p.join.Feed(&capture.Packet{Number: 3, Link: capture.LinkRaw, Data: []byte{1, 2, 3}, Wire: 3})
	p.join.End()
	want := `frame.number=1 ip.src=192.0.2.9 tcp.dstport=25 tcp.stream=0 (0)
frame.number=2 ip.src=192.0.2.25 ip.src=192.0.2.9 tcp.dstport=25 tcp.stream=0 (0)
frame.number=3 (0)
`
	if got := p.told.String(); got != want {
		t.Errorf("told\n%s\nwant\n%s", got, want)
	}
}

// A packet that comes when its stream was closed still bears its number.
func TestLatePacketsHaveTheirStream(t *testing.T) {
	p := newPlain(field.FrameNumber, field.TCPStream)
	p.feed(true, 100, 0, syn, "")
	p.feed(true, 900, 0, syn, "") // the ports are used again
	p.feed(false, 0, 901, rst|ack, "")
	p.number += 1000
	p.feed(true, 901, 1, ack, "")
	p.join.End()
	want := `frame.number=1 tcp.stream=0 (0)
frame.number=2 tcp.stream=1 (0)
frame.number=3 tcp.stream=1 (0)
frame.number=1004 tcp.stream=1 (0)
`
	if got := p.told.String(); got != want {
		t.Errorf("told\n%s\nwant\n%s", got, want)
	}
}

// dialogue is what a session repeats: a command and its reply, a packet each.
func dialogue(tb testing.TB) (d *Dissector, events []*event.Event) {
	tb.Helper()
	all := Fields()
	d = New(all, func(*Frame) {})
	ends := event.Endpoints{Remote: netip.MustParseAddrPort("192.0.2.9:50000"), Local: netip.MustParseAddrPort("192.0.2.25:25")}
	d.Feed(&event.Event{Conn: 1, Kind: event.Open, Fact: event.Captured{Endpoints: ends}})
	for i, text := range []string{"RCPT TO:<someone@example.net>\r\n", "250 2.1.5 OK\r\n"} {
		data := segment(i == 0, 1, 1, psh|ack, text)
		number, at, dir := uint32(i+1), time.Unix(1, 0), event.Dir(i)
		events = append(events,
			&event.Event{Conn: 1, Kind: event.Packet, Packet: number, Time: at, Dir: dir, Data: data, Len: int64(len(data)),
				Fact: &event.Segment{Link: linkRaw, Proto: protoTCP, Transport: 20, Payload: 40, Len: int32(len(text)), Flags: psh | ack}},
			&event.Event{Conn: 1, Kind: event.Data, Packet: number, Time: at, Dir: dir, Layer: event.Wire, Data: data[40:], Len: int64(len(text))})
	}
	return d, events
}

func BenchmarkPackets(b *testing.B) {
	d, events := dialogue(b)
	b.ReportAllocs()
	for b.Loop() {
		for _, e := range events {
			d.Feed(e)
		}
	}
}

// The frame of a packet costs no memory, whatever is asked of it.
func TestPacketsCostNoMemory(t *testing.T) {
	d, events := dialogue(t)
	for _, e := range events {
		d.Feed(e)
	}
	quiet := *events[0]
	quiet.Fact = &event.Segment{Link: linkRaw, Proto: protoTCP, Transport: 20, Payload: 40, Flags: ack}
	if n := testing.AllocsPerRun(100, func() { d.Feed(&quiet) }); n > 0 {
		t.Errorf("a packet: %v allocations", n)
	}
}

// Of a line whose end the snap length took what there is is told, and nobody
// is blamed for the rest.
func TestLinesCutBySnapLength(t *testing.T) {
	p := newPlain(field.FrameNumber, field.SMTPReqCommand, field.SMTPReqParameter, field.SMTPResponseCode, field.SMTPRspParameter)
	at := map[bool]uint32{true: 101, false: 501}
	say := func(up bool, text string, snap int) {
		p.number++
		data := segment(up, at[up], at[!up], psh|ack, text)
		at[up] += uint32(len(text))
		p.join.Feed(&capture.Packet{Number: p.number, Time: time.Unix(int64(p.number), 0), Link: capture.LinkRaw, Data: data[:min(len(data), 40+snap)], Wire: len(data)})
	}
	say(false, "220 mail.example here\r\n", 8)
	say(true, "EHLO client.example\r\n", 20)
	say(false, "250-mail.example\r\n250-SIZE 1000\r\n250 HELP\r\n", 24)
	say(true, "MAIL FROM:<a@b.example>\r\n", 13)
	say(false, "250 2.1.0 Ok\r\n", 99)
	p.join.End()
	want := `frame.number=1 smtp.response.code=220 smtp.rsp.parameter=mail (0)
frame.number=2 smtp.req.command=EHLO smtp.req.parameter=client.example (0)
frame.number=3 smtp.response.code=250 smtp.rsp.parameter=mail.example smtp.rsp.parameter=SI (0)
frame.number=4 smtp.req.command=MAIL smtp.req.parameter=FROM:<a@ (0)
frame.number=5 smtp.response.code=250 smtp.rsp.parameter=2.1.0 Ok (0)
`
	if got := p.told.String(); got != want {
		t.Errorf("told\n%s\nwant\n%s", got, want)
	}
}

// A packet in a tunnel has the addresses of both.
func TestTunnelled(t *testing.T) {
	p := newPlain(field.IPSrc, field.TCPDstport, field.SMTPReqCommand)
	inner := segment(true, 101, 501, psh|ack, "NOOP\r\n")
	data := append(segment(false, 0, 0, 0, "")[:20], "\x20\x00\x08\x00\x00\x00\x00\x07"...)
	data[9] = 47
	data = append(data, inner...)
	binary.BigEndian.PutUint16(data[2:], uint16(len(data)))
	p.join.Feed(&capture.Packet{Number: 1, Link: capture.LinkRaw, Data: data, Wire: len(data)})
	p.join.End()
	if got, want := p.told.String(), "ip.src=192.0.2.25 ip.src=192.0.2.9 tcp.dstport=25 smtp.req.command=NOOP (0)\n"; got != want {
		t.Errorf("told %q, not %q", got, want)
	}
}

// What a capture that begins in the middle shows first is the rest of a line, or
// mail data: no command, until one shows where it is.
func TestBeginsInTheMiddle(t *testing.T) {
	p := newPlain(field.FrameNumber, field.SMTPReqCommand, field.SMTPResponseCode)
	p.feed(true, 101, 501, psh|ack, "the rest of a line\r\nFROM:<x>\r\n.\r\n")
	p.feed(false, 501, 136, psh|ack, "250 2.0.0 taken\r\n")
	p.feed(true, 136, 518, psh|ack, "QUIET\r\nQUIT\r\n")
	p.join.End()
	want := `frame.number=1 (0)
frame.number=2 smtp.response.code=250 (0)
frame.number=3 smtp.req.command=QUIET smtp.req.command=QUIT (0)
`
	if got := p.told.String(); got != want {
		t.Errorf("told\n%s\nwant\n%s", got, want)
	}
}
