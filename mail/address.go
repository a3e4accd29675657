package mail

import (
	"net/netip"
	"strings"
	"unicode/utf8"
)

// Limits of RFC 5321 §4.5.3.1 that an address must keep.
const (
	MaxLocal  = 64  // octets of a local part (§4.5.3.1.1)
	MaxDomain = 255 // octets of a domain (§4.5.3.1.2)
)

// Address is a mailbox: local-part and domain (RFC 5321 §2.3.11). The zero
// Address is the null reverse-path. Only the owner of a domain gives its local
// parts a meaning, so Local keeps its spelling here.
type Address struct {
	Local  string // without quotes and quoting backslashes; UTF-8 (RFC 6531 §3.3)
	Domain string // as sent; "[192.0.2.1]" or "[IPv6:…]" for an address literal
}

// ParseAddress reads a Mailbox (RFC 5321 §4.1.2, with RFC 6531 §3.3's UTF-8):
// a dot-string or quoted-string, "@", and a domain or an address literal.
// It takes no angle brackets, no source route and no display name.
func ParseAddress(s string) (Address, error) {
	local, rest, err := parseLocal(s)
	if err != nil {
		return Address{}, err
	}
	if !strings.HasPrefix(rest, "@") {
		return Address{}, malformed("mail.no_at", `address "{{.Address}}" has no @ and domain; write name@example.net`,
			map[string]any{"Address": s})
	}
	domain := rest[1:]
	if err := CheckDomain(domain); err != nil {
		return Address{}, err
	}
	return Address{local, domain}, nil
}

// IsZero says that this is the null reverse-path <>.
func (a Address) IsZero() bool { return a == Address{} }

// String prints the address as RFC 5321 §4.1.2 writes it, with the local part
// quoted where it must be; "" for the null path, the bare name without domain.
func (a Address) String() string {
	if a.IsZero() {
		return ""
	}
	local := a.Local
	if !isDotString(local) {
		local = Quote(local)
	}
	if a.Domain == "" {
		return local
	}
	return local + "@" + a.Domain
}

// IsASCII says that the address can travel without SMTPUTF8 (RFC 6531 §3.2).
func (a Address) IsASCII() bool { return IsASCII(a.Local) && IsASCII(a.Domain) }

// parseLocal takes the local part off the front of s.
func parseLocal(s string) (local, rest string, err error) {
	if !utf8.ValidString(s) {
		return "", "", malformed("mail.address_utf8", `address "{{.Address}}" is not valid UTF-8`,
			map[string]any{"Address": s})
	}
	if strings.HasPrefix(s, `"`) {
		return parseQuoted(s)
	}
	end := 0
	for end < len(s) && (isAtext(s[end]) || s[end] == '.') {
		end++
	}
	local, rest = s[:end], s[end:]
	switch {
	case rest != "" && rest[0] != '@':
		return "", "", malformed("mail.needs_quotes", `address "{{.Address}}" has "{{.Character}}", which a local part may not hold unquoted`,
			map[string]any{"Address": s, "Character": rest[:1]})
	case local == "":
		return "", "", malformed("mail.no_local", `address "{{.Address}}" has nothing before the @`,
			map[string]any{"Address": s})
	case !isDotString(local):
		return "", "", malformed("mail.local_dots", `address "{{.Address}}" has a dot at an end or two in a row`,
			map[string]any{"Address": s})
	case len(local) > MaxLocal:
		return "", "", longLocal(len(local))
	}
	return local, rest, nil
}

func longLocal(octets int) error {
	return malformed("mail.long_local", "local part of {{.Octets}} octets; at most {{.Most}} are allowed",
		map[string]any{"Octets": octets, "Most": MaxLocal})
}

// parseQuoted reads a Quoted-string: DQUOTE *QcontentSMTP DQUOTE.
func parseQuoted(s string) (local, rest string, err error) {
	var b strings.Builder
	for i := 1; i < len(s); i++ {
		c := s[i]
		switch {
		case c == '"':
			if b.Len() > MaxLocal {
				return "", "", longLocal(b.Len())
			}
			if b.Len() == 0 {
				return "", "", malformed("mail.quoted_empty", `the quoted local part "" is empty`, nil)
			}
			return b.String(), s[i+1:], nil
		case c == '\\':
			i++
			if i == len(s) || s[i] < ' ' || s[i] > '~' {
				return "", "", malformed("mail.backslash", `address "{{.Address}}" has a backslash before no printable character`,
					map[string]any{"Address": s})
			}
			b.WriteByte(s[i])
		case c < ' ' || c == 0x7f:
			return "", "", malformed("mail.control", `address "{{.Address}}" has a control character`,
				map[string]any{"Address": s})
		default:
			b.WriteByte(c)
		}
	}
	return "", "", malformed("mail.no_quote", `address "{{.Address}}" has no closing quote`,
		map[string]any{"Address": s})
}

// CheckDomain says what is wrong with a Domain or address literal
// (RFC 5321 §4.1.2, §4.1.3, RFC 6531 §3.3 for U-labels), or nothing.
func CheckDomain(s string) error {
	if strings.HasPrefix(s, "[") {
		return checkLiteral(s)
	}
	if s == "" {
		return malformed("mail.no_domain", "the domain is missing; write name@example.net", nil)
	}
	if len(s) > MaxDomain {
		return malformed("mail.long_domain", "domain of {{.Octets}} octets; at most {{.Most}} are allowed",
			map[string]any{"Octets": len(s), "Most": MaxDomain})
	}
	if !utf8.ValidString(s) {
		return malformed("mail.domain_utf8", `domain "{{.Domain}}" is not valid UTF-8`, map[string]any{"Domain": s})
	}
	for label := range strings.SplitSeq(s, ".") {
		if err := checkLabel(s, label); err != nil {
			return err
		}
	}
	return nil
}

