package dissect

import (
	"fmt"
	"net/netip"
	"strings"
	"testing"

	"posta/event"
	"posta/field"
)

// heard tells what is said in a stream at port 4321. All but the first octets
// come in runs of at most so many.
func heard(want field.Set, most int, lines ...string) string {
	var told strings.Builder
	d := New(want, func(f *Frame) {
		for _, n := range f.Tree.Nodes {
			fmt.Fprintf(&told, "%s=%s ", n.Def.Name, n.Def.Type.Append(nil, n.Val))
		}
	})
	ends := event.Endpoints{Remote: netip.MustParseAddrPort("192.0.2.9:50000"), Local: netip.MustParseAddrPort("192.0.2.25:4321")}
	d.Feed(&event.Event{Conn: 1, Kind: event.Open, Fact: event.Captured{Endpoints: ends}})
	var off [2]int64
	for i, line := range lines {
		dir := event.FromDialer
		if line[0] == 'S' {
			dir = event.FromListener
		}
		for text := line[2:]; text != ""; {
			n := min(most, len(text))
			if i == 0 {
				n = len(text)
			}
			data := []byte(text[:n])
			d.Feed(&event.Event{Conn: 1, Kind: event.Data, Dir: dir, Layer: event.Wire, Off: off[dir], Data: data, Len: int64(n)})
			clear(data) // it was lent
			off[dir] += int64(n)
			text = text[n:]
		}
	}
	d.Feed(&event.Event{Conn: 1, Kind: event.Close})
	if d.lines != 0 {
		return fmt.Sprint(d.lines, " octets are kept")
	}
	return told.String()
}

// Mail behind a proxy is read, also where its first words came in the same
// segment as the proxy's last, and however the octets are cut.
func TestMailBehindProxies(t *testing.T) {
	var want field.Set
	want.Add(field.SMTPReqCommand, field.SMTPResponseCode, field.SocksRemoteName, field.SocksV4aDNSName, field.SocksPassword,
		field.HTTPRequestURI, field.HTTPResponseCode, field.POPRequestCommand)
	const mail = "smtp.response.code=220 smtp.req.command=QUIT "
	for _, one := range []struct {
		said []string
		want string
	}{
		{[]string{"C:\x05\x02\x00\x02", "S:\x05\x02", "C:\x01\x04pepe\x06secret", "S:\x01\x00", "C:\x05\x01\x00\x03\x02mx\x00\x19",
			"S:\x05\x00\x00\x01\xc0\x00\x02\x02\x9c\x40220 mx\r\n", "C:QUIT\r\n"}, "socks.password=secret socks.remote_name=mx " + mail},
		{[]string{"C:\x04\x01\x00\x19\x00\x00\x00\x01\x00mx\x00", "S:\x00\x5a\x00\x19\xc0\x00\x02\x19220 mx\r\n", "C:QUIT\r\n"}, "socks.v4a_dns_name=mx " + mail},
		{[]string{"C:CONNECT mx:25 HTTP/1.1\r\nHost: mx\r\n\r\n", "S:HTTP/1.1 200 Yes\r\n\r\n220 mx\r\n", "C:QUIT\r\n"},
			"http.request.uri=mx:25 http.response.code=200 " + mail},
		{[]string{"C:CONNECT mx:110 HTTP/1.1\r\n\r\n", "S:HTTP/1.1 200\r\n\r\n", "S:+OK\r\n", "C:QUIT\r\n"},
			"http.request.uri=mx:110 http.response.code=200 pop.request.command=QUIT "},
		{[]string{"C:CONNECT mx:4000 HTTP/1.1\r\n\r\n", "S:HTTP/1.1 200 Yes\r\n\r\n", "S:220 mx\r\n", "C:QUIT\r\n"},
			"http.request.uri=mx:4000 http.response.code=200 " + mail},
		{[]string{"C:CONNECT mx:25 HTTP/1.1\r\n\r\n", "S:HTTP/1.1 503 No\r\n\r\n", "S:220 mx\r\n", "C:QUIT\r\n"},
			"http.request.uri=mx:25 http.response.code=503 "},
		{[]string{"C:\x05\x01\x00", "S:\x05\xff", "S:220 mx\r\n", "C:QUIT\r\n"}, ""},
		{[]string{"C:\x05\x01\x00", "C:QUIT\r\n", "S:220 mx\r\n"}, ""},
		{[]string{"S:220 mx\r\n", "C:CONNECT mx:25\r\n\r\n", "C:QUIT\r\n"}, "smtp.response.code=220 smtp.req.command=CONNECT smtp.req.command=QUIT "},
	} {
		for most := 4; most < 40; most++ {
			if got := heard(want, most, one.said...); got != one.want {
				t.Errorf("%q in runs of %d:\n%s\nnot\n%s", one.said, most, got, one.want)
			}
		}
	}
}

// Nothing that is said to a proxy breaks anything, nor is it kept without end.
func FuzzProxy(f *testing.F) {
	f.Add("C:\x05\x01\x00", "S:\x05\x00", "C:\x05\x01\x00\x01\xc0\x00\x02\x19\x00\x19", "S:\x05\x00\x00\x01\xc0\x00\x02\x02\x9c\x40220 x\r\n", 4)
	f.Add("C:\x04\x01\x00\x19\x00\x00\x00\x01\x00mx\x00", "S:\x00\x5a\x00\x19\xc0\x00\x02\x19220 mx\r\n", "C:QUIT\r\n", "S:221 x\r\n", 3)
	f.Add("C:CONNECT mx:25 HTTP/1.1\r\n\r\n", "S:HTTP/1.1 200\r\n\r\n", "C:QUIT\r\n", "S:221 x\r\n", 5)
	f.Add("C:CONNECT \r\n\r\n", "S: \r\n\r\n", "C:", "S:", 5)
	f.Fuzz(func(t *testing.T, a, b, c, e string, most int) {
		var lines []string
		for _, line := range []string{a, b, c, e} {
			if len(line) >= 2 {
				lines = append(lines, line)
			}
		}
		heard(Fields(), max(1, most), lines...)
	})
}
