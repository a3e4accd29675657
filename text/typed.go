package text

import (
	"bytes"
	"unicode/utf8"
)

// Typed reads lines that a person types: it removes telnet negotiation and
// does the line editing that the person's terminal left to the other end.
// What it holds is the unfinished line, at most Max octets of it.
//
// PuTTY's telnet sends CR NUL for every CR it is given and nothing else for LF:
// plink fed with a Windows console's CRLF sends CR NUL LF, which is one end.
//
// Make one with NewTyped.
type Typed struct {
	Max    int // at most so many octets of a line are held
	Telnet int // octets of telnet removed so far
	Edits  int // octets of editing removed so far: the keys, not what they deleted

	nvt     telnet
	keys    keyState
	params  int // length of the escape sequence under way
	line    []byte
	cr      bool // a CR is held back
	nul     bool // the line before ended in CR NUL: a LF right behind is part of that end
	over    bool // line was given out: the next octet starts another
	end     Ends
	removed bool
	spoiled bool // removed, and not only options in front of the line
	front   bool // the telnet command under way stands in front of the line
	torn    bool // something was removed out of the line's end
}

type keyState uint8

const (
	keyPlain keyState = iota
	keyEsc            // after ESC, which is held back
	keyCSI            // in ESC [ …
	keySS3            // after ESC O
)

const (
	octetBS  = 0x08
	octetNAK = 0x15 // Ctrl-U
	octetESC = 0x1b
	octetDEL = 0x7f

	longestSequence = 16 // a longer one is none
)

// NewTyped makes a Typed that holds at most max octets of a line.
func NewTyped(max int) *Typed { return &Typed{Max: max} }

// Scan takes octets up to the end of the line. If src has no end, end is 0; if
// then full is true, the line has outgrown Max and Line is a part of it.
func (t *Typed) Scan(src []byte) (n int, end Ends, full bool) {
	if t.over {
		t.removed = t.removed && t.end == 0 || t.torn
		t.spoiled = t.spoiled && t.end == 0 || t.torn
		t.line, t.over, t.end, t.torn = t.line[:0], false, 0, false
	}
	for n < len(src) {
		if t.idle() && len(t.line) < t.Max {
			k := plainRun(src[n:min(len(src), n+t.Max-len(t.line))])
			t.line = append(t.line, src[n:n+k]...)
			t.nul = t.nul && k == 0
			n += k
		}
		if len(t.line) >= t.Max {
			t.over = true
			return n, 0, true
		}
		if n == len(src) {
			break
		}
		t.octet(src[n])
		n++
		if t.end != 0 {
			t.over, t.nul = true, t.end == CRNUL
			if t.nul && n < len(src) && src[n] == '\n' {
				t.nul = false
				n++
			}
			return n, t.end, false
		}
	}
	return n, 0, false
}

// Line is the line, or part of one, that the last Scan gave: its end included,
// lent until the next Scan.
func (t *Typed) Line() []byte { return t.line }

// End is how that line ends; 0 where it is only a part of one.
func (t *Typed) End() Ends { return t.end }

// Removed says that the line, or the end of the line before it, is not as it
// came.
func (t *Typed) Removed() bool { return t.removed }

// Spoiled says that the line must not end data: something was removed out of it,
// or out of the end of the line before. Options that a telnet end offers or
// refuses in front of the line spoil nothing: its answers to ours come when they
// come, between lines that are pasted, too.
func (t *Typed) Spoiled() bool { return t.spoiled }

// Answers gives what must be sent to the peer's negotiation, lent until the
// next Scan, and forgets it.
func (t *Typed) Answers() []byte {
	a := t.nvt.answers
	t.nvt.answers = t.nvt.answers[:0]
	return a
}

func (t *Typed) idle() bool {
	return t.keys == keyPlain && !t.cr && t.nvt.state == nvtData
}

// plainRun is the length of the octets in front that need no thought.
func plainRun(src []byte) int {
	for i, c := range src {
		if c < ' ' && c != '\t' || c == octetDEL || c == iac {
			return i
		}
	}
	return len(src)
}

func (t *Typed) octet(c byte) {
	if t.nvt.state != nvtData || c == iac {
		switch t.nvt.state {
		case nvtData:
			t.front = len(t.line) == 0 && t.keys == keyPlain && !t.cr && !t.spoiled
		case nvtIAC:
			t.front = t.front && c >= telSB && c <= telDONT
		}
		what := t.nvt.octet(c)
		t.Telnet++
		t.removed = true
		t.spoiled = t.spoiled || !t.front || what != nvtNothing
		switch what {
		case nvtLiteral:
			t.key(iac)
		case nvtEraseChar:
			t.rubout()
		case nvtEraseLine:
			t.line, t.cr = t.line[:0], false
		}
		t.torn = t.cr
		return
	}
	t.key(c)
}

func (t *Typed) key(c byte) {
	if t.keys == keyPlain || !t.sequence(c) {
		t.char(c)
	}
}

// sequence takes the octets of cursor and function keys.
func (t *Typed) sequence(c byte) bool {
	was := t.keys
	t.keys = keyPlain
	t.params++
	switch {
	case was == keyEsc && (c == '[' || c == 'O'):
		t.keys = keyCSI
		if c == 'O' {
			t.keys = keySS3
		}
		t.edited(2)
		return true
	case was == keyEsc:
		t.line = append(t.line, octetESC)
		return false
	case was == keyCSI && c >= 0x20 && c < 0x40 && t.params < longestSequence:
		t.keys = keyCSI
	case c < 0x40 || c > 0x7e: // none after all: c stands for itself
		return false
	}
	t.edited(1)
	return true
}

func (t *Typed) char(c byte) {
	if t.nul {
		t.nul = false
		if c == '\n' {
			return
		}
	}
	if t.cr {
		t.cr = false
		switch c {
		case '\n':
			t.line, t.end = append(t.line, '\r', '\n'), CRLF
			return
		case 0:
			t.line, t.end = append(t.line, '\r', 0), CRNUL
			return
		}
		t.line, t.torn = append(t.line, '\r'), false
	}
	switch c {
	case '\r':
		t.cr = true
	case '\n':
		t.line, t.end = append(t.line, '\n'), LF
	case octetBS, octetDEL:
		t.rubout()
		t.edited(1)
	case octetNAK:
		t.line = t.line[:0]
		t.edited(1)
	case octetESC:
		t.keys, t.params = keyEsc, 0
	default:
		t.line = append(t.line, c)
	}
}

func (t *Typed) edited(octets int) {
	t.Edits += octets
	t.removed, t.spoiled = true, true
}

// rubout deletes the last character, which may be of several octets, or a CR
// that is held back.
func (t *Typed) rubout() {
	if t.cr {
		t.cr = false
		return
	}
	_, n := utf8.DecodeLastRune(t.line)
	t.line = t.line[:len(t.line)-n]
}

// TrimEnd cuts the end off a line, and says whether a CR or LF remains in it.
func TrimEnd(line []byte, end Ends) (content []byte, bare bool) {
	content = line[:len(line)-end.Len()]
	return content, bytes.IndexByte(content, '\r') >= 0 || bytes.IndexByte(content, '\n') >= 0
}
