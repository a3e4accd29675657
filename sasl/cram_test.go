package sasl

import (
	"context"
	"errors"
	"strings"
	"testing"
)

// sites is an Authenticator of machines: tim has RFC 2195's secret.
type sites struct{ people }

const timsSecret = "tanstaaftanstaaf"

func (sites) Secret(_ context.Context, user string) (Identity, []byte, error) {
	switch user {
	case "tim", "tim of mci":
		return Identity{Site: user}, []byte(timsSecret), nil
	case "empty":
		return Identity{Site: user}, nil, nil
	case "broken":
		return Identity{}, nil, errBroken
	}
	return Identity{}, []byte(timsSecret), ErrCredentials
}

func TestCramMD5(t *testing.T) {
	const challenge = "<1896.697170952@postoffice.reston.mci.net>"
	const digest = "b913a602c7eda7a495b4e6e7334d3890"
	for _, tt := range []struct {
		name, response, site string
		want                 error
	}{
		{"RFC 2195 §2's example", "tim " + digest, "tim", nil},
		{"digits in capitals", "tim " + strings.ToUpper(digest), "tim", nil},
		{"a name with blanks", "tim of mci " + digest, "tim of mci", nil},
		{"a wrong digest", "tim b913a602c7eda7a495b4e6e7334d3891", "", ErrCredentials},
		{"nobody, with the digest of what is kept for nobody", "tom " + digest, "", ErrCredentials},
		{"nobody's empty secret", "empty " + digest, "", ErrCredentials},
		{"no digest", "tim", "", ErrSyntax},
		{"half a digest", "tim b913a602c7eda7a4", "", ErrSyntax},
		{"no digits", "tim zzzza602c7eda7a495b4e6e7334d3890", "", ErrSyntax},
		{"no name", " " + digest, "", ErrSyntax},
		{"nothing", "", "", ErrSyntax},
		{"a NUL", "ti\x00m " + digest, "", ErrSyntax},
		{"too much", strings.Repeat("t", MaxMessage) + " " + digest, "", ErrSyntax},
		{"a fault inside", "broken " + digest, "", errBroken},
	} {
		s := newCramServer(sites{}, challenge)
		if got, done, err := s.Next(t.Context(), nil); string(got) != challenge || done || err != nil {
			t.Fatalf("%q, %v, %v", got, done, err)
		}
		_, done, err := s.Next(t.Context(), []byte(tt.response))
		if !errors.Is(err, tt.want) || done != (tt.want == nil) || s.Identity() != (Identity{Site: tt.site}) {
			t.Errorf("%s: done %v, %v, %+v", tt.name, done, err, s.Identity())
		}
		if _, _, err := s.Next(t.Context(), []byte("tim "+digest)); !errors.Is(err, ErrSyntax) {
			t.Errorf("%s: a second answer: %v", tt.name, err)
		}
	}
}

// The server speaks first, and never says the same again.
func TestCramMD5Challenges(t *testing.T) {
	seen := map[string]bool{}
	for range 100 {
		s := NewCramMD5(sites{}, "mail.pepito.es")
		got, _, err := s.Next(t.Context(), nil)
		if c := string(got); err != nil || !ServerBegins(s) || seen[c] || !strings.HasPrefix(c, "<") || !strings.HasSuffix(c, "@mail.pepito.es>") {
			t.Fatalf("%q %v", got, err)
		}
		seen[string(got)] = true
	}
	if _, _, err := NewCramMD5(sites{}, "x").Next(t.Context(), []byte("tim")); !errors.Is(err, ErrSyntax) {
		t.Error("an initial response was taken", err)
	}
}

func TestCramMD5Client(t *testing.T) {
	for secret, want := range map[string]error{timsSecret: nil, "guess": ErrCredentials} {
		c, err := NewClient("cram-md5", Wish{User: "tim", Password: secret})
		if err != nil {
			t.Fatal(err)
		}
		if c.Finish() == nil {
			t.Error("a success without a challenge is believed")
		}
		if err := converse(t, c, NewCramMD5(sites{}, "x.example")); !errors.Is(err, want) {
			t.Error(secret, err)
		}
		if _, err := c.Next([]byte("<more@x>")); err == nil {
			t.Error("a second challenge was answered")
		}
	}
	for _, w := range []Wish{{Password: "x"}, {User: "a", ActAs: "b"}, {User: "a\r\nb"}} {
		if _, err := NewClient(CramMD5, w); err == nil {
			t.Errorf("%+v", w)
		}
	}
}

// People are not asked for it, and do not choose it.
func TestCramMD5Offered(t *testing.T) {
	if offers(Names(nil), CramMD5) {
		t.Error("offered to all")
	}
	if _, err := NewServer(CramMD5, sites{}, nil); !errors.Is(err, ErrMechanism) {
		t.Error(err)
	}
	if got := Choose([]string{"CRAM-MD5"}, nil); got != "" {
		t.Error("a person's password goes into", got)
	}
}
