// Package words holds what posta itself says to its user: help, the card,
// errors and hints, in English and Spanish. The catalogs are embedded.
//
// It refuses to know the protocols: replies to SMTP and POP3 peers are English
// and live with their engines. Start reading at Words; the texts are in
// active.en.toml and active.es.toml.
package words

import (
	"embed"
	"fmt"
	"maps"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/nicksnyder/go-i18n/v2/i18n"
	"github.com/pelletier/go-toml/v2"
	"golang.org/x/text/language"
)

//go:embed active.*.toml
var catalogs embed.FS

// Fallback is the language of everything that no other catalog says.
const Fallback = "en"

// Languages gives the languages that there are catalogs for.
func Languages() []string { return []string{"en", "es"} }

// Args are the values for a text's placeholders: {"Name": "pepe"} fills
// {{.Name}}. An integer "Count" also chooses between singular and plural; an
// error is said in the language of the whole, and a time.Duration as Span has it.
type Args = map[string]any

// Words speaks one language. Many goroutines may use it at once.
type Words struct {
	lang string
	loc  *i18n.Localizer

	mu    sync.Mutex
	known map[string][]saying // by section, for Again
}

// New gives the Words of a language: "es", also "es_EC.UTF-8" or "es-EC".
func New(lang string) (*Words, error) {
	base := baseOf(lang)
	if !slices.Contains(Languages(), base) {
		return nil, Fail("words.no_language", Args{"Lang": lang, "Known": strings.Join(Languages(), ", ")})
	}
	bundle := i18n.NewBundle(language.English)
	bundle.RegisterUnmarshalFunc("toml", toml.Unmarshal)
	for _, name := range slices.Compact([]string{Fallback, base}) {
		if _, err := bundle.LoadMessageFileFS(catalogs, "active."+name+".toml"); err != nil {
			return nil, fmt.Errorf("words: catalog %s: %w", name, err)
		}
	}
	return &Words{lang: base, loc: i18n.NewLocalizer(bundle, base)}, nil
}

// Lang is the language spoken, "en" or "es".
func (w *Words) Lang() string { return w.lang }

// Say gives the text of an id with its placeholders filled. An id that no
// catalog has comes back as it is, so that a slip shows without doing harm.
func (w *Words) Say(id string, args Args) string {
	c := &i18n.LocalizeConfig{MessageID: id, TemplateData: w.said(args)}
	if n, ok := args["Count"]; ok {
		c.PluralCount = n
	}
	text, err := w.loc.Localize(c)
	if text == "" && err != nil {
		return id
	}
	return text
}

// said gives the arguments with the errors among them in this language, and times
// in plain marks.
func (w *Words) said(args Args) Args {
	var out Args
	for name, v := range args {
		var text string
		switch v := v.(type) {
		case error:
			text = w.Error(v)
		case time.Duration:
			text = Span(v)
		default:
			continue
		}
		if out == nil {
			out = maps.Clone(args)
		}
		out[name] = text
	}
	if out == nil {
		return args
	}
	return out
}
