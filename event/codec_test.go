package event

import (
	"bytes"
	"errors"
	"go/ast"
	"go/parser"
	"go/token"
	"net/netip"
	"reflect"
	"testing"
	"time"
)

func facts() []any {
	ends := Endpoints{netip.MustParseAddrPort("[2001:db8::1%eth0]:40000"), netip.MustParseAddrPort("192.0.2.1:25")}
	return []any{
		nil,
		Opened{Endpoints: ends, Protocol: "smtp", Listener: "submission", Mode: "strict", TLS: true},
		Opened{},
		Secured{Version: "TLSv1.3", Cipher: "TLS_AES_128_GCM_SHA256", ServerName: "mx.example.net"},
		Closed{Reason: "quit"},
		Named{Helo: "client.example"},
		Authenticated{Mechanism: "PLAIN", User: "pepe", OK: true, Reason: "why"},
		Refused{Verb: "RCPT", Reply: "550 5.1.1 no", Path: "nadie@b.example"},
		Enveloped{From: "a@b.example"},
		Addressed{To: "ñ@b.example"},
		Accepted{ID: "x1", MessageID: "m@b.example", From: "a@b.example", Recipients: 3, Size: 1 << 40},
		Foreign{ID: "x1", Account: "luis@b.example", Field: "Resent-From", Address: "a@b.example"},
		Delivered{ID: "x1", To: []Delivery{{"l@b.example", "ñ@b.example", 1 << 40, 1<<32 - 1}, {}}},
		Queued{ID: "x1", To: []Onward{{"list@a.example", "a@b.example"}, {}}},
		Missed{ID: "x1", Failed: true, Why: "no way", To: []Onward{{"list@a.example", "a@b.example"}}},
		Missed{},
		Written{From: "eva@c.example"},
		Written{},
		Halted{ID: "q1", Recipient: "a@b.example", Released: true},
		Halted{},
		Collected{By: "POP3", Host: "pop.example:110", User: "ana"},
		Collected{},
		Asked{By: "ETRN", Site: "north", Domains: []string{"a.example", "b.example"}},
		Asked{},
		Attempted{ID: "x1", Recipient: "a@b.example", Outcome: "delayed", Host: "mx.b.example", Addr: "192.0.2.1:25", TLS: "TLSv1.3",
			Reply: "450 4.2.1 later", Session: 1 << 40, Delay: time.Hour, Next: time.Unix(1<<31, 5).UTC()},
		Attempted{Outcome: "failed"},
		Attempted{ID: "x2", Outcome: "relayed", Earlier: true, From: "a@b.example", MessageID: "m@b.example"},
		Attempted{Outcome: "failed", Earlier: true},
		Attempted{ID: "x3", Outcome: "delayed", AsOf: time.Unix(1<<31, 7).UTC()},
		Attempted{Outcome: "failed", Earlier: true, From: "a@b.example", AsOf: time.Unix(1<<31, 7).UTC()},
		Fetched{Account: 7, UID: 9, UIDL: "u", Size: 4096},
		Deleted{Account: 7, Messages: 12, UIDs: []uint32{1, 2, 1<<32 - 1}},
		Banned{User: "pepe", Until: time.Unix(1800000000, 5).UTC()},
		Captured{Endpoints: ends, Stream: 1<<32 - 1, First: FromListener, Sure: true},
		&Segment{Link: 276, Interface: 1<<16 - 1, Proto: 6, Net: 14, Inner: 70, Transport: 34, Payload: 54, Len: 1 << 16, Seq: 1 << 31, Ack: 7, Flags: 0x18,
			Off: -1, Marks: Retransmission | Late, Whole: []byte("x"), Comments: []string{"a comment", ""}},
		&Segment{Net: -1, Transport: -1, Payload: -1},
		Note{Text: "21 telnet negotiation octets"},
	}
}

func full(fact any) Event {
	return Event{Conn: 1 << 63, Seq: 7, Time: time.Unix(1700000000, 123456789).UTC(), Kind: State,
		Dir: FromListener, Layer: Text, Part: Body, Dot: true, Packet: 1<<32 - 1, Off: 1 << 50, Len: -1,
		Data: []byte("AUTH PLAIN x\r\n"), Mask: []Span{{11, 1}, {0, 4}}, Fact: fact}
}

