package filter

import (
	"strings"
	"testing"
	"time"

	"posta/field"
)

// frame makes a Tree of names and values, in order.
func frame(t testing.TB, nodes ...any) *field.Tree {
	t.Helper()
	tree := &field.Tree{}
	for i := 0; i < len(nodes); i += 2 {
		d := field.ByName(nodes[i].(string))
		if d == nil {
			t.Fatalf("no field %s", nodes[i])
		}
		n := field.Node{Def: d}
		switch v := nodes[i+1].(type) {
		case int:
			n.Val = field.Int(int64(v))
		case bool:
			n.Val = field.Truth(v)
		case string:
			n.Val = field.Octets([]byte(v))
			if d.Type == field.Protocol {
				n.Val = field.Unit([]byte(v), len(v))
			}
		case []byte:
			n.Val = field.Octets(v)
		case field.Value:
			n.Val = v
		case time.Time:
			n.Val = field.Moment(v)
		case time.Duration:
			n.Val = field.Span(v)
		}
		tree.Add(n)
	}
	return tree
}

// pipelined is a frame of three commands.
func pipelined(t testing.TB) *field.Tree {
	packet := "\x00\x01\x02\x03\x04\x05MAIL FROM:<a@example.net> SIZE=2058\r\nRCPT TO:<b@example.org>\r\nDATA\r\n"
	return frame(t,
		"frame", packet, "frame.number", 9, "frame.len", len(packet), "frame.cap_len", len(packet),
		"frame.time", time.Date(2024, 3, 4, 12, 30, 0, 5e8, time.UTC),
		"frame.time_relative", 169437*time.Microsecond, "frame.time_delta", -1*time.Millisecond,
		"eth", "", "eth.src", []byte{0, 0x1b, 0x21, 0xa, 0xb, 0xc},
		"ip", field.Unit([]byte(packet), 6), "ip.src", []byte{10, 0, 0, 5}, "ip.addr", []byte{10, 0, 0, 5},
		"ip.dst", []byte{10, 0, 0, 6}, "ip.addr", []byte{10, 0, 0, 6},
		"ip", "", "ip.src", []byte{192, 168, 1, 1}, "ip.dst", []byte{192, 168, 1, 2},
		"ipv6.src", []byte{0x20, 1, 0xd, 0xb8, 15: 1},
		"tcp", packet[2:], "tcp.srcport", 55713, "tcp.port", 55713, "tcp.dstport", 25, "tcp.port", 25,
		"tcp.stream", 0, "tcp.flags", 0x18, "tcp.flags.syn", false, "tcp.window_size_scalefactor", -2,
		"smtp", packet[6:],
		"smtp.req", true, "smtp.req.command", "MAIL", "smtp.req.parameter", "FROM:<a@example.net> SIZE=2058",
		"smtp.req", true, "smtp.req.command", "RCPT", "smtp.req.parameter", "TO:<b@example.org>",
		"smtp.req", true, "smtp.req.command", "DATA", "smtp.eom", nil,
	)
}

