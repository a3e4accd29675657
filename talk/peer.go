package talk

import (
	"bytes"
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"io"
	"net"
	"os"
	"syscall"
	"time"

	"github.com/xdg-go/scram"
)

// maxLine bounds a line of the server's, in octets.
const maxLine = 4 << 20

// peer is one connection, as its client sees it.
type peer struct {
	nc       net.Conn
	raw      net.Conn // below TLS
	buf      []byte   // arrived, not yet looked at
	err      error    // what ended reading
	patience time.Duration
	pop      bool
	scram    *scram.ClientConversation
}

func (p *peer) write(b []byte) error {
	if len(b) == 0 {
		return nil
	}
	if err := p.nc.SetWriteDeadline(time.Now().Add(p.patience)); err != nil {
		return err
	}
	if _, err := p.nc.Write(b); err != nil {
		return fmt.Errorf("sending: %w", err)
	}
	return nil
}

// fill waits for more octets.
func (p *peer) fill(wait time.Duration) error {
	if p.err != nil {
		return p.err
	}
	if err := p.nc.SetReadDeadline(time.Now().Add(wait)); err != nil {
		return err
	}
	var chunk [4096]byte
	n, err := p.nc.Read(chunk[:])
	p.buf = append(p.buf, chunk[:n]...)
	if err != nil && !errors.Is(err, os.ErrDeadlineExceeded) {
		p.err = err
	}
	if n > 0 {
		return nil
	}
	return err
}

// line reads a line; with end it must end in CRLF, else what has come is it.
func (p *peer) line(end bool) ([]byte, error) {
	for {
		i := bytes.IndexByte(p.buf, '\n')
		if i >= 0 && (i == 0 || p.buf[i-1] != '\r') {
			return nil, fmt.Errorf("the server sent a bare LF in %q", p.buf[:i+1])
		}
		if i >= 0 {
			line := p.buf[:i-1]
			p.buf = p.buf[i+1:]
			return line, nil
		}
		if len(p.buf) > maxLine {
			return nil, errors.New("the server's line has no end")
		}
		err := p.fill(p.patience)
		if err == nil {
			continue
		}
		if !end && len(p.buf) > 0 {
			line := p.buf
			p.buf = nil
			return line, nil
		}
		return nil, p.nothing(err)
	}
}

func (p *peer) nothing(err error) error {
	switch {
	case errors.Is(err, os.ErrDeadlineExceeded):
		return &Got{Silent: p.patience, SoFar: string(p.buf)}
	case errors.Is(err, io.EOF):
		return &Got{Closed: true, SoFar: string(p.buf)}
	}
	return fmt.Errorf("reading: %w", err)
}

// reply reads the rest of an SMTP reply whose first line is known.
func (p *peer) reply(line []byte) ([][]byte, error) {
	all := [][]byte{bytes.Clone(line)}
	for len(line) > 3 && line[3] == '-' {
		next, err := p.line(true)
		if err != nil {
			return nil, err
		}
		if len(next) < 3 || !bytes.Equal(next[:3], line[:3]) {
			return nil, fmt.Errorf("the reply's code changes in %q", next)
		}
		line = next
		all = append(all, bytes.Clone(line))
	}
	return all, nil
}

// lines reads up to the lone dot.
func (p *peer) lines() ([][]byte, error) {
	var all [][]byte
	for {
		line, err := p.line(true)
		if err != nil {
			return nil, err
		}
		if string(line) == "." {
			return all, nil
		}
		all = append(all, bytes.Clone(line))
	}
}

// whole reads the rest of a reply for a set: SMTP's without the dashes, POP3's
// without the dot.
func (p *peer) whole() ([][]byte, error) {
	if p.pop {
		return p.lines()
	}
	first, err := p.line(true)
	if err != nil {
		return nil, err
	}
	all, err := p.reply(first)
	for _, line := range all {
		if len(line) > 3 && line[3] == '-' {
			line[3] = ' '
		}
	}
	return all, err
}

func (p *peer) octets(n int) ([]byte, error) {
	for len(p.buf) < n {
		if err := p.fill(p.patience); err != nil {
			return nil, p.nothing(err)
		}
	}
	out := p.buf[:n]
	p.buf = p.buf[n:]
	return out, nil
}

// peek gives what has arrived, and waits for it; an error only if nothing has.
func (p *peer) peek(wait time.Duration) ([]byte, error) {
	if len(p.buf) > 0 {
		return p.buf, nil
	}
	err := p.fill(wait)
	return p.buf, err
}

func (p *peer) upgrade(cfg *tls.Config) error {
	if len(p.buf) > 0 {
		return fmt.Errorf("before TLS the server also said %q", p.buf)
	}
	ctx, cancel := context.WithTimeout(context.Background(), p.patience)
	defer cancel()
	if tap, ok := p.nc.(*Tap); ok {
		if err := tap.StartTLS(ctx, cfg); err != nil {
			return fmt.Errorf("TLS: %w", err)
		}
		return nil
	}
	tc := tls.Client(p.nc, cfg)
	if err := tc.HandshakeContext(ctx); err != nil {
		return fmt.Errorf("TLS: %w", err)
	}
	p.nc = tc
	return nil
}

func (p *peer) halfClose() error {
	half, ok := p.nc.(interface{ CloseWrite() error })
	if !ok {
		return errors.New("this connection cannot be closed by halves")
	}
	return half.CloseWrite()
}

// reset ends the connection without the ordinary end of the stream.
func (p *peer) reset() error {
	switch nc := p.raw.(type) {
	case interface{ Reset() error }:
		return nc.Reset()
	case interface{ Reset() }:
		nc.Reset()
		return nil
	case interface{ SetLinger(int) error }: // a net.TCPConn, or a Tap of one
		if err := nc.SetLinger(0); err != nil {
			return err
		}
	}
	return p.raw.Close()
}

func isReset(err error) bool {
	return errors.Is(err, syscall.ECONNRESET) || errors.Is(err, net.ErrClosed) || errors.Is(err, io.ErrClosedPipe) ||
		errors.Is(err, io.ErrUnexpectedEOF)
}
