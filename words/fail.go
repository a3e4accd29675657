package words

import (
	"errors"
	"io/fs"
	"strings"
	"sync"
)

// Error is an error that can be said in every language that posta speaks. It
// survives JSON with what lies beneath it, so that it can be said at the other
// end of a socket. An argument may be an error: it is said in the same language.
type Error struct {
	ID   string
	Args Args
	Err  error // what lies beneath and is said too, or nil
	Kind error // what errors.Is finds and nobody is told, or nil
}

// Sayable is an error of a room that says what is wrong by a sentence of the
// catalogs. Rooms that import nothing of ours need not know its name.
type Sayable interface {
	error
	Words() (id string, args map[string]any)
}

// Fail makes an Error.
func Fail(id string, args Args) *Error { return &Error{ID: id, Args: args} }

// FailOf makes an Error with a cause, which follows the text after a colon.
func FailOf(err error, id string, args Args) *Error { return &Error{ID: id, Args: args, Err: err} }

// FailAs makes an Error of a kind, which errors.Is finds.
func FailAs(kind error, id string, args Args) *Error { return &Error{ID: id, Args: args, Kind: kind} }

// english speaks in logs, where errors are said at every turn: a Words takes
// half a millisecond to make.
var english = sync.OnceValues(func() (*Words, error) { return New(Fallback) })

// Error says it in English, for logs.
func (e *Error) Error() string {
	w, err := english()
	if err != nil {
		return e.ID
	}
	return w.Error(e)
}

func (e *Error) Unwrap() error { return e.Err }

// Is finds the kind.
func (e *Error) Is(target error) bool { return e.Kind != nil && errors.Is(e.Kind, target) }

// Words makes an Error Sayable.
func (e *Error) Words() (string, map[string]any) { return e.ID, e.Args }

// Error says err in this language as far as it is Sayable or an error of the
// system that people meet, and in its own words elsewhere. Joined errors are said one a line.
func (w *Words) Error(err error) string {
	if s, ok := err.(Sayable); ok {
		id, args := s.Words()
		text := w.Say(id, args)
		if e, ok := err.(*Error); ok && e.Err != nil {
			text += ": " + w.cause(e)
		}
		return text
	}
	if many, ok := joined(err); ok {
		var lines []string
		for _, one := range many {
			lines = append(lines, w.Error(one))
		}
		return strings.Join(lines, "\n")
	}
	return w.wrapped(err)
}

// joined gives the errors of errors.Join. fmt.Errorf with more than one %w also
// holds several, but has a text of its own.
func joined(err error) ([]error, bool) {
	many, ok := err.(interface{ Unwrap() []error })
	if !ok {
		return nil, false
	}
	var lines []string
	for _, one := range many.Unwrap() {
		lines = append(lines, one.Error())
	}
	return many.Unwrap(), err.Error() == strings.Join(lines, "\n")
}

// cause says what lies beneath an error. A file that the text names already is
// not named again.
func (w *Words) cause(e *Error) string {
	at, ok := e.Err.(*fs.PathError)
	if !ok {
		return w.Error(e.Err)
	}
	for _, named := range e.Args {
		if named == at.Path {
			return w.system(at.Err)
		}
	}
	return w.Error(e.Err)
}

// wrapped says an error of the system's, or one that only holds something
// Sayable further down.
func (w *Words) wrapped(err error) string {
	if at, ok := err.(*fs.PathError); ok {
		return at.Path + ": " + w.system(at.Err)
	}
	var s Sayable
	if !errors.As(err, &s) {
		return w.ofMachine(err)
	}
	return strings.Replace(err.Error(), s.Error(), w.Error(s), 1)
}
