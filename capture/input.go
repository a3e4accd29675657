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

// maxWindow bounds a zstd decoder's memory; zstd --long writes up to this.
const maxWindow = 128 << 20

// input is the octets of a capture, decompressed, with their positions. They
// are looked at where they lie in the buffer.
type input struct {
	r      *bufio.Reader
	source *source
	at     int64 // octets taken so far
	close  func()
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
	in := &input{source: &source{r: r}, close: func() {}}
	in.r = bufio.NewReaderSize(in.source, inputBuffer)
	magic, _ := in.r.Peek(4)
	switch {
	case len(magic) >= 2 && magic[0] == 0x1f && magic[1] == 0x8b:
		z, err := gzip.NewReader(in.r)
		if err != nil {
			return nil, in.damage(err, 0, 0)
		}
		in.r = bufio.NewReaderSize(z, inputBuffer)
	case string(magic) == "\x28\xb5\x2f\xfd":
		z, err := zstd.NewReader(in.r, zstd.WithDecoderConcurrency(1), zstd.WithDecoderMaxWindow(maxWindow))
		if err != nil {
			return nil, in.damage(err, 0, 0)
		}
		in.r, in.close = bufio.NewReaderSize(z, inputBuffer), z.Close
	}
	return in, nil
}

// peek gives the next n octets, at most inputBuffer, lent until the next call.
// At the end it gives fewer, with io.EOF.
func (in *input) peek(n int) ([]byte, error) { return in.r.Peek(n) }

// skip passes over octets, however many.
func (in *input) skip(n int64) error {
	for n > 0 {
		done, err := in.r.Discard(int(min(n, inputBuffer)))
		in.at += int64(done)
		n -= int64(done)
		if err != nil {
			return err
		}
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
