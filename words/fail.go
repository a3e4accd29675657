package words

import (
	"errors"
	"strings"
)

// Error is an error that can be said in every language that posta speaks. It
// survives JSON, so that it can be said at the other end of a socket.
type Error struct {
	ID   string `json:"id"`
	Args Args   `json:"args,omitempty"`
	Err  error  `json:"-"` // what lies beneath, or nil
}

// Fail makes an Error.
func Fail(id string, args Args) *Error { return &Error{ID: id, Args: args} }

// FailOf makes an Error with a cause, which follows the text after a colon.
func FailOf(err error, id string, args Args) *Error { return &Error{ID: id, Args: args, Err: err} }

// Error says it in English, for logs.
func (e *Error) Error() string {
	w, err := New(Fallback)
	if err != nil {
		return e.ID
	}
	return w.Error(e)
}

func (e *Error) Unwrap() error { return e.Err }

// Error says err in this language as far as it was made of Errors, and in its
// own words elsewhere. Joined errors are said one a line.
func (w *Words) Error(err error) string {
	if many, ok := err.(interface{ Unwrap() []error }); ok {
		var lines []string
		for _, one := range many.Unwrap() {
			lines = append(lines, w.Error(one))
		}
		return strings.Join(lines, "\n")
	}
	e, ok := err.(*Error)
	if !ok {
		return w.wrapped(err)
	}
	text := w.Say(e.ID, e.Args)
	if e.Err != nil {
		text += ": " + w.Error(e.Err)
	}
	return text
}

// wrapped says an error that only holds an Error further down.
func (w *Words) wrapped(err error) string {
	var e *Error
	if !errors.As(err, &e) {
		return err.Error()
	}
	return strings.Replace(err.Error(), e.Error(), w.Error(e), 1)
}
