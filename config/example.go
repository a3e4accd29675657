package config

import _ "embed"

//go:embed example.toml
var example string

//go:embed example.es.toml
var exampleSpanish string

// Example is a file with every key, its default, and what it is for, explained
// in a language; in English where there is no translation.
func Example(lang string) string {
	if lang == "es" {
		return exampleSpanish
	}
	return example
}
