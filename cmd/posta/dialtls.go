package main

import (
	"bytes"
	"crypto/tls"
	"crypto/x509"
	"encoding/pem"
	"errors"
	"io"
	"os"
	"path/filepath"

	"posta/words"
)

// trust says which servers' certificates are believed.
type trust struct {
	file     string // --ca: certificates beside the system's
	insecure bool   // --insecure: any
}

// believedRoots are the certificates of a file beside the system's; "": those alone.
func believedRoots(file string) (*x509.CertPool, error) {
	roots, err := x509.SystemCertPool()
	if err != nil {
		roots = x509.NewCertPool()
	}
	if file == "" {
		return roots, nil
	}
	pem, err := os.ReadFile(file)
	if err != nil {
		return nil, words.FailOf(err, "fail.unreadable", words.Args{"File": file})
	}
	if !roots.AppendCertsFromPEM(pem) {
		return nil, words.Fail("dial.no_certificates", words.Args{"File": file})
	}
	return roots, nil
}

// tlsConfig is how a target's certificate is looked at. The self-signed one of
// this user's own server is believed under every name: it lies in his folder.
// keys takes what decrypts the recording; nil keeps no keys.
func (a *app) tlsConfig(t target, by trust, keys io.Writer) (*tls.Config, error) {
	roots, err := believedRoots(by.file)
	if err != nil {
		return nil, err
	}
	own := a.ownCertificate()
	cfg := &tls.Config{
		ServerName: t.Host, MinVersion: tls.VersionTLS12, KeyLogWriter: keys,
		InsecureSkipVerify: true, // VerifyConnection below does it, and knows the own server's
	}
	cfg.VerifyConnection = func(s tls.ConnectionState) error {
		if by.insecure || len(s.PeerCertificates) > 0 && own != nil && bytes.Equal(s.PeerCertificates[0].Raw, own) {
			return nil
		}
		return verify(s, roots, t.Host)
	}
	return cfg, nil
}

// verify is what crypto/tls does by itself.
func verify(s tls.ConnectionState, roots *x509.CertPool, host string) error {
	if len(s.PeerCertificates) == 0 {
		return errors.New("posta: a TLS peer without a certificate")
	}
	between := x509.NewCertPool()
	for _, c := range s.PeerCertificates[1:] {
		between.AddCert(c)
	}
	_, err := s.PeerCertificates[0].Verify(x509.VerifyOptions{Roots: roots, Intermediates: between, DNSName: host})
	return err
}

// ownCertificate is the self-signed certificate of the server whose data this
// user has; nil where there is none.
func (a *app) ownCertificate() []byte {
	dir, err := a.dataDir()
	if err != nil {
		return nil
	}
	text, err := os.ReadFile(filepath.Join(dir, "selfsigned.pem"))
	if err != nil {
		return nil
	}
	for block, rest := pem.Decode(text); block != nil; block, rest = pem.Decode(rest) {
		if block.Type == "CERTIFICATE" {
			return block.Bytes
		}
	}
	return nil
}

// whyNoTLS explains why TLS did not come about.
func (a *app) whyNoTLS(err error, t target) error {
	about := words.Args{"Address": t.address(), "Host": t.Host}
	var header tls.RecordHeaderError
	var authority x509.UnknownAuthorityError
	var name x509.HostnameError
	var invalid x509.CertificateInvalidError
	switch {
	case errors.As(err, &header) && t.TLS:
		return words.Fail("dial.clear_port", about)
	case errors.As(err, &name):
		about["Names"] = firstOf(name.Certificate.DNSNames, name.Certificate.Subject.CommonName)
		return words.Fail("dial.other_name", about)
	case errors.As(err, &authority):
		return words.Fail("dial.authority", about)
	case errors.As(err, &invalid) && invalid.Reason == x509.Expired:
		about["Ends"] = when(invalid.Cert.NotAfter)
		return words.Fail("dial.expired", about)
	case errors.Is(err, io.EOF), errors.Is(err, io.ErrUnexpectedEOF):
		return words.Fail("dial.tls_closed", about)
	}
	return words.FailOf(err, "dial.tls", about)
}

func firstOf(all []string, otherwise string) string {
	if len(all) > 0 {
		return all[0]
	}
	return otherwise
}
