package sasl

import (
	"context"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/sha256"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"math/big"
	"net"
	"slices"
	"strings"
	"testing"
	"time"
)

// people is an Authenticator with two accounts, pepe and ana, each with the
// password "se creto, =peña"; busy and broken are what their names say.
type people struct{}

const password = "se creto, =peña"

var errBroken = errors.New("the store is gone")

func (people) find(user string) (Identity, error) {
	switch strings.ToLower(user) {
	case "pepe", "pepe@pepito.es":
		return Identity{Account: 1, Address: "pepe@pepito.es"}, nil
	case "a,n=a":
		return Identity{Account: 2, Address: "ana@pepito.es"}, nil
	case "busy":
		return Identity{}, ErrBusy
	case "broken":
		return Identity{}, errBroken
	}
	return Identity{}, ErrCredentials
}

func (p people) Password(_ context.Context, user, pass string) (Identity, error) {
	id, err := p.find(user)
	if err == nil && PreparePassword(pass) != PreparePassword(password) {
		return Identity{}, ErrCredentials
	}
	return id, err
}

func (p people) Verifier(_ context.Context, user string) (Identity, Verifier, error) {
	id, err := p.find(user)
	if err != nil && !errors.Is(err, ErrCredentials) {
		return Identity{}, Verifier{}, err
	}
	if id.Account == 0 {
		fake := sha256.Sum256([]byte(user))
		return Identity{}, Verifier{fake[:16], 4096, fake[:], fake[:]}, nil
	}
	v, err := NewVerifier(password, []byte("salt"+id.Address), 4096)
	return id, v, err
}

func (people) Secret(context.Context, string) (Identity, []byte, error) {
	return Identity{}, nil, ErrCredentials
}

// converse lets a client talk to a server the way SMTP and POP3 would.
func converse(t *testing.T, c Client, s Server) error {
	t.Helper()
	response, err := c.Start()
	if err != nil {
		t.Fatal(err)
	}
	for range 5 {
		challenge, done, err := s.Next(t.Context(), response)
		if err != nil {
			return err
		}
		if done {
			return c.Finish()
		}
		if response, err = c.Next(challenge); err != nil {
			return err
		}
		if response == nil {
			response = []byte{}
		}
	}
	t.Fatal("the exchange does not end")
	return nil
}

// handshake gives both ends' states of a TLS connection of the version.
func handshake(t *testing.T, version uint16) (client, server *tls.ConnectionState) {
	t.Helper()
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	template := &x509.Certificate{SerialNumber: big.NewInt(1), NotAfter: time.Now().Add(time.Hour), DNSNames: []string{"x"}}
	der, err := x509.CreateCertificate(rand.Reader, template, template, key.Public(), key)
	if err != nil {
		t.Fatal(err)
	}
	a, b := net.Pipe()
	defer a.Close()
	defer b.Close()
	cert := tls.Certificate{Certificate: [][]byte{der}, PrivateKey: key}
	srv := tls.Server(b, &tls.Config{Certificates: []tls.Certificate{cert}, MaxVersion: version})
	cli := tls.Client(a, &tls.Config{InsecureSkipVerify: true, MaxVersion: version})
	failed := make(chan error, 1)
	go func() { failed <- srv.HandshakeContext(t.Context()) }()
	if err := cli.HandshakeContext(t.Context()); err != nil {
		t.Fatal(err)
	}
	if err := <-failed; err != nil {
		t.Fatal(err)
	}
	cs, ss := cli.ConnectionState(), srv.ConnectionState()
	return &cs, &ss
}

