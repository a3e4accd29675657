//go:build whole && linux

package faults

import (
	"bytes"
	"fmt"
	"math/rand/v2"
	"strconv"
)

// letter is a numbered message. Its octets follow from its number and size, so
// that what comes back can be compared with what went in.
type letter struct {
	id   uint64
	size int
	to   []int // accounts, by index
}

const subject = "Subject: letter "

// text is the message, as it is sent before dots are stuffed and stored after
// what posta puts in front.
func (l letter) text() []byte {
	var b bytes.Buffer
	b.Grow(l.size + 256)
	fmt.Fprintf(&b, "From: <sender@elsewhere.test>\r\n%s%d %d\r\n\r\n%s\r\n", subject, l.id, l.size, l.marker())
	const alphabet = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/"
	random := rand.NewPCG(l.id, uint64(l.size))
	for b.Len() < l.size {
		bits := random.Uint64()
		if bits%16 == 0 {
			b.WriteByte('.') // to be stuffed
		}
		for range 6 {
			bits = random.Uint64()
			for range 10 {
				b.WriteByte(alphabet[bits&63])
				bits >>= 6
			}
		}
		b.WriteString("\r\n")
	}
	fmt.Fprintf(&b, "end of %s\r\n", l.marker())
	return b.Bytes()
}

// marker names the letter in its body, for those who look at the octets.
func (l letter) marker() string { return fmt.Sprintf("<<letter %d>>", l.id) }

// stuffed is the text as DATA sends it (RFC 5321 §4.5.2).
func (l letter) stuffed() []byte {
	text := bytes.ReplaceAll(l.text(), []byte("\r\n."), []byte("\r\n.."))
	return append(text, ".\r\n"...)
}

// recognise finds the number of a stored message and says whether it is whole.
func recognise(stored []byte) (uint64, error) {
	at := bytes.Index(stored, []byte("From: <sender@elsewhere.test>\r\n"+subject))
	if at < 0 {
		return 0, fmt.Errorf("no letter of ours: %.200q", stored)
	}
	line, _, _ := bytes.Cut(stored[bytes.Index(stored[at:], []byte(subject))+at+len(subject):], []byte("\r\n"))
	first, second, _ := bytes.Cut(line, []byte(" "))
	id, err := strconv.ParseUint(string(first), 10, 64)
	size, err2 := strconv.Atoi(string(second))
	if err != nil || err2 != nil {
		return 0, fmt.Errorf("torn in its subject: %.200q", stored)
	}
	if want := (letter{id: id, size: size}).text(); !bytes.Equal(stored[at:], want) {
		return id, fmt.Errorf("letter %d is torn: %d octets, want %d", id, len(stored)-at, len(want))
	}
	if !bytes.HasPrefix(stored, []byte("Return-Path: <")) || bytes.Count(stored[:at], []byte("\r\nReceived:")) != 1 {
		return id, fmt.Errorf("letter %d has a torn prefix: %q", id, stored[:at])
	}
	return id, nil
}
