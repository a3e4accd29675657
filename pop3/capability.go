package pop3

import (
	"bytes"
	"math"
	"strings"
	"time"
)

// Capability is a line of CAPA's response (RFC 2449 §3).
type Capability struct {
	Tag    string   // as sent; compared in any case (RFC 2449 §5)
	Params []string // nil when there are none
}

// ParseCapability reads a capability without its CRLF. The tag has no dot, and
// one space stands before each parameter.
func ParseCapability(line []byte) (Capability, *Fault) {
	words := bytes.Split(line, []byte{' '})
	for i, w := range words {
		if !isVisible(w) || i == 0 && bytes.IndexByte(w, '.') >= 0 {
			return Capability{}, &Fault{NoListed, 0, "A capability is a tag and parameters with one space between"}
		}
	}
	c := Capability{Tag: string(words[0])}
	for _, w := range words[1:] {
		c.Params = append(c.Params, string(w))
	}
	return c, nil
}

// Append writes the capability without CRLF.
func (c Capability) Append(dst []byte) []byte {
	dst = append(dst, c.Tag...)
	for _, p := range c.Params {
		dst = append(append(dst, ' '), p...)
	}
	return dst
}

// Capabilities are the lines of one CAPA response.
type Capabilities []Capability

// Find gives the capability of that tag, and whether it is there.
func (cs Capabilities) Find(tag string) (Capability, bool) {
	for _, c := range cs {
		if strings.EqualFold(c.Tag, tag) {
			return c, true
		}
	}
	return Capability{}, false
}

// LoginDelay is how long the server wants to be left alone between two log-ins,
// and whether it may say otherwise to whom it knows (RFC 2449 §6.5).
func (cs Capabilities) LoginDelay() (delay time.Duration, varies bool) {
	c, _ := cs.Find(LoginDelay)
	if len(c.Params) == 0 {
		return 0, false
	}
	n, ok := parseNumber([]byte(c.Params[0]), math.MaxInt32)
	if !ok {
		return 0, false
	}
	return time.Duration(n) * time.Second, len(c.Params) > 1 && strings.EqualFold(c.Params[1], "USER")
}
