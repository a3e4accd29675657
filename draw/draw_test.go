package draw

import (
	"bytes"
	"encoding/xml"
	"errors"
	"flag"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"golang.org/x/image/font/sfnt"
	"golang.org/x/image/math/fixed"

	"posta/dissect"
	"posta/event"
	"posta/field"
	"posta/story"
)

var update = flag.Bool("update", false, "write the golden files anew")

func samples() map[string][]spoken {
	return map[string][]spoken{"lab": lab(), "pipelined": pipelined(), "starttls": starttls(), "failing": failing(), "turning": turning(),
		"ciphertext": ciphertext(), "long": long(30), "several": several(), "together": together(), "alone": together()[:1]}
}

// golden holds what a picture is against a file.
func golden(t *testing.T, name string, got []byte) {
	t.Helper()
	name = filepath.Join("testdata", name)
	if *update {
		if err := os.WriteFile(name, got, 0o644); err != nil {
			t.Fatal(err)
		}
	}
	want, err := os.ReadFile(name)
	if err != nil {
		t.Fatal(err)
	}
	if bytes.Equal(got, want) {
		return
	}
	a, b := strings.SplitAfter(string(got), "\n"), strings.SplitAfter(string(want), "\n")
	at := 0
	for at < min(len(a), len(b))-1 && a[at] == b[at] {
		at++
	}
	t.Errorf("%s, line %d is\n%.200s\nwant\n%.200s", name, at+1, a[at], b[at])
}

func TestText(t *testing.T) {
	for name, s := range samples() {
		var b bytes.Buffer
		if err := New(hear(t, s...), Options{Words: english(t), Steps: 60}).Text(&b, TextOptions{}); err != nil {
			t.Fatal(err)
		}
		golden(t, name+".txt", b.Bytes())
		for line := range strings.Lines(b.String()) {
			if n := columnsOf(strings.TrimRight(line, "\n")); n > 80 {
				t.Errorf("%s: a line has %d columns: %s", name, n, line)
			}
		}
	}
	var b bytes.Buffer
	if err := New(hear(t, lab()...), Options{Words: speaks(t, "es")}).Text(&b, TextOptions{Width: 120, ASCII: true}); err != nil {
		t.Fatal(err)
	}
	golden(t, "lab.es.ascii.txt", b.Bytes())
}

// The rows of a page that is printed are all of the picture, and well-formed.
func TestStrips(t *testing.T) {
	for name, s := range samples() {
		d := New(hear(t, s...), Options{Words: english(t), Steps: 60})
		var whole, strips bytes.Buffer
		if err := errors.Join(d.SVG(&whole, Light), d.Strips(&strips, Light)); err != nil {
			t.Fatal(err)
		}
		if n := strings.Count(strips.String(), "<thead>"); n != 1 {
			t.Errorf("%s has %d heads", name, n)
		}
		if got, want := strings.Count(strips.String(), ">"+"QUIT<"), strings.Count(whole.String(), ">"+"QUIT<"); got != want {
			t.Errorf("%s: %d QUIT in strips, %d in the picture", name, got, want)
		}
		in := xml.NewDecoder(strings.NewReader("<table>" + strips.String() + "</table>"))
		for {
			if _, err := in.Token(); err == io.EOF {
				break
			} else if err != nil {
				t.Fatalf("%s: %v", name, err)
			}
		}
	}
}

// Sessions have the numbers of the list, or are streams of their capture.
func TestNumbers(t *testing.T) {
	all := hear(t, lab()...)
	for i, s := range all {
		s.Number = uint64(9_990 + i)
	}
	var b bytes.Buffer
	d := New(all, Options{Words: english(t)})
	if err := errors.Join(d.Text(&b, TextOptions{}), d.SVG(&b, Light), d.Mermaid(&b)); err != nil {
		t.Fatal(err)
	}
	for _, want := range []string{"┈ session 9990 SMTP: connection", "(9991) │", "the message of session 999", ">session 9991 POP3<", "Note over p0,p1: session 9990 SMTP"} {
		if !strings.Contains(b.String(), want) {
			t.Errorf("no %q in\n%s", want, b.String())
		}
	}
	for line := range strings.Lines(b.String()[:strings.Index(b.String(), "<svg")]) {
		if n := columnsOf(strings.TrimRight(line, "\n")); n > 80 {
			t.Errorf("a line has %d columns: %s", n, line)
		}
	}
	for _, s := range all {
		s.Number = 0
	}
	b.Reset()
	if err := New(all, Options{Words: english(t)}).Text(&b, TextOptions{}); err != nil {
		t.Fatal(err)
	}
	for _, want := range []string{"┈ stream 0 SMTP: connection", "the message of stream 1"} {
		if !strings.Contains(b.String(), want) {
			t.Errorf("no %q in\n%s", want, b.String())
		}
	}
}

