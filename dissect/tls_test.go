package dissect

import (
	"encoding/hex"
	"net/netip"
	"os"
	"strings"
	"testing"

	"posta/event"
	"posta/field"
	"posta/tlsview"
)

// tape reads a session of OpenSSL's that tlsview has for its tests.
func tape(t testing.TB, name string) (keys *tlsview.KeyLog, pieces []passed) {
	t.Helper()
	file, err := os.ReadFile("../tlsview/testdata/" + name + ".tape")
	if err != nil {
		t.Fatal(err)
	}
	keys = tlsview.NewKeyLog()
	for line := range strings.Lines(string(file)) {
		kind, rest, _ := strings.Cut(strings.TrimSpace(line), " ")
		switch kind {
		case "key":
			keys.Line([]byte(rest))
		case "0", "1":
			octets, err := hex.DecodeString(rest)
			if err != nil {
				t.Fatal(err)
			}
			pieces = append(pieces, passed{event.Dir(kind[0] - '0'), string(octets)})
		}
	}
	return keys, pieces
}

// passed is what one side sent.
type passed struct {
	dir    event.Dir
	octets string
}

func captured(port uint16) event.Captured {
	return event.Captured{Endpoints: event.Endpoints{Remote: netip.MustParseAddrPort("192.0.2.9:50000"),
		Local: netip.AddrPortFrom(netip.MustParseAddr("192.0.2.1"), port)}}
}

func (s *session) play(pieces []passed) {
	for _, p := range pieces {
		s.say(p.dir, wire, p.octets)
	}
}

const insideAES256 = `
smtp.response.code=220 
smtp.req.command=EHLO 
smtp.response.code=250 
smtp.req.command=NOOP 
smtp.response.code=250`

// lines are those frames in which something was told.
func (s *session) lines() string {
	var out strings.Builder
	for line := range strings.Lines(s.told.String()) {
		if strings.TrimSpace(line) != "" {
			out.WriteString(line)
		}
	}
	return out.String()
}

func (s *session) wantLines(told string) {
	s.t.Helper()
	if got, want := strings.TrimSpace(s.lines()), strings.TrimSpace(told); got != want {
		s.t.Errorf("told\n%s\nwant\n%s", got, want)
	}
}

// With keys what is inside of TLS is read: on its ports, behind STARTTLS, and on
// any port where a ClientHello comes first.
func TestTLSIsOpened(t *testing.T) {
	for _, port := range []uint16{465, 25, 2525} {
		keys, pieces := tape(t, "aes256")
		s := newSession(t, captured(port), field.SMTPReqCommand, field.SMTPResponseCode)
		s.d.Secrets(keys)
		s.play(pieces)
		s.wantLines(insideAES256)
		s.d.Feed(&event.Event{Conn: 1, Kind: event.Close})
		if s.d.secured != 0 || s.d.lines != 0 {
			t.Errorf("%d and %d octets are kept", s.d.secured, s.d.lines)
		}
	}
	keys, pieces := tape(t, "aes256")
	s := newSession(t, captured(25), field.SMTPReqCommand, field.SMTPResponseCode, field.TLSHandshakeType)
	s.d.Secrets(keys)
	s.play([]passed{{server, "220 here\r\n"}, {client, "EHLO x\r\nSTARTTLS\r\n"}, {server, "250 x\r\n"}, {server, "220 go\r\n"}})
	s.play(pieces)
	s.wantLines(`
smtp.response.code=220 
smtp.req.command=EHLO smtp.req.command=STARTTLS 
smtp.response.code=250 
smtp.response.code=220 
tls.handshake.type=1 
tls.handshake.type=2 tls.handshake.type=8 tls.handshake.type=11 tls.handshake.type=15 tls.handshake.type=20 
tls.handshake.type=20 
tls.handshake.type=4 
tls.handshake.type=4 ` + insideAES256)
}

// What is opened can be seen as it is.
func TestTLSOpened(t *testing.T) {
	keys, pieces := tape(t, "aes256")
	s := newSession(t, captured(465))
	s.d.Secrets(keys)
	var said [2]string
	s.d.Opened(func(e *event.Event) {
		if e.Kind != event.Data || e.Layer != event.Text || e.Conn != 1 || int(e.Off) != len(said[e.Dir]) || int(e.Len) != len(e.Data) {
			t.Errorf("%+v", e)
		}
		said[e.Dir] += string(e.Data)
	})
	s.play(pieces)
	if said != [2]string{"EHLO x\nNOOP\n", "220 here\n250 ok\n250 yes\n"} {
		t.Errorf("%q", said)
	}
}

