package pop3server

import (
	"bufio"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/tls"
	"crypto/x509"
	"encoding/base64"
	"io"
	"math/big"
	"strings"
	"testing"
	"time"

	"posta/mail"
	"posta/sasl"
)

func serverTLS(t testing.TB) *tls.Config {
	t.Helper()
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	cert := &x509.Certificate{SerialNumber: big.NewInt(1), DNSNames: []string{"pop.pepito.es"},
		NotAfter: time.Now().Add(1000 * time.Hour)}
	der, err := x509.CreateCertificate(rand.Reader, cert, cert, &key.PublicKey, key)
	if err != nil {
		t.Fatal(err)
	}
	return &tls.Config{Certificates: []tls.Certificate{{Certificate: [][]byte{der}, PrivateKey: key}}}
}

// secure puts the client's side under TLS.
func (k *talk) secure() *tls.Conn {
	k.t.Helper()
	c := tls.Client(k.peer, &tls.Config{InsecureSkipVerify: true})
	if err := c.Handshake(); err != nil {
		k.t.Fatal(err)
	}
	k.r = bufio.NewReader(c)
	k.over = c
	return c
}

func dialTLS(t testing.TB, srv *Server) *talk {
	t.Helper()
	k := start(t, srv)
	k.secure()
	k.expect("+OK …")
	return k
}

// What was said before TLS is forgotten. No mechanism served has a security
// layer of its own.
// rfc: 2595-4-1 2595-4-2 2595-4-7 2595-2.1-2 5034-3-3 5034-3-4 5034-4-17 5034-4-19 2449-5-5 2449-5-6 2449-6.5-2 2449-6.5-3 2449-6.5-5
// rfc: 2449-6.7-3 2449-6.7-4 2449-6.7-6 2449-6.9-1 2449-6.9-2
func TestSTLS(t *testing.T) {
	cfg := config(newDrops(letter{body: "Subject: ñ\r\n", utf8: true}))
	cfg.Mode, cfg.TLS = mail.Strict, serverTLS(t)
	k := dial(t, New(cfg))
	k.play("C: UTF8\nS: +OK …\nC: STLS\nS: +OK Begin TLS now")
	state := k.secure().ConnectionState()
	capa := "C: CAPA\nS: +OK …\nS: TOP\nS: UIDL\nS: USER\nS: SASL SCRAM-SHA-256-PLUS SCRAM-SHA-256 PLAIN LOGIN\nS: UTF8 USER\nS: RESP-CODES\n" +
		"S: AUTH-RESP-CODE\nS: PIPELINING\nS: EXPIRE NEVER\nS: LOGIN-DELAY 0\nS: IMPLEMENTATION posta-1.0\nS: ."
	k.play(capa)
	k.play("C: STLS\nS: -ERR Unknown command")
	client, err := sasl.NewClient("SCRAM-SHA-256-PLUS", sasl.Wish{User: "pepe", Password: "se cret", TLS: &state})
	if err != nil {
		t.Fatal(err)
	}
	k.exchange(client)
	k.play(capa)
	k.play("C: RETR 1\nS: +OK 29 octets\nS: Subject: =?utf-8?q?=C3=B1?=\nS: .\nC: STLS\nS: -ERR Unknown command\nC: QUIT\nS: +OK …\nS!")
}

// Octets behind STLS are an attack.
func TestSTLSInjection(t *testing.T) {
	cfg := config(newDrops())
	cfg.Mode, cfg.TLS = mail.Strict, serverTLS(t)
	k := dial(t, New(cfg))
	k.send("STLS\r\nUSER pepe\r\n")
	rest, _ := io.ReadAll(k.r)
	k.peer.Close()
	<-k.done
	if strings.Contains(string(rest), "+OK") || strings.Count(string(rest), "\r\n") > 1 {
		t.Errorf("answered %q", rest)
	}
}

// exchange logs in with a SASL client that speaks first.
func (k *talk) exchange(client sasl.Client) {
	k.t.Helper()
	initial, err := client.Start()
	if err != nil {
		k.t.Fatal(err)
	}
	k.send("AUTH " + client.Mechanism() + " " + base64.StdEncoding.EncodeToString(initial) + "\r\n")
	for {
		line := k.line()
		if strings.HasPrefix(line, "+OK") {
			break
		}
		challenge, err := base64.StdEncoding.DecodeString(strings.TrimPrefix(line, "+ "))
		if err != nil {
			k.t.Fatalf("%q: %v", line, err)
		}
		response, err := client.Next(challenge)
		if err != nil {
			k.t.Fatal(err)
		}
		k.send(base64.StdEncoding.EncodeToString(response) + "\r\n")
	}
	if err := client.Finish(); err != nil {
		k.t.Error(err)
	}
	if strings.Contains(k.w.transcript(), base64.StdEncoding.EncodeToString(initial)) {
		k.t.Error("the exchange is in the transcript")
	}
	if shown := k.w.transcript(); !strings.Contains(shown, "+ ***") {
		k.t.Errorf("no challenge is seen in\n%s", shown)
	}
}

// rfc: 5034-4-13 5034-4-25
func TestScramInTheClearLab(t *testing.T) {
	k := dial(t, New(config(newDrops())))
	client, err := sasl.NewClient("SCRAM-SHA-256", sasl.Wish{User: "pepe", Password: "se cret"})
	if err != nil {
		t.Fatal(err)
	}
	k.exchange(client)
	k.play("C: STAT\nS: +OK 0 0")
}

// rfc: 5034-4-21
func TestPlainOverTLS(t *testing.T) {
	cfg := config(newDrops())
	cfg.Mode, cfg.TLS = mail.Strict, serverTLS(t)
	k := dial(t, New(cfg))
	k.play("C: STLS\nS: +OK …")
	k.secure()
	k.play("C: AUTH PLAIN " + b64("\x00pepe\x00se cret") + "\nS: +OK …\nC: QUIT\nS: +OK …\nS!")
}

// rfc: 2595-2.5-1
func TestFailedHandshakeEndsTheSession(t *testing.T) {
	cfg := config(newDrops())
	cfg.Mode, cfg.TLS = mail.Strict, serverTLS(t)
	k := dial(t, New(cfg))
	k.play("C: STLS\nS: +OK …\nC: USER pepe")
	rest, _ := io.ReadAll(k.r)
	k.peer.Close()
	<-k.done
	if strings.Contains(string(rest), "+OK") || !strings.HasPrefix(k.w.reason, "no TLS") {
		t.Errorf("answered %q, reason %q", rest, k.w.reason)
	}
	cfg.ImplicitTLS = true
	k = start(t, New(cfg))
	k.send("QUIT\r\n")
	rest, _ = io.ReadAll(k.r)
	k.peer.Close()
	<-k.done
	if strings.Contains(string(rest), "+OK") || !strings.HasPrefix(k.w.reason, "no TLS") {
		t.Errorf("answered %q, reason %q", rest, k.w.reason)
	}
}

// In the lab STLS is there but nobody must use it; after the log-in it is still
// announced and refused.
func TestSTLSInTheLab(t *testing.T) {
	cfg := config(newDrops())
	cfg.TLS = serverTLS(t)
	k := dial(t, New(cfg))
	k.login()
	k.play("C: STLS\nS: -ERR You are logged in already\nC: CAPA\nS: +OK …\nS: TOP\nS: UIDL\nS: USER\nS: SASL SCRAM-SHA-256 PLAIN LOGIN\nS: STLS\nS: UTF8 USER")
}
