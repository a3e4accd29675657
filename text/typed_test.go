package text

import (
	"bytes"
	"fmt"
	"strings"
	"testing"
)

// keys runs a Typed over pieces: lines (a "*" if something was removed from
// one, "+" behind a part of one), and the answers.
func keys(max int, pieces ...[]byte) string {
	y := NewTyped(max)
	var out strings.Builder
	var answers []byte
	for _, p := range pieces {
		for {
			n, end, full := y.Scan(p)
			p = p[n:]
			answers = append(answers, y.Answers()...)
			if end == 0 && !full {
				break
			}
			fmt.Fprintf(&out, "%q", y.Line())
			if y.Removed() {
				out.WriteString("*")
			}
			if full {
				out.WriteString("+")
			}
			out.WriteString(" ")
		}
	}
	if len(answers) > 0 {
		fmt.Fprintf(&out, "<- %x", answers)
	}
	return strings.TrimSpace(out.String())
}

const putty = "\xff\xfb\x1f\xff\xfb\x20\xff\xfb\x18\xff\xfb\x27\xff\xfd\x01\xff\xfb\x03\xff\xfd\x03"

func TestTyped(t *testing.T) {
	for _, c := range []struct{ name, in, want string }{
		{"plain", "HELO x\r\nQUIT\n", `"HELO x\r\n" "QUIT\n"`},
		{"tab and UTF-8", "a\tñ\r\n", `"a\tñ\r\n"`},
		{"PuTTY", putty + "HELO x\r\n", `"HELO x\r\n"* <- fffe1ffffe20fffe18fffe27fffc01fffe03fffc03`},
		{"WONT and DONT", "\xff\xfc\x01\xff\xfe\x03a\r\n", `"a\r\n"*`},
		{"subnegotiation", "\xff\xfa\x18\x00xterm\xff\xff\r\n\xff\xf0a\r\nb\r\n", `"a\r\n"* "b\r\n"`},
		{"subnegotiation cut short by a command", "\xff\xfa\x18x\xff\xfb\x01a\r\n", `"a\r\n"* <- fffe01`},
		{"two-octet commands", "a\xff\xf1b\xff\xf4\r\n", `"ab\r\n"*`},
		{"IAC IAC", "a\xff\xffb\r\n", `"a\xffb\r\n"*`},
		{"EC and EL", "ab\xff\xf7c\r\nxy\xff\xf8z\r\n", `"ac\r\n"* "z\r\n"*`},
		{"CR NUL LF", "a\r\x00\nb\r\x00\n\r\x00\n.\r\x00\n", `"a\r\x00" "b\r\x00" "\r\x00" ".\r\x00"`},
		{"CR NUL LF LF", "a\r\x00\n\nb\r\x00c\n", `"a\r\x00" "\n" "b\r\x00" "c\n"`},
		{"CR NUL, negotiation, LF", "a\r\x00\xff\xfb\x01\nb\r\x00", `"a\r\x00" "b\r\x00"* <- fffe01`},
		{"CR NUL, key, LF", "a\r\x00b\b\n\r\x00", `"a\r\x00" "\n"* "\r\x00"`},
		{"CR NUL", "a\r\x00b\r\x00", `"a\r\x00" "b\r\x00"`},
		{"negotiation in a line end", ".\r\xff\xf1\n.\r\n.\r\n", `".\r\n"* ".\r\n"* ".\r\n"`},
		{"EC and EL over a CR", "a\r\xff\xf7b\r\nxy\r\xff\xf8z\r\n.\r\n", `"ab\r\n"* "z\r\n"* ".\r\n"`},
		{"backspace", "HELP\bO x\r\n", `"HELO x\r\n"*`},
		{"DEL over UTF-8", "añ\x7fb\r\n", `"ab\r\n"*`},
		{"backspace at the start", "\b\b.\r\n.\r\n", `".\r\n"* ".\r\n"`},
		{"Ctrl-U", "MAIL FORM\x15MAIL\r\n", `"MAIL\r\n"*`},
		{"cursor keys", "a\x1b[A\x1b[1;5Cb\x1bOD\r\n", `"ab\r\n"*`},
		{"ISO-2022-JP stays", "\x1b$B$3\x1b(B\r\n", `"\x1b$B$3\x1b(B\r\n"`},
		{"ESC at the end", "a\x1b\r\n", `"a\x1b\r\n"`},
		{"sequence cut short", "a\x1b[1\r\n", `"a\r\n"*`},
		{"endless sequence", "\x1b[" + strings.Repeat("1", 20) + "a\r\n", `"111111a\r\n"*`},
		{"bare CR", "a\rb\r\n", `"a\rb\r\n"`},
		{"CR CR LF", "a\r\r\n", `"a\r\r\n"`},
		{"long line", strings.Repeat("x", 35) + "\r\n.\r\n", `"` + strings.Repeat("x", 30) + `"+ "xxxxx\r\n" ".\r\n"`},
		{"long edited line", strings.Repeat("x", 29) + "\byyyyy\r\n.\r\n", `"` + strings.Repeat("x", 28) + `yy"*+ "yyy\r\n"* ".\r\n"`},
	} {
		if got := keys(30, []byte(c.in)); got != c.want {
			t.Errorf("%s: %s, want %s", c.name, got, c.want)
		}
		everySplit(t, []byte(c.in), func(p ...[]byte) string { return keys(30, p...) })
	}
}

