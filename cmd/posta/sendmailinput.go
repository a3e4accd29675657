package main

import (
	"bufio"
	"bytes"
	"errors"
	"io"
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
	rest  []byte // converted and not given out yet
	cr    bool   // a CR was held back
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
	r.rest = r.convert(r.rest[:0], text)
	if whole || ended && (!r.start || len(piece) > 0) {
		r.cr = false
		r.rest = append(r.rest, '\r', '\n')
	}
	r.start = whole
	r.over = ended
	return nil
}

// convert copies text; a CR in a line ends it (RFC 5321 §2.3.8 lets none stand
// alone), and several are one.
func (r *messageReader) convert(dst, text []byte) []byte {
	for _, c := range text {
		switch {
		case c == '\r':
			r.cr = true
			continue
		case r.cr:
			r.cr = false
			dst = append(dst, '\r', '\n')
		}
		dst = append(dst, c)
	}
	return dst
}
