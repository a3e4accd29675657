package queue

import (
	"crypto/ed25519"
	"crypto/rand"
	"crypto/tls"
	"crypto/x509"
	"encoding/pem"
	"math/big"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"posta/store"
)

// proven gives a server's certificate for a name, and the roots that it leads to.
func proven(t *testing.T, name string) (*tls.Config, *x509.CertPool) {
	_, key, err := ed25519.GenerateKey(rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	c := &x509.Certificate{SerialNumber: big.NewInt(1), NotBefore: time.Now().Add(-time.Hour), NotAfter: time.Now().Add(time.Hour), DNSNames: []string{name},
		IsCA: true, BasicConstraintsValid: true}
	der, err := x509.CreateCertificate(rand.Reader, c, c, key.Public(), key)
	if err != nil {
		t.Fatal(err)
	}
	roots := x509.NewCertPool()
	if c, err = x509.ParseCertificate(der); err != nil {
		t.Fatal(err)
	}
	roots.AddCert(c)
	return &tls.Config{Certificates: []tls.Certificate{{Certificate: [][]byte{der}, PrivateKey: key}}, Time: time.Now}, roots
}

// asPEM is a server's certificate as a route believes it.
func asPEM(c *tls.Config) string {
	return string(pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: c.Certificates[0].Certificate[0]}))
}

const again2 = "C: EHLO us.example\nS: 250-x\nS: 250 AUTH PLAIN"