// Without keys there is TLS, and nothing is made up.
func TestTLSIsHidden(t *testing.T) {
	_, pieces := tape(t, "aes256")
	s := newSession(t, captured(465), field.SMTP, field.TLSRecordContentType, field.TLSRecordOpaqueType, field.TLSHandshakeCiphersuite,
		field.TLSHandshakeExtensionsSupportedVersion, field.TLSAppDataProto)
	s.play(pieces[1:4])
	const hidden = "tls.record.opaque_type=23 tls.app_data_proto=Simple Mail Transfer Protocol "
	s.wantLines("tls.record.content_type=22 tls.handshake.ciphersuite=4866 tls.handshake.extensions.supported_version=772 tls.record.content_type=20 " +
		strings.Repeat(hidden, 4) + "\ntls.record.content_type=20 " + hidden + "\n" + hidden)
}

// Keys that come later, as in the middle of a capture, open what follows.
func TestTLSKeysComeLate(t *testing.T) {
	_, pieces := tape(t, "aes256")
	file, err := os.ReadFile("../tlsview/testdata/aes256.tape")
	if err != nil {
		t.Fatal(err)
	}
	keys := tlsview.NewKeyLog()
	s := newSession(t, captured(465), field.SMTPReqCommand, field.SMTPResponseCode)
	s.d.Secrets(keys)
	s.play(pieces[:7])
	for line := range strings.Lines(string(file)) {
		keys.Line([]byte(strings.TrimPrefix(line, "key ")))
	}
	s.play(pieces[7:])
	s.wantLines("smtp.response.code=250 \nsmtp.req.command=NOOP \nsmtp.response.code=250")
}

// A record stands in the frame in which it ends, put together as a further
// source; where one begins the frame is of TLS already.
func TestTLSRecordInPieces(t *testing.T) {
	_, pieces := tape(t, "dhe")
	s := newSession(t, captured(465), field.TLS, field.TLSRecordLength)
	hello := pieces[0].octets
	s.say(client, wire, hello[:3])
	s.say(client, wire, hello[3:100])
	s.say(client, wire, hello[100:]+"\x15\x03")
	s.say(client, wire, "\x03\x00\x02\x01\x00")
	whole, rest := hex.EncodeToString([]byte(hello)), "1503"
	s.want("tls=" + whole[:6] + " \ntls=" + whole + " tls.record.length=" + decimal(len(hello)-5) + " tls=" + rest +
		" \ntls=15030300020100 tls.record.length=2")
}

func decimal(n int) string { return string(field.Uint32.Append(nil, field.Uint(uint64(n)))) }

// Octets that are lost hide the record that they cut, and no other.
func TestTLSLoss(t *testing.T) {
	keys, pieces := tape(t, "dhe")
	s := newSession(t, captured(465), field.SMTPReqCommand, field.SMTPResponseCode)
	s.d.Secrets(keys)
	for i, p := range pieces {
		if strings.HasPrefix(p.octets, "\x17") && p.dir == client && i < len(pieces)-4 { // EHLO
			s.d.Feed(&event.Event{Conn: 1, Kind: event.Gap, Dir: p.dir, Len: int64(len(p.octets))})
			continue
		}
		s.say(p.dir, wire, p.octets)
	}
	s.wantLines("smtp.response.code=220 \nsmtp.response.code=250 \nsmtp.req.command=NOOP \nsmtp.response.code=250")
}

// What follows STARTTLS in the clear, as in posta's own captures of masked
// sessions, is read; so is a server that answers a hello in the clear.
func TestNoTLSAfterAll(t *testing.T) {
	s := newSession(t, captured(25), field.SMTPReqCommand, field.SMTPResponseCode)
	s.play([]passed{{server, "220 here\r\n"}, {client, "STARTTLS\r\n"}, {server, "220 go\r\n"}, {client, "EHLO x\r\n"}, {server, "250 x\r\n"}, {client, "QUIT\r\n"}})
	s.wantLines("smtp.response.code=220 \nsmtp.req.command=STARTTLS \nsmtp.response.code=220 \nsmtp.req.command=EHLO \nsmtp.response.code=250 \nsmtp.req.command=QUIT")

	_, pieces := tape(t, "dhe")
	s = newSession(t, captured(465), field.TLSHandshakeType, field.SMTPResponseCode)
	s.play([]passed{{server, "220 here\r\n"}, {client, pieces[0].octets}, {server, "402 what?\r\n"}})
	s.wantLines("smtp.response.code=220 \ntls.handshake.type=1 \nsmtp.response.code=402")
}