// What holds of the frame, and what does not; each was tried with tshark 4.0
// in the same form where it knows the form.
func TestMatch(t *testing.T) {
	tree := pipelined(t)
	for text, want := range map[string]bool{
		"":                       true,
		"smtp":                   true,
		".smtp":                  true,
		"pop":                    false,
		"not pop":                true,
		"!smtp":                  false,
		"!!smtp":                 true,
		"not not smtp":           true,
		"smtp and pop":           false,
		"smtp or pop":            true,
		"smtp xor tcp":           false,
		"smtp ^^ pop":            true,
		"smtp or smtp and pop":   true,
		"(smtp or smtp) and pop": false,
		"smtp or tcp xor tcp":    true,
		"not smtp and pop":       false,
		"not (smtp and pop)":     true,

		`smtp.req.command == "RCPT"`:             true,
		`smtp.req.command eq RCPT`:               true,
		`smtp.req.command == "rcpt"`:             false,
		`smtp.req.command != "RCPT"`:             false,
		`smtp.req.command ne "QUIT"`:             true,
		`smtp.req.command === "RCPT"`:            false,
		`smtp.req.command all_eq "RCPT"`:         false,
		`smtp.req.command !== "RCPT"`:            true,
		`smtp.req.command ~= "RCPT"`:             true,
		`smtp.req.command any_ne "RCPT"`:         true,
		`all smtp.req.command != "QUIT"`:         true,
		`any smtp.req.command != "RCPT"`:         true,
		`any smtp.req.command === "RCPT"`:        true,
		`all smtp.req.command > "D"`:             true,
		`all smtp.req.command > "M"`:             false,
		`smtp.req.command > "M"`:                 true,
		`not smtp.req.command == "RCPT"`:         false,
		`pop.request.command != "QUIT"`:          false,
		`not pop.request.command == "QUIT"`:      true,
		`pop.request.command === "QUIT"`:         false,
		`"RCPT" == smtp.req.command`:             true,
		`smtp.req.command == smtp.req.command`:   true,
		`smtp.req.command == smtp.req.parameter`: false,

		"tcp.port == 25": true, "tcp.port != 25": false, "tcp.port !== 25": true, "all tcp.port >= 25": true,
		"tcp.dstport == 0x19": true, "tcp.dstport == 0b11001": true, "tcp.dstport == 031": true, "tcp.dstport == +25": true,
		`tcp.dstport == '\x19'`: true, "tcp.dstport gt 24": true, "tcp.dstport ge 26": false, "tcp.dstport lt 26": true, "tcp.dstport le 24": false,
		"20 < tcp.dstport < 30": true, "20 < tcp.dstport < 25": false, "300 <= tcp.srcport": true,
		"tcp.window_size_scalefactor == -2": true, "tcp.window_size_scalefactor < 0": true, "tcp.window_size_scalefactor > 5": false,
		"smtp.req == 1": true, "smtp.req == true": true, "smtp.req == False": false, "tcp.flags.syn == 0": true, "smtp.req == 2": true,
		"tcp.flags.syn": true,

		"tcp.port in {25}": true, "tcp.port in {20 .. 30, 0x50}": true, "tcp.port in {30..20}": false, "tcp.port not in {25}": false,
		"all tcp.port in {25, 55713}": true, "all tcp.port in {25}": false, "tcp.port in {tcp.srcport}": true, "tcp.port in {1..tcp.dstport}": true,
		"pop.request.command in {\"QUIT\"}": false, "pop.request.command not in {\"QUIT\"}": true,
		`smtp.req.command in {"A".."E"}`: true, `smtp.req.command in {QUIT, RSET}`: false, "frame.number in {1..5, 8, 9}": true,
		"ip.src in {10.0.0.0/24}": true, "ip.src in {10.0.0.6..10.0.0.9}": false, "ip.src in {10.0.0.1..10.0.0.9}": true,
		`smtp.req.command[0:2] in {"RC", "QU"}`: true,

		`smtp.req.command contains "CP"`: true, `smtp.req.command contains CP`: true, `smtp.req.command contains "cp"`: false,
		`smtp.req.command contains 'C'`: true, `smtp.req.command contains ""`: true, `all smtp.req.command contains "A"`: false, `all smtp.req.command contains ""`: true, `all smtp.req.command[9:] == "x"`: false, `smtp.req.command[9:] != "x"`: true, `smtp.req.command[9:] !== "x"`: true, `all smtp.req.command[9:] != "x"`: true, `smtp.req.command[9:] === "x"`: false, `smtp.req.command#5 != "x"`: false, "tcp.dstport in {tcp.dstport - 26 .. 30}": true, "tcp.port / 0 != 5": true, "tcp.dstport- 1 == 24": true, `all smtp.req.command contains "T"`: false,
		`frame contains "RCPT TO"`: true, "frame contains 52:43:50:54": true, "frame contains 0x52": true, `smtp contains "rcpt"`: false,
		`frame contains r"\d"`: false, `smtp contains "\r\n"`: true, `smtp contains "\x52\103PT"`: true, `smtp.req.parameter contains "\u003c"`: true,
		`"RCPT TO" contains smtp.req.command`: true,

		`smtp.req.command matches "^r.pt$"`: true, `smtp.req.command ~ "^r"`: true, `smtp.req.command matches "(?-i)^r"`: false,
		`all smtp.req.command matches "^[MRD]"`: true, `all smtp.req.command matches "^R"`: false, `smtp matches "data\r$"`: true,
		`smtp matches "data$"`: false, `smtp matches "data\r\n$"`: true, `smtp matches "from.*rcpt"`: false, `smtp matches "(?s)from.*rcpt"`: true,
		`smtp.req.parameter matches r"size=\d+$"`: true, `smtp.req.command matches ""`: true, `frame matches "rcpt to"`: true,
		`smtp.req.command[0:2] matches "^rc$"`: true,

		`smtp.req.command[0:2] == "RC"`: true, "smtp.req.command[0:2] == 52:43": true, "smtp.req.command[0] == 0x52": true,
		"smtp.req.command[0] == 52": true, `smtp.req.command[0] == 'R'`: true, `smtp.req.command[-1] == "T"`: true,
		`smtp.req.command[1-2] == "CP"`: true, `smtp.req.command[:2] == "RC"`: true, `smtp.req.command[2:] == "PT"`: true,
		`smtp.req.command[0,2-3] == "RPT"`: true, `smtp.req.command[0,9] == "R"`: true, "smtp.req.command[9,0]": false,
		`smtp.req.command[0:10] == "RC"`: false, "smtp.req.command[3:]": true, "smtp.req.command[4:]": false, "smtp.req.command[0:10]": false,
		`smtp.req.command[-2:2] == "PT"`: true, `smtp.req.command[-2--1] == "PT"`: true, "smtp.req.command[-4:]": true, "smtp.req.command[-5:]": false,
		`smtp.req.command[0:3][1:2] == "CP"`: true, `lower(smtp.req.command)[0:2] == "rc"`: true, "eth.src[0:3] == 00:1b:21": true,
		"ip.src[0] == 0a": true, "frame[0:6] == 00:01:02:03:04:05": true, `frame[-4:] == "TA\r\n"`: true, "frame[0-5] == 000102030405": true,
		`smtp.req.command[0x1] == "C"`: true, "smtp.req.command[0:2] > 52:42": true,

		"ip.src == 10.0.0.5": true, "ip.src == 10.0.0.0/8": true, "ip.src == 11.0.0.0/8": false, "ip.src != 10.0.0.5/32": false,
		"ip.src#1 > 10.0.0.4": true, "ip.src >= 10.0.0.99/24": true, "ip.src == ip.dst": false, "ip.addr == ip.dst": true, "ip.addr == 10.0.0.6": true,
		"ip.dst == 10.0.0.7/31": true, "ip.dst == 10.0.0.5/31": false, "ip.dst == 0.0.0.0/0": true,
		"ipv6.src == 2001:db8::1": true, "ipv6.src == 2001:db8::/32": true, "ipv6.src == fe80::/10": false, "ipv6.src == ::1": false,
		"eth.src == 00:1b:21:0a:0b:0c": true, "eth.src == 00-1b-21-0a-0b-0c": true, "eth.src == 001b.210a.0b0c": true,
		"ip.src#1 == 10.0.0.5": true, "ip.src#2 == 10.0.0.5": false, "ip.src#[-1] == 192.168.1.1": true, "ip.src#[1-2] == 192.168.1.1": true,
		"ip.src#[2:] == 10.0.0.5": false, "ip.src#3": false, "ip#2": true, "ip.src#1[0] == 0a": true, "smtp.req.command#1 == \"DATA\"": true,

		"frame.time_relative > 0.1": true, "frame.time_relative == 0.169437": true, "frame.time_relative < 0.169437001": true, "frame.time_delta < 0": true,
		"frame.time_delta == -0.001": true, "frame.time_relative in {0.1 .. 0.2}": true, "frame.time_relative > 0.5s": false,
		`frame.time == "2024-03-04 12:30:00.5 UTC"`: true, `frame.time > "2024-03-04T12:30:00Z"`: true, `frame.time == "2024-03-04 13:30:00.5+01:00"`: true,
		`frame.time == "2024-03-04 14:30:00.5"`: true, "frame.time > 2024-03-05": false, `frame.time < "Mar  5, 2024 00:00:00"`: true,
		`frame.time < "Mar 4, 2024 12:30:00 UTC"`:      false,
		`frame.time in {"2024-01-01" .. "2024-12-31"}`: true,

		"tcp.dstport + 1 == 26": true, "tcp.dstport -1 == 24": true, "tcp.dstport * 2 == 50": true, "tcp.dstport / 2 == 12": true, "tcp.dstport % 2 == 1": true,
		"tcp.dstport / 0 == 1": false, "tcp.dstport == 5 * {2 + 3}": true, "tcp.dstport == 15 + 5 * 2": true, "tcp.dstport == 30 - 3 - 2": true,
		"-tcp.dstport == -25": true, "tcp.dstport - 26 == -1": true, "tcp.srcport + tcp.dstport == 55738": true, "tcp.port + tcp.port == 50": true,
		"{tcp.dstport + 1} * 2 == 52": true, "tcp.dstport + 65535 == 65560": true, "tcp.dstport - 26 < 0": true, "tcp.dstport > 5 - 10": true,
		"frame.time_relative + 1 > 1.1": true, "frame.time_relative - 0.1 < 0.07": true, "tcp.dstport * 9223372036854775807 > 0": false,
		"tcp.flags & 8": true, "tcp.flags & 2": false, "tcp.flags & 0x12 == 0x10": true, "tcp.flags bitwise_and 8": true, "tcp.flags & 8 + 16 == 24": true,
		"!tcp.flags & 2": true, "frame[1] & 01": true, "frame[0] & 01": false, "frame[0:2] & 01:01 == 00:01": true, "ip.src & 255.0.0.0 == 10.0.0.0": true,
		"tcp.flags & tcp.flags": true, "8 & tcp.flags": true,

		"len(smtp.req.command) == 4": true, "len(smtp.req.parameter) > 25": true, "all len(smtp.req.parameter) > 25": false, "len(tcp.port) == 2": true,
		`ip contains "DATA"`: true, "len(ip) == 6": true, "ip[6:4] == \"MAIL\"": false, "ip[-6:] == 00:01:02:03:04:05": true, "len(tcp) > 60": true, "len(ip.src) == 4": true, "len(frame) == frame.len": true, "len(eth.src) == 6": true, "len(smtp.req.command[1:2]) == 2": true,
		"count(smtp.req.command) == 3": true, "count(smtp.req.command) > 3": false, "count(pop) == 0": false, "count(smtp.eom) == 1": true,
		`lower(smtp.req.command) == "rcpt"`: true, `upper(smtp.req.parameter) contains "FROM:<A@"`: true, "len(lower(smtp.req.command)) == 4": true,
		"max(tcp.srcport, tcp.dstport) == 55713": true, "min(tcp.port) == 25": true, "max(tcp.port, 60000) == 60000": true, "max(ip.src, ip.dst) == 192.168.1.2": true,
		`max(smtp.req.command) == "RCPT"`: true, `min(smtp.req.command) == "DATA"`: true, "max(len(smtp.req.parameter), 3) > 20": true,
		"abs(tcp.window_size_scalefactor) == 2": true, "abs(frame.time_delta) == 0.001": true, "count(smtp.req.command) + 1 == 4": true,
		`string(tcp.dstport) == "25"`: true, `string(ip.src) matches r"^10\."`: true, `string(eth.src) contains "1b:21"`: true, `string(ipv6.src) == "2001:db8::1"`: true,
		`string(frame.number) matches "[13579]$"`: true, `string(tcp.window_size_scalefactor) == "-2"`: true, `string(tcp.dstport + 1) == "26"`: true,
		`string(tcp.dstport)[0] == "2"`: true, "max(pop.response, pop.request) == \"x\"": false,
	} {
		f, err := Parse(text, time.FixedZone("", 2*3600))
		if err != nil {
			t.Errorf("%s: %v", text, err)
			continue
		}
		m := f.Matcher()
		for range 2 { // what is left in the registers does no harm
			if got := m.Match(tree); got != want {
				t.Errorf("%s = %v", text, got)
			}
		}
		for id := range all(f.Needs()) {
			if id == 0 {
				t.Errorf("%s needs nobody", text)
			}
		}
	}
}

