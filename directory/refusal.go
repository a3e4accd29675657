package directory

import (
	"errors"
	"fmt"
	"strings"

	"posta/mail"
)

// ErrInvalid is the kind of a Refusal of something that cannot be as it was
// written: a malformed address, an empty password.
var ErrInvalid = errors.New("directory: not valid")

// Refusal says to a person why an operation was not done, and what would be
// right. errors.Is finds its kind: ErrInvalid, ErrNotFound, ErrExists, ErrLimit
// or ErrInUse. It never quotes a password.
type Refusal struct {
	Kind error
	Text string
}

func (r *Refusal) Error() string { return r.Text }
func (r *Refusal) Unwrap() error { return r.Kind }

func refuse(kind error, format string, args ...any) error {
	return &Refusal{kind, fmt.Sprintf(format, args...)}
}

// because words a Store's error about a thing: "account pepe@pepito.es".
func because(err error, thing string) error {
	switch {
	case err == nil:
		return nil
	case errors.Is(err, ErrNotFound):
		return refuse(ErrNotFound, "there is no %s", thing)
	case errors.Is(err, ErrExists):
		return refuse(ErrExists, "%s exists already, or its address is taken by an account, an alias or a list", thing)
	}
	return fmt.Errorf("directory: %s: %w", thing, err)
}

// Ambiguous is what Verify gives when a name fits several (RFC 5321 §3.5.1).
type Ambiguous struct {
	Who     string
	Matches []mail.Verified // at most MaxMatches
}

func (a *Ambiguous) Error() string {
	var names []string
	for _, m := range a.Matches {
		names = append(names, m.Address.String())
	}
	return fmt.Sprintf("%q fits several: %s", a.Who, strings.Join(names, ", "))
}
