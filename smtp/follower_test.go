package smtp

import (
	"fmt"
	"strings"
	"testing"

	"posta/text"
)

// follower reads what both sides send, in the pieces it comes in, as Dialog
// says it is to be read.
type follower struct {
	d    Dialog
	part [2][]byte // of a line
	is   [2]Expect // what part is
	line [2]text.Line
	dot  text.Dot
	told func(Side, string)
	raw  func(Side, string) // whole lines, where they are wanted
}

func (f *follower) push(s Side, octets []byte) {
	for len(octets) > 0 {
		what, left, _ := f.d.Next(s)
		if len(f.part[s]) > 0 {
			what = f.is[s]
		}
		n := 0
		switch what {
		case Opaque:
			f.told(s, "opaque")
			return
		case Chunk:
			n = int(min(left, int64(len(octets))))
			f.d.Data(int64(n), false)
		case MailData:
			var done bool
			_, n, done, _ = f.dot.Scan(nil, octets)
			f.d.Data(int64(n), done)
			if done {
				f.dot = text.Dot{}
				f.told(s, "end of data")
			}
		default:
			f.dot = text.Dot{}
			var end text.Ends
			n, end = f.line[s].Scan(octets)
			f.part[s], f.is[s] = append(f.part[s], octets[:n]...), what
			if end != 0 {
				line := f.part[s]
				f.part[s] = nil
				f.take(s, what, line[:len(line)-end.Len()])
			}
		}
		octets = octets[n:]
	}
}

func (f *follower) take(s Side, what Expect, line []byte) {
	if what == AuthLine {
		if f.d.Auth(line) {
			f.told(s, "auth")
			return
		}
		what = CommandLine
	}
	if f.raw != nil {
		f.raw(s, string(line))
	}
	if what == CommandLine {
		c, _ := f.d.Command(line)
		f.told(s, strings.TrimRight(c.Name+" "+c.Arg, " "))
		return
	}
	a, done, err := f.d.Reply(string(line))
	switch {
	case err != nil:
		f.told(s, "no reply: "+string(line))
	case done:
		f.told(s, shownAnswer(a))
	}
}

func shownAnswer(a Answer) string {
	to := a.Verb.String()
	switch {
	case a.Greeting:
		to = "greeting"
	case a.Body:
		to = "body"
	case a.Verb == Unknown:
		to = "?"
	}
	if !a.Sure {
		to += " unsure"
	}
	return fmt.Sprintf("%d to %s", a.Code, to)
}

func TestDialogIsBounded(t *testing.T) {
	var d Dialog
	for range 10 * maxWaiting {
		d.Command([]byte("RSET"))
	}
	if len(d.waiting) > maxWaiting {
		t.Errorf("%d commands wait", len(d.waiting))
	}
	if _, _, sure := d.Next(Client); sure {
		t.Error("it is sure")
	}
}

func TestDialogTurned(t *testing.T) {
	var d Dialog
	for _, code := range []string{"220", "502", "250"} {
		if d.Turned() {
			t.Errorf("turned before %s", code)
		}
		if code != "220" {
			d.Command([]byte("TURN"))
		}
		if _, done, err := d.Reply(code + " x"); !done || err != nil {
			t.Errorf("%v %v", done, err)
		}
	}
	if !d.Turned() {
		t.Error("not turned")
	}
}

// Who splits what is said tells the same, and nobody panics. A piece begins
// with the side that says it, a C or an S, or an L for octets of it that are lost.
func FuzzDialog(f *testing.F) {
	f.Add("S220 x\r\n\x00CEHLO x\r\nDATA\r\n\x00S250-x\r\n250 x\r\n354 go\r\n\x00Ca\r\n.\r\nQUIT\r\n\x00S250 x\r\n221 x\r\n", uint8(3))
	f.Add("CBDAT 5\r\nabcdeAUTH LOGIN\r\n\x00S250 x\r\n334 y\r\n\x00Ca\r\n\x00S235 y\r\n\x00CSTARTTLS\r\n\x00S220 x\r\n\x00Cx", uint8(1))
	f.Add("CDATA\r\n\x00LS\x00Cx\r\n.\r\n\x00S250 x\r\n\x00LC\x00CTURN\r\n\x00S250 x\r\n", uint8(2))
	f.Fuzz(func(t *testing.T, said string, step uint8) {
		whole, split := telling(said, len(said)+1), telling(said, int(step)+1)
		if whole != split {
			t.Fatalf("in one:\n%s\nin steps of %d:\n%s", whole, int(step)+1, split)
		}
	})
}

func telling(said string, step int) string {
	var told strings.Builder
	f := &follower{told: func(s Side, what string) {
		if what != "opaque" {
			fmt.Fprintln(&told, s, what)
		}
	}}
	for piece := range strings.SplitSeq(said, "\x00") {
		switch {
		case strings.HasPrefix(piece, "L"):
			s := Side(b2i(piece == "LS"))
			f.d.Lost(s, int64(len(piece)-2))
			f.part[s] = nil
			f.line[s] = text.Line{}
		case strings.HasPrefix(piece, "C"), strings.HasPrefix(piece, "S"):
			s := Side(b2i(piece[0] == 'S'))
			for octets := []byte(piece[1:]); len(octets) > 0; {
				n := min(step, len(octets))
				f.push(s, octets[:n])
				octets = octets[n:]
			}
		}
	}
	return told.String()
}

func b2i(b bool) int {
	if b {
		return 1
	}
	return 0
}
