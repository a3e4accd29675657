package admin

import (
	"errors"
	"net/netip"
	"strings"

	"posta/directory"
	"posta/observe"
	"posta/store"
	"posta/words"
)

// Error is a refusal, for a person and for a script. Text is English; Said, if
// there is one, can be said in every language, with the causes in it.
type Error struct {
	Code string       `json:"code"` // invalid (as it was written), refused (as things are), not_found, exists, in_use, limit, internal
	Text string       `json:"text"`
	Said *words.Error `json:"said,omitempty"`
}

func (e *Error) Error() string { return e.Text }

// Unwrap gives what words can say in another language.
func (e *Error) Unwrap() error {
	if e.Said == nil {
		return nil
	}
	return e.Said
}

// refusal makes an Error with a sentence of words/; args are names and values.
func refusal(code, id string, args ...any) *Error {
	filled := words.Args{}
	for i := 0; i+1 < len(args); i += 2 {
		filled[args[i].(string)] = args[i+1]
	}
	said := words.Fail(id, filled)
	return &Error{Code: code, Text: said.Error(), Said: said}
}

// refuse turns what a room said into what a person is told.
func refuse(err error) *Error {
	var already *Error
	if errors.As(err, &already) {
		return already
	}
	e := &Error{Code: "internal", Text: err.Error(), Said: words.Carry(err)}
	for _, known := range []struct {
		err  error
		code string
	}{
		{directory.ErrNotFound, "not_found"}, {store.ErrNotFound, "not_found"}, {observe.ErrNoSession, "not_found"},
		{directory.ErrExists, "exists"}, {store.ErrExists, "exists"}, {directory.ErrInUse, "in_use"}, {store.ErrInUse, "in_use"},
		{directory.ErrLimit, "limit"}, {directory.ErrInvalid, "invalid"}, {directory.ErrUnfit, "refused"}, {store.ErrTarget, "refused"},
	} {
		if errors.Is(err, known.err) {
			e.Code = known.code
			break
		}
	}
	return e
}

// readAddr reads an IP address, or the network that bans of IPv6 are kept by.
func readAddr(s string) (netip.Addr, error) {
	addr, err := netip.ParseAddr(strings.TrimSuffix(s, "/64"))
	if err != nil {
		return netip.Addr{}, refusal("invalid", "admin.bad_ip", "Address", s)
	}
	return addr, nil
}
