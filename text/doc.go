// Package text frames the octets of the mail protocols: lines, dot-stuffed
// data, counted chunks, and what a person's terminal mixes in. Its scanners
// are pushed: they are fed octets as these come and give the same result at
// every split, so that a server that reads and an analyser that is handed
// segments cannot disagree about where a message ends.
//
// It does no input or output, and knows no command and no reply.
//
// Start reading at Line and Dot.
package text

import "errors"

// Ends is a set of line ends.
type Ends uint8

const (
	CRLF  Ends = 1 << iota
	LF         // bare
	CRNUL      // telnet's carriage return (RFC 854)
)

// Len is the number of octets of one line end.
func (e Ends) Len() int {
	switch e {
	case 0:
		return 0
	case LF:
		return 1
	}
	return 2
}

// ErrBare says that a CR or an LF stood alone where only CRLF may be.
var ErrBare = errors.New("text: bare CR or LF")
