package smuggle

import (
	"fmt"
	"maps"
	"slices"
	"strings"
	"sync"
	"testing"

	"posta/mail"
)

// sequence stands between the attacker's message and the one it hides: some
// server takes it for the end of the data.
type sequence struct{ end, dot, after string }

func (s sequence) String() string { return fmt.Sprintf("%q", s.end+s.dot+s.after) }

// named are the sequences that are known to have worked somewhere, and those
// near to them.
func named() []sequence {
	return []sequence{
		{"\n", ".", "\n"}, {"\n", ".", "\r\n"}, {"\r\n", ".", "\n"},
		{"\r", ".", "\r"}, {"\r\n", ".", "\r"}, {"\r", ".", "\r\n"},
		{"\n", ".", "\r"}, {"\r", ".", "\n"},
		{"\r\n", "\x00.", "\r\n"}, {"\r\n", ".\x00", "\r\n"}, {"\r\n", ".", "\x00\r\n"},
		{"\r\x00\n", ".", "\r\x00\n"}, {"\r\n", ".", "\r\x00\n"}, {"\r\x00\n", ".", "\r\n"},
		{"\r\x00", ".", "\r\x00"}, {"\r\n", ".", "\r\x00"}, {"\r\x00", ".", "\r\n"},
		{"\n\x00", ".", "\n"}, {"\x00\n", ".", "\x00\n"}, {"\x00", ".", "\x00"},
		{"\n\r", ".", "\n\r"}, {"\r\r\n", ".", "\r\r\n"}, {"\r\n", ".", "\r\r\n"}, {"\r\r\n", ".", "\r\n"},
		{"\r\n", "..", "\r\n"}, {"\n", "..", "\n"}, {"\r\n", ". ", "\r\n"}, {"\r\n", " .", "\r\n"},
	}
}

// hidden is what follows the sequence: a transaction of its own for a server
// that saw the end of the data there, content for one that did not.
const hidden = "MAIL FROM:<" + forged + ">\r\nRCPT TO:<" + loot + ">\r\nDATA\r\n" +
	"Subject: smuggled\r\n\r\nsmuggled\r\n.\r\n"

// attempt is one sequence in a message that can be told from the others.
type attempt struct {
	seq   sequence
	token string
}

func (a attempt) stream() string {
	return "Subject: " + a.token + "\r\n\r\nfirst" + a.seq.end + a.seq.dot + a.seq.after + hidden
}

// verdict says, by the octets alone, what must become of data: where it ends,
// whether it may be accepted, and what is kept then (RFC 5321 §2.3.8, §4.5.2).
func verdict(stream string, bareLF bool) (n int, good bool, content string) {
	i := strings.Index(stream, "\r\n.\r\n")
	n = i + len("\r\n.\r\n")
	data := stream[:i+2]
	bare := strings.ReplaceAll(data, "\r\n", "")
	if strings.Contains(bare, "\r") || strings.Contains(bare, "\n") && !bareLF {
		return n, false, ""
	}
	data = strings.ReplaceAll(strings.ReplaceAll(data, "\r\n", "\n"), "\n", "\r\n")
	for line := range strings.SplitAfterSeq(data, "\r\n") {
		// A dot alone on a line that a bare LF began or ended is content as it stands.
		if line != ".\r\n" {
			line = strings.TrimPrefix(line, ".")
		}
		content += line
	}
	return n, true, content
}

// trial is a way to speak to a house.
type trial struct {
	*house
	hello  []string // the pieces of the first command
	bareLF bool
	edits  bool // octets of telnet and editing are removed from what is kept
}

// play sends an attempt's stream behind DATA in two writes, cut at an octet,
// and complains about anything but one answer.
func (tr trial) play(t *testing.T, a attempt, cut int) {
	p := tr.dial(t, "smtp")
	if p == nil {
		return
	}
	defer p.Close()
	if got := p.reply(); !strings.HasPrefix(got, "220 ") {
		t.Errorf("greeting %q", got)
		return
	}
	p.send(tr.hello...)
	if got := p.reply(); !strings.Contains(got, "250 ") {
		t.Errorf("HELO was answered %q", got)
		return
	}
	if !p.ask("\r\n", [2]string{"MAIL FROM:<x@" + helo + ">", "250"}, [2]string{"RCPT TO:<" + victim + ">", "250"},
		[2]string{"DATA", "354"}) {
		return
	}
	stream := a.stream()
	p.send(stream[:cut], stream[cut:], "QUIT\r\n")
	said := p.rest()
	_, good, _ := verdict(stream, tr.bareLF)
	switch {
	case good:
		if len(said) != 2 || !strings.HasPrefix(said[0], "250 2.0.0 OK: queued as ") || !strings.HasPrefix(said[1], "221 ") {
			t.Errorf("%s cut at %d: %q, want one message accepted", a.seq, cut, said)
		}
	case len(said) != 1 || !strings.HasPrefix(said[0], "550 5.5.2 "):
		t.Errorf("%s cut at %d: %q, want 550 5.5.2 and the end of the connection", a.seq, cut, said)
	}
}