// Each record's octets are a protocol by themselves, so that a filter finds what
// is in any of them.
func TestTLSUnits(t *testing.T) {
	keys, pieces := tape(t, "dhe")
	var together []passed
	said := [2]string{}
	for i, p := range pieces {
		if i < 4 { // the handshake
			together = append(together, p)
			continue
		}
		said[p.dir] += p.octets
	}
	together = append(together, passed{server, said[server]}, passed{client, said[client]})
	s := newSession(t, captured(465), field.SMTP)
	s.d.Secrets(keys)
	s.play(together)
	if got, want := strings.Count(s.told.String(), "smtp="), 5; got != want {
		t.Errorf("%d units, not %d:\n%s", got, want, s.told.String())
	}
}

// What is under way on all connections is bounded.
func TestTLSIsBounded(t *testing.T) {
	_, pieces := tape(t, "dhe")
	s := newSession(t, captured(465), field.SMTP)
	for i := range uint64(maxSecured / (16 << 10)) {
		s.d.Feed(&event.Event{Conn: 2 + i, Kind: event.Open, Fact: captured(465)})
		for _, octets := range []string{pieces[0].octets, "\x16\x03\x03\x48\x00" + strings.Repeat("\x0b", 18000)} {
			s.d.Feed(&event.Event{Conn: 2 + i, Kind: event.Data, Dir: client, Data: []byte(octets), Len: int64(len(octets))})
		}
		if s.d.secured > maxSecured+(64<<10) {
			t.Fatalf("%d octets are kept", s.d.secured)
		}
	}
	if s.d.secured < maxSecured/2 {
		t.Errorf("only %d octets are kept: this tests nothing", s.d.secured)
	}
	for i := range uint64(maxSecured / (16 << 10)) {
		s.d.Feed(&event.Event{Conn: 2 + i, Kind: event.Close})
	}
	if s.d.secured != 0 {
		t.Errorf("%d octets are kept at the end", s.d.secured)
	}
}

// Whatever passes: every field lies in octets that the frame has, and nothing is
// kept once the connections are closed.
func FuzzTLS(f *testing.F) {
	for _, name := range []string{"aes256", "update", "renegotiate", "early", "dhe"} {
		_, pieces := tape(f, name)
		var both []byte
		for _, p := range pieces {
			for rest := p.octets; rest != ""; {
				n := min(len(rest), 255)
				both = append(append(both, byte(p.dir), byte(n)), rest[:n]...)
				rest = rest[n:]
			}
		}
		f.Add(both, false)
		f.Add(append([]byte("\x01\x0a220 here\r\n\x00\x0aSTARTTLS\r\n\x01\x08220 go\r\n"), both...), true)
	}
	keys, _ := tape(f, "aes256")
	f.Fuzz(func(t *testing.T, both []byte, clear bool) {
		d := New(Fields(), func(f *Frame) {
			for _, n := range f.Tree.Nodes {
				if n.Len > 0 {
					_ = f.Tree.Sources[n.Src][n.Off : n.Off+n.Len]
				}
			}
		})
		d.Secrets(keys)
		port := uint16(465)
		if clear {
			port = 25
		}
		d.Feed(&event.Event{Conn: 1, Kind: event.Open, Fact: captured(port)})
		var at [2]int64
		for len(both) > 2 {
			n, dir := min(int(both[1]), len(both)-2), event.Dir(both[0]&1)
			e := event.Event{Conn: 1, Kind: event.Data, Dir: dir, Data: both[2 : 2+n], Off: at[dir], Len: int64(n)}
			at[dir] += int64(n)
			if both[0]&2 != 0 {
				e.Kind, e.Data = event.Gap, nil
			}
			d.Feed(&e)
			both = both[2+n:]
		}
		d.Feed(&event.Event{Conn: 1, Kind: event.Close})
		if d.secured != 0 || d.lines != 0 || d.used != 0 {
			t.Errorf("%d, %d and %d octets are kept", d.secured, d.lines, d.used)
		}
	})
}
