package config

import (
	"bytes"
	"errors"
	"io/fs"
	"os"
	"strings"

	"github.com/pelletier/go-toml/v2"

	"posta/words"
)

// maxFile bounds the file: a larger one is not a configuration.
const maxFile = 1 << 20

// maxProblems bounds what is reported of one file.
const maxProblems = 50

// Load reads, parses and checks a file.
func Load(path string) (*Config, error) {
	text, err := os.ReadFile(path)
	if errors.Is(err, fs.ErrNotExist) {
		return nil, words.FailAs(err, "config.absent", words.Args{"File": path})
	}
	if err != nil {
		return nil, words.FailOf(err, "config.unreadable", words.Args{"File": path})
	}
	c, err := Parse(text)
	if err == nil {
		err = c.checkWith(linesOf(trimBOM(text)))
	}
	if err != nil {
		return nil, words.FailOf(err, "config.wrong", words.Args{"File": path})
	}
	return c, nil
}

// Parse reads the file's text over the defaults. Keys that posta does not
// know, and values of a wrong kind, are refused, all of them at once, each
// with its line. What the values mean together is Check's business.
func Parse(text []byte) (*Config, error) {
	if len(text) > maxFile {
		return nil, words.Fail("config.too_large", words.Args{"Max": Size(maxFile).String()})
	}
	text = trimBOM(text)
	tree := map[string]any{}
	if err := toml.Unmarshal(text, &tree); err != nil {
		return nil, syntax(err)
	}
	c := base()
	wrong := decode(bytes.Clone(text), c)
	for _, key := range []string{"listener", "network", "certificate"} {
		if _, single := tree[key].(map[string]any); single {
			var p problems
			p.in(key, 0).say("", "config.not_a_list", words.Args{"Key": key})
			wrong = append(wrong, p.join(linesOf(text)))
		}
	}
	if len(wrong) > 0 {
		return nil, errors.Join(wrong...)
	}
	if c.Metrics.Addr == "off" { // as the listeners' flags have it
		c.Metrics.Addr = ""
	}
	fillAll(tree["network"], len(c.Networks), func(i int, set func(string) bool) { c.Networks[i].fill(set) })
	if _, given := tree["listener"]; !given {
		c.Listeners = Default().Listeners
		return c, nil
	}
	fillAll(tree["listener"], len(c.Listeners), func(i int, set func(string) bool) { c.Listeners[i].fill(set) })
	return c, nil
}

// trimBOM removes the mark that Notepad puts before the first line.
func trimBOM(text []byte) []byte { return bytes.TrimPrefix(text, []byte("\xef\xbb\xbf")) }

// decode fills c and collects what is wrong. The decoder stops at the first
// value of a wrong kind, so that line is blanked and it starts again.
func decode(text []byte, c *Config) []error {
	var problems []error
	for len(problems) < maxProblems {
		d := toml.NewDecoder(bytes.NewReader(text)).DisallowUnknownFields()
		err := d.Decode(c)
		var unknown *toml.StrictMissingError
		var value *toml.DecodeError
		switch {
		case err == nil:
			return problems
		case errors.As(err, &unknown):
			for i := range unknown.Errors {
				problems = append(problems, unknownKey(&unknown.Errors[i]))
			}
			return problems
		case errors.As(err, &value):
			line, _ := value.Position()
			problems = append(problems, wrongKind(line, value.Key(), value.Error()))
			if !blank(text, line) {
				return problems
			}
		default: // the decoder does not say where a number should be a text
			line, key := bareSpan(text)
			problems = append(problems, wrongKind(line, key, err.Error()))
			if line == 0 || !blank(text, line) {
				return problems
			}
		}
	}
	return problems
}

// blank overwrites a line with spaces, unless it is a table's header or a part
// of something larger, without which the lines below would mean something else.
func blank(text []byte, line int) bool {
	start := 0
	for range line - 1 {
		start += bytes.IndexByte(text[start:], '\n') + 1
	}
	end := len(text)
	if i := bytes.IndexByte(text[start:], '\n'); i >= 0 {
		end = start + i
	}
	row := text[start:end]
	trimmed := bytes.TrimSpace(row)
	if len(trimmed) == 0 || trimmed[0] == '[' {
		return false
	}
	copy(row, bytes.Repeat([]byte(" "), len(row)))
	return toml.Unmarshal(text, &map[string]any{}) == nil
}

// bareSpan finds the first line that gives a time span or a network without
// quotes.
func bareSpan(text []byte) (line int, key []string) {
	for row := range bytes.SplitSeq(text, []byte("\n")) {
		line++
		name, value, ok := bytes.Cut(row, []byte("="))
		name, value = bytes.TrimSpace(name), bytes.TrimSpace(value)
		if !ok || len(value) == 0 || bytes.IndexByte([]byte("\"'[{"), value[0]) >= 0 {
			continue
		}
		if key := spanKey(string(name)); key != nil {
			return line, key
		}
	}
	return 0, nil
}

// fillAll gives the n tables of a list the defaults of what the file left out;
// tree is the file's own list of them.
func fillAll(tree any, n int, fill func(i int, set func(key string) bool)) {
	tables, _ := tree.([]any)
	for i := range n {
		var given map[string]any
		if i < len(tables) {
			given, _ = tables[i].(map[string]any)
		}
		fill(i, func(key string) bool { _, ok := given[key]; return ok })
	}
}

// syntax says where the text stops being TOML.
func syntax(err error) error {
	var at *toml.DecodeError
	if !errors.As(err, &at) {
		return words.Fail("config.syntax", words.Args{"What": err.Error()})
	}
	line, column := at.Position()
	what := strings.TrimPrefix(at.Error(), "toml: ")
	switch {
	case strings.HasSuffix(what, "at start of value"):
		return words.Fail("config.syntax_quotes", words.Args{"Line": line, "Column": column})
	case strings.HasPrefix(what, "invalid escape"):
		return words.Fail("config.syntax_escape", words.Args{"Line": line, "Column": column})
	}
	return words.Fail("config.syntax_at", words.Args{"Line": line, "Column": column, "What": what})
}
