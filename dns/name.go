package dns

import "strings"

// Limits of RFC 1035 §2.3.4, in text without the last dot.
const (
	longestName  = 253
	longestLabel = 63
)

// canonical is a name as it is asked for and remembered: in small letters, with
// the last dot. It refuses what is no name of a host or domain that others can
// know: addresses, localhost (RFC 6761 §6.3), and anything but letters, digits,
// hyphens and underscores. A name beyond ASCII has to come as A-labels.
func canonical(name string) (string, bool) {
	name = strings.ToLower(strings.TrimSuffix(name, "."))
	if name == "" || len(name) > longestName {
		return "", false
	}
	last := ""
	for label := range strings.SplitSeq(name, ".") {
		if label == "" || len(label) > longestLabel || strings.ContainsFunc(label, notNamed) {
			return "", false
		}
		last = label
	}
	if last == "localhost" || strings.Trim(last, "0123456789") == "" { // no domain ends in a number (RFC 3696 §2)
		return "", false
	}
	return name + ".", true
}

// notNamed says that a character is in no name.
func notNamed(r rune) bool {
	return (r < 'a' || r > 'z') && (r < '0' || r > '9') && r != '-' && r != '_'
}

// shown is a name of a record as the house writes it: in small letters, without
// the last dot; "" for the root.
func shown(name string) string { return strings.ToLower(strings.TrimSuffix(name, ".")) }
