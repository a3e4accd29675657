package tlsview

import (
	"bytes"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/rsa"
	"crypto/tls"
	"crypto/x509"
	"crypto/x509/pkix"
	"io"
	"math/big"
	"net"
	"sync"
	"testing"
	"time"

	"posta/wire/wiretest"
)

// tape is what passed between a client, which is end 0, and a server.
type tape struct {
	mu     sync.Mutex
	pieces []piece
	keys   bytes.Buffer
}

type piece struct {
	from   End
	octets []byte
}

// reel is a connection that writes to a tape.
type reel struct {
	net.Conn
	from End
	tape *tape
}

func (c *reel) Write(p []byte) (int, error) {
	c.tape.mu.Lock()
	c.tape.pieces = append(c.tape.pieces, piece{c.from, bytes.Clone(p)})
	c.tape.mu.Unlock()
	return c.Conn.Write(p)
}

// said is what the two ends say to each other inside.
type said struct {
	from End
	text string
}

// taped plays a session of Go's TLS.
func taped(t *testing.T, client, server *tls.Config, all ...said) *tape {
	t.Helper()
	tp := &tape{}
	near, far := wiretest.Pipe()
	client.InsecureSkipVerify, client.KeyLogWriter = true, &tp.keys
	ends := [2]*tls.Conn{tls.Client(&reel{near, 0, tp}, client), tls.Server(&reel{far, 1, tp}, server)}
	failed := make(chan error, 1)
	go func() { failed <- ends[1].Handshake() }()
	if err := ends[0].Handshake(); err != nil {
		t.Fatal(err)
	}
	if err := <-failed; err != nil {
		t.Fatal(err)
	}
	for _, one := range all {
		go func() { _, _ = io.WriteString(ends[one.from], one.text) }()
		if _, err := io.ReadFull(ends[1-one.from], make([]byte, len(one.text))); err != nil {
			t.Fatal(err)
		}
	}
	_ = ends[0].CloseWrite()
	return tp
}

// certificate is one that nobody has signed.
func certificate(t *testing.T, useRSA bool, names ...string) tls.Certificate {
	t.Helper()
	about := x509.Certificate{SerialNumber: big.NewInt(1), Subject: pkix.Name{CommonName: "mail.example.net"}, DNSNames: names,
		NotBefore: time.Unix(1_700_000_000, 0), NotAfter: time.Unix(4_000_000_000, 0)}
	var private, public any
	if useRSA {
		key, err := rsa.GenerateKey(rand.Reader, 2048)
		if err != nil {
			t.Fatal(err)
		}
		private, public = key, &key.PublicKey
	} else {
		key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
		if err != nil {
			t.Fatal(err)
		}
		private, public = key, &key.PublicKey
	}
	der, err := x509.CreateCertificate(rand.Reader, &about, &about, public, private)
	if err != nil {
		t.Fatal(err)
	}
	return tls.Certificate{Certificate: [][]byte{der}, PrivateKey: private}
}

// seen is what a View made of a tape.
type seen struct {
	text     [2]string // application data that was opened
	messages [2][]MessageType
	records  int
	hidden   int
	view     *View
}

// look shows a tape to a View, in pieces of at most cut octets.
func look(v *View, pieces []piece, cut int) *seen {
	s := &seen{view: v}
	for _, p := range pieces {
		s.look(p, cut)
	}
	return s
}

func (s *seen) look(p piece, cut int) {
	for rest := p.octets; len(rest) > 0; {
		n := len(rest)
		if cut > 0 {
			n = min(n, cut)
		}
		for part := rest[:n]; len(part) > 0; {
			r, took := s.view.Take(p.from, part)
			part = part[took:]
			if r != nil {
				s.note(p.from, r)
			}
		}
		rest = rest[n:]
	}
}

func (s *seen) note(from End, r *Record) {
	s.records++
	if r.Hidden {
		s.hidden++
		return
	}
	if r.Content == ApplicationData {
		s.text[from] += string(r.Clear)
	}
	for _, m := range r.Messages {
		if m.Whole {
			s.messages[from] = append(s.messages[from], m.Type)
		}
	}
}

func keysOf(text []byte) *KeyLog {
	k := NewKeyLog()
	k.Add(text)
	return k
}