func TestCodecRoundTrip(t *testing.T) {
	var stream []byte
	var want []Event
	for _, f := range facts() {
		want = append(want, full(f))
	}
	want = append(want, Event{Time: time.Time{}}, Event{Part: Body, Time: time.Unix(0, 0).UTC()}, Event{Data: []byte{}, Time: time.Unix(0, 0).UTC()})
	for i := range want {
		var err error
		if stream, err = Append(stream, &want[i]); err != nil {
			t.Fatal(err)
		}
	}
	for i := range want {
		var got Event
		n, err := Decode(stream, &got)
		if err != nil {
			t.Fatalf("event %d: %v", i, err)
		}
		if m, kind, conn, err := Head(stream); m != n || kind != got.Kind || conn != got.Conn || err != nil {
			t.Errorf("event %d begins as one of kind %d, connection %d, %d octets (%v)", i, kind, conn, m, err)
		}
		if !reflect.DeepEqual(got, want[i]) {
			t.Errorf("got %+v\nwant %+v", got, want[i])
		}
		stream = stream[n:]
	}
	if len(stream) != 0 {
		t.Errorf("%d octets are left", len(stream))
	}
}

// Every type of fact.go and captured.go is in the table above, so that none is forgotten.
func TestCodecKnowsEveryFact(t *testing.T) {
	known := map[string]bool{"Delivery": true, "Onward": true, "Marks": true} // parts of Delivered, Queued and Segment
	for _, f := range facts() {
		if f != nil {
			known[reflect.Indirect(reflect.ValueOf(f)).Type().Name()] = true
		}
	}
	for _, name := range []string{"fact.go", "captured.go"} {
		file, err := parser.ParseFile(token.NewFileSet(), name, nil, 0)
		if err != nil {
			t.Fatal(err)
		}
		ast.Inspect(file, func(n ast.Node) bool {
			if spec, ok := n.(*ast.TypeSpec); ok && !known[spec.Name.Name] {
				t.Errorf("no test of the codec has a %s", spec.Name.Name)
			}
			return true
		})
	}
}

func TestCodecCutAnywhere(t *testing.T) {
	for _, f := range facts() {
		e := full(f)
		rec, err := Append(nil, &e)
		if err != nil {
			t.Fatal(err)
		}
		for n := range rec {
			if _, err := Decode(rec[:n], &e); !errors.Is(err, ErrShort) {
				t.Fatalf("%d of %d octets of a %T gave %v", n, len(rec), f, err)
			}
		}
	}
}

func TestCodecRefuses(t *testing.T) {
	var e Event
	if rec, err := Append([]byte("kept"), &Event{Fact: 5}); err == nil || string(rec) != "kept" {
		t.Errorf("a strange fact gave %q, %v", rec, err)
	}
	if rec, err := Append([]byte("kept"), &Event{Data: make([]byte, MaxRecord)}); err == nil || string(rec) != "kept" {
		t.Errorf("too large a record gave %d octets, %v", len(rec), err)
	}
	if n, err := Decode([]byte{2, 99, 0, 7}, &e); !errors.Is(err, ErrVersion) || n != 3 {
		t.Errorf("another version gave %d, %v", n, err)
	}
	for _, rec := range [][]byte{{0}, {0xff, 0xff, 0xff, 0xff, 0x7f}, {1, Version}, bytes.Repeat([]byte{0xff}, 20)} {
		if _, err := Decode(rec, &e); !errors.Is(err, ErrDamaged) {
			t.Errorf("% x gave %v", rec, err)
		}
	}
}

func FuzzDecode(f *testing.F) {
	for _, fact := range facts() {
		e := full(fact)
		rec, err := Append(nil, &e)
		if err != nil {
			f.Fatal(err)
		}
		f.Add(rec)
	}
	f.Fuzz(func(t *testing.T, src []byte) {
		var e, back Event
		n, err := Decode(src, &e)
		if m, kind, conn, bad := Head(src); err == nil && (m != n || kind != e.Kind || conn != e.Conn || bad != nil) || m > len(src) {
			t.Fatalf("it begins as %d octets of kind %d, connection %d (%v)", m, kind, conn, bad)
		}
		if n > len(src) || err == nil && n == 0 {
			t.Fatalf("%d of %d octets, %v", n, len(src), err)
		}
		if err != nil {
			return
		}
		rec, err := Append(nil, &e)
		if err != nil {
			t.Fatal(err)
		}
		if _, err := Decode(rec, &back); err != nil || !reflect.DeepEqual(e, back) {
			t.Errorf("%+v became %+v, %v", e, back, err)
		}
	})
}

func BenchmarkAppend(b *testing.B) {
	e := full(Refused{Verb: "RCPT", Reply: "550 5.1.1 no"})
	var buf []byte
	for b.Loop() {
		buf, _ = Append(buf[:0], &e)
	}
}
