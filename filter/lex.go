package filter

import (
	"slices"
	"strings"
	"unicode/utf8"
)

// kind is what a token is.
type kind uint8

const (
	atEnd  kind = iota
	word        // a field's name, a number, an address, an unquoted text
	quoted      // "text" or r"text"
	char        // 'c'
	mark        // an operator or a bracket; keywords are marks, too
	ranges      // [0:4], brackets included
)

// token is a piece of a filter's text.
type token struct {
	kind kind
	text string // as it is written; of a keyword, the sign that means the same
	oct  []byte // of quoted and char, what it stands for
	place
}

// marks are the signs, longer ones before those that they begin with.
func marks() []string {
	return []string{"===", "!==", "==", "!=", "~=", ">=", "<=", "&&", "||", "^^", "..",
		">", "<", "~", "!", "&", "+", "-", "*", "/", "%", "(", ")", "{", "}", "#", ","}
}

// sign gives the sign that a keyword means, the word itself where there is
// none, and "" for what is no keyword.
func sign(w string) string {
	switch w {
	case "and":
		return "&&"
	case "or":
		return "||"
	case "xor":
		return "^^"
	case "not":
		return "!"
	case "eq", "any_eq":
		return "=="
	case "ne", "all_ne":
		return "!="
	case "all_eq":
		return "==="
	case "any_ne":
		return "!=="
	case "gt":
		return ">"
	case "ge":
		return ">="
	case "lt":
		return "<"
	case "le":
		return "<="
	case "bitwise_and":
		return "&"
	case "matches":
		return "~"
	case "contains", "in", "any", "all":
		return w
	}
	return ""
}

// lexer cuts a filter's text into tokens.
type lexer struct {
	text string
	pos  int
}

func (l *lexer) next() (token, *Error) {
	for l.pos < len(l.text) && strings.IndexByte(" \t\r\n", l.text[l.pos]) >= 0 {
		l.pos++
	}
	rest, from := l.text[l.pos:], l.pos
	switch {
	case rest == "":
		return token{place: place{from, from}}, nil
	case rest[0] == '"':
		return l.quoted(1, false)
	case len(rest) > 1 && (rest[0] == 'r' || rest[0] == 'R') && rest[1] == '"':
		return l.quoted(2, true)
	case rest[0] == '\'':
		return l.char()
	case rest[0] == '[':
		return l.ranges()
	}
	if n := wordLen(rest); n > 0 {
		l.pos += n
		t := token{kind: word, text: rest[:n], place: place{from, l.pos}}
		if s := sign(t.text); s != "" {
			t.kind, t.text = mark, s
		}
		return t, nil
	}
	for _, m := range marks() {
		if strings.HasPrefix(rest, m) {
			l.pos += len(m)
			t := token{kind: mark, text: m, place: place{from, l.pos}}
			if m == "~=" {
				t.text = "!==" // Wireshark 3's name for it
			}
			return t, nil
		}
	}
	_, n := utf8.DecodeRuneInString(rest)
	l.pos += n
	p := place{from, l.pos}
	return token{}, p.at(l.text, malformed("filter.character", `"{{.Text}}" is nothing that a filter can hold outside of quotes`,
		map[string]any{"Text": rest[:n]}))
}

// wordLen counts the octets of the word that s begins with. A hyphen belongs
// to it where more follows at once, so that subtraction needs a blank before
// it, as Wireshark's does.
func wordLen(s string) int {
	n := 0
	for n < len(s) {
		switch c := s[n]; {
		case letter(c) || c >= '0' && c <= '9' || c == '_':
		case c == '.':
			if strings.HasPrefix(s[n:], "..") || n == 0 && (len(s) < 2 || !letter(s[1])) {
				return n
			}
		case c == ':':
			if n == 0 && !strings.HasPrefix(s, "::") {
				return 0
			}
		case c == '-':
			if n == 0 || n+1 == len(s) || !letter(s[n+1]) && !digit(s[n+1]) {
				return n
			}
		case c == '/':
			if n+1 == len(s) || !digit(s[n+1]) || !addressLike(s[:n]) {
				return n
			}
		default:
			return n
		}
		n++
	}
	return n
}

// addressLike says that a slash after s makes a prefix of it, and no division.
func addressLike(s string) bool {
	return strings.ContainsAny(s, ".:") && strings.Trim(s, "0123456789abcdefABCDEF.:") == ""
}

func letter(c byte) bool { return c|0x20 >= 'a' && c|0x20 <= 'z' }
func digit(c byte) bool  { return c >= '0' && c <= '9' }

// quoted reads a text in quotes; skip octets open it.
func (l *lexer) quoted(skip int, raw bool) (token, *Error) {
	from := l.pos
	out := []byte{}
	for i := from + skip; i < len(l.text); {
		switch c := l.text[i]; {
		case c == '"':
			l.pos = i + 1
			return token{kind: quoted, text: l.text[from:l.pos], oct: out, place: place{from, l.pos}}, nil
		case c == '\\' && raw:
			n := min(2, len(l.text)-i)
			out = append(out, l.text[i:i+n]...)
			i += n
		case c == '\\':
			oct, n := escape(l.text[i:])
			if n == 0 {
				return token{}, l.noEscape(i)
			}
			out = append(out, oct...)
			i += n
		default:
			out = append(out, c)
			i++
		}
	}
	p := place{from, len(l.text)}
	return token{}, p.at(l.text, malformed("filter.no_quote", `the closing quote is missing`, nil))
}

func (l *lexer) noEscape(at int) *Error {
	_, n := utf8.DecodeRuneInString(l.text[min(at+1, len(l.text)):])
	shown := l.text[at : at+1+n]
	return place{at, at + 1 + n}.at(l.text, malformed("filter.escape",
		`{{.Text}} is no escape; write \{{.Text}}, or begin the text with r", where a backslash is itself`,
		map[string]any{"Text": shown}))
}

// char reads a character constant.
func (l *lexer) char() (token, *Error) {
	from := l.pos
	end := from + 1
	for end < len(l.text) && l.text[end] != '\'' {
		if l.text[end] == '\\' {
			end++
		}
		end++
	}
	if end >= len(l.text) {
		return token{}, place{from, len(l.text)}.at(l.text, malformed("filter.no_quote", `the closing quote is missing`, nil))
	}
	p := place{from, end + 1}
	body := l.text[from+1 : end]
	oct := []byte(body)
	if strings.HasPrefix(body, `\`) {
		n := 0
		if oct, n = escape(body); n != len(body) {
			return token{}, p.at(l.text, malformed("filter.char", `{{.Text}} is no character; write one, such as 'a', '\n' or '\x0a'`,
				map[string]any{"Text": l.text[p.from:p.to]}))
		}
	}
	if len(oct) != 1 {
		return token{}, p.at(l.text, malformed("filter.char", `{{.Text}} is no character; write one, such as 'a', '\n' or '\x0a'`,
			map[string]any{"Text": l.text[p.from:p.to]}))
	}
	l.pos = p.to
	return token{kind: char, text: l.text[p.from:p.to], oct: slices.Clone(oct), place: p}, nil
}

// ranges reads up to the closing bracket; what is inside is parsed later.
func (l *lexer) ranges() (token, *Error) {
	from := l.pos
	n := strings.IndexByte(l.text[from:], ']')
	if n < 0 {
		return token{}, place{from, from + 1}.at(l.text, malformed("filter.open_bracket", `this bracket is never closed; write [0:4], [0-3] or [0]`, nil))
	}
	l.pos += n + 1
	return token{kind: ranges, text: l.text[from:l.pos], place: place{from, l.pos}}, nil
}