// run plays every attempt at the cuts that it wants, and then looks into the
// mailboxes.
func (tr trial) run(t *testing.T, all []attempt, cuts func(attempt) (from, to int)) {
	type job struct {
		a   attempt
		cut int
	}
	jobs := make(chan job)
	var workers sync.WaitGroup
	for range 16 { // their messages share a transaction
		workers.Go(func() {
			for j := range jobs {
				tr.play(t, j.a, j.cut)
			}
		})
	}
	want := map[string]int{}
	for _, a := range all {
		n, good, content := verdict(a.stream(), tr.bareLF)
		if good && n < len(a.stream()) {
			continue // an honest end of data
		}
		from, to := cuts(a)
		for cut := from; cut <= to; cut++ {
			jobs <- job{a, cut}
		}
		if good {
			want[tr.kept(content)] += to - from + 1
		}
	}
	close(jobs)
	workers.Wait()
	if got := tr.mailbox(t, loot); len(got) != 0 {
		t.Errorf("%d smuggled messages arrived; the first: %q", len(got), got[0])
	}
	got := map[string]int{}
	for _, message := range tr.mailbox(t, victim) {
		got[tr.kept(message)]++
	}
	if maps.Equal(got, want) {
		return
	}
	for content, n := range want {
		if got[content] != n {
			t.Errorf("%d messages are there, want %d: %q", got[content], n, content)
		}
		delete(got, content)
	}
	for content, n := range got {
		t.Fatalf("%d messages are there, want none, and %d others: %q", n, len(got)-1, content)
	}
}

// kept is content as it can be compared: where posta edits what a person
// types, the token tells enough.
func (tr trial) kept(content string) string {
	if !tr.edits {
		return content
	}
	token, _, _ := strings.Cut(content, "\r\n")
	return token
}

func attempts(sequences []sequence) []attempt {
	var all []attempt
	for i, s := range sequences {
		all = append(all, attempt{s, fmt.Sprintf("attempt-%04d", i)})
	}
	return all
}

// everywhere cuts a stream at every octet; 0 is no cut.
func everywhere(a attempt) (from, to int) { return 0, len(a.stream()) - 1 }

// program is the first command of a program; a person types it in pieces.
func program() []string { return []string{"HELO " + helo + "\r\n"} }

// trials are the ways in which a CRLF-speaking peer meets posta.
func trials(t *testing.T) map[string]trial {
	return map[string]trial{
		"strict":     {house: open(t, mail.Strict, false), hello: program()},
		"lab":        {house: open(t, mail.Lab, false), hello: program()},
		"lab, typed": {house: open(t, mail.Lab, false), hello: []string{"HE", "LO " + helo, "\r", "\n"}, edits: true},
		"old device": {house: open(t, mail.Strict, true), hello: program(), bareLF: true},
	}
}

// The known sequences, each cut into two writes at every octet.
func TestData(t *testing.T) {
	for name, tr := range trials(t) {
		t.Run(name, func(t *testing.T) { tr.run(t, attempts(named()), everywhere) })
	}
}

// An honest message is not hit: its stuffed dots are data, and it is followed
// by a second transaction that is served.
func TestHonest(t *testing.T) {
	for name, tr := range trials(t) {
		t.Run(name, func(t *testing.T) {
			stream := "Subject: first\r\n\r\n..\r\n...\r\n.\r\n"
			for cut := range len(stream) {
				p := tr.dial(t, "smtp")
				p.reply()
				p.send(tr.hello...)
				p.reply()
				p.ask("\r\n", [2]string{"MAIL FROM:<x@" + helo + ">", "250"}, [2]string{"RCPT TO:<" + victim + ">", "250"}, [2]string{"DATA", "354"})
				p.send(stream[:cut], stream[cut:]+"MAIL FROM:<x@"+helo+">\r\nQUIT\r\n")
				if said := p.rest(); len(said) != 3 || said[0][:3]+said[1][:3]+said[2][:3] != "250250221" {
					t.Fatalf("cut at %d: %q", cut, said)
				}
			}
			want := slices.Repeat([]string{"Subject: first\r\n\r\n.\r\n..\r\n"}, len(stream))
			if got := tr.mailbox(t, victim); !slices.Equal(got, want) {
				t.Errorf("%q", got)
			}
		})
	}
}
