package words

import "strings"

// Within makes a sentence that somebody else has said fit to stand inside one of
// ours: its full stop goes, dots that say that it breaks off stay.
func Within(said string) string {
	said = strings.TrimRight(said, " ")
	if strings.HasSuffix(said, "..") {
		return said
	}
	return strings.TrimSuffix(said, ".")
}
