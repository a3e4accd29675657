package sasl

import (
	"context"
	"crypto/tls"
	"encoding/base64"
	"errors"
	"strings"
	"testing"

	"github.com/xdg-go/scram"
)

// example is the account of RFC 7677 §3.
type example struct{ people }

func (example) Verifier(_ context.Context, user string) (Identity, Verifier, error) {
	if user != "user" {
		return Identity{}, Verifier{}, ErrCredentials
	}
	salt, _ := base64.StdEncoding.DecodeString("W22ZaJ0SNY7soEsUEjb6gQ==")
	v, err := NewVerifier("pencil", salt, 4096)
	return Identity{Account: 7, Address: "user@example.net"}, v, err
}

// The exchange of RFC 7677 §3, both sides.
func TestExampleRFC7677(t *testing.T) {
	const clientNonce, serverNonce = "rOprNGfwEbeRWgbNEkqO", "%hvYDpWUa2RaTCAfuxFIlj)hNlF$k0"
	exchange := []string{
		"n,,n=user,r=" + clientNonce,
		"r=" + clientNonce + serverNonce + ",s=W22ZaJ0SNY7soEsUEjb6gQ==,i=4096",
		"c=biws,r=" + clientNonce + serverNonce + ",p=dHzbZapWIk4jUhN+Ute9ytag9zjfMHgsqmmiz7AndVQ=",
		"v=6rriTRBi23WpRR/wtup+mMhUZUn/dB5nLTJRsjl95G4=",
		"",
	}
	lib, err := scram.SHA256.NewClientUnprepped("user", "pencil", "")
	if err != nil {
		t.Fatal(err)
	}
	c, err := bindScram(lib.WithNonceGenerator(func() string { return clientNonce }), Wish{}, false)
	if err != nil {
		t.Fatal(err)
	}
	s, err := newScramServer(example{}, nil, false)
	if err != nil {
		t.Fatal(err)
	}
	s.nonce = func() string { return serverNonce }

	said, err := c.Start()
	for i := 0; i < 4; i += 2 {
		if err != nil || string(said) != exchange[i] {
			t.Fatalf("client: %q, %v\nwant %q", said, err, exchange[i])
		}
		challenge, done, err := s.Next(t.Context(), said)
		if err != nil || done || string(challenge) != exchange[i+1] {
			t.Fatalf("server: %q, %v, %v\nwant %q", challenge, done, err, exchange[i+1])
		}
		if s.Identity().Account != 0 && i == 0 {
			t.Error("an identity before the proof")
		}
		if i == 2 && c.Finish() == nil {
			t.Error("the client believes a success without the server's signature")
		}
		if said, err = c.Next(challenge); err != nil {
			t.Fatal(err)
		}
	}
	if len(said) != 0 {
		t.Errorf("the last answer is %q, want nothing", said)
	}
	challenge, done, err := s.Next(t.Context(), []byte{})
	if challenge != nil || !done || err != nil || s.Identity().Account != 7 || c.Finish() != nil {
		t.Errorf("end: %q, %v, %v, %+v, %v", challenge, done, err, s.Identity(), c.Finish())
	}
}

