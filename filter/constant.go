package filter

import (
	"math"
	"net/netip"
	"strconv"
	"strings"
	"time"

	"posta/field"
)

// constant makes a literal's value, of the sort that it is compared with. bits is the
// length of an address's prefix, or -1.
func (c *compiler) constant(x *literal, want sort, of operand) (v field.Value, bits int, err *Error) {
	var what error
	bits = -1
	switch want.class {
	case truth:
		v, what = boolean(x, of)
	case unsigned:
		v, what = unsignedOf(x, want.typ, of)
	case signed:
		v, what = signedOf(x, of)
	case text:
		v = field.Octets(x.octets())
	case octets:
		v, what = octetsOf(x, of)
	case ether:
		v, what = etherOf(x, of)
	case addr4, addr6:
		v, bits, what = addressOf(x, want.class == addr6, of)
	case moment:
		v, what = c.momentOf(x, of)
	case span64:
		v, what = spanOf(x, of)
	}
	if what != nil {
		err = x.at(c.text, what)
	}
	return v, bits, err
}

// octets of a literal as a text.
func (x *literal) octets() []byte {
	if x.kind == word {
		return []byte(x.text)
	}
	return x.oct
}

func boolean(x *literal, of operand) (field.Value, error) {
	if x.kind == word {
		switch x.text {
		case "true", "True", "TRUE":
			return field.Truth(true), nil
		case "false", "False", "FALSE":
			return field.Truth(false), nil
		}
		if n, err := strconv.ParseUint(x.text, 0, 64); err == nil {
			return field.Truth(n != 0), nil
		}
	}
	return field.Value{}, malformed("filter.want_bool", `{{.Name}} is true or false, and {{.Value}} is neither`,
		map[string]any{"Name": shown(of), "Value": x.text})
}

// digits is a number as it is written, without an underscore, which only Go takes.
func (x *literal) digits() string {
	if x.kind != word || strings.Contains(x.text, "_") {
		return ""
	}
	return x.text
}

func unsignedOf(x *literal, typ field.Type, of operand) (field.Value, error) {
	if x.kind == char {
		return field.Uint(uint64(x.oct[0])), nil
	}
	most := uint64(math.MaxUint64)
	if w := typ.Width(); w > 0 && w < 8 {
		most = 1<<(8*w) - 1
	}
	digits := x.digits()
	n, err := strconv.ParseUint(digits, 0, 64)
	_, negative := strconv.ParseInt(digits, 0, 64)
	switch {
	case err == nil && n <= most:
		return field.Uint(n), nil
	case err == nil || err.(*strconv.NumError).Err == strconv.ErrRange:
		return field.Value{}, malformed("filter.too_big", `{{.Value}} is too big: {{.Name}} is at most {{.Most}}`,
			map[string]any{"Name": shown(of), "Value": digits, "Most": strconv.FormatUint(most, 10)})
	case negative == nil:
		return field.Value{}, malformed("filter.negative", `{{.Name}} is never negative, as {{.Value}} is`,
			map[string]any{"Name": shown(of), "Value": digits})
	}
	return field.Value{}, noNumber(x, of)
}

func noNumber(x *literal, of operand) error {
	if from, to, ok := strings.Cut(x.text, "-"); ok && x.kind == word && allDigits(from) && allDigits(to) {
		return malformed("filter.number_range", `{{.Value}} is no number; a range in a set is written {{.Better}}`,
			map[string]any{"Value": x.text, "Better": from + ".." + to})
	}
	return malformed("filter.want_number", `{{.Name}} is a number, and {{.Value}} is none; write 250 or 0xfa`,
		map[string]any{"Name": shown(of), "Value": x.text})
}

func allDigits(s string) bool { return s != "" && strings.Trim(s, "0123456789") == "" }

func signedOf(x *literal, of operand) (field.Value, error) {
	if x.kind == char {
		return field.Int(int64(x.oct[0])), nil
	}
	n, err := strconv.ParseInt(x.digits(), 0, 64)
	if err != nil {
		return field.Value{}, noNumber(x, of)
	}
	return field.Int(n), nil
}

// octetsOf reads 52:43:50:54, 0x52, or a text.
func octetsOf(x *literal, of operand) (field.Value, error) {
	if x.kind != word {
		return field.Octets(x.oct), nil
	}
	oct, ok := hexOctets(strings.TrimPrefix(x.text, "0x"))
	if !ok || strings.HasPrefix(x.text, "0x") && len(oct) > 1 {
		return field.Value{}, malformed("filter.want_octets", `{{.Name}} is octets, and {{.Value}} is none; write 52:43:50:54, 0x52 or a text in quotes`,
			map[string]any{"Name": shown(of), "Value": x.text})
	}
	return field.Octets(oct), nil
}

