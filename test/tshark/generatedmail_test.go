//go:build whole

package tshark_test

import (
	"fmt"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"

	"posta/field"
)

// turn sends octets in segments that are cut anywhere, swapped and sent again;
// nothing is lost. Then the other side acknowledges them.
func (m *maker) turn(from, to *end, text string) {
	type piece struct {
		seq  uint32
		text string
	}
	var pieces []piece
	most := 1 + m.rnd.IntN(200)
	for off := 0; off < len(text); {
		n := min(1+m.rnd.IntN(most), len(text)-off)
		if left := len(text) - off - n; m.lines && (len(text) < 200 || left < len("\r\n.\r\n")) {
			n = len(text) - off
		}
		pieces = append(pieces, piece{from.seq + uint32(off), text[off : off+n]})
		off += n
	}
	disorder := m.rnd.IntN(3)
	var order []piece
	for i, p := range pieces {
		order = append(order, p)
		if disorder > 0 && m.rnd.IntN(6) == 0 {
			order = append(order, pieces[m.rnd.IntN(i+1)]) // once more
		}
	}
	for i := range order {
		if j := i + m.rnd.IntN(4); disorder == 2 && j < len(order) && m.rnd.IntN(4) == 0 {
			order[i], order[j] = order[j], order[i]
		}
	}
	for _, p := range order {
		m.segment(from, to, p.seq, to.seq, psh|ack, []byte(p.text))
	}
	from.seq += uint32(len(text))
	m.segment(to, from, to.seq, from.seq, ack, nil)
}

// truth notes what lines say, by side and field.
func (m *maker) truth(side string, ids [2]field.ID, text string) {
	for line := range strings.Lines(text) {
		first, rest, _ := strings.Cut(strings.TrimSuffix(line, "\r\n"), " ")
		if ids[0] == field.SMTPResponseCode { // with a blank or a dash behind it
			first, rest = line[:3], strings.TrimSuffix(line[4:], "\r\n")
			if line[3] == ' ' && len(m.open) > 0 {
				first, m.open = "", ""
			} else if line[3] == '-' {
				if m.open != "" {
					first = ""
				}
				m.open = "-"
			}
		}
		for i, value := range []string{first, rest} {
			if value != "" {
				name := side + " " + field.Of(ids[i]).Name
				m.said[name] = append(m.said[name], value)
			}
		}
	}
}

// letter is a message of random length, sometimes with lines that begin with a dot.
func (m *maker) letter(i int) string {
	var s strings.Builder
	fmt.Fprintf(&s, "From: a%d@b.example\r\nTo: c@d.example\r\nSubject: letter %d\r\n\r\n", i, i)
	for range 1 + m.rnd.IntN(40) { // of a message without a body tshark loses two octets of the header
		if m.rnd.IntN(6) == 0 {
			s.WriteString("..")
		}
		s.WriteString(strings.Repeat("text ", m.rnd.IntN(16)) + "\r\n")
	}
	return s.String()
}

// talkers are the fields of what client and server say.
func talkers(pop bool) (client, server [2]field.ID) {
	if pop {
		return [2]field.ID{field.POPRequestCommand, field.POPRequestParameter}, [2]field.ID{field.POPResponseIndicator, field.POPResponseDescription}
	}
	return [2]field.ID{field.SMTPReqCommand, field.SMTPReqParameter}, [2]field.ID{field.SMTPResponseCode, field.SMTPRspParameter}
}

// say is a turn of lines.
func (m *maker) say(from, to *end, text string) {
	ids, server := talkers(from.port == 110 || to.port == 110)
	if from.port < 1000 {
		ids = server
	}
	m.truth(fmt.Sprintf("%d from %d", m.stream, from.port), ids, text)
	m.turn(from, to, text)
}

// mail is a turn of a message.
func (m *maker) mail(from, to *end, letter string) {
	for i, id := range []field.ID{field.IMFFrom, field.IMFTo, field.IMFSubject} {
		name := fmt.Sprintf("%d from %d %s", m.stream, from.port, field.Of(id).Name)
		_, value, _ := strings.Cut(strings.Split(letter, "\r\n")[i], ": ")
		m.said[name] = append(m.said[name], value)
	}
	m.turn(from, to, letter+".\r\n")
}

