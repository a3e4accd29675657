package wire

import (
	"context"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"fmt"
	"math/big"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"posta/event"
)

func serverTLS(t testing.TB) *tls.Config {
	t.Helper()
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	cert := &x509.Certificate{SerialNumber: big.NewInt(1), NotAfter: time.Now().Add(time.Hour), DNSNames: []string{"mail.example"}}
	der, err := x509.CreateCertificate(rand.Reader, cert, cert, key.Public(), key)
	if err != nil {
		t.Fatal(err)
	}
	return &tls.Config{Certificates: []tls.Certificate{{Certificate: [][]byte{der}, PrivateKey: key}}}
}

func TestStartTLS(t *testing.T) {
	client, conn, w := pair(t, Options{Human: true})
	client.Write([]byte("STAR"))
	client.Write([]byte("TTLS\r\n"))
	if line, err := conn.Line(20); string(line) != "STARTTLS" || err != nil {
		t.Fatalf("%q, %v", line, err)
	}
	if conn.typed == nil || conn.Secured() != "" {
		t.Fatal("not yet")
	}
	heard := make(chan string, 1)
	go func() {
		secure := tls.Client(client, &tls.Config{InsecureSkipVerify: true, ServerName: "mail.example"})
		for _, s := range []string{"NO", "OP\b\r\n"} {
			secure.Write([]byte(s))
		}
		b := make([]byte, 20)
		n, _ := secure.Read(b)
		heard <- string(b[:n])
	}()
	if err := conn.StartTLS(context.Background(), serverTLS(t)); err != nil {
		t.Fatal(err)
	}
	if line, err := conn.Line(20); string(line) != "NOOP\b" || err != nil {
		t.Fatalf("%q, %v: nobody types through TLS", line, err)
	}
	conn.Reply("250 OK\r\n")
	conn.Flush()
	if s := <-heard; s != "250 OK\r\n" {
		t.Errorf("the peer heard %q", s)
	}
	if conn.StartTLS(context.Background(), serverTLS(t)) == nil {
		t.Error("TLS in TLS")
	}
	if s, ok := conn.TLS(); !ok || s.ServerName != "mail.example" || conn.Secured() != "TLSv1.3 TLS_AES_128_GCM_SHA256" {
		t.Errorf("%q", conn.Secured())
	}
	conn.Close("quit")
	checkLayers(t, w)
}

// checkLayers wants every octet once before TLS and in both layers under it.
func checkLayers(t *testing.T, w *watcher) {
	t.Helper()
	cipher := map[event.Dir]int64{}
	next := map[event.Dir]int64{event.FromDialer: int64(len("STARTTLS\r\n"))}
	secure := false
	for i, e := range w.events {
		switch {
		case e.Seq != uint64(i+1):
			t.Errorf("event %d has number %d", i+1, e.Seq)
		case e.Kind == event.Secure:
			secure = true
			if e.Fact.(event.Secured).ServerName != "mail.example" {
				t.Errorf("%v", e.Fact)
			}
		case e.Kind == event.Data && e.Layer == event.Wire:
			if e.Off != next[e.Dir] {
				t.Errorf("ciphertext at %d, want %d", e.Off, next[e.Dir])
			}
			next[e.Dir] += e.Len
			cipher[e.Dir] += e.Len
			if strings.Contains(w.data[i], "NOOP") {
				t.Error("clear text on the wire")
			}
		}
	}
	if !secure || cipher[event.FromDialer] < 100 || cipher[event.FromListener] < 500 {
		t.Errorf("secure %v, %v octets of ciphertext", secure, cipher)
	}
	if log := w.log(); !strings.Contains(log, `C 10 "NOOP\b\r\n"`) || !strings.Contains(log, `S 0 "250 OK\r\n"`) {
		t.Errorf("watched\n%s", log)
	}
}

// Under TLS from the first octet on nobody types either, and what the line ends
// were before STARTTLS does not count.
func TestNobodyTypesUnderTLS(t *testing.T) {
	for _, before := range []string{"", "STARTTLS\r\n"} {
		client, conn, _ := pair(t, Options{Human: true})
		if before != "" {
			client.Write([]byte(before))
			conn.Line(20)
		}
		go func() {
			secure := tls.Client(client, &tls.Config{InsecureSkipVerify: true})
			for _, s := range []string{"\xff\xfb\x01NO", "OP\b\nDATA\n", "x\b\n.\nQUIT\n"} {
				secure.Write([]byte(s))
			}
			secure.CloseWrite()
		}()
		if err := conn.StartTLS(context.Background(), serverTLS(t)); err != nil {
			t.Fatal(err)
		}
		if got, want := talk(conn), `"\xff\xfb\x01NOOP\b" "DATA" <"x\b\r\n"> "QUIT" EOF`; got != want {
			t.Errorf("%q: %s, want %s", before, got, want)
		}
	}
}

func TestEarlyOctets(t *testing.T) {
	for _, early := range []string{"RSET\r\n", "x", "\x16"} {
		client, conn, _ := pair(t, Options{Human: true})
		client.Write([]byte("STARTTLS\r\n" + early))
		conn.Line(20)
		if err := conn.StartTLS(context.Background(), serverTLS(t)); !errors.Is(err, ErrEarly) {
			t.Errorf("%q: %v", early, err)
		}
	}
}

func TestHandshakeTime(t *testing.T) {
	for idle, want := range map[time.Duration]time.Duration{0: handshakeTime, time.Second: time.Second, time.Hour: handshakeTime} {
		synctest.Test(t, func(t *testing.T) {
			_, conn, _ := pair(t, Options{Idle: idle})
			start := time.Now()
			err := conn.StartTLS(context.Background(), &tls.Config{Certificates: []tls.Certificate{{}}})
			if !errors.Is(err, ErrIdle) || time.Since(start) != want {
				t.Errorf("idle %v: %v after %v", idle, err, time.Since(start))
			}
		})
	}
	client, conn, _ := pair(t, Options{})
	client.Write([]byte("EHLO in clear\r\n"))
	client.CloseWrite()
	if err := conn.StartTLS(context.Background(), serverTLS(t)); err == nil {
		t.Error("clear text is no handshake")
	}
}

func TestEndpoints(t *testing.T) {
	_, conn, w := pair(t, Options{})
	conn.Opened(event.Opened{Protocol: "smtp"})
	if got := fmt.Sprint(conn.Endpoints(), w.events[0].Fact.(event.Opened).Remote); got != "{192.0.2.1:40000 192.0.2.2:25} 192.0.2.1:40000" {
		t.Error(got)
	}
}
