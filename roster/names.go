package roster

import (
	"slices"
	"strings"
	"unicode"

	"golang.org/x/text/runes"
	"golang.org/x/text/transform"
	"golang.org/x/text/unicode/norm"
)

// fold writes a text in lower case without accents, one space between words:
// "  Dirección  de correo" is "direccion de correo".
func fold(s string) string {
	bare := transform.Chain(norm.NFD, runes.Remove(runes.In(unicode.Mn)), norm.NFC)
	out, _, err := transform.String(bare, s)
	if err != nil {
		out = s
	}
	return strings.Join(strings.Fields(strings.ToLower(out)), " ")
}

// label makes of a group's name one label of a domain name (RFC 1034 §3.5):
// "Grupo 3 (tarde)" is "grupo-3-tarde". A bare number is no name that people
// would take for a domain's: "3" is "g3". "" where nothing is left.
func label(group string) string {
	words := strings.FieldsFunc(fold(group), func(r rune) bool { return !isPlain(r) })
	out := strings.Join(words, "-")
	if len(words) == 1 && strings.Trim(out, "0123456789") == "" {
		out = "g" + out
	}
	if len(out) > 63 {
		out = strings.TrimRight(out[:63], "-")
	}
	return out
}

func isPlain(r rune) bool { return r >= 'a' && r <= 'z' || r >= '0' && r <= '9' }

// Plain writes a name or address so that every keyboard types it and SMTP takes
// it without SMTPUTF8: "Peña" is "pena". The address's marks and the digits
// stay. It is "" where nothing is left that is a letter of English.
func Plain(name string) string {
	return strings.Map(func(r rune) rune {
		if isPlain(r) || strings.ContainsRune(".-_+@", r) {
			return r
		}
		return -1
	}, fold(strings.ReplaceAll(name, "ß", "ss")))
}

// LocalPart makes an address's local part of a whole name, as a class list's
// people get it: "Ana García López" is "ana.garcia".
func LocalPart(name string) string { return localPart(name, "") }

// localPart makes a local part that is easy to type: the first name, and the
// first family name where there is one. "Ana", "ana"; "Ana García", and
// "García López, Ana", "ana.garcia"; "María José García López", "maria.garcia".
// "" where nothing is left that is a letter of English.
func localPart(given, family string) string {
	if before, after, ok := strings.Cut(given, ","); ok && family == "" {
		family, given = before, after
	}
	first, more := plainWords(given), plainWords(family)
	var parts []string
	if len(first) > 0 {
		parts = append(parts, first[0])
	}
	switch {
	case len(more) > 0:
		parts = append(parts, more[0])
	case family == "" && len(first) >= 4:
		// Two given names and two family names, as Spaniards write them.
		parts = append(parts, first[len(first)-2])
	case family == "" && len(first) > 1:
		parts = append(parts, first[1])
	}
	return strings.Join(parts, ".")
}

// plainWords are the words of a name in ASCII, without the particles. An
// apostrophe is inside a word: "O'Neill" is "oneill".
func plainWords(s string) []string {
	particles := []string{"de", "del", "la", "las", "los", "y", "i", "da", "do", "dos", "das", "von", "van", "der", "den"}
	s = strings.NewReplacer("ß", "ss", "'", "", "’", "", "‘", "", "´", "", "`", "").Replace(s)
	all := strings.FieldsFunc(fold(s), func(r rune) bool { return !isPlain(r) })
	kept := slices.DeleteFunc(slices.Clone(all), func(w string) bool { return slices.Contains(particles, w) })
	if len(kept) == 0 {
		return all
	}
	return kept
}
