package imf

import (
	"errors"
	"net/mail"
	"strings"
)

// Mailbox is one address of a From or a like field, with its display name.
type Mailbox struct {
	Name string
	Addr string // local-part@domain as written; without @ where a person left it out
}

// String writes the mailbox as a field holds it, the name quoted or in encoded
// words (RFC 2047 §5) where it must be.
func (m Mailbox) String() string { return (&mail.Address{Name: m.Name, Address: m.Addr}).String() }

// maxAddresses bounds the octets of a field whose addresses are read.
const maxAddresses = 32 << 10

var (
	errAddressesLong = errors.New("imf: the address field is too long to be read")
	errNoAddress     = errors.New("imf: no address in the field")
)

// ParseMailboxes reads the addresses of an unfolded From, To or like field. A
// group stands for its members and may be empty (RFC 6854 §2.1). What net/mail
// does not understand is read leniently: each <…>, or else each word of a
// comma-separated list.
func ParseMailboxes(text string) ([]Mailbox, error) {
	if len(text) > maxAddresses {
		return nil, errAddressesLong
	}
	if list, err := mail.ParseAddressList(text); err == nil {
		out := make([]Mailbox, len(list))
		for i, a := range list {
			out[i] = Mailbox{a.Name, a.Address}
		}
		return out, nil
	}
	if isEmptyGroup(text) {
		return nil, nil
	}
	return lenient(text)
}

// isEmptyGroup says that text is "name:;" and nothing more.
func isEmptyGroup(text string) bool {
	name, rest, ok := strings.Cut(text, ":")
	return ok && strings.TrimSpace(rest) == ";" && strings.TrimSpace(name) != "" && !strings.ContainsAny(name, "<>@,")
}

// lenient finds addresses in what a person or a bad program wrote.
func lenient(text string) ([]Mailbox, error) {
	var out []Mailbox
	for _, item := range splitList(text) {
		item = strings.TrimSpace(item)
		if item == "" {
			continue
		}
		for item != "" {
			var m Mailbox
			m, item = firstOf(item)
			if m.Addr != "" {
				out = append(out, m)
			}
		}
	}
	if len(out) == 0 {
		return nil, errNoAddress
	}
	return out, nil
}

// firstOf takes the first mailbox out of what stands between two commas. Another
// address behind it is one of its own: a reader elsewhere may show that one.
func firstOf(item string) (m Mailbox, rest string) {
	m = Mailbox{Addr: item}
	if open := indexOutside(item, '<'); open >= 0 {
		m.Name = strings.Trim(strings.TrimSpace(item[:open]), `"`)
		m.Addr, rest, _ = strings.Cut(item[open+1:], ">")
	}
	m.Name, m.Addr = DecodeWords(m.Name), strings.TrimSpace(m.Addr)
	if rest = strings.TrimSpace(rest); !strings.ContainsRune(rest, '@') {
		rest = ""
	}
	return m, rest
}

// splitList cuts at commas and semicolons that stand outside quotes and <…>.
func splitList(text string) []string {
	var out []string
	start := 0
	scanOutside(text, func(i int, c byte) bool {
		if c == ',' || c == ';' {
			out = append(out, text[start:i])
			start = i + 1
		}
		return true
	})
	return append(out, text[start:])
}

func indexOutside(text string, want byte) int {
	at := -1
	scanOutside(text, func(i int, c byte) bool {
		if c == want {
			at = i
		}
		return at < 0
	})
	return at
}

// scanOutside calls visit for each octet outside a quoted string and behind
// no open "<" but that one itself, until visit says no.
func scanOutside(text string, visit func(int, byte) bool) {
	quoted, angle := false, false
	for i := 0; i < len(text); i++ {
		c := text[i]
		switch {
		case quoted && c == '\\':
			i++
		case c == '"':
			quoted = !quoted
		case quoted:
		case angle:
			angle = c != '>'
		default:
			angle = c == '<'
			if !visit(i, c) {
				return
			}
		}
	}
}