// smtpSession is one of random commands; POP3's likewise.
func (m *maker) smtpSession(c, s *end) {
	m.say(s, c, "220 mx.example ESMTP\r\n")
	m.say(c, s, "EHLO client.example\r\n")
	m.say(s, c, "250-mx.example\r\n250-SIZE 1000000\r\n250 PIPELINING\r\n")
	for i := range 1 + m.rnd.IntN(5) {
		mail, rcpt := fmt.Sprintf("MAIL FROM:<a%d@b.example> SIZE=%d\r\n", i, m.rnd.IntN(5000)), fmt.Sprintf("RCPT TO:<c%d@d.example>\r\n", i)
		switch m.rnd.IntN(5) {
		case 0:
			m.say(c, s, "NOOP\r\n")
			m.say(s, c, "250 2.0.0 OK\r\n")
		case 1:
			m.say(c, s, "VRFY someone\r\n")
			m.say(s, c, "252 2.1.5 perhaps\r\n")
		case 2: // refused
			m.say(c, s, mail)
			m.say(s, c, "250 2.1.0 OK\r\n")
			m.say(c, s, rcpt)
			m.say(s, c, "550 5.1.1 nobody\r\n")
			m.say(c, s, "RSET\r\n")
			m.say(s, c, "250 2.0.0 OK\r\n")
		default:
			if m.rnd.IntN(2) == 0 {
				m.say(c, s, mail+rcpt+"DATA\r\n")
				m.say(s, c, "250 2.1.0 OK\r\n250 2.1.5 OK\r\n354 go\r\n")
			} else {
				m.say(c, s, mail)
				m.say(s, c, "250 2.1.0 OK\r\n")
				m.say(c, s, rcpt)
				m.say(s, c, "250 2.1.5 OK\r\n")
				m.say(c, s, "DATA\r\n")
				m.say(s, c, "354 go\r\n")
			}
			m.mail(c, s, m.letter(i))
			m.say(s, c, "250 2.0.0 taken\r\n")
		}
	}
	m.say(c, s, "QUIT\r\n")
	m.say(s, c, "221 2.0.0 Bye\r\n")
}

func (m *maker) popSession(c, s *end) {
	m.say(s, c, "+OK POP3 here\r\n")
	m.say(c, s, "USER pepe\r\n")
	m.say(s, c, "+OK\r\n")
	m.say(c, s, "PASS secret\r\n")
	m.say(s, c, "+OK 3 messages\r\n")
	for i := range 1 + m.rnd.IntN(5) {
		switch m.rnd.IntN(3) {
		case 0:
			m.say(c, s, "STAT\r\n")
			m.say(s, c, "+OK 3 1000\r\n")
		case 1:
			m.say(c, s, "DELE 9\r\n")
			m.say(s, c, "-ERR no such message\r\n")
		default:
			letter := m.letter(i)
			m.say(c, s, fmt.Sprintf("RETR %d\r\n", i))
			m.say(s, c, fmt.Sprintf("+OK %d octets\r\n", len(letter)))
			m.mail(s, c, letter)
		}
	}
	m.say(c, s, "QUIT\r\n")
	m.say(s, c, "+OK bye\r\n")
}

// perSide joins what is said in each stream's directions, as it is said.
func perSide(frames []map[string][]string, ids []field.ID) map[string][]string {
	all := map[string][]string{}
	for _, f := range frames {
		if len(f["tcp.stream"]) == 0 {
			continue
		}
		side := f["tcp.stream"][0] + " from " + f["tcp.srcport"][0]
		for _, id := range ids {
			name := field.Of(id).Name
			for _, v := range f[name] {
				all[side+" "+name] = append(all[side+" "+name], v)
			}
		}
	}
	return all
}

// mailFields are those that sessions are compared by.
func mailFields() []field.ID {
	return []field.ID{
		field.SMTPReqCommand, field.SMTPReqParameter, field.SMTPResponseCode, field.SMTPRspParameter,
		field.POPRequestCommand, field.POPRequestParameter, field.POPResponseIndicator, field.POPResponseDescription,
		field.IMFSubject, field.IMFFrom, field.IMFTo,
	}
}

// sessions are six of SMTP and POP3.
func sessions(seed uint64, lines bool) *maker {
	m := &maker{rnd: rand.New(rand.NewPCG(seed, 5)), lines: lines, said: map[string][]string{}}
	for i := range uint16(6) {
		m.stream = int(i)
		c, s := &end{addr: [4]byte{192, 0, 2, 1}, port: 40000 + i}, &end{addr: [4]byte{192, 0, 2, 2}, port: 25}
		if i%2 == 1 {
			s.port = 110
		}
		m.handshake(c, s)
		if i%2 == 1 {
			m.popSession(c, s)
		} else {
			m.smtpSession(c, s)
		}
		m.finish(c, s)
	}
	return m
}

// What was said in sessions whose segments are cut anywhere, doubled and out of
// order is read; and where lines are whole, tshark says the same.
func TestGeneratedMail(t *testing.T) {
	ids := mailFields()
	asked := append([]field.ID{field.TCPStream, field.TCPSrcport}, ids...)
	values := 0
	for seed := range uint64(30) {
		m := sessions(seed, seed%2 == 0)
		f := m.file(t)
		ours := perSide(framesOf(t, f.path, asked), ids)
		truths := []map[string][]string{m.said}
		if m.lines {
			truths = append(truths, perSide(f.said(t, asked, "-o", "tcp.reassemble_out_of_order:TRUE"), ids))
		}
		for i, truth := range truths {
			for side := range truth {
				if ours[side] == nil {
					ours[side] = []string{}
				}
			}
			for side, got := range ours {
				values += len(got)
				if !slices.Equal(got, truth[side]) {
					t.Errorf("seed %d, stream %s:\n  posta %q\n  %s %q", seed, side, got, []string{"said", "tshark"}[i], truth[side])
				}
			}
		}
	}
	if values < 8000 {
		t.Errorf("only %d values were compared", values)
	}
}
