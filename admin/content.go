package admin

import (
	"context"
	"errors"
	"strings"
	"unicode/utf8"

	"posta/imf"
)

// Bounds of a Content.
const (
	maxRead = 64 << 20 // octets of a message; what stands behind is not read
	maxBody = 1 << 20  // octets of all texts of a kind, in UTF-8
	maxType = 255
)

// Content is what a person would read of a message: everything decoded, and
// in UTF-8 with LF for line ends. It tells nothing that message.export does
// not, and is for whoever may ask that.
type Content struct {
	Header      map[string][]string `json:"header"` // by name in lower case
	Plain       string              `json:"plain,omitempty"`
	HTML        string              `json:"html,omitempty"`
	Attachments []Attachment        `json:"attachments,omitempty"`
	Truncated   bool                `json:"truncated,omitempty"` // more than posta's bounds; the message has it all
}

// Attachment is a part of a message that is no text to be read with it.
type Attachment struct {
	Name string `json:"name"` // "" where it has none
	Type string `json:"type"`
	Size int64  `json:"size"` // octets, decoded
}

// readMessage gives what a message says.
func (h House) readMessage(ctx context.Context, in MessageID) (Content, error) {
	b, e, err := h.message(ctx, in)
	if err != nil {
		return Content{}, err
	}
	r := b.drops.Reader(b.account)
	defer r.Close()
	text := first{kept: make([]byte, 0, min(e.Size, maxRead)), max: maxRead}
	if err := r.WriteTo(ctx, &text, e, nil); err != nil && !errors.Is(err, errEnough) {
		return Content{}, err
	}
	c := contentOf(text.kept)
	c.Truncated = c.Truncated || text.cut
	return c, nil
}

// first is an io.Writer that keeps the first octets and stops behind them.
type first struct {
	kept []byte
	max  int
	cut  bool
}

func (f *first) Write(p []byte) (int, error) {
	n := min(len(p), f.max-len(f.kept))
	f.kept = append(f.kept, p[:n]...)
	if n < len(p) {
		f.cut = true
		return n, errEnough
	}
	return n, nil
}

// contentOf reads a whole message.
func contentOf(msg []byte) Content {
	c := Content{Header: map[string][]string{}}
	s := imf.Scanner{Max: maxHeader}
	verdict := s.Scan(msg)
	if verdict == imf.More {
		verdict = s.Finish()
	}
	c.Truncated = verdict == imf.TooBig
	for _, f := range s.Fields() {
		name := strings.ToLower(string(f.Name(msg)))
		c.Header[name] = append(c.Header[name], strings.ToValidUTF8(imf.DecodeWords(f.Text(msg)), "\ufffd"))
	}
	c.part(msg, imf.Parse(msg, imf.Usual()))
	return c
}

// part adds what a part says: the texts that stand for the message itself one
// behind the other, whichever multiparts they are in, and the rest by name.
func (c *Content) part(msg []byte, p imf.Part) {
	c.Truncated = c.Truncated || p.Cut
	multi := strings.HasPrefix(p.Type, "multipart/")
	if multi && len(p.Parts) > 0 {
		for _, one := range p.Parts {
			c.part(msg, one)
		}
		return
	}
	body := p.Body.Of(msg)
	shown := !p.Attached && p.Name == ""
	switch {
	case shown && (p.Type == "text/plain" || multi && !p.Cut): // a multipart without parts is read as text
		c.text(&c.Plain, body, p)
	case shown && p.Type == "text/html":
		c.text(&c.HTML, body, p)
	default:
		_, size := imf.Decode(body, p.Encoding, 0)
		c.Attachments = append(c.Attachments, Attachment{p.Name, p.Type[:min(len(p.Type), maxType)], int64(size)})
	}
}

// text adds a text to those there are.
func (c *Content) text(to *string, body []byte, p imf.Part) {
	room := maxBody - len(*to)
	kept, size := imf.Decode(body, p.Encoding, room)
	text := strings.ReplaceAll(imf.ToUTF8(p.Params["charset"], whole(kept, size)), "\r\n", "\n")
	if *to != "" && !strings.HasSuffix(*to, "\n") {
		text = "\n" + text
	}
	if size > len(kept) || len(text) > room {
		c.Truncated = true
		text = strings.ToValidUTF8(text[:min(len(text), room)], "")
	}
	*to += text
}

// whole cuts the beginning of a character off the end of a text that goes on,
// or it would make UTF-8 look like something else.
func whole(kept []byte, size int) []byte {
	if size == len(kept) {
		return kept
	}
	for i := 1; i < utf8.UTFMax && i <= len(kept); i++ {
		if at := len(kept) - i; utf8.RuneStart(kept[at]) {
			if !utf8.FullRune(kept[at:]) {
				return kept[:at]
			}
			break
		}
	}
	return kept
}