func TestTelnetIsBounded(t *testing.T) {
	y := NewTyped(100)
	y.Scan(bytes.Repeat([]byte("\xff\xfb\x01"), 1000))
	if n := len(y.Answers()); n != 3*mostAnswers {
		t.Errorf("%d octets of answers", n)
	}
	y.Scan([]byte("\xff\xfa"))
	y.Scan(bytes.Repeat([]byte("s"), longestSub))
	if _, end, _ := y.Scan([]byte("QUIT\r\n")); end != CRLF || string(y.Line()) != "QUIT\r\n" {
		t.Errorf("after an endless subnegotiation: %q", y.Line())
	}
	if y.Telnet != 3000+2+longestSub || y.Edits != 0 {
		t.Errorf("counted %d and %d", y.Telnet, y.Edits)
	}
}

func TestIsNegotiation(t *testing.T) {
	for in, want := range map[string]bool{putty: true, "\xff": true, "\xff\xfa": true, "": false, "HELO": false,
		"\xff\xff": false, "\xff\xf1": false, "\xff\xe1": false} {
		if IsNegotiation([]byte(in)) != want {
			t.Errorf("%q: %v", in, !want)
		}
	}
}

func TestOnlyNegotiation(t *testing.T) {
	for in, want := range map[string]bool{putty: true, "\xff": true, "\xff\xfb": true, "\xff\xf1": true,
		"\xff\xfa\x18xterm\xff\xf0\xff\xfd\x01": true, "": false, "H": false, "\xff\xff": false,
		putty + "HELO x\r\n": false, "\r\n" + putty: false,
		"\xff\xfa" + strings.Repeat("x", longestSub) + "EHLO x\r\n": false} {
		if OnlyNegotiation([]byte(in)) != want {
			t.Errorf("%q: %v", in, !want)
		}
	}
}

func TestNegotiationText(t *testing.T) {
	for in, want := range map[string]string{
		putty + "HELO":                              "WILL NAWS, WILL TERMINAL-SPEED, WILL TERMINAL-TYPE, WILL NEW-ENVIRON, DO ECHO, WILL SUPPRESS-GO-AHEAD, DO SUPPRESS-GO-AHEAD",
		"\xff\xfe\x63\xff\xfc\x18\xff\xf4\xff":      "DONT 99, WONT TERMINAL-TYPE, IP",
		"\xff\xfa\x18\x00x\xff\xff\xff\xf0\xff\x01": "SB TERMINAL-TYPE, 1",
		"\xff\xffx": "", "HELO": "", "": "",
		strings.Repeat("\xff\xf1", 30): strings.Repeat("NOP, ", 24) + "…",
	} {
		if got := NegotiationText([]byte(in)); got != want {
			t.Errorf("%q: %q, want %q", in, got, want)
		}
	}
	for in, want := range map[string]int{putty + "HELO": 21, putty + "\xff\xfb": 21, "\xff\xff": 0, "x\xff\xf1": 0, "\xff\xfa\x18x\xff\xf0x": 6} {
		if got := NegotiationLen([]byte(in)); got != want {
			t.Errorf("%q: %d, want %d", in, got, want)
		}
	}
}

func TestErased(t *testing.T) {
	for in, want := range map[string]string{
		"HELP\bO x\r\n":              "HEL-\bO x\r\n",
		"PASS clave\x15QUIT\r\n":     "----------\x15QUIT\r\n",
		"a\xc3\xb1\x7fb\b\b\bc\n":    "---\x7f-\b\b\bc\n",
		"a\x1b[A\xff\xf1b\r\xff\xf7": "a\x1b[A\xff\xf1b\r\xff\xf7",
		"a\x1bx\bb\rc\b\x15":         "---\b---\b\x15",
		"ab\xff\xf8c\r\n":            "--\xff\xf8c\r\n",
		"\nab\b":                     "\na-\b",
		"no editing\r\x00":           "no editing\r\x00",
	} {
		got := []byte(in)
		Erased(got[:len(got):len(got)], func(off, n int) { copy(got[off:off+n], strings.Repeat("-", n)) })
		if string(got) != want {
			t.Errorf("%q: %q, want %q", in, got, want)
		}
	}
}

func FuzzTyped(f *testing.F) {
	f.Add([]byte(putty + "HELO x\b\r\n.\r\x00"))
	f.Add([]byte("\x1b[\xff\xf7\x1b\x15\r\xff\xfa\r\n\xff\xf0"))
	f.Fuzz(func(t *testing.T, in []byte) {
		if len(in) > 200 {
			return
		}
		everySplit(t, in, func(p ...[]byte) string { return keys(16, p...) })
		y := NewTyped(16)
		for len(in) > 0 {
			n, end, full := y.Scan(in)
			if len(y.Line()) > 16+4 {
				t.Fatalf("held %d octets", len(y.Line()))
			}
			if n == 0 && end == 0 && !full {
				t.Fatal("stands still")
			}
			in = in[n:]
		}
	})
}

// Commands are given one by one, as far as they are whole.
func TestEachNegotiation(t *testing.T) {
	for _, one := range []struct {
		octets string
		want   string
	}{
		{"\xff\xfb\x1f\xff\xf1HELO", "fffb1f fff1 5"}, {"\xff\xfa\x1f\x00\xff\xf0x", "fffa1f00fff0 6"}, {"\xff\xfb", "0"}, {"\xff", "0"}, {"", "0"},
		{"\xff\r\n", "0"}, {"\xff\xff", "0"}, {"\xff\xf1\xff\xff", "fff1 2"}, {"x\xff\xf1", "0"},
	} {
		got := ""
		n := EachNegotiation([]byte(one.octets), func(c []byte) { got += fmt.Sprintf("%x ", c) })
		if got += fmt.Sprint(n); got != one.want {
			t.Errorf("%q: %s, not %s", one.octets, got, one.want)
		}
	}
}