func TestScramFirst(t *testing.T) {
	_, state := handshake(t, tls.VersionTLS13)
	for _, tt := range []struct {
		mechanism, in string
		clear         bool
		want          error
	}{
		{ScramSHA256, "n,,n=pepe,r=abc", true, nil},
		{ScramSHA256, "y,,n=pepe,r=abc", true, nil},
		{ScramSHA256, "n,a=pepe,n=pepe,r=abc", true, nil},
		{ScramSHA256, "n,,n=nobody,r=abc", true, nil},
		{ScramSHA256, "n,,n=pepe,r=abc", false, nil},
		{ScramSHA256, "y,,n=pepe,r=abc", false, ErrCredentials}, // somebody cut PLUS out (RFC 5802 §6)
		{ScramSHA256, "p=tls-exporter,,n=pepe,r=abc", false, ErrCredentials},
		{ScramSHA256, "p=tls-exporter,,n=pepe,r=abc", true, ErrCredentials},
		{ScramPlus256, "p=tls-exporter,,n=pepe,r=abc", false, nil},
		{ScramPlus256, "p=tls-unique,,n=pepe,r=abc", false, ErrCredentials},
		{ScramPlus256, "n,,n=pepe,r=abc", false, ErrCredentials},
		{ScramPlus256, "y,,n=pepe,r=abc", false, ErrCredentials},
		{ScramPlus256, "x,,n=pepe,r=abc", false, ErrSyntax},
		{ScramSHA256, "n,,m=x,n=pepe,r=abc", true, ErrSyntax},
		{ScramSHA256, "n,,n=pe=pe,r=abc", true, ErrSyntax},
		{ScramSHA256, "n,,n=,r=abc", true, ErrSyntax},
		{ScramSHA256, "n,,n=pe\ape,r=abc", true, ErrCredentials},
		{ScramSHA256, "n,,n=pe\xff,r=abc", true, ErrSyntax},
		{ScramSHA256, "", true, ErrSyntax},
		{ScramSHA256, "n,,n=pepe", true, ErrSyntax},
		{ScramSHA256, "n,,n=pepe,r=" + strings.Repeat("x", MaxMessage), true, ErrSyntax},
		{ScramSHA256, "n,,n=busy,r=abc", true, ErrBusy},
	} {
		st := state
		if tt.clear {
			st = nil
		}
		s, err := NewServer(tt.mechanism, people{}, st)
		if err != nil {
			t.Fatal(err)
		}
		challenge, done, err := s.Next(t.Context(), []byte(tt.in))
		if !errors.Is(err, tt.want) || done || (challenge == nil) != (tt.want != nil) {
			t.Errorf("%s %.60q: %q, %v, %v", tt.mechanism, tt.in, challenge, done, err)
		}
	}
}

// A proof made on another TLS connection, or sent through a man in the middle
// who ends TLS himself, does not fit.
func TestScramOtherChannel(t *testing.T) {
	client, _ := handshake(t, tls.VersionTLS13)
	_, server := handshake(t, tls.VersionTLS13)
	c, err := NewClient(ScramPlus256, Wish{User: "pepe", Password: password, TLS: client})
	if err != nil {
		t.Fatal(err)
	}
	s, err := NewServer(ScramPlus256, people{}, server)
	if err != nil {
		t.Fatal(err)
	}
	if err := converse(t, c, s); !errors.Is(err, ErrCredentials) || s.Identity().Account != 0 {
		t.Errorf("%v, %+v", err, s.Identity())
	}
	// The same client, shown a list without PLUS, notices in the other way.
	client, server = handshake(t, tls.VersionTLS13)
	c, _ = NewClient(ScramSHA256, Wish{User: "pepe", Password: password, TLS: client, Offered: []string{ScramSHA256}})
	s, _ = NewServer(ScramSHA256, people{}, server)
	if err := converse(t, c, s); !errors.Is(err, ErrCredentials) {
		t.Errorf("down-negotiation: %v", err)
	}
}

func TestScramActsAs(t *testing.T) {
	for actAs, want := range map[string]error{"": nil, "pepe@PEPITO.es": nil, "pepe": nil, "a,n=a": ErrCredentials, "x": ErrCredentials} {
		c, _ := NewClient(ScramSHA256, Wish{User: "pepe", Password: password, ActAs: actAs})
		s, _ := NewServer(ScramSHA256, people{}, nil)
		if err := converse(t, c, s); !errors.Is(err, want) || (s.Identity().Account == 1) != (want == nil) {
			t.Errorf("acting as %q: %v, %+v", actAs, err, s.Identity())
		}
	}
}

