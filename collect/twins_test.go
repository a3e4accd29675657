package collect_test

import (
	"fmt"
	"net"
	"slices"
	"strings"
	"testing"
)

// twinbox is a mailbox whose messages all have one unique-id, and what becomes of it.
type twinbox struct {
	messages []string
	deny     string // those of which DELE is refused
	breaks   bool   // QUIT is not heard
}

// serve plays one session.
func (b *twinbox) serve(t *testing.T, keep bool) func(net.Conn) {
	return func(nc net.Conn) {
		defer func() { _ = nc.Close() }()
		gone := map[int]bool{}
		say := func(lines ...string) { _, _ = fmt.Fprint(nc, strings.Join(lines, "\r\n")+"\r\n") }
		say("+OK")
		for {
			verb, n := readCommand(nc)
			switch verb {
			case "":
				return
			case "CAPA", "TOP":
				say("-ERR")
			case "LIST", "UIDL":
				say("+OK")
				for i := range b.messages {
					say(fmt.Sprintf("%d %s", i+1, map[string]string{"LIST": "10", "UIDL": "twin"}[verb]))
				}
				say(".")
			case "RETR":
				say("+OK", b.messages[n-1], ".")
			case "DELE":
				if keep {
					t.Error("it deletes what is to stay")
				}
				if strings.Contains(b.deny, b.messages[n-1]) {
					say("-ERR read-only")
					continue
				}
				gone[n-1] = true
				say("+OK")
			case "QUIT":
				if b.breaks {
					return
				}
				var left []string
				for i, one := range b.messages {
					if !gone[i] {
						left = append(left, one)
					}
				}
				b.messages = left
				say("+OK")
				return
			default:
				say("+OK")
			}
		}
	}
}

// readCommand reads a line, and gives its verb and the number behind it.
func readCommand(nc net.Conn) (verb string, n int) {
	var line []byte
	for one := make([]byte, 1); !strings.HasSuffix(string(line), "\n"); line = append(line, one[0]) {
		if _, err := nc.Read(one); err != nil {
			return "", 0
		}
	}
	_, _ = fmt.Sscan(string(line), &verb, &n)
	return verb, n
}

// Messages that share a unique-id (RFC 1939 §7) all come, each once, whatever of them
// is deleted or refused; none is deleted that may not have come.
// rfc: 1939-7.UIDL-6
func TestTwins(t *testing.T) {
	const full, again = "FULL", "AGAIN"
	for _, tt := range []struct {
		about  string
		keep   bool
		visits []func(*twinbox) // what happens before each
		want   []string
		left   []string // there
	}{
		{"kept", true, []func(*twinbox){nil, nil}, []string{"1", "2", "3"}, []string{"1", "2", "3"}},
		{"deleted", false, []func(*twinbox){nil, nil}, []string{"1", "2", "3"}, nil},
		{"deleted, and then another comes", false, []func(*twinbox){nil, func(b *twinbox) { b.messages = []string{"4"} }}, []string{"1", "2", "3", "4"}, nil},
		{"no DELE, and one goes by itself", false, []func(*twinbox){func(b *twinbox) { b.deny = "123" }, func(b *twinbox) { b.messages = b.messages[1:] }}, []string{"1", "2", "3"}, []string{"2", "3"}},
		{"one is not deleted", false, []func(*twinbox){func(b *twinbox) { b.deny = "2" }, nil, func(b *twinbox) { b.deny = "" }}, []string{"1", "2", "3"}, nil},
		{"two are not deleted", false, []func(*twinbox){func(b *twinbox) { b.deny = "13" }, func(b *twinbox) { b.messages = append(b.messages, "4") }, nil}, []string{"1", "2", "3", "4"}, []string{"1", "3"}},
		{"QUIT was not heard", false, []func(*twinbox){func(b *twinbox) { b.breaks = true }, func(b *twinbox) { b.breaks = false }}, []string{"1", "2", "3"}, []string{"1", "2", "3"}},
		{"kept, and who is left alone may be a new one", true, []func(*twinbox){nil, func(b *twinbox) { b.messages = []string{"4"} }, nil}, []string{"1", "2", "3", "4"}, []string{"4"}},
		{"two find no place at first", false, []func(*twinbox){func(b *twinbox) { b.messages = []string{"1", "2", full, full} },
			func(b *twinbox) { b.messages = []string{"3", "4"} }}, []string{"1", "2", "3", "4"}, nil},
		{"one was here before, and one finds no place at first", false, []func(*twinbox){func(b *twinbox) { b.messages = []string{"1", again, full} },
			func(b *twinbox) { b.messages[1] = "3" }, nil}, []string{"1", "3"}, []string{again}},
		{"another comes behind", true, []func(*twinbox){nil, func(b *twinbox) { b.messages = append(b.messages, "4") }, nil}, []string{"1", "2", "3", "4"}, []string{"1", "2", "3", "4"}},
		{"the last one finds no place, and is what is left", true, []func(*twinbox){nil, func(b *twinbox) { b.messages = append(b.messages, full) },
			func(b *twinbox) { b.messages = []string{"4"} }}, []string{"1", "2", "3", "4"}, []string{"4"}},
	} {
		b := &twinbox{messages: []string{"1", "2", "3"}}
		c := newCustomer(t, b.serve(t, tt.keep))
		e := popEntry()
		e.Keep = tt.keep
		e = c.add(t, e)
		for i, before := range tt.visits {
			if before != nil {
				before(b)
			}
			if r, _, err := c.Once(t.Context(), e.ID); err != nil || r.Failure != "" && !b.breaks {
				t.Errorf("%s, %d: %+v %v", tt.about, i, r, err)
			}
		}
		var got []string
		for _, one := range c.box.got {
			got = append(got, strings.TrimSpace(strings.TrimPrefix(one, "pepe@north.example: ")))
		}
		if !slices.Equal(got, tt.want) || !slices.Equal(b.messages, tt.left) {
			t.Errorf("%s: came %q, left there %q", tt.about, got, b.messages)
		}
	}
}
