package draw

import (
	"encoding/base64"
	"fmt"
	"strconv"
	"strings"
	"unicode"
	"unicode/utf8"

	"posta/story"
	"posta/words"
)

// maxText is how many characters of a line are shown.
const maxText = 240

// clean makes a text of a peer fit to be drawn: what does not print is written
// out, as \x1b.
func clean(text string) string {
	var b strings.Builder
	n := 0
	for i := 0; i < len(text); n++ {
		if n == maxText {
			b.WriteString("…")
			break
		}
		r, size := utf8.DecodeRuneInString(text[i:])
		switch {
		case r == utf8.RuneError && size == 1:
			fmt.Fprintf(&b, `\x%02x`, text[i])
		case r == '\t':
			b.WriteByte(' ')
		case r < ' ' || r == 0x7f:
			fmt.Fprintf(&b, `\x%02x`, r)
		case !unicode.IsPrint(r):
			fmt.Fprintf(&b, `\u{%x}`, r)
		default:
			b.WriteRune(r)
		}
		i += size
	}
	return b.String()
}

// remark says a remark of a dissector in the diagram's language, if it is known.
func (d *Diagram) remark(text string) string {
	octets, what, ok := strings.Cut(text, " telnet negotiation octets: ")
	n, err := strconv.ParseInt(octets, 10, 64)
	if !ok || err != nil {
		return clean(text)
	}
	return d.w.Say("draw.telnet", words.Args{"Octets": d.octets(n), "What": clean(what)})
}

// told is an act's text, without its secret where that is not to be seen.
func (b *builder) told(a *story.Act) string {
	if b.d.o.HideSecrets {
		return a.Masked()
	}
	return a.Text
}

// said is the step of a line of the client.
func (b *builder) said(a *story.Act) step {
	s := b.step(arrow, asked, a)
	text := clean(b.told(a))
	switch a.Kind {
	case story.Command:
		if s.head, s.rest = cut(text); text == "" {
			s.rest = b.d.w.Say("draw.empty_line", nil)
		}
		s.mark, s.group = b.marks[a], b.groups[a]
		if a.Verb == "AUTH" && a.Login != nil {
			if _, initial, ok := strings.Cut(a.Text, " "); ok {
				_, initial, _ = strings.Cut(strings.TrimSpace(initial), " ")
				b.decoded(&s, a, strings.TrimSpace(initial))
			}
		}
	case story.Answer:
		if s.rest = text; text == "" {
			s.rest = b.d.w.Say("draw.empty_line", nil)
		}
		b.decoded(&s, a, a.Text)
	default:
		s.tone, s.rest = quiet, text
	}
	return s
}

// cut takes the first word of a line.
func cut(line string) (head, rest string) {
	head, rest, _ = strings.Cut(line, " ")
	return head, rest
}

// decoded says what stands in base64 (RFC 4954 §4, RFC 5034 §4).
func (b *builder) decoded(s *step, a *story.Act, text string) {
	if b.d.o.HideSecrets && (a.Kind != story.Challenge || a.Masked() != a.Text) {
		return
	}
	octets, err := base64.StdEncoding.DecodeString(text)
	if err != nil || len(octets) == 0 {
		return
	}
	shown := clean(string(octets))
	if parts := strings.Split(string(octets), "\x00"); a.Login != nil && a.Login.Mechanism == "PLAIN" && len(parts) == 3 {
		shown = b.d.w.Say("draw.user_password", words.Args{"User": clean(parts[1]), "Password": clean(parts[2])})
	}
	t := quiet
	if a.Kind != story.Challenge {
		t = secret
	}
	s.under = append(s.under, under{b.d.w.Say("draw.decoded", words.Args{"Text": shown}), t})
}

// reply is the step of the server's words.
func (b *builder) reply(a *story.Act) step {
	s := b.step(arrow, replied, a)
	text := clean(b.told(a))
	s.head, s.rest = cut(text)
	if a.Code > 0 && len(text) >= 4 {
		s.head, s.rest = text[:3], text[4:]
	}
	if len(a.More) > 0 {
		s.more = b.d.moreLines(len(a.More))
	}
	if a.Kind == story.List { // without its first line
		s.head, s.rest, s.more = "", b.d.moreLines(len(a.More)), ""
	}
	if a.Refused {
		s.tone = bad
	}
	s.answers = a.Kind == story.Reply
	if a.Re != nil && a.Phase != story.Data { // the reply to a message came to itself
		s.mark, s.group = b.marks[a.Re], b.groups[a.Re]
	}
	if a.Kind == story.Challenge {
		b.decoded(&s, a, s.rest)
		s.mark, s.group = 0, 0
	}
	if a.Kind == story.Reply && !a.Refused {
		b.offers(&s, a.Re, a.More)
	}
	return s
}

func (d *Diagram) moreLines(n int) string { return d.w.Say("draw.more_lines", words.Args{"Count": n}) }

// maxOffers is how many characters of extensions are shown.
const maxOffers = 220

// offers names what the server can do, after EHLO and CAPA, and what a short list says.
func (b *builder) offers(s *step, re *story.Act, lines []string) {
	if re == nil {
		return
	}
	text := ""
	for i, line := range lines {
		if re.Verb == "EHLO" {
			line = line[min(len(line), 4):]
		}
		if re.Verb != "EHLO" && re.Verb != "CAPA" && (re.Verb != "LIST" && re.Verb != "UIDL" || len(lines) > 3) {
			return
		}
		line = strings.TrimSpace(clean(line))
		if i > 0 && utf8.RuneCountInString(text)+utf8.RuneCountInString(line) > maxOffers {
			text += " …"
			break
		}
		if text != "" {
			text += " · "
		}
		text += line
	}
	if text != "" {
		s.under = append(s.under, under{text, quiet})
	}
}

// mail is the step of a message.
func (b *builder) mail(a *story.Act) step {
	t := asked
	if a.From == story.Server {
		t = replied
	}
	s := b.step(arrow, t, a)
	s.mail = true
	m := a.Message
	s.head = b.d.w.Say("draw.message", words.Args{"Octets": b.d.octets(m.Size)})
	if m.Subject != "" {
		s.rest = "Subject: " + clean(m.Subject)
	}
	var people []string
	if m.From != "" {
		people = append(people, "From: "+clean(m.From))
	}
	if m.To != "" {
		people = append(people, "To: "+clean(m.To))
	}
	if len(people) > 0 {
		s.under = append(s.under, under{strings.Join(people, " · "), quiet})
	}
	var files []string
	for _, p := range m.Parts {
		if p.Name != "" {
			files = append(files, clean(p.Name))
		}
	}
	if len(files) > 0 {
		s.under = append(s.under, under{b.d.w.Say("draw.attached", words.Args{"Files": listed(files)}), quiet})
	}
	if mark, others := b.letter(a); mark != "" {
		s.letter = mark
		if len(others) > 0 {
			s.under = append(s.under, under{b.passes(others), plain})
		}
	}
	return s
}

// passes says in which other sessions a message passes, too.
func (b *builder) passes(others []int) string {
	id, numbers := "draw.same_message", make([]string, len(others))
	for i, n := range others {
		if numbers[i] = b.d.labels[n].Number; b.d.labels[n].Stream {
			id = "draw.same_message_stream"
		}
	}
	return b.d.w.Say(id, words.Args{"Sessions": listed(numbers), "Count": len(numbers)})
}
