package config

import _ "embed"

//go:embed example.toml
var example string

// Example is a file with every key, its default, and what it is for.
func Example() string { return example }