// hexOctets reads hexadecimal digits, in groups of one or two or of four that
// a colon, a hyphen or a dot parts, or all together.
func hexOctets(s string) ([]byte, bool) {
	groups := strings.FieldsFunc(s, func(r rune) bool { return r == ':' || r == '-' || r == '.' })
	if len(groups) == 0 || strings.Trim(s[:1]+s[len(s)-1:], ":-.") == "" || strings.Count(s, ":")+strings.Count(s, "-")+strings.Count(s, ".") != len(groups)-1 {
		return nil, false
	}
	var out []byte
	for _, g := range groups {
		switch {
		case len(g) == 1:
			g = "0" + g
		case len(g)%2 != 0 || len(groups) > 1 && len(g) > 4:
			return nil, false
		}
		for i := 0; i < len(g); i += 2 {
			n, err := strconv.ParseUint(g[i:i+2], 16, 8)
			if err != nil {
				return nil, false
			}
			out = append(out, byte(n))
		}
	}
	return out, true
}

func etherOf(x *literal, of operand) (field.Value, error) {
	if oct, ok := hexOctets(x.text); ok && x.kind == word && len(oct) == 6 {
		return field.Octets(oct), nil
	}
	return field.Value{}, malformed("filter.want_ether", `{{.Name}} is a hardware address, and {{.Value}} is none; write 00:1b:21:0a:0b:0c, without quotes`,
		map[string]any{"Name": shown(of), "Value": x.text})
}

func addressOf(x *literal, six bool, of operand) (field.Value, int, error) {
	if x.kind == word {
		host, prefix, cut := strings.Cut(x.text, "/")
		a, err := netip.ParseAddr(host)
		bits := -1
		if cut && err == nil {
			bits, err = strconv.Atoi(prefix)
			if bits < 0 || bits > a.BitLen() {
				err = strconv.ErrRange
			}
		}
		if err == nil && a.Is6() == six && a.Zone() == "" {
			return field.Octets(a.AsSlice()), bits, nil
		}
	}
	if six {
		return field.Value{}, -1, malformed("filter.want_ipv6", `{{.Name}} is an IPv6 address, and {{.Value}} is none; write 2001:db8::1 or 2001:db8::/32, without quotes`,
			map[string]any{"Name": shown(of), "Value": x.text})
	}
	return field.Value{}, -1, malformed("filter.want_ipv4", `{{.Name}} is an IPv4 address, and {{.Value}} is none; write 192.0.2.1 or 192.0.2.0/24, without quotes`,
		map[string]any{"Name": shown(of), "Value": x.text})
}

// momentOf reads a date and time; without a zone it is local.
func (c *compiler) momentOf(x *literal, of operand) (field.Value, error) {
	s := string(x.octets())
	for _, layout := range []string{
		"2006-01-02T15:04:05Z07:00", "2006-01-02 15:04:05Z07:00", "2006-01-02T15:04:05Z0700", "2006-01-02 15:04:05Z0700",
		"2006-01-02 15:04:05 UTC", "2006-01-02T15:04:05", "2006-01-02 15:04:05", "2006-01-02T15:04", "2006-01-02 15:04", "2006-01-02",
		"Jan _2, 2006 15:04:05 UTC", "Jan _2, 2006 15:04:05",
	} {
		zone := c.zone
		if strings.HasSuffix(layout, "UTC") {
			zone = time.UTC
		}
		if t, err := time.ParseInLocation(layout, s, zone); err == nil && t.Year() > 1678 && t.Year() < 2262 {
			return field.Moment(t), nil
		}
	}
	return field.Value{}, malformed("filter.want_time", `{{.Name}} is a time, and {{.Value}} is none; write "2026-01-31 12:34:56.5" or "2026-01-31T12:34:56Z"`,
		map[string]any{"Name": shown(of), "Value": x.text})
}

// spanOf reads seconds.
func spanOf(x *literal, of operand) (field.Value, error) {
	s := strings.TrimSuffix(x.digits(), "s")
	whole, fraction, dotted := strings.Cut(strings.TrimPrefix(s, "-"), ".")
	if allDigits(whole) && (!dotted || allDigits(fraction) && len(fraction) <= 9) {
		n, err := strconv.ParseInt(whole, 10, 64)
		if err == nil && n < math.MaxInt64/1_000_000_000 {
			ns, _ := strconv.ParseInt((fraction + "000000000")[:9], 10, 64)
			n = n*1_000_000_000 + ns
			if s[0] == '-' {
				n = -n
			}
			return field.Int(n), nil
		}
	}
	return field.Value{}, malformed("filter.want_duration", `{{.Name}} is a time span in seconds, and {{.Value}} is none; write 0.5, without quotes`,
		map[string]any{"Name": shown(of), "Value": x.text})
}
