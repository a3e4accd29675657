package pop3server

import (
	"errors"
	"slices"
	"strconv"
	"strings"
	"testing"

	"posta/event"
)

// bodies are messages whose octets are easily harmed on the way.
func bodies() []letter {
	return []letter{
		{body: "Subject: x\r\n\r\n.\r\n..\r\n.a\r\nb.\r\n"},
		{body: ".starts with a dot\r\n"},
		{body: ".\r\n"},
		{body: "."},
		{body: "\r\n.\r\n"},
		{body: "no end of line"},
		{body: "Subject: x\r\n\r\nno end of line"},
		{body: "ends in CR\r"},
		{body: ""},
		{prefix: "Return-Path: <a@b>\r\n", body: ""},
		{prefix: "Return-Path: <a@b>\r\nReceived: by x\r\n", body: "Subject: x\r\n\r\nbody\r\n"},
		{prefix: "Return-Path: <a@b>\r\n", body: ".dot\r\n\r\n.\r\n"},
		{body: "\r\n"},
		{body: "\r\n\r\n\r\n"},
		{body: "8 bit \xff\x80\x00 and ñ\r\n"},
		{body: "a\nb\n.\nc\r\r\n.x\r\n"},
		{body: "Subject: long\r\n\r\n" + strings.Repeat("."+strings.Repeat("y", 5000)+"\r\n", 50)},
	}
}

// rfc: 1939-11-1 1939-5.RETR-2 1939-3-3
func TestRetrIsByteExact(t *testing.T) {
	letters := bodies()
	for _, piece := range []int{0, 1, 2, 3, 7, 4096} {
		d := newDrops(letters...)
		d.piece = piece
		k := dial(t, New(config(d)))
		k.login()
		for i, l := range letters {
			want := l.content()
			k.play("C: RETR " + strconv.Itoa(i+1) + "\nS: +OK " + strconv.Itoa(len(want)) + " octets")
			if got := k.body(); got != want {
				t.Fatalf("message %d in pieces of %d: %q, want %q", i+1, piece, got, want)
			}
			k.play("C: LIST " + strconv.Itoa(i+1) + "\nS: +OK " + strconv.Itoa(i+1) + " " + strconv.Itoa(len(want)))
		}
		if got := facts[event.Fetched](k.w); len(got) != len(letters) || got[0].UIDL != id1 || got[0].Size != int64(len(letters[0].content())) {
			t.Errorf("facts %+v", got)
		}
		k.peer.Close()
		<-k.done
		if d.closed != 1 {
			t.Error("the reader was not closed")
		}
	}
}

// topOf is the plain way to say what TOP must give.
func topOf(l letter, n int) string {
	out, body := "", false
	for line := range strings.SplitAfterSeq(l.content(), "\r\n") {
		if body && n == 0 {
			break
		}
		if out += line; body {
			n--
		}
		body = body || line == "\r\n"
	}
	return out
}

// rfc: 1939-7.TOP-1 1939-7.TOP-2
func TestTop(t *testing.T) {
	letters := bodies()
	for _, piece := range []int{0, 1, 2, 3, 7, 4096} {
		d := newDrops(letters...)
		d.piece = piece
		k := dial(t, New(config(d)))
		k.login()
		for i, l := range letters {
			for _, n := range []int{0, 1, 2, 3, 100000} {
				k.play("C: TOP " + strconv.Itoa(i+1) + " " + strconv.Itoa(n) + "\nS: +OK …")
				if got, want := k.body(), topOf(l, n); got != want {
					t.Fatalf("TOP %d %d in pieces of %d: %q, want %q", i+1, n, piece, got, want)
				}
			}
		}
	}
}

// TOP reads no more than it sends.
func TestTopStopsEarly(t *testing.T) {
	d := newDrops(letter{body: "Subject: x\r\n\r\n" + strings.Repeat("line\r\n", 100000)}, letter{body: "x\r\n"})
	d.piece = 64
	k := dial(t, New(config(d)))
	k.login()
	k.play("C: TOP 1 2\nS: +OK …\nS: Subject: x\nS: \nS: line\nS: line\nS: .")
	if d.read > 128 {
		t.Errorf("%d octets read for TOP 1 2", d.read)
	}
	if d.next[0] != 0 {
		t.Error("read ahead of a large message")
	}
}

