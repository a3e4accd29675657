//go:build whole

package tshark_test

import (
	"bytes"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/tls"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/hex"
	"io"
	"math/big"
	"net"
	"net/netip"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"posta/capture"
	"posta/event"
	"posta/wire/wiretest"
)

// dialogue is a session over TLS that a test makes. Of lines "C: …" and "S: …"
// those before "TLS" pass in the clear; | is the end of a line.
type dialogue struct {
	name     string
	protocol string
	port     uint16
	lines    []string
	client   *tls.Config
	server   *tls.Config
	names    []string // of the certificate; many make it large
	segment  int      // octets a packet; 0 for whole writes
}

// wired is what was written to a network.
type wired struct {
	mu     sync.Mutex
	pieces []event.Event
}

func (w *wired) add(from event.Dir, octets []byte) {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.pieces = append(w.pieces, event.Event{Conn: 1, Kind: event.Data, Dir: from, Layer: event.Wire, Data: bytes.Clone(octets), Len: int64(len(octets))})
}

// tapped is a connection whose octets are kept as they are written.
type tapped struct {
	net.Conn
	to  *wired
	dir event.Dir
	cut int
}

func (c *tapped) Write(p []byte) (int, error) {
	for rest := p; len(rest) > 0; {
		n := len(rest)
		if c.cut > 0 {
			n = min(n, c.cut)
		}
		c.to.add(c.dir, rest[:n])
		rest = rest[n:]
	}
	return c.Conn.Write(p)
}

// certificateOf makes one that nobody has signed.
func certificateOf(t *testing.T, names []string) tls.Certificate {
	t.Helper()
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	about := x509.Certificate{SerialNumber: big.NewInt(1), Subject: pkix.Name{CommonName: "mail.pepito.es"}, DNSNames: names,
		NotBefore: time.Unix(1_700_000_000, 0), NotAfter: time.Unix(1_900_000_000, 0)}
	der, err := x509.CreateCertificate(rand.Reader, &about, &about, &key.PublicKey, key)
	if err != nil {
		t.Fatal(err)
	}
	return tls.Certificate{Certificate: [][]byte{der}, PrivateKey: key}
}

// play plays a dialogue, and gives what passed and the key log.
func (d *dialogue) play(t *testing.T) (*wired, []byte) {
	t.Helper()
	var log bytes.Buffer
	w := &wired{}
	near, far := wiretest.Pipe()
	var c, s net.Conn = &tapped{near, w, event.FromDialer, d.segment}, &tapped{far, w, event.FromListener, d.segment}
	d.client.InsecureSkipVerify, d.client.KeyLogWriter = true, &log
	d.server.Certificates = []tls.Certificate{certificateOf(t, d.names)}
	for _, line := range d.lines {
		if line == "TLS" {
			client, server := tls.Client(c, d.client), tls.Server(s, d.server)
			failed := make(chan error, 1)
			go func() { failed <- server.Handshake() }()
			if err := client.Handshake(); err != nil {
				t.Fatal(err)
			}
			if err := <-failed; err != nil {
				t.Fatal(err)
			}
			c, s = client, server
			continue
		}
		from, to := c, s
		if strings.HasPrefix(line, "S: ") {
			from, to = s, c
		}
		said := strings.ReplaceAll(line[3:], "|", "\r\n")
		go func() { _, _ = io.WriteString(from, said) }()
		if _, err := io.ReadFull(to, make([]byte, len(said))); err != nil {
			t.Fatal(err)
		}
	}
	if secure, ok := c.(*tls.Conn); ok {
		_ = secure.CloseWrite()
	}
	return w, log.Bytes()
}

// written writes what passed as a capture; keys stand in it before the piece
// that is told, in none where that is below 0.
func written(t *testing.T, protocol string, port uint16, pieces []event.Event, keys []byte, secretAt int) (file string) {
	t.Helper()
	var out bytes.Buffer
	s, err := capture.NewSessions(&out, capture.SessionOptions{Application: "test"})
	if err != nil {
		t.Fatal(err)
	}
	now := time.Unix(1_790_000_000, 0)
	s.Emit(&event.Event{Conn: 1, Kind: event.Open, Time: now, Fact: event.Opened{Protocol: protocol, Endpoints: event.Endpoints{
		Remote: netip.MustParseAddrPort("192.0.2.9:50000"), Local: netip.AddrPortFrom(netip.MustParseAddr("192.0.2.25"), port)}}})
	for i := range pieces {
		if i == secretAt {
			if err := s.Secret(capture.Secret{Type: capture.SecretTLS, Data: keys}); err != nil {
				t.Fatal(err)
			}
		}
		now = now.Add(time.Millisecond)
		one := pieces[i]
		one.Time = now
		s.Emit(&one)
	}
	s.Emit(&event.Event{Conn: 1, Kind: event.Close, Time: now, Fact: event.Closed{Reason: "quit"}})
	if s.Err() != nil {
		t.Fatal(s.Err())
	}
	file = filepath.Join(t.TempDir(), "made.pcapng")
	if err := os.WriteFile(file, out.Bytes(), 0o600); err != nil {
		t.Fatal(err)
	}
	return file
}

// opensslTape is a session of OpenSSL's that tlsview has for its tests.
func opensslTape(t *testing.T, name string) (*wired, []byte) {
	t.Helper()
	file, err := os.ReadFile("../../tlsview/testdata/" + name + ".tape")
	if err != nil {
		t.Fatal(err)
	}
	var keys []byte
	w := &wired{}
	for line := range strings.Lines(string(file)) {
		kind, rest, _ := strings.Cut(strings.TrimSpace(line), " ")
		switch kind {
		case "key":
			keys = append(keys, rest+"\n"...)
		case "0", "1":
			octets, err := hex.DecodeString(rest)
			if err != nil {
				t.Fatal(err)
			}
			w.add(event.Dir(kind[0]-'0'), octets)
		}
	}
	return w, keys
}
