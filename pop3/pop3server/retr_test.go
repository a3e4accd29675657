package pop3server

import (
	"errors"
	"slices"
	"strconv"
	"strings"
	"testing"

	"posta/event"
	"posta/imf"
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
		if got := facts[event.Fetched](k.w); len(got) != len(letters) || got[0].UIDL != id1 || got[0].UID != 1 || got[0].Account != 7 || got[0].Size != int64(len(letters[0].content())) {
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
	d := newDrops(letter{body: "Subject: ñ\r\n\r\nñ\r\n", utf8: true}, letter{body: "Subject: plain\r\n\r\nx\r\n"})
	k := dial(t, New(config(d)))
	k.login()
	k.play("C: STAT\nS: +OK 2 56\nC: LIST\nS: +OK …\nS: 1 35\nS: 2 21\nS: .\nC: LIST 1\nS: +OK 1 35\n" +
		"C: RETR 1\nS: +OK 35 octets; …\nS: Subject: =?utf-8?q?=C3=B1?=\nS: \nS: ñ\nS: .\n" +
		"C: TOP 1 0\nS: +OK …\nS: Subject: =?utf-8?q?=C3=B1?=\nS: \nS: .\nC: DELE 1\nS: +OK …\nC: STAT\nS: +OK 1 21\n" +
		"C: RSET\nS: +OK …\nC: QUIT\nS: +OK …\nS!")
	k = dial(t, New(config(d)))
	k.play("C: UTF8 x\nS: -ERR …\nC: UTF8\nS: +OK …")
	k.login()
	k.play("C: LIST\nS: +OK …\nS: 1 19\nS: 2 21\nS: .\nC: RETR 1\nS: +OK 19 octets\nS: Subject: ñ\nS: \nS: ñ\nS: .\nC: UTF8\nS: -ERR …")
}

// Where no surrogate can be made the message is refused, and only that one.
func TestNoSurrogate(t *testing.T) {
	long := "Subject: ñ\r\n" + strings.Repeat("X: "+strings.Repeat("x", 90)+"\r\n", maxNarrow/95+1) + "\r\n"
	for name, ruin := range map[string]func(*drops){
		"a long header": func(d *drops) { d.letters[1] = letter{body: long, utf8: true} },
		"a bad disk":    func(d *drops) { d.readErr = errors.New("disk on fire") },
	} {
		t.Run(name, func(t *testing.T) {
			d := newDrops(letter{body: "Subject: ñ\r\n\r\nx\r\n", utf8: true}, letter{body: "Subject: plain\r\n\r\nx\r\n"})
			ruin(d)
			size := len(d.letters[1].body)
			k := dial(t, New(config(d)))
			k.login()
			d.readErr = nil
			k.play("C: LIST 1\nS: +OK 1 " + strconv.Itoa(size) + "\nC: RETR 1\nS: -ERR [UTF8] …\nC: TOP 1 1\nS: -ERR [UTF8] …\n" +
				"C: RETR 2\nS: +OK 21 octets\nS: Subject: plain\nS: \nS: x\nS: .\nC: QUIT\nS: +OK …\nS!")
		})
	}
}

// A surrogate has the size that was told of it, its header is the one that imf
// makes, its body is untouched, and TOP cuts it as any other message.
func FuzzSurrogate(f *testing.F) {
	for _, l := range bodies()[:12] {
		f.Add("Subject: ñ\r\n"+l.prefix+l.body, uint8(1), uint8(1))
	}
	f.Add("X: y\r\nDelivered-To: ñ", uint8(2), uint8(0))
	f.Add("X: y\nReturn-Path: ñ\r\n", uint8(0), uint8(1)) // left out, and the LF is the end
	f.Fuzz(func(t *testing.T, body string, piece, lines uint8) {
		scan := imf.Scanner{Max: maxNarrow}
		scan.Scan([]byte(body))
		if scan.Finish() == imf.TooBig {
			return
		}
		length := scan.Len()
		want := letter{body: string(imf.AppendSurrogate(nil, []byte(body[:length]), scan.Fields())) + body[length:]}
		d := newDrops(letter{body: body, utf8: true})
		d.piece = int(piece)
		k := dial(t, New(config(d)))
		k.login()
		k.play("C: LIST 1\nS: +OK 1 " + strconv.Itoa(len(want.content())) + "\nC: RETR 1\nS: +OK …")
		if got := k.body(); got != want.content() {
			t.Fatalf("RETR of %q: %q, want %q", body, got, want.content())
		}
		k.play("C: TOP 1 " + strconv.Itoa(int(lines)) + "\nS: +OK …")
		if got := k.body(); got != topOf(want, int(lines)) {
			t.Fatalf("TOP of %q: %q, want %q", body, got, topOf(want, int(lines)))
		}
	})
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
