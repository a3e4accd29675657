package console

import (
	"bytes"
	"errors"
	"io"
	"os"
	"strings"

	"posta/words"
)

// letter is a message being typed: it is sent as a whole at its end, so that a
// line can be taken back.
type letter struct {
	dot   bool  // a dot ends it (DATA); otherwise size octets do (BDAT)
	size  int64 //
	lines [][]byte
	held  int64

	stuffed bool // that a dot is put before one was said
}

// maxLetter is how much may be typed or read from a file, in octets.
const maxLetter = 64 << 20

// write takes a line of the message.
func (c *Console) write(line string) {
	l := c.letter
	if !c.o.Editor.Echoes() {
		c.print("C| " + line)
	}
	if name, rest, ok := localOf(line); ok && l.local(c, name, rest) {
		return
	}
	line = strings.TrimPrefix(line, "/"[:slashes(line)])
	if l.dot && line == "." {
		c.sendLetter()
		return
	}
	if l.dot && strings.HasPrefix(line, ".") {
		if !l.stuffed {
			c.tell("talk.stuffed", nil)
		}
		l.stuffed = true
	}
	if l.held+int64(len(line)) > maxLetter {
		c.tell("talk.letter_full", nil)
		return
	}
	l.add([]byte(line))
	if !l.dot && l.held >= l.size {
		c.sendLetter()
	}
}

func (l *letter) add(line []byte) {
	l.lines = append(l.lines, line)
	l.held += int64(len(line)) + 2
}

// local does the local commands that there are while a message is typed; all
// else that begins with a slash is a line of the message.
func (l *letter) local(c *Console, name, rest string) bool {
	switch name {
	case "undo":
		if n := len(l.lines); n > 0 {
			c.tell("talk.undone", words.Args{"Line": printable(l.lines[n-1])})
			l.held -= int64(len(l.lines[n-1])) + 2
			l.lines = l.lines[:n-1]
		}
	case "show":
		for _, line := range l.lines {
			c.print(c.dim("   " + printable(line)))
		}
	case "file":
		lines, err := readLines(rest)
		if err != nil {
			c.tellError(words.FailOf(err, "fail.unreadable", words.Args{"File": rest}))
			return true
		}
		for _, line := range lines {
			l.add(line)
		}
		c.tell("talk.file_read", words.Args{"File": rest, "Count": len(lines)})
	case "help":
		c.tell("talk.help_letter", nil)
	default:
		return false
	}
	return true
}

// readLines reads a file's lines, whatever they end in.
func readLines(name string) ([][]byte, error) {
	f, err := os.Open(name)
	if err != nil {
		return nil, err
	}
	defer f.Close()
	text, err := io.ReadAll(io.LimitReader(f, maxLetter+1))
	switch {
	case err != nil:
		return nil, err
	case len(text) > maxLetter:
		return nil, errors.New("console: the file is too large")
	}
	var lines [][]byte
	for line := range bytes.Lines(text) {
		lines = append(lines, bytes.TrimRight(line, "\r\n"))
	}
	return lines, nil
}

// sendLetter sends the message, with a dot before each that begins a line, and
// the dot that ends it (RFC 5321 §4.5.2).
func (c *Console) sendLetter() {
	l := c.letter
	c.letter = nil
	var out bytes.Buffer
	for _, line := range l.lines {
		if l.dot && bytes.HasPrefix(line, []byte(".")) {
			line = append([]byte("."), line...)
		}
		out.Write(line)
		out.WriteString("\r\n")
	}
	if l.dot {
		out.WriteString(".\r\n")
	} else if int64(out.Len()) > l.size {
		c.tell("talk.chunk_cut", words.Args{"Size": l.size})
		out.Truncate(int(l.size))
	}
	c.scribeLetter(out.Bytes())
	c.speaker.data(int64(out.Len()), true)
	c.tell("talk.letter_sent", words.Args{"Size": out.Len()})
	c.send(out.Bytes())
}

// scribeLetter writes a message into the transcript, as one write.
func (c *Console) scribeLetter(octets []byte) {
	for line := range bytes.Lines(octets) {
		if whole, ok := bytes.CutSuffix(line, []byte("\r\n")); ok {
			c.scribe.Line(whole)
		} else {
			c.scribe.Octets(line)
		}
	}
}
