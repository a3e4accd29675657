package main

import (
	"encoding/binary"
	"errors"
	"io"
	"io/fs"
	"os"

	"posta/words"
)

// captureFile is where a capture goes: a Writer of whole blocks of pcapng, which
// counts them.
type captureFile struct {
	to       io.Writer
	file     *os.File // nil: standard output
	name     string   // as --json has it
	shown    string   // as it is told
	size     int64
	packets  int
	sessions int
}

// openCapture makes a new file, or takes standard output for "-".
func (a *app) openCapture(name string) (*captureFile, error) {
	if name == "-" {
		return &captureFile{to: a.Out, name: name, shown: a.say("capture.stdout", nil)}, nil
	}
	file, err := os.OpenFile(name, os.O_WRONLY|os.O_CREATE|os.O_EXCL, 0o600)
	if errors.Is(err, fs.ErrExist) {
		return nil, words.Fail("fail.file_exists", words.Args{"File": name})
	}
	if err != nil {
		return nil, words.FailOf(err, "fail.unwritable", words.Args{"File": name})
	}
	return &captureFile{to: file, file: file, name: name, shown: name}, nil
}

// enhancedPacket is the type of pcapng's blocks for packets (§4.3).
const enhancedPacket = 6

// Write implements io.Writer.
func (c *captureFile) Write(block []byte) (int, error) {
	if len(block) >= 4 && binary.LittleEndian.Uint32(block) == enhancedPacket {
		c.packets++
	}
	n, err := c.to.Write(block)
	c.size += int64(n)
	if err != nil {
		return n, words.FailOf(err, "fail.unwritable", words.Args{"File": c.shown})
	}
	return n, nil
}

func (c *captureFile) close() error {
	if c.file == nil {
		return nil
	}
	if err := c.file.Close(); err != nil {
		return words.FailOf(err, "fail.unwritable", words.Args{"File": c.shown})
	}
	return nil
}
