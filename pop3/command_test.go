package pop3

import (
	"bytes"
	"math"
	"strings"
	"testing"

	"posta/mail"
)

// rfc: 2449-4-1 1939-3-1
func TestParseCommand(t *testing.T) {
	long := strings.Repeat("x", 200)
	tests := []struct {
		line   string
		mode   mail.Mode
		verb   Verb
		args   []string
		secret string
		number int
		lines  int64
	}{
		{"STAT", mail.Strict, STAT, nil, "", 0, 0},
		{"stat", mail.Strict, STAT, nil, "", 0, 0},
		{"sTaT", mail.Strict, STAT, nil, "", 0, 0},
		{"USER pepe@grupo1.net", mail.Strict, USER, []string{"pepe@grupo1.net"}, "", 0, 0},
		{"USER peña", mail.Strict, USER, []string{"peña"}, "", 0, 0},
		{"USER " + long, mail.Strict, USER, []string{long}, "", 0, 0},
		{"PASS a b  c ", mail.Strict, PASS, []string{"a b  c "}, "a b  c ", 0, 0},
		{"PASS  a", mail.Lab, PASS, []string{" a"}, " a", 0, 0},
		{"PASS ", mail.Lab, PASS, []string{""}, "", 0, 0},
		{"PASS ñ", mail.Strict, PASS, []string{"ñ"}, "ñ", 0, 0},
		{"APOP mrose c4c9334bac560ecc979e58001b3e22fb", mail.Strict, APOP,
			[]string{"mrose", "c4c9334bac560ecc979e58001b3e22fb"}, "c4c9334bac560ecc979e58001b3e22fb", 0, 0},
		{"AUTH", mail.Strict, AUTH, nil, "", 0, 0},
		{"AUTH PLAIN", mail.Strict, AUTH, []string{"PLAIN"}, "", 0, 0},
		{"auth scram-sha-256", mail.Strict, AUTH, []string{"scram-sha-256"}, "", 0, 0},
		{"AUTH AGEAYg==", mail.Strict, AUTH, []string{"AGEAYg=="}, "AGEAYg==", 0, 0},
		{"AUTH c2VjcmV0 PLAIN", mail.Strict, AUTH, []string{"c2VjcmV0", "PLAIN"}, "c2VjcmV0 PLAIN", 0, 0},
		{"AUTH PLAIN AGEAYg==", mail.Strict, AUTH, []string{"PLAIN", "AGEAYg=="}, "AGEAYg==", 0, 0},
		{"LIST", mail.Strict, LIST, nil, "", 0, 0},
		{"LIST 2", mail.Strict, LIST, []string{"2"}, "", 2, 0},
		{"LIST 002", mail.Strict, LIST, []string{"002"}, "", 2, 0},
		{"LIST 2147483647", mail.Strict, LIST, []string{"2147483647"}, "", math.MaxInt32, 0},
		{"TOP 1 0", mail.Strict, TOP, []string{"1", "0"}, "", 1, 0},
		{"TOP 1 9223372036854775807", mail.Strict, TOP, []string{"1", "9223372036854775807"}, "", 1, math.MaxInt64},
		{"  retr \t 7  ", mail.Lab, RETR, []string{"7"}, "", 7, 0},
		{"LANG *", mail.Strict, LANG, []string{"*"}, "", 0, 0},
		{"UTF8", mail.Strict, UTF8, nil, "", 0, 0},
	}
	for _, tt := range tests {
		c, f := ParseCommand([]byte(tt.line), tt.mode)
		if f != nil {
			t.Errorf("%q: %v", tt.line, f)
			continue
		}
		if c.Verb != tt.verb || c.N != len(tt.args) || c.Message != tt.number || c.Lines != tt.lines {
			t.Errorf("%q: %v, %d arguments, message %d, lines %d", tt.line, c.Verb, c.N, c.Message, c.Lines)
		}
		for i, want := range tt.args {
			if got := c.Arg(i); got != want {
				t.Errorf("%q: argument %d is %q, want %q", tt.line, i, got, want)
			}
		}
		if got := string(c.Secret.Of(c.Line)); got != tt.secret {
			t.Errorf("%q: secret %q, want %q", tt.line, got, tt.secret)
		}
	}
}

