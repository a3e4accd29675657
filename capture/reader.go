package capture

import (
	"encoding/binary"
	"io"
)

// Reader reads the packets of a capture, one after the other, in memory that
// does not grow with the file. What it reads may be compressed with gzip or
// zstd, and come through a pipe.
type Reader struct {
	in      *input
	format  format
	info    Info // what format has read
	failed  error
	packets int  // given so far
	shown   Info // of what format has read, what stands before the packets that were given
}

// format is how one of the file formats is read on.
type format interface {
	// next fills p, all but its Number; io.EOF at the end.
	next(p *Packet) error
}

// Info is what a capture says of itself, as far as it has been read. It is
// bounded; what is beyond is left out.
type Info struct {
	Format     string // "pcap" or "pcapng"
	Interfaces []Adapter
	Comments   []string // of sections, interfaces and the other blocks that are no packets
	Secrets    []Secret
}

// Adapter is a network interface that packets were captured at.
type Adapter struct {
	Name, Description string
	Link              LinkType
}

// Secret is a Decryption Secrets Block (pcapng §4.7): what another program
// needs to decrypt the packets behind it. A key log of TLS is of SecretTLS.
type Secret struct {
	Type uint32
	Data []byte
}

// SecretTLS is the type of an NSS key log ("TLSK").
const SecretTLS = 0x544c534b

// The bounds of Info.
const (
	maxSecrets    = 64 << 20
	maxComments   = 1 << 20
	maxInterfaces = 1 << 12
)

// NewReader begins to read. A *Damage is the error where r is no capture.
// Whoever stops before the end calls Close.
func NewReader(r io.Reader) (*Reader, error) {
	in, err := newInput(r)
	if err != nil {
		return nil, err
	}
	c := &Reader{in: in}
	magic, err := in.peek(4)
	switch {
	case err == io.EOF && len(magic) == 0:
		err = &Damage{Fault: Empty}
	case len(magic) < 4 && err != io.EOF:
		err = in.damage(err, 0, 0)
	case len(magic) < 4:
		err = &Damage{Fault: NoCapture}
	case binary.LittleEndian.Uint32(magic) == blockSection:
		c.info.Format = "pcapng"
		c.format, err = &pcapng{in: in, info: &c.info}, nil
	default:
		c.info.Format = "pcap"
		c.format, err = newPcap(in, &c.info)
	}
	if err != nil {
		in.close()
		return nil, err
	}
	c.shown = c.info
	return c, nil
}

// Next reads the next packet into p. The error is io.EOF at the end, a *Damage
// where the capture cannot be read on, or the machine's.
func (c *Reader) Next(p *Packet) error {
	err := c.next(p)
	if err == nil {
		c.packets++
	}
	if c.info.differs(&c.shown) {
		c.shown = c.info
	}
	return err
}

func (c *Reader) next(p *Packet) error {
	if c.failed != nil {
		return c.failed
	}
	p.Comments = nil
	c.failed = c.format.next(p)
	return c.failed
}

// differs says that more has been read.
func (i *Info) differs(from *Info) bool {
	return len(i.Secrets) != len(from.Secrets) || len(i.Interfaces) != len(from.Interfaces) || len(i.Comments) != len(from.Comments)
}

// Packets is how many have been read.
func (c *Reader) Packets() int { return c.packets }

// Info is what has been read beside packets; it grows with Next.
func (c *Reader) Info() *Info { return &c.shown }

// Close lets the decompressor go. It does not close what is read.
func (c *Reader) Close() { c.in.close() }
