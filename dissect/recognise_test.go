package dissect

import (
	"encoding/binary"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"posta/capture"
	"posta/capture/capturetest"
	"posta/event"
	"posta/field"
)

// moved gives the packets of a capture with mail's ports a thousand higher, and
// without those that are to be left out, told by their number in their stream.
func moved(t *testing.T, path string, drop func(fromServer bool, n int) bool, out func(*Frame)) {
	t.Helper()
	file, err := os.Open(path)
	if err != nil {
		t.Fatal(err)
	}
	defer file.Close()
	r, err := capture.NewReader(file)
	if err != nil {
		t.Fatal(err)
	}
	defer r.Close()
	var want field.Set
	want.Add(said()...)
	want.Add(field.TCPStream)
	j := capture.NewJoiner(sink{New(want, out)}, capture.Limits{})
	place := &where{}
	places := capture.NewJoiner(place, capture.Limits{})
	seen := map[uint64]int{}
	for {
		var p capture.Packet
		if err := r.Next(&p); err != nil {
			break
		}
		places.Feed(&p)
		if place.seg.Transport < 0 || place.seg.Proto != protoTCP || len(place.seg.Whole) > 0 || int(place.seg.Transport)+4 > len(p.Data) {
			continue
		}
		header := p.Data[place.seg.Transport:]
		fromServer := false
		for i := range 2 {
			if port := binary.BigEndian.Uint16(header[2*i:]); slices.Contains([]uint16{25, 587, 110, 143}, port) {
				binary.BigEndian.PutUint16(header[2*i:], port+1000)
				fromServer = i == 0
			}
		}
		if place.seg.Len > 0 {
			seen[place.conn]++
		}
		if !drop(fromServer, seen[place.conn]) {
			j.Feed(&p)
		}
	}
	j.End()
}

// where is an event.Sink that keeps the latest packet's place.
type where struct {
	seg  event.Segment
	conn uint64
}

func (w *where) Emit(e *event.Event) {
	if e.Kind == event.Packet {
		w.seg, w.conn = *e.Fact.(*event.Segment), e.Conn
	}
}
func (*where) Wants(uint64, event.Layer, event.Part) bool { return false }

// clearCaptures are those of SMTP, POP3 and IMAP in the clear at the usual ports.
func clearCaptures(t *testing.T) (paths []string) {
	t.Helper()
	for _, answer := range capturetest.Answers(t) {
		path := strings.TrimSuffix(answer, ".tshark.jsonl")
		switch name := filepath.Base(path); {
		case strings.Contains(name, "socks"), strings.Contains(name, "smtps"), strings.Contains(name, "url-base64"), strings.Contains(name, "redis"),
			name == "smtp-errors.pcap": // its first stream's port, 465, is no reason to look for SMTP at 1465
		default:
			paths = append(paths, path)
		}
	}
	return paths
}

// heardIn are the fields of SMTP and so on that are said in a capture.
func heardIn(t *testing.T, path string, drop func(fromServer bool, n int) bool) (fields []string) {
	t.Helper()
	moved(t, path, drop, func(f *Frame) {
		for _, n := range f.Tree.Nodes {
			if n.Def.ID != field.TCPStream {
				fields = append(fields, n.Def.Name+"="+string(n.Def.Type.Append(nil, n.Val)))
			}
		}
	})
	return fields
}

// Mail is read at any port as it is at its own.
func TestMailAtOtherPorts(t *testing.T) {
	frames := 0
	for _, path := range clearCaptures(t) {
		var want field.Set
		want.Add(said()...)
		var usual []string
		read(t, path, want, func(f *Frame) {
			for _, n := range f.Tree.Nodes {
				usual = append(usual, n.Def.Name+"="+string(n.Def.Type.Append(nil, n.Val)))
			}
		})
		other := heardIn(t, path, func(bool, int) bool { return false })
		frames += len(other)
		if !slices.Equal(usual, other) {
			t.Errorf("%s: %d fields at the usual port, %d at another", path, len(usual), len(other))
		}
	}
	if frames < 2000 {
		t.Errorf("only %d fields", frames)
	}
}

// Of a capture of one side, and of one that begins in the middle, what is there
// is read at any port.
func TestPartsAtOtherPorts(t *testing.T) {
	found := [3]int{}
	paths := clearCaptures(t)
	for _, path := range paths {
		for i, drop := range []func(fromServer bool, n int) bool{
			func(fromServer bool, _ int) bool { return fromServer },
			func(fromServer bool, _ int) bool { return !fromServer },
			func(_ bool, n int) bool { return n < 3 },
		} {
			if len(heardIn(t, path, drop)) > 0 {
				found[i]++
			}
		}
	}
	for i, n := range found { // the others have not a word of that side, or none of the clear ones
		if 10*n < 9*len(paths) {
			t.Errorf("way %d: mail in %d of %d captures", i, n, len(paths))
		}
	}
	t.Logf("of %d captures: the client alone %d, the server alone %d, from the middle %d", len(paths), found[0], found[1], found[2])
}

// What is not mail is not taken for it.
func TestNotMail(t *testing.T) {
	for _, said := range [][]string{
		{"S:220 ProFTPD Server\r\n", "C:USER x\r\n", "S:331 Password\r\n", "C:PASS x\r\n", "S:230 in\r\n", "C:STAT\r\n", "C:RETR file\r\n"},
		{"C:*1\r\n$4\r\nPING\r\n", "S:+OK\r\n", "C:DEL 1\r\n", "S:-ERR unknown\r\n"},
		{"C:GET / HTTP/1.1\r\n\r\n", "S:HTTP/1.1 200 OK\r\n\r\n"},
		{"S:200 news\r\n", "C:LIST\r\n", "S:215 list\r\n"},
		{"S:SSH-2.0-x\r\n", "C:SSH-2.0-y\r\n"},
	} {
		if got := heard(Fields(), 100, said...); strings.Contains(got, "smtp") || strings.Contains(got, "pop") || strings.Contains(got, "imap") {
			t.Errorf("%q: %s", said, got)
		}
	}
}
