package words

import "strings"

// Syntax says in the user's language what the grammars of SMTP and POP3 find wrong
// with a command. They say it in English, as the replies to it do; a text that is
// not known here stays as it is.
func (w *Words) Syntax(text string) string {
	for _, one := range syntaxTexts() {
		if parts, ok := parted(text, one.text); ok {
			return w.Say(one.id, Args{"A": w.syntaxPart(parts[0]), "B": w.syntaxPart(parts[1]), "C": parts[2]})
		}
	}
	return text
}

// syntaxPart says numbers of arguments; names and forms of commands are the same
// in all languages.
func (w *Words) syntaxPart(text string) string {
	if text == "one argument" {
		return w.Say("syntax.one_argument", nil)
	}
	if n, ok := strings.CutSuffix(text, " arguments"); ok {
		return w.Say("syntax.arguments", Args{"Count": n})
	}
	return text
}

// parted takes out of a text what stands in it for the stars of a pattern, two at
// most.
func parted(text, pattern string) (parts [3]string, ok bool) {
	fixed := strings.Split(pattern, "*")
	text, ok = strings.CutPrefix(text, fixed[0])
	for i, next := range fixed[1:] {
		if !ok {
			break
		}
		if next == "" { // the pattern ends with the star
			parts[i], text = text, ""
			break
		}
		parts[i], text, ok = strings.Cut(text, next)
	}
	return parts, ok && text == ""
}

type syntaxText struct{ id, text string }

// syntaxTexts are what the grammars say; a * stands for what changes.
func syntaxTexts() []syntaxText {
	return []syntaxText{
		{"syntax.unknown", "Command not recognized"},
		{"syntax.unknown", "Unknown command"},
		{"syntax.empty", "An empty line is no command"},
		{"syntax.empty", "Empty command"},
		{"syntax.before", "A command begins with its verb, without a space before it"},
		{"syntax.character", "Invalid character in a command"},
		{"syntax.control", "Control character in an argument"},
		{"syntax.control", "Control characters are not allowed"},
		{"syntax.ascii", "Only printable ASCII is allowed here"},
		{"syntax.utf8", "Not valid UTF-8"},
		{"syntax.utf8", "The argument is not valid UTF-8; set the terminal to UTF-8"},
		{"syntax.queue", "Say which queue: *"},
		{"syntax.queue_name", "Malformed name of a queue: *"},
		{"syntax.behind", "A space must follow the closing >"},
		{"syntax.route", "Malformed source route"},
		{"syntax.closing", "The address has no closing >"},
		{"syntax.opening", "The address has no opening <"},
		{"syntax.missing", "The address is missing. Syntax: *"},
		{"syntax.brackets", "The address stands in angle brackets: *"},
		{"syntax.comma", "A comma stands in the address where a dot should be"},
		{"syntax.one_address", "One address stands here; each recipient has a RCPT of its own"},
		{"syntax.no_domain", "The address has no domain; write name@example.net"},
		{"syntax.address", "Malformed address; write name@example.net"},
		{"syntax.binary", "BODY=BINARYMIME is not served here"},
		{"syntax.parameter", "Parameter not recognized"},
		{"syntax.not_served", "* is not served here"},
		{"syntax.twice", "A parameter stands twice"},
		{"syntax.value", "Malformed parameter value"},
		{"syntax.keyword", "Malformed parameter; write KEYWORD or KEYWORD=value"},
		{"syntax.parameters", "Too many parameters"},
		{"syntax.auth", "AUTH is <> or a mailbox as xtext"},
		{"syntax.body", "BODY is 7BIT or 8BITMIME"},
		{"syntax.envid", "ENVID is at most 100 characters of xtext"},
		{"syntax.orcpt", "ORCPT is an address type, a semicolon and an address as xtext"},
		{"syntax.notify", "NOTIFY is NEVER, or some of SUCCESS,FAILURE,DELAY"},
		{"syntax.ret", "RET is FULL or HDRS"},
		{"syntax.size", "SIZE is a number of octets"},
		{"syntax.colon", "A colon follows *. Syntax: *"},
		{"syntax.colon_space", "No space may stand before the colon. Syntax: *"},
		{"syntax.quoted", "Malformed quoted string: *"},
		{"syntax.mechanism", "Name a mechanism, EHLO lists them: *"},
		{"syntax.octets", "Say how many octets follow: *"},
		{"syntax.whom", "Say whom: *"},
		{"syntax.who", "Say who you are: *"},
		{"syntax.form", "Syntax: *"},
		{"syntax.name", "Neither a domain name nor an address literal: *"},
		{"syntax.one_response", "Only one response may follow the mechanism: *"},
		{"syntax.qualified", "A fully qualified domain name is needed: *"},
		{"syntax.spacing", "Exactly one space stands between words, none at the end"},
		{"syntax.number", "Argument * of * must be a decimal number"},
		{"syntax.needs_value", "* needs a value"},
		{"syntax.needs", "* needs *: *"},
		{"syntax.takes_none", "* takes no argument"},
		{"syntax.takes", "* takes *"},
		{"syntax.last", "Only LAST may follow the number: *"},
		{"syntax.domains", "Domain names with commas between them are needed: *"},
	}
}
