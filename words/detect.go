package words

import (
	"slices"
	"strings"
)

// Detect chooses the language: what a flag says (taken as it is, so that New
// can refuse it), else the first of POSTA_LANG, LC_ALL, LC_MESSAGES, LANG and
// the system's own setting that is set (POSIX.1-2017 §8.2). A language without
// a catalog is English, and so are C and POSIX.
func Detect(flag string, getenv func(string) string, system string) string {
	if flag != "" {
		return flag
	}
	if lang := baseOf(getenv("POSTA_LANG")); slices.Contains(Languages(), lang) {
		return lang
	}
	for _, locale := range []string{getenv("LC_ALL"), getenv("LC_MESSAGES"), getenv("LANG"), system} {
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
