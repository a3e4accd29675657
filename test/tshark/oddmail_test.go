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

// one of several.
func one[T any](m *maker, of ...T) T { return of[m.rnd.IntN(len(of))] }

// oddReply is a reply that a client might be surprised by, but tshark is not.
func oddReply(m *maker) string {
	code := one(m, "200", "214", "250", "251", "421", "450", "503", "554", "556", "650", "999")
	text := []string{"", "ok", "2.1.0 Ok", "5.7.1 <a@b>: see http://x/?y=z", "a-b", "-", "trailing ", "a\ttab", "  two", "ok\r"}
	var all strings.Builder
	for range m.rnd.IntN(4) {
		fmt.Fprintf(&all, "%s-%s\r\n", one(m, code, "250"), one(m, text[:9]...))
	}
	return all.String() + one(m, code+" "+one(m, text...), code, code+"\tx", code+"_x") + "\r\n"
}

// oddHeader is a header with values as they come.
func oddHeader(m *maker) string {
	var all strings.Builder
	for range 1 + m.rnd.IntN(8) {
		all.WriteString(one(m, "From", "TO", "Cc", "subject", "Date", "Message-ID", "Reply-To", "X-Foo", "Received", "Content-Disposition"))
		all.WriteString(one(m, ": ", ":", ":  ", ":\t", ":\r\n ") + one(m, "a@b", `"x, y" <a@b>`, "=?utf-8?q?=C3=A1?= <x@y>", "one@x,\r\n two@y", "g: a@b;", "z ", strings.Repeat("a", 300)) + "\r\n")
	}
	all.WriteString(one(m, "", "Cc: \r\n", "To:\r\n", "Subject:   \r\n"))
	return all.String() + one(m, "", "Content-Type: text/plain\r\n", "Content-type: TEXT/HTML;charset=x\r\n", "Content-Type: multipart/mixed;\r\n boundary=\"b\"\r\n")
}

// oddMail is a message, its dot not counted.
func oddMail(m *maker) string {
	return oddHeader(m) + "\r\n--b\r\n" + one(m, "\r\nx\r\n", "Content-Type: message/rfc822; a=b\r\n\r\nFrom: in@x\r\nSubject: inner\r\n\r\ny\r\n", "text\r\n\r\n..\r\n") + "--b--\r\nend\r\n"
}

// oddSMTP is a session in which each command comes alone.
func (m *maker) oddSMTP(pass func(client bool, text string)) {
	pass(false, one(m, "220 mx ESMTP\r\n", "220-a\r\n220 b\r\n", "220\r\n", "554 no\r\n", "220 x\r\r\n"))
	for range 2 + m.rnd.IntN(14) {
		if m.rnd.IntN(4) == 0 {
			pass(true, one(m, "DATA\r\n", "data\r\n", "DATA \r\n"))
			pass(false, one(m, "354 go\r\n", "354-go\r\n354 on\r\n", "354\r\n"))
			switch mail := oddMail(m); m.rnd.IntN(3) {
			case 0:
				pass(true, mail)
				pass(true, ".\r\n")
			case 1:
				pass(true, strings.TrimSuffix(mail, "\r\n"))
				pass(true, "\r\n.\r\n")
			default:
				pass(true, mail+".\r\n")
			}
		} else {
			pass(true, one(m, "HELO x", "EHLO [IPv6:2001:db8::1]", "MAIL FROM:<a@b> SIZE=10 BODY=8BITMIME", "mail from: a@b", "MAIL  FROM:<>",
				"RCPT TO:<\"a b\"@c> NOTIFY=NEVER", "RSET", "NOOP hello", "NOOP  two", "HELP MAIL", "VRFY a\\b", "EXPN l", "ETRN #q")+"\r\n")
		}
		pass(false, oddReply(m))
	}
}

// oddPOP is one whose messages come behind their +OK.
func (m *maker) oddPOP(pass func(client bool, text string)) {
	pass(false, one(m, "+OK ready <1.2@x>\r\n", "+OK\r\n", "+OK  two\r\n"))
	for range 2 + m.rnd.IntN(14) {
		if m.rnd.IntN(3) == 0 {
			mail := oddMail(m)
			pass(true, one(m, "RETR 1\r\n", "retr 12\r\n"))
			pass(false, fmt.Sprintf("+OK %d octets\r\n", len(mail)))
			if cut := m.rnd.IntN(len(mail)); m.rnd.IntN(2) == 0 && cut > 0 {
				pass(false, mail[:cut])
				mail = mail[cut:]
			}
			pass(false, mail+".\r\n")
			continue
		}
		pass(true, one(m, "USER a", "USER  two", "PASS p q", "STAT", "NOOP ", "DELE 1", "LIST 1", "UIDL 2", "XYZ", "XTND x y", "UTF8", " USER x", "")+"\r\n")
		pass(false, one(m, "+OK\r\n", "+OK \r\n", "+OK 2 320\r\n", "+OK  two\r\n", "+OK, yes\r\n", "-ERR\r\n", "-ERR [IN-USE] x\r\n", "-ERR: no\r\n"))
	}
}

// What is odd, but told by tshark, is told alike, frame by frame.
func TestOddMailIsTsharks(t *testing.T) {
	need(t)
	ids := append(mailFields(), field.SMTPEOM, field.SMTPDataFragment, field.SMTPDataReassembledLength, field.POPDataFragment, field.POPDataReassembledLength,
		field.IMFCc, field.IMFDate, field.IMFMessageID, field.IMFContentType)
	values := 0
	for seed := range uint64(30) {
		m := &maker{rnd: rand.New(rand.NewPCG(seed, 6))}
		for i := range uint16(8) {
			c, s := &end{addr: [4]byte{192, 0, 2, 1}, port: 40000 + i, seq: 100, window: 8000}, &end{addr: [4]byte{192, 0, 2, 2}, port: 25, seq: 900, window: 8000}
			pass := func(client bool, text string) {
				from, to := s, c
				if client {
					from, to = c, s
				}
				m.segment(from, to, from.seq, to.seq, psh|ack, []byte(text))
				from.seq += uint32(len(text))
			}
			if i%2 == 1 {
				s.port = 110
			}
			m.segment(c, s, c.seq-1, 0, syn, nil)
			m.segment(s, c, s.seq-1, c.seq, syn|ack, nil)
			if i%2 == 1 {
				m.oddPOP(pass)
			} else {
				m.oddSMTP(pass)
			}
		}
		f, faults := m.file(t), 0
		ours := framesOf(t, f.path, ids)
		for i, theirs := range f.said(t, ids) {
			for _, id := range ids {
				name := field.Of(id).Name
				values += len(theirs[name])
				if !slices.Equal(ours[i][name], theirs[name]) {
					if faults++; faults <= 3 {
						t.Errorf("seed %d, packet %d: %s: tshark %q, posta %q", seed, i+1, name, theirs[name], ours[i][name])
					}
				}
			}
		}
	}
	if values < 8000 {
		t.Errorf("only %d values were compared", values)
	}
}
