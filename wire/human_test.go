package wire

import (
	"fmt"
	"io"
	"slices"
	"strings"
	"testing"
)

const putty = "\xff\xfb\x1f\xff\xfb\x20\xff\xfb\x18\xff\xfb\x27\xff\xfd\x01\xff\xfb\x03\xff\xfd\x03"

// talk reads lines, and data behind each DATA, to the end.
func talk(c *Conn) string {
	var out []string
	for {
		line, err := c.Line(200)
		switch {
		case err == nil:
			out = append(out, fmt.Sprintf("%q", line))
		case err == ErrBareEnd, err == ErrLineTooLong:
			out = append(out, err.Error()[len("wire: "):])
		default:
			return strings.Join(append(out, err.Error()), " ")
		}
		if string(line) != "DATA" {
			continue
		}
		var b strings.Builder
		switch _, err := c.Dot(&b, 0); err {
		case nil:
			out = append(out, fmt.Sprintf("<%q>", b.String()))
		case ErrBareEnd:
			out = append(out, "<bare>")
		default:
			return strings.Join(append(out, "<"+err.Error()+">"), " ")
		}
	}
}

func octets(s string) []string { return strings.Split(s, "") }

func TestHuman(t *testing.T) {
	for _, c := range []struct {
		name string
		in   []string
		want string
	}{
		{"PuTTY", []string{putty + "HELO x\r\n", "DATA\r\n", "hi\r\n.\r\n"}, `"HELO x" "DATA" <"hi\r\n"> EOF`},
		{"PuTTY, its negotiation first", []string{putty, "HELO x\r\n", "QUIT\r\n"}, `"HELO x" "QUIT" EOF`},
		{"key by key", octets("HELP\bO x\r\nDATA\r\nhu\x7fi\r\n.\r\nQUIT\r\n"), `"HELO x" "DATA" <"hi\r\n"> "QUIT" EOF`},
		{"key by key, CR NUL", octets("HELO x\r\x00DATA\r\x00hi\r\x00.\r\x00QUIT\r\x00"), `"HELO x" "DATA" <"hi\r\n"> "QUIT" EOF`},
		{"plink -telnet in Windows", []string{putty, "HELO x\r\x00\n", "DATA\r\x00\n", "hi\r\x00\n", "\r\x00\n", ".\r\x00\n", "QUIT\r\x00\n"},
			`"HELO x" "DATA" <"hi\r\n\r\n"> "QUIT" EOF`},
		{"the same, key by key", octets(putty + "HELO x\r\x00\nDATA\r\x00\nhi\r\x00\n.\r\x00\nQUIT\r\x00\n"), `"HELO x" "DATA" <"hi\r\n"> "QUIT" EOF`},
		{"pasted", []string{"HELO x\r\nDATA\r\nhi\r\n.\r\nQUIT\r\n"}, `"HELO x" "DATA" <"hi\r\n"> "QUIT" EOF`},
		{"bare LFs", []string{"HELO x\nDATA\n..hi\n.\nQUIT\n"}, `"HELO x" "DATA" <".hi\r\n"> "QUIT" EOF`},
		{"plink -telnet", []string{putty, "HELO x\n", "DATA\n", "hi\n", ".\n", "QUIT\n"}, `"HELO x" "DATA" <"hi\r\n"> "QUIT" EOF`},
		{"bare LFs after one CRLF", []string{"HELO x\r\nDATA\nhi\n.\nMAIL\r\n.\r\nQUIT\n"}, `"HELO x" "DATA" <bare> "QUIT" EOF`},
		{"CRLF, then LF in the data", []string{"DATA\r\nhi\n.\nMAIL\r\n.\r\nQUIT\r\n"}, `"DATA" <bare> "QUIT" EOF`},
		{"CRLF data after LF commands", []string{"HELO x\nDATA\nhi\r\n.\r\nQUIT\n"}, `"HELO x" "DATA" <"hi\r\n"> "QUIT" EOF`},
		{"LF data after CRLF data", []string{"DATA\nhi\r\n.\r\nDATA\nx\n.\ny\r\n.\r\nQUIT\n"}, `"DATA" <"hi\r\n"> "DATA" <bare> "QUIT" EOF`},
		{"an edited dot", octets("DATA\r\nx\b.\r\n.\r\nQUIT\r\n"), `"DATA" <".\r\n"> "QUIT" EOF`},
		{"a dot with telnet in it", []string{putty, "DATA\r\n", ".\xff\xf1\r\n", ".\r\n"}, `"DATA" <".\r\n"> EOF`},
		{"options in front of the dot", []string{putty, "DATA\r\n", "hi\r\n\xff\xfb\x24\xff\xfa\x18\x00x\xff\xf0.\r\nQUIT\r\n"}, `"DATA" <"hi\r\n"> "QUIT" EOF`},
		{"the same, octet by octet", octets(putty + "DATA\r\nhi\r\n\xff\xfb\x24.\r\nQUIT\r\n"), `"DATA" <"hi\r\n"> "QUIT" EOF`},
		{"options behind the dot", []string{putty, "DATA\r\n", ".\xff\xfb\x24\r\n", ".\r\n"}, `"DATA" <".\r\n"> EOF`},
		{"another command in front of the dot", []string{putty, "DATA\r\n", "\xff\xf1.\r\n", ".\r\n"}, `"DATA" <".\r\n"> EOF`},
		{"an erased octet in front of the dot", []string{putty, "DATA\r\n", "\xff\xfb\x24x\xff\xf7.\r\n", ".\r\n"}, `"DATA" <".\r\n"> EOF`},
		{"telnet in the line end before the dot", []string{putty, "DATA\r\n", "a\r\xff\xf1\n.\r\nb\r\n.\r\n"}, `"DATA" <"a\r\n.\r\nb\r\n"> EOF`},
		{"a line killed before the dot", octets("DATA\r\nx\x15.\r\n.\r\n"), `"DATA" <".\r\n"> EOF`},
		{"long lines of data", append(octets("DATA\r\n"), strings.Repeat("x", 5000)+"\r\n.\r\n"), `"DATA" <"` + strings.Repeat("x", 5000) + `\r\n"> EOF`},
		{"too long a line", append(octets("HE"), strings.Repeat("x", 1500)+"\r\nQUIT\r\n"), `line too long "QUIT" EOF`},
		{"much editing", append(octets("HE"), strings.Repeat("x\b", 2000)+"LO\r\nQUIT\r\n"), `line too long "QUIT" EOF`},
		{"a bare CR", octets("HE\rLO\r\nQUIT\r\n"), `bare CR or LF "QUIT" EOF`},
		// Not a person: the octets are data.
		{"a program", []string{"HELO x\r\nDATA\r\n", "a\b\x7f\x15\x1b[A\xff\xf1\r\n.\r\n"}, `"HELO x" "DATA" <"a\b\x7f\x15\x1b[A\xff\xf1\r\n"> EOF`},
		{"a program, later in pieces", append([]string{"HELO x\r\n"}, octets("a\b\r\n\xff\xfb\x01\r\n")...), `"HELO x" "a\b" "\xff\xfb\x01" EOF`},
		{"a program's CR NUL", []string{"HELO x\r\n", "a\r\x00b\r\n"}, `"HELO x" bare CR or LF EOF`},
		{"a program's CR NUL in data", []string{"DATA\r\na\r\x00.\r\x00\r\n.\r\n"}, `"DATA" <bare> EOF`},
		{"a long first line", []string{strings.Repeat("x", 1100) + "\r\n", "a\b\r\n"}, `line too long "a\b" EOF`},
	} {
		client, conn, _ := pair(t, Options{Human: true})
		send(t, client, c.in...)
		if got := talk(conn); got != c.want {
			t.Errorf("%s: %s, want %s", c.name, got, c.want)
		}
	}
}