// Why a session ended is drawn where it is known, as of a certificate that proved
// nothing: nothing that was said tells it.
func TestEnding(t *testing.T) {
	const why = "no valid certificate"
	for _, known := range []string{"", why} {
		var b bytes.Buffer
		d := New(hear(t, lab()...), Options{Words: english(t), Ending: func(s *story.Session) string {
			if s.Protocol == "pop3" {
				return known
			}
			return ""
		}})
		if err := errors.Join(d.Text(&b, TextOptions{}), d.SVG(&b, Light), d.Mermaid(&b)); err != nil {
			t.Fatal(err)
		}
		if n, want := strings.Count(b.String(), why), 3*len(known)/len(why); n != want {
			t.Errorf("%q is drawn %d times:\n%s", known, n, b.String())
		}
	}
}

func TestMermaid(t *testing.T) {
	for name, s := range samples() {
		var b bytes.Buffer
		if err := New(hear(t, s...), Options{Words: english(t), Steps: 60}).Mermaid(&b); err != nil {
			t.Fatal(err)
		}
		golden(t, name+".mmd", b.Bytes())
	}
	if got, want := mermaid("a; end #1 <b>\n"), "a#59; #101;nd #35;1 #60;b#62;#10;"; got != want {
		t.Errorf("escaped as %s, want %s", got, want)
	}
}

// A session of very many acts is folded, and a picture stays small.
func TestFolded(t *testing.T) {
	d := New(hear(t, long(15000)...), Options{Words: english(t)})
	if n := len(d.steps); n > usualSteps+20 || n < usualSteps/2 {
		t.Errorf("%d steps are drawn", n)
	}
	var b bytes.Buffer
	if err := d.Text(&b, TextOptions{}); err != nil || !strings.Contains(b.String(), "steps are not drawn") || !strings.Contains(b.String(), "messages among them") {
		t.Errorf("%v, and it is not said what is left out:\n%s", err, b.String())
	}
	for kind, draw := range pictures(d, Light) {
		b.Reset()
		if err := draw(&b); err != nil || b.Len() > 8<<20 {
			t.Errorf("%s: %d octets, %v", kind, b.Len(), err)
		}
	}
}

func TestManySessions(t *testing.T) {
	var all []spoken
	for i := range 100 {
		all = append(all, spoken{client: fmt.Sprintf("192.0.2.%d:40000", 1+i%4), server: "192.0.2.200:25", began: float64(i),
			turns: []string{"S 0.1 220 mx.example|", "C 0.1 HELO x|", "S 0.1 250 mx.example|", "C 0.1 QUIT|", "S 0.1 221 bye|"}})
	}
	d := New(hear(t, all...), Options{Words: english(t)})
	if len(d.sessions) != maxSessions || d.Left() != 100-maxSessions || len(d.actors) != 5 {
		t.Errorf("%d sessions of %d actors are drawn, %d are not", len(d.sessions), len(d.actors), d.Left())
	}
	for kind, draw := range pictures(d, Light) {
		var b bytes.Buffer
		if err := draw(&b); err != nil || b.Len() > 8<<20 {
			t.Errorf("%s: %d octets, %v", kind, b.Len(), err)
		}
	}
}

// What the server knows of its session, beyond what was said, changes nothing.
func TestOnlyWhatWasSaid(t *testing.T) {
	facts := []any{event.Named{Helo: "x"}, event.Authenticated{User: "ana"}, event.Accepted{ID: "q1", MessageID: "m"}, event.Note{Text: "a correction"}, event.Delivered{ID: "q1"}}
	var texts [2]string
	for i := range texts {
		all := hear(t, lab()...)
		if i == 1 {
			for _, s := range all {
				s.Stream, s.Listener, s.Mode, s.Reason = -1, "smtp", "lab", "quit"
				var acts []*story.Act
				for n, a := range s.Acts {
					acts = append(acts, a, &story.Act{Kind: story.Fact, At: a.At, Until: a.Until, Phase: a.Phase, Event: facts[n%len(facts)]})
				}
				s.Acts = acts
				s.Count = len(acts)
			}
		}
		var b bytes.Buffer
		if err := New(all, Options{Words: english(t)}).Text(&b, TextOptions{}); err != nil {
			t.Fatal(err)
		}
		texts[i] = b.String()
	}
	if texts[0] != texts[1] {
		t.Errorf("from a capture\n%s\nfrom a recording\n%s", texts[0], texts[1])
	}
}