func all(s field.Set) map[field.ID]bool {
	m := map[field.ID]bool{}
	for id := range s.All() {
		m[id] = true
	}
	return m
}

func TestNeeds(t *testing.T) {
	f, err := Parse(`smtp.req.command == "RCPT" and not len(imf.subject) > 5 or ip.src#1 == 10.0.0.1 or tls`, nil)
	if err != nil {
		t.Fatal(err)
	}
	var want field.Set
	want.Add(field.SMTPReqCommand, field.IMFSubject, field.IPSrc, field.IP, field.TLS)
	if f.Needs() != want {
		t.Errorf("needs %v", all(f.Needs()))
	}
}

// A Matcher allocates nothing once its registers have grown.
func TestMatchAllocatesNothing(t *testing.T) {
	tree := pipelined(t)
	for _, text := range benchmarks() {
		f, err := Parse(text, nil)
		if err != nil {
			t.Fatal(err)
		}
		m := f.Matcher()
		m.Match(tree)
		if n := testing.AllocsPerRun(100, func() { m.Match(tree) }); n != 0 {
			t.Errorf("%s: %v allocations", text, n)
		}
	}
}

func benchmarks() []string {
	return []string{
		`smtp.req.command == "RCPT"`,
		`pop.request`,
		`imf.subject contains "x"`,
		`frame contains "DATA"`,
		`smtp matches "from.*size=[0-9]+"`,
		`tcp.port in {25, 587, 8000..8999} and ip.addr == 10.0.0.0/8`,
		`lower(smtp.req.command)[0:2] == "rc" && string(tcp.srcport) contains "7" || {tcp.port + 1} * 2 > 5`,
	}
}

func BenchmarkMatch(b *testing.B) {
	tree := pipelined(b)
	for _, text := range benchmarks() {
		b.Run(text, func(b *testing.B) {
			f, err := Parse(text, nil)
			if err != nil {
				b.Fatal(err)
			}
			m := f.Matcher()
			b.ReportAllocs()
			for b.Loop() {
				m.Match(tree)
			}
		})
	}
}

// The longest filters that are taken: what they cost grows with their length.
func BenchmarkParse(b *testing.B) {
	for name, text := range map[string]string{
		"sum":    "5 == " + strings.Repeat("ip.len+", 2200) + "1",
		"slices": "frame" + strings.Repeat("[1:]", 4000) + " == 1",
		"set":    "tcp.port in {" + strings.Repeat("1,", 8000) + "1}",
	} {
		b.Run(name, func(b *testing.B) {
			for b.Loop() {
				if _, err := Parse(text, nil); err != nil {
					b.Fatal(err)
				}
			}
		})
	}
}
