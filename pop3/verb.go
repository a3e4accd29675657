package pop3

// Verb is a command's keyword. The zero Verb is none that POP3 knows.
type Verb uint8

const (
	NoVerb Verb = iota
	APOP        // RFC 1939 §7
	AUTH        // RFC 5034 §4
	CAPA        // RFC 2449 §5
	DELE        // RFC 1939 §5
	LANG        // RFC 6856 §3
	LIST        // RFC 1939 §5
	NOOP        // RFC 1939 §5
	PASS        // RFC 1939 §7
	QUIT        // RFC 1939 §4, §6
	RETR        // RFC 1939 §5
	RSET        // RFC 1939 §5
	STAT        // RFC 1939 §5
	STLS        // RFC 2595 §4
	TOP         // RFC 1939 §7
	UIDL        // RFC 1939 §7
	USER        // RFC 1939 §7
	UTF8        // RFC 6856 §2.1
	verbs
)

// String is the keyword in upper case, "" for NoVerb.
func (v Verb) String() string { return table[v].name }

// VerbNamed finds a keyword in any case; NoVerb if there is none.
func VerbNamed(name string) Verb { return lookup([]byte(name)) }

// Cites is where a standard has the command, "RFC 1939 §5"; "" for NoVerb.
func (v Verb) Cites() string {
	switch v {
	case DELE, LIST, NOOP, RETR, RSET, STAT:
		return "RFC 1939 §5"
	case QUIT:
		return "RFC 1939 §6"
	case APOP, PASS, TOP, UIDL, USER:
		return "RFC 1939 §7"
	case AUTH:
		return "RFC 5034 §4"
	case CAPA:
		return "RFC 2449 §5"
	case STLS:
		return "RFC 2595 §4"
	case LANG:
		return "RFC 6856 §3"
	case UTF8:
		return "RFC 6856 §2.1"
	}
	return ""
}

// argument is how one argument of a command is written.
type argument uint8

const (
	word    argument = iota + 1 // 1*VCHAR (RFC 2449 §3)
	name                        // a word that may be UTF-8 (RFC 6856 §2.2)
	secret                      // a word that must not be shown
	phrase                      // the rest of the line, spaces and all, which must not be shown
	message                     // a message-number
	count                       // a non-negative number of lines
)

// shape is the form of a command.
type shape struct {
	name  string
	least int // arguments it needs
	args  [2]argument
}

// table never changes.
var table = [verbs]shape{
	APOP: {"APOP", 2, [2]argument{name, secret}},
	AUTH: {"AUTH", 0, [2]argument{word, secret}},
	CAPA: {name: "CAPA"},
	DELE: {"DELE", 1, [2]argument{message}},
	LANG: {"LANG", 0, [2]argument{word}},
	LIST: {"LIST", 0, [2]argument{message}},
	NOOP: {name: "NOOP"},
	PASS: {"PASS", 1, [2]argument{phrase}},
	QUIT: {name: "QUIT"},
	RETR: {"RETR", 1, [2]argument{message}},
	RSET: {name: "RSET"},
	STAT: {name: "STAT"},
	STLS: {name: "STLS"},
	TOP:  {"TOP", 2, [2]argument{message, count}},
	UIDL: {"UIDL", 0, [2]argument{message}},
	USER: {"USER", 1, [2]argument{name}},
	UTF8: {name: "UTF8"},
}

// most is the number of arguments the command may have.
func (s *shape) most() int {
	n := 0
	for n < len(s.args) && s.args[n] != 0 {
		n++
	}
	return n
}

// syntax shows the command with its arguments.
func (s *shape) syntax() string {
	text := s.name
	for _, a := range s.args[:s.most()] {
		text += " " + a.String()
	}
	return text
}

func (a argument) String() string {
	switch a {
	case name:
		return "name"
	case secret:
		return "digest"
	case phrase:
		return "password"
	case message:
		return "message-number"
	case count:
		return "lines"
	}
	return "word"
}

// lookup finds a keyword, which is case-insensitive (RFC 1939 §3).
func lookup(word []byte) Verb {
	if len(word) < 3 || len(word) > 4 {
		return NoVerb
	}
	for v := NoVerb + 1; v < verbs; v++ {
		if equalFold(word, table[v].name) {
			return v
		}
	}
	return NoVerb
}

// equalFold compares with an upper-case ASCII word, in ASCII only.
func equalFold(word []byte, upper string) bool {
	if len(word) != len(upper) {
		return false
	}
	for i, c := range word {
		if c >= 'a' && c <= 'z' {
			c -= 'a' - 'A'
		}
		if c != upper[i] {
			return false
		}
	}
	return true
}
