package collect_test

import (
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/tls"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/pem"
	"math/big"
	"net"
	"testing"
	"time"

	"posta/collect"
	"posta/wire/wiretest"
)

// certificate is one of its own issuer for a host, and the pool that believes it.
func certificate(t *testing.T, host string) (*tls.Config, *x509.CertPool) {
	t.Helper()
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	about := &x509.Certificate{SerialNumber: big.NewInt(1), DNSNames: []string{host}, Subject: pkix.Name{CommonName: "pop.example"}, NotBefore: time.Now().Add(-time.Hour), NotAfter: time.Now().Add(time.Hour)}
	der, err := x509.CreateCertificate(rand.Reader, about, about, key.Public(), key)
	if err != nil {
		t.Fatal(err)
	}
	leaf, err := x509.ParseCertificate(der)
	if err != nil {
		t.Fatal(err)
	}
	pool := x509.NewCertPool()
	pool.AddCert(leaf)
	return &tls.Config{Certificates: []tls.Certificate{{Certificate: [][]byte{der}, PrivateKey: key}}}, pool
}

// A password as it is goes only to a host that has proved who it is, or in clear
// where the entry says so.
// rfc: 2595-2.4-1, 2595-2.4-2, 2595-2.4-3, 2595-2.4-4, 2595-2.4-5, 2595-2.4-6, 2595-4-3, 2595-9-1, 5034-4-24
func TestPasswords(t *testing.T) {
	const nothing, again = "\tS: +OK\n\tC: CAPA\n\tS: +OK\n\tS: USER\n\tS: STLS\n\tS: .\n", "\tC: CAPA\n\tS: +OK\n\tS: USER\n\tS: .\n"
	const secured = nothing + "\tC: STLS\n\tS: +OK\n\ttls\n" + again
	const in = "\tC: USER pepe\n\tS: +OK\n\tC: PASS geheim\n\tS: +OK\n\tC: LIST\n\tS: +OK\n\tS: .\n\tC: UIDL\n\tS: +OK\n\tS: .\n\tC: QUIT\n\tS: +OK\n\tclosed"
	const stripped = "\tS: +OK\n" + again + "\tclosed"
	for name, tt := range map[string]struct {
		tls           collect.Security
		host          string // that the certificate is for
		known         bool   // who has signed it
		script, fails string
	}{
		"a valid certificate":       {collect.Opportunistic, "pop.example", true, secured + in, ""},
		"one of nobody known":       {collect.Opportunistic, "pop.example", false, secured + "\tclosed", "the certificate is no proof: nobody known has signed it"},
		"one with a star":           {collect.Opportunistic, "*.example", true, secured + in, ""},
		"a star that is too short":  {collect.Opportunistic, "*.pop.example", true, secured + "\tclosed", "the certificate is no proof: it is for another name"},
		"one for where it led":      {collect.Opportunistic, "192.0.2.2", true, secured + "\tclosed", "the certificate is no proof: it is for another name"},
		"one for another":           {collect.Opportunistic, "other.example", true, secured + "\tclosed", "the certificate is no proof: it is for another name"},
		"no TLS":                    {collect.Opportunistic, "pop.example", true, stripped, "the server wants the password in clear text; tls none allows that"},
		"required, valid":           {collect.Required, "pop.example", true, secured + in, ""},
		"required, of nobody known": {collect.Required, "pop.example", false, nothing + "\tC: STLS\n\tS: +OK\n\ttls", "the certificate is no proof: nobody known has signed it"},
		"required, no TLS":          {collect.Required, "pop.example", true, stripped, "the server offers no TLS, and tls is required"},
		"implicit, valid":           {collect.Implicit, "pop.example", true, "\ttls\n\tS: +OK\n" + again + in, ""},
		"none, TLS first":           {collect.Clear, "pop.example", true, "\tS: +OK\n\tC: CAPA\n\tS: +OK\n\tS: STLS\n\tS: .\n\tclosed", "the server wants TLS before a log-in, and tls is none"},
		"none, no way":              {collect.Clear, "pop.example", true, "\tS: +OK\n\tC: CAPA\n\tS: +OK\n\tS: SASL GSSAPI\n\tS: .\n\tclosed", "the server offers no way to log in that posta has"},
		"SMTP":                      {collect.Opportunistic, "pop.example", true, "\tS: 220 x ESMTP\n\tclosed", "the server answers as an SMTP server"},
		"something else":            {collect.Opportunistic, "pop.example", true, "\tS: SSH-2.0-x\n\tclosed", "what the other side answered makes no sense"},
		"none":                      {collect.Clear, "pop.example", true, "\tS: +OK\n" + again + in, ""},
	} {
		t.Run(name, func(t *testing.T) {
			cfg, roots := certificate(t, tt.host)
			if !tt.known {
				roots = x509.NewCertPool()
			}
			played := make(chan error, 1)
			c := newCustomer(t, func(nc net.Conn) { played <- wiretest.Script(nc, tt.script, cfg) }, roots)
			e := popEntry()
			e.TLS = tt.tls
			if r := c.once(t, e); r.Failure != tt.fails {
				t.Errorf("%+v", r)
			}
			if err := <-played; err != nil && tt.fails == "" {
				t.Error(err)
			}
		})
	}
}

