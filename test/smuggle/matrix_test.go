//go:build whole

package smuggle

import (
	"strings"
	"testing"

	"posta/mail"
)

// matrix is every ending with every dot and every ending.
func matrix() []sequence {
	ends := []string{"\r\n", "\n", "\r", "\n\r", "\r\r\n", "\r\x00", "\r\x00\n", "\x00\r\n", "\r\n\x00", "\x00",
		"\x0c", "\x85", "\xe2\x80\xa8", "\xff\xf1\r\n", "\x08\r\n"}
	dots := []string{".", "\x00.", ".\x00", "x\x08.", "\xff\xf1."}
	var all []sequence
	for _, end := range ends {
		for _, dot := range dots {
			for _, after := range ends {
				if end+dot+after != "\r\n.\r\n" {
					all = append(all, sequence{end, dot, after})
				}
			}
		}
	}
	return all
}

// around is where the sequence lies in the stream, and an octet beside it.
func around(a attempt) (from, to int) {
	from = strings.Index(a.stream(), "first") + len("first")
	return from - 1, from + len(a.seq.end+a.seq.dot+a.seq.after) + 1
}

// Every ending with every dot and every ending, cut at every octet of it, in
// two more ways to meet posta.
func TestMatrix(t *testing.T) {
	all := trials(t)
	all["lab, telnet"] = trial{house: open(t, mail.Lab, false), edits: true,
		hello: []string{"\xff\xfb\x1f\xff\xfd\x01", program()[0]}}
	all["old device, lab"] = trial{house: open(t, mail.Lab, true), hello: program(), bareLF: true}
	for name, tr := range all {
		t.Run(name, func(t *testing.T) { tr.run(t, attempts(matrix()), around) })
	}
}
