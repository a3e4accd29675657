package sign

import (
	"crypto"
	"crypto/ed25519"
	"crypto/rand"
	"crypto/rsa"
	"crypto/x509"
	"encoding/base64"
	"errors"
	"fmt"
	"strings"
	"time"
)

// Algorithm is how a key signs.
type Algorithm string

const (
	RSA     Algorithm = "rsa"     // rsa-sha256; every verifier knows it
	Ed25519 Algorithm = "ed25519" // ed25519-sha256 (RFC 8463)
)

// Algorithms are those that a domain signs with, a key each.
func Algorithms() []Algorithm { return []Algorithm{RSA, Ed25519} }

// rsaBits is what RFC 8301 §3.2 wants of signers and one string of TXT still holds.
const rsaBits = 2048

// State is where a key stands in its life.
type State string

const (
	Next   State = "next"   // made; signs as soon as its record is published
	Active State = "active" // signs
	Old    State = "old"    // signs no more; its record stays for mail under way
)

// Key is one key of a domain.
type Key struct {
	ID        int64
	Domain    string // lower-case A-labels
	Selector  string // its record stands at selector._domainkey.domain
	Algorithm Algorithm
	Private   []byte // PKCS #8 in DER
	State     State
	Created   time.Time
	Changed   time.Time // when State last changed
}

// Name is where the key's record stands in DNS (RFC 6376 §3.6.2.1).
func (k *Key) Name() string { return k.Selector + "._domainkey." + k.Domain }

// newKey makes a key. The selector tells the day and the algorithm, so that
// people know an old one.
func newKey(domain, selector string, a Algorithm, now time.Time) (Key, error) {
	var private crypto.PrivateKey
	var err error
	switch a {
	case RSA:
		private, err = rsa.GenerateKey(rand.Reader, rsaBits)
	case Ed25519:
		_, private, err = ed25519.GenerateKey(rand.Reader)
	default:
		err = fmt.Errorf("sign: no algorithm %q", a)
	}
	if err != nil {
		return Key{}, err
	}
	der, err := x509.MarshalPKCS8PrivateKey(private)
	if err != nil {
		return Key{}, fmt.Errorf("sign: %w", err)
	}
	return Key{Domain: domain, Selector: selector, Algorithm: a, Private: der, State: Next, Created: now, Changed: now}, nil
}

// signer reads the private key.
func (k *Key) signer() (crypto.Signer, error) {
	any, err := x509.ParsePKCS8PrivateKey(k.Private)
	if err != nil {
		return nil, fmt.Errorf("sign: key %s: %w", k.Name(), err)
	}
	s, ok := any.(crypto.Signer)
	if !ok {
		return nil, fmt.Errorf("sign: key %s does not sign", k.Name())
	}
	return s, nil
}

// Record is the text that the domain publishes for the key (RFC 6376 §3.6.1,
// RFC 8463 §4.2).
func (k *Key) Record() (string, error) {
	s, err := k.signer()
	if err != nil {
		return "", err
	}
	public := []byte(nil)
	switch p := s.Public().(type) {
	case ed25519.PublicKey:
		public = p
	default:
		if public, err = x509.MarshalPKIXPublicKey(p); err != nil {
			return "", fmt.Errorf("sign: key %s: %w", k.Name(), err)
		}
	}
	return "v=DKIM1; k=" + string(k.Algorithm) + "; p=" + base64.StdEncoding.EncodeToString(public), nil
}

// errNoKey says that a record is no DKIM key.
var errNoKey = errors.New("sign: the record holds no DKIM key")

// publicOf gives p= of a key's record without the white space that zone files
// bring in.
func publicOf(record string) (string, error) {
	for tag := range strings.SplitSeq(record, ";") {
		name, value, _ := strings.Cut(tag, "=")
		if strings.TrimSpace(name) == "p" {
			return strings.Join(strings.Fields(value), ""), nil
		}
	}
	return "", errNoKey
}

// Publishes says that a TXT record found in DNS is this key's.
func (k *Key) Publishes(record string) bool {
	own, err := k.Record()
	if err != nil {
		return false
	}
	want, _ := publicOf(own)
	found, err := publicOf(record)
	return err == nil && found == want
}