func checkLabel(domain, label string) error {
	switch {
	case label == "":
		return malformed("mail.domain_dots", `domain "{{.Domain}}" has a dot at an end or two in a row`,
			map[string]any{"Domain": domain})
	case IsASCII(label) && len(label) > 63:
		return malformed("mail.long_label", `domain "{{.Domain}}" has a label of {{.Octets}} octets; at most 63 are allowed`,
			map[string]any{"Domain": domain, "Octets": len(label)})
	case label[0] == '-' || label[len(label)-1] == '-':
		return malformed("mail.hyphen", `domain "{{.Domain}}" has a label with a hyphen at an end`,
			map[string]any{"Domain": domain})
	}
	for _, r := range label {
		if r < utf8.RuneSelf && !isAlnum(byte(r)) && r != '-' && r != '_' {
			return malformed("mail.domain_character", `domain "{{.Domain}}" has "{{.Character}}"; letters, digits, hyphens and dots are allowed`,
				map[string]any{"Domain": domain, "Character": string(r)})
		}
	}
	return nil
}

// checkLiteral reads "[192.0.2.1]", "[IPv6:2001:db8::1]" or "[tag:content]".
func checkLiteral(s string) error {
	body, ok := strings.CutSuffix(s[1:], "]")
	if !ok {
		return malformed("mail.no_bracket", `address literal "{{.Literal}}" has no closing bracket`,
			map[string]any{"Literal": s})
	}
	if len(s) > MaxDomain {
		return malformed("mail.long_literal", "address literal of {{.Octets}} octets; at most {{.Most}} are allowed",
			map[string]any{"Octets": len(s), "Most": MaxDomain})
	}
	if _, ok := ParseLiteral(s); ok {
		return nil
	}
	tag, content, ok := strings.Cut(body, ":")
	if !ok || strings.EqualFold(tag, "IPv6") || checkLabel(s, tag) != nil || !IsASCII(tag) || content == "" {
		return malformed("mail.literal", `address literal "{{.Literal}}" is neither [IPv4] nor [IPv6:address]`,
			map[string]any{"Literal": s})
	}
	for i := range len(content) {
		if c := content[i]; c <= ' ' || c > '~' || (c >= '[' && c <= ']') {
			return malformed("mail.literal_character", `address literal "{{.Literal}}" has a character that it may not hold`,
				map[string]any{"Literal": s})
		}
	}
	return nil
}

// ParseLiteral gives the IP address of "[192.0.2.1]" or "[IPv6:2001:db8::1]"
// (RFC 5321 §4.1.3), and whether s is such a literal.
func ParseLiteral(s string) (netip.Addr, bool) {
	if len(s) < 2 || s[0] != '[' || s[len(s)-1] != ']' {
		return netip.Addr{}, false
	}
	body := s[1 : len(s)-1]
	const tag = "IPv6:"
	v6 := len(body) > len(tag) && strings.EqualFold(body[:len(tag)], tag)
	if v6 {
		body = body[len(tag):]
	}
	ip, err := netip.ParseAddr(body)
	return ip, err == nil && ip.Zone() == "" && ip.Is4() != v6
}

// Literal writes an IP address as an address literal (RFC 5321 §4.1.3).
func Literal(ip netip.Addr) string {
	if ip = ip.Unmap().WithZone(""); ip.Is6() {
		return "[IPv6:" + ip.String() + "]"
	}
	return "[" + ip.String() + "]"
}

// isDotString says that s can stand unquoted as a local part.
func isDotString(s string) bool {
	if s == "" || s[0] == '.' || s[len(s)-1] == '.' || strings.Contains(s, "..") {
		return false
	}
	for i := range len(s) {
		if !isAtext(s[i]) && s[i] != '.' {
			return false
		}
	}
	return true
}

// Quote writes s as a Quoted-string (RFC 5321 §4.1.2).
func Quote(s string) string {
	var b strings.Builder
	b.WriteByte('"')
	for i := range len(s) {
		if s[i] == '"' || s[i] == '\\' {
			b.WriteByte('\\')
		}
		b.WriteByte(s[i])
	}
	b.WriteByte('"')
	return b.String()
}

// isAtext is atext of RFC 5322 §3.2.3, and the octets of UTF-8 (RFC 6531 §3.3).
func isAtext(c byte) bool {
	return isAlnum(c) || c >= utf8.RuneSelf || strings.IndexByte("!#$%&'*+-/=?^_`{|}~", c) >= 0
}

func isAlnum(c byte) bool {
	return c >= '0' && c <= '9' || c >= 'A' && c <= 'Z' || c >= 'a' && c <= 'z'
}

// IsASCII says that s holds no octet above 0x7F, and so needs no SMTPUTF8 (RFC 6531).
func IsASCII(s string) bool {
	for i := range len(s) {
		if s[i] >= utf8.RuneSelf {
			return false
		}
	}
	return true
}
