package cert

import (
	"bytes"
	"crypto/rand"
	"crypto/rsa"
	"crypto/tls"
	"crypto/x509"
	"encoding/pem"
	"math/big"
	"net"
	"path/filepath"
	"slices"
	"testing"
	"time"
)

// rsaPair writes a pair with an RSA key, which the oldest suites want.
func rsaPair(t *testing.T, dir, name string) Pair {
	t.Helper()
	key, err := rsa.GenerateKey(rand.Reader, 2048)
	if err != nil {
		t.Fatal(err)
	}
	leaf := &x509.Certificate{SerialNumber: big.NewInt(1), DNSNames: []string{name},
		NotBefore: time.Now().Add(-time.Hour), NotAfter: time.Now().Add(time.Hour)}
	der, err := x509.CreateCertificate(rand.Reader, leaf, leaf, key.Public(), key)
	if err != nil {
		t.Fatal(err)
	}
	pkcs8, err := x509.MarshalPKCS8PrivateKey(key)
	if err != nil {
		t.Fatal(err)
	}
	p := Pair{filepath.Join(dir, "rsa.crt"), filepath.Join(dir, "rsa.key")}
	put(t, p.Cert, pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: der}))
	put(t, p.Key, pem.EncodeToMemory(&pem.Block{Type: "PRIVATE KEY", Bytes: pkcs8}))
	return p
}

// offer has another suite in the ClientHello than crypto/tls can say.
type offer struct {
	net.Conn
	said, instead []byte
}

func (o *offer) Write(p []byte) (int, error) {
	if o.said != nil {
		p = bytes.Replace(p, o.said, o.instead, 1)
		o.said = nil
	}
	return o.Conn.Write(p)
}

// shake shakes hands with the Source in TLS 1.2 by one suite, or by instead.
func shake(s *Source, suite uint16, instead []byte) (client, server error) {
	a, b := net.Pipe()
	served := make(chan error, 1)
	go func() {
		served <- tls.Server(a, s.TLSConfig()).Handshake()
		_ = a.Close()
	}()
	o := &offer{Conn: b}
	if instead != nil {
		o.said, o.instead = []byte{byte(suite >> 8), byte(suite)}, instead
	}
	client = tls.Client(o, &tls.Config{ServerName: "mail.pepito.es", InsecureSkipVerify: true, MaxVersion: tls.VersionTLS12,
		CipherSuites: []uint16{suite}}).Handshake()
	_ = b.Close()
	return client, <-served
}

// Today's suites are served, and none that is known to be weak. The one that RFC
// 2595 §2.1 asked for, TLS_DHE_DSS_WITH_3DES_EDE_CBC_SHA, is among the weak: BCP
// 195, to which RFC 8314 §4 holds us, wants 128 bits. Those of RFC 9325 §4.2 have
// its place.
// rfc: 2595-2.1-1, 2595-2.1-2
func TestSuites(t *testing.T) {
	dir := t.TempDir()
	s, err := New(Options{Dir: dir, Pairs: []Pair{pair(t, dir, "ec", "mail.pepito.es"), rsaPair(t, dir, "mail.pepito.es")}})
	if err != nil {
		t.Fatal(err)
	}
	for _, suite := range slices.Concat(tls.CipherSuites(), tls.InsecureCipherSuites()) {
		if !slices.Contains(suite.SupportedVersions, tls.VersionTLS12) {
			continue // TLS 1.3 has no choice of suites
		}
		client, server := shake(s, suite.ID, nil)
		if served := client == nil && server == nil; served == suite.Insecure {
			t.Errorf("%s: served %v: %v, %v", suite.Name, served, client, server)
		}
	}
	for _, suite := range []uint16{ // RFC 9325 §4.2
		tls.TLS_ECDHE_RSA_WITH_AES_128_GCM_SHA256, tls.TLS_ECDHE_RSA_WITH_AES_256_GCM_SHA384,
		tls.TLS_ECDHE_ECDSA_WITH_AES_128_GCM_SHA256, tls.TLS_ECDHE_ECDSA_WITH_AES_256_GCM_SHA384,
	} {
		if client, server := shake(s, suite, nil); client != nil || server != nil {
			t.Errorf("%s: %v, %v", tls.CipherSuiteName(suite), client, server)
		}
	}
	dss3DES := []byte{0x00, 0x13}
	if client, server := shake(s, tls.TLS_ECDHE_RSA_WITH_AES_128_GCM_SHA256, dss3DES); client == nil || server == nil {
		t.Errorf("a suite of 1999 is served: %v, %v", client, server)
	} else if client.Error() != "remote error: tls: handshake failure" {
		t.Errorf("it is refused with %v, %v", client, server)
	}
}