// What ends a message on a lab listener must not depend on how it arrives, for
// a peer that sends CRLF.
func TestHumanSmuggling(t *testing.T) {
	for _, trick := range []string{"\n.\n", "\n.\r\n", "\r\n.\n", "\r.\r", "\r\n.\r", "\r.\r\n", "\r\n\x00.\r\n", "\r\n.\x00\r\n", "\r\x00.\r\x00", "\r\n.\r\x00"} {
		for _, human := range []bool{false, true} {
			in := "DATA\r\na" + trick + "b\r\n.\r\nQUIT\r\n"
			splits(in, func(pieces ...string) {
				client, conn, _ := pair(t, Options{Human: human})
				send(t, client, pieces...)
				got := talk(conn)
				if !strings.HasPrefix(got, `"DATA" <`) || !strings.HasSuffix(got, `> "QUIT" EOF`) || strings.Count(got, ">") != 1 {
					t.Fatalf("human %v: %q: %s", human, pieces, got)
				}
			})
		}
	}
}

func TestTelnetAnswers(t *testing.T) {
	client, conn, w := pair(t, Options{Human: true})
	client.Write([]byte(putty))
	go func() {
		io.ReadFull(client, make([]byte, 21)) // answered while posta waits
		client.Write([]byte("HELX\bO\r\n"))
		client.CloseWrite()
	}()
	if conn.Arrived(0) {
		t.Error("negotiation is not talk")
	}
	line, err := conn.Line(100)
	if string(line) != "HELO" || err != nil {
		t.Fatalf("%q, %v", line, err)
	}
	conn.Mask(1, 2)
	conn.Close("quit")
	want := []string{"21 telnet negotiation octets before the first command, refused with DONT and WONT and removed",
		"the line was edited while it was typed"}
	if got := w.notes(); !slices.Equal(got, want) {
		t.Errorf("notes %q", got)
	}
	// Where a mask of an edited line falls in what came is not known: all of it is masked.
	if log := w.log(); !strings.Contains(log, `C 0 "`+strings.Repeat("*", 27)+`\r\n"`) ||
		!strings.Contains(log, `S 0 "\xff\xfe\x1f\xff\xfe \xff\xfe\x18\xff\xfe'\xff\xfc\x01\xff\xfe\x03\xff\xfc\x03"`) {
		t.Errorf("watched\n%s", log)
	}
}

