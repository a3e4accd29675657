package filter

import (
	"strings"
	"testing"

	"posta/words"
)

func TestErrors(t *testing.T) {
	for text, want := range map[string]string{
		`smtp.req.comand == "RCPT"`: `column 1: posta knows no field "smtp.req.comand"; did you mean smtp.req.command?`,
		`smtp and foo.bar.baz == 1`: `column 10: posta knows no field "foo.bar.baz"`,
		"SMTP":                      `column 1: posta knows no field "SMTP"; did you mean smtp?`,
		"smtp AND tcp":              `column 6: "AND" must be written in small letters: and`,
		"NOT smtp":                  `column 1: "NOT" must be written in small letters: not`,
		"smtp and":                  `column 9: the filter ends where a field or a value should follow`,
		"tcp.port ==":               `column 12: the filter ends where a field or a value should follow`,
		"smtp tcp":                  `column 6: before tcp an operator is missing, such as and, or, ==, contains`,
		`"ñ" == imf.subject 5`:      `column 20: before 5 an operator is missing, such as and, or, ==, contains`,
		"and smtp":                  `column 1: and stands where a field or a value should`,
		"(smtp":                     `column 1: this parenthesis is never closed`,
		"smtp)":                     `column 5: there is no open parenthesis for this one`,
		"tcp.port == (5)":           `column 13: parentheses group tests; values are grouped with braces: 4 * {tcp.srcport + 3}`,
		"{tcp.port == 5":            `column 1: this brace is never closed; braces group arithmetic, such as {tcp.srcport + 1} * 2`,
		`smtp.req.command == "RCPT`: `column 21: the closing quote is missing`,
		`tcp.port == 'a`:            `column 13: the closing quote is missing`,
		`smtp matches "\d+"`:        `column 15: \d is no escape; write \\d, or begin the text with r", where a backslash is itself`,
		`tcp.port == 'ab'`:          `column 13: 'ab' is no character; write one, such as 'a', '\n' or '\x0a'`,
		"tcp.port == 5 €":           `column 15: "€" is nothing that a filter can hold outside of quotes`,

		"tcp.port == 70000":              `column 13: 70000 is too big: tcp.port is at most 65535`,
		"tcp.port == -1":                 `column 13: tcp.port is never negative, as -1 is`,
		"tcp.port == abc":                `column 13: tcp.port is a number, and abc is none; write 250 or 0xfa`,
		`tcp.port == "25"`:               `column 13: tcp.port is a number, and "25" is none; write 250 or 0xfa`,
		"tcp.port == 1_000":              `column 13: tcp.port is a number, and 1_000 is none; write 250 or 0xfa`,
		"tcp.port in {20-30}":            `column 14: 20-30 is no number; a range in a set is written 20..30`,
		"smtp.req == yes":                `column 13: smtp.req is true or false, and yes is neither`,
		"ip.src == 10.0.0.300":           `column 11: ip.src is an IPv4 address, and 10.0.0.300 is none; write 192.0.2.1 or 192.0.2.0/24, without quotes`,
		"ip.src == 10.0.0.0/33":          `column 11: ip.src is an IPv4 address, and 10.0.0.0/33 is none; write 192.0.2.1 or 192.0.2.0/24, without quotes`,
		"ipv6.src == 1.2.3.4":            `column 13: ipv6.src is an IPv6 address, and 1.2.3.4 is none; write 2001:db8::1 or 2001:db8::/32, without quotes`,
		"eth.src == 00:00":               `column 12: eth.src is a hardware address, and 00:00 is none; write 00:1b:21:0a:0b:0c, without quotes`,
		"frame contains RCPT":            `column 16: frame is octets, and RCPT is none; write 52:43:50:54, 0x52 or a text in quotes`,
		"frame[0:2] == 0x0800":           `column 15: frame[0:2] is octets, and 0x0800 is none; write 52:43:50:54, 0x52 or a text in quotes`,
		`frame.time > "2024-13-01"`:      `column 14: frame.time is a time, and "2024-13-01" is none; write "2026-01-31 12:34:56.5" or "2026-01-31T12:34:56Z"`,
		"frame.time_relative < 5h":       `column 23: frame.time_relative is a time span in seconds, and 5h is none; write 0.5, without quotes`,
		"ip.src in {10.0.0.0/8..ip.dst}": `column 12: a prefix, such as /24, stands only where a field is compared with it or in a set by itself`,
		"ip.src & 255.0.0.0/8":           `column 10: a prefix, such as /24, stands only where a field is compared with it or in a set by itself`,

		"smtp.eom == 1":                        `column 1: smtp.eom has no value: it is there or it is not; write smtp.eom or not smtp.eom`,
		`tcp.port contains "2"`:                `column 1: contains looks into texts and octets; write string(tcp.port) for tcp.port as text`,
		`frame.time matches "2"`:               `column 1: matches looks into texts and octets, and frame.time is neither`,
		"smtp.req.command matches 52":          `column 26: after matches stands a regular expression in quotes, such as "^(MAIL|RCPT)$"`,
		`smtp matches "("`:                     `column 14: this is no regular expression that posta knows: missing closing )`,
		`smtp matches "a(?=b)"`:                `column 14: this is no regular expression that posta knows: invalid or unsupported Perl syntax: (?=`,
		"smtp.req.command == tcp.port":         `column 1: smtp.req.command and tcp.port are of different kinds and cannot be compared`,
		"max(tcp.port, smtp.req.command) == 1": `column 1: tcp.port and smtp.req.command are of different kinds and cannot be compared`,
		`5 == 5`:                               `column 1: this holds no field, and would be the same for each frame`,
		`smtp or "x"`:                          `column 9: this holds no field, and would be the same for each frame`,
		`len("abc") == 3`:                      `column 1: this holds no field, and would be the same for each frame`,
		`"abc"[0] == 'a'`:                      `column 1: this holds no field, and would be the same for each frame`,
		"max(1, 2) == 2":                       `column 1: this holds no field, and would be the same for each frame`,
		"len(frame)":                           `column 1: len(frame) alone is no test; compare it with something, such as: len(frame) > 5`,
		"tcp.port + 1":                         `column 1: tcp.port + 1 alone is no test; compare it with something, such as: tcp.port + 1 > 5`,
		`smtp.req.command + "x" == "y"`:        `column 1: + does not work on smtp.req.command`,
		"-smtp.req.command == 1":               `column 1: - does not work on smtp.req.command`,
		"smtp.req.command > -\"x\"":            `column 20: - does not work on smtp.req.command`,
		"5 + tcp.flags.syn == 1":               `column 1: + does not work on tcp.flags.syn`,

		"foo(smtp)":            `column 1: there is no function "foo"; there are: abs, count, len, lower, max, min, string, upper`,
		"len() == 1":           `column 1: len() needs a field between its parentheses`,
		"len(smtp, tcp) == 1":  `column 1: len() takes one field, not 2`,
		"len(smtp tcp) == 1":   `column 10: between the values of a function stands a comma`,
		"len(smtp":             `column 4: this parenthesis is never closed`,
		"len(smtp.req) == 1":   `column 1: len() counts octets, and smtp.req has none`,
		"lower(tcp.port) == 1": `column 1: lower() takes a text, and tcp.port is none`,
		"string(smtp) == 1":    `column 1: string() takes a number or an address, and smtp is neither`,
		"abs(ip.src) == 1":     `column 1: abs() takes a number, and ip.src is none`,

		"tcp.port[0] == 1":           `column 1: tcp.port is no text and no octets, of which [ ] could take a part`,
		"frame[0:4 == 1":             `column 6: this bracket is never closed; write [0:4], [0-3] or [0]`,
		"frame[] == 1":               `column 6: "" is no range; write [0:4] for four octets from the first, [0-3], [0], [:4] or [2:]`,
		"frame[0,a] == 1":            `column 9: "a" is no range; write [0:4] for four octets from the first, [0-3], [0], [:4] or [2:]`,
		"frame[2-1] == 1":            `column 7: "2-1" ends before it begins`,
		"frame[0:0] == 1":            `column 7: "0:0" holds nothing; after the colon stands how many octets`,
		"frame[-2-3] == 1":           `column 7: "-2-3" has one end counted from the beginning and one from the end`,
		"ip.src#0 == 10.0.0.1":       `column 8: after # stands the number of a layer from 1, or [-1] for the innermost`,
		"tcp.port in 25":             `column 13: after in stands a set in braces, such as {25, 587, 8000..8999}`,
		"tcp.port in {25":            `column 13: this set is never closed; write } after its last value`,
		"tcp.port in {25 26}":        `column 17: between the values of a set stands a comma`,
		"tcp.port in {}":             `column 14: } stands where a field or a value should`,
		"all smtp":                   `column 1: after any and all stands a comparison, such as: all tcp.port > 1024`,
		"any (tcp.port == 5)":        `column 5: parentheses group tests; values are grouped with braces: 4 * {tcp.srcport + 3}`,
		"tcp.port not 5":             `column 14: before 5 an operator is missing, such as and, or, ==, contains`,
		strings.Repeat("(", 101):     `column 101: this lies too deep: at most 100 parentheses, braces and nots may lie in each other`,
		strings.Repeat("x", 1<<14+1): `column 1: the filter has 16385 octets; at most 16384 are allowed`,
	} {
		f, err := Parse(text, nil)
		switch {
		case err == nil:
			t.Errorf("%s is taken as %s", text, f)
		case err.Error() != want:
			t.Errorf("%.60s:\n got %s\nwant %s", text, err, want)
		}
	}
}

// An error's place is that of what is wrong, in characters.
func TestErrorPlace(t *testing.T) {
	_, err := Parse(`imf.subject == "ñ" and tcp.port == 70000`, nil)
	e, ok := err.(*Error)
	if !ok || e.Column != 36 || e.Width != 5 {
		t.Errorf("%#v", err)
	}
	for lang, want := range map[string]string{
		"en": `column 36: 70000 is too big: tcp.port is at most 65535`,
		"es": `columna 36: 70000 es demasiado grande: tcp.port llega como mucho a 65535`,
	} {
		w, werr := words.New(lang)
		if werr != nil {
			t.Fatal(werr)
		}
		if got := w.Error(err); got != want {
			t.Errorf("%s: %s", lang, got)
		}
	}
}
