package main

import (
	"bufio"
	"bytes"
	"errors"
	"io"

	"posta/imf"
)

// messageReader reads a message as programs on this machine write it, and gives
// it as it travels: each line ends in CRLF, whichever end it had. A dot alone on
// a line ends the message, unless dots are to stay. The line "From …" with
// which mbox files separate messages is left out before the first field.
type messageReader struct {
	in    *bufio.Reader
	dots  bool
	began bool // behind the first line
	start bool // the next octets begin a line
	over  bool
	ends  imf.LineEnds
	rest  []byte // converted and not given out yet
}

func newMessageReader(in io.Reader, dots bool) *messageReader {
	return &messageReader{in: bufio.NewReaderSize(in, 4096), dots: dots, start: true}
}

// Read implements io.Reader.
func (r *messageReader) Read(p []byte) (int, error) {
	for len(r.rest) == 0 {
		if r.over {
			return 0, io.EOF
		}
		if err := r.more(); err != nil {
			return 0, err
		}
	}
	n := copy(p, r.rest)
	r.rest = r.rest[n:]
	return n, nil
}

// more converts a piece of a line: all of it, or what fits into the buffer.
func (r *messageReader) more() error {
	piece, err := r.in.ReadSlice('\n')
	ended := errors.Is(err, io.EOF)
	if err != nil && !ended && !errors.Is(err, bufio.ErrBufferFull) {
		return err
	}
	whole := bytes.HasSuffix(piece, []byte("\n"))
	text := piece
	if whole {
		text = bytes.TrimRight(piece[:len(piece)-1], "\r")
	}
	first := !r.began
	r.began = r.began || len(piece) > 0
	switch {
	case r.start && !r.dots && (whole || ended) && string(text) == ".":
		r.over = true
		return nil
	case first && whole && bytes.HasPrefix(text, []byte("From ")):
		return nil
	}
	if r.rest = r.ends.Append(r.rest[:0], piece); ended {
		r.rest = r.ends.End(r.rest)
	}
	r.start = whole
	r.over = ended
	return nil
}
