package mail

import "fmt"

// Error is a refusal at the border of the house. It keeps apart what the peer
// is told (Code, Status, Text), whether trying again makes sense (Status.Class),
// and what only the log may see (Err).
type Error struct {
	Code   int    // SMTP reply code, 400 to 599
	Status Status // enhanced code; its class agrees with Code
	Text   string // for the peer: one plain line, no secrets, ASCII
	Err    error  // for the log; may be nil
}

// Refuse makes an Error. status is written as in replies, "5.1.1"; a malformed
// one is a programmer's error and panics.
func Refuse(code int, status, text string) *Error {
	s, err := ParseStatus(status)
	if err != nil {
		panic(err)
	}
	return &Error{Code: code, Status: s, Text: text}
}

// Because returns a copy of e with the cause for the log.
func (e *Error) Because(err error) *Error {
	c := *e
	c.Err = err
	return &c
}

// Temporary says that the same attempt may succeed later (RFC 5321 §4.2.1, 4yz).
func (e *Error) Temporary() bool { return e.Code/100 == 4 }

func (e *Error) Error() string {
	if e.Err != nil {
		return fmt.Sprintf("%d %s %s: %v", e.Code, e.Status, e.Text, e.Err)
	}
	return fmt.Sprintf("%d %s %s", e.Code, e.Status, e.Text)
}

func (e *Error) Unwrap() error { return e.Err }
