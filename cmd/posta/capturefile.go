package main

import (
	"context"
	"encoding/binary"
	"errors"
	"io"
	"io/fs"
	"os"
	"strconv"
	"strings"
	"time"

	"posta/capture"
	"posta/config"
	"posta/words"
)

// captureFile is where a capture goes: a Writer of whole blocks of pcapng, which
// counts them.
type captureFile struct {
	to       io.Writer
	close    func() error
	ring     *capture.Ring // nil: it is one file
	pipe     bool          // somebody reads it, who may go
	name     string        // as --json has it; "": standard output
	shown    string        // as it is told
	quiet    bool          // nothing is told
	size     int64
	packets  int
	sessions int
	dropped  uint64
}

// openCapture makes a new file, or takes a pipe that is there, or standard
// output for "-".
func (a *app) openCapture(ctx context.Context, name string) (*captureFile, error) {
	if name == "-" {
		return &captureFile{to: a.Out, close: func() error { return nil }, shown: a.say("capture.stdout", nil)}, nil
	}
	if pipe, err := namedPipe(ctx, name); err != nil {
		return nil, words.FailOf(err, "fail.unwritable", words.Args{"File": name})
	} else if pipe != nil {
		return newCapturePipe(ctx, pipe, name, name), nil
	}
	file, err := os.OpenFile(name, os.O_WRONLY|os.O_CREATE|os.O_EXCL, 0o600)
	if errors.Is(err, fs.ErrExist) {
		return nil, words.Fail("fail.file_exists", words.Args{"File": name})
	}
	if err != nil {
		return nil, words.FailOf(err, "fail.unwritable", words.Args{"File": name})
	}
	return &captureFile{to: file, close: file.Close, name: name, shown: name}, nil
}

// openRing makes a ring of files, of "10x100MB" or "24x1h".
func (a *app) openRing(name, bounds string) (*captureFile, error) {
	o := capture.RingOptions{Path: name}
	count, each, ok := strings.Cut(bounds, "x")
	var size config.Size
	var err error
	if o.Files, err = strconv.Atoi(count); err != nil || !ok || o.Files < 2 || o.Files > maxRingFiles {
		return nil, usage(words.Fail("capture.bad_ring", words.Args{"Value": bounds}))
	}
	if o.Every, err = time.ParseDuration(each); err != nil {
		err = size.UnmarshalText([]byte(each))
		o.Size = int64(size)
	}
	if err != nil || o.Every < 0 || o.Every == 0 && o.Size < leastRingFile || o.Every > 0 && o.Every < time.Second {
		return nil, usage(words.Fail("capture.bad_ring", words.Args{"Value": bounds}))
	}
	if name == "" || name == "-" {
		return nil, usage(words.Fail("capture.ring_file", nil))
	}
	ring, err := capture.NewRing(o)
	if err != nil {
		return nil, words.FailOf(err, "fail.unwritable", words.Args{"File": name})
	}
	return &captureFile{to: ring, ring: ring, close: ring.Close, name: name, shown: name}, nil
}

// The bounds of a ring: so many files as their names can count, and room for a
// packet beside what each begins with.
const (
	maxRingFiles  = 10_000
	leastRingFile = 64 << 10
)

// Forget tells a ring of a secret that is needed no longer.
func (c *captureFile) Forget(data []byte) {
	if c.ring != nil {
		c.ring.Forget(data)
	}
}

// newCapturePipe writes to whoever reads a pipe, until ctx is done: a reader may
// make it wait.
func newCapturePipe(ctx context.Context, pipe io.WriteCloser, name, shown string) *captureFile {
	stop := context.AfterFunc(ctx, func() { _ = pipe.Close() })
	end := func() error {
		if stop() {
			return pipe.Close()
		}
		return nil
	}
	return &captureFile{to: pipe, close: end, pipe: true, name: name, shown: shown}
}

// enhancedPacket is the type of pcapng's blocks for packets (§4.3).
const enhancedPacket = 6

// Write implements io.Writer. Where nobody reads any longer it is io.ErrClosedPipe.
func (c *captureFile) Write(block []byte) (int, error) {
	if len(block) >= 4 && binary.LittleEndian.Uint32(block) == enhancedPacket {
		c.packets++
	}
	n, err := c.to.Write(block)
	c.size += int64(n)
	switch {
	case err == nil:
		return n, nil
	case c.pipe && gone(err):
		return n, io.ErrClosedPipe
	}
	return n, words.FailOf(err, "fail.unwritable", words.Args{"File": c.shown})
}
