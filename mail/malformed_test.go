package mail

import (
	"errors"
	"strings"
	"testing"
)

// What is wrong is said in plain English, with the octets of a stranger made
// harmless, and names a sentence for the other languages.
func TestMalformed(t *testing.T) {
	parse := func(s string) error { _, err := ParseAddress(s); return err }
	status := func(s string) error { _, err := ParseStatus(s); return err }
	long := strings.Repeat("x", 70)
	for _, tt := range []struct {
		err      error
		id, says string
	}{
		{parse("pepe"), "mail.no_at", `address "pepe" has no @ and domain; write name@example.net`},
		{parse("p\xffe@b.c"), "mail.address_utf8", `address "p\xffe@b.c" is not valid UTF-8`},
		{parse("a b@c.d"), "mail.needs_quotes", `address "a b@c.d" has " ", which a local part may not hold unquoted`},
		{parse("a\x1b[2J@c.d"), "mail.needs_quotes", `address "a\x1b[2J@c.d" has "\x1b", which a local part may not hold unquoted`},
		{parse("a\u202eb."), "mail.local_dots", `address "a\u202eb." has a dot at an end or two in a row`},
		{parse("ñ..o@b.c"), "mail.local_dots", `address "ñ..o@b.c" has a dot at an end or two in a row`},
		{parse("@b.c"), "mail.no_local", `address "@b.c" has nothing before the @`},
		{parse(long + "@b.c"), "mail.long_local", "local part of 70 octets; at most 64 are allowed"},
		{parse(`"` + long + `"@b.c`), "mail.long_local", "local part of 70 octets; at most 64 are allowed"},
		{parse(`""@b.c`), "mail.quoted_empty", `the quoted local part "" is empty`},
		{parse(`"a\`), "mail.backslash", `address ""a\" has a backslash before no printable character`},
		{parse("\"a\t\"@b.c"), "mail.control", `address ""a\t"@b.c" has a control character`},
		{parse(`"a@b.c`), "mail.no_quote", `address ""a@b.c" has no closing quote`},
		{parse("a@"), "mail.no_domain", "the domain is missing; write name@example.net"},
		{parse("a@b..c"), "mail.domain_dots", `domain "b..c" has a dot at an end or two in a row`},
		{CheckDomain(strings.Repeat("x.", 150)), "mail.long_domain", "domain of 300 octets; at most 255 are allowed"},
		{CheckDomain("\xff"), "mail.domain_utf8", `domain "\xff" is not valid UTF-8`},
		{CheckDomain(long), "mail.long_label", `domain "` + long + `" has a label of 70 octets; at most 63 are allowed`},
		{CheckDomain("-a.b"), "mail.hyphen", `domain "-a.b" has a label with a hyphen at an end`},
		{CheckDomain("a b.c"), "mail.domain_character", `domain "a b.c" has " "; letters, digits, hyphens and dots are allowed`},
		{CheckDomain("[1.2.3.4"), "mail.no_bracket", `address literal "[1.2.3.4" has no closing bracket`},
		{CheckDomain("[a:" + strings.Repeat(long, 4) + "]"), "mail.long_literal", "address literal of 284 octets; at most 255 are allowed"},
		{CheckDomain("[1.2.3]"), "mail.literal", `address literal "[1.2.3]" is neither [IPv4] nor [IPv6:address]`},
		{CheckDomain("[a: ]"), "mail.literal_character", `address literal "[a: ]" has a character that it may not hold`},
		{status("5.1"), "mail.status", `status "5.1" is not class.subject.detail`},
		{status("5.1.01"), "mail.status_number", `status "5.1.01" has a bad number "01"`},
		{status("3.1.1"), "mail.status_class", `status "3.1.1" has class 3; it must be 2, 4 or 5`},
	} {
		var m *Malformed
		if !errors.As(tt.err, &m) {
			t.Errorf("%s: %v is no Malformed", tt.id, tt.err)
			continue
		}
		if id, _ := m.Words(); id != tt.id || m.Error() != tt.says {
			t.Errorf("%s %q, want %s %q", id, m.Error(), tt.id, tt.says)
		}
	}
}
