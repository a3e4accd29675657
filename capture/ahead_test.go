package capture

import (
	"bytes"
	"context"
	"encoding/binary"
	"fmt"
	"io"
	"slices"
	"strings"
	"testing"

	"posta/event"
)

// noter writes down what it is told.
type noter struct {
	r     *Reader
	lines []string
	stop  func()
}

func (n *noter) Wants(uint64, event.Layer, event.Part) bool { return true }

func (n *noter) Emit(e *event.Event) {
	fact := e.Fact
	if seg, ok := fact.(*event.Segment); ok {
		fact = *seg
	}
	n.lines = append(n.lines, fmt.Sprint(e.Conn, e.Seq, e.Kind, e.Dir, e.Packet, e.Off, e.Len, len(n.r.Info().Interfaces) > 0, string(e.Data), fact))
	if n.stop != nil {
		n.stop()
	}
}

// many is a capture of more packets than are read ahead at once, damaged at its
// end or not.
func many(damaged bool) []byte {
	l := &line{}
	l.hands()
	for i := range uint32(6 * batchCount) {
		l.c(101+i*100, 501, flagACK, strings.Repeat("x", 100))
	}
	l.c(101, 501, flagACK, strings.Repeat("y", 60000))
	file := pcapFile(binary.LittleEndian, pcapMicro, LinkEthernet, l.packets)
	if damaged {
		file = file[:len(file)-70000]
	}
	return file
}

// broken is a capture with octets that wait for a lost one until there are too
// many, and with some that wait for the capture's end.
func broken() []byte {
	l := &line{}
	l.hands()
	other := netipPort(dialer, dialer.Port()+1)
	for i := range uint32(2 * maxPieces) {
		text := fmt.Sprintf("%0500d", i)
		l.c(201+i*500, 501, flagACK, text)
		l.send(other, listener, 1+i*600, 0, flagACK, text)
	}
	return pcapFile(binary.LittleEndian, pcapMicro, LinkEthernet, l.packets)
}

// inPieces is a capture of datagrams in fragments.
func inPieces() []byte {
	l := &line{}
	for i := range uint16(3 * batchCount) {
		for _, one := range cutUp(bare(netipPort(dialer, 1000+i), listener, fmt.Sprintf("%0300d", i)), i, 160) {
			l.put(LinkRaw, one)
		}
	}
	return pcapFile(binary.LittleEndian, pcapMicro, LinkRaw, l.packets)
}

// ReadAhead tells what Read tells, and ends as it does.
func TestReadAhead(t *testing.T) {
	for i, file := range [][]byte{many(false), many(true), broken(), inPieces()} {
		damaged := i == 1
		var told [2][]string
		var ends [2]error
		for i, read := range []func(context.Context, *Reader, event.Sink, Limits) error{Read, ReadAhead} {
			r, err := NewReader(bytes.NewReader(file))
			if err != nil {
				t.Fatal(err)
			}
			n := &noter{r: r}
			ends[i] = read(t.Context(), r, n, Limits{})
			told[i] = append(n.lines, fmt.Sprint(r.Packets()))
		}
		if !slices.Equal(told[0], told[1]) || fmt.Sprint(ends[0]) != fmt.Sprint(ends[1]) || (ends[0] != nil) != damaged || len(told[0]) < 6*batchCount {
			t.Errorf("%d and %d events, %v and %v", len(told[0]), len(told[1]), ends[0], ends[1])
		}
	}
}

// Whoever stops has nobody reading behind him.
func TestReadAheadStops(t *testing.T) {
	ctx, cancel := context.WithCancel(t.Context())
	in := &counted{Reader: bytes.NewReader(many(false))}
	r, err := NewReader(in)
	if err != nil {
		t.Fatal(err)
	}
	if err := ReadAhead(ctx, r, &noter{r: r, stop: cancel}, Limits{}); err != context.Canceled {
		t.Error(err)
	}
	was := in.n
	if _, err := r.in.peek(1); err != nil || in.n < was {
		t.Error(err, in.n)
	}
}

type counted struct {
	io.Reader
	n int
}

func (c *counted) Read(p []byte) (int, error) {
	n, err := c.Reader.Read(p)
	c.n += n
	return n, err
}
