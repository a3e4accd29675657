package talk

import (
	"bytes"
	"fmt"
	"regexp"
	"strings"
)

// A pattern is held against one line.
type pattern interface {
	fits(line []byte, p *peer, v vars) (bool, error)
	mutant() pattern
	openEnd() bool // the line has no CRLF
}

func (t text) fits(line []byte, p *peer, v vars) (bool, error) {
	do := pure
	if p != nil {
		do = p.do
	}
	return t.match(line, v, do)
}

func (t text) openEnd() bool { return t.noEOL }

// mutant changes one octet of the text, or asks for one more.
func (t text) mutant() pattern {
	m := text{noEOL: t.noEOL}
	changed := false
	for _, p := range t.pieces {
		if p.kind == literal && !changed {
			p.lit = bytes.Clone(p.lit)
			p.lit[0] ^= 1
			changed = true
		}
		m.pieces = append(m.pieces, p)
	}
	if !changed {
		m.pieces = append([]piece{{lit: []byte("~")}}, m.pieces...)
	}
	return m
}

// regex is "/…/"; named groups capture.
type regex struct{ re *regexp.Regexp }

func parseRegex(s string) (pattern, error) {
	if len(s) > 2000 {
		return nil, fmt.Errorf("a pattern has at most 2000 octets")
	}
	re, err := regexp.Compile("^(?:" + s[1:len(s)-1] + ")$")
	if err != nil {
		return nil, err
	}
	return regex{re}, nil
}

func (r regex) fits(line []byte, _ *peer, v vars) (bool, error) {
	m := r.re.FindSubmatch(line)
	if m == nil {
		return false, nil
	}
	for i, name := range r.re.SubexpNames() {
		if name == "" {
			continue
		}
		if old, ok := v[name]; ok && !bytes.Equal(old, m[i]) {
			return false, nil
		}
		v[name] = bytes.Clone(m[i])
	}
	return true, nil
}

func (r regex) openEnd() bool { return false }

func (r regex) mutant() pattern {
	return regex{regexp.MustCompile("^~(?:" + strings.TrimSuffix(strings.TrimPrefix(r.re.String(), "^"), "$") + ")$")}
}

// anything is the mutant of "no such line".
func anything() text { return text{pieces: []piece{{kind: star}}} }
