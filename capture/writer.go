package capture

import (
	"encoding/binary"
	"io"
	"time"
	"unicode/utf8"
)

// Writer writes pcapng: one section, little-endian, stamps in nanoseconds.
// Every call is one Write of whole blocks, so that a reader at the other end of
// a pipe sees them at once.
type Writer struct {
	w     io.Writer
	block []byte
	count uint32 // of interfaces
}

// NewWriter begins a capture. Application says who wrote it; comments are
// about the whole.
func NewWriter(w io.Writer, application string, comments ...string) (*Writer, error) {
	c := &Writer{w: w}
	c.begin(blockSection)
	c.uint32(byteOrderMagic)
	c.uint16(1)
	c.uint16(0)
	c.block = binary.LittleEndian.AppendUint64(c.block, ^uint64(0)) // the length is not known yet
	c.comments(comments)
	c.option(optApplication, application)
	return c, c.end(true)
}

// Interface describes the next interface; the first is 0. Packets name it by
// its number.
func (c *Writer) Interface(a Adapter, comments ...string) (int, error) {
	c.begin(blockInterface)
	c.uint16(uint16(a.Link))
	c.uint16(0)
	c.uint32(0) // nothing is cut
	c.comments(comments)
	c.option(optName, a.Name)
	c.option(optDescription, a.Description)
	c.option(optResolution, "\x09")
	c.count++
	return int(c.count - 1), c.end(true)
}

// Secret writes what decrypts the packets that follow.
func (c *Writer) Secret(s Secret) error {
	c.begin(blockSecrets)
	c.uint32(s.Type)
	c.uint32(uint32(len(s.Data)))
	c.padded(s.Data)
	return c.end(false)
}

// Statistics are how many packets an interface had, and how many of them the
// capture has not, because nobody took them in time.
type Statistics struct{ Received, Dropped uint64 }

// Statistics writes an Interface Statistics Block (pcapng §4.6).
func (c *Writer) Statistics(network int, at time.Time, s Statistics) error {
	c.begin(blockStatistics)
	c.uint32(uint32(network))
	c.stamp(at)
	for _, one := range []struct {
		code  uint16
		count uint64
	}{{optReceived, s.Received}, {optDropped, s.Dropped}} {
		c.uint16(one.code)
		c.uint16(8)
		c.block = binary.LittleEndian.AppendUint64(c.block, one.count)
	}
	return c.end(true)
}

// stamp writes a time, in nanoseconds.
func (c *Writer) stamp(t time.Time) {
	var at uint64
	if !t.IsZero() {
		at = uint64(t.Unix())*1e9 + uint64(t.Nanosecond())
	}
	c.uint32(uint32(at >> 32))
	c.uint32(uint32(at))
}

// Packet writes a packet with its comments, as an Enhanced Packet Block. Its
// Number, Link and At are not written: the first follows from the order, the
// second from the interface.
func (c *Writer) Packet(p *Packet) error {
	c.begin(blockPacket)
	c.uint32(uint32(p.Interface))
	c.stamp(p.Time)
	c.uint32(uint32(len(p.Data)))
	c.uint32(uint32(max(p.Wire, len(p.Data))))
	c.padded(p.Data)
	c.comments(p.Comments)
	return c.end(len(p.Comments) > 0)
}

func (c *Writer) begin(kind uint32) {
	c.block = c.block[:0]
	c.uint32(kind)
	c.uint32(0) // the length, once it is known
}

// end closes a block, and its options where it has some.
func (c *Writer) end(hasOptions bool) error {
	if hasOptions {
		c.uint32(optEnd)
	}
	n := uint32(len(c.block) + 4)
	c.uint32(n)
	binary.LittleEndian.PutUint32(c.block[4:], n)
	_, err := c.w.Write(c.block)
	return err
}

func (c *Writer) uint16(v uint16) { c.block = binary.LittleEndian.AppendUint16(c.block, v) }
func (c *Writer) uint32(v uint32) { c.block = binary.LittleEndian.AppendUint32(c.block, v) }

func (c *Writer) padded(b []byte) {
	c.block = append(c.block, b...)
	for len(c.block)%4 != 0 {
		c.block = append(c.block, 0)
	}
}

// maxOption is what an option's length can say.
const maxOption = 1<<16 - 1

// option writes an option's text, nothing for an empty one.
func (c *Writer) option(code uint16, text string) {
	if text == "" {
		return
	}
	if len(text) > maxOption {
		n := maxOption
		for !utf8.RuneStart(text[n]) {
			n--
		}
		text = text[:n]
	}
	c.uint16(code)
	c.uint16(uint16(len(text)))
	c.padded([]byte(text))
}

func (c *Writer) comments(all []string) {
	for _, text := range all {
		c.option(optComment, text)
	}
}
