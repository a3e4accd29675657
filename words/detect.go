package words

import (
	"slices"
	"strings"
)

// Detect chooses the language: what a flag says (taken as it is, so that New
// can refuse it), else the first of POSTA_LANG, LC_ALL, LC_MESSAGES, LANG and
// the system's own setting that is set (POSIX.1-2017 §8.2). A language without
// a catalog is English, and so are C and POSIX. System is asked last, and only
// where nothing else says it.
func Detect(flag string, getenv func(string) string, system func() string) string {
	if flag != "" {
		return flag
	}
	if lang := baseOf(getenv("POSTA_LANG")); slices.Contains(Languages(), lang) {
		return lang
	}
	variable := func(name string) func() string { return func() string { return getenv(name) } }
	for _, say := range []func() string{variable("LC_ALL"), variable("LC_MESSAGES"), variable("LANG"), system} {
		locale := say()
		if locale == "" {
			continue
		}
		if lang := baseOf(locale); slices.Contains(Languages(), lang) {
			return lang
		}
		return Fallback
	}
	return Fallback
}

// baseOf takes the language off a locale: "es" of "es_EC.UTF-8@euro".
func baseOf(locale string) string {
	if i := strings.IndexAny(locale, "_-.@"); i >= 0 {
		locale = locale[:i]
	}
	return strings.ToLower(strings.TrimSpace(locale))
}

// firstInList takes the first text out of a property list's array as macOS'
// defaults prints it: one a line in parentheses, quoted where it must be.
func firstInList(printed string) string {
	for line := range strings.Lines(printed) {
		if text := strings.Trim(strings.TrimSpace(line), `",()`); text != "" {
			return text
		}
	}
	return ""
}