func TestPairs(t *testing.T) {
	for _, version := range []uint16{0, tls.VersionTLS12, tls.VersionTLS13} {
		var client, server *tls.ConnectionState
		if version != 0 {
			client, server = handshake(t, version)
		}
		names := Names(server)
		if version != 0 != slices.Contains(names, ScramPlus256) {
			t.Errorf("TLS %x offers %v", version, names)
		}
		for _, name := range names {
			for _, tt := range []struct {
				user, password string
				want           error
				account        int64
			}{
				{"pepe", password, nil, 1},
				{"Pepe@pepito.es", "se creto, =pen\u0303a", nil, 1}, // the ñ in two pieces
				{"a,n=a", password, nil, 2},
				{"pepe", "wrong", ErrCredentials, 0},
				{"nobody", password, ErrCredentials, 0},
				{"busy", password, ErrBusy, 0},
				{"broken", password, errBroken, 0},
			} {
				c, err := NewClient(name, Wish{User: tt.user, Password: tt.password, TLS: client, Offered: names})
				if err != nil {
					t.Fatal(err)
				}
				s, err := NewServer(c.Mechanism(), people{}, server)
				if err != nil {
					t.Fatal(err)
				}
				err = converse(t, c, s)
				if !errors.Is(err, tt.want) || s.Identity().Account != tt.account || s.User() != tt.user {
					t.Errorf("%s %x %q: %v, %+v, user %q", name, version, tt.user, err, s.Identity(), s.User())
				}
				if _, done, err := s.Next(t.Context(), []byte("x")); err == nil || done {
					t.Errorf("%s goes on after its end", name)
				}
			}
		}
		if got := Choose([]string{"plain", "login", "CRAM-MD5"}, client); got != Plain {
			t.Errorf("chose %q", got)
		}
	}
}

func TestMechanism(t *testing.T) {
	for _, name := range []string{"", "DIGEST-MD5", "SCRAM-SHA-1", ScramPlus256} { // no PLUS on clear text
		if _, err := NewServer(name, people{}, nil); !errors.Is(err, ErrMechanism) {
			t.Errorf("NewServer(%q): %v", name, err)
		}
		if _, err := NewClient(name, Wish{User: "x"}); !errors.Is(err, ErrMechanism) {
			t.Errorf("NewClient(%q): %v", name, err)
		}
	}
	if s, err := NewServer("plain", people{}, nil); err != nil || s == nil { // RFC 4954 §8: in any case
		t.Error(err)
	}
	if Choose([]string{"CRAM-MD5"}, nil) != "" {
		t.Error("chose a mechanism that we do not have")
	}
}

func TestPlain(t *testing.T) {
	long := strings.Repeat("x", MaxName+1)
	for _, tt := range []struct {
		in   string
		want error
	}{
		{"\x00pepe\x00" + password, nil},
		{"pepe\x00pepe\x00" + password, nil},
		{"PEPE@pepito.es\x00pepe\x00" + password, nil},
		{"pepe@pepito.es\x00Pepe\x00" + password, nil},
		{"a,n=a\x00pepe\x00" + password, ErrCredentials},
		{"nobody\x00pepe\x00" + password, ErrCredentials},
		{"\u200d\x00pepe\x00" + password, ErrCredentials}, // prepared to nothing (RFC 4954 §4)
		{"\x00pe\u00adpe\x00" + password, nil},            // a soft hyphen is nothing
		{"\x00pe\ape\x00" + password, ErrCredentials},
		{"\x00pepe\x00", ErrCredentials},
		{"\x00pepe\x00" + strings.Repeat("p", MaxPassword+1), ErrCredentials},
		{"", ErrSyntax}, {"pepe", ErrSyntax}, {"\x00pepe", ErrSyntax}, {"\x00\x00" + password, ErrSyntax},
		{"\x00pepe\x00" + password + "\x00", ErrSyntax}, {"\x00pe\xffpe\x00" + password, ErrSyntax},
		{"\x00pepe\x00\xff", ErrSyntax}, {"\x00" + long + "\x00x", ErrSyntax}, {long + "\x00pepe\x00x", ErrSyntax},
		{strings.Repeat("\x00", MaxMessage+1), ErrSyntax},
	} {
		s, _ := NewServer(Plain, people{}, nil)
		challenge, done, err := s.Next(t.Context(), nil)
		if challenge == nil || len(challenge) > 0 || done || err != nil {
			t.Fatalf("first: %q, %v, %v; want an empty challenge", challenge, done, err)
		}
		_, done, err = s.Next(t.Context(), []byte(tt.in))
		if !errors.Is(err, tt.want) || done != (tt.want == nil) || (s.Identity().Account == 1) != done {
			t.Errorf("PLAIN %q: %v, %v, %+v", tt.in, done, err, s.Identity())
		}
	}
}

