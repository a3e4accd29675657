package queue

import (
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/tls"
	"crypto/x509"
	"crypto/x509/pkix"
	"errors"
	"fmt"
	"go/ast"
	"go/parser"
	"go/token"
	"io"
	"math/big"
	"net"
	"strconv"
	"syscall"
	"testing"
	"time"

	"posta/dns"
	"posta/mail"
	"posta/smtp/smtpclient"
	"posta/words"
)

// What is wrong with a certificate is said in plain words.
func TestDoubt(t *testing.T) {
	now := time.Date(2026, 3, 4, 12, 0, 0, 0, time.UTC)
	authority, authorityKey := certified(t, &x509.Certificate{IsCA: true, BasicConstraintsValid: true, KeyUsage: x509.KeyUsageCertSign,
		Subject: pkix.Name{Organization: []string{"Good CA"}}, NotBefore: now.AddDate(-5, 0, 0), NotAfter: now.AddDate(5, 0, 0)}, nil, nil)
	other, otherKey := certified(t, &x509.Certificate{IsCA: true, BasicConstraintsValid: true, KeyUsage: x509.KeyUsageCertSign,
		Subject: pkix.Name{CommonName: "Nobody's CA"}, NotBefore: now.AddDate(-5, 0, 0), NotAfter: now.AddDate(5, 0, 0)}, nil, nil)
	roots := x509.NewCertPool()
	roots.AddCert(authority)
	plain := x509.Certificate{DNSNames: []string{"mx.x.example"}, NotBefore: now.AddDate(0, -1, 0), NotAfter: now.AddDate(0, 1, 0),
		ExtKeyUsage: []x509.ExtKeyUsage{x509.ExtKeyUsageServerAuth}}
	for want, c := range map[string]struct {
		change func(*x509.Certificate)
		by     *x509.Certificate
		key    *ecdsa.PrivateKey
	}{
		"it expired on 2026-03-03":                               {func(c *x509.Certificate) { c.NotAfter = now.AddDate(0, 0, -1) }, authority, authorityKey},
		"it is valid only from 2026-03-05 on":                    {func(c *x509.Certificate) { c.NotBefore = now.AddDate(0, 0, 1) }, authority, authorityKey},
		"it is not for mx.x.example but for a.example, 10.0.0.7": {func(c *x509.Certificate) { c.DNSNames, c.IPAddresses = []string{"a.example"}, []net.IP{{10, 0, 0, 7}} }, authority, authorityKey},
		"it is not for mx.x.example but for a.example, b.example, c.example …": {func(c *x509.Certificate) {
			c.DNSNames = []string{"a.example", "b.example", "c.example", "d.example"}
		}, authority, authorityKey},
		"it names no host, and so not mx.x.example either":  {func(c *x509.Certificate) { c.DNSNames = nil }, authority, authorityKey},
		"it is not for servers":                             {func(c *x509.Certificate) { c.ExtKeyUsage = []x509.ExtKeyUsage{x509.ExtKeyUsageClientAuth} }, authority, authorityKey},
		"it is self-signed, and nobody else vouches for it": {func(*x509.Certificate) {}, nil, nil},
		"its issuer is unknown here (CN=Nobody's CA)":       {func(*x509.Certificate) {}, other, otherKey},
	} {
		template := plain
		c.change(&template)
		leaf, _ := certified(t, &template, c.by, c.key)
		by := Trust{Host: "mx.x.example", Roots: roots, Now: func() time.Time { return now }}
		wrong := by.verify(tls.ConnectionState{PeerCertificates: []*x509.Certificate{leaf}})
		if wrong == nil {
			t.Errorf("%s: it is valid", want)
			continue
		}
		if got := Doubt(wrong, now).Error(); got != want {
			t.Errorf("%q, want %q (%v)", got, want, wrong)
		}
	}
	by := Trust{Now: time.Now}
	if err := by.verify(tls.ConnectionState{}); Doubt(err, now).Error() != "it shows none" {
		t.Error(Doubt(err, now))
	}
}

// certified makes a certificate; with no issuer it signs itself.
func certified(t *testing.T, template, by *x509.Certificate, with *ecdsa.PrivateKey) (*x509.Certificate, *ecdsa.PrivateKey) {
	t.Helper()
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	template.SerialNumber = big.NewInt(7)
	if by == nil {
		by, with = template, key
	}
	der, err := x509.CreateCertificate(rand.Reader, template, by, key.Public(), with)
	if err != nil {
		t.Fatal(err)
	}
	c, err := x509.ParseCertificate(der)
	if err != nil {
		t.Fatal(err)
	}
	return c, key
}

// What everybody meets with is said in posta's words, on every system.
func TestReasonsAreOurs(t *testing.T) {
	for want, err := range map[string]error{
		"connection refused":                             &net.OpError{Op: "dial", Err: syscall.Errno(10061)},
		"the network cannot be reached":                  &net.OpError{Op: "dial", Err: syscall.ENETUNREACH},
		"the name server 192.0.2.1:53 says REFUSED":      &dns.Error{Kind: dns.ErrTemporary, Server: "192.0.2.1:53", Code: "REFUSED"},
		"the name server 192.0.2.1:53 gives no answer":   &dns.Error{Kind: dns.ErrTemporary, Server: "192.0.2.1:53", Reason: "silence"},
		"the name leads from one to another and nowhere": &dns.Error{Kind: dns.ErrTemporary, Reason: "aliases without an end"},
		"DNS has nothing of the name":                    &dns.Error{Kind: dns.ErrNoData},
		"the other side is a POP3 server":                smtpclient.ErrPOP3,
	} {
		got := reason(fmt.Errorf("x: %w", err))
		if said := new(words.Error); got.Error() != want || !errors.As(got, &said) {
			t.Errorf("%v, want %s", got, want)
		}
	}
}

// Nonsense within TLS is no failed handshake.
func TestNoTLS(t *testing.T) {
	for want, err := range map[string]error{
		"what the other side answered makes no sense": fmt.Errorf("%w: %w", smtpclient.ErrTLS, smtpclient.ErrStrange),
		"the other side closed the connection":        fmt.Errorf("%w: %w", smtpclient.ErrTLS, io.EOF),
	} {
		if got := NoTLS(err).Error(); got != want {
			t.Errorf("%q, want %q", got, want)
		}
	}
}

// What the client does not even ask is said in the same words here.
func TestCannotCarry(t *testing.T) {
	file, err := parser.ParseFile(token.NewFileSet(), "../smtp/smtpclient/send.go", nil, 0)
	if err != nil {
		t.Fatal(err)
	}
	n := 0
	ast.Inspect(file, func(node ast.Node) bool {
		call, ok := node.(*ast.CallExpr)
		if !ok || len(call.Args) != 3 {
			return true
		}
		if f, ok := call.Fun.(*ast.SelectorExpr); !ok || f.Sel.Name != "Refuse" {
			return true
		}
		n++
		text, _ := strconv.Unquote(call.Args[2].(*ast.BasicLit).Value)
		status, _ := strconv.Unquote(call.Args[1].(*ast.BasicLit).Value)
		got := cannotCarry(mail.Refuse(550, status, text))
		if said := new(words.Error); got.Error() != text || !errors.As(got, &said) {
			t.Errorf("the client says %q, the queue %v", text, got)
		}
		return true
	})
	if n == 0 {
		t.Error("the client refuses nothing; has its form changed?")
	}
}
