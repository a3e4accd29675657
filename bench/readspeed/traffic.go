//go:build linux

package main

import (
	"bufio"
	"encoding/binary"
	"fmt"
	"io"
	"math/rand/v2"
	"strings"
)

// traffic writes a capture of sessions of SMTP and POP3 that go on at the same
// time, the same one for the same size.
type traffic struct {
	out   *bufio.Writer
	rnd   *rand.Rand
	size  int64
	clock uint64 // microseconds
	frame []byte
	text  string
	err   error
}

// The bounds of a session and of the network.
const (
	together = 200 // sessions that go on at the same time
	segment  = 1448
	began    = 1_790_000_000 * 1_000_000
)

// write makes a capture of about so many octets.
func write(to io.Writer, size int64) error {
	t := &traffic{out: bufio.NewWriterSize(to, 1<<20), rnd: rand.New(rand.NewPCG(1, 2)), clock: began}
	t.put(binary.LittleEndian.AppendUint32(nil, 0xa1b2c3d4))
	t.put([]byte{2, 0, 4, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 4, 0, 1, 0, 0, 0})
	words := strings.Fields("the letter that was sent yesterday brings no answer to what we asked and so we write again with more words than before")
	var text strings.Builder
	for text.Len() < 256<<10 {
		for range 12 {
			text.WriteString(words[t.rnd.IntN(len(words))] + " ")
		}
		text.WriteString("\r\n")
	}
	t.text = text.String()
	open := make([]*session, together)
	for number := uint32(0); t.size < size && t.err == nil; {
		i := t.rnd.IntN(together)
		if open[i] == nil {
			open[i] = t.begin(number)
			number++
		}
		if !open[i].step(t) {
			open[i] = nil
		}
	}
	for _, s := range open {
		for s != nil && s.step(t) {
		}
	}
	if err := t.out.Flush(); t.err == nil {
		t.err = err
	}
	return t.err
}

func (t *traffic) put(octets []byte) {
	if _, err := t.out.Write(octets); t.err == nil {
		t.err = err
	}
	t.size += int64(len(octets))
}

// session is a connection: what is still to be said, and how far both ends are.
type session struct {
	turns          []turn
	client, server [4]byte
	ports          [2]uint16
	seq            [2]uint32
	at             int // in the turn at hand
	segments       int
}

// turn is what one end says before the other does.
type turn struct {
	server bool
	text   string
	flags  byte
}

const (
	fin = 1
	syn = 2
	psh = 8
	ack = 16
)

// begin makes up a session.
func (t *traffic) begin(number uint32) *session {
	s := &session{client: [4]byte{10, byte(number >> 16), byte(number >> 8), byte(number)}, server: [4]byte{192, 0, 2, 25},
		ports: [2]uint16{uint16(20000 + number%40000), 25}, seq: [2]uint32{t.rnd.Uint32(), t.rnd.Uint32()}}
	s.turns = []turn{{false, "", syn}, {true, "", syn | ack}, {false, "", ack}}
	if t.rnd.IntN(3) == 0 {
		s.ports[1] = 110
		s.pop(t, number)
	} else {
		s.smtp(t, number)
	}
	s.turns = append(s.turns, turn{false, "", fin | ack}, turn{true, "", fin | ack}, turn{false, "", ack})
	return s
}

func (s *session) say(server bool, text string) {
	s.turns = append(s.turns, turn{server, text, psh | ack})
}

// letter is a message of 1 to 60 KiB; one in fifty has the word that is looked for.
func (t *traffic) letter(number uint32, i int) string {
	subject := "how are you"
	if t.rnd.IntN(50) == 0 {
		subject = "an extraordinary letter"
	}
	size := 1<<10 + t.rnd.IntN(59<<10)
	off := t.rnd.IntN(len(t.text) - size)
	off += strings.IndexByte(t.text[off:], '\n') + 1
	end := off + strings.LastIndexByte(t.text[off:off+size-200], '\n') + 1
	return fmt.Sprintf("From: sender%d@client.example\r\nTo: someone%d@mx.example\r\nSubject: %s\r\nMessage-ID: <%d.%d@client.example>\r\n"+
		"Date: Mon, 05 Oct 2026 10:00:00 +0000\r\nMIME-Version: 1.0\r\nContent-Type: text/plain; charset=utf-8\r\n\r\n%s",
		number, i, subject, number, i, t.text[off:max(off, end)])
}

