package pop3

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
	raw  func(Side, []byte) // whole lines, where they are wanted
}

func (f *follower) push(s Side, octets []byte) {
	for len(octets) > 0 {
		what, _ := f.d.Next(s)
		if len(f.part[s]) > 0 {
			what = f.is[s]
		}
		if what == Opaque {
			f.told(s, "opaque")
			return
		}
		if what == List {
			_, n, done, _ := f.dot.Scan(nil, octets)
			octets = octets[n:]
			if done {
				f.dot = text.Dot{}
				f.d.Ended()
				f.told(s, "end of list")
			}
			continue
		}
		if s == Server {
			f.dot = text.Dot{}
		}
		n, end := f.line[s].Scan(octets)
		f.part[s], f.is[s] = append(f.part[s], octets[:n]...), what
		octets = octets[n:]
		if end != 0 {
			line := f.part[s]
			f.part[s] = nil
			f.take(s, what, line[:len(line)-end.Len()])
		}
	}
}

func (f *follower) take(s Side, what Expect, line []byte) {
	if f.raw != nil {
		f.raw(s, line)
	}
	if what == AuthLine {
		if f.d.Auth(line) {
			f.told(s, "auth")
			return
		}
		what = CommandLine
	}
	if what == CommandLine {
		f.d.Command(line)
		f.told(s, string(line))
		return
	}
	a, fault := f.d.Response(line)
	if fault != nil {
		f.told(s, "no response: "+string(line))
		return
	}
	to := a.Verb.String()
	switch {
	case a.Greeting:
		to = "greeting"
	case a.Verb == NoVerb:
		to = "?"
	}
	if a.List {
		to += ", a list"
	}
	if !a.Sure {
		to += ", unsure"
	}
	f.told(s, fmt.Sprintf("%s to %s", a.Status, to))
}

func (f *follower) lost(s Side) {
	f.d.Lost(s)
	f.part[s] = nil
	f.line[s] = text.Line{}
}

func TestDialogIsBounded(t *testing.T) {
	var d Dialog
	for range 10 * maxWaiting {
		d.Command([]byte("NOOP"))
	}
	if len(d.waiting) > maxWaiting {
		t.Errorf("%d commands wait", len(d.waiting))
	}
	if _, sure := d.Next(Client); sure {
		t.Error("it is sure")
	}
}

// Who splits what is said tells the same, and nobody panics. A piece begins
// with the side that says it, a C or an S, or an L for octets of it that are lost.
func FuzzDialog(f *testing.F) {
	f.Add("S+OK x\r\n\x00CCAPA\r\nRETR 1\r\n\x00S+OK\r\nx\r\n.\r\n+OK\r\n..\r\n.\r\n", uint8(3))
	f.Add("CAUTH LOGIN\r\n\x00S+ x\r\n\x00Ca\r\n\x00S+OK\r\n\x00CSTLS\r\n\x00S+OK\r\n\x00Cx", uint8(1))
	f.Add("CRETR 1\r\n\x00S+OK\r\n\x00LS\x00Sx\r\n.\r\n\x00LC\x00CTOP 1 1\r\n\x00S+OK\r\n", uint8(2))
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
		s := Client
		if strings.HasPrefix(piece, "S") || piece == "LS" {
			s = Server
		}
		switch {
		case strings.HasPrefix(piece, "L"):
			f.lost(s)
		case strings.HasPrefix(piece, "C"), strings.HasPrefix(piece, "S"):
			for octets := []byte(piece[1:]); len(octets) > 0; {
				n := min(step, len(octets))
				f.push(s, octets[:n])
				octets = octets[n:]
			}
		}
	}
	return told.String()
}