func TestScramFinal(t *testing.T) {
	for name, change := range map[string]func(string) string{
		"other nonce":    func(m string) string { return strings.Replace(m, ",r=", ",r=x", 1) },
		"other binding":  func(m string) string { return strings.Replace(m, "c=biws", "c=eSws", 1) },
		"short proof":    func(m string) string { return m[:strings.Index(m, "p=")] + "p=AAAA" },
		"no proof":       func(m string) string { return m[:strings.Index(m, ",p=")] },
		"nothing":        func(string) string { return "" },
		"not base64":     func(m string) string { return m + "!" },
		"one bit of it":  func(m string) string { return m[:strings.Index(m, "p=")+2] + "AAAA" + m[strings.Index(m, "p=")+6:] },
		"rubbish at end": func(m string) string { return m + "\x00" },
	} {
		c, _ := NewClient(ScramSHA256, Wish{User: "pepe", Password: password})
		s, _ := NewServer(ScramSHA256, people{}, nil)
		first, _ := c.Start()
		challenge, _, err := s.Next(t.Context(), first)
		if err != nil {
			t.Fatal(err)
		}
		final, err := c.Next(challenge)
		if err != nil {
			t.Fatal(err)
		}
		if _, done, err := s.Next(t.Context(), []byte(change(string(final)))); err == nil || done || s.Identity().Account != 0 {
			t.Errorf("%s: %v, %v, %+v", name, done, err, s.Identity())
		}
	}
}

func TestScramClientRefuses(t *testing.T) {
	const salt = ",s=W22ZaJ0SNY7soEsUEjb6gQ==,i="
	for name, challenge := range map[string]func(nonce string) string{
		"too few iterations":  func(n string) string { return "r=" + n + "x" + salt + "4095" },
		"too many iterations": func(n string) string { return "r=" + n + "x" + salt + "2000000000" },
		"iterations overflow": func(n string) string { return "r=" + n + "x" + salt + "99999999999999999999" },
		"no iterations":       func(n string) string { return "r=" + n + "x,s=W22ZaJ0SNY7soEsUEjb6gQ==" },
		"another's nonce":     func(string) string { return "r=x" + salt + "4096" },
		"mandatory extension": func(n string) string { return "m=x,r=" + n + "x" + salt + "4096" },
		"far too long":        func(n string) string { return "r=" + n + strings.Repeat("x", MaxMessage) + salt + "4096" },
		"nothing":             func(string) string { return "" },
	} {
		c, _ := NewClient(ScramSHA256, Wish{User: "pepe", Password: "p"})
		first, _ := c.Start()
		nonce := string(first)[strings.Index(string(first), "r=")+2:]
		if out, err := c.Next([]byte(challenge(nonce))); err == nil {
			t.Errorf("%s: answered %q", name, out)
		}
	}
}

// A server that does not know the keys is found out.
func TestScramClientChecksServer(t *testing.T) {
	c, _ := NewClient(ScramSHA256, Wish{User: "pepe", Password: password})
	s, _ := NewServer(ScramSHA256, people{}, nil)
	first, _ := c.Start()
	challenge, _, _ := s.Next(t.Context(), first)
	if _, err := c.Next(challenge); err != nil {
		t.Fatal(err)
	}
	if _, err := c.Next([]byte("v=6rriTRBi23WpRR/wtup+mMhUZUn/dB5nLTJRsjl95G4=")); err == nil || c.Finish() == nil {
		t.Error("a false signature was believed")
	}
}

// No octets whatever make a server panic, hang, or let somebody in.
func FuzzServer(f *testing.F) {
	for _, s := range []string{"\x00pepe\x00x", "n,,n=pepe,r=abc", "p=tls-exporter,,n=a,r=b", "c=biws,r=abc,p=AAAA", "pepe"} {
		f.Add(byte(0), []byte(s), []byte("c=biws,r=abc,p=AAAA"))
	}
	names := Names(nil)
	f.Fuzz(func(t *testing.T, which byte, first, second []byte) {
		s, err := NewServer(names[int(which)%len(names)], example{}, nil)
		if err != nil {
			t.Fatal(err)
		}
		for _, response := range [][]byte{first, second, {}, {}} {
			_, done, err := s.Next(t.Context(), response)
			if done && string(first) != password && string(second) != password &&
				!strings.HasSuffix(string(first), "\x00"+password) && !strings.HasSuffix(string(second), "\x00"+password) {
				t.Fatalf("%q and %q let %+v in", first, second, s.Identity())
			}
			if err != nil || done {
				if _, _, err := s.Next(t.Context(), []byte("x")); err == nil {
					t.Fatal("goes on after its end")
				}
				return
			}
		}
	})
}