func (s *session) smtp(t *traffic, number uint32) {
	s.say(true, "220 mx.example ESMTP\r\n")
	s.say(false, "EHLO client.example\r\n")
	s.say(true, "250-mx.example\r\n250-PIPELINING\r\n250 SIZE 100000000\r\n")
	for i := range 1 + t.rnd.IntN(4) {
		s.say(false, fmt.Sprintf("MAIL FROM:<sender%d@client.example>\r\n", number))
		s.say(true, "250 2.1.0 OK\r\n")
		for j := range 1 + t.rnd.IntN(2) {
			s.say(false, fmt.Sprintf("RCPT TO:<someone%d.%d@mx.example>\r\n", i, j))
			s.say(true, "250 2.1.5 OK\r\n")
		}
		s.say(false, "DATA\r\n")
		s.say(true, "354 go on\r\n")
		s.say(false, t.letter(number, i)+".\r\n")
		s.say(true, "250 2.0.0 OK: taken\r\n")
	}
	s.say(false, "QUIT\r\n")
	s.say(true, "221 2.0.0 Bye\r\n")
}

func (s *session) pop(t *traffic, number uint32) {
	s.say(true, "+OK here\r\n")
	s.say(false, fmt.Sprintf("USER someone%d\r\n", number))
	s.say(true, "+OK\r\n")
	s.say(false, "PASS secret\r\n")
	s.say(true, "+OK\r\n")
	for i := range 1 + t.rnd.IntN(4) {
		letter := t.letter(number, i)
		s.say(false, fmt.Sprintf("RETR %d\r\n", i+1))
		s.say(true, fmt.Sprintf("+OK %d octets\r\n", len(letter))) // tshark misses the message where both lie in one segment
		s.say(true, letter+".\r\n")
	}
	s.say(false, "QUIT\r\n")
	s.say(true, "+OK bye\r\n")
}

// step puts the session's next segment on the network, and says whether there is more.
func (s *session) step(t *traffic) bool {
	if len(s.turns) == 0 {
		return false
	}
	now := &s.turns[0]
	side := 0
	if now.server {
		side = 1
	}
	n := min(segment, len(now.text)-s.at)
	if left := len(now.text) - s.at - n; left > 0 && left < len("\r\n.\r\n") {
		n -= len("\r\n.\r\n") // tshark misses a final dot that is cut
	}
	t.packet(s, side, now.flags, now.text[s.at:s.at+n])
	s.at += n
	s.seq[side] += uint32(n)
	if now.flags&(syn|fin) != 0 {
		s.seq[side]++
	}
	if s.segments++; n == segment && s.segments%2 == 0 {
		t.packet(s, 1-side, ack, "")
	}
	if s.at == len(now.text) {
		s.turns, s.at = s.turns[1:], 0
	}
	return len(s.turns) > 0
}

// packet writes one of Ethernet, IPv4 and TCP, with the network's sums left out
// as an interface that reckons them does.
func (t *traffic) packet(s *session, side int, flags byte, text string) {
	from, to := s.client, s.server
	if side == 1 {
		from, to = to, from
	}
	t.clock += uint64(t.rnd.IntN(200))
	n := 14 + 20 + 20 + len(text)
	b := t.frame[:0]
	b = binary.LittleEndian.AppendUint32(b, uint32(t.clock/1e6))
	b = binary.LittleEndian.AppendUint32(b, uint32(t.clock%1e6))
	b = binary.LittleEndian.AppendUint32(b, uint32(n))
	b = binary.LittleEndian.AppendUint32(b, uint32(n))
	b = append(b, 2, 0, 0, 0, 0, byte(2-side), 2, 0, 0, 0, 0, byte(1+side), 8, 0)
	b = append(b, 0x45, 0, byte((n-14)>>8), byte(n-14), 0, 0, 0x40, 0, 64, 6, 0, 0)
	b = append(append(b, from[:]...), to[:]...)
	b = binary.BigEndian.AppendUint16(b, s.ports[side])
	b = binary.BigEndian.AppendUint16(b, s.ports[1-side])
	b = binary.BigEndian.AppendUint32(b, s.seq[side])
	b = binary.BigEndian.AppendUint32(b, s.seq[1-side])
	b = append(b, 0x50, flags, 0xff, 0xff, 0, 0, 0, 0)
	t.frame = append(b, text...)
	t.put(t.frame)
}