// Who fetches in order gets what follows read ahead; others do not.
func TestReadAhead(t *testing.T) {
	letters := make([]letter, 200)
	for i := range letters {
		letters[i].body = "x\r\n"
	}
	d := newDrops(letters...)
	k := dial(t, New(config(d)))
	k.login()
	for _, n := range []int{1, 2, 2, 50, 51, 10, 199, 200} {
		k.play("C: RETR " + strconv.Itoa(n) + "\nS: +OK …\nS: x\nS: .")
	}
	if want := []int{64, 64, 64, 0, 64, 0, 0, 0}; !slices.Equal(d.next, want) {
		t.Errorf("read ahead %v, want %v", d.next, want)
	}
}

func TestRetrFails(t *testing.T) {
	d := newDrops(letter{body: strings.Repeat("x", 100) + "\r\n"})
	k := dial(t, New(config(d)))
	k.login()
	d.readErr = errors.New("disk on fire")
	k.play("C: RETR 1\nS: -ERR [SYS/TEMP] …\nC: NOOP\nS: +OK\nC: DELE 1\nS: +OK …")
	k.play("C: RSET\nS: +OK …")
	d.readErr, d.torn, d.piece = nil, true, 10
	k.send("RETR 1\r\nDELE 1\r\nQUIT\r\n")
	k.expect("+OK 102 octets")
	rest, _ := k.r.ReadString(0)
	if strings.Contains(rest, "\r\n.\r\n") || rest != strings.Repeat("x", 10) {
		t.Errorf("a torn message looks whole: %q", rest)
	}
	k.peer.Close()
	<-k.done
	if len(d.letters) != 1 {
		t.Error("a message that was not sent is deleted")
	}
}

func TestUTF8(t *testing.T) {
	d := newDrops(letter{body: "Subject: ñ\r\n\r\nx\r\n", utf8: true})
	k := dial(t, New(config(d)))
	k.login()
	k.play("C: LIST\nS: +OK …\nS: 1 18\nS: .\nC: RETR 1\nS: -ERR [UTF8] …\nC: TOP 1 1\nS: -ERR [UTF8] …\nC: QUIT\nS: +OK …\nS!")
	k = dial(t, New(config(d)))
	k.play("C: UTF8 x\nS: -ERR …\nC: UTF8\nS: +OK …")
	k.login()
	k.play("C: LIST\nS: +OK …\nS: 1 18\nS: .\nC: RETR 1\nS: +OK 18 octets\nS: Subject: ñ\nS: \nS: x\nS: .\nC: UTF8\nS: -ERR …")
}

// Any message comes out of RETR and TOP as it is, however it is read.
func FuzzParcel(f *testing.F) {
	for _, l := range bodies()[:12] {
		f.Add(l.prefix+l.body, uint8(1), uint8(1))
	}
	f.Fuzz(func(t *testing.T, body string, piece, lines uint8) {
		l := letter{body: body}
		d := newDrops(l)
		d.piece = int(piece)
		k := dial(t, New(config(d)))
		k.login()
		k.play("C: RETR 1\nS: +OK " + strconv.Itoa(len(l.content())) + " octets")
		if got := k.body(); got != l.content() {
			t.Fatalf("RETR of %q: %q", body, got)
		}
		k.play("C: TOP 1 " + strconv.Itoa(int(lines)) + "\nS: +OK …")
		if got := k.body(); got != topOf(l, int(lines)) {
			t.Fatalf("TOP of %q: %q, want %q", body, got, topOf(l, int(lines)))
		}
	})
}

func BenchmarkRetr(b *testing.B) {
	l := letter{body: "Subject: x\r\n\r\n" + strings.Repeat(strings.Repeat("y", 70)+"\r\n", 56)}
	k := dial(b, New(config(newDrops(l))))
	k.login()
	answer := len("+OK 4046 octets\r\n.\r\n") + len(l.body)
	b.ReportAllocs()
	for b.Loop() {
		k.send("RETR 1\r\n")
		if _, err := k.r.Discard(answer); err != nil {
			b.Fatal(err)
		}
	}
}
