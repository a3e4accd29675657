package wire

import (
	"crypto/tls"
	"errors"
	"net"
	"testing"
	"time"
)

// Why there is no TLS, from real handshakes, as the client finds it.
func TestNoTLS(t *testing.T) {
	own := serverTLS(t).Certificates
	client := func(min uint16) *tls.Config { return &tls.Config{InsecureSkipVerify: true, MinVersion: min} }
	for want, c := range map[string]struct {
		server func(net.Conn)
		client *tls.Config
	}{
		"what the other side answers is no TLS": {func(nc net.Conn) { _, _ = nc.Read(make([]byte, 4096)); _, _ = nc.Write([]byte("220 hello\r\n")) }, client(tls.VersionTLS12)},
		"the other side refuses it (protocol version not supported)": {func(nc net.Conn) {
			_ = tls.Server(nc, &tls.Config{Certificates: own, MaxVersion: tls.VersionTLS12}).Handshake()
		}, client(tls.VersionTLS13)},
		"the other side closed the connection": {func(nc net.Conn) { _, _ = nc.Read(make([]byte, 4096)) }, client(tls.VersionTLS12)},
	} {
		err := handshakeWith(t, c.server, c.client)
		if got := NoTLS(err).Error(); got != want {
			t.Errorf("%q, want %q (%v)", got, want, err)
		}
	}
	if got := NoTLS(errors.New("x: tls: server chose an unconfigured cipher suite")).Error(); got != "the two have no cipher suite in common" {
		t.Error(got)
	}
	if got := NoTLS(errors.New("x: tls: odd")).Error(); got != "the handshake failed (odd)" {
		t.Error(got)
	}
}

// handshakeWith tries TLS with a server on loopback.
func handshakeWith(t *testing.T, server func(net.Conn), with *tls.Config) error {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	go func() {
		if far, err := l.Accept(); err == nil {
			server(far)
			_ = far.Close()
		}
	}()
	near, err := net.Dial("tcp", l.Addr().String())
	if err != nil {
		t.Fatal(err)
	}
	defer near.Close()
	_ = near.SetDeadline(time.Now().Add(10 * time.Second))
	return tls.Client(near, with).Handshake()
}

// The same as the server finds it.
func TestNoTLSAtServer(t *testing.T) {
	own := serverTLS(t).Certificates
	for want, c := range map[string]struct {
		server *tls.Config
		client func(net.Conn)
	}{
		"the other side refuses it (bad certificate)": {&tls.Config{}, func(nc net.Conn) {
			_ = tls.Client(nc, &tls.Config{ServerName: "x"}).Handshake()
		}},
		"the two have no version of TLS in common": {&tls.Config{MinVersion: tls.VersionTLS13}, func(nc net.Conn) {
			_ = tls.Client(nc, &tls.Config{InsecureSkipVerify: true, MaxVersion: tls.VersionTLS12}).Handshake()
		}},
		"what the other side answers is no TLS": {&tls.Config{}, func(nc net.Conn) { _, _ = nc.Write([]byte("EHLO x.example\r\n")) }},
		"the other side closed the connection":  {&tls.Config{}, func(net.Conn) {}},
	} {
		failed := make(chan error, 1)
		c.server.Certificates = own
		near, far := net.Pipe()
		go func() {
			failed <- tls.Server(far, c.server).Handshake()
			_ = far.Close()
		}()
		c.client(near)
		_ = near.Close()
		if got := NoTLS(<-failed).Error(); got != want {
			t.Errorf("%q, want %q", got, want)
		}
	}
}
