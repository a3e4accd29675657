package queue

import (
	"cmp"
	"crypto/tls"
	"crypto/x509"
	"io"
	"net/netip"
	"time"
)

// Trust looks at the certificate of a host that mail goes to, for one
// connection. Whoever asks what delivery would make of a host has its own.
type Trust struct {
	Host   string // as DNS or an administrator names it, or its address
	Policy Policy
	Roots  *x509.CertPool // that certificates must lead to; nil: the system's
	CA     string         // PEM: of the route, believed beside them
	Now    func() time.Time
	Keys   io.Writer // gets the secrets of TLS; nil: nobody does

	wrong error
}

// Config makes the handshake accept every certificate where TLS is only
// opportunistic, and notes whether it proves the host's name all the same.
func (t *Trust) Config() *tls.Config {
	c := &tls.Config{InsecureSkipVerify: true, Time: t.Now, KeyLogWriter: t.Keys}
	if _, err := netip.ParseAddr(t.Host); err != nil {
		c.ServerName = t.Host
	}
	if t.Policy == Opportunistic {
		c.MinVersion = tls.VersionTLS10 // better than nothing, which is what follows
	}
	c.VerifyConnection = func(s tls.ConnectionState) error {
		t.wrong = t.verify(s)
		if t.Policy == Opportunistic {
			return nil
		}
		return t.wrong
	}
	return c
}

// Wrong is why the certificate of the handshake is no proof, for Doubt to say;
// nil where it is one.
func (t *Trust) Wrong() error { return t.wrong }

func (t *Trust) verify(s tls.ConnectionState) error {
	if len(s.PeerCertificates) == 0 {
		return errNoCertificate
	}
	o := x509.VerifyOptions{DNSName: t.Host, Roots: t.roots(), CurrentTime: t.Now(), Intermediates: x509.NewCertPool()}
	for _, c := range s.PeerCertificates[1:] {
		o.Intermediates.AddCert(c)
	}
	_, err := s.PeerCertificates[0].Verify(o)
	return err
}

// roots are the certificates that are believed; nil: those of the system.
func (t *Trust) roots() *x509.CertPool {
	if t.CA == "" {
		return t.Roots
	}
	var all *x509.CertPool
	if t.Roots != nil {
		all = t.Roots.Clone()
	} else if system, err := x509.SystemCertPool(); err == nil {
		all = system
	}
	all = cmp.Or(all, x509.NewCertPool())
	all.AppendCertsFromPEM([]byte(t.CA))
	return all
}
