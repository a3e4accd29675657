package console

import (
	"path/filepath"
	"slices"
	"strings"
	"unicode"
	"unicode/utf8"

	"posta/sasl"
)

// Complete gives what the word at the end of a line may become, and where it
// begins: commands that fit now, then what may stand behind them; local
// commands and file names.
func (c *Console) Complete(line string) (from int, all []string) {
	c.mu.Lock()
	defer c.mu.Unlock()
	from = strings.LastIndexByte(line, ' ') + 1
	begun := line[from:]
	name, _, local := localOf(line)
	switch {
	case c.login != nil && !c.login.waiting:
		return from, nil
	case local && from == 0:
		for _, l := range locals() {
			all = append(all, "/"+l)
		}
	case local && (name == "file" || name == "save" || name == "record"):
		all, _ = filepath.Glob(escapeGlob(begun) + "*") // a pattern that is none has no names
	case local, c.letter != nil:
		return from, nil
	case from == 0:
		all = c.speaker.legal()
	default:
		all = c.speaker.options(line)
	}
	return from, beginning(begun, all)
}

// obeyed says that a terminal would do something on a word beside showing it.
// Servers name mechanisms and numbers, and others name files.
func obeyed(word string) bool {
	return !utf8.ValidString(word) || strings.ContainsFunc(word, func(r rune) bool { return !unicode.IsPrint(r) })
}

// beginning are those that begin so, in any case.
func beginning(begun string, all []string) []string {
	var out []string
	for _, one := range all {
		if !obeyed(one) && len(one) >= len(begun) && strings.EqualFold(one[:len(begun)], begun) {
			out = append(out, one)
		}
	}
	return out
}

// escapeGlob takes the meaning from what a pattern would be.
func escapeGlob(name string) string {
	if filepath.Separator == '\\' {
		return name
	}
	return strings.NewReplacer(`*`, `\*`, `?`, `\?`, `[`, `\[`).Replace(name)
}

// cleanAuth is AUTH with the name of a mechanism, and nothing else: who leaves
// the name out has a password stand in its place.
func (c *Console) cleanAuth(fields []string) string {
	known := append([]string{sasl.Plain, sasl.LoginName, sasl.ScramSHA256, sasl.ScramPlus256, "SCRAM-SHA-1", "SCRAM-SHA-1-PLUS",
		"CRAM-MD5", "DIGEST-MD5", "XOAUTH2", "OAUTHBEARER", "EXTERNAL", "GSSAPI", "ANONYMOUS"}, c.speaker.mechanisms()...)
	if len(fields) < 2 || !slices.ContainsFunc(known, func(one string) bool { return strings.EqualFold(one, fields[1]) }) {
		return fields[0]
	}
	return fields[0] + " " + fields[1]
}

// Clean is a command as the history keeps it: known, and without its secret.
func (c *Console) Clean(line string) (string, bool) {
	switch {
	case strings.HasPrefix(line, "/"):
		return line, true
	case !c.speaker.known(line):
		return "", false // whatever it was: it may have been a password
	}
	if at := c.speaker.secret(line); at >= 0 {
		line = line[:at]
	}
	if fields := strings.Fields(line); strings.EqualFold(fields[0], "AUTH") {
		return c.cleanAuth(fields), true
	}
	return strings.TrimSpace(line), true
}
