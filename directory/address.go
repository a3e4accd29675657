package directory

import (
	"context"
	"strings"
	"unicode/utf8"

	"golang.org/x/text/unicode/norm"

	"posta/mail"
	"posta/words"
)

// Key is the form of a local part by which it is found: lower case, NFC
// (RFC 6532 §3.1). RFC 5321 §2.4 leaves the meaning of case to us, who own the
// domain. The result costs nothing for the common spelling.
func Key(local string) string {
	if isPlainLower(local) {
		return local
	}
	return norm.NFC.String(strings.ToLower(norm.NFC.String(local)))
}

// Split takes a canonical address, as it stands in Account.Address,
// Alias.Address and List.Address, apart into what a Store looks it up by.
func Split(address string) (localKey, domain string) {
	if a, err := mail.ParseAddress(address); err == nil {
		return a.Local, a.Domain
	}
	at := strings.LastIndexByte(address, '@')
	if at < 0 {
		return address, ""
	}
	return address[:at], address[at+1:]
}

// CheckAddress says what is wrong with an address that a person wrote, or
// nothing.
func CheckAddress(written string) error {
	_, err := parseAddress(written)
	return err
}

func parseAddress(written string) (mail.Address, error) {
	a, err := mail.ParseAddress(written)
	if err != nil {
		return mail.Address{}, refuse(ErrInvalid, "directory.not_address", words.Args{"Address": written, "Why": err})
	}
	return a, nil
}

// name is an address as it is looked up: a Key and a lower-case A-label domain.
type name struct{ local, domain string }

func (n name) String() string { return mail.Address{Local: n.local, Domain: n.domain}.String() }

// canonical costs no allocation for the common spelling.
func (d *Directory) canonical(a mail.Address) name {
	return name{Key(a.Local), d.label(a.Domain)}
}

// Canonical gives an address in its one spelling, also where its domain is not
// served here: two that differ in case only are the same.
func (d *Directory) Canonical(a mail.Address) mail.Address {
	n := d.canonical(a)
	return mail.Address{Local: n.local, Domain: n.domain}
}

// label gives a domain as lower-case A-labels (RFC 5890 §2.3.2.1). What IDNA
// refuses is nobody's domain here and only put into lower case.
func (d *Directory) label(domain string) string {
	if isPlainLower(domain) {
		return domain
	}
	lower := strings.ToLower(domain)
	if mail.IsASCII(domain) {
		return lower
	}
	if ascii, err := d.labels.ToASCII(domain); err == nil {
		return ascii
	}
	return lower
}

// Label is a domain that a person wrote in its one spelling: A-labels in lower case,
// without the dot at the end of an absolute name.
func (d *Directory) Label(domain string) string { return d.label(strings.TrimSuffix(domain, ".")) }

// spelled gives an address as it is kept in aliases and lists: canonical and
// under its domain's own name where that is served here, else with its local
// part untouched, whose case only its own host may interpret (RFC 5321 §2.4).
func (d *Directory) spelled(ctx context.Context, a mail.Address) (string, error) {
	n := d.canonical(a)
	home, _, err := d.home(ctx, n.domain)
	if err != nil {
		return "", err
	}
	if home == nil {
		return name{a.Local, n.domain}.String(), nil
	}
	return name{n.local, home.Name}.String(), nil
}

// isPlainLower says that s is ASCII without capitals.
func isPlainLower(s string) bool {
	for i := range len(s) {
		if s[i] >= utf8.RuneSelf || 'A' <= s[i] && s[i] <= 'Z' {
			return false
		}
	}
	return true
}