// A font that a picture carries has the outlines of what is used, and no others.
func TestSubset(t *testing.T) {
	f, err := newFonts()
	if err != nil {
		t.Fatal(err)
	}
	for which := range faces {
		octets := f.subset(which, map[rune]bool{'a': true, 'Å': true, 'ñ': true})
		if len(octets) > len(f.octets[which])/2 {
			t.Errorf("face %d: %d octets of %d", which, len(octets), len(f.octets[which]))
		}
		font, err := sfnt.Parse(octets)
		if err != nil {
			t.Fatal(err)
		}
		var buf sfnt.Buffer
		for r, want := range map[rune]bool{'a': true, 'Å': true, 'ñ': true, 'b': false} {
			glyph, err := font.GlyphIndex(&buf, r)
			if err != nil || glyph == 0 {
				t.Fatalf("face %d has no %c: %v", which, r, err)
			}
			segments, err := font.LoadGlyph(&buf, glyph, fixed.I(1000), nil)
			if err != nil || len(segments) > 0 != want {
				t.Errorf("face %d: %c has %d segments, %v", which, r, len(segments), err)
			}
		}
	}
}

// Packets of TCP are drawn where that is asked, and otherwise not.
func TestPackets(t *testing.T) {
	for _, asked := range []bool{false, true} {
		book := story.New(story.Options{Keep: func(*story.Session) bool { return true }, Packets: asked})
		d := dissect.New(field.Set{}, func(*dissect.Frame) {})
		d.Tell(book)
		number := uint32(0)
		packet := func(dir event.Dir, flags uint16, n int32, marks event.Marks) {
			number++
			d.Feed(&event.Event{Conn: 1, Kind: event.Packet, Dir: dir, Packet: number, Fact: &event.Segment{Net: -1, Transport: -1, Payload: -1, Flags: flags, Len: n, Marks: marks}})
		}
		pipelined()[0].play(t, 1, book, func(e *event.Event) {
			switch e.Kind {
			case event.Data:
				packet(e.Dir, 0x18, int32(e.Len), 0)
				packet(1-e.Dir, 0x10, 0, event.Retransmission)
			case event.Open:
				defer packet(event.FromDialer, 0x02, 0, 0)
			}
			d.Feed(e)
		})
		all, _ := book.Sessions()
		l, err := newLayout(New(all, Options{Words: english(t)}))
		if err != nil {
			t.Fatal(err)
		}
		checkPage(t, "packets", l, l.pages(0)[0])
		var b bytes.Buffer
		if err := l.d.Text(&b, TextOptions{}); err != nil {
			t.Fatal(err)
		}
		for _, text := range []string{"├╌ SYN Seq=0 ╌", "╌ PSH, ACK Seq=0 Ack=0 Len=26 ╌", "╌ ACK Seq=0 Ack=0 sent again ╌"} {
			if strings.Contains(b.String(), text) != asked {
				t.Errorf("asked %v, %q:\n%s", asked, text, b.String())
			}
		}
		if n := strings.Count(b.String(), "┈ close ┈"); n != 1 {
			t.Errorf("%d bands begin with close:\n%s", n, b.String())
		}
	}
}

// An address is whole in its head, however long; and what a font lacks has its place.
func TestLongAddressesAndForeignLetters(t *testing.T) {
	l, err := newLayout(New(hear(t, spoken{client: "[2001:db8:1234:5678:9abc:def0:1234:5678]:50000", server: "[2001:db8:ffff:ffff:ffff:ffff:ffff:ffff]:2525",
		turns: []string{"S 1 220 mx.example.net|", "C 1 EHLO pc|", "S 1 250 mx.example.net|", "C 1 VRFY 漢字|"}}), Options{Words: english(t)}))
	if err != nil {
		t.Fatal(err)
	}
	said := ""
	for _, b := range boxes(l, l.pages(0)[0]) {
		said += b.text + "|"
	}
	if !strings.Contains(said, "[2001:db8:1234:5678:9abc:|def0:1234:5678]:50000|") || !strings.Contains(said, "VRFY 漢字|") {
		t.Error(said)
	}
	for which := range faces {
		got := l.f.printable(which, "a漢é")
		if r := []rune(got); len(r) != 3 || r[0] != 'a' || r[1] == '漢' || !l.f.has(which, r[1]) || r[2] != 'é' {
			t.Errorf("face %d writes %q", which, got)
		}
	}
}
