package admin

import (
	"errors"
	"io"

	"posta/imf"
)

// asLines reads a message with CRLF at the end of each line, whatever came: a
// bare LF or CR would let its sender end it early at the next server or POP3
// client, and go on as if he were this server (RFC 5321 §2.3.8).
type asLines struct {
	from  io.Reader
	ends  imf.LineEnds
	piece []byte // what was read last
	room  []byte // for what becomes of it
	rest  []byte // of room, not given out yet
	err   error  // behind the rest
}

// Read implements io.Reader.
func (r *asLines) Read(p []byte) (int, error) {
	if r.piece == nil {
		r.piece = make([]byte, 16<<10)
	}
	for len(r.rest) == 0 && r.err == nil {
		var n int
		n, r.err = r.from.Read(r.piece)
		if r.room = r.ends.Append(r.room[:0], r.piece[:n]); errors.Is(r.err, io.EOF) {
			r.room = r.ends.End(r.room)
		}
		r.rest = r.room
	}
	n := copy(p, r.rest)
	if r.rest = r.rest[n:]; n > 0 || len(p) == 0 {
		return n, nil
	}
	return 0, r.err
}