// rfc: 1939-3-5
func TestParseCommandFaults(t *testing.T) {
	tests := []struct {
		line   string
		mode   mail.Mode
		kind   FaultKind
		secret string
	}{
		{"", mail.Strict, Empty, ""},
		{" \t ", mail.Lab, Empty, ""},
		{"XYZW", mail.Strict, Unknown, ""},
		{"LAST", mail.Strict, Unknown, ""},
		{"STATS", mail.Strict, Unknown, ""},
		{" STAT", mail.Strict, Unknown, ""},
		{"STAT\x00", mail.Strict, Unknown, ""},
		{"STAT\t", mail.Strict, Unknown, ""},
		{"\xff\xfb\x1fSTAT", mail.Strict, Unknown, ""},
		{"STAT ", mail.Strict, Spacing, ""},
		{"LIST  1", mail.Strict, Spacing, ""},
		{"LIST 1 ", mail.Strict, Spacing, ""},
		{"LIST 1 2", mail.Strict, TooMany, ""},
		{"STAT x", mail.Strict, TooMany, ""},
		{"QUIT now", mail.Lab, TooMany, ""},
		{"USER", mail.Strict, TooFew, ""},
		{"USER ", mail.Strict, Spacing, " "},
		{"USER ", mail.Lab, TooFew, " "},
		{"USER pepe secret", mail.Strict, TooMany, " secret"},
		{"USER pe\x00pe", mail.Strict, Rubbish, ""},
		{"USER pe\xffpe", mail.Strict, Rubbish, ""},
		{"PASS", mail.Strict, TooFew, ""},
		{"PASS", mail.Lab, TooFew, ""},
		{"PASS ", mail.Strict, TooFew, " "},
		{"PASS a\x00b", mail.Strict, Rubbish, "a\x00b"},
		{"PASS \xff", mail.Strict, Rubbish, "\xff"},
		{"APOP a", mail.Strict, TooFew, ""},
		{"APOP  a b", mail.Strict, Spacing, "  a b"},
		{"APOP a b c", mail.Strict, TooMany, "b c"},
		{"AUTH PLAIN a b", mail.Strict, TooMany, "a b"},
		{"AUTH  PLAIN a", mail.Strict, Spacing, "  PLAIN a"},
		{"AUTH PLAIN  a", mail.Strict, Spacing, "  a"},
		{"RETR", mail.Strict, TooFew, ""},
		{"RETR +1", mail.Strict, Number, ""},
		{"RETR -1", mail.Strict, Number, ""},
		{"RETR 1x", mail.Strict, Number, ""},
		{"RETR 0x1", mail.Strict, Number, ""},
		{"RETR 1.", mail.Strict, Number, ""},
		{"RETR 1\x00", mail.Strict, Rubbish, ""},
		{"RETR \x00", mail.Strict, Rubbish, ""},
		{"RETR 1\t", mail.Strict, Rubbish, ""},
		{"RETR ٣", mail.Strict, Rubbish, ""},
		{"RETR 2147483648", mail.Strict, Number, ""},
		{"RETR 4294967297", mail.Strict, Number, ""},
		{"RETR 18446744073709551617", mail.Strict, Number, ""},
		{"TOP 1", mail.Strict, TooFew, ""},
		{"TOP 1 -1", mail.Strict, Number, ""},
		{"TOP 1 9223372036854775808", mail.Strict, Number, ""},
		{"TOP 1 2 3", mail.Strict, TooMany, ""},
	}
	for _, tt := range tests {
		c, f := ParseCommand([]byte(tt.line), tt.mode)
		if f == nil || f.Kind != tt.kind {
			t.Errorf("%q: fault %v, want kind %d", tt.line, f, tt.kind)
		}
		if got := string(c.Secret.Of(c.Line)); got != tt.secret {
			t.Errorf("%q: secret %q, want %q", tt.line, got, tt.secret)
		}
	}
}

func TestMultiline(t *testing.T) {
	for line, want := range map[string]bool{"CAPA": true, "LIST": true, "LIST 1": false, "UIDL": true, "UIDL 1": false,
		"RETR 1": true, "TOP 1 1": true, "STAT": false, "AUTH": true, "AUTH PLAIN": false, "QUIT": false} {
		c, f := ParseCommand([]byte(line), mail.Strict)
		if f != nil || c.Multiline() != want {
			t.Errorf("%q: multiline %v, %v", line, c.Multiline(), f)
		}
	}
}

// A command that is understood is written and read back the same, and the
// parser never looks outside its line.
func FuzzCommand(f *testing.F) {
	for _, s := range []string{"USER a", "PASS a b", "PASS ", "TOP 1 2", "AUTH PLAIN =", "APOP a b", "LIST", " retr\t1 ", "RETR 99999999999"} {
		f.Add([]byte(s), true)
		f.Add([]byte(s), false)
	}
	f.Fuzz(func(t *testing.T, line []byte, lab bool) {
		m := mail.Strict
		if lab {
			m = mail.Lab
		}
		c, fault := ParseCommand(line, m)
		c.Secret.Of(line)
		c.Keyword.Of(line)
		if fault != nil {
			if fault.Text == "" || fault.Off > len(line) {
				t.Fatalf("%q: fault %+v", line, fault)
			}
			return
		}
		reader := mail.Strict
		if c.Verb == PASS && c.Arg(0) == "" {
			reader = m // a liberty of the lab's that strict listeners don't have
		}
		again, fault := ParseCommand(c.Append(nil), reader)
		if fault != nil || again.Verb != c.Verb || again.N != c.N || again.Message != c.Message || again.Lines != c.Lines {
			t.Fatalf("%q → %q: %+v, %v", line, c.Append(nil), again, fault)
		}
		for i := range c.N {
			if c.Arg(i) != again.Arg(i) {
				t.Fatalf("%q: argument %d %q → %q", line, i, c.Arg(i), again.Arg(i))
			}
		}
		if m == mail.Strict && !bytes.EqualFold(c.Append(nil), line) {
			t.Fatalf("%q → %q", line, c.Append(nil))
		}
	})
}
