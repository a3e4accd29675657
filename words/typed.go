package words

import (
	"runtime"
	"strings"
)

// Typed is a text as a person types it on a command line of this system: a word that
// a shell leaves as it is stands as it is, another in quotation marks.
func Typed(text string) string { return typed(text, runtime.GOOS == "windows") }

func typed(text string, windows bool) string {
	special := " \t'\"()&;<>|`$*?[]{}!#~\\"
	if windows {
		special = " \t'\"()&;<>|`$%^{},"
	}
	if text != "" && !strings.ContainsAny(text, special) {
		return text
	}
	if windows || !strings.ContainsAny(text, "\"`$!\\") {
		return `"` + text + `"`
	}
	return "'" + strings.ReplaceAll(text, "'", `'\''`) + "'"
}
