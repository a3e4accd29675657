package report

import (
	"bytes"
	"fmt"
	"net/netip"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"

	"posta/dissect"
	"posta/event"
	"posta/field"
	"posta/story"
	"posta/words"
)

// session makes a session of turns, C or S before each.
func session(t *testing.T, conn uint64, port uint16, turns ...string) *story.Session {
	t.Helper()
	book := story.New(story.Options{Keep: func(*story.Session) bool { return true }})
	d := dissect.New(field.Set{}, func(*dissect.Frame) {})
	d.Tell(book)
	at := time.Date(2026, 11, 26, 9, 0, 0, 0, time.UTC)
	ends := event.Endpoints{Remote: netip.MustParseAddrPort("192.0.2.7:40000"), Local: netip.AddrPortFrom(netip.MustParseAddr("192.0.2.1"), port)}
	d.Feed(&event.Event{Conn: conn, Time: at, Kind: event.Open, Fact: event.Captured{Endpoints: ends, Stream: uint32(conn - 1), Sure: true}})
	off := [2]int64{}
	for i, turn := range turns {
		at = at.Add(time.Second)
		e := event.Event{Conn: conn, Time: at, Kind: event.Data, Layer: event.Text, Packet: uint32(i + 4), Data: []byte(turn[2:]), Len: int64(len(turn) - 2)}
		if turn[0] == 'S' {
			e.Dir = event.FromListener
		}
		e.Off = off[e.Dir]
		off[e.Dir] += e.Len
		d.Feed(&e)
	}
	d.Feed(&event.Event{Conn: conn, Time: at, Kind: event.Close, Packet: 99, Fact: event.Closed{}})
	all, _ := book.Sessions()
	return all[0]
}

func source(t *testing.T, lang string, answers bool) Source {
	t.Helper()
	w, err := words.New(lang)
	if err != nil {
		t.Fatal(err)
	}
	sent := session(t, 1, 25, "S:220 mail.a.example <script>alert(1)</script>\r\n", "C:HELO x\r\n", "S:250 hello\r\n", "C:AUTH PLAIN AGFuYQBwYTw+c3M=\r\n", "S:235 in\r\n",
		"C:MAIL FROM:<ana@a.example>\r\n", "S:250 ok\r\n", "C:RCPT TO:<luis@a.example>\r\n", "S:250 ok\r\n", "C:DATA\r\n", "S:354 go\r\n",
		"C:From: ana@a.example\r\nSubject: <b>bold</b> & \xff\r\n\r\nhola 漢字\r\n.\r\n", "S:250 queued\r\n", "C:QUIT\r\n", "S:221 bye\r\n")
	fetched := session(t, 2, 110, "S:+OK\r\n", "C:USER luis\r\n", "S:+OK\r\n", "C:PASS l\r\n", "S:-ERR no\r\n")
	return Source{Heading: Heading{Group: "7", Members: []string{"Ana <Peña>", "Luis"}, Course: "Redes", Date: time.Date(2026, 11, 26, 0, 0, 0, 0, time.UTC)},
		Sessions: []*story.Session{sent, fetched}, Answers: answers, Words: w,
		Packets: []Packet{{Number: 1, Conn: 1, Flags: flagSYN, Dialer: true}, {Number: 2, Conn: 1, Flags: flagSYN | flagACK}, {Number: 3, Conn: 1, Flags: flagACK, Dialer: true},
			{Number: 5, Conn: 1, Flags: flagACK, Payload: 8, Dialer: true, Protocol: "SMTP", Info: "C: HELO x <i>"}, {Number: 40, Conn: 1, Flags: flagFIN | flagACK}, {Number: 41, Conn: 1, Flags: flagFIN | flagACK, Dialer: true}},
		Files: []File{{Name: "lab.pcapng", Octets: []byte("octets of the capture"), Masked: true}}}
}

func TestPageNeedsNothingElse(t *testing.T) {
	for _, lang := range words.Languages() {
		var out bytes.Buffer
		if err := Of(source(t, lang, false)).HTML(&out); err != nil {
			t.Fatal(err)
		}
		text := out.String()
		if strings.Contains(text, "<no value>") || strings.Contains(text, "report.") {
			t.Errorf("%s: a text is missing", lang)
		}
		for _, foreign := range []string{"<script", "<b>bold", "<i>", "Ana <Pe", "http://", "https://"} {
			if i := strings.Index(text, foreign); i >= 0 && !strings.Contains(foreign+text[i+len(foreign):i+40], "www.w3.org/2000/svg") {
				t.Errorf("%s: the page has %q: %.80q", lang, foreign, text[i:])
			}
		}
		for _, want := range []string{`lang="` + lang + `"`, "Ana &lt;Peña&gt;, Luis", "<svg ", `<table class="strips"><thead>`, `download="lab.pcapng"`, "b2N0ZXRzIG9mIHRoZSBjYXB0dXJl", "pa&lt;&gt;ss"} {
			if !strings.Contains(text, want) {
				t.Errorf("%s: the page lacks %q", lang, want)
			}
		}
		if n := strings.Count(text, `contenteditable="true"`); n != len(practice()) {
			t.Errorf("%s: %d of %d questions have room for an answer", lang, n, len(practice()))
		}
	}
}