// rfc: 3207-6-2, 4954-5-1, 4954-5-6, 4954-5-9, 4954-8-2, 4954-14-1, 4954-14-2, 4954-14-3
// rfc: 4954-14-4, 4954-14-5, 4954-14-6, 4954-14-7
func TestTLS(t *testing.T) {
	known := strings.Replace(sent, "us.example>", "us.example> AUTH=e+3Dmc2@us.example", 1)
	begins := script(greeting("STARTTLS"), "C: STARTTLS\nS: 220 go")
	inTLS := script(begins, "tls", again2)
	for name, c := range map[string]struct {
		route    Route
		cert     string // the name in it
		scripts  []string
		want     string // "relayed" or what is said
		proof    string
		attempts int
		auth     string // who is known to have submitted it
	}{
		"opportunistic, valid":   {Route{}, "mx.x.example", []string{script(inTLS, sent, quit)}, "relayed 250 2.0.0 mine", "certificate valid", 1, ""},
		"opportunistic, invalid": {Route{}, "other.example", []string{script(inTLS, sent, quit)}, "relayed 250 2.0.0 mine", "certificate not valid", 1, ""},
		"opportunistic, broken":  {Route{}, "", []string{begins, script(greeting("STARTTLS"), sent, quit)}, "relayed 250 2.0.0 mine", "", 2, ""},
		"opportunistic, refused": {Route{}, "", []string{script(greeting("STARTTLS"), "C: STARTTLS\nS: 454 no", sent, quit)}, "relayed 250 2.0.0 mine", "", 1, ""},
		"none":                   {Route{TLS: None}, "", []string{script(greeting("STARTTLS"), sent, quit)}, "relayed 250 2.0.0 mine", "", 1, ""},
		"required, valid":        {Route{TLS: Required}, "mx.x.example", []string{script(inTLS, sent, quit)}, "relayed 250 2.0.0 mine", "certificate valid", 1, ""},
		"required, any host of":  {Route{TLS: Required}, "*.x.example", []string{script(inTLS, sent, quit)}, "relayed 250 2.0.0 mine", "certificate valid", 1, ""},
		"required, the domain's": {Route{User: "u", Password: "p"}, "x.example", []string{script(begins, "tls")}, "delayed The host's certificate is not valid", "", 1, ""},
		"required, invalid":      {Route{TLS: Required}, "other.example", []string{script(begins, "tls")}, "delayed The host's certificate is not valid: it is not for mx.x.example but for other.example", "", 1, ""},
		"required, the route's":  {Route{TLS: Required, CA: "its own"}, "mx.x.example", []string{script(inTLS, sent, quit)}, "relayed 250 2.0.0 mine", "certificate valid", 1, ""},
		"required, another's":    {Route{TLS: Required, CA: "another's"}, "mx.x.example", []string{script(begins, "tls")}, "delayed The host's certificate is not valid: ", "", 1, ""},
		"required, broken":       {Route{TLS: Required}, "", []string{begins}, "delayed TLS could not be started", "", 1, ""},
		"required, refused":      {Route{TLS: Required}, "", []string{script(greeting("STARTTLS"), "C: STARTTLS\nS: 454 4.7.0 no", quit)}, "delayed 454 4.7.0 no", "", 1, ""},
		"required, refused 5yz":  {Route{TLS: Required}, "", []string{script(greeting("STARTTLS"), "C: STARTTLS\nS: 554 5.7.3 no", quit)}, "delayed 554 5.7.3 no", "", 1, ""},
		"required, absent":       {Route{TLS: Required}, "", []string{script(greeting(), quit)}, "delayed The host does not offer TLS", "", 1, ""},
		"implicit":               {Route{TLS: Implicit}, "mx.x.example", []string{script("tls", greeting(), sent, quit)}, "relayed 250 2.0.0 mine", "certificate valid", 1, ""},
		"implicit, invalid":      {Route{TLS: Implicit}, "other.example", []string{"tls"}, "delayed The host's certificate is not valid", "", 1, ""},
		"log-in": {Route{User: "u", Password: "p"}, "mx.x.example", []string{script(inTLS, "C: AUTH PLAIN AHUAcA==\nS: 235 in", strings.Replace(sent, "us.example>", "us.example> AUTH=<>", 1), quit)},
			"relayed 250 2.0.0 mine", "certificate valid", 1, ""},
		"log-in, submitter known": {Route{User: "u", Password: "p"}, "mx.x.example", []string{script(inTLS, "C: AUTH PLAIN AHUAcA==\nS: 235 in", known, quit)},
			"relayed 250 2.0.0 mine", "certificate valid", 1, "e=mc2@us.example"},
		"no log-in, submitter known": {Route{TLS: None}, "", []string{script(greeting("AUTH PLAIN"), sent, quit)}, "relayed 250 2.0.0 mine", "", 1, "e=mc2@us.example"},
		"log-in refused": {Route{User: "u", Password: "p"}, "mx.x.example", []string{script(inTLS, "C: AUTH PLAIN AHUAcA==\nS: 535 5.7.8 no", quit)},
			"delayed 535 5.7.8 no", "certificate valid", 1, ""},
		"no log-in in clear": {Route{User: "u", Password: "p"}, "", []string{script(greeting("AUTH PLAIN"), quit)}, "delayed The host does not offer TLS", "", 1, ""},
		"log-in in clear, wanted": {Route{User: "u", Password: "p", TLS: None}, "", []string{script(greeting("AUTH PLAIN"), "C: AUTH PLAIN AHUAcA==\nS: 235 in", strings.Replace(sent, "us.example>", "us.example> AUTH=<>", 1), quit)},
			"relayed 250 2.0.0 mine", "", 1, ""},
		"no way to log in": {Route{User: "u", Password: "p", TLS: None}, "", []string{script(greeting("AUTH NTLM"), quit)}, "delayed The host offers no way to log in", "", 1, ""},
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				w := newWorld(t)
				if c.cert != "" {
					w.tls, w.q.cfg.Roots = proven(t, c.cert)
				}
				if c.route.CA != "" {
					known := w.tls
					if c.route.CA != "its own" {
						known, _ = proven(t, c.cert)
					}
					c.route.CA, w.q.cfg.Roots = asPEM(known), x509.NewCertPool()
				}
				w.hosts["mx.x.example"] = addrs("192.0.2.7")
				c.route.Hosts = []string{"mx.x.example:25"}
				w.routes["x.example"] = c.route
				w.answers("192.0.2.7:25", c.scripts...)
				w.failing = strings.Contains(c.want, "certificate")
				w.sendAs(store.Outgoing{Auth: c.auth}, "b@x.example")
				w.run(2 * time.Minute)
				f := w.facts[0]
				if got := f.Outcome + " " + f.Reply; !strings.HasPrefix(got, c.want) || len(w.dials) != c.attempts || (f.TLS == "") != (c.proof == "") || !strings.HasSuffix(f.TLS, c.proof) {
					t.Errorf("%s, %q, %d dials", got, f.TLS, len(w.dials))
				}
				noted := map[string]string{"": "", "certificate valid": "[The host's certificate is valid]",
					"certificate not valid": "[The host's certificate is not valid: it is not for mx.x.example but for other.example]"}[c.proof]
				if all := strings.Join(w.remarks, "\n"); !strings.Contains(all, noted) {
					t.Errorf("noted %q", all)
				}
			})
		})
	}
}