// How an edited line was read is told, and what was taken back is hidden: it
// may be a password. Of a line that holds a secret nothing is told.
func TestEditedLines(t *testing.T) {
	client, conn, w := pair(t, Options{Human: true})
	send(t, client, "H", "ELP\bO x\r\nPASS clave\x15NOOP\r\nSTAT\r\nPASS x\by\r\nDATA\r\nab\b\r\nx\b.\r\n.\x1b[C\r\n.\r\nQUIT\r\n")
	for {
		line, err := conn.Line(100)
		if err != nil {
			t.Fatal(err)
		}
		if strings.HasPrefix(string(line), "PASS ") {
			conn.Mask(5, 1)
		}
		if string(line) == "DATA" {
			break
		}
	}
	if _, err := conn.Dot(io.Discard, 0); err != nil {
		t.Fatal(err)
	}
	conn.Line(100)
	conn.Close("quit")
	want := []string{"the line was edited while it was typed (what was erased is hidden); it was read as: HELO x",
		"the line was edited while it was typed (what was erased is hidden); it was read as: NOOP",
		"the line was edited while it was typed",
		"lines of the message were edited while they were typed",
		"a dot on a line that was edited does not end the message"}
	if got := w.notes(); !slices.Equal(got, want) {
		t.Errorf("notes %q", got)
	}
	log := w.log()
	for _, want := range []string{`"HEL*\bO x\r\n"`, `"**********\x15NOOP\r\n"`, `"STAT\r\n"`, `"********\r\n"`} {
		if !strings.Contains(log, want) {
			t.Errorf("watched no %s in\n%s", want, log)
		}
	}
}

func TestHumanNotes(t *testing.T) {
	client, conn, w := pair(t, Options{Human: true})
	send(t, client, "HELO x\nDATA\nhi\n.\nDATA\nhi\n.\nQUIT\n")
	talk(conn)
	want := []string{"a line ended in a bare LF, read as CRLF", "data ended by LF.LF: every line of the connection ended in a bare LF"}
	if got := w.notes(); !slices.Equal(got, want) {
		t.Errorf("notes %q", got)
	}
}

// Whatever stands in the data of a peer whose lines end in CRLF, only the
// octets CR LF . CR LF end it: all short strings of the octets that matter, to
// a program's connection and to one that a person seems to type on.
func TestHumanEnds(t *testing.T) {
	const begin, rest = "DATA\r\na", "b\r\n.\r\nQUIT\r\n"
	pieces := []string{"\r\n", "\r\xff\xf1\n", "\r", "\n", ".", "\x00", "x", "\b", "\x15", "\xff\xf1", "\xff\xf7", "\x1b[A"}
	var try func(trick string, left int)
	try = func(trick string, left int) {
		if !strings.Contains("a"+trick+"b", "\r\n.\r\n") {
			for _, first := range [][]string{{begin + trick + rest}, {putty, begin + trick + rest}} {
				client, conn, _ := pair(t, Options{Human: true})
				send(t, client, first...)
				if got := talk(conn); !strings.HasPrefix(got, `"DATA" <`) || !strings.HasSuffix(got, `> "QUIT" EOF`) || strings.Count(got, ">") != 1 {
					t.Errorf("%q: %s", first, got)
				}
			}
		}
		if left > 0 {
			for _, p := range pieces {
				try(trick+p, left-1)
			}
		}
	}
	try("", 4)
}
