package console

import (
	"bytes"
	"errors"
	"os"
	"slices"
	"strings"
	"time"

	"posta/talk"
	"posta/words"
)

// locals are the local commands: they begin with a slash, with which no command
// of mail does.
func locals() []string {
	return []string{"help", "starttls", "why", "file", "raw", "hints", "save", "record", "quit"}
}

// localOf takes a local command apart.
func localOf(line string) (name, rest string, ok bool) {
	if !strings.HasPrefix(line, "/") || strings.HasPrefix(line, "//") {
		return "", "", false
	}
	name, rest, _ = strings.Cut(line[1:], " ")
	return strings.ToLower(name), strings.TrimSpace(rest), true
}

// local does a local command; false says that the line is none.
func (c *Console) local(line string) bool {
	name, rest, ok := localOf(line)
	if !ok {
		return false
	}
	switch name {
	case "help", "?":
		c.help()
	case "starttls", "stls", "tls":
		c.startTLS()
	case "why":
		c.why()
	case "file":
		c.sendFile(rest)
	case "raw":
		c.raw = !c.raw
		c.tell(map[bool]string{true: "talk.raw_on", false: "talk.raw_off"}[c.raw], nil)
	case "hints":
		c.hints, c.hint = !c.hints, ""
	case "save":
		c.save(rest)
	case "record":
		c.record(rest)
	case "quit":
		c.leaving = true
	default:
		c.tell("talk.no_local", words.Args{"Command": "/" + name, "Known": "/" + strings.Join(locals(), " /")})
	}
	return true
}

// help explains the local commands.
func (c *Console) help() {
	c.tell("talk.help", nil)
	c.hint = ""
}

// startTLS puts in a queue what turns encryption on.
func (c *Console) startTLS() {
	if _, ok := c.tap.TLS(); ok {
		c.tell("talk.tls_already", nil)
		return
	}
	line, after := c.speaker.startTLS()
	c.queue = append(append(c.queue, c.speaker.hello(c.o.Name)...), line, after)
}

// why explains what was said last.
func (c *Console) why() {
	var all []string
	if c.o.Why != nil {
		all = c.o.Why()
	}
	if len(all) == 0 {
		c.tell("talk.no_why", nil)
	}
	for _, text := range all {
		for _, line := range folded(text, c.o.Editor.Columns()-len(margin)-1) {
			c.print(margin + line)
		}
	}
}

// sendFile sends a file as the message: DATA, and at the 354 what is in it.
func (c *Console) sendFile(name string) {
	if _, ok := c.speaker.(*smtpSpeaker); !ok || name == "" {
		c.tell("talk.file_use", nil)
		return
	}
	if !slices.Contains(c.speaker.legal(), "DATA") {
		c.tell("talk.file_when", nil)
		return
	}
	c.queue = append(c.queue, "DATA")
	c.file = name
}

// save writes the transcript so far.
func (c *Console) save(name string) {
	if name == "" {
		c.tell("talk.save_use", nil)
		return
	}
	text, secrets, err := c.Transcript()
	if err == nil {
		err = writeNew(name, text)
	}
	if err != nil {
		c.tellError(words.FailOf(err, "fail.unwritable", words.Args{"File": name}))
		return
	}
	c.tell("talk.saved", words.Args{"File": name})
	if secrets {
		c.tell("talk.saved_secrets", nil)
	}
}

// writeNew writes a file that is not there yet, for the user alone.
func writeNew(name string, text []byte) error {
	f, err := os.OpenFile(name, os.O_WRONLY|os.O_CREATE|os.O_EXCL, 0o600)
	if err != nil {
		return err
	}
	_, err = f.Write(text)
	return errors.Join(err, f.Close())
}

// record writes the capture so far.
func (c *Console) record(name string) {
	if name == "" {
		c.tell("talk.record_use", nil)
		return
	}
	if err := c.o.Record(name); err != nil {
		c.tellError(err)
		return
	}
	c.tell("talk.recorded", words.Args{"File": name})
}

func (c *Console) tellError(err error) { c.print(c.style("31", "   "+c.o.Words.Error(err))) }

// sendRaw sends octets as they are typed, with a transcript's escapes.
func (c *Console) sendRaw(line string) {
	octets, whole, err := talk.Unescape(line)
	if err != nil {
		c.tell("talk.raw_wrong", nil)
		return
	}
	c.secrets = true // nobody has looked
	if whole {
		c.scribe.Line(octets)
		octets = append(octets, '\r', '\n')
	} else {
		c.scribe.Octets(octets)
	}
	c.follow(octets)
	c.send(octets)
	if len(c.half) > 0 {
		c.sentAt = time.Time{} // there is nothing to answer yet
	}
}

// follow lets the speaker follow raw octets, line by line.
func (c *Console) follow(octets []byte) {
	c.half = append(c.half, octets...)
	for {
		i := bytes.IndexByte(c.half, '\n')
		if i < 0 {
			return
		}
		line := bytes.TrimSuffix(c.half[:i], []byte("\r"))
		switch what, _ := c.speaker.next(); what {
		case theData, aChunk:
			c.speaker.data(int64(i+1), string(line) == ".")
		default:
			name, _, _ := strings.Cut(string(line), " ")
			c.verb = strings.ToUpper(name)
			c.speaker.sent(line)
		}
		c.half = c.half[i+1:]
	}
}