func TestAnswers(t *testing.T) {
	var out bytes.Buffer
	if err := Of(source(t, "en", true)).HTML(&out); err != nil {
		t.Fatal(err)
	}
	for _, want := range []string{"Stream 0 (SMTP): opened by the packets 1, 2, 3, closed by 40, 41; the server closed first.",
		"Stream 1 (POP3): how it began and ended was not captured.", "Stream 0 (SMTP): 6 lines from the client, in 1 packet.",
		"Stream 0 (SMTP): HELO → AUTH → MAIL → RCPT → DATA → the message → QUIT", "was sent after a log-in as ana"} {
		if !strings.Contains(out.String(), want) {
			t.Errorf("the answers lack %q", want)
		}
	}
	if strings.Contains(out.String(), "contenteditable") {
		t.Error("there is room for answers beside them")
	}
}

// Behind TURN each end is named by what it said itself, in both parts.
func TestTurnedEnds(t *testing.T) {
	src := source(t, "en", false)
	src.Sessions[0] = session(t, 1, 25, "S:220 mail.a.example\r\n", "C:EHLO c.b.example\r\n", "S:250 TURN\r\n", "C:TURN\r\n", "S:250 go on\r\n",
		"C:220 c.b.example ready\r\n", "S:EHLO out.a.example\r\n", "C:250 c.b.example\r\n", "S:QUIT\r\n", "C:221 bye\r\n")
	src.Zone = time.UTC
	m := maker{Source: src, r: &Report{}, labels: make([]story.Label, len(src.Sessions))}
	m.talked()
	var ends []string
	for _, b := range m.r.blocks {
		if rows, ok := b.(table); ok {
			ends = rows.rows[0].cells[1:3]
		}
	}
	if want := []string{"192.0.2.7:40000\nc.b.example\nc.b.example ready", "192.0.2.1:25\nmail.a.example\nout.a.example"}; !slices.Equal(ends, want) {
		t.Errorf("%q", ends)
	}
}

// The same source makes the same file, whose pages no text leaves.
func TestPDF(t *testing.T) {
	for _, answers := range []bool{false, true} {
		var one, two bytes.Buffer
		for _, out := range []*bytes.Buffer{&one, &two} {
			if err := Of(source(t, "es", answers)).PDF(out); err != nil {
				t.Fatal(err)
			}
		}
		if !bytes.Equal(one.Bytes(), two.Bytes()) {
			t.Error("the same source makes another file")
		}
		for _, want := range []string{"%PDF-1.", "/EmbeddedFile", "lab.pcapng"} {
			if !bytes.Contains(one.Bytes(), []byte(want)) && !bytes.Contains(one.Bytes(), utf16Name(want)) {
				t.Errorf("the PDF lacks %s", want)
			}
		}
		if pages := regexp.MustCompile(`/Type /Page\b[^s]`).FindAll(one.Bytes(), -1); len(pages) < 5 {
			t.Errorf("it has %d pages", len(pages))
		}
	}
}

// utf16Name is a text as PDF may have it.
func utf16Name(text string) (out []byte) {
	for _, c := range text {
		out = append(out, 0, byte(c))
	}
	return out
}

// Long lines and many of them stay inside of their columns and pages.
func TestLinesAreBroken(t *testing.T) {
	src := source(t, "en", false)
	turns := []string{"S:220 x\r\n"}
	for i := range 300 {
		turns = append(turns, fmt.Sprintf("C:NOOP %d %s\r\n", i, strings.Repeat("y", 900)), "S:250 "+strings.Repeat("z ", 200)+"\r\n")
	}
	src.Sessions = append(src.Sessions, session(t, 3, 25, turns...))
	var out bytes.Buffer
	if err := Of(src).PDF(&out); err != nil {
		t.Fatal(err)
	}
	if n := out.Len(); n > 4<<20 {
		t.Errorf("the PDF has %d octets", n)
	}
}
