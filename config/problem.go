package config

import (
	"errors"
	"net"
	"slices"
	"strconv"
	"strings"

	"github.com/pelletier/go-toml/v2/unstable"

	"posta/words"
)

// place is where a value stands in the file: its key in a table, of a list of
// tables in the index-th from 0. The key is "" for the table itself.
type place struct {
	table string
	index int
	key   string
}

// problem is something wrong with a value.
type problem struct {
	at  place
	err error
}

// problems are collected, then joined.
type problems struct {
	all []problem
	at  place // the table that is looked at
}

// in says which table is looked at from here on.
func (p *problems) in(table string, index int) *problems {
	p.at = place{table: table, index: index}
	return p
}

func (p *problems) say(key, id string, args words.Args) {
	at := p.at
	at.key = key
	p.all = append(p.all, problem{at, words.Fail(id, args)})
}

func (p *problems) missing(where, key, example string) {
	p.say("", "config.missing", words.Args{"Where": where, "Key": key, "Example": example})
}

func (p *problems) oneOf(where, key, value string, allowed ...string) {
	if !slices.Contains(allowed, value) {
		p.say(key, "config.one_of", words.Args{"Where": where, "Key": key, "Value": value,
			"Allowed": strings.Join(allowed, ", ")})
	}
}

func (p *problems) atLeast(where, key string, value, least int64) {
	if value < least {
		p.say(key, "config.at_least", words.Args{"Where": where, "Key": key, "Value": value, "Least": least})
	}
}

func (p *problems) atMost(where, key string, value, most int64) {
	if value > most {
		p.say(key, "config.at_most", words.Args{"Where": where, "Key": key, "Value": value, "Most": most})
	}
}

// addr wants host:port with the host optional. Port 0 lets the system choose.
func (p *problems) addr(where, value string) {
	host, port, err := net.SplitHostPort(value)
	n, perr := strconv.ParseUint(port, 10, 16)
	if err != nil || perr != nil || strconv.FormatUint(n, 10) != port || strings.ContainsAny(host, " /") {
		p.say("addr", "config.bad_addr", words.Args{"Where": where, "Value": value})
	}
}

// join makes one error of them, each with its line, and with that of its table
// where the key is not in the file.
func (p *problems) join(lines map[place]int) error {
	var all []error
	for _, one := range p.all {
		line := lines[one.at]
		if line == 0 {
			one.at.key = ""
			line = lines[one.at]
		}
		if line > 0 {
			one.err = words.Fail("config.at_line", words.Args{"Line": line, "Problem": one.err})
		}
		all = append(all, one.err)
	}
	return errors.Join(all...)
}

// linesOf finds the lines of tables and keys. The text was parsed before: this
// says nothing of what is wrong with it.
func linesOf(text []byte) map[place]int {
	lines, seen := map[place]int{}, map[string]int{}
	var p unstable.Parser
	p.Reset(text)
	var table place
	for p.NextExpression() {
		e := p.Expression()
		path, line := pathOf(&p, e)
		if len(path) == 0 {
			continue
		}
		switch e.Kind {
		case unstable.ArrayTable:
			table = place{table: path[0], index: seen[path[0]]}
			seen[path[0]]++
			lines[table] = line
		case unstable.Table:
			table = place{table: path[0]}
			lines[table] = line
		case unstable.KeyValue:
			at := place{table: table.table, index: table.index, key: path[len(path)-1]}
			if table.table == "" && len(path) > 1 {
				at.table = path[0] // log.level = "info"
			}
			lines[at] = line
		}
	}
	return lines
}

// pathOf gives an expression's key, part by part, and the line it is in.
func pathOf(p *unstable.Parser, e *unstable.Node) (path []string, line int) {
	for key := e.Key(); key.Next(); {
		node := key.Node()
		path = append(path, string(node.Data))
		line = p.Shape(node.Raw).Start.Line
	}
	return path, line
}
