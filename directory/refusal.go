package directory

import (
	"errors"
	"fmt"
	"strconv"
	"strings"

	"posta/mail"
	"posta/words"
)

// ErrInvalid is the kind of a Refusal of something that cannot be as it was
// written: a malformed address, an empty password.
var ErrInvalid = errors.New("directory: not valid")

// ErrUnfit is the kind of a Refusal of something that is well written and does not
// go with what there is.
var ErrUnfit = errors.New("directory: does not fit")

// Refusal says to a person, in each of posta's languages, why an operation was
// not done, and what would be right. errors.Is finds its kind: ErrInvalid,
// ErrUnfit, ErrNotFound, ErrExists, ErrLimit or ErrInUse. It never quotes a password.
type Refusal struct {
	Kind error
	ID   string     // of the sentence in words
	Args words.Args // one of them may be the error beneath
}

// Error says it in English, for logs.
func (r *Refusal) Error() string { return words.Fail(r.ID, r.Args).Error() }

func (r *Refusal) Unwrap() error { return r.Kind }

// Words makes a Refusal words.Sayable.
func (r *Refusal) Words() (id string, args map[string]any) { return r.ID, r.Args }

// refuse makes a Refusal. What a person or a peer wrote is made fit to be shown.
func refuse(kind error, id string, args words.Args) error {
	for name, v := range args {
		if s, ok := v.(string); ok {
			args[name] = mail.Shown(s)
		}
	}
	return &Refusal{kind, id, args}
}

// invalid is a Refusal in the words of the error of an address or a domain.
func invalid(err error) error {
	var said words.Sayable
	if !errors.As(err, &said) {
		return fmt.Errorf("%w: %w", ErrInvalid, err)
	}
	id, args := said.Words()
	return &Refusal{ErrInvalid, id, args}
}

// thing is what an operation was about: its name, and the sentences that say
// that it is not there, or there already.
type thing struct{ name, absent, exists string }

func theDomain(label string) thing {
	return thing{label, "directory.no_domain", "directory.domain_exists"}
}

func theAccount(address string) thing {
	return thing{address, "directory.no_account", "directory.account_exists"}
}

func theAlias(address string) thing {
	return thing{address, "directory.no_alias", "directory.alias_exists"}
}

func theList(address string) thing {
	return thing{address, "directory.no_list", "directory.list_exists"}
}

func theRoute(domain string) thing {
	if domain == "" {
		domain = "*"
	}
	return thing{domain, "directory.no_route", "directory.route_exists"}
}

// Asked for by number, a thing can only be missing.
func accountNumber(id int64) thing {
	return thing{name: strconv.FormatInt(id, 10), absent: "directory.no_account_number"}
}

func listNumber(id int64) thing {
	return thing{name: strconv.FormatInt(id, 10), absent: "directory.no_list_number"}
}

// because words a Store's error about a thing.
func because(err error, about thing) error {
	switch {
	case err == nil:
		return nil
	case errors.Is(err, ErrNotFound):
		return refuse(ErrNotFound, about.absent, words.Args{"Name": about.name})
	case errors.Is(err, ErrExists) && about.exists != "":
		return refuse(ErrExists, about.exists, words.Args{"Name": about.name})
	}
	return words.FailOf(err, "directory.fault", words.Args{"Name": mail.Shown(about.name)})
}

// listing words a Store's error about all of a kind.
func listing(err error) error {
	if err == nil {
		return nil
	}
	return words.FailOf(err, "directory.listing", nil)
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
