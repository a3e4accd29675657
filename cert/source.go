// Package cert gives the server its certificates: from files, read again when
// they change, or self-signed ones that it makes and keeps.
//
// It refuses to know who connects. Start reading at Source.
package cert

import (
	"crypto/tls"
	"crypto/x509"
	"encoding/pem"
	"errors"
	"io/fs"
	"net/netip"
	"os"
	"path/filepath"
	"sync"
	"sync/atomic"
	"time"

	"posta/words"
)

// Pair is a certificate chain and its key, in PEM files.
type Pair struct{ Cert, Key string }

// Options are what a Source goes by.
type Options struct {
	Pairs     []Pair        // none: one self-signed certificate
	Dir       string        // where the self-signed one is kept
	Hostname  string        // the name it is for; localhost is added
	Addresses []netip.Addr  // and the addresses; loopback is added
	Every     time.Duration // files are looked at no more often: 2 seconds
	Report    func(error)   // told once of each broken change; may be nil
}

// Source holds the certificates in use. Many goroutines may use it at once.
type Source struct {
	Options
	current atomic.Pointer[held]
	looked  atomic.Int64 // when the files were last looked at, in Unix nanoseconds
	looking sync.Mutex   // held by who looks
	seen    []stamp      // of the files as they were last looked at
	broken  string       // what was reported last
}

// held are certificates that fit their keys.
type held struct{ certs []tls.Certificate }

// stamp tells one state of a file from the next.
type stamp struct {
	size int64
	mod  time.Time
}

// New loads or makes the certificates. Here a broken pair is an error; later
// it is reported, and the old one stays.
func New(o Options) (*Source, error) {
	if o.Every <= 0 {
		o.Every = 2 * time.Second
	}
	if o.Report == nil {
		o.Report = func(error) {}
	}
	s := &Source{Options: o}
	s.seen = s.stamps()
	h, err := s.load()
	if err != nil {
		return nil, err
	}
	s.current.Store(h)
	s.looked.Store(time.Now().UnixNano())
	return s, nil
}

// TLSConfig gives the one configuration for all listeners. It asks the Source
// for the certificate at each handshake.
func (s *Source) TLSConfig() *tls.Config {
	return &tls.Config{MinVersion: tls.VersionTLS12, GetCertificate: s.Certificate}
}

// Certificate is tls.Config's GetCertificate: the pair that fits the name and
// the client, else the first.
func (s *Source) Certificate(hello *tls.ClientHelloInfo) (*tls.Certificate, error) {
	s.refresh(time.Now())
	h := s.current.Load()
	if len(h.certs) > 1 {
		for i := range h.certs {
			if hello.SupportsCertificate(&h.certs[i]) == nil {
				return &h.certs[i], nil
			}
		}
	}
	return &h.certs[0], nil
}

// Leaf is the first certificate in use, for showing it. It is not to be changed.
func (s *Source) Leaf() *x509.Certificate { return s.current.Load().certs[0].Leaf }

// Leaves are the certificates in use, in the order of the pairs. They are not
// to be changed.
func (s *Source) Leaves() []*x509.Certificate {
	var out []*x509.Certificate
	for _, c := range s.current.Load().certs {
		out = append(out, c.Leaf)
	}
	return out
}

// SelfSigned says whether the certificate is one that posta made.
func (s *Source) SelfSigned() bool { return len(s.Pairs) == 0 }

// refresh looks whether the files have changed, one goroutine at a time; the
// others go on with what there is.
func (s *Source) refresh(now time.Time) {
	if now.Sub(time.Unix(0, s.looked.Load())) < s.Every || !s.looking.TryLock() {
		return
	}
	defer s.looking.Unlock()
	s.looked.Store(now.UnixNano())
	stamps := s.stamps()
	if equal(stamps, s.seen) && !s.ending(now) {
		return
	}
	h, err := s.load()
	if err != nil {
		// The stamps stay as they were: a pair that is half written is tried
		// again, though reported once.
		if err.Error() != s.broken {
			s.broken = err.Error()
			s.Report(words.FailOf(err, "cert.stays", nil))
		}
		return
	}
	s.seen, s.broken = s.stamps(), ""
	if !equal(s.seen, stamps) && !s.SelfSigned() {
		s.seen = stamps // changed while it was read: look again
	}
	s.current.Store(h)
}

// ending says that a self-signed certificate must be made anew.
func (s *Source) ending(now time.Time) bool {
	return s.SelfSigned() && now.Add(renewBefore).After(s.Leaf().NotAfter)
}

func (s *Source) load() (*held, error) {
	if s.SelfSigned() {
		c, err := selfSigned(filepath.Join(s.Dir, selfSignedFile), s.Hostname, s.Addresses)
		if err != nil {
			return nil, err
		}
		return &held{[]tls.Certificate{c}}, nil
	}
	h := &held{}
	for _, p := range s.Pairs {
		c, err := p.load()
		if err != nil {
			return nil, err
		}
		h.certs = append(h.certs, c)
	}
	return h, nil
}

// load reads the two files, and says of each what is wrong with it.
func (p Pair) load() (tls.Certificate, error) {
	chain, err := readPEM(p.Cert)
	if err != nil {
		return tls.Certificate{}, err
	}
	key, err := readPEM(p.Key)
	if err != nil {
		return tls.Certificate{}, err
	}
	c, err := tls.X509KeyPair(chain, key)
	if err != nil {
		return c, words.FailOf(err, "cert.no_pair", words.Args{"Cert": p.Cert, "Key": p.Key})
	}
	return c, nil
}

func readPEM(file string) ([]byte, error) {
	text, err := os.ReadFile(file)
	switch {
	case errors.Is(err, fs.ErrNotExist):
		return nil, words.FailAs(err, "cert.absent", words.Args{"File": file})
	case errors.Is(err, fs.ErrPermission):
		return nil, words.FailAs(err, "cert.forbidden", words.Args{"File": file})
	case err != nil:
		return nil, words.FailOf(err, "cert.unreadable", words.Args{"File": file})
	}
	if block, _ := pem.Decode(text); block == nil {
		return nil, words.Fail("cert.no_pem", words.Args{"File": file})
	}
	return text, nil
}

// stamps looks at the files. One that is absent has the zero stamp.
func (s *Source) stamps() []stamp {
	names := []string{filepath.Join(s.Dir, selfSignedFile)}
	if !s.SelfSigned() {
		names = names[:0]
		for _, p := range s.Pairs {
			names = append(names, p.Cert, p.Key)
		}
	}
	out := make([]stamp, len(names))
	for i, name := range names {
		if info, err := os.Stat(name); err == nil {
			out[i] = stamp{info.Size(), info.ModTime()}
		}
	}
	return out
}

func equal(a, b []stamp) bool {
	for i := range a {
		if a[i].size != b[i].size || !a[i].mod.Equal(b[i].mod) {
			return false
		}
	}
	return true
}
