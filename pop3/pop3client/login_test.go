package pop3client

import (
	"context"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/tls"
	"crypto/x509"
	"encoding/base64"
	"math/big"
	"strings"
	"testing"
	"time"

	"posta/wire/wiretest"
)

// certificate is one of its own issuer for pop.example, with whom both ends
// can begin TLS.
func certificate(t *testing.T) (server, client *tls.Config) {
	t.Helper()
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	about := &x509.Certificate{SerialNumber: big.NewInt(1), DNSNames: []string{"pop.example"}, NotAfter: time.Now().Add(time.Hour)}
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
	return &tls.Config{Certificates: []tls.Certificate{{Certificate: [][]byte{der}, PrivateKey: key}}},
		&tls.Config{RootCAs: pool, ServerName: "pop.example"}
}

// What was listed before TLS, by whoever it was, decides nothing behind it; and
// after a log-in the server is asked anew too.
// rfc: 2595-4-3, 2595-4-5, 2595-4-6, 2595-8-1, 2595-9-3, 5034-4-18
func TestCapabilitiesAnew(t *testing.T) {
	const script = `
		S: +OK
		C: CAPA
		S: +OK
		S: SASL SCRAM-SHA-256
		S: STLS
		S: .
		C: STLS
		S: +OK
		tls
		C: CAPA
		S: +OK
		S: USER
		S: .
		C: AUTH PLAIN
		S: + \
		S:
		C: AGEAYg==
		S: +OK
		C: CAPA
		S: +OK
		S: TOP
		S: .
		closed`
	near, far := wiretest.Pipe()
	server, client := certificate(t)
	played := make(chan error, 1)
	go func() { played <- wiretest.Script(far, script, server) }()
	c := New(near, Options{})
	if err := c.Greeting(t.Context()); err != nil {
		t.Fatal(err)
	}
	if err := c.StartTLS(t.Context(), client); err != nil {
		t.Fatal(err)
	}
	if err := c.Login(t.Context(), Account{User: "a", Password: "b", Way: "PLAIN"}); err != nil {
		t.Error(err)
	}
	can, err := c.Capabilities(t.Context())
	if _, top := can.Find("TOP"); err != nil || !top || len(can) != 1 {
		t.Errorf("%+v, %v", can, err)
	}
	_ = c.Close("done")
	if err := <-played; err != nil {
		t.Error(err)
	}
}

// A server that knows neither CAPA nor STLS is one without TLS, not one whose TLS
// has failed.
// rfc: 2449-7-1
func TestNoTLSOfOld(t *testing.T) {
	for script, want := range map[string]string{
		"S: +OK\nC: CAPA\nS: -ERR what?\nC: STLS\nS: -ERR what?":             ErrNoTLS.Error(),
		"S: +OK\nC: CAPA\nS: +OK\nS: USER\nS: .":                             ErrNoTLS.Error(),
		"S: +OK\nC: CAPA\nS: +OK\nS: STLS\nS: .\nC: STLS\nS: -ERR not today": "pop3client: the server refused STLS: not today",
	} {
		err := against(t, script, Options{}, func(ctx context.Context, c *Client) error { return c.StartTLS(ctx, &tls.Config{}) })
		if err == nil || err.Error() != want {
			t.Errorf("%s:\n%v", script, err)
		}
	}
}

// Whatever a server says that it is, it gets the same commands.
// rfc: 2449-6.9-3
func TestImplementationDoesNotMatter(t *testing.T) {
	for _, name := range []string{"Dovecot", "hMailServer", "Cyrus POP3 v2.5.17", "posta"} {
		script := "S: +OK " + name + ` ready
		C: CAPA
		S: +OK
		S: IMPLEMENTATION ` + name + `
		S: SASL PLAIN
		S: .
		C: AUTH PLAIN AGEAYg==
		S: +OK
		C: STAT
		S: +OK 0 0
		C: QUIT
		S: +OK
		closed`
		if err := against(t, script, Options{}, func(ctx context.Context, c *Client) error {
			if err := c.Login(ctx, Account{User: "a", Password: "b"}); err != nil {
				return err
			}
			if _, err := c.Stat(ctx); err != nil {
				return err
			}
			return c.Quit(ctx)
		}); err != nil {
			t.Errorf("%s: %v", name, err)
		}
	}
}

// An initial response keeps AUTH within 255 octets: a longer one waits for the
// empty challenge.
// rfc: 5034-4-1, 5034-4-7, 5034-4-13
func TestLongInitialResponse(t *testing.T) {
	for _, length := range []int{1, 140, 145, 146, 147, 148, 149, 150, 200, 1000} {
		password := strings.Repeat("x", length)
		response := base64.StdEncoding.EncodeToString([]byte("\x00a\x00" + password))
		script := "S: +OK\nC: CAPA\nS: +OK\nS: SASL PLAIN\nS: .\nC: AUTH PLAIN " + response + "\nS: +OK"
		if len(response) >= maxInitial {
			script = "S: +OK\nC: CAPA\nS: +OK\nS: SASL PLAIN\nS: .\nC: AUTH PLAIN\nS: + \\\nS: \nC: " + response + "\nS: +OK"
		}
		if line := "AUTH PLAIN " + response + "\r\n"; len(response) < maxInitial && len(line) > 255 {
			t.Fatalf("%d octets", len(line))
		}
		if err := against(t, script, Options{}, func(ctx context.Context, c *Client) error {
			return c.Login(ctx, Account{User: "a", Password: password})
		}); err != nil {
			t.Errorf("%d: %v", length, err)
		}
	}
}

// silent is a mechanism whose initial response has no octets.
type silent struct{}

func (silent) Mechanism() string           { return "SILENT" }
func (silent) Start() ([]byte, error)      { return []byte{}, nil }
func (silent) Next([]byte) ([]byte, error) { return []byte{}, nil }
func (silent) Finish() error               { return nil }

// An empty initial response is an equals sign, and an empty later one an empty line.
// rfc: 5034-4-1, 5034-4-8
func TestEmptyInitialResponse(t *testing.T) {
	for script, listed := range map[string]bool{
		"S: +OK\nC: AUTH SILENT =\nS: + YQ==\nC: \nS: +OK":  true,
		"S: +OK\nC: AUTH SILENT\nS: + \\\nS: \nC: \nS: +OK": false,
	} {
		if err := against(t, script, Options{}, func(_ context.Context, c *Client) error { return c.auth(silent{}, listed) }); err != nil {
			t.Errorf("listed %v: %v", listed, err)
		}
	}
}

// Detail of a response code that nobody knows changes nothing.
// rfc: 2449-8-2
func TestCodesWithDetail(t *testing.T) {
	for code, want := range map[string]bool{
		"IN-USE": true, "in-use/by/another": true, "LOGIN-DELAY/60": true, "SYS/TEMP/DISK": true,
		"SYS": false, "SYS/PERM": false, "SYS/TEMPORARY": false, "AUTH/EXPIRED": false, "": false,
	} {
		if got := (&Refusal{Code: code}).Temporary(); got != want {
			t.Errorf("[%s] is temporary: %v", code, got)
		}
	}
}
