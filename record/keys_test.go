package record

import (
	"bytes"
	"crypto/tls"
	"encoding/hex"
	"fmt"
	"io"
	"net"
	"strings"
	"testing"
	"time"

	"posta/event"
)

func clientHello(random byte) string {
	return "\x16\x03\x01\x00\xc8\x01\x00\x00\xc4\x03\x03" + strings.Repeat(string([]byte{random}), 32) + "rest"
}

func keyLine(random byte) string {
	return fmt.Sprintf("CLIENT_RANDOM %s %s\n", hex.EncodeToString(bytes.Repeat([]byte{random}, 32)), strings.Repeat("5e", 48))
}

// Behind a turn it is the dialed side that begins, and the other answers.
func TestKeysBehindATurn(t *testing.T) {
	r := lab(Options{})
	defer r.Close()
	p := connect(r, 1, "lab")
	p.told = true
	p.command("ATRN\r\n")
	p.em.Fact(event.Turn, nil)
	p.at[event.FromDialer][event.Wire] = p.at[event.FromDialer][event.Text]
	p.say(event.FromListener, event.Wire, event.Command, clientHello(7))
	p.say(event.FromDialer, event.Wire, event.Reply, strings.Replace(clientHello(8), "\xc8\x01", "\xc8\x02", 1))
	for _, random := range []byte{7, 8} {
		if _, err := io.WriteString(r.KeyLog(), keyLine(random)); err != nil {
			t.Fatal(err)
		}
	}
	if kept := string(r.Keys([]uint64{1})); kept != keyLine(7) {
		t.Errorf("the keys are\n%s", kept)
	}
}

// A key goes to the session whose random it names, while that one shakes
// hands; no other is kept, and never one of a masked session.
func TestKeys(t *testing.T) {
	r := lab(Options{})
	defer r.Close()
	log := r.KeyLog()
	begin := func(conn uint64, mode string, random byte, cut int) *peer {
		p := connect(r, conn, mode)
		p.told = true
		p.command("STARTTLS\r\n")
		p.at[event.FromDialer][event.Wire] = p.at[event.FromDialer][event.Text]
		hello := clientHello(random)
		for _, piece := range []string{hello[:cut], hello[cut:]} {
			p.say(event.FromDialer, event.Wire, event.Command, piece)
		}
		return p
	}
	a, strict := begin(1, "lab", 1, 5), begin(2, "strict", 2, 20)
	begin(3, "lab", 3, 43).close()
	for _, line := range []string{keyLine(1), keyLine(2), keyLine(3), keyLine(4), "nonsense\n", "A b c\n", strings.Replace(keyLine(1), "01", "zz", 1)} {
		if n, err := io.WriteString(log, line); n != len(line) || err != nil {
			t.Fatal(n, err)
		}
	}
	for range 100 { // of a peer that shakes hands for ever
		_, _ = io.WriteString(log, keyLine(1))
	}
	a.em.Fact(event.Secure, event.Secured{})
	strict.em.Fact(event.Secure, event.Secured{})
	kept := string(r.Keys([]uint64{1, 2, 3}))
	if !strings.HasPrefix(kept, keyLine(1)) || strings.Trim(strings.ReplaceAll(kept, keyLine(1), ""), " ") != "" || len(kept) > maxKeys {
		t.Errorf("the keys are\n%s", kept)
	}
	_, _ = io.WriteString(log, keyLine(1))
	if len(r.randoms) != 0 || len(r.Keys([]uint64{1})) != len(kept) {
		t.Error("keys come in behind the handshake")
	}
	if got := played(t, r, 2); strings.Contains(got, "wire") {
		t.Errorf("the ring has ciphertext of a masked session:\n%s", got)
	}
	if got := played(t, r, 1); !strings.Contains(got, "1 Dwire@10 \"\\x16\\x03") || strings.Contains(got, "gap") {
		t.Errorf("of the clear one it has\n%s", got)
	}
}

// tap emits what passes below TLS, as the house's connections do.
type tap struct {
	net.Conn
	p *peer
}

func (t tap) Read(b []byte) (int, error) {
	n, err := t.Conn.Read(b)
	if n > 0 {
		t.p.say(event.FromDialer, event.Wire, event.Command, string(b[:n]))
	}
	return n, err
}

// The keys that Go's TLS logs are those of the client that it talks with.
func TestKeysOfTLS(t *testing.T) {
	for _, version := range []uint16{tls.VersionTLS12, tls.VersionTLS13} {
		r := lab(Options{})
		p := connect(r, 1, "lab")
		near, far := net.Pipe()
		_ = near.SetDeadline(time.Now().Add(time.Minute))
		var theirs bytes.Buffer
		said := make(chan error, 1)
		go func() {
			c := tls.Client(far, &tls.Config{InsecureSkipVerify: true, KeyLogWriter: &theirs, MaxVersion: version})
			_, err := c.Write([]byte("x"))
			said <- err
		}()
		server := tls.Server(tap{near, p}, &tls.Config{Certificates: []tls.Certificate{certificate(t)}, KeyLogWriter: r.KeyLog()})
		if _, err := server.Read(make([]byte, 1)); err != nil {
			t.Fatal(err)
		}
		if err := <-said; err != nil {
			t.Fatal(err)
		}
		ours := string(r.Keys([]uint64{1}))
		for line := range strings.Lines(theirs.String()) {
			if !strings.Contains(ours, line) {
				t.Errorf("%s: the key %q is missing in %q", tls.VersionName(version), line, ours)
			}
		}
		if theirs.Len() == 0 {
			t.Error("the client logged no key")
		}
		r.Close()
	}
}
