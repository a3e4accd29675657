package config

import (
	"net/netip"
	"reflect"
	"strings"

	"github.com/pelletier/go-toml/v2"

	"posta/words"
)

// unknownKey refuses a key and proposes the nearest one of its table.
func unknownKey(at *toml.DecodeError) error {
	line, _ := at.Position()
	key := at.Key()
	name := strings.Join(key, ".")
	known := knownKeys(key)
	if near := words.Nearest(key[len(key)-1], known); near != "" {
		return words.Fail("config.unknown_near", words.Args{"Line": line, "Key": name, "Near": near})
	}
	return words.Fail("config.unknown", words.Args{"Line": line, "Key": name, "Known": strings.Join(known, ", ")})
}

// wrongKind refuses a value that its key cannot hold, and says what it can.
func wrongKind(line int, key []string, what string) error {
	args := words.Args{"Line": line, "Key": strings.Join(key, ".")}
	t := typeOf(key)
	if t == nil || len(key) == 0 {
		return words.Fail("config.syntax", words.Args{"What": strings.TrimPrefix(what, "toml: ")})
	}
	return words.Fail(kindID(t), args)
}

// spanKey gives the whole key of a time span or network by its last part, or
// nil.
func spanKey(name string) []string {
	name = name[strings.LastIndexByte(name, '.')+1:]
	for _, table := range []string{"limits", "listener", "network", "log", "trace", "record", "outgoing"} {
		key := []string{table, name}
		switch t := typeOf(key); t {
		case reflect.TypeFor[Duration](), reflect.TypeFor[netip.Prefix]():
			return key
		}
	}
	return nil
}

// kindID is the text that says what a type of the Config looks like.
func kindID(t reflect.Type) string {
	switch t {
	case reflect.TypeFor[Size]():
		return "config.want_size"
	case reflect.TypeFor[Duration]():
		return "config.want_duration"
	case reflect.TypeFor[netip.Prefix]():
		return "config.want_network"
	case reflect.TypeFor[[]netip.Prefix]():
		return "config.want_networks"
	case reflect.TypeFor[[]netip.Addr]():
		return "config.want_addresses"
	}
	switch t.Kind() {
	case reflect.Bool:
		return "config.want_bool"
	case reflect.Int:
		return "config.want_number"
	case reflect.String:
		return "config.want_string"
	case reflect.Slice:
		return "config.want_list"
	}
	return "config.want_table"
}

// typeOf finds the type of the field that a key names, or nil.
func typeOf(key []string) reflect.Type {
	t := reflect.TypeFor[Config]()
	for _, name := range key {
		if t.Kind() == reflect.Slice {
			t = t.Elem()
		}
		f, ok := fieldOf(t, name)
		if !ok {
			return nil
		}
		t = f.Type
	}
	return t
}

func fieldOf(t reflect.Type, name string) (reflect.StructField, bool) {
	if t.Kind() != reflect.Struct {
		return reflect.StructField{}, false
	}
	for i := range t.NumField() {
		if f := t.Field(i); f.Tag.Get("toml") == name {
			return f, true
		}
	}
	return reflect.StructField{}, false
}

// knownKeys lists the keys of the table that a key stands in.
func knownKeys(key []string) []string {
	t := typeOf(key[:len(key)-1])
	if t != nil && t.Kind() == reflect.Slice {
		t = t.Elem()
	}
	if t == nil || t.Kind() != reflect.Struct {
		return nil
	}
	var names []string
	for i := range t.NumField() {
		names = append(names, t.Field(i).Tag.Get("toml"))
	}
	return names
}
