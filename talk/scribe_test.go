package talk

import (
	"context"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/tls"
	"crypto/x509"
	"fmt"
	"math/big"
	"net"
	"strings"
	"sync"
	"testing"
	"time"

	"posta/event"
	"posta/wire/wiretest"
)

func FuzzLiteral(f *testing.F) {
	for _, s := range []string{"", "a", `\`, "@file", "*12", "$plain(x)", " a ", "\x00\xff\r\n\t", "/x/", "{code 250}", "ñ", "C: x", "5 * $5"} {
		f.Add([]byte(s))
	}
	f.Fuzz(func(t *testing.T, line []byte) {
		text := Literal(line)
		if err := checkLine(1, "C: "+text); err != nil && len(line) > 0 {
			t.Fatalf("%q becomes %q: %v", line, text, err)
		}
		b, err := parsePayload(text)
		if err != nil || b.bulk() || b.text.noEOL {
			t.Fatalf("%q becomes %q: %v", line, text, err)
		}
		got, err := b.text.expand(vars{}, pure)
		if err != nil || string(got) != string(line) {
			t.Fatalf("%q becomes %q and is read as %q, %v", line, text, got, err)
		}
		p, err := parseText(text, true)
		if err != nil {
			t.Fatal(err)
		}
		if ok, err := p.fits(line, nil, vars{}); !ok || err != nil {
			t.Fatalf("%q is no pattern of %q: %v", text, line, err)
		}
		again, whole, err := Unescape(text)
		if string(again) != string(line) || !whole || err != nil {
			t.Fatalf("%q: %q, %v", text, again, err)
		}
	})
}

// What was written down plays against the same server, and fails against
// another.
func TestScribe(t *testing.T) {
	s := NewScribe("saved\nby a test")
	s.Do("connect smtp")
	s.Reply([][]byte{[]byte("220 toy")}, "{code 220}")
	s.Line([]byte("EHLO x"))
	s.Reply([][]byte{[]byte("250-toy"), []byte("250-SIZE 1"), []byte("250 HELP")}, "{code 250}")
	s.Line([]byte("one *"))
	s.Reply(nil, `500 one \*`)
	s.Octets([]byte("tw"))
	s.Call([]byte("o "), "$base64("+Argument("a,b)$x")+")")
	s.Line([]byte("three"))
	s.Reply(nil, "{code 500}")
	s.Reply(nil, "500 three")
	s.Remark("bye")
	s.Line([]byte("QUIT"))
	s.Reply(nil, "{code 221}")
	s.Do("closed")
	text, err := s.Transcript()
	if err != nil {
		t.Fatal(err)
	}
	f := parsed(t, string(text))
	if err := toyRunner().Play(t.Context(), f, Lines); err != nil {
		t.Errorf("%v\n%s", err, text)
	}
	if n, err := Mutants(f); n < 7 || err != nil {
		t.Error(n, err)
	}
	for i := range 7 {
		r := toyRunner()
		r.Patience = 100 * time.Millisecond
		if err := r.PlayMutant(t.Context(), f, i); err != nil {
			t.Errorf("%v\n%s", err, text)
		}
	}
	if !strings.Contains(string(text), `C| o\s$base64(a\,b\)\$x)`) {
		t.Errorf("%s", text)
	}
}

// tapped writes down what a Tap tells.
type tapped struct {
	mu  sync.Mutex
	log strings.Builder
}

func (w *tapped) Wants(uint64, event.Layer, event.Part) bool { return true }

func (w *tapped) Emit(e *event.Event) {
	w.mu.Lock()
	defer w.mu.Unlock()
	switch {
	case e.Kind == event.Data && e.Layer == event.Text:
		fmt.Fprintf(&w.log, "%c %d %q\n", "CS"[e.Dir], e.Off, e.Data)
	case e.Kind == event.Data && e.Off < 20: // where ciphertext begins
		fmt.Fprintf(&w.log, "%c wire %d\n", "CS"[e.Dir], e.Off)
	case e.Kind == event.Close:
		fmt.Fprintf(&w.log, "%v\n", e.Fact)
	}
}

func TestTap(t *testing.T) {
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	cert := &x509.Certificate{SerialNumber: big.NewInt(1), NotAfter: time.Now().Add(time.Hour)}
	der, err := x509.CreateCertificate(rand.Reader, cert, cert, key.Public(), key)
	if err != nil {
		t.Fatal(err)
	}
	near, played := wiretest.Play("S: 220 x\nC: STARTTLS\nS: 220 go\ntls\nC: NOOP\nS: 250 ok\nclosed",
		&tls.Config{Certificates: []tls.Certificate{{Certificate: [][]byte{der}, PrivateKey: key}}})
	w := &tapped{}
	var nc net.Conn = NewTap(near, w, 1, event.Opened{Protocol: "smtp"})
	p := &peer{nc: nc, raw: nc, patience: 5 * time.Second}
	read := func(want string) {
		t.Helper()
		if line, err := p.line(true); string(line) != want || err != nil {
			t.Errorf("%q, %v", line, err)
		}
	}
	read("220 x")
	if err := p.write([]byte("STARTTLS\r\n")); err != nil {
		t.Fatal(err)
	}
	read("220 go")
	if err := p.upgrade(&tls.Config{InsecureSkipVerify: true}); err != nil {
		t.Fatal(err)
	}
	if _, ok := p.state(); !ok {
		t.Error("no TLS")
	}
	if err := nc.(*Tap).StartTLS(context.Background(), nil); err == nil {
		t.Error("TLS in TLS")
	}
	if err := p.write([]byte("NOOP\r\n")); err != nil {
		t.Fatal(err)
	}
	read("250 ok")
	if err := nc.(*Tap).End("quit"); err != nil {
		t.Error(err)
	}
	if err := <-played; err != nil {
		t.Error(err)
	}
	const want = `S 0 "220 x\r\n"
C 0 "STARTTLS\r\n"
S 7 "220 go\r\n"
C wire 10
S wire 15
C 10 "NOOP\r\n"
S 15 "250 ok\r\n"
{quit}
`
	if got := w.log.String(); got != want {
		t.Errorf("the watchers saw\n%s", got)
	}
}

// A server that says too much does not fill the memory, and what was typed is
// written down all the same.
func TestScribeIsBounded(t *testing.T) {
	s := NewScribe("x")
	s.Do("connect smtp")
	for range 100 {
		s.Remark(strings.Repeat("a", 64<<10))
	}
	for range 100_000 {
		s.Remark("")
	}
	for range 3 {
		s.Line([]byte("NOOP"))
		s.Reply([][]byte{[]byte("250 ok")}, "{code 250}")
	}
	out, err := s.Transcript()
	if err != nil || len(out) > maxComments+4<<10 || len(s.file.Steps) > 5000 {
		t.Fatalf("%d octets, %d steps, %v", len(out), len(s.file.Steps), err)
	}
	if n := strings.Count(string(out), "C: NOOP\nS: {code 250}\n"); n != 3 {
		t.Errorf("of three commands %d are written", n)
	}
	for line := range strings.Lines(string(out)) {
		if len(line) > maxComment+10 {
			t.Fatalf("a line of %d octets", len(line))
		}
	}
}
