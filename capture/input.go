package capture

import (
	"bufio"
	"compress/gzip"
	"errors"
	"io"

	"github.com/klauspost/compress/zstd"
)

// inputBuffer holds the largest packet with everything around it.
const inputBuffer = 2 * maxPacket

// peeked is how much of a file is read to see whether it is compressed; beyond is
// what is read behind what was asked for.
const (
	peeked = 4 << 10
	beyond = 4 << 10
)

// maxWindow bounds a zstd decoder's memory; zstd --long writes up to this.
const maxWindow = 128 << 20

// input is the octets of a capture, decompressed, with their positions. They
// are looked at where they lie in the buffer.
type input struct {
	r        io.Reader
	source   *source
	buf      []byte
	off, end int   // of the octets in buf that are still to be taken
	mark     int   // how far a buffer of somebody else's is filled; 0: it is the input's own
	err      error // behind them
	at       int64 // octets taken so far
	close    func()
}

// source remembers the error of the file itself, so that it is not taken for
// the decompressor's.
type source struct {
	r   io.Reader
	err error
}

func (s *source) Read(p []byte) (int, error) {
	n, err := s.r.Read(p)
	if err != nil && err != io.EOF {
		s.err = err
	}
	return n, err
}

// newInput sees from its first octets whether r is compressed.
func newInput(r io.Reader) (*input, error) {
	in := &input{source: &source{r: r}, buf: make([]byte, inputBuffer), close: func() {}}
	raw := bufio.NewReaderSize(in.source, peeked) // which large reads pass by
	in.r = raw
	magic, _ := raw.Peek(4)
	switch {
	case len(magic) >= 2 && magic[0] == 0x1f && magic[1] == 0x8b:
		z, err := gzip.NewReader(bufio.NewReaderSize(raw, inputBuffer))
		if err != nil {
			return nil, in.damage(err, 0, 0)
		}
		in.r = z
	case string(magic) == "\x28\xb5\x2f\xfd":
		z, err := zstd.NewReader(raw, zstd.WithDecoderConcurrency(1), zstd.WithDecoderMaxWindow(maxWindow))
		if err != nil {
			return nil, in.damage(err, 0, 0)
		}
		in.r, in.close = z, z.Close
	}
	return in, nil
}

// lend goes on in a buffer of somebody else's, who keeps what was peeked at: it
// is filled up to mark, and then by no more than is asked for.
func (in *input) lend(buf []byte, mark int) {
	in.end = copy(buf, in.buf[in.off:in.end])
	in.buf, in.off, in.mark = buf, 0, mark
}

// peek gives the next n octets, at most inputBuffer, lent until the next call.
// At the end it gives fewer, with io.EOF.
func (in *input) peek(n int) ([]byte, error) {
	if in.end-in.off < n {
		if err := in.fill(n); err != nil {
			return in.buf[in.off:in.end], err
		}
	}
	return in.buf[in.off : in.off+n], nil
}

// fill reads until there are n octets.
func (in *input) fill(n int) error {
	if len(in.buf)-in.off < n {
		to := in.buf
		if in.mark > 0 {
			to = make([]byte, max(len(in.buf), n))
		}
		in.end = copy(to, in.buf[in.off:in.end])
		in.buf, in.off = to, 0
	}
	limit := len(in.buf)
	if in.mark > 0 {
		limit = min(limit, max(in.mark, in.off+n+beyond))
	}
	for empty := 0; in.end-in.off < n && in.err == nil; {
		var done int
		done, in.err = in.r.Read(in.buf[in.end:limit])
		in.end += done
		if empty++; done > 0 {
			empty = 0
		} else if empty == maxEmpty && in.err == nil {
			in.err = io.ErrNoProgress
		}
	}
	if in.end-in.off < n {
		return in.err
	}
	return nil
}

// maxEmpty bounds reads that bring neither an octet nor an error.
const maxEmpty = 100

// skip passes over octets, however many.
func (in *input) skip(n int64) error {
	some := min(n, int64(in.end-in.off))
	in.off += int(some)
	in.at += some
	if n -= some; n > 0 && in.err == nil {
		some, in.err = io.CopyN(io.Discard, in.r, n)
		in.at += some
		n -= some
	}
	if n > 0 {
		return in.err
	}
	return nil
}

// damage makes an error of reading into what is told of it: the file's end,
// the decompressor's complaint, or an error of the machine as it is.
func (in *input) damage(err error, at int64, block int) error {
	switch {
	case in.source.err != nil:
		return in.source.err
	case errors.Is(err, io.EOF), errors.Is(err, io.ErrUnexpectedEOF):
		return &Damage{Fault: CutOff, At: at, Block: block}
	}
	return &Damage{Compressed, at, block, err}
}
