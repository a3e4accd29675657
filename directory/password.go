package directory

import (
	"context"
	"crypto/rand"
	"fmt"
	"io"
	"strings"

	"posta/sasl"
	"posta/words"
)

// saltSize is the octets of a SCRAM salt.
const saltSize = 16

// CheckPassword says what is wrong with a new password, or nothing. How strong
// it should be is its owner's affair: a lab wants "x".
func CheckPassword(password string) error {
	switch {
	case password == "":
		return refuse(ErrInvalid, "directory.password_empty", nil)
	case len(password) > sasl.MaxPassword:
		return refuse(ErrInvalid, "directory.password_long", words.Args{"Octets": len(password), "Most": sasl.MaxPassword})
	case strings.ContainsAny(password, "\x00\r\n"):
		return refuse(ErrInvalid, "directory.password_line_end", nil)
	case len(sasl.PreparePassword(password)) > sasl.MaxPassword:
		return refuse(ErrInvalid, "directory.password_grows", nil)
	}
	return nil
}

// NewPassword makes a password like "ceda-4729" that is easy to read out and
// to type: no l and o, no 0 and 1. Its 24 bits are for a laboratory and a first
// log-in; nobody guesses it through a server that bans guessers. random may be
// nil for the system's.
func NewPassword(random io.Reader) (string, error) {
	const consonants, vowels, digits = "bcdfghjkmnprstvwxyz", "aeiu", "23456789"
	if random == nil {
		random = rand.Reader
	}
	var out []byte
	for _, letters := range []string{consonants, vowels, consonants, vowels, "-", digits, digits, digits, digits} {
		c, err := pick(random, letters)
		if err != nil {
			return "", fmt.Errorf("directory: new password: %w", err)
		}
		out = append(out, c)
	}
	return string(out), nil
}

// pick takes each letter with the same chance.
func pick(random io.Reader, letters string) (byte, error) {
	var b [1]byte
	limit := 256 - 256%len(letters)
	for {
		if _, err := io.ReadFull(random, b[:]); err != nil {
			return 0, err
		}
		if int(b[0]) < limit {
			return letters[int(b[0])%len(letters)], nil
		}
	}
}

// credentials makes what is kept of a password.
func (d *Directory) credentials(ctx context.Context, password string) (Credentials, error) {
	if err := CheckPassword(password); err != nil {
		return Credentials{}, err
	}
	password = sasl.PreparePassword(password)
	salt := make([]byte, saltSize)
	rand.Read(salt)
	if err := d.gate.enter(ctx); err != nil {
		return Credentials{}, err
	}
	defer d.gate.leave()
	keys, err := sasl.NewVerifier(password, salt, d.o.Cost.Iterations)
	if err != nil {
		return Credentials{}, fmt.Errorf("directory: %w", err)
	}
	return Credentials{Hash: d.o.Cost.hash(password).String(), SCRAM: keys}, nil
}