// Where certificates are believed one is wanted, though nothing is said of TLS: an
// entry that was added when any would do gives no password to another, in no form.
func TestBelievedIsWanted(t *testing.T) {
	const offer = "\tS: +OK\n\tC: CAPA\n\tS: +OK\n\tS: SASL SCRAM-SHA-256\n\tS: STLS\n\tS: .\n\tC: STLS\n\tS: +OK\n\ttls"
	const stripped = "\tS: +OK\n\tC: CAPA\n\tS: +OK\n\tS: SASL SCRAM-SHA-256\n\tS: .\n\tclosed"
	for script, fails := range map[string]string{
		offer:    "the certificate is no proof: nobody known has signed it",
		stripped: "the server offers no TLS, and tls is required",
	} {
		cfg, _ := certificate(t, "pop.example")
		other, _ := certificate(t, "pop.example")
		c := newCustomer(t, func(nc net.Conn) { _ = wiretest.Script(nc, script, cfg) }, x509.NewCertPool()) // which it breaks off
		e := popEntry()
		e.TLS, e.CA = collect.Opportunistic, string(pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: other.Certificates[0].Certificate[0]}))
		if r := c.once(t, e); r.Failure != fails {
			t.Errorf("%+v", r)
		}
	}
}

// Why a provider cannot be logged in to is said as it is: the certificate is to
// blame only where another one would do.
//
// rfc: 5321-4.1.1.10-3
func TestNoLogin(t *testing.T) {
	const bye = "\tC: QUIT\n\tS: 221 bye\n\tclosed"
	const hello = "\tS: 220 x\n\tC: EHLO gw.north.example\n"
	const secured = hello + "\tS: 250-x\n\tS: 250 STARTTLS\n\tC: STARTTLS\n\tS: 220 go\n\ttls\n\tC: EHLO gw.north.example\n"
	for name, tt := range map[string]struct {
		tls           collect.Security
		way           collect.Way
		script, fails string
	}{
		"neither":         {collect.Opportunistic, collect.ATRN, secured + "\tS: 250-x\n\tS: 250 ETRN\n" + bye, "the server offers neither ATRN nor a log-in"},
		"no log-in":       {collect.Opportunistic, collect.ATRN, secured + "\tS: 250-x\n\tS: 250 ATRN\n" + bye, "the server offers no log-in"},
		"ETRN, no log-in": {collect.Opportunistic, collect.ETRN, secured + "\tS: 250 x\n" + bye, "the server offers no log-in"},
		"not believed":    {collect.Opportunistic, collect.ATRN, secured + "\tS: 250-x\n\tS: 250 AUTH PLAIN\n" + bye, "the certificate is no proof: nobody known has signed it"},
		"unknown":         {collect.Opportunistic, collect.ATRN, secured + "\tS: 250-x\n\tS: 250 AUTH GSSAPI\n" + bye, "the server offers no way to log in that posta has"},
		"in the clear":    {collect.Opportunistic, collect.TURN, hello + "\tS: 250-x\n\tS: 250 AUTH PLAIN\n" + bye, "the server offers no way to log in that keeps the secret"},
		"none, TLS first": {collect.Clear, collect.TURN, hello + "\tS: 250-x\n\tS: 250 STARTTLS\n" + bye, "the server wants TLS before a log-in, and tls is none"},
		"none, no log-in": {collect.Clear, collect.TURN, hello + "\tS: 250 x\n" + bye, "the server offers no log-in"},
		"a POP3 server":   {collect.Opportunistic, collect.ETRN, "\tS: +OK hello\n\tclosed", "the server answers as a POP3 server"},
		"something else":  {collect.Opportunistic, collect.ETRN, "\tS: SSH-2.0-x\n\tclosed", "what the other side answered makes no sense"},
	} {
		t.Run(name, func(t *testing.T) {
			cfg, _ := certificate(t, "provider.example")
			played := make(chan error, 1)
			c := newCustomer(t, func(nc net.Conn) { played <- wiretest.Script(nc, tt.script, cfg) }, x509.NewCertPool())
			e := atrn()
			e.TLS, e.Way = tt.tls, tt.way
			if r := c.once(t, e); r.Failure != tt.fails {
				t.Errorf("%+v", r)
			}
			if err := <-played; err != nil {
				t.Error(err)
			}
		})
	}
}

// Where all that came was refused here, that is no collection without mail.
func TestTurnedAway(t *testing.T) {
	for letter, want := range map[string]string{
		"nobody@north.example x\r\n": "what came was refused here: <nobody@north.example>: 550 5.1.1 No such user",
		"luis@south.example x\r\n":   "what came was refused here: <luis@south.example>: 450 4.7.1 Not a domain whose mail is collected here",
		"ana@north.example FULL\r\n": "what came was refused here: 452 4.2.2 Mailbox full",
	} {
		p := &provider{letters: []string{letter}}
		c := newCustomer(t, p.serve(t, true))
		e := atrn()
		e.Way = collect.TURN
		if r := c.once(t, e); r.Messages != 0 || r.Left != 1 || r.Failure != want {
			t.Errorf("%+v", r)
		}
	}
}
