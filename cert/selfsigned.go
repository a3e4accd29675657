package cert

import (
	"bytes"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/tls"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/pem"
	"errors"
	"io/fs"
	"math/big"
	"net"
	"net/netip"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"posta/words"
)

// selfSignedFile holds key and certificate in one file, so that they change
// together.
const selfSignedFile = "selfsigned.pem"

const (
	validity    = 2 * 365 * 24 * time.Hour // Apple's programs take no more than 825 days
	renewBefore = 30 * 24 * time.Hour
	backdate    = time.Hour // for clients whose clock is behind
)

// selfSigned gives the certificate of the file if it still fits, else a new
// one, with the file's key if there is one: a client that remembers the key
// need not ask again.
func selfSigned(path, hostname string, addrs []netip.Addr) (tls.Certificate, error) {
	names, ips := subjects(hostname, addrs)
	text, err := os.ReadFile(path)
	if err != nil && !errors.Is(err, fs.ErrNotExist) {
		return tls.Certificate{}, words.FailOf(err, "cert.unreadable", words.Args{"File": path})
	}
	var key *ecdsa.PrivateKey
	if old, err := tls.X509KeyPair(text, text); err == nil {
		if fits(old.Leaf, names, ips, time.Now()) {
			return old, nil
		}
		key, _ = old.PrivateKey.(*ecdsa.PrivateKey)
	}
	if key == nil {
		if key, err = ecdsa.GenerateKey(elliptic.P256(), rand.Reader); err != nil {
			return tls.Certificate{}, words.FailOf(err, "cert.unmade", nil)
		}
	}
	text, err = sign(key, names, ips)
	if err != nil {
		return tls.Certificate{}, words.FailOf(err, "cert.unmade", nil)
	}
	if err := write(path, text); err != nil {
		return tls.Certificate{}, words.FailOf(err, "cert.unwritable", words.Args{"File": path})
	}
	return tls.X509KeyPair(text, text)
}

// subjects are the names and addresses that a certificate is made for.
func subjects(hostname string, addrs []netip.Addr) ([]string, []net.IP) {
	names := []string{"localhost"}
	if hostname != "" && !strings.EqualFold(hostname, "localhost") {
		names = []string{hostname, "localhost"}
	}
	all := append([]netip.Addr{netip.AddrFrom4([4]byte{127, 0, 0, 1}), netip.IPv6Loopback()}, addrs...)
	var ips []net.IP
	for _, a := range all {
		if ip := net.IP(a.Unmap().WithZone("").AsSlice()); ip != nil && !containsIP(ips, ip) {
			ips = append(ips, ip)
		}
	}
	return names, ips
}

func containsIP(ips []net.IP, ip net.IP) bool { return slices.ContainsFunc(ips, ip.Equal) }

// fits says whether a certificate is for all of the names and addresses, and
// lasts.
func fits(c *x509.Certificate, names []string, ips []net.IP, now time.Time) bool {
	for _, name := range names {
		if !slices.Contains(c.DNSNames, name) {
			return false
		}
	}
	for _, ip := range ips {
		if !containsIP(c.IPAddresses, ip) {
			return false
		}
	}
	return now.After(c.NotBefore) && now.Add(renewBefore).Before(c.NotAfter)
}

// sign makes the file's text: key, then certificate.
func sign(key *ecdsa.PrivateKey, names []string, ips []net.IP) ([]byte, error) {
	serial, err := rand.Int(rand.Reader, new(big.Int).Lsh(big.NewInt(1), 127))
	if err != nil {
		return nil, err
	}
	now := time.Now()
	template := &x509.Certificate{
		SerialNumber:          serial,
		Subject:               pkix.Name{CommonName: commonName(names[0]), Organization: []string{"posta, self-signed"}},
		NotBefore:             now.Add(-backdate),
		NotAfter:              now.Add(validity),
		KeyUsage:              x509.KeyUsageDigitalSignature,
		ExtKeyUsage:           []x509.ExtKeyUsage{x509.ExtKeyUsageServerAuth},
		BasicConstraintsValid: true,
		DNSNames:              names,
		IPAddresses:           ips,
	}
	der, err := x509.CreateCertificate(rand.Reader, template, template, key.Public(), key)
	if err != nil {
		return nil, err
	}
	pkcs8, err := x509.MarshalPKCS8PrivateKey(key)
	if err != nil {
		return nil, err
	}
	var out bytes.Buffer
	for _, b := range []*pem.Block{{Type: "PRIVATE KEY", Bytes: pkcs8}, {Type: "CERTIFICATE", Bytes: der}} {
		if err := pem.Encode(&out, b); err != nil {
			return nil, err
		}
	}
	return out.Bytes(), nil
}

// commonName cuts a name to the 64 characters that X.520 allows (RFC 5280
// appendix A, ub-common-name); the whole one is among the DNSNames.
func commonName(name string) string {
	if len(name) > 64 {
		return "posta"
	}
	return name
}

// write replaces the file in one step, readable by its owner only.
func write(path string, text []byte) error {
	dir := filepath.Dir(path)
	if err := os.MkdirAll(dir, 0o700); err != nil {
		return err
	}
	tmp, err := os.CreateTemp(dir, "selfsigned-*.tmp") // 0600
	if err != nil {
		return err
	}
	_, err = tmp.Write(text)
	err = errors.Join(err, tmp.Sync(), tmp.Close())
	if err == nil {
		err = os.Rename(tmp.Name(), path)
	}
	if err != nil {
		_ = os.Remove(tmp.Name())
	}
	return err
}
