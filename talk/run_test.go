package talk

import (
	"bufio"
	"context"
	"crypto/tls"
	"errors"
	"net"
	"strings"
	"testing"
	"time"
)

// toy is a Host whose server answers each line from a table.
type toy struct {
	l     net.Listener
	boxes map[string][][]byte
}

func newToy(_ context.Context, fx Fixture) (Host, error) {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return nil, err
	}
	h := &toy{l, map[string][][]byte{}}
	for _, m := range fx.Mail {
		h.boxes[m.Address] = append(h.boxes[m.Address], m.Content)
	}
	go h.serve()
	return h, nil
}

func (h *toy) serve() {
	for {
		nc, err := h.l.Accept()
		if err != nil {
			return
		}
		go toySession(nc)
	}
}

func toySession(nc net.Conn) {
	defer nc.Close()
	answers := map[string]string{
		"EHLO": "250-toy\r\n250-SIZE 10\r\n250 HELP\r\n",
		"MAIL": "250 id 42\r\n", "DATA": "354 go\r\n", "LINE": "",
		"QUIT": "221 Bye\r\n", "LIST": "+OK\r\n1 3\r\n2 4\r\n.\r\n",
	}
	nc.Write([]byte("220 toy\r\n"))
	in := bufio.NewScanner(nc)
	for in.Scan() {
		line := in.Text()
		reply, ok := answers[line[:min(4, len(line))]]
		if !ok {
			reply = "500 " + line + "\r\n"
		}
		nc.Write([]byte(reply))
		if line == "QUIT" {
			return
		}
	}
}

func (h *toy) Dial(string) (net.Conn, error)            { return net.Dial("tcp", h.l.Addr().String()) }
func (h *toy) TLS() *tls.Config                         { return nil }
func (h *toy) Stop()                                    {}
func (h *toy) Close() error                             { return h.l.Close() }
func (h *toy) Mailbox(address string) ([][]byte, error) { return h.boxes[address], nil }

func toyRunner() *Runner {
	return &Runner{Build: newToy, Patience: 2 * time.Second, Quiet: 20 * time.Millisecond, Key: time.Microsecond}
}

const toyTalk = `engine: server
ways: lines keys paste
mail: a@b Subject: x\r\n\r\nHello\r\nend

connect smtp
S: 220 toy
C: EHLO x
S: 250-toy
S* 250 HELP
S* 250 SIZE *
S! 250 CHUNKING
C: MAIL
C| DATA
S: 250 id $id
S: {code 354}
C: again
S: /500 (?<word>[a-z]+)/
connect 2 smtp
S2: {code 2yz}
C2: $id $word
S2: 500 42 again
C2: LINE
silent 2
connect p pop3
Sp: *
Cp: LIST
Sp: {ok lines}
flushed p
Cp: LIST
Sp: +OK
Sp| 1 3
Sp| 2 4
Sp| .
Cp: LIST
Sp: +OK
Sp* 2 4
Sp* ...
half-close p
closed p
C: QUIT
S: {code 221|222}
closed
mailbox a@b 1
M: Subject: *
M~ Hello
M! Bye
M: end\
M: {end}
message 1
M: Subject: x
`

func parsed(t *testing.T, src string) *File {
	t.Helper()
	f, err := Parse([]byte(src))
	if err != nil {
		t.Fatal(err)
	}
	return f
}

func TestPlay(t *testing.T) {
	f := parsed(t, toyTalk)
	// The words of a paste cannot depend on what the server says.
	for _, way := range []Way{Lines, Typed} {
		if err := toyRunner().Play(t.Context(), f, way); err != nil {
			t.Errorf("%s: %v", way, err)
		}
	}
	paste := parsed(t, "engine: server\n\nconnect smtp\nS: 220 toy\nC: one\nS: 500 one\nC: two\nS: 500 two\n")
	if err := toyRunner().Play(t.Context(), paste, Paste); err != nil {
		t.Error(err)
	}
}

func TestMutantsDie(t *testing.T) {
	f := parsed(t, toyTalk)
	n, err := Mutants(f)
	if err != nil || n < 20 {
		t.Fatalf("Mutants() = %d, %v", n, err)
	}
	r := toyRunner()
	r.Patience = 100 * time.Millisecond
	for i := range n {
		if err := r.PlayMutant(t.Context(), f, i); err != nil {
			t.Errorf("mutant %d: %v", i, err)
		}
	}
	if err := r.PlayMutant(t.Context(), f, n); err == nil {
		t.Error("a mutant too many was played")
	}
}

func TestPlayFails(t *testing.T) {
	for body, want := range map[string]string{
		"connect smtp\nS: 220 tox": `line 4: the server said "220 toy"`,
		"connect smtp":             "said more",
		"connect smtp\nS: 220 toy\nsilent\nC: x\nsilent":         "line 7",
		"connect smtp\nS: 220 toy\nclosed":                       "keeps the connection open",
		"S: 220":                                                 "not open",
		"connect smtp\nC: $no\n":                                 "no value",
		"connect smtp\nS: 220 toy\nC: LINE\nS: x":                "says nothing",
		"connect smtp\nS: 220 toy\nC: QUIT\nS: {code 221}\nS: x": "closed",
		"connect smtp\nS: 220 toy\nC: EHLO\nS* 250 toy":          "also said",
		"mailbox a@b 1":                                          "holds 0",
		"M: x":                                                   "no message is chosen",
	} {
		f := parsed(t, "engine: server\n\n"+body)
		r := toyRunner()
		r.Patience = 100 * time.Millisecond
		err := r.Play(t.Context(), f, Lines)
		if err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%q: %v, want %q", body, err, want)
		}
	}
}

func TestFunctions(t *testing.T) {
	for in, want := range map[string]string{
		"$plain(pepe,secret)":   "AHBlcGUAc2VjcmV0",
		"$plain(z,pepe,secret)": "egBwZXBlAHNlY3JldA==",
		"$base64(pepe)":         "cGVwZQ==",
		"$repeat(ab,3)":         "ababab",
		"$apop(<1896.697170952@dbc.mtview.ca.us>,tanstaaf)": "c4c9334bac560ecc979e58001b3e22fb", // RFC 1939 §7
	} {
		p, err := parseText(in, false)
		if err != nil {
			t.Fatal(err)
		}
		if got, err := p.expand(nil, pure); err != nil || string(got) != want {
			t.Errorf("%s = %q, %v", in, got, err)
		}
	}
	for _, in := range []string{"$plain(x)", "$repeat(x,y)", "$repeat(x,-1)", "$repeat(x,99999999)", "$scramnext(x)"} {
		p, err := parseText(in, false)
		if err != nil {
			t.Fatal(err)
		}
		if _, err := p.expand(nil, (&peer{}).do); err == nil || errors.Is(err, ErrSurvived) {
			t.Errorf("%s gave no error", in)
		}
	}
}
