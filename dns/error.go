package dns

import (
	"errors"
	"fmt"
)

// What errors of a Resolver are, for errors.Is.
var (
	ErrNoDomain  = errors.New("no such domain")     // NXDOMAIN: no record of any kind, nor below the name (RFC 8020)
	ErrNoData    = errors.New("no such record")     // the name is there, but has none of the kind
	ErrTemporary = errors.New("no answer for now")  // SERVFAIL, silence, servers that make no sense: ask later
	ErrName      = errors.New("no name to ask for") // an address, localhost, or nothing that DNS can hold. Nobody was asked
)

// Error is why there is no answer.
type Error struct {
	Name   string // as it was asked for
	Type   string // "MX"
	Reason string // what exactly: "SERVFAIL from 192.0.2.53:53"; may be empty
	Server string // of ErrTemporary, who was asked last, with the port; "" where it is nobody's fault
	Code   string // what it said, "SERVFAIL"; "" where it said nothing that helps
	Kind   error  // one of this package's
}

func (e *Error) Error() string {
	if e.Reason == "" {
		return fmt.Sprintf("dns: %s of %q: %v", e.Type, e.Name, e.Kind)
	}
	return fmt.Sprintf("dns: %s of %q: %v: %s", e.Type, e.Name, e.Kind, e.Reason)
}

func (e *Error) Unwrap() error { return e.Kind }

// Temporary says that the same question may have an answer later.
func (e *Error) Temporary() bool { return errors.Is(e.Kind, ErrTemporary) }
