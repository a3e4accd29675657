package sasl

import (
	"errors"
	"unicode/utf8"

	"github.com/xdg-go/stringprep"
)

// PrepareName gives a user name in the form in which it is compared, SASLprep
// of RFC 4013 as RFC 4954 §4 wants it. It errs on what the profile prohibits
// and on a name of which nothing is left.
func PrepareName(name string) (string, error) {
	if isPrintable(name) {
		return name, nil
	}
	if !utf8.ValidString(name) {
		return "", errors.New("the user name is not valid UTF-8")
	}
	out, err := profile().Prepare(name)
	if err != nil {
		return "", errors.New("the user name has a character that no user name may have")
	}
	if out == "" {
		return "", errors.New("the user name is empty")
	}
	return out, nil
}

// PreparePassword gives a password in the form that is hashed and compared. A
// password that SASLprep would prohibit stays as it is (RFC 4616 §2 leaves the
// choice to the server): what a person chose works, wherever it is typed the
// same.
func PreparePassword(password string) string {
	if isPrintable(password) || !utf8.ValidString(password) {
		return password
	}
	out, err := profile().Prepare(password)
	if err != nil || out == "" {
		return password
	}
	return out
}

// profile is SASLprep for query strings: code points that Unicode 3.2 had not
// assigned are let through (RFC 3454 §7), for today's letters are among them.
func profile() stringprep.Profile {
	p := stringprep.SASLprep
	p.Prohibits = []stringprep.Set{
		stringprep.TableC1_2, stringprep.TableC2_1, stringprep.TableC2_2, stringprep.TableC3, stringprep.TableC4,
		stringprep.TableC5, stringprep.TableC6, stringprep.TableC7, stringprep.TableC8, stringprep.TableC9,
	}
	return p
}

// isPrintable says that s is printable ASCII and not empty, which SASLprep
// leaves alone.
func isPrintable(s string) bool {
	for i := range len(s) {
		if s[i] < ' ' || s[i] > '~' {
			return false
		}
	}
	return s != ""
}
