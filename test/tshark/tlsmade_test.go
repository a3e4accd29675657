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

// dialogue is a session over TLS that a test makes. Of lines "C: …" and
// "S: …" those before "TLS" pass in the clear.
type dialogue struct {
	protocol string
	port     uint16
	lines    []string
	client   *tls.Config
	server   *tls.Config
	names    []string // of the certificate; many make it large
	segment  int      // octets a packet; 0 for whole writes
	secrets  bool     // the keys stand in the capture
}

// tapped is a connection whose octets are kept as events, as they pass.
type tapped struct {
	net.Conn
	mu    *sync.Mutex
	out   event.Sink
	clock *time.Time
	dir   event.Dir
	cut   int
	layer event.Layer
}

func (c *tapped) Write(p []byte) (int, error) {
	c.mu.Lock()
	for rest := p; len(rest) > 0; {
		n := len(rest)
		if c.cut > 0 {
			n = min(n, c.cut)
		}
		*c.clock = c.clock.Add(time.Millisecond)
		c.out.Emit(&event.Event{Conn: 1, Kind: event.Data, Time: *c.clock, Dir: c.dir, Layer: event.Wire, Data: rest[:n], Len: int64(n)})
		rest = rest[n:]
	}
	c.mu.Unlock()
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

// made plays a dialogue and gives the capture's file and the key log's.
func (d *dialogue) made(t *testing.T) (file, keys string) {
	t.Helper()
	var packets, log bytes.Buffer
	s, err := capture.NewSessions(&packets, capture.SessionOptions{Application: "test"})
	if err != nil {
		t.Fatal(err)
	}
	now := time.Unix(1_790_000_000, 0)
	s.Emit(&event.Event{Conn: 1, Kind: event.Open, Time: now, Fact: event.Opened{Protocol: d.protocol, Endpoints: event.Endpoints{
		Remote: netip.MustParseAddrPort("192.0.2.9:50000"), Local: netip.AddrPortFrom(netip.MustParseAddr("192.0.2.25"), d.port)}}})
	near, far := wiretest.Pipe()
	var mu sync.Mutex
	var c, v net.Conn = &tapped{Conn: near, mu: &mu, out: s, clock: &now, dir: event.FromDialer, cut: d.segment},
		&tapped{Conn: far, mu: &mu, out: s, clock: &now, dir: event.FromListener, cut: d.segment}
	d.client.InsecureSkipVerify, d.client.KeyLogWriter = true, &log
	d.server.Certificates = []tls.Certificate{certificateOf(t, d.names)}
	for _, line := range d.lines {
		if line == "TLS" {
			secureClient, secureServer := tls.Client(c, d.client), tls.Server(v, d.server)
			failed := make(chan error, 1)
			go func() { failed <- secureServer.Handshake() }()
			if err := secureClient.Handshake(); err != nil {
				t.Fatal(err)
			}
			if err := <-failed; err != nil {
				t.Fatal(err)
			}
			c, v = secureClient, secureServer
			continue
		}
		from, to := c, v
		if strings.HasPrefix(line, "S: ") {
			from, to = v, c
		}
		said := strings.ReplaceAll(line[3:], "|", "\r\n")
		go func() { _, _ = io.WriteString(from, said) }()
		if _, err := io.ReadFull(to, make([]byte, len(said))); err != nil {
			t.Fatal(err)
		}
	}
	go func() { _, _ = io.Copy(io.Discard, v) }()
	_ = c.Close()
	s.Emit(&event.Event{Conn: 1, Kind: event.Close, Time: now, Fact: event.Closed{Reason: "quit"}})
	if s.Err() != nil {
		t.Fatal(s.Err())
	}
	dir := t.TempDir()
	file, keys = filepath.Join(dir, "made.pcapng"), filepath.Join(dir, "keys.txt")
	if err := os.WriteFile(file, packets.Bytes(), 0o600); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(keys, log.Bytes(), 0o600); err != nil {
		t.Fatal(err)
	}
	return file, keys
}
