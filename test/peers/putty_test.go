//go:build whole && linux

package peers

import (
	"bufio"
	"io"
	"net"
	"slices"
	"strings"
	"testing"
	"time"

	"posta/config"
)

// putty21 are the octets that PuTTY sends before anything else in its telnet
// mode: WILL NAWS, TSPEED, TTYPE, NEW-ENVIRON; DO ECHO; WILL and DO SGA.
const putty21 = "\xff\xfb\x1f\xff\xfb\x20\xff\xfb\x18\xff\xfb\x27\xff\xfd\x01\xff\xfb\x03\xff\xfd\x03"

// A person's line comes from plink -telnet as one segment. That holds only
// while the server neither echoes nor suppresses go-ahead: then PuTTY leaves
// the editing of lines to the terminal.
func TestOneSegmentALine(t *testing.T) {
	w := start(t, config.ModeLab)
	for _, d := range dialogues() {
		t.Run(d.name, func(t *testing.T) {
			w := w.in(t)
			if d.before != nil {
				d.before(w)
			}
			r := w.relay(w.addrs[d.listener], false)
			w.typed(clients()["plink telnet"], d, r)
			segments, _ := r.segments()
			if all := strings.Join(segments, ""); !strings.HasPrefix(all, putty21) {
				t.Errorf("plink began with %q", all)
			}
			var got, want []string
			for _, segment := range segments {
				// When NEW-ENVIRON is refused, PuTTY tries the old ENVIRON.
				segment = strings.NewReplacer(putty21, "", "\xff\xfb\x24", "").Replace(segment)
				if segment != "" {
					got = append(got, segment)
				}
			}
			for _, turn := range d.turns[1:] {
				want = append(want, turn.key+"\n")
			}
			if !slices.Equal(got, want) {
				t.Errorf("plink sent %q\nwant %q", got, want)
			}
			said := r.replies()
			if strings.Contains(said, "\xff\xfb") || strings.Contains(said, "\xff\xfd") {
				t.Errorf("posta said WILL or DO: %q", said)
			}
			if n := strings.Count(said, "\xff"); n != 8 {
				t.Errorf("posta gave %d answers to eight wishes: %q", n, said)
			}
		})
	}
}

// The count of segments would show a server that says WILL ECHO: one that does
// gets each key by itself.
func TestEchoWouldSplitLines(t *testing.T) {
	l, err := net.Listen("tcp4", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	go func() {
		c, err := l.Accept()
		if err != nil {
			return
		}
		defer c.Close()
		_, _ = io.WriteString(c, "\xff\xfb\x01\xff\xfb\x03220 echo\r\n") // the segments tell
		_, _ = io.Copy(io.Discard, c)
	}()
	w := start(t, config.ModeLab)
	r := w.relay(l.Addr().String(), false)
	term := w.terminal("plink", "-telnet", "-P", r.port(), "127.0.0.1")
	term.expect("220 ")
	r.await(func(now []string) bool { return strings.Join(now, "") == putty21 })
	for _, key := range []byte("NOOP\r") {
		r.grow(func() { term.paste(string(key)) })
	}
	segments, _ := r.segments()
	if !strings.HasSuffix(strings.Join(segments, "|"), "|N|O|O|P|\r\x00") {
		t.Errorf("plink sent %q; keys were expected to come one by one", segments)
	}
	term.leave()
}

// puttyDialogue speaks with PuTTY's octets before HELO and gives the answers.
func puttyDialogue(t *testing.T, addr, end string, together bool, lines ...string) []string {
	t.Helper()
	c, err := net.Dial("tcp4", addr)
	if err != nil {
		t.Fatal(err)
	}
	defer c.Close()
	if err := c.SetDeadline(time.Now().Add(patience / 3)); err != nil {
		t.Fatal(err)
	}
	in := bufio.NewReader(c)
	answer := func() string {
		line, err := in.ReadString('\n')
		if err != nil {
			t.Fatalf("after %q: %v", line, err)
		}
		return line
	}
	answers := []string{answer()}
	front := putty21
	if !together {
		if _, err := c.Write([]byte(front)); err != nil {
			t.Fatal(err)
		}
		front = ""
	}
	for _, line := range lines {
		if _, err := c.Write([]byte(front + line + end)); err != nil {
			t.Fatal(err)
		}
		front = ""
		answers = append(answers, answer())
	}
	return answers
}

// PuTTY's octets and HELO: the lab takes them off, a strict listener answers
// 5xx and the session goes on.
func TestPuTTYOctets(t *testing.T) {
	lines := []string{"HELO jaramillo.edu.ec", "HELO jaramillo.edu.ec", "MAIL FROM:<luis@jaramillo.edu.ec>",
		"RCPT TO:<gorka@jaramillo.edu.ec>", "DATA", "luis jaramillo uday\r\n.", "QUIT"}
	for _, c := range []struct {
		mode, end string
		codes     []string
	}{
		{config.ModeLab, "\r\n", []string{"220", "250", "250", "250", "250", "354", "250", "221"}},
		{config.ModeLab, "\r\x00", []string{"220", "250", "250", "250", "250", "354", "250", "221"}},
		{config.ModeLab, "\n", []string{"220", "250", "250", "250", "250", "354", "250", "221"}},
		{config.ModeStrict, "\r\n", []string{"220", "500", "250", "250", "250", "354", "250", "221"}},
	} {
		w := start(t, c.mode)
		for _, together := range []bool{true, false} {
			text := strings.Split(strings.ReplaceAll(strings.Join(lines, "|"), "\r\n", c.end), "|")
			for i, got := range puttyDialogue(t, w.addrs["smtp"], c.end, together, text...) {
				for strings.HasPrefix(got, "\xff") {
					got = got[3:] // an answer to a wish
				}
				if !strings.HasPrefix(got, c.codes[i]) {
					t.Errorf("%s, lines end in %q: answer %d is %q, want %s", c.mode, c.end, i, got, c.codes[i])
				}
			}
			w.arrived(gorka, "\r\nluis jaramillo uday\r\n")
		}
	}
}