func TestLogin(t *testing.T) {
	type step struct{ response, challenge string }
	ask := step{"(none)", "Username:"}
	for _, tt := range []struct {
		name  string
		steps []step
		want  error
	}{
		{"asked for both", []step{ask, {"pepe", "Password:"}, {password, ""}}, nil},
		{"name at once", []step{{"pepe", "Password:"}, {password, ""}}, nil},
		{"ended with NUL", []step{ask, {"pepe\x00", "Password:"}, {password + "\x00", ""}}, nil},
		{"wrong", []step{ask, {"pepe", "Password:"}, {"x", ""}}, ErrCredentials},
		{"no password", []step{ask, {"pepe", "Password:"}, {"", ""}}, ErrCredentials},
		{"unknown", []step{ask, {"nobody", "Password:"}, {password, ""}}, ErrCredentials},
		{"no name", []step{ask, {"", ""}}, ErrSyntax},
		{"empty name at once", []step{{"", ""}}, ErrSyntax},
		{"NUL inside", []step{ask, {"pe\x00pe", ""}}, ErrSyntax},
		{"not UTF-8", []step{ask, {"pe\xffpe", ""}}, ErrSyntax},
		{"too long", []step{ask, {strings.Repeat("x", MaxName+1), ""}}, ErrSyntax},
	} {
		s, _ := NewServer("login", people{}, nil)
		var err error
		var done bool
		for i, st := range tt.steps {
			var challenge []byte
			response := []byte(st.response)
			if st.response == "(none)" {
				response = nil
			}
			challenge, done, err = s.Next(t.Context(), response)
			if string(challenge) != st.challenge || (err != nil && i < len(tt.steps)-1) {
				t.Errorf("%s: step %d gives %q, %v", tt.name, i, challenge, err)
			}
		}
		if !errors.Is(err, tt.want) || done != (tt.want == nil) || (s.Identity().Account == 1) != done {
			t.Errorf("%s: %v, %v, %+v", tt.name, done, err, s.Identity())
		}
	}
}

// Whatever servers ask, the first answer is the name and the second the password.
func TestLoginClient(t *testing.T) {
	c, err := NewClient(LoginName, Wish{User: "pepe", Password: "p"})
	if err != nil {
		t.Fatal(err)
	}
	if c.Finish() == nil {
		t.Error("finished before it began")
	}
	for challenge, want := range []string{"pepe", "p"} {
		got, err := c.Next([]byte([]string{"User Name\x00", "Password\x00"}[challenge]))
		if err != nil || string(got) != want {
			t.Errorf("%q, %v", got, err)
		}
	}
	if _, err := c.Next(nil); err == nil {
		t.Error("answered a third challenge")
	}
	if err := c.Finish(); err != nil {
		t.Error(err)
	}
}

func TestPrepare(t *testing.T) {
	for in, want := range map[string]string{ // RFC 4013 §3
		"I\u00adX": "IX", "user": "user", "USER": "USER", "\u00aa": "a", "\u2168": "IX", "a\u00a0b": "a b", "🙂": "🙂",
	} {
		if got, err := PrepareName(in); got != want || err != nil {
			t.Errorf("PrepareName(%q) = %q, %v", in, got, err)
		}
		if got := PreparePassword(in); got != want {
			t.Errorf("PreparePassword(%q) = %q", in, got)
		}
	}
	for _, in := range []string{"", "\a", "\u0627\u0031", "\xff", "\u00ad"} {
		if got, err := PrepareName(in); err == nil {
			t.Errorf("PrepareName(%q) = %q", in, got)
		}
		if got := PreparePassword(in); got != in {
			t.Errorf("PreparePassword(%q) = %q", in, got)
		}
	}
}
